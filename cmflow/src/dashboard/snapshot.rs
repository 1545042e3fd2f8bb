//! What pages are drawn from.

use std::sync::Arc;

use jiff::Timestamp;

use super::asked::Range;
use super::cast::Cast;
use super::past::Past;
use super::recent::{Rate, Recent};
use crate::answer::{Audit, Flow, Rules, Status, Undocumented};
use crate::explain::Book;
use crate::serve::FlowQuery;

/// What one second's reading of the counters says.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When this daemon began: another one under an open page is told by it.
    pub started: Timestamp,
    /// `cmflow status`.
    pub status: Status,
    /// Every rule that the site file makes possible.
    pub rules: Rules,
    /// What nothing explains.
    pub undocumented: Undocumented,
    /// Live flows by the roles of their ends, their verdict and their rules.
    pub talks: Vec<Talk>,
    /// Live flows that a rule explains and nobody answered, or that were refused; the newest ones.
    pub blocked: Vec<Flow>,
    /// How many more of them there are.
    pub blocked_beyond: u64,
}

/// Live flows from computers of some roles to computers of others, with one verdict and one set of rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Talk {
    /// Roles of those who open; none where the site file does not name them.
    pub from: Vec<String>,
    /// Roles of those who answer.
    pub to: Vec<String>,
    /// The verdict.
    pub verdict: String,
    /// Ids of the rules that explain it.
    pub rules: Vec<String>,
    /// Flows.
    pub flows: u64,
    /// Those among them that nobody answered, or that were refused.
    pub blocked: u64,
    /// Their packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What they carry since the reading before.
    pub rate: Rate,
}

/// A page of the table of flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowsAsked {
    /// Filters and order.
    pub query: FlowQuery,
    /// Fastest first, whatever the query's order is.
    pub fastest: bool,
    /// Only flows in this state.
    pub state: Option<String>,
    /// How many to leave out before the first.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// A flow, and what it carries just now.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRow {
    /// The flow.
    pub flow: Flow,
    /// What it carries; nothing where it was not seen at two readings.
    pub rate: Option<Rate>,
}

/// Flows that were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowPage {
    /// Those of this page.
    pub rows: Vec<FlowRow>,
    /// How many the filters let through.
    pub matching: u64,
}

/// Where a page gets what it shows.
pub trait Source {
    /// The latest reading.
    fn snapshot(&self) -> &Snapshot;

    /// What the readings before it say of rates.
    fn recent(&self) -> &Recent;

    /// Who is who, and which rules there are.
    fn cast(&self) -> &Cast;

    /// The tables, for whoever asks about a flow.
    fn book(&self) -> Book<'_>;

    /// A page of the live flows.
    ///
    /// # Errors
    /// In a sentence where a filter names what does not exist.
    fn flows(&self, asked: &FlowsAsked) -> Result<FlowPage, String>;

    /// What the history holds of a time that ends now.
    ///
    /// # Errors
    /// In a sentence where there is none.
    fn past(&self, range: Range) -> Result<Arc<Past>, String>;

    /// What it holds of the last month, where that is at hand: nobody waits for it.
    fn month(&self) -> Option<Arc<Past>>;

    /// The latest audit, where one was made.
    fn audit(&self) -> Option<&Audit>;

    /// Whether approvals are taken over HTTP.
    fn takes_approvals(&self) -> bool;

    /// Where a form leads that signs out; nothing where nobody has to sign in.
    fn sign_out(&self) -> Option<&str>;
}
