//! What is shown to whoever watches: everything counted, at one moment, and how fast it grew since the one before.
//!
//! A daemon takes a [`Capture`] while it holds its lock, which takes as long as reading the counters; a [`Snapshot`] is
//! made of it afterwards, beside the counting. All who watch share it through a [`Window`].

mod capture;
mod edge;
mod news;
mod rate;
mod told;
mod window;

use std::borrow::Cow;
use std::sync::Arc;

use cmflow_common::gateway::Count;

use crate::account::{Flow, Totals};
use crate::answer;
use crate::clock::Moment;
use crate::compile::Compiled;
use crate::findings::Findings;
use crate::site::SiteModel;

pub use capture::{Capture, Darkroom};
pub use edge::{Edge, Edges};
pub use news::Newcomer;
pub use rate::{Rate, Rates};
use told::Orders;
pub use told::{FlowFilter, FlowPage, RatedFlow};
pub use window::{Due, Messenger, Producer, Watching, Window, window};

/// Everything counted, at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// Which one of this daemon's, from 1 on.
    pub number: u64,
    /// How the daemon does.
    pub status: answer::Status,
    /// The tables that judge.
    pub compiled: Arc<Compiled>,
    /// What the site file says.
    pub site: Arc<SiteModel>,
    /// Packets by number of the verdict.
    pub verdicts: Vec<Count>,
    /// Flows that live, halves of translated conversations joined.
    pub flows: Vec<Flow>,
    /// What is known beside each of them.
    pub(crate) beside: Vec<Beside>,
    /// Totals of all flows, those that are gone among them.
    pub totals: Totals,
    /// What makes times of day of the flows' times.
    pub moment: Moment,
    /// How fast everything grew since the snapshot before; nothing where there was none.
    pub rates: Option<Rates>,
    /// Flows that live, by the roles of their ends.
    pub edges: Edges,
    /// Orders that somebody asked for.
    pub(crate) orders: Orders,
}

/// What a snapshot knows of a flow beside its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Packets and bytes since the snapshot before.
    pub(crate) grew: Count,
    /// Endpoint classes of initiator and responder.
    pub(crate) classes: [u16; 2],
}

impl Snapshot {
    /// The same, ready to be told in the words of the documents.
    #[must_use]
    pub fn findings(&self) -> Findings<'_> {
        Findings {
            compiled: &self.compiled,
            site: &self.site,
            verdicts: &self.verdicts,
            flows: &self.flows,
            totals: Cow::Borrowed(&self.totals),
            moment: self.moment.clone(),
        }
    }
}
