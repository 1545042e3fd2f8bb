//! Frames through the path of a packet in ordinary memory, by the capture's own clock.

use cmflow_common::gateway::{Arrival, MAX_INTERFACES, View};
use cmflow_common::memory::{MemoryGateway, MemoryTables};
use cmflow_common::observe::observe;
use cmflow_common::parse::LinkLayer;
use jiff::Timestamp;

use super::problems::Problem;
use super::shape::Shape;
use super::sides::Sides;
use super::{Look, Seen, Span};
use crate::account::{Flow, Totals};
use crate::capture::{Link, Record};
use crate::clock::Moment;
use crate::kernel::KernelError;
use crate::reader::Timeouts;

/// Slots to begin with, as a power of two: half a mebibyte.
const FIRST_BITS: u32 = 12;
/// Slots at most, as a power of two: 2 GiB.
const MOST_BITS: u32 = 24;
/// Flows that ended and are kept for the list; about 1 GiB.
const MOST_ENDED: usize = 1 << 23;
/// Milliseconds of the capture between two looks for flows that fell silent.
const SWEEP_MS: u64 = 30_000;
/// Places in which a flow is looked for: with so many the table fills to nearly a half before one finds none.
const PROBES: u32 = 64;
/// News that nobody reads are dropped by as many.
const NEWS: usize = 4096;

/// The path in memory.
#[derive(Debug)]
pub struct InMemory<'a> {
    gateway: MemoryGateway<'a, PROBES>,
    timeouts: Timeouts,
    sides: Sides,
    next_sweep_ms: u64,
    ended: Vec<Flow>,
    most_ended: usize,
    beyond: Totals,
    flows_beyond: u64,
}

impl<'a> InMemory<'a> {
    /// Nothing seen yet. `seed` keeps the flow table from being aimed at.
    #[must_use]
    pub fn new(tables: &'a MemoryTables, timeouts: Timeouts, seed: u64) -> Self {
        let mut nothing = Self::bounded(tables, timeouts, MOST_BITS, MOST_ENDED);
        nothing.gateway.control.seed = seed;
        nothing.gateway.control.known_from = u64::MAX;
        nothing.gateway.control.lifetimes = timeouts.lifetimes(1000);
        nothing
    }

    /// The same, where whoever is at an interface of those sides is told apart by it.
    #[must_use]
    pub fn with_sides(mut self, sides: Sides) -> Self {
        self.sides = sides;
        self
    }

    /// The same with other bounds.
    pub(super) fn bounded(
        tables: &'a MemoryTables,
        timeouts: Timeouts,
        most_bits: u32,
        most_ended: usize,
    ) -> Self {
        Self {
            gateway: MemoryGateway::new(tables, FIRST_BITS.min(most_bits)).growing_to(most_bits),
            timeouts,
            sides: Sides::default(),
            next_sweep_ms: 0,
            ended: Vec::new(),
            most_ended,
            beyond: Totals::default(),
            flows_beyond: 0,
        }
    }

    /// Ends the flows that are silent for longer than their kind is given. However long the capture was silent
    /// itself, it is done once: before the next frame counts.
    #[cold]
    fn sweep(&mut self, now_ms: u64) {
        let moment = Moment::new(now_ms, Timestamp::UNIX_EPOCH, 1000);
        let (ended, beyond) = (&mut self.ended, &mut self.beyond);
        let (most, flows_beyond) = (self.most_ended, &mut self.flows_beyond);
        self.gateway.free_silent(self.timeouts.gates(&moment), |slot| {
            let flow = Flow::from_slot(&slot);
            if ended.len() < most {
                ended.push(flow);
            } else {
                beyond.add(&flow);
                *flows_beyond += 1;
            }
        });
        self.next_sweep_ms = now_ms + SWEEP_MS;
    }
}

impl Look for InMemory<'_> {
    #[inline]
    fn look(&mut self, record: &Record<'_>, link: Link, now_ms: u64) -> Result<bool, KernelError> {
        if self.gateway.control.known_from == u64::MAX {
            self.gateway.control.known_from = self.timeouts.known_from(now_ms, 1000);
        }
        if now_ms >= self.next_sweep_ms {
            self.sweep(now_ms);
        }
        let gateway = &self.gateway;
        gateway.now.set(now_ms);
        let arrival = Arrival {
            bytes: record.wire_bytes.into(),
            packets: 1,
            tag: None,
        };
        let interface = self.sides.number(record);
        let view = |link_layer| View {
            interface,
            slot: record.interface.min(MAX_INTERFACES as u32 - 1),
            // Link-local twins on two interfaces are two computers.
            link: interface,
            // A gateway that routes between VLANs sees each direction with another tag.
            tags_apart: false,
            link_layer,
        };
        match Shape::of(link, record.bytes) {
            Shape::Ethernet(bytes) => observe(gateway, &view(LinkLayer::Ethernet), bytes, arrival),
            Shape::RawIp(bytes) => observe(gateway, &view(LinkLayer::RawIp), bytes, arrival),
            Shape::Announced(frame) => observe(gateway, &view(LinkLayer::Ethernet), &frame, arrival),
        }
        let mut news = gateway.news.borrow_mut();
        if news.len() >= NEWS {
            news.clear();
        }
        Ok(true)
    }

    fn finish(self, _span: Span) -> Result<Seen, KernelError> {
        let mut problems = Vec::new();
        let without_entry = self.gateway.without_entry.get();
        if without_entry.packets > 0 {
            problems.push(Problem::unread(format!(
                "{} packets found no room among {} flows at a time; they count in the verdicts, but in no flow",
                without_entry.packets,
                self.gateway.capacity()
            )));
        }
        if self.flows_beyond > 0 {
            problems.push(Problem::unread(format!(
                "{} flows that ended are not listed, beyond {}; they count in verdicts and rules",
                self.flows_beyond, self.most_ended
            )));
        }
        let mut flows = self.ended;
        flows.extend(self.gateway.slots().map(|slot| Flow::from_slot(&slot)));
        Ok(Seen {
            outcomes: *self.gateway.outcomes.borrow(),
            verdicts: self.gateway.verdicts.take(),
            without_entry,
            flows: Flow::joined(flows),
            beyond: self.beyond,
            problems,
        })
    }
}
