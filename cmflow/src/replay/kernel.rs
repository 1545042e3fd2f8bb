//! Frames through the program in the kernel, by test runs: no interface, maps of its own, gone afterwards.

use cmflow_common::gateway::Count;

use super::problems::Problem;
use super::sides::Sides;
use super::signals::Deferred;
use super::{Look, Seen, Span};
use crate::account::Flow;
use crate::capture::{Link, Record};
use crate::compile::Compiled;
use crate::kernel::{Constants, Hook, KernelError, Maps, Pins, Program};

/// Slots of the flow table, as a power of two: 128 MiB of the kernel's memory.
const FLOW_BITS: u32 = 20;
/// What a test run takes at least: an Ethernet header (net/bpf/test_run.c).
const LEAST: usize = 14;

/// The path in the kernel.
pub struct InKernel {
    maps: Maps,
    /// One for each interface that is told apart, by its number.
    programs: Vec<(u32, Program)>,
    sides: Sides,
    verdicts: usize,
    not_ethernet: u64,
    short: u64,
    cut: u64,
    refused: u64,
    refusal: Option<KernelError>,
}

/// Removes pins, also where loading fails half way.
struct Unpin(Pins);

impl Drop for Unpin {
    fn drop(&mut self) {
        if let Err(error) = self.0.remove() {
            log::warn!("pins are left behind: {error}");
        }
    }
}

impl InKernel {
    /// Loads the program and its tables. `seed` keeps the flow table from being aimed at.
    ///
    /// The pins through which program and maps find each other are removed at once: whatever ends this process,
    /// the kernel takes all of it back.
    ///
    /// # Errors
    /// Where the kernel refuses, for want of rights above all.
    pub fn new(compiled: &Compiled, sides: Sides, seed: u64) -> Result<Self, KernelError> {
        let _signals = Deferred::begin();
        let pins = Unpin(Pins::of(&format!("replay-{}", std::process::id())));
        let mut maps = Maps::create(&pins.0, FLOW_BITS, seed)?;
        // It knows no clock of the capture: what is announced stays so.
        maps.set_lifetimes([1 << 40; 8]);
        maps.load_tables(&compiled.tables)?;
        let load = |interface| {
            let constants = Constants {
                interface,
                link: interface,
                ..Constants::default()
            };
            Ok((interface, Program::load(&maps, Hook::Native, &constants)?))
        };
        let programs = sides
            .all()
            .into_iter()
            .map(load)
            .collect::<Result<_, KernelError>>()?;
        Ok(Self {
            maps,
            programs,
            sides,
            verdicts: compiled.verdicts.len(),
            not_ethernet: 0,
            short: 0,
            cut: 0,
            refused: 0,
            refusal: None,
        })
    }
}

impl Look for InKernel {
    fn look(&mut self, record: &Record<'_>, link: Link, _now_ms: u64) -> Result<bool, KernelError> {
        if link != Link::Ethernet {
            self.not_ethernet += 1;
            return Ok(false);
        }
        if record.bytes.len() < LEAST {
            self.short += 1;
            return Ok(false);
        }
        let number = self.sides.number(record);
        let of_side = self
            .programs
            .iter()
            .position(|(interface, _)| *interface == number);
        // The last one is that of interfaces that are no side.
        let program = of_side.unwrap_or(self.programs.len() - 1);
        if let Err(error) = self.programs[program].1.test_run(record.bytes, 1) {
            self.refused += 1;
            self.refusal.get_or_insert(error);
            return Ok(false);
        }
        if record.bytes.len() < record.wire_bytes as usize {
            self.cut += 1;
        }
        Ok(true)
    }

    fn finish(self, span: Span) -> Result<Seen, KernelError> {
        // Its epoch never turns: all is in the first half.
        let counters = self.maps.counters(0, 1, self.verdicts)?;
        let mut slots = Vec::new();
        self.maps.each_slot(|_, slot| slots.push(slot));
        let mut flows = Flow::collect(slots.into_iter());
        for flow in &mut flows {
            // The kernel's clock says when the replay ran, which nobody asked.
            (flow.first_seen, flow.last_seen) = (span.first_ms, span.last_ms);
        }
        Ok(Seen {
            problems: self.problems(counters.without_entry),
            outcomes: counters.outcomes[0],
            verdicts: counters.verdicts,
            without_entry: counters.without_entry,
            flows,
            ..Seen::default()
        })
    }
}

impl InKernel {
    fn problems(&self, without_entry: Count) -> Vec<Problem> {
        let mut problems = vec![Problem::note(
            "--kernel knows no clock of the capture: no flow ends by silence, and each is dated from its first \
             frame to its last"
                .to_owned(),
        )];
        if self.not_ethernet > 0 {
            problems.push(Problem::unread(format!(
                "{} frames are not Ethernet; without --kernel they are read",
                self.not_ethernet
            )));
        }
        if self.short > 0 {
            problems.push(Problem::unread(format!(
                "{} frames are shorter than an Ethernet header, which a test run refuses; without --kernel they \
                 are read",
                self.short
            )));
        }
        if self.cut > 0 {
            problems.push(Problem::note(format!(
                "{} frames were cut when they were captured; --kernel counts the bytes that are there, not \
                 those on the wire",
                self.cut
            )));
        }
        if let Some(error) = &self.refusal {
            problems.push(Problem::unread(format!(
                "{} frames were refused by the kernel, the first one thus: {error}",
                self.refused
            )));
        }
        if without_entry.packets > 0 {
            problems.push(Problem::unread(format!(
                "{} packets found no room in the kernel's table of {} flows; without --kernel it grows",
                without_entry.packets,
                self.maps.capacity()
            )));
        }
        problems
    }
}
