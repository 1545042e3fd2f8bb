//! The maps of an instance.

use std::mem::offset_of;
use std::os::fd::AsFd as _;
use std::sync::atomic::Ordering;

use aya::maps::{Array, MapData, PerCpuArray, RingBuf};
use aya::programs::{TestRun as _, TestRunOptions, Xdp};
use aya::{Ebpf, EbpfLoader};
use cmflow_common::control::{Clock, Control};
use cmflow_common::expectation::{Event, Expectation, Kind, PLACES, ROOM_BITS, event_index, place_index};
use cmflow_common::flow::{Claim, Slot};
use cmflow_common::gateway::{Count, MAX_VERDICTS, OUTCOMES as OUTCOME_ROW};
use cmflow_common::news::NewsKind;
use cmflow_common::outcome::Outcome;
use cmflow_common::room::{Budget, Budgets, Room, allowance};

use super::journal::Journal;
use super::layout::{SHARED, flow_bits};
use super::shared::{Shared, grace_period};
use super::{Constants, KernelError, NewsRing, OBJECT, Pins};

/// The maps of an instance, in kernel memory for as long as the pins or this value exist.
pub struct Maps {
    pins: Pins,
    flow_bits: u32,
    control: Shared<Control>,
    clock: Shared<Clock>,
    flows: Shared<Slot>,
    rooms: Shared<Budgets>,
    outcomes: PerCpuArray<MapData, [u64; 2]>,
    verdicts: PerCpuArray<MapData, [u64; 2]>,
    without_entry: PerCpuArray<MapData, [u64; 2]>,
    lost_news: PerCpuArray<MapData, u64>,
    expectations: Shared<Expectation>,
    expected: PerCpuArray<MapData, u64>,
    pub(super) journal: Journal,
    /// Holds the clock's program, and the outer maps of the tables.
    pub(super) object: Ebpf,
}

/// Counters of one half, summed over processors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Frames by interface slot and outcome.
    pub outcomes: Vec<[Count; Outcome::COUNT]>,
    /// Packets by verdict number.
    pub verdicts: Vec<Count>,
    /// Packets that found no entry in the flow table.
    pub without_entry: Count,
}

impl Maps {
    /// Makes the maps and pins them. The flow table gets `2^flow_bits` slots of 128 bytes.
    ///
    /// # Errors
    /// Where rights, the BPF file system or memory are missing.
    pub fn create(pins: &Pins, flow_bits: u32, seed: u64) -> Result<Self, KernelError> {
        Self::make(pins, flow_bits, seed, 0)
    }

    /// The same for a daemon: `run` is a number drawn by chance, by which a later one knows these counters.
    ///
    /// # Errors
    /// As [`Maps::create`].
    pub fn make(pins: &Pins, flow_bits: u32, seed: u64, run: u64) -> Result<Self, KernelError> {
        pins.create()?;
        let maps = Self::open(pins, flow_bits, |pins| Journal::create(pins, run))?;
        maps.control
            .word(0, offset_of!(Control, seed))
            .store(seed, Ordering::SeqCst);
        // Until somebody says since when, every conversation may have been under way.
        maps.know_from(u64::MAX);
        maps.allow_rooms([0; Room::ALL.len()]);
        Ok(maps)
    }

    /// Takes over the maps at these pins, with all that they count. Only where [`super::survey`] found them to be
    /// [`super::Found::Ours`].
    ///
    /// # Errors
    /// Where one of them cannot be opened.
    pub fn adopt(pins: &Pins) -> Result<Self, KernelError> {
        Self::open(pins, flow_bits(pins)?, Journal::open)
    }

    fn open(
        pins: &Pins,
        flow_bits: u32,
        journal: impl FnOnce(&Pins) -> Result<Journal, KernelError>,
    ) -> Result<Self, KernelError> {
        let mut object = load(pins, flow_bits, &Constants::default(), 0)?;
        let clock = xdp(&mut object, "cmflow_clock")?;
        clock
            .load()
            .map_err(|error| KernelError::refused("the clock program", &error))?;
        let take = |object: &mut Ebpf, name: &'static str| object.take_map(name).ok_or_else(|| missing(name));
        let failed = |error: aya::maps::MapError| KernelError::refused("a map", &error);
        let control = shared(&take(&mut object, "CONTROL")?, 1)?;
        let clock = shared(&take(&mut object, "CLOCK")?, 1)?;
        let flows = shared(&take(&mut object, "FLOWS")?, 1 << flow_bits)?;
        let rooms = shared(&take(&mut object, "ROOMS")?, 1)?;
        let outcomes = take(&mut object, "OUTCOMES")?.try_into().map_err(failed)?;
        let verdicts = take(&mut object, "VERDICTS")?.try_into().map_err(failed)?;
        let without_entry = take(&mut object, "WITHOUT_ENTRY")?.try_into().map_err(failed)?;
        let expectations = shared(&take(&mut object, "EXPECTATIONS")?, PLACES)?;
        let expected = take(&mut object, "EXPECTED")?.try_into().map_err(failed)?;
        let lost_news = take(&mut object, "LOST_NEWS")?.try_into().map_err(failed)?;
        Ok(Self {
            pins: pins.clone(),
            flow_bits,
            control,
            clock,
            flows,
            rooms,
            outcomes,
            verdicts,
            without_entry,
            lost_news,
            expectations,
            expected,
            journal: journal(pins)?,
            object,
        })
    }

    /// The pins that the maps live under.
    #[must_use]
    pub const fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The flow table has two to the power of this many slots.
    #[must_use]
    pub const fn flow_bits(&self) -> u32 {
        self.flow_bits
    }

    /// Slots of the flow table.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.flows.len()
    }

    /// The ring that tells of flows that nothing explains. It can be taken once.
    ///
    /// # Errors
    /// Where it was taken before.
    pub fn take_news(&mut self) -> Result<NewsRing, KernelError> {
        let ring = self.object.take_map("NEWS").ok_or_else(|| missing("NEWS"))?;
        let ring =
            RingBuf::try_from(ring).map_err(|error| KernelError::refused("the ring of news", &error))?;
        Ok(NewsRing::new(ring))
    }

    /// The epoch: its lowest bit says which half of the counters is in use.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.control
            .word(0, offset_of!(Control, epoch))
            .load(Ordering::SeqCst)
    }

    /// Closes the gates, begins the next epoch and waits until no program counts into the old half. Returns
    /// the old half's number, which is at rest until the next call.
    ///
    /// # Errors
    /// Where the kernel gives no grace period.
    pub fn turn_epoch(&self, gates: [u64; 4]) -> Result<usize, KernelError> {
        let newest = self.control.word(0, offset_of!(Control, newest_gate));
        newest.fetch_max(gates.into_iter().max().unwrap_or(0), Ordering::SeqCst);
        for (class, gate) in gates.into_iter().enumerate() {
            let word = self.control.word(0, offset_of!(Control, gates) + class * 8);
            // Gates only move forward: an entry given up once is never touched again.
            word.fetch_max(gate, Ordering::SeqCst);
        }
        let old = self
            .control
            .word(0, offset_of!(Control, epoch))
            .fetch_add(1, Ordering::SeqCst);
        grace_period()?;
        Ok((old & 1) as usize)
    }

    /// Says since when the beginning of every datagram conversation is seen: [`Control::known_from`].
    pub fn know_from(&self, jiffies: u64) {
        self.control
            .word(0, offset_of!(Control, known_from))
            .store(jiffies, Ordering::SeqCst);
    }

    /// Since when the beginning of every datagram conversation is seen.
    #[must_use]
    pub fn known_from(&self) -> u64 {
        let word = self.control.word(0, offset_of!(Control, known_from));
        word.load(Ordering::SeqCst)
    }

    /// Says how long expectations live: [`Control::lifetimes`].
    pub fn set_lifetimes(&self, lifetimes: [u64; 8]) {
        for (index, lifetime) in lifetimes.into_iter().enumerate() {
            self.control
                .word(0, offset_of!(Control, lifetimes) + index * 8)
                .store(lifetime, Ordering::SeqCst);
        }
    }

    /// What became of the expectations of a kind, by [`Event`].
    ///
    /// # Errors
    /// Where a map cannot be read.
    pub fn expected(&self, kind: Kind) -> Result<[u64; Event::ALL.len()], KernelError> {
        let mut counts = [0; Event::ALL.len()];
        for event in Event::ALL {
            let index = event_index(kind, event) as u32;
            let values = self
                .expected
                .get(&index, 0)
                .map_err(|error| KernelError::refused("a counter", &error))?;
            counts[event as usize] = values.iter().sum();
        }
        Ok(counts)
    }

    /// How many expectations of a kind have not ended at that time.
    #[must_use]
    pub fn expectations_alive(&self, kind: Kind, now: u64) -> usize {
        let first = place_index(kind, 0) as usize;
        let alive = |index: &usize| {
            let word = |offset| self.expectations.word(*index, offset).load(Ordering::Relaxed);
            Claim::is_live(word(offset_of!(Expectation, claim))) && word(offset_of!(Expectation, until)) > now
        };
        (first..first + (1 << ROOM_BITS)).filter(alive).count()
    }

    /// Forgets every expectation. Programs that run meanwhile may make new ones.
    pub fn forget_expectations(&self) {
        for index in 0..PLACES {
            let claim = self.expectations.word(index, offset_of!(Expectation, claim));
            if Claim::is_live(claim.load(Ordering::Relaxed)) {
                claim.store(Claim::FREE, Ordering::SeqCst);
            }
        }
    }

    /// The gates, by [`cmflow_common::control::Idle`] class.
    #[must_use]
    pub fn gates(&self) -> [u64; 4] {
        std::array::from_fn(|class| {
            self.control
                .word(0, offset_of!(Control, gates) + class * 8)
                .load(Ordering::SeqCst)
        })
    }

    /// Says how many flows of each kind are in the table, and so what the kind may still spend.
    pub fn allow_rooms(&self, live: [u64; Room::ALL.len()]) {
        for (room, live) in Room::ALL.into_iter().zip(live) {
            let at = room as usize * size_of::<Budget>();
            let spent = self.rooms.word(0, at + offset_of!(Budget, spent));
            let allowed = spent.load(Ordering::Relaxed) + allowance(self.capacity() as u64, live);
            let word = self.rooms.word(0, at + offset_of!(Budget, allowed));
            word.store(allowed, Ordering::SeqCst);
        }
    }

    /// The generation of the tables in use.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.control
            .word(0, offset_of!(Control, generation))
            .load(Ordering::SeqCst)
    }

    /// Switches to a generation whose tables were written, and waits until nobody reads the former ones.
    pub(super) fn switch_generation(&self, generation: u64) -> Result<(), KernelError> {
        self.control
            .word(0, offset_of!(Control, generation))
            .store(generation, Ordering::SeqCst);
        grace_period()
    }

    /// Both clocks, read by the kernel at one moment.
    ///
    /// # Errors
    /// Where the test run of the clock's program is refused.
    pub fn clock(&mut self) -> Result<Clock, KernelError> {
        let program = xdp(&mut self.object, "cmflow_clock")?;
        let frame = [0_u8; 64];
        let options = TestRunOptions {
            data_in: Some(&frame),
            ..TestRunOptions::new()
        };
        program
            .test_run(options)
            .map_err(|error| KernelError::refused("reading the clock", &error))?;
        Ok(self.clock.copy(0))
    }

    /// Counters of a half. Exact where that half is at rest.
    ///
    /// # Errors
    /// Where a map cannot be read.
    pub fn counters(&self, half: usize, interfaces: usize, verdicts: usize) -> Result<Counters, KernelError> {
        let mut rows = Vec::with_capacity(interfaces);
        for interface in 0..interfaces {
            let mut row = [Count::default(); Outcome::COUNT];
            for (outcome, count) in row.iter_mut().enumerate() {
                *count = sum(
                    &self.outcomes,
                    ((interface << 1 | half) * OUTCOME_ROW + outcome) as u32,
                )?;
            }
            rows.push(row);
        }
        let verdicts = (0..verdicts.min(MAX_VERDICTS))
            .map(|number| sum(&self.verdicts, (half * MAX_VERDICTS + number) as u32))
            .collect::<Result<_, _>>()?;
        Ok(Counters {
            outcomes: rows,
            verdicts,
            without_entry: sum(&self.without_entry, half as u32)?,
        })
    }

    /// News that the ring had no room for, by [`NewsKind`].
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn lost_news(&self) -> Result<[u64; NewsKind::ALL.len()], KernelError> {
        let mut lost = [0; NewsKind::ALL.len()];
        for kind in NewsKind::ALL {
            let values = self
                .lost_news
                .get(&(kind as u32), 0)
                .map_err(|error| KernelError::refused("a counter", &error))?;
            lost[kind as usize] = values.iter().sum();
        }
        Ok(lost)
    }

    /// Calls `each` for every slot that is in use, with its index.
    pub fn each_slot(&self, mut each: impl FnMut(usize, Slot)) {
        for index in 0..self.flows.len() {
            let claim = self
                .flows
                .word(index, offset_of!(Slot, claim))
                .load(Ordering::Acquire);
            if Claim::is_live(claim) {
                let mut slot = self.flows.copy(index);
                slot.claim = claim;
                // Read last: a packet writes it before the state, so a state that is new never stands beside
                // a time that is old.
                slot.last_seen = self
                    .flows
                    .word(index, offset_of!(Slot, last_seen))
                    .load(Ordering::Acquire);
                each(index, slot);
            }
        }
    }

    /// A copy of the slot at an index, whatever it holds; nothing beyond the table.
    pub(super) fn slot(&self, index: usize) -> Option<Slot> {
        if index >= self.flows.len() {
            return None;
        }
        let claim = self.flows.word(index, offset_of!(Slot, claim));
        let claim = claim.load(Ordering::Acquire);
        Some(Slot {
            claim,
            ..self.flows.copy(index)
        })
    }

    /// Frees a slot. Only for one whose gate closed before the last grace period: nobody touches it any more.
    pub fn free_slot(&self, index: usize) {
        self.flows
            .word(index, offset_of!(Slot, claim))
            .store(Claim::FREE, Ordering::SeqCst);
    }
}

/// Loads the object; the shared maps are found under the pins, or made there.
///
/// `random_bits` is for the program of the benches, see [`super::Program::load_bench`].
pub(super) fn load(
    pins: &Pins,
    flow_bits: u32,
    constants: &Constants,
    random_bits: u32,
) -> Result<Ebpf, KernelError> {
    let slot_mask = (1_u32 << flow_bits) - 1;
    let globals = constants.globals();
    let mut loader = EbpfLoader::new();
    for name in SHARED {
        loader.map_pin_path(name, pins.map(name));
    }
    loader
        .map_max_entries("FLOWS", 1 << flow_bits)
        .override_global("SLOT_MASK", &slot_mask, true)
        .override_global("RANDOM_BITS", &random_bits, true);
    for (name, value) in &globals {
        loader.override_global(name, value, true);
    }
    loader
        .load(OBJECT)
        .map_err(|error| KernelError::refused("the kernel program's maps", &error))
}

/// An XDP program of the object by its name.
pub(super) fn xdp<'a>(object: &'a mut Ebpf, name: &'static str) -> Result<&'a mut Xdp, KernelError> {
    object
        .program_mut(name)
        .and_then(|program| program.try_into().ok())
        .ok_or_else(|| missing(name))
}

fn missing(name: &'static str) -> KernelError {
    KernelError::Refused {
        what: name.to_owned(),
        why: "the object file has none of that name".to_owned(),
    }
}

/// Maps an array that both sides share.
fn shared<T>(map: &aya::maps::Map, entries: usize) -> Result<Shared<T>, KernelError> {
    let aya::maps::Map::Array(data) = map else {
        return Err(missing("a shared array"));
    };
    Shared::map(data.fd().as_fd(), entries)
}

/// A per-processor counter, summed.
fn sum(map: &PerCpuArray<MapData, [u64; 2]>, index: u32) -> Result<Count, KernelError> {
    let values = map
        .get(&index, 0)
        .map_err(|error| KernelError::refused("a counter", &error))?;
    let mut total = Count::default();
    for [packets, bytes] in values.iter() {
        total.add(*packets, *bytes);
    }
    Ok(total)
}

/// Keeps the type in the signature of [`super::tables`] short.
pub(super) type PortMap = Array<MapData, cmflow_common::gateway::PortTable>;
