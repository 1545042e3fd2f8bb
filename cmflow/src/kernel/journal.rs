//! The journal of freed slots, in a pinned map: what a daemon that is killed at any moment leaves behind is
//! either not begun or can be finished by the next one, and no packet is lost or counted twice.
//!
//! Prepare (slots and new totals are written down), free, commit. A slot that was freed may be in use again
//! when the work is redone: it is then newer than its gate, which no slot is that was written down.

use std::mem::offset_of;
use std::sync::atomic::Ordering;

use aya::maps::Array;
use cmflow_common::flow::{Claim, Slot, idle_class};
use jiff::Timestamp;

use super::layout::{JOURNAL, STAMP, Stamp, layout, open_map, shapes};
use super::shared::Shared;
use super::{KernelError, Maps, Pins};
use std::os::fd::AsFd as _;

/// Slots that are freed by one entry.
const SLOTS: usize = 4096;

/// What the journal's map holds.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Record {
    /// [`IDLE`] or [`PREPARED`].
    status: u64,
    /// How many of `slots` are to be freed.
    count: u64,
    /// Packets of freed slots, by half.
    expired: [u64; 2],
    /// The same once `slots` are freed.
    planned: [u64; 2],
    /// When the daemon last looked, in nanoseconds since 1970.
    looked: u64,
    /// Keeps the size of a multiple of sixteen.
    zero: u64,
    /// Which slots.
    slots: [u64; SLOTS],
}

const IDLE: u64 = 0;
const PREPARED: u64 = 1;

// SAFETY: plain numbers without padding.
unsafe impl aya::Pod for Record {}

/// A moment of the work, for whoever wants to see it stopped there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Before anything is written.
    Begin,
    /// A slot is written down.
    Noted,
    /// All are written down, and the journal says so.
    Prepared,
    /// A slot is free.
    Freed,
    /// One of the totals is new.
    Total,
    /// Done.
    Committed,
}

/// The journal, mapped.
pub(super) struct Journal {
    record: Shared<Record>,
}

impl Journal {
    /// Makes the journal's map and, last of all, the stamp that says that these pins are whole.
    pub(super) fn create(pins: &Pins, run: u64) -> Result<Self, KernelError> {
        const MMAPABLE: u32 = aya_obj::generated::BPF_F_MMAPABLE;
        let refused = |error: aya::maps::MapError| KernelError::refused("the journal", &error);
        let pinned = |name: &str, error: aya::pin::PinError| KernelError::Pin {
            path: pins.map(name),
            source: std::io::Error::other(error.to_string()),
        };
        Array::<_, Record>::create(1, MMAPABLE)
            .map_err(refused)?
            .pin(pins.map(JOURNAL))
            .map_err(|error| pinned(JOURNAL, error))?;
        let journal = Self::open(pins)?;
        let mut stamp = Array::<_, Stamp>::create(1, MMAPABLE).map_err(refused)?;
        let value = Stamp {
            magic: Stamp::MAGIC,
            layout: layout(&shapes()?),
            run,
            zero: 0,
        };
        stamp.set(0, value, 0).map_err(refused)?;
        stamp.pin(pins.map(STAMP)).map_err(|error| pinned(STAMP, error))?;
        Ok(journal)
    }

    /// Opens the pinned one.
    pub(super) fn open(pins: &Pins) -> Result<Self, KernelError> {
        let map = open_map(pins, JOURNAL)?.ok_or_else(|| KernelError::Refused {
            what: JOURNAL.to_owned(),
            why: "it is not pinned any more".to_owned(),
        })?;
        let record = Shared::map(map.fd().as_fd(), 1)?;
        Ok(Self { record })
    }

    fn get(&self, offset: usize) -> u64 {
        self.record.word(0, offset).load(Ordering::SeqCst)
    }

    fn set(&self, offset: usize, value: u64) {
        self.record.word(0, offset).store(value, Ordering::SeqCst);
    }

    fn pair(&self, offset: usize) -> [u64; 2] {
        [self.get(offset), self.get(offset + 8)]
    }
}

impl Maps {
    /// Packets of slots that were freed since the maps were made, by half of the counters.
    #[must_use]
    pub fn expired(&self) -> [u64; 2] {
        self.journal.pair(offset_of!(Record, expired))
    }

    /// Notes that the daemon looked.
    pub fn looked(&self, at: Timestamp) {
        let nanoseconds = u64::try_from(at.as_nanosecond()).unwrap_or(0);
        self.journal.set(offset_of!(Record, looked), nanoseconds);
    }

    /// When a daemon last looked; nothing where none ever did.
    #[must_use]
    pub fn last_looked(&self) -> Option<Timestamp> {
        let nanoseconds = self.journal.get(offset_of!(Record, looked));
        Timestamp::from_nanosecond(nanoseconds.into())
            .ok()
            .filter(|_| nanoseconds > 0)
    }

    /// Frees slots whose gate closed before the last grace period, and adds their packets to
    /// [`Maps::expired`]. `seen` is told of each step.
    pub fn expire(&self, silent: &[(usize, Slot)], mut seen: impl FnMut(Step)) {
        for batch in silent.chunks(SLOTS) {
            self.expire_batch(batch, &mut seen);
        }
    }

    fn expire_batch(&self, batch: &[(usize, Slot)], seen: &mut impl FnMut(Step)) {
        let journal = &self.journal;
        seen(Step::Begin);
        let mut planned = self.expired();
        for (place, (index, slot)) in batch.iter().enumerate() {
            journal.set(offset_of!(Record, slots) + place * 8, *index as u64);
            for (half, planned) in planned.iter_mut().enumerate() {
                *planned += slot.packets[half][0] + slot.packets[half][1];
            }
            seen(Step::Noted);
        }
        journal.set(offset_of!(Record, count), batch.len() as u64);
        for (half, planned) in planned.into_iter().enumerate() {
            journal.set(offset_of!(Record, planned) + half * 8, planned);
        }
        journal.set(offset_of!(Record, status), PREPARED);
        seen(Step::Prepared);
        for (index, _) in batch {
            self.free_slot(*index);
            seen(Step::Freed);
        }
        self.commit(seen);
    }

    fn commit(&self, seen: &mut impl FnMut(Step)) {
        let journal = &self.journal;
        let planned = journal.pair(offset_of!(Record, planned));
        for (half, planned) in planned.into_iter().enumerate() {
            journal.set(offset_of!(Record, expired) + half * 8, planned);
            seen(Step::Total);
        }
        journal.set(offset_of!(Record, status), IDLE);
        seen(Step::Committed);
    }

    /// Finishes what a daemon that was killed had prepared. Gives the slots that it had not freed yet.
    ///
    /// Only before the gates are moved: a slot that was freed and taken again is newer than they are.
    pub fn redo(&self) -> Vec<Slot> {
        let journal = &self.journal;
        if journal.get(offset_of!(Record, status)) != PREPARED {
            return Vec::new();
        }
        let gates = self.gates();
        let count = usize::try_from(journal.get(offset_of!(Record, count))).unwrap_or(SLOTS);
        let mut freed = Vec::new();
        for place in 0..count.min(SLOTS) {
            let index = journal.get(offset_of!(Record, slots) + place * 8);
            let Some(slot) = usize::try_from(index).ok().and_then(|index| self.slot(index)) else {
                continue;
            };
            let gate = gates[idle_class(slot.key.protocol(), slot.state_bits()) as usize];
            if Claim::is_live(slot.claim) && slot.last_seen < gate {
                self.free_slot(index as usize);
                freed.push(slot);
            }
        }
        self.commit(&mut |_| {});
        freed
    }
}
