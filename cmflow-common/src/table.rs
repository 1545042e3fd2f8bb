//! The flow table: open addressing over slots in shared memory, a linear probe of [`Gateway::PROBES`].
//!
//! A slot is claimed by one compare-exchange of its claim word and filled before the word says so. Two
//! processors that meet the first packets of one flow at once may fill two slots with it: readers add slots
//! of one key up. Only user space frees slots, behind a gate and a grace period (see [`crate::control`]).

use crate::control::Control;
use crate::flow::{Claim, FlowKey, Slot, idle_class};
use crate::gateway::{Count, Gateway};

/// Slots looked at for a key in the kernel, and so the longest run of neighbours that a key may be pushed along.
pub const PROBES: u32 = 8;

/// What the table holds under a key.
#[derive(Clone, Copy, Debug)]
pub enum Found {
    /// The flow's slot and its claim word.
    Slot(*mut Slot, u64),
    /// Nothing; the first place that was free, counted from the key's home, or [`Gateway::PROBES`].
    Nothing(u32),
}

/// Looks for a key.
#[inline(always)]
pub fn find<G: Gateway>(gateway: &G, key: &FlowKey, hash: u64) -> Found {
    let tag = Claim::tag_of(hash);
    let mut free = G::PROBES;
    let mut step = 0;
    while step < G::PROBES {
        let Some(slot) = gateway.slot((hash as u32).wrapping_add(step)) else {
            break;
        };
        // SAFETY: the gateway gives pointers to live slots only.
        let word = unsafe { (&raw const (*slot).claim).read_volatile() };
        if (word >> 32) as u32 == tag {
            // SAFETY: as above; the key of a claimed slot does not change while a program may read it.
            if unsafe { same_key(&raw const (*slot).key, key) } {
                return Found::Slot(slot, word);
            }
        } else if word == Claim::FREE && free == G::PROBES {
            free = step;
        }
        step += 1;
    }
    Found::Nothing(free)
}

/// Compares keys word by word, without branches between them.
///
/// # Safety
/// `stored` points to a key in a live slot.
#[inline(always)]
pub(crate) unsafe fn same_key(stored: *const FlowKey, key: &FlowKey) -> bool {
    let memory = stored.cast::<u64>();
    // SAFETY: the caller's promise, and a key is five words; copied out because user space may free the slot at
    // any time.
    let word = |index: usize| unsafe { memory.add(index).read_volatile() };
    let stored = [word(0), word(1), word(2), word(3), word(4)];
    let key = key.words();
    (stored[0] ^ key[0])
        | (stored[1] ^ key[1])
        | (stored[2] ^ key[2])
        | (stored[3] ^ key[3])
        | (stored[4] ^ key[4])
        == 0
}

/// What a new slot is filled with.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Its flow.
    pub key: &'a FlowKey,
    /// What was judged.
    pub claim: Claim,
    /// Bits of [`crate::flow::state`].
    pub state: u16,
    /// Where it may lie: a bit for each index modulo eight, see [`crate::room::Room::places`].
    pub places: u8,
    /// See [`Slot::interface_slot`].
    pub interface_slot: u32,
    /// Now, in jiffies.
    pub now: u64,
    /// Half of the counters in use.
    pub half: usize,
    /// 0 for a packet of the low end, 1 for one of the high end.
    pub direction: usize,
    /// Packets to begin with.
    pub packets: u64,
    /// Bytes to begin with.
    pub bytes: u64,
}

/// Fills the first free slot from place `from` on where the entry may lie; says whether there was one.
#[inline(always)]
pub fn insert<G: Gateway>(gateway: &G, hash: u64, from: u32, entry: &Entry<'_>) -> bool {
    let mut step = 0;
    while step < G::PROBES {
        let index = (hash as u32).wrapping_add(step);
        if step >= from && entry.places >> (index & 7) & 1 != 0 {
            let Some(slot) = gateway.slot(index) else {
                return false;
            };
            // SAFETY: the gateway gives pointers to live slots only; a slot whose claim word this exchange
            // turned from FREE to BUSY belongs to this program until the word says something else.
            unsafe {
                if gateway.exchange(&raw mut (*slot).claim, Claim::FREE, Claim::BUSY) {
                    (*slot).key = *entry.key;
                    (*slot).state = Slot::state_word(entry.state, entry.interface_slot, entry.now);
                    (*slot).packets = [[0; 2]; 2];
                    (*slot).bytes = [[0; 2]; 2];
                    *direction_of(&raw mut (*slot).packets, entry.half, entry.direction) = entry.packets;
                    *direction_of(&raw mut (*slot).bytes, entry.half, entry.direction) = entry.bytes;
                    (&raw mut (*slot).last_seen).write_volatile(entry.now);
                    // An exchange rather than a store: it orders what was written before it.
                    gateway.exchange(&raw mut (*slot).claim, Claim::BUSY, entry.claim.word());
                    return true;
                }
            }
        }
        step += 1;
    }
    false
}

/// Counts a packet of a known flow, unless the flow's gate has closed: then user space may be about to free
/// the slot, and nothing may be written to it. Says whether it counted.
///
/// `bits` are the flow's [`crate::flow::state`] as they were read.
///
/// # Safety
/// `slot` is the flow's live slot.
#[inline(always)]
pub unsafe fn count<G: Gateway>(
    gateway: &G,
    control: &Control,
    slot: *mut Slot,
    bits: u16,
    now: u64,
    direction: usize,
    amount: Count,
) -> bool {
    let half = (control.epoch & 1) as usize;
    // SAFETY: the caller's promise.
    unsafe {
        let last_seen = (&raw const (*slot).last_seen).read_volatile();
        if last_seen < control.newest_gate {
            let protocol = (&raw const (*slot).key.selector).read_volatile().protocol();
            if last_seen < gateway.gate(idle_class(protocol, bits)) {
                return false;
            }
        }
        gateway.add(
            direction_of(&raw mut (*slot).packets, half, direction),
            amount.packets,
        );
        gateway.add(
            direction_of(&raw mut (*slot).bytes, half, direction),
            amount.bytes,
        );
        if last_seen != now {
            (&raw mut (*slot).last_seen).write_volatile(now);
        }
    }
    true
}

/// The counter of a half and a direction. Masked, so that the kernel's verifier sees that it stays inside.
#[inline(always)]
const unsafe fn direction_of(halves: *mut [[u64; 2]; 2], half: usize, direction: usize) -> *mut u64 {
    // SAFETY: four counters stand in a row, and the index is below four.
    unsafe { halves.cast::<u64>().add((half & 1) << 1 | direction & 1) }
}
