//! A capture through the path of a packet: in ordinary memory, or in the kernel by test runs.
//!
//! Both are [`Look`]ers: `memory` runs each frame through `cmflow_common::observe` with the capture's clock,
//! `kernel` hands it to the loaded program. [`play`] gives them the frames and says what could not be read.

mod kernel;
mod memory;
mod problems;
mod shape;
mod sides;
mod signals;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::Read;

use cmflow_common::gateway::Count;
use cmflow_common::outcome::Outcome;
use jiff::Timestamp;

use crate::account::{Flow, Totals, Translations, Waiting};
use crate::capture::{Capture, CaptureError, Link, Record};
use crate::clock::Moment;
use crate::compile::Compiled;
use crate::kernel::KernelError;
use crate::site::SiteModel;

pub use kernel::InKernel;
pub use memory::InMemory;
pub use problems::Problem;
pub use sides::Sides;

use problems::Problems;

/// Who looks at frames.
pub trait Look {
    /// Looks at a frame at that time, in milliseconds since the Unix epoch; says whether it could.
    ///
    /// # Errors
    /// Where it cannot go on.
    fn look(&mut self, record: &Record<'_>, link: Link, now_ms: u64) -> Result<bool, KernelError>;

    /// What was counted. `span` is the time from the first frame to the last.
    ///
    /// # Errors
    /// Where the counters cannot be read.
    fn finish(self, span: Span) -> Result<Seen, KernelError>;
}

/// From the first to the last frame, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first_ms: u64,
    /// The last.
    pub last_ms: u64,
}

/// What a looker counted.
#[derive(Debug, Default)]
pub struct Seen {
    /// Frames by outcome.
    pub outcomes: [Count; Outcome::COUNT],
    /// Packets by number of the verdict.
    pub verdicts: Vec<Count>,
    /// Packets that found no entry in the flow table.
    pub without_entry: Count,
    /// Flows, their times in milliseconds since the Unix epoch.
    pub flows: Vec<Flow>,
    /// Totals of flows that found no room in the list.
    pub beyond: Totals,
    /// What it could not do.
    pub problems: Vec<Problem>,
}

impl Seen {
    /// The flows, halves of translated conversations joined, and totals of all of them.
    #[must_use]
    pub fn whole(&self, compiled: &Compiled, site: &SiteModel) -> (Cow<'_, [Flow]>, Totals) {
        let translations = Translations::new(&site.nats, &compiled.verdicts);
        let beyond = self.beyond.clone().knowing(&compiled.verdicts);
        Waiting::default().with(&translations, &self.flows, &beyond)
    }
}

/// What came of a capture.
#[derive(Debug, Default)]
pub struct Replayed {
    /// What was counted.
    pub seen: Seen,
    /// Time from the first frame to the last; nothing without frames that have one.
    pub span: Option<Span>,
    /// Frames of which not all bytes were captured.
    pub cut: u64,
    /// What could not be read, and what else is to be known of the counts.
    pub problems: Vec<Problem>,
}

impl Replayed {
    /// Frames, and their bytes on the wire.
    #[must_use]
    pub fn frames(&self) -> Count {
        crate::account::sum(&self.seen.outcomes)
    }

    /// What makes times of day of the flows' times.
    #[must_use]
    pub const fn moment() -> Moment {
        // Milliseconds since the epoch are jiffies of a clock that ticks a thousand times a second.
        Moment::new(0, Timestamp::UNIX_EPOCH, 1000)
    }
}

/// After so many frames, how far it came is told.
const TELL_EVERY: u64 = 4096;

/// Plays a capture to its end, or to where it cannot be read any more. `came_to` hears how many bytes are done.
///
/// # Errors
/// Where the file is no capture at all, or the looker cannot go on.
pub fn play<R: Read>(
    reader: R,
    mut looker: impl Look,
    mut came_to: impl FnMut(u64),
) -> anyhow::Result<Replayed> {
    let mut problems = Problems::default();
    let mut replayed = Replayed::default();
    match Capture::new(reader) {
        Ok(mut capture) => {
            let mut frames = 0_u64;
            loop {
                match capture.next_frame() {
                    Ok(Some(record)) => step(&record, &mut looker, &mut replayed, &mut problems)?,
                    Ok(None) => break,
                    Err(error) => {
                        problems.unread = Some(error);
                        break;
                    }
                }
                frames += 1;
                if frames.is_multiple_of(TELL_EVERY) {
                    came_to(capture.offset());
                }
            }
            problems.obsolete = capture.obsolete();
        }
        Err(error @ CaptureError::NotACapture(_)) => return Err(error.into()),
        Err(error) => problems.unread = Some(error),
    }
    replayed.seen = looker.finish(replayed.span.unwrap_or_default())?;
    let frames = replayed.frames().packets;
    replayed.problems = problems.told(frames);
    replayed.problems.append(&mut replayed.seen.problems);
    Ok(replayed)
}

/// One frame.
#[inline]
fn step(
    record: &Record<'_>,
    looker: &mut impl Look,
    replayed: &mut Replayed,
    problems: &mut Problems,
) -> Result<(), KernelError> {
    let Some(link) = Link::of(record.link_type) else {
        problems.link_type(record.link_type);
        return Ok(());
    };
    let now_ms = match (record.at_ns, &mut replayed.span) {
        (Some(at_ns), Some(span)) => {
            let at_ms = at_ns / 1_000_000;
            if at_ms < span.last_ms {
                problems.went_back(span.last_ms - at_ms);
            }
            span.first_ms = span.first_ms.min(at_ms);
            span.last_ms = span.last_ms.max(at_ms);
            span.last_ms
        }
        (Some(at_ns), empty) => {
            let at_ms = at_ns / 1_000_000;
            *empty = Some(Span {
                first_ms: at_ms,
                last_ms: at_ms,
            });
            at_ms
        }
        (None, span) => {
            problems.timeless += 1;
            span.map_or(0, |span| span.last_ms)
        }
    };
    if looker.look(record, link, now_ms)? && record.bytes.len() < record.wire_bytes as usize {
        replayed.cut += 1;
    }
    Ok(())
}
