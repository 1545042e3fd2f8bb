//! What a history says of a time: all that an audit draws on.

use jiff::Timestamp;

use super::{Activity, ConversationKey, Day, Days, Generation, Outage, Sighting};
use crate::compile::VerdictInfo;

/// A verdict in the time that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictUse {
    /// What it is.
    pub info: VerdictInfo,
    /// What happened of it in the time.
    pub total: Activity,
    /// Packets by day, oldest first; days without are left out.
    pub days: Vec<(Day, u64)>,
}

/// A conversation that was seen in the time that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedConversation {
    /// Which; the verdict is an index in [`Evidence::verdicts`].
    pub key: ConversationKey,
    /// All that it ever did.
    pub total: Activity,
    /// First packet ever.
    pub first_seen: Timestamp,
    /// Last packet ever.
    pub last_seen: Timestamp,
    /// Last packet that proves that its rules are used.
    pub last_proving: Option<Timestamp>,
    /// Days with packets.
    pub hit: Days,
    /// Days with packets that prove that its rules are used.
    pub proving: Days,
    /// Lowest and highest port that the responder was asked at.
    pub ports: (u16, u16),
    /// Different addresses that opened, at least.
    pub initiators: u32,
    /// Different addresses that answered, at least.
    pub responders: u32,
    /// Whether it stands for single addresses that are not kept any more.
    pub folded: bool,
}

/// Since when a rule has been possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpan {
    /// Id of the rule.
    pub rule: String,
    /// When the generation came into use that made it possible; the latest one, where another one took it away meanwhile.
    pub from: Timestamp,
}

/// Which gateway a history is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    /// Name of the instance, or of the file.
    pub name: String,
    /// Interfaces that were looked at last, and their hooks.
    pub interfaces: Vec<(String, String)>,
}

/// What one gateway's history says of a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Whose it is.
    pub gateway: Gateway,
    /// Begin of the time: what was asked for, or the begin of the history where that is later.
    pub from: Timestamp,
    /// End of it: what was asked for, or when the history was last written where that is earlier.
    pub to: Timestamp,
    /// Times in it that were not observed as they should be, by their begin; they may overlap.
    pub outages: Vec<Outage>,
    /// Generations of tables that judged in it, oldest first; the last one's files are what an audit goes by.
    pub generations: Vec<Generation>,
    /// Since when the rules of the last generation have been possible.
    pub rules: Vec<RuleSpan>,
    /// Verdicts; those without a packet in the time too, where a conversation names them.
    pub verdicts: Vec<VerdictUse>,
    /// Conversations with a packet in the time, as far as days and first and last packet tell.
    pub conversations: Vec<RecordedConversation>,
    /// Where packets of whom came in, ever.
    pub sightings: Vec<Sighting>,
}

impl RecordedConversation {
    /// Whether a packet of it may lie in the time.
    #[must_use]
    pub fn hit_in(&self, from: Timestamp, to: Timestamp) -> bool {
        let days = (super::day_of(from), super::day_of(to));
        self.first_seen <= to && self.last_seen >= from && self.hit.any_in(days.0, days.1)
    }

    /// Whether a packet of it that proves something may lie in the time.
    #[must_use]
    pub fn proves_in(&self, from: Timestamp, to: Timestamp) -> bool {
        let days = (super::day_of(from), super::day_of(to));
        self.last_proving.is_some_and(|last| last >= from)
            && self.first_seen <= to
            && self.proving.any_in(days.0, days.1)
    }
}
