//! What `cmflow check --interface` says of the machine.

use std::fmt;
use std::net::IpAddr;

use serde::Serialize;

use super::choice::{Choice, refuse, refuse_set, refuse_stacked};
use super::link::{all, named};
use super::machine::{Release, kernel, privileges};
use super::plan::{Mode, ONE_PIECE_MTU, constants, plan_for};
use super::{Interface, InterfaceError};
use crate::kernel::Hook;

/// What the machine makes of the interfaces that were named.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// One for each that there is, in the order they were named.
    pub interfaces: Vec<Outlook>,
    /// What `cmflow run` would refuse, each in one line that says what to do. Empty: it would start.
    pub problems: Vec<String>,
}

/// What an interface would get.
#[derive(Clone, Debug, Serialize)]
pub struct Outlook {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: Option<String>,
    /// What it is where it is no card.
    pub kind: Option<String>,
    /// Longest packet.
    pub mtu: u32,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The hook it would get: `native`, `tcx` or `generic`.
    pub mode: &'static str,
    /// Why that one.
    pub why: String,
    /// What is worth knowing before it runs.
    pub warnings: Vec<String>,
}

impl fmt::Display for Report {
    /// The interfaces, a line each with its warnings below; problems are the caller's to tell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for interface in &self.interfaces {
            let Outlook {
                name,
                mtu,
                mode,
                why,
                warnings,
                ..
            } = interface;
            let driver = interface.driver.as_deref().unwrap_or("none");
            writeln!(f, "{name}: driver {driver}, MTU {mtu}, mode {mode} ({why})")?;
            for warning in warnings {
                writeln!(f, "  warning: {warning}")?;
            }
        }
        Ok(())
    }
}

/// Looks at the machine and at the interfaces that were named. Every problem is told, not the first one only.
#[must_use]
pub fn report(names: &[String], mode: Mode) -> Report {
    let mut report = outlooks(names, mode, &[]);
    let machine = [privileges(), kernel()];
    let problems = machine.into_iter().filter_map(Result::err);
    report
        .problems
        .splice(0..0, problems.map(|error| error.to_string()));
    report
}

/// The interfaces alone, whatever this process may and the kernel is. `own` are the numbers of programs that may be
/// there, because they are the instance's own.
#[must_use]
pub fn outlooks(names: &[String], mode: Mode, own: &[u32]) -> Report {
    let mut report = Report::default();
    let mut problem = |error: InterfaceError| report.problems.push(error.to_string());
    let looked = Release::running().and_then(|kernel| Ok((kernel, all()?)));
    let (kernel, all) = match looked {
        Ok(looked) => looked,
        Err(error) => {
            problem(error);
            return report;
        }
    };
    let mut chosen = Vec::new();
    for name in names {
        match named(name, &all) {
            Ok(interface) => chosen.push(interface.clone()),
            Err(error) => problem(error),
        }
    }
    for interface in &chosen {
        refuse(interface, mode, own, kernel).unwrap_or_else(&mut problem);
    }
    refuse_set(&chosen).unwrap_or_else(&mut problem);
    refuse_stacked(&chosen, &all).unwrap_or_else(&mut problem);
    let outlook = |interface: &Interface| outlook(interface, mode, kernel, &all);
    report.interfaces = chosen.iter().map(outlook).collect();
    report
}

/// What is worth knowing before programs are put on the interfaces that were chosen, each with its interface's name.
///
/// # Errors
/// Where the kernel's release cannot be told.
pub fn forewarn(choice: &Choice, mode: Mode) -> Result<Vec<String>, InterfaceError> {
    let kernel = Release::running()?;
    let warned = |interface: &Interface| {
        let outlook = outlook(interface, mode, kernel, &choice.all);
        let name = outlook.name;
        let told = move |warning: String| format!("{name}: {warning}");
        let known_before = outlook.warnings.into_iter().filter(|one| one != MERGED);
        known_before.map(told).collect::<Vec<_>>()
    };
    Ok(choice.chosen.iter().flat_map(warned).collect())
}

/// What one interface would get under that kernel.
pub(super) fn outlook(interface: &Interface, mode: Mode, kernel: Release, all: &[Interface]) -> Outlook {
    let plan = plan_for(interface, mode, kernel);
    let declines = |hook: Hook| hook == Hook::Native && interface.lacks_native().is_some();
    let first = plan.hooks.first().copied().unwrap_or(Hook::Generic);
    let hook = plan
        .hooks
        .iter()
        .copied()
        .find(|hook| !declines(*hook))
        .unwrap_or(first);
    let why = match interface.lacks_native() {
        Some(why) if hook != first => why,
        _ => plan.why,
    };
    Outlook {
        name: interface.name.clone(),
        driver: interface.driver.clone(),
        kind: interface.kind.clone(),
        mtu: interface.mtu,
        addresses: interface.addresses.clone(),
        mode: hook.name(),
        why,
        warnings: warnings(interface, hook, all),
    }
}

/// Of generic XDP; `cmflow run` says it when that is what it came to.
const MERGED: &str = "packets are merged packets: counts of packets are too low, bytes are right";

/// What is worth knowing of an interface that gets this hook.
fn warnings(interface: &Interface, hook: Hook, all: &[Interface]) -> Vec<String> {
    let name = &interface.name;
    let mut warnings = Vec::new();
    if let Some(why) = interface.lacks_native().filter(|_| hook == Hook::Native) {
        warnings.push(format!("native XDP will be refused: {why}"));
    }
    if hook == Hook::Native {
        warnings.extend(interface.interruption());
    }
    if hook == Hook::Generic {
        warnings.push(MERGED.to_owned());
    }
    if hook == Hook::Native && interface.mtu > ONE_PIECE_MTU {
        let mtu = interface.mtu;
        warnings.push(format!(
            "MTU {mtu} is more than {ONE_PIECE_MTU}: frames may lie in several pieces, which costs time"
        ));
    }
    if hook != Hook::Generic {
        warnings.extend(interface.merging());
    }
    let bridged = constants(interface, 0, hook, all).tags_apart;
    if bridged && interface.offloads.takes_tags && hook != Hook::Tcx {
        warnings.push(format!(
            "the card takes VLAN tags off, so equal addresses in two VLANs of the bridge count as one; keep them: \
             ethtool -K {name} rxvlan off"
        ));
    }
    if interface.carrier == Some(false) {
        warnings.push("no carrier: nothing answers at the other end".to_owned());
    }
    warnings
}
