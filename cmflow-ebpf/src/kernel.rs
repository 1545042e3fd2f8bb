//! Maps as the gateway that the path of a packet runs on.

use core::intrinsics::{AtomicOrdering, atomic_cxchg, atomic_xadd};

use aya_ebpf::btf_maps::lpm_trie::Key;
use aya_ebpf::helpers::generated::bpf_jiffies64;
use cmflow_common::address::Address;
use cmflow_common::control::{Control, Idle, lifetime_index};
use cmflow_common::expectation::{Event, Expectation, Kind, event_index};
use cmflow_common::flow::{FlowKey, Slot};
use cmflow_common::gateway::{
    Arrival, Count, Endpoint, Gateway, JudgementKey, MAX_VERDICTS, OUTCOMES as OUTCOME_ROW, PORT_TABLE,
    PortClass, Tables, Viewpoint,
};
use cmflow_common::news::{News, NewsKind};
use cmflow_common::opening::{Glimpse, Opening};
use cmflow_common::outcome::Outcome;
use cmflow_common::room::{Budget, NEARLY_ANYWHERE, Room};
use cmflow_common::verdict::{Judgement, VerdictId};

use crate::maps::ROOMS;
use crate::maps::{
    CONTROL, EXPECTATIONS, EXPECTED, FLOWS, HOSTS, JUDGEMENTS, LOST_NEWS, NEWS, OUTCOMES, PORTS, PREFIXES,
    VERDICTS, WITHOUT_ENTRY,
};
use crate::{apart, settings};

/// The maps, and the control word as one run of the program read it.
pub struct Kernel {
    /// The control word, without what few packets need.
    pub control: Control,
    shared: *const Control,
    /// Where zero is read that the verifier does not know.
    pub zero: *const u64,
}

impl Kernel {
    /// Reads the control word; nothing where the map is not there, which cannot be.
    #[inline(always)]
    pub fn read() -> Option<Self> {
        let shared = CONTROL.get_ptr(0)?;
        // SAFETY: the map gave the pointer. User space writes each field whole, and at most one of them
        // between two grace periods.
        let control = unsafe {
            Control {
                epoch: (&raw const (*shared).epoch).read_volatile(),
                generation: (&raw const (*shared).generation).read_volatile(),
                newest_gate: (&raw const (*shared).newest_gate).read_volatile(),
                gates: [0; 4],
                known_from: 0,
                lifetimes: [0; 8],
                seed: (&raw const (*shared).seed).read_volatile(),
                zero: (&raw const (*shared).zero).read_volatile(),
            }
        };
        // SAFETY: as above; no more than the address is taken.
        let zero = unsafe { &raw const (*shared).zero };
        Some(Self {
            control,
            shared,
            zero,
        })
    }
}

/// The tables of one generation's slot.
pub struct KernelTables {
    slot: u32,
}

/// A key of the prefix trie whose address is aligned: [`Key`] itself is packed, and filling it would cost a
/// store for each byte.
#[repr(C)]
struct PrefixKey {
    padding: u32,
    length: u32,
    words: [u64; 2],
}

const _: () = assert!(size_of::<PrefixKey>() == 4 + size_of::<Key<[u8; 16]>>());

impl PrefixKey {
    #[inline(always)]
    fn as_key(&self) -> &Key<[u8; 16]> {
        // SAFETY: behind the padding stand the length and the sixteen bytes, as `Key` has them.
        unsafe { &*(&raw const self.length).cast() }
    }
}

impl Tables for KernelTables {
    #[inline(always)]
    fn endpoint(&self, address: Address) -> Endpoint {
        let words = address.words();
        // SAFETY: the value is copied out at once; user space never changes tables that are in use.
        let host = HOSTS
            .get(self.slot)
            .and_then(|hosts| unsafe { hosts.get(words) }.copied());
        if let Some(host) = host {
            return Endpoint(host);
        }
        let key = PrefixKey {
            padding: 0,
            length: 128,
            words,
        };
        let prefix = PREFIXES
            .get(self.slot)
            .and_then(|prefixes| prefixes.get(key.as_key()).copied());
        Endpoint(prefix.unwrap_or(0))
    }

    #[inline(always)]
    fn port_class(&self, index: usize) -> PortClass {
        let Some(table) = PORTS.get(self.slot).and_then(|ports| ports.get_ptr(0)) else {
            return PortClass(0);
        };
        if index >= PORT_TABLE {
            return PortClass(0);
        }
        // SAFETY: the index is inside the table, as just checked.
        PortClass(unsafe { table.cast::<u16>().add(index).read_volatile() })
    }

    #[inline(always)]
    fn judgement(&self, initiator: u16, responder: u16, port: PortClass) -> Option<Judgement> {
        let key = JudgementKey {
            initiator,
            responder,
            port: port.0 & PortClass::NUMBER,
            zero: 0,
        };
        // SAFETY: as for hosts.
        JUDGEMENTS
            .get(self.slot)
            .and_then(|judgements| unsafe { judgements.get(&key) }.copied())
    }
}

/// Adds to a counter of this processor. The kernel runs one program at a time on it.
#[inline(always)]
fn add(counter: Option<*mut Count>, packets: u64, bytes: u64) {
    if let Some(counter) = counter {
        // SAFETY: the map gave the pointer.
        unsafe { (*counter).add(packets, bytes) }
    }
}

impl Gateway for Kernel {
    type Tables = KernelTables;

    #[inline(always)]
    fn control(&self) -> Control {
        self.control
    }

    #[inline(always)]
    fn gate(&self, class: Idle) -> u64 {
        // SAFETY: the map gave the pointer, and there are four classes.
        unsafe {
            (&raw const (*self.shared).gates)
                .cast::<u64>()
                .add(class as usize & 3)
                .read_volatile()
        }
    }

    #[inline(always)]
    fn tables(&self, generation: u64) -> Option<KernelTables> {
        Some(KernelTables {
            slot: generation as u32 & 1,
        })
    }

    #[inline(always)]
    fn now(&self) -> u64 {
        // SAFETY: the helper takes nothing and only reads a clock.
        unsafe { bpf_jiffies64() }
    }

    #[inline(always)]
    fn count_outcome(&self, half: usize, outcome: Outcome, arrival: Arrival) {
        let row = settings::INTERFACE_SLOT.load() << 1 | half as u32;
        add(
            OUTCOMES.get_ptr_mut(row * OUTCOME_ROW as u32 + outcome as u32),
            arrival.packets,
            arrival.bytes,
        );
    }

    #[inline(always)]
    fn count_verdict(&self, half: usize, verdict: VerdictId, packets: u64, bytes: u64) {
        let index =
            half as u32 * MAX_VERDICTS as u32 + (u32::from(verdict.number()) & (MAX_VERDICTS as u32 - 1));
        add(VERDICTS.get_ptr_mut(index), packets, bytes);
    }

    #[inline(always)]
    fn count_without_entry(&self, half: usize, packets: u64, bytes: u64) {
        add(WITHOUT_ENTRY.get_ptr_mut(half as u32), packets, bytes);
    }

    #[inline(always)]
    fn slot(&self, index: u32) -> Option<*mut Slot> {
        FLOWS.get_ptr_mut(index & settings::SLOT_MASK.load())
    }

    #[inline(always)]
    fn spend(&self, room: Room) -> u8 {
        let Some(budgets) = ROOMS.get_ptr_mut(0) else {
            return room.places();
        };
        // SAFETY: the map gave the pointer, and there are four budgets.
        let (spent, allowed) = unsafe {
            let budget = budgets.cast::<Budget>().add(room as usize & 3);
            // Relaxed, the code generator takes the instruction that gives nothing back, and uses what it gave.
            let spent = atomic_xadd::<u64, u64, { AtomicOrdering::SeqCst }>(&raw mut (*budget).spent, 1);
            (spent, (&raw const (*budget).allowed).read_volatile())
        };
        if spent < allowed {
            NEARLY_ANYWHERE
        } else {
            room.places()
        }
    }

    #[inline(always)]
    unsafe fn add(&self, counter: *mut u64, value: u64) {
        // SAFETY: the caller's promise.
        unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(counter, value) };
    }

    #[inline(always)]
    unsafe fn exchange(&self, word: *mut u64, old: u64, new: u64) -> bool {
        // SAFETY: the caller's promise.
        let (_, exchanged) = unsafe {
            atomic_cxchg::<u64, { AtomicOrdering::SeqCst }, { AtomicOrdering::SeqCst }>(word, old, new)
        };
        exchanged
    }

    #[inline(always)]
    fn known_from(&self) -> u64 {
        // SAFETY: the map gave the pointer.
        unsafe { (&raw const (*self.shared).known_from).read_volatile() }
    }

    #[inline(always)]
    fn lifetime(&self, kind: Kind, met: bool) -> u64 {
        // SAFETY: the map gave the pointer, and there are eight.
        unsafe {
            (&raw const (*self.shared).lifetimes)
                .cast::<u64>()
                .add(lifetime_index(kind, met) & 7)
                .read_volatile()
        }
    }

    #[inline(always)]
    fn expectation(&self, index: u32) -> Option<*mut Expectation> {
        EXPECTATIONS.get_ptr_mut(index)
    }

    #[inline(always)]
    fn count_expectation(&self, kind: Kind, event: Event) {
        if let Some(counter) = EXPECTED.get_ptr_mut(event_index(kind, event) as u32) {
            // SAFETY: the map gave the pointer.
            unsafe { *counter += 1 }
        }
    }

    #[inline(always)]
    fn first<V: Viewpoint>(
        &self,
        _view: &V,
        generation: u64,
        key: &FlowKey,
        glimpse: Glimpse,
    ) -> Option<Opening> {
        Some(Opening::from_word(apart::cmflow_first(
            key,
            glimpse.word(),
            generation,
        )))
    }

    #[inline(always)]
    fn again<V: Viewpoint>(
        &self,
        _view: &V,
        generation: u64,
        key: &FlowKey,
        glimpse: Glimpse,
        bits: u16,
    ) -> Option<VerdictId> {
        let verdict = apart::cmflow_again(key, glimpse.word(), generation, bits.into());
        Some(VerdictId(verdict as u16))
    }

    #[inline(always)]
    fn meet(&self, kind: Kind, key: &FlowKey) -> Option<u64> {
        let detail = apart::cmflow_meet(kind as u32, key);
        (detail != apart::NOT_MET).then_some(detail)
    }

    #[inline(always)]
    fn make(&self, kind: Kind, key: &FlowKey, detail: u64) {
        apart::cmflow_make(kind as u32, key, detail);
    }

    #[inline(always)]
    fn tell(&self, news: &News) {
        match NEWS.reserve(0) {
            Some(mut entry) => {
                // Field by field into the ring: a copy of the whole would take room on the program's small stack.
                let place = entry.as_mut_ptr();
                // SAFETY: the ring reserved room for one, and every field of it is written.
                unsafe {
                    (&raw mut (*place).key.low).write(news.key.low);
                    (&raw mut (*place).key.high).write(news.key.high);
                    (&raw mut (*place).key.selector).write(news.key.selector);
                    (&raw mut (*place).at).write(news.at);
                    (&raw mut (*place).verdict).write(news.verdict);
                    (&raw mut (*place).state).write(news.state);
                    (&raw mut (*place).interface).write(news.interface);
                }
                entry.submit(0);
            }
            None => {
                if let Some(lost) = LOST_NEWS.get_ptr_mut(NewsKind::of(VerdictId(news.verdict)) as u32) {
                    // SAFETY: the map gave the pointer.
                    unsafe { *lost += 1 }
                }
            }
        }
    }
}
