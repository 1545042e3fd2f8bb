//! Reads the kernel's counters: one tick turns the epoch, takes the half that came to rest, checks the law,
//! and frees what has been silent too long.

use std::ops::Deref;
use std::time::Duration;

use cmflow_common::control::{Idle, lifetime_index};
use cmflow_common::expectation::Kind;
use cmflow_common::flow::{Claim, Slot, idle_class};
use cmflow_common::gateway::Count;
use cmflow_common::outcome::Outcome;
use cmflow_common::room::Room;
use jiff::SignedDuration;

use crate::account::{Conservation, Flow, Half, Totals, Translations, Waiting};
use crate::clock::{Anchor, Moment, Timeline, Wall, awake, frequency};
use crate::compile::Compiled;
use crate::kernel::{KernelError, Maps};
use crate::site::{Nat, RPC_LIFETIME};

/// How long after its last packet a half of a translated conversation, whose slot was freed, waits for the other one:
/// longer than any slot with one direction is kept.
const HALF_PATIENCE: Duration = Duration::from_secs(900);

/// How long a silent flow is kept, by what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP that is open.
    pub established: Duration,
    /// TCP that is closed, refused, or was never answered.
    pub closing: Duration,
    /// UDP.
    pub datagram: Duration,
    /// Everything else.
    pub other: Duration,
    /// An announcement of a dynamic port by an endpoint mapper, from its making or its last use on.
    pub rpc: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            established: Duration::from_secs(3600),
            closing: Duration::from_secs(120),
            datagram: Duration::from_secs(180),
            other: Duration::from_secs(60),
            rpc: RPC_LIFETIME,
        }
    }
}

/// How long a TFTP request waits for its answer: several times what its sender waits before it asks again.
const TFTP_WAIT: Duration = Duration::from_secs(30);
/// How long a TFTP transfer may be silent and go on as the same one.
const TFTP_SILENCE: Duration = Duration::from_secs(120);
/// How long the fragments of a packet are awaited: what Linux gives them (net.ipv4.ipfrag_time).
const FRAGMENTS: Duration = Duration::from_secs(30);

impl Timeouts {
    /// What lives how long of the expectations, in ticks of a clock with that many a second.
    pub(crate) fn lifetimes(&self, hz: u64) -> [u64; 8] {
        let mut lifetimes = [0; 8];
        for (kind, made, met) in [
            (Kind::Rpc, self.rpc, self.rpc),
            (Kind::Tftp, TFTP_WAIT, TFTP_SILENCE),
            (Kind::Fragment, FRAGMENTS, FRAGMENTS),
        ] {
            lifetimes[lifetime_index(kind, false)] = made.as_secs() * hz;
            lifetimes[lifetime_index(kind, true)] = met.as_secs() * hz;
        }
        lifetimes
    }

    /// From when on, in ticks of a clock with that many a second, a datagram conversation is seen from its
    /// beginning, where the first look was taken at `began`.
    pub(crate) fn known_from(&self, began: u64, hz: u64) -> u64 {
        began.saturating_add(self.datagram.as_secs() * hz)
    }

    /// The gates at a moment: flows last seen before them are given up.
    pub(crate) fn gates(&self, moment: &Moment) -> [u64; 4] {
        let mut gates = [0; 4];
        gates[Idle::Established as usize] = moment.before(self.established);
        gates[Idle::Closing as usize] = moment.before(self.closing);
        gates[Idle::Datagram as usize] = moment.before(self.datagram);
        gates[Idle::Other as usize] = moment.before(self.other);
        gates
    }
}

/// What a tick found.
#[derive(Clone, Debug)]
pub struct Tick {
    /// When.
    pub moment: Moment,
    /// For how long the machine had been awake then.
    pub awake: SignedDuration,
    /// Frames by interface slot and outcome, both halves.
    pub outcomes: Vec<[Count; Outcome::COUNT]>,
    /// Packets by verdict number, both halves.
    pub verdicts: Vec<Count>,
    /// Packets without an entry in the flow table, both halves.
    pub without_entry: Count,
    /// Slots in use.
    pub slots: usize,
    /// Slots in use by kind, by number of the [`Room`].
    pub rooms: [u64; Room::ALL.len()],
    /// Whether the law held for the half that came to rest.
    pub law_held: bool,
}

/// What a tick found, and every flow: what answers are made of. A tick that nobody asks for goes without the flows,
/// because making them takes most of its time.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What the tick found.
    pub tick: Tick,
    /// Flows in the table.
    pub flows: Vec<Flow>,
}

impl Deref for Reading {
    type Target = Tick;

    fn deref(&self) -> &Tick {
        &self.tick
    }
}

/// What a daemon left of its reading.
#[derive(Clone, Copy, Debug)]
pub struct Former<'a> {
    /// [`Reader::stretches`].
    pub stretches: &'a [Anchor],
    /// Packets of freed slots, by half, when it kept its totals.
    pub expired: [u64; 2],
    /// Ticks at which the law did not hold.
    pub broken: u64,
}

/// Reads, and remembers what is gone from the kernel.
#[derive(Debug)]
pub struct Reader {
    timeouts: Timeouts,
    /// Jiffies a second.
    hz: u64,
    timeline: Timeline,
    interfaces: usize,
    verdicts: usize,
    /// Totals of flows whose slots were freed.
    pub gone: Totals,
    /// Translations that the site file declares.
    pub translations: Translations,
    /// Halves of translated conversations whose slots were freed.
    pub waiting: Waiting,
    /// The law so far.
    pub law: Conservation,
    /// Flows that came to be gone since somebody last took them from here.
    pub settled: Vec<Flow>,
    /// The wall clock.
    wall: Wall,
}

impl Reader {
    /// A reader of `interfaces` rows of outcomes and of the verdicts that tables give, for translations of a site file.
    ///
    /// # Errors
    /// Where the clock cannot be read.
    pub fn new(
        maps: &mut Maps,
        timeouts: Timeouts,
        interfaces: usize,
        compiled: &Compiled,
        nats: &[Nat],
    ) -> Result<Self, KernelError> {
        let first = maps.clock()?;
        std::thread::sleep(Duration::from_millis(100));
        let second = maps.clock()?;
        let hz = frequency(first, second, awake());
        maps.set_lifetimes(timeouts.lifetimes(hz));
        // Maps that were taken over have been looking for longer.
        if maps.known_from() == u64::MAX {
            maps.know_from(timeouts.known_from(second.jiffies, hz));
        }
        Ok(Self {
            timeouts,
            hz,
            timeline: Timeline::new(hz, &[]),
            interfaces,
            verdicts: compiled.verdicts.len(),
            gone: Totals::default().knowing(&compiled.verdicts),
            translations: Translations::new(nats, &compiled.verdicts),
            waiting: Waiting::default(),
            law: Conservation::default(),
            settled: Vec::new(),
            wall: Wall::default(),
        })
    }

    /// Goes by that wall clock from now on.
    pub fn go_by(&mut self, wall: Wall) {
        self.wall = wall;
    }

    /// Goes on where another daemon ended: with what it kept of flows that were gone, how the clocks ran, and the law
    /// so far.
    ///
    /// Slots that it was about to free are freed, and their flows counted among those that are gone. Gives how many
    /// packets of flows that are gone have lost their names, because the daemon was killed before it kept them.
    pub fn go_on(&mut self, maps: &Maps, gone: Totals, waiting: Waiting, former: &Former<'_>) -> u64 {
        self.gone = gone;
        self.waiting = waiting;
        self.timeline = Timeline::new(self.hz, former.stretches);
        self.law.broken = former.broken;
        let freed = Flow::collect(maps.redo().into_iter());
        let named: u64 =
            former.expired.iter().sum::<u64>() + freed.iter().map(|flow| flow.total().packets).sum::<u64>();
        self.settled = self.waiting.settle(&self.translations, freed, 0, &mut self.gone);
        maps.expired().iter().sum::<u64>().saturating_sub(named)
    }

    /// Goes by other tables from now on: their verdicts, and the translations and timeouts of their site file.
    pub fn follow(&mut self, maps: &Maps, compiled: &Compiled, nats: &[Nat], rpc: Duration) {
        self.timeouts.rpc = rpc;
        maps.set_lifetimes(self.timeouts.lifetimes(self.hz));
        self.verdicts = compiled.verdicts.len();
        self.translations = Translations::new(nats, &compiled.verdicts);
        self.gone.know(&compiled.verdicts);
    }

    /// How the clocks ran beside each other so far.
    #[must_use]
    pub fn stretches(&self) -> &[Anchor] {
        self.timeline.stretches()
    }

    /// One tick.
    ///
    /// # Errors
    /// Where the kernel refuses to be read; nothing is lost by it, the next tick reads the same counters.
    pub fn tick(&mut self, maps: &mut Maps) -> Result<Tick, KernelError> {
        self.look(maps, |_| {})
    }

    /// One tick, and every flow that is in the table then.
    ///
    /// # Errors
    /// As [`Reader::tick`].
    pub fn read(&mut self, maps: &mut Maps) -> Result<Reading, KernelError> {
        let (tick, slots) = self.copy(maps)?;
        Ok(Reading {
            tick,
            flows: Flow::collect(slots.into_iter()),
        })
    }

    /// One tick, and every slot in use then, for whoever makes flows of them later.
    ///
    /// # Errors
    /// As [`Reader::tick`].
    pub fn copy(&mut self, maps: &mut Maps) -> Result<(Tick, Vec<Slot>), KernelError> {
        let mut slots = Vec::new();
        let tick = self.look(maps, |slot| slots.push(*slot))?;
        Ok((tick, slots))
    }

    /// One tick; `each` is shown every slot in use that stays.
    fn look(&mut self, maps: &mut Maps, mut each: impl FnMut(&Slot)) -> Result<Tick, KernelError> {
        let (now, awake) = self.wall.both();
        let moment = self.timeline.sample(maps.clock()?.jiffies, now);
        let rest = maps.turn_epoch(self.timeouts.gates(&moment))?;
        let gates = maps.gates();
        let at_rest = maps.counters(rest, self.interfaces, self.verdicts)?;

        let mut live = 0;
        let mut used = 0;
        let mut rooms = [0; Room::ALL.len()];
        let mut silent = Vec::new();
        maps.each_slot(|index, slot| {
            live += slot.packets[rest][0] + slot.packets[rest][1];
            if slot.last_seen < gates[idle_class(slot.key.protocol(), slot.state_bits()) as usize] {
                silent.push((index, slot));
            } else {
                used += 1;
                let verdict = Claim::from_word(slot.claim).verdict;
                rooms[Room::of(verdict, slot.state_bits()) as usize] += 1;
                each(&slot);
            }
        });
        maps.allow_rooms(rooms);
        let half = Half {
            flow_outcome: at_rest
                .outcomes
                .iter()
                .map(|row| row[Outcome::Flow as usize].packets)
                .sum(),
            verdicts: at_rest.verdicts.iter().map(|count| count.packets).sum(),
            live,
            expired: maps.expired()[rest],
            without_entry: at_rest.without_entry.packets,
        };
        let law_held = self.law.settle(rest, half);
        self.free(maps, &silent, &moment);
        maps.looked(moment.wall());

        let moving = maps.counters(rest ^ 1, self.interfaces, self.verdicts)?;
        let both = |a: &Count, b: &Count| Count {
            packets: a.packets + b.packets,
            bytes: a.bytes + b.bytes,
        };
        Ok(Tick {
            moment,
            awake,
            outcomes: at_rest
                .outcomes
                .iter()
                .zip(&moving.outcomes)
                .map(|(a, b)| std::array::from_fn(|outcome| both(&a[outcome], &b[outcome])))
                .collect(),
            verdicts: at_rest
                .verdicts
                .iter()
                .zip(&moving.verdicts)
                .map(|(a, b)| both(a, b))
                .collect(),
            without_entry: both(&at_rest.without_entry, &moving.without_entry),
            slots: used,
            rooms,
            law_held,
        })
    }

    /// Frees slots whose gate closed before the grace period of this tick, and keeps their totals.
    fn free(&mut self, maps: &Maps, silent: &[(usize, Slot)], moment: &Moment) {
        let expired = Flow::collect(silent.iter().map(|(_, slot)| *slot));
        let patience = moment.before(HALF_PATIENCE);
        let settled = self
            .waiting
            .settle(&self.translations, expired, patience, &mut self.gone);
        self.settled.extend(settled);
        maps.expire(silent, |_| {});
    }
}
