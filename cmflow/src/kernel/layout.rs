//! Which maps an instance has, and whether what is pinned is laid out as this program reads and writes it.
//!
//! A map of another layout must never be used: the first read of a per-processor counter of another size
//! writes past the reader's buffer.

use std::fmt::Write as _;
use std::mem::offset_of;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

use aya::maps::MapData;
use cmflow_common::control::{Clock, Control};
use cmflow_common::expectation::{EVENTS, Expectation, PLACES};
use cmflow_common::flow::Slot;
use cmflow_common::gateway::{MAX_INTERFACES, MAX_VERDICTS, OUTCOMES, PORT_TABLE};
use cmflow_common::news::News;
use cmflow_common::outcome::Outcome;
use cmflow_common::room::Budgets;
use cmflow_common::verdict::Judgement;

use super::calls::{self, Object};
use super::journal::Record;
use super::shared::Shared;
use super::{KernelError, OBJECT, Pins};

/// Maps that the programs of all interfaces share, by the names of `cmflow-ebpf/src/maps.rs`.
pub(super) const SHARED: [&str; 15] = [
    "CONTROL",
    "CLOCK",
    "FLOWS",
    "ROOMS",
    "OUTCOMES",
    "VERDICTS",
    "WITHOUT_ENTRY",
    "LOST_NEWS",
    "NEWS",
    "EXPECTATIONS",
    "EXPECTED",
    "HOSTS",
    "PREFIXES",
    "PORTS",
    "JUDGEMENTS",
];
/// Those among them whose size an option sets.
const SIZED: [&str; 1] = ["FLOWS"];
/// The map that says whose the others are, and how they are laid out.
pub(super) const STAMP: &str = "LAYOUT";
/// The map of [`super::journal`].
pub(super) const JOURNAL: &str = "JOURNAL";
/// The folder of links.
pub(super) const LINKS: &str = "links";

/// Changes where the meaning of a bit or a word changes and no size does.
const MEANING: u32 = 1;

/// What the map called [`STAMP`] holds.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// [`Stamp::MAGIC`].
    pub(super) magic: u64,
    /// [`layout`] of the version that made the maps.
    pub(super) layout: u64,
    /// Drawn by chance when the maps were made: which counters these are.
    pub(super) run: u64,
    /// Keeps the size of a power of two.
    pub(super) zero: u64,
}

impl Stamp {
    /// "cmflow" and what is no letter.
    pub(super) const MAGIC: u64 = u64::from_be_bytes(*b"cmflow\0\x01");
}

// SAFETY: plain numbers without padding.
unsafe impl aya::Pod for Stamp {}

/// What lies at an instance's pins.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// Maps that this version can go on with.
    Ours {
        /// Which counters these are.
        run: u64,
    },
    /// Maps that were being made when their daemon ended: nothing ever counted into them.
    Unfinished,
    /// Maps of cmflow that are laid out otherwise.
    Other {
        /// How.
        why: String,
    },
    /// Something that is not cmflow's.
    Foreign {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: String,
    },
}

/// One number for the layout of everything that kernel and user space share.
#[must_use]
pub(super) fn layout(shapes: &[(String, Shape)]) -> u64 {
    let mut text = format!("{MEANING}");
    let mut say = |what: &str, number: usize| {
        // Writing to a string cannot fail.
        let _ = write!(text, " {what}={number}");
    };
    for (what, number) in [
        ("control", size_of::<Control>()),
        ("control.epoch", offset_of!(Control, epoch)),
        ("control.generation", offset_of!(Control, generation)),
        ("control.newest_gate", offset_of!(Control, newest_gate)),
        ("control.gates", offset_of!(Control, gates)),
        ("control.seed", offset_of!(Control, seed)),
        ("control.known_from", offset_of!(Control, known_from)),
        ("control.lifetimes", offset_of!(Control, lifetimes)),
        ("clock", size_of::<Clock>()),
        ("slot", size_of::<Slot>()),
        ("slot.claim", offset_of!(Slot, claim)),
        ("slot.state", offset_of!(Slot, state)),
        ("slot.last_seen", offset_of!(Slot, last_seen)),
        ("slot.packets", offset_of!(Slot, packets)),
        ("slot.bytes", offset_of!(Slot, bytes)),
        ("expectation", size_of::<Expectation>()),
        ("news", size_of::<News>()),
        ("rooms", size_of::<Budgets>()),
        ("judgement", size_of::<Judgement>()),
        ("journal", size_of::<Record>()),
        ("places", PLACES),
        ("events", EVENTS),
        ("interfaces", MAX_INTERFACES),
        ("verdicts", MAX_VERDICTS),
        ("outcomes", OUTCOMES),
        ("ports", PORT_TABLE),
    ] {
        say(what, number);
    }
    for outcome in Outcome::ALL {
        say(outcome.name(), outcome as usize);
    }
    for (name, shape) in shapes {
        let _ = write!(text, " {name}:{shape:?}");
    }
    // FNV-1a.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What the kernel says of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    kind: u32,
    key: u32,
    value: u32,
    entries: u32,
    flags: u32,
}

impl Shape {
    fn of(data: &MapData) -> Result<Self, KernelError> {
        let refused = |error: aya::maps::MapError| KernelError::refused("asking for a map", &error);
        let info = data.info().map_err(refused)?;
        Ok(Self {
            kind: info.map_type().map_err(refused)? as u32,
            key: info.key_size(),
            value: info.value_size(),
            entries: info.max_entries(),
            flags: info.map_flags(),
        })
    }
}

/// The shapes that this version's maps have, by name; those of [`SIZED`] with no entries.
pub(super) fn shapes() -> Result<Vec<(String, Shape)>, KernelError> {
    let object = aya_obj::Object::parse(OBJECT)
        .map_err(|error| KernelError::refused("the kernel program's object file", &error))?;
    let mut shapes = Vec::with_capacity(SHARED.len());
    for name in SHARED {
        let map = object.maps.get(name).ok_or_else(|| KernelError::Refused {
            what: name.to_owned(),
            why: "the object file has none of that name".to_owned(),
        })?;
        let sized = SIZED.contains(&name);
        let shape = Shape {
            kind: map.map_type(),
            key: map.key_size(),
            value: map.value_size(),
            entries: if sized { 0 } else { map.max_entries() },
            flags: map.map_flags(),
        };
        shapes.push((name.to_owned(), shape));
    }
    Ok(shapes)
}

/// Opens a pinned map.
pub(super) fn open_map(pins: &Pins, name: &str) -> Result<Option<MapData>, KernelError> {
    let path = pins.map(name);
    let pin = |source| KernelError::Pin {
        path: path.clone(),
        source,
    };
    match calls::open(&path) {
        Ok((Object::Map, descriptor)) => map_of(descriptor).map(Some),
        Ok((other, _)) => Err(pin(std::io::Error::other(format!(
            "it is no map but a {other:?}"
        )))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(pin(error)),
    }
}

fn map_of(descriptor: OwnedFd) -> Result<MapData, KernelError> {
    MapData::from_fd(descriptor).map_err(|error| KernelError::refused("opening a map", &error))
}

/// The stamp at these pins, where there is one.
pub(super) fn stamp(pins: &Pins) -> Result<Option<Stamp>, KernelError> {
    let Some(data) = open_map(pins, STAMP)? else {
        return Ok(None);
    };
    let shape = Shape::of(&data)?;
    if shape.value as usize != size_of::<Stamp>() || shape.entries != 1 {
        return Ok(None);
    }
    let stamp = Shared::<Stamp>::map(data.fd().as_fd(), 1)?.copy(0);
    Ok((stamp.magic == Stamp::MAGIC).then_some(stamp))
}

/// Looks at everything that is pinned, and uses none of it.
///
/// # Errors
/// Where it cannot be looked at.
pub fn survey(pins: &Pins) -> Result<Found, KernelError> {
    let mut names = pins.names()?;
    if names.is_empty() {
        return Ok(Found::Nothing);
    }
    let foreign = |name: &str, what: String| Found::Foreign {
        path: pins.map(name),
        what,
    };
    for (name, path) in pins.links()? {
        let is_link = matches!(calls::open(&path), Ok((Object::Link, _)));
        if !is_link {
            return Ok(foreign(
                &format!("{LINKS}/{name}"),
                "it is no link of a program".to_owned(),
            ));
        }
    }
    let found = match stamp(pins) {
        Ok(found) => found,
        Err(_) => return Ok(foreign(STAMP, "it is no map of cmflow's".to_owned())),
    };
    names.retain(|name| name != LINKS && name != STAMP && name != JOURNAL);
    let shapes = shapes()?;
    let mut other = None;
    for name in &names {
        let Some((_, expected)) = shapes.iter().find(|(known, _)| known == name) else {
            let what = "this version of cmflow makes no map of that name".to_owned();
            if found.is_none() {
                return Ok(foreign(name, what));
            }
            other.get_or_insert(format!("{name}: {what}"));
            continue;
        };
        let Ok(Some(map)) = open_map(pins, name) else {
            return Ok(foreign(name, "it is no map".to_owned()));
        };
        let mut shape = Shape::of(&map)?;
        if SIZED.contains(&name.as_str()) && shape.entries.is_power_of_two() {
            shape.entries = 0;
        }
        if shape != *expected {
            let what = format!("it is {shape:?}, and this version makes {expected:?}");
            if found.is_none() {
                return Ok(foreign(name, what));
            }
            other.get_or_insert(format!("{name}: {what}"));
        }
    }
    let missing = SHARED.iter().find(|name| !names.iter().any(|it| it == *name));
    Ok(match (found, other, missing) {
        (None, _, _) if pins.links()?.is_empty() => Found::Unfinished,
        (None, _, _) => Found::Other {
            why: "a version of cmflow made them that did not say how".to_owned(),
        },
        (Some(_), Some(why), _) => Found::Other { why },
        (Some(_), None, Some(missing)) => Found::Other {
            why: format!("{missing} is missing"),
        },
        (Some(stamp), None, None) if stamp.layout != layout(&shapes) => Found::Other {
            why: "another version of cmflow made them, and gives their words another meaning".to_owned(),
        },
        (Some(stamp), None, None) if open_map(pins, JOURNAL)?.is_none() => Found::Other {
            why: format!("{JOURNAL} of run {:x} is missing", stamp.run),
        },
        (Some(stamp), None, None) => Found::Ours { run: stamp.run },
    })
}

/// Two to the power of this many slots has the pinned flow table.
pub(super) fn flow_bits(pins: &Pins) -> Result<u32, KernelError> {
    let map = open_map(pins, "FLOWS")?.ok_or_else(|| KernelError::Refused {
        what: "FLOWS".to_owned(),
        why: "it is not pinned any more".to_owned(),
    })?;
    Ok(Shape::of(&map)?.entries.trailing_zeros())
}
