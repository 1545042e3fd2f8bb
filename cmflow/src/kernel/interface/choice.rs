//! The interfaces that one instance looks at, and what is refused before anything is attached.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cmflow_common::gateway::MAX_INTERFACES;

use super::link::{all, named};
use super::machine::Release;
use super::plan::{Mode, Shape};
use super::{Interface, InterfaceError};

/// The interfaces that an instance looks at, among all that the machine has.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Those that were named, in that order: the place in it is the interface's slot.
    pub chosen: Vec<Interface>,
    /// All that there are.
    pub all: Vec<Interface>,
}

/// Looks up the interfaces that were named and refuses what cannot be looked at. Nothing is changed.
///
/// `own` are the numbers of XDP programs that are this instance's own, left attached by an earlier run.
///
/// # Errors
/// The first refusal.
pub fn choose(names: &[String], mode: Mode, own: &[u32]) -> Result<Choice, InterfaceError> {
    let all = all()?;
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(named(name, &all)?.clone());
    }
    let kernel = Release::running()?;
    for interface in &chosen {
        refuse(interface, mode, own, kernel)?;
    }
    refuse_set(&chosen)?;
    refuse_stacked(&chosen, &all)?;
    Ok(Choice { chosen, all })
}

/// Refuses an interface for what it is.
pub(super) fn refuse(
    interface: &Interface,
    mode: Mode,
    own: &[u32],
    kernel: Release,
) -> Result<(), InterfaceError> {
    let name = interface.name.clone();
    if !interface.up {
        return Err(InterfaceError::Down { name });
    }
    match interface.shape() {
        Shape::Unreadable => {
            return Err(InterfaceError::Unreadable {
                name,
                hardware: interface.hardware,
            });
        }
        Shape::RawIp if mode == Mode::Native => {
            return Err(InterfaceError::Unsuited {
                name,
                mode: "native XDP",
                why: "its frames have no Ethernet header".to_owned(),
                instead: if kernel.has_tcx() { "tcx" } else { "generic" },
            });
        }
        Shape::RawIp | Shape::Ethernet => {}
    }
    if mode == Mode::Tcx {
        if kernel.has_tcx() {
            return Ok(());
        }
        return Err(InterfaceError::OldKernel {
            release: kernel.to_string(),
            what: "the tcx hook",
            needed: Release::TCX.to_string(),
        });
    }
    match &interface.attached {
        Some(other) if !own.contains(&other.program) => Err(InterfaceError::Occupied {
            name,
            by: other
                .name
                .as_ref()
                .map_or_else(String::new, |by| format!("{by}, ")),
            mode: other.mode,
            program: other.program,
        }),
        _ => Ok(()),
    }
}

/// Refuses too many interfaces, and the same one twice.
pub(super) fn refuse_set(chosen: &[Interface]) -> Result<(), InterfaceError> {
    let mut seen = BTreeSet::new();
    if let Some(again) = chosen.iter().find(|interface| !seen.insert(interface.index)) {
        return Err(InterfaceError::Twice {
            name: again.name.clone(),
        });
    }
    if chosen.len() > MAX_INTERFACES {
        return Err(InterfaceError::TooMany {
            count: chosen.len(),
            limit: MAX_INTERFACES,
        });
    }
    Ok(())
}

/// Kinds whose `IFLA_LINK` is no interface below that shows the same frames: the other end of a pair, or what a
/// tunnel leaves by (there the frame is another one, with the tunnel's headers around it).
const NOT_STACKED: [&str; 16] = [
    "veth",
    "netkit",
    "vxcan",
    "gre",
    "gretap",
    "erspan",
    "ip6gre",
    "ip6gretap",
    "ip6erspan",
    "ipip",
    "ip6tnl",
    "sit",
    "vti",
    "vti6",
    "xfrm",
    "macsec",
];

/// Refuses two interfaces of which one sees what the other saw: a bridge, bond or team and its port, a VLAN and
/// its parent, at any distance (a bond's port and a VLAN on the bond too).
///
/// # Errors
/// The first such pair.
pub fn refuse_stacked(chosen: &[Interface], all: &[Interface]) -> Result<(), InterfaceError> {
    for lower in chosen {
        let above = reach(lower, all);
        for upper in chosen {
            if let Some(how) = above.get(&upper.index) {
                return Err(InterfaceError::Stacked {
                    lower: lower.name.clone(),
                    upper: upper.name.clone(),
                    how: how.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The interfaces that see the frames of this one again, each with the way to it in words.
fn reach(from: &Interface, all: &[Interface]) -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    let mut open = VecDeque::from([(from, String::new())]);
    while let Some((lower, way)) = open.pop_front() {
        for upper in all {
            let Some(step) = step(lower, upper) else { continue };
            if upper.index == from.index || found.contains_key(&upper.index) {
                continue;
            }
            let way = if way.is_empty() {
                step
            } else {
                format!("{way}, and {step}")
            };
            found.insert(upper.index, way.clone());
            open.push_back((upper, way));
        }
    }
    found
}

/// How frames of one interface come to be seen on another, where they do.
fn step(lower: &Interface, upper: &Interface) -> Option<String> {
    let kind = |interface: &Interface| interface.kind.clone().unwrap_or_else(|| "interface".to_owned());
    if lower.master == Some(upper.index) {
        return Some(format!(
            "{} is a port of the {} {}",
            lower.name,
            kind(upper),
            upper.name
        ));
    }
    let stacked = upper
        .kind
        .as_deref()
        .is_none_or(|kind| !NOT_STACKED.contains(&kind));
    (upper.parent == Some(lower.index) && stacked)
        .then(|| format!("{} is a {} on {}", upper.name, kind(upper), lower.name))
}
