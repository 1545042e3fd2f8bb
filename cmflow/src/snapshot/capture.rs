//! What is taken while the counters are held, and the snapshot that is made of it beside the counting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cmflow_common::flow::Slot;

use super::rate::{Counted, Former};
use super::told::Orders;
use super::{Edges, Rates, Snapshot};
use crate::account::{Flow, Totals, Translations, Waiting};
use crate::answer;
use crate::compile::Compiled;
use crate::findings::Findings;
use crate::reader::Tick;
use crate::site::SiteModel;

/// What was read at one moment.
#[derive(Debug)]
pub struct Capture {
    /// When, by the clock that nobody sets.
    pub at: Instant,
    /// How the daemon does; what takes flows to tell is not in it yet.
    pub status: answer::Status,
    /// What the tick found.
    pub tick: Tick,
    /// Slots in use.
    pub slots: Vec<Slot>,
    /// Totals of flows that are gone.
    pub gone: Totals,
    /// Halves of translated conversations whose slots were freed.
    pub waiting: Waiting,
    /// Translations that the site file declares.
    pub translations: Translations,
    /// The tables.
    pub compiled: Arc<Compiled>,
    /// What the site file says.
    pub site: Arc<SiteModel>,
}

/// What makes one snapshot after another: it remembers what the last one counted.
#[derive(Debug, Default)]
pub struct Darkroom {
    made: u64,
    former: Option<(Instant, Former)>,
}

impl Darkroom {
    /// Makes a snapshot.
    pub fn develop(&mut self, capture: Capture) -> Snapshot {
        let Capture {
            at,
            mut status,
            tick,
            slots,
            gone,
            waiting,
            translations,
            compiled,
            site,
        } = capture;
        let live = Flow::collect(slots.into_iter());
        let (flows, totals) = waiting.with(&translations, &live, &gone);
        let flows = flows.into_owned();
        let findings = Findings {
            compiled: &compiled,
            site: &site,
            verdicts: &tick.verdicts,
            flows: &flows,
            totals: std::borrow::Cow::Borrowed(&totals),
            moment: tick.moment.clone(),
        };
        findings.complete(&mut status);
        let counted = Counted::of(&status, &findings.rules(false));
        let over = self.former.as_ref().map(|(before, _)| at.duration_since(*before));
        let over = over.filter(|over| *over >= SHORTEST);
        let former = self.former.as_ref().map(|(_, former)| former);
        let beside = Former::beside(former, &flows, &compiled, status.generation);
        let rates = over.zip(former);
        let rates = rates.map(|(over, former)| Rates::between(&former.counted, &counted, over));
        let edges = Edges::of(&compiled, &flows, &beside, &tick.moment, over);
        self.made += 1;
        let snapshot = Snapshot {
            number: self.made,
            status,
            compiled,
            site,
            verdicts: tick.verdicts,
            flows,
            beside,
            totals,
            moment: tick.moment,
            rates,
            edges,
            orders: Orders::default(),
        };
        self.former = Some((at, Former::of(&snapshot, counted)));
        snapshot
    }

    /// Forgets what the last one counted: nobody watches any more.
    pub fn clear(&mut self) {
        self.former = None;
    }
}

/// Over a shorter time a rate says nothing.
const SHORTEST: Duration = Duration::from_millis(200);
