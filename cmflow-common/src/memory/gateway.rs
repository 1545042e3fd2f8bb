//! Counters and flow table in ordinary memory, for one thread.

use std::cell::{Cell, RefCell, UnsafeCell};

use super::MemoryTables;
use crate::control::{Control, Idle, lifetime_index};
use crate::expectation::{EVENTS, Event, Expectation, Kind, PLACES, event_index};
use crate::flow::{Claim, Slot, idle_class};
use crate::gateway::{Arrival, Count, Gateway};
use crate::news::News;
use crate::outcome::Outcome;
use crate::room::{ANYWHERE, Budget, Budgets, NEARLY_ANYWHERE, Room, allowance};
use crate::table;
use crate::verdict::VerdictId;

/// The flow table. Each slot is a cell of its own, so that pointers into some stay good while others are read.
type Slots = Box<[UnsafeCell<Slot>]>;

/// A gateway in ordinary memory, for one thread.
///
/// A key is looked for in `PROBES` slots: as many as in the kernel, or more where the table is to be filled to
/// the half before it grows.
#[derive(Debug)]
pub struct MemoryGateway<'a, const PROBES: u32 = { table::PROBES }> {
    tables: &'a MemoryTables,
    /// The control word.
    pub control: Control,
    /// The clock, in whatever unit the caller counts.
    pub now: Cell<u64>,
    slots: UnsafeCell<Slots>,
    most_slots: usize,
    budgets: Cell<Budgets>,
    /// Frames by outcome.
    pub outcomes: RefCell<[Count; Outcome::COUNT]>,
    /// Packets by number of their verdict, as far as one was given.
    pub verdicts: RefCell<Vec<Count>>,
    /// Packets that found no entry.
    pub without_entry: Cell<Count>,
    /// First packets of what nothing explains.
    pub news: RefCell<Vec<News>>,
    expectations: Box<[UnsafeCell<Expectation>]>,
    /// What became of expectations, by [`event_index`].
    pub events: RefCell<[u64; EVENTS]>,
}

impl<'a, const PROBES: u32> MemoryGateway<'a, PROBES> {
    /// A gateway with a flow table of `2^bits` slots.
    #[must_use]
    pub fn new(tables: &'a MemoryTables, bits: u32) -> Self {
        Self {
            tables,
            control: Control::default(),
            now: Cell::new(0),
            slots: UnsafeCell::new(free_slots(1 << bits)),
            most_slots: 1 << bits,
            budgets: Cell::new(
                [Budget {
                    spent: 0,
                    allowed: allowance(1 << bits, 0),
                }; 4],
            ),
            outcomes: RefCell::default(),
            verdicts: RefCell::default(),
            without_entry: Cell::default(),
            news: RefCell::default(),
            // SAFETY: a place is plain data, and all zero is a free one.
            expectations: unsafe { Box::new_zeroed_slice(PLACES).assume_init() },
            events: RefCell::default(),
        }
    }

    /// The same, but its flow table grows up to `2^bits` slots before a flow finds no place.
    #[must_use]
    pub fn growing_to(mut self, bits: u32) -> Self {
        self.most_slots = self.most_slots.max(1 << bits);
        self.budgets.set(
            [Budget {
                spent: 0,
                allowed: u64::MAX,
            }; 4],
        );
        self
    }

    /// The slots of now.
    const fn table(&self) -> &Slots {
        // SAFETY: the gateway is not `Sync`, and only `make_room` puts other slots in their place, which no
        // borrow from here outlives: they all end inside a method of this gateway.
        unsafe { &*self.slots.get() }
    }

    /// How many slots the flow table has.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.table().len()
    }

    /// Copies of the live slots, in table order.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        (0..self.capacity()).filter_map(|index| {
            // SAFETY: one thread only, so nobody writes while it copies.
            let slot = unsafe { *self.table()[index].get() };
            Claim::is_live(slot.claim).then_some(slot)
        })
    }

    /// Frees the slots of flows last seen before the gate of their class, and gives each of them away.
    pub fn free_silent(&mut self, gates: [u64; 4], mut gone: impl FnMut(Slot)) {
        for slot in self.slots.get_mut() {
            let slot = slot.get_mut();
            let silent = |slot: &Slot| {
                slot.last_seen < gates[idle_class(slot.key.protocol(), slot.state_bits()) as usize]
            };
            if Claim::is_live(slot.claim) && silent(slot) {
                gone(*slot);
                slot.claim = Claim::FREE;
            }
        }
    }

    /// All slots in a table of that size; nothing where one of them finds no place there.
    fn spread_over(&self, capacity: usize) -> Option<Slots> {
        let mut spread = free_slots(capacity);
        for slot in self.slots() {
            let home = slot.key.hash(self.control.seed) as u32;
            let mut places = (0..PROBES).map(|step| home.wrapping_add(step) as usize & (capacity - 1));
            let place = places.find(|place| spread[*place].get_mut().claim == Claim::FREE)?;
            *spread[place].get_mut() = slot;
        }
        Some(spread)
    }
}

/// Slots that hold nothing. The memory is touched where it is used first.
fn free_slots(count: usize) -> Slots {
    const { assert!(Claim::FREE == 0) }
    // SAFETY: a slot is plain data, and all zero is a free one.
    unsafe { Box::new_zeroed_slice(count).assume_init() }
}

impl<'a, const PROBES: u32> Gateway for MemoryGateway<'a, PROBES> {
    type Tables = &'a MemoryTables;

    const PROBES: u32 = PROBES;

    #[inline]
    fn control(&self) -> Control {
        self.control
    }

    #[inline]
    fn gate(&self, class: Idle) -> u64 {
        self.control.gates[class as usize]
    }

    #[inline]
    fn tables(&self, _generation: u64) -> Option<Self::Tables> {
        Some(self.tables)
    }

    #[inline]
    fn now(&self) -> u64 {
        self.now.get()
    }

    #[inline]
    fn count_outcome(&self, _half: usize, outcome: Outcome, arrival: Arrival) {
        self.outcomes.borrow_mut()[outcome as usize].add(arrival.packets, arrival.bytes);
    }

    #[inline]
    fn count_verdict(&self, _half: usize, verdict: VerdictId, packets: u64, bytes: u64) {
        let mut verdicts = self.verdicts.borrow_mut();
        let number = usize::from(verdict.number());
        if verdicts.len() <= number {
            verdicts.resize(number + 1, Count::default());
        }
        verdicts[number].add(packets, bytes);
    }

    fn count_without_entry(&self, _half: usize, packets: u64, bytes: u64) {
        let mut count = self.without_entry.get();
        count.add(packets, bytes);
        self.without_entry.set(count);
    }

    #[inline]
    fn slot(&self, index: u32) -> Option<*mut Slot> {
        let slots = self.table();
        slots.get(index as usize & (slots.len() - 1)).map(UnsafeCell::get)
    }

    #[inline]
    fn spend(&self, room: Room) -> u8 {
        let mut budgets = self.budgets.get();
        let budget = &mut budgets[room as usize];
        budget.spent += 1;
        let within = budget.spent <= budget.allowed;
        self.budgets.set(budgets);
        // Where there is room for more, nobody takes anybody's place.
        if budgets[room as usize].allowed == u64::MAX {
            ANYWHERE
        } else if within {
            NEARLY_ANYWHERE
        } else {
            room.places()
        }
    }

    /// Doubles the flow table, as far as it may grow; again, should one of its flows find no place even then.
    fn make_room(&self) -> bool {
        let mut capacity = self.capacity();
        while capacity < self.most_slots {
            capacity *= 2;
            if let Some(spread) = self.spread_over(capacity) {
                // SAFETY: no borrow of the old slots is left here, see `table`, and by the promise of this method
                // no pointer into them is used again.
                unsafe { *self.slots.get() = spread };
                return true;
            }
        }
        false
    }

    #[inline]
    unsafe fn add(&self, counter: *mut u64, value: u64) {
        // SAFETY: the caller's promise; one thread only.
        unsafe { *counter += value }
    }

    #[inline]
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

    #[inline]
    fn known_from(&self) -> u64 {
        self.control.known_from
    }

    #[inline]
    fn lifetime(&self, kind: Kind, met: bool) -> u64 {
        self.control.lifetimes[lifetime_index(kind, met)]
    }

    #[inline]
    fn expectation(&self, index: u32) -> Option<*mut Expectation> {
        self.expectations.get(index as usize).map(UnsafeCell::get)
    }

    fn count_expectation(&self, kind: Kind, event: Event) {
        self.events.borrow_mut()[event_index(kind, event)] += 1;
    }

    fn tell(&self, news: &News) {
        self.news.borrow_mut().push(*news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::View;
    use crate::observe::observe;
    use crate::parse::LinkLayer;

    const VIEW: View = View {
        interface: 0,
        slot: 0,
        link: 0,
        tags_apart: false,
        link_layer: LinkLayer::RawIp,
    };

    /// A UDP packet of the flow with that number.
    fn packet(flow: u32) -> [u8; 28] {
        let mut bytes = [0; 28];
        bytes[0] = 0x45;
        bytes[3] = 28;
        bytes[9] = 17;
        bytes[12..16].copy_from_slice(&(0x0a00_0000 + flow).to_be_bytes());
        bytes[16..20].copy_from_slice(&[10, 255, 0, 1]);
        bytes[20..24].copy_from_slice(&[0xc0, 0, 0, 53]);
        bytes
    }

    fn run<const PROBES: u32>(gateway: &MemoryGateway<'_, PROBES>, flow: u32) {
        let arrival = Arrival {
            bytes: 28,
            packets: 1,
            tag: None,
        };
        observe(gateway, &VIEW, packet(flow).as_slice(), arrival);
    }

    #[test]
    fn a_table_that_grows_loses_no_flow() {
        const FLOWS: u32 = 20_000;
        let tables = MemoryTables::default();
        let gateway = MemoryGateway::<8>::new(&tables, 3).growing_to(24);
        for _ in 0..2 {
            for flow in 0..FLOWS {
                run(&gateway, flow);
            }
        }
        assert_eq!(gateway.without_entry.get(), Count::default());
        let slots: Vec<Slot> = gateway.slots().collect();
        assert_eq!(slots.len(), FLOWS as usize);
        assert!(slots.iter().all(|slot| slot.packets[0].iter().sum::<u64>() == 2));
    }

    #[test]
    fn a_table_at_its_bound_counts_what_finds_no_place() {
        let tables = MemoryTables::default();
        let gateway = MemoryGateway::<8>::new(&tables, 3).growing_to(5);
        for flow in 0..100 {
            run(&gateway, flow);
        }
        let placed = gateway.slots().count() as u64;
        assert_eq!(gateway.capacity(), 32);
        assert!(placed > 16);
        assert_eq!(gateway.without_entry.get().packets, 100 - placed);
    }

    #[test]
    fn flows_behind_their_gate_are_given_away() {
        let tables = MemoryTables::default();
        let mut gateway = MemoryGateway::<8>::new(&tables, 10);
        for flow in 0..10 {
            gateway.now.set(u64::from(flow));
            run(&gateway, flow);
        }
        let mut gates = [0; 4];
        gates[Idle::Datagram as usize] = 4;
        let mut gone = 0;
        gateway.free_silent(gates, |slot| {
            assert!(slot.last_seen < 4);
            gone += 1;
        });
        assert_eq!((gone, gateway.slots().count()), (4, 6));
    }
}
