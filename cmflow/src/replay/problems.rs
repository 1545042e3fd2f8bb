//! What a replay could not read, and what else is to be known of its counts.

use std::collections::BTreeMap;

use crate::capture::{CaptureError, Link, link_name};

/// Something to be told of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A sentence.
    pub words: String,
    /// Whether something was not counted because of it.
    pub unread: bool,
}

impl Problem {
    /// Something was not counted.
    pub(super) const fn unread(words: String) -> Self {
        Self { words, unread: true }
    }

    /// All was counted, but not just as it stood there.
    pub(super) const fn note(words: String) -> Self {
        Self { words, unread: false }
    }
}

/// Frames of several queues are written a little out of order; only more than that is told, in milliseconds.
const USUAL_DISORDER_MS: u64 = 1000;

/// What was met while reading.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// Why the rest could not be read.
    pub(super) unread: Option<CaptureError>,
    /// Frames in blocks of a kind that is not read.
    pub(super) obsolete: u64,
    /// Frames without a time.
    pub(super) timeless: u64,
    /// Frames by link type that cannot be read.
    link_types: BTreeMap<u32, u64>,
    /// Frames dated well before an earlier one, and the longest such step.
    back: u64,
    furthest_back_ms: u64,
}

impl Problems {
    /// A frame of a link type that cannot be read.
    pub(super) fn link_type(&mut self, number: u32) {
        *self.link_types.entry(number).or_default() += 1;
    }

    /// A frame dated so many milliseconds before an earlier one.
    pub(super) fn went_back(&mut self, by_ms: u64) {
        if by_ms > USUAL_DISORDER_MS {
            self.back += 1;
            self.furthest_back_ms = self.furthest_back_ms.max(by_ms);
        }
    }

    /// All of it, where `counted` frames could be counted.
    pub(super) fn told(self, counted: u64) -> Vec<Problem> {
        let mut told = Vec::new();
        for (number, frames) in &self.link_types {
            let name = link_name(*number);
            told.push(Problem::unread(if counted == 0 {
                format!(
                    "none of the {frames} frames of {name} can be read; {} can",
                    Link::SUPPORTED
                )
            } else {
                format!(
                    "{frames} frames of {name} were not counted; {} can be read",
                    Link::SUPPORTED
                )
            }));
        }
        if self.obsolete > 0 {
            told.push(Problem::unread(format!(
                "{} packets in blocks of an obsolete kind were not read; rewrite the file: editcap -F pcapng FILE NEW",
                self.obsolete
            )));
        }
        let nothing_said = told.is_empty();
        match self.unread {
            Some(error) => told.push(Problem::unread(error.to_string())),
            None if counted == 0 && nothing_said => told.push(Problem::unread(
                "the capture holds no frames; did its filter let any through?".to_owned(),
            )),
            None => {}
        }
        if self.timeless > 0 {
            told.push(Problem::note(format!(
                "{} frames have no time; they count at the time of the frame before them",
                self.timeless
            )));
        }
        if self.back > 0 {
            told.push(Problem::note(format!(
                "{} frames are dated up to {:.1} s before an earlier one; they count at the time of that one",
                self.back,
                self.furthest_back_ms as f64 / 1000.0
            )));
        }
        told
    }
}
