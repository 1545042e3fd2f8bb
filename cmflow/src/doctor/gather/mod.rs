//! Facts: what the daemon, the kernel, the machine and the files say. Nothing is changed by asking.

mod instances;
mod limits;
mod pinned;

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::{Facts, daemon, features, interfaces, memory, rights};
use crate::answer::Status;
use crate::daemon::Instance;
use crate::kernel::interface::{self, Mode};
use crate::kernel::{self, Pins};
use crate::serve::{self, Question};

/// Slots of the flow table where nobody said how many.
const DEFAULT_SLOTS: u64 = 262_144;

/// Gathers the facts about an instance, and about interfaces beside those that its daemon looks at.
#[must_use]
pub fn gather(instance: &Instance, more: &[String]) -> Facts {
    let traces = instances::traces();
    let process = instances::holder(&instance.lock());
    let daemon = daemon::Facts {
        process,
        status: ask(instance),
        now: Timestamp::now(),
    };
    let status = daemon.status.as_deref().ok();
    let pins = instance.pins();
    Facts {
        rights: rights::Facts {
            missing: interface::privileges().err().map(|error| error.to_string()),
            daemon: process.and_then(limits::rights),
        },
        features: features(),
        interfaces: look(status, &pins, more),
        pins: pinned::facts(&pins),
        clock: limits::clock(),
        memory: memory::Facts {
            slots: status.map_or(DEFAULT_SLOTS, |status| status.flow_table.capacity),
            running: status.is_some(),
            ..limits::memory(process)
        },
        leftovers: super::leftovers::Facts { traces },
        daemon,
    }
}

fn ask(instance: &Instance) -> Result<Box<Status>, String> {
    let answer = serve::ask(&instance.socket(), &Question::Status).map_err(|error| format!("{error:#}"))?;
    serde_json::from_value(answer).map_err(|error| format!("it is another version of cmflow: {error}"))
}

fn features() -> features::Facts {
    let running = interface::running();
    features::Facts {
        tcx: running.as_ref().is_ok_and(|(_, tcx)| *tcx),
        release: running
            .map(|(release, _)| release)
            .map_err(|error| error.to_string()),
        btf: Path::new("/sys/kernel/btf/vmlinux").exists(),
        jit: fs::read_to_string("/proc/sys/net/core/bpf_jit_enable")
            .ok()
            .and_then(|text| text.trim().parse().ok()),
        tried: kernel::features::tried(),
    }
}

/// The interfaces that the daemon looks at, and those that were asked for.
fn look(status: Option<&Status>, pins: &Pins, more: &[String]) -> interfaces::Facts {
    let used: Vec<_> = status
        .map(|status| status.interfaces.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|one| (one.name.clone(), one.mode.clone()))
        .collect();
    let mut names: Vec<_> = used.iter().map(|(name, _)| name.clone()).collect();
    names.extend(
        more.iter()
            .filter(|name| !used.iter().any(|(one, _)| one == *name))
            .cloned(),
    );
    let mut own = pins.programs();
    // What the daemon put there without a pin is its own as well.
    let all = interface::all().unwrap_or_default();
    let there = all.iter().filter(|one| {
        let mode = used
            .iter()
            .find(|(name, _)| *name == one.name)
            .map(|(_, mode)| mode.as_str());
        matches!(mode, Some("native" | "generic"))
    });
    own.extend(there.filter_map(|one| Some(one.attached.as_ref()?.program)));
    interfaces::Facts {
        report: interface::outlooks(&names, Mode::Auto, &own),
        used,
    }
}
