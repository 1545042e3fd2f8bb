//! A gateway in ordinary memory: what `replay`, `explain` and the tests run packets through.
#![cfg(feature = "std")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::address::Address;
use crate::control::{Control, Idle};
use crate::flow::{Claim, Slot};
use crate::gateway::{Arrival, Count, Endpoint, Gateway, PORT_TABLE, PortClass, Tables};
use crate::news::News;
use crate::outcome::Outcome;
use crate::verdict::{Judgement, VerdictId};

/// Compiled tables, as the compiler makes them and the loader writes them into the kernel's maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryTables {
    /// Single addresses and what is known of them.
    pub hosts: HashMap<Address, Endpoint>,
    /// Prefixes, mapped into IPv6: address, length in bits out of 128, what is known of addresses inside.
    /// The longest one that holds an address speaks for it; [`MemoryTables::hosts`] goes before.
    pub prefixes: HashMap<(Address, u8), Endpoint>,
    /// Classes of ports by [`crate::gateway::port_index`].
    pub ports: Vec<PortClass>,
    /// Judgements by class of the initiator, class of the responder, number of the port class.
    pub judgements: HashMap<(u16, u16, u16), Judgement>,
}

impl Default for MemoryTables {
    fn default() -> Self {
        Self {
            hosts: HashMap::new(),
            prefixes: HashMap::new(),
            ports: vec![PortClass::default(); PORT_TABLE],
            judgements: HashMap::new(),
        }
    }
}

impl Tables for &MemoryTables {
    fn endpoint(&self, address: Address) -> Endpoint {
        if let Some(endpoint) = self.hosts.get(&address) {
            return *endpoint;
        }
        let bits = u128::from_be_bytes(address.bytes());
        (0..=128_u8)
            .rev()
            .find_map(|length| {
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                self.prefixes
                    .get(&(Address::from_bytes((bits & mask).to_be_bytes()), length))
            })
            .copied()
            .unwrap_or_default()
    }

    fn port_class(&self, index: usize) -> PortClass {
        self.ports[index]
    }

    fn judgement(&self, initiator: u16, responder: u16, port: PortClass) -> Option<Judgement> {
        self.judgements
            .get(&(initiator, responder, port.0 & PortClass::NUMBER))
            .copied()
    }
}

/// A gateway in ordinary memory, for one thread.
#[derive(Debug)]
pub struct MemoryGateway<'a> {
    tables: &'a MemoryTables,
    /// The control word.
    pub control: Control,
    /// The clock, in whatever unit the caller counts.
    pub now: Cell<u64>,
    slots: Box<[std::cell::UnsafeCell<Slot>]>,
    /// Frames by outcome.
    pub outcomes: RefCell<[Count; Outcome::COUNT]>,
    /// Packets by verdict.
    pub verdicts: RefCell<HashMap<VerdictId, Count>>,
    /// Packets that found no entry.
    pub without_entry: Cell<Count>,
    /// First packets of what nothing explains.
    pub news: RefCell<Vec<News>>,
}

impl<'a> MemoryGateway<'a> {
    /// A gateway with a flow table of `2^bits` slots.
    #[must_use]
    pub fn new(tables: &'a MemoryTables, bits: u32) -> Self {
        let empty = Slot {
            key: crate::flow::FlowKey {
                low: Address::default(),
                high: Address::default(),
                selector: crate::flow::Selector(0),
            },
            claim: Claim::FREE,
            state: 0,
            last_seen: 0,
            packets: [[0; 2]; 2],
            bytes: [[0; 2]; 2],
        };
        Self {
            tables,
            control: Control::default(),
            now: Cell::new(0),
            slots: (0..1_usize << bits)
                .map(|_| std::cell::UnsafeCell::new(empty))
                .collect(),
            outcomes: RefCell::default(),
            verdicts: RefCell::default(),
            without_entry: Cell::default(),
            news: RefCell::default(),
        }
    }

    /// Copies of the live slots, in table order.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        // SAFETY: the gateway is not `Sync`, so nobody writes while this thread copies.
        let copies = self.slots.iter().map(|slot| unsafe { *slot.get() });
        copies.filter(|slot| Claim::is_live(slot.claim))
    }
}

impl<'a> Gateway for MemoryGateway<'a> {
    type Tables = &'a MemoryTables;

    fn control(&self) -> Control {
        self.control
    }

    fn gate(&self, class: Idle) -> u64 {
        self.control.gates[class as usize]
    }

    fn tables(&self, _generation: u64) -> Option<Self::Tables> {
        Some(self.tables)
    }

    fn now(&self) -> u64 {
        self.now.get()
    }

    fn count_outcome(&self, _half: usize, outcome: Outcome, arrival: Arrival) {
        self.outcomes.borrow_mut()[outcome as usize].add(arrival.packets, arrival.bytes);
    }

    fn count_verdict(&self, _half: usize, verdict: VerdictId, packets: u64, bytes: u64) {
        self.verdicts
            .borrow_mut()
            .entry(verdict)
            .or_default()
            .add(packets, bytes);
    }

    fn count_without_entry(&self, _half: usize, packets: u64, bytes: u64) {
        let mut count = self.without_entry.get();
        count.add(packets, bytes);
        self.without_entry.set(count);
    }

    fn slot(&self, index: u32) -> Option<*mut Slot> {
        Some(self.slots.get(index as usize & (self.slots.len() - 1))?.get())
    }

    unsafe fn add(&self, counter: *mut u64, value: u64) {
        // SAFETY: the caller's promise; one thread only.
        unsafe { *counter += value }
    }

    unsafe fn exchange(&self, word: *mut u64, old: u64, new: u64) -> bool {
        // SAFETY: the caller's promise; one thread only.
        unsafe {
            let same = *word == old;
            if same {
                *word = new;
            }
            same
        }
    }

    fn tell(&self, news: &News) {
        self.news.borrow_mut().push(*news);
    }
}
