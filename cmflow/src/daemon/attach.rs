//! Interfaces and the programs that look at them: attached, taken over, lost and found again.

use std::time::Duration;

use crate::kernel::interface::{self, Interface};
use crate::kernel::{Hook, KernelError, Maps, Program};

use super::start::Settings;
use super::state::KnownInterface;

/// How often a place that was just left is tried again, because the kernel clears it in its own time.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// An interface that has a place among the counters.
pub(super) struct Looked {
    pub(super) interface: Interface,
    pub(super) hook: Hook,
    /// Why that hook, or why no program is there.
    pub(super) why: String,
    /// Nothing where the interface is gone, or nobody asks for it any more.
    pub(super) program: Option<Program>,
    /// Whether somebody asked for it.
    pub(super) wanted: bool,
    /// The interface's own counter when its program was attached.
    pub(super) received_before: u64,
    /// The same, when it was last read.
    pub(super) received_last: u64,
    /// What earlier interfaces of that name received while they were looked at.
    pub(super) received_earlier: u64,
    /// As an earlier daemon left it, until this one has seen to it.
    left: Option<KnownInterface>,
}

impl Looked {
    /// One as an earlier daemon left it, which nobody has seen to yet.
    pub(super) fn former(known: &KnownInterface) -> Self {
        let hooks = [Hook::Native, Hook::Tcx, Hook::Generic];
        Self {
            interface: Interface {
                name: known.name.clone(),
                ..Interface::default()
            },
            hook: hooks
                .into_iter()
                .find(|hook| hook.name() == known.hook)
                .unwrap_or(Hook::Native),
            why: "it is not looked at any more".to_owned(),
            program: None,
            wanted: false,
            received_before: known.received_before,
            received_last: known.received_before,
            received_earlier: known.received_earlier,
            left: Some(known.clone()),
        }
    }

    /// Nobody asks for it any more: its program is gone, and its counters stay.
    pub(super) fn let_go(&mut self) {
        let left = self.left.take().filter(|left| left.is_attached());
        if let Some(left) = left
            && let Ok((packets, _)) = interface::counters(left.index)
        {
            self.received_last = packets;
        }
        self.received_earlier = self.received();
        self.received_before = self.received_last;
    }

    /// What is to be known of it by the next daemon.
    pub(super) fn known(&self) -> KnownInterface {
        if let Some(left) = &self.left {
            return left.clone();
        }
        KnownInterface {
            name: self.interface.name.clone(),
            hook: self.mode().to_owned(),
            index: self.interface.index,
            received_before: self.received_before,
            received_earlier: self.received_earlier,
        }
    }

    /// Frames that the interface's own counter received while it was looked at.
    pub(super) const fn received(&self) -> u64 {
        self.received_earlier + self.received_last.saturating_sub(self.received_before)
    }

    /// Reads the interface's own counter.
    pub(super) fn read_received(&mut self) {
        if self.program.is_some()
            && let Ok((packets, _)) = interface::counters(self.interface.index)
        {
            self.received_last = packets;
        }
    }

    /// The hook's name, or that there is none.
    pub(super) fn mode(&self) -> &'static str {
        if self.program.is_some() {
            self.hook.name()
        } else {
            "none"
        }
    }

    /// Finds out whether the interface is gone, and looks at it again when it is back. Says whether it came back.
    pub(super) fn mend(&mut self, settings: &Settings, maps: &Maps, slot: u32) -> bool {
        let name = self.interface.name.clone();
        if self.program.as_ref().is_some_and(Program::is_severed) {
            log::warn!(
                "{name} is gone, and nothing of it is counted until it is back; the other interfaces go on"
            );
            self.received_earlier = self.received();
            self.received_before = self.received_last;
            self.program = None;
            "it is gone".clone_into(&mut self.why);
            if let Err(error) = maps.pins().unlink(&name) {
                log::warn!("{error}");
            }
        }
        if self.program.is_some() || !self.wanted {
            return false;
        }
        let Ok(all) = interface::all() else {
            return false;
        };
        let Some(found) = all.iter().find(|one| one.name == name) else {
            return false;
        };
        match attach(settings, maps, found.clone(), slot, &all, None) {
            Ok(again) => {
                log::info!("{name} is back and is looked at again");
                *self = Self {
                    received_earlier: self.received_earlier,
                    ..again
                };
                true
            }
            Err(error) => {
                let why = format!("it is back, and cannot be looked at: {error}");
                if self.why != why {
                    log::error!("{name}: {error}");
                    self.why = why;
                }
                false
            }
        }
    }
}

/// Attaches to one interface, or takes the place of the program that an earlier daemon left there: between two packets,
/// and without the link going down. Else by the first hook that works; says which and why.
pub(super) fn attach(
    settings: &Settings,
    maps: &Maps,
    interface: Interface,
    slot: u32,
    all: &[Interface],
    known: Option<&KnownInterface>,
) -> anyhow::Result<Looked> {
    let plan = interface::plan(&interface, settings.mode)?;
    let load = |hook: Hook| {
        let mut constants = interface::constants(&interface, slot, hook, all);
        constants.debug = settings.debug_frames;
        Program::load(maps, hook, &constants)
    };
    let looked = |hook: Hook, why: String, program: Program, received_before: u64| Looked {
        interface: interface.clone(),
        hook,
        why,
        program: Some(program),
        wanted: true,
        received_before,
        received_last: received_before,
        received_earlier: 0,
        left: None,
    };
    let (received_before, _) = interface::counters(interface.index)?;
    if let Some(known) = known
        && let Some(hook) = plan.hooks.iter().find(|hook| hook.name() == known.hook)
    {
        let mut program = load(*hook)?;
        if program.succeed(maps, &interface.name, interface.index)? {
            log::info!("{}: {}, taken over", interface.name, hook.describe());
            let mut looked = looked(*hook, plan.why, program, known.received_before);
            looked.received_earlier = known.received_earlier;
            looked.read_received();
            return Ok(looked);
        }
    }
    maps.pins().unlink(&interface.name)?;
    let mut why = plan.why;
    let mut refusal = None;
    for hook in plan.hooks {
        let mut program = load(hook)?;
        let mut tries = if known.is_some() { TRIES } else { 1 };
        let attached = loop {
            tries -= 1;
            match program.attach(&interface.name, interface.index) {
                Err(KernelError::Busy { .. }) if tries > 0 => std::thread::sleep(PAUSE),
                done => break done,
            }
        };
        match attached {
            Ok(()) => {}
            Err(error @ KernelError::NoSuchMode { .. }) => {
                why = error.to_string();
                refusal = Some(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        program.keep(maps, &interface.name)?;
        log::info!("{}: {} ({why})", interface.name, hook.describe());
        if hook == Hook::Generic {
            log::warn!(
                "{}: packets are merged packets, and their number is lower than on the wire",
                interface.name
            );
        }
        let mut looked = looked(hook, why, program, received_before);
        if let Some(known) = known {
            looked.received_earlier = known.received_earlier;
            // Another interface of that name began anew; the same one went on to now.
            if known.is_attached() && known.index == interface.index {
                looked.received_earlier += received_before.saturating_sub(known.received_before);
            }
        }
        return Ok(looked);
    }
    Err(refusal.map_or_else(
        || anyhow::anyhow!("{}: no hook fits", interface.name),
        anyhow::Error::from,
    ))
}
