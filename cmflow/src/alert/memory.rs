//! What the desk must not forget when the daemon ends, however it ends.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::group::{Example, Group};
use super::letter::Letter;

/// How far the telling of a group has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It was just heard of.
    Fresh,
    /// More was to be said than may be in a minute.
    Held,
    /// It was told, or learnt.
    Told,
}

/// What is known of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// When its first packet came.
    pub first_seen: Timestamp,
    /// When the last packet came that is known of.
    pub last_seen: Timestamp,
    /// When it was last heard of for the first time, or for the first time after a silence.
    pub since: Timestamp,
    /// Whether it was silent before.
    pub again: bool,
    /// How far the telling is.
    pub stage: Stage,
    /// Whether the next digest lists it.
    pub for_digest: bool,
    /// A conversation; nothing once nobody will be told of it.
    pub example: Option<Example>,
}

/// All that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// [`Memory::FORMAT`].
    pub format: u32,
    /// When learning began.
    pub began: Timestamp,
    /// Whether what was learnt was told.
    pub learnt: bool,
    /// When the last digest was made.
    pub digested: Timestamp,
    /// Letters written so far.
    pub letters: u64,
    /// When the last one was.
    pub last: Option<Timestamp>,
    /// When the letters of the last minute were written.
    pub recent: Vec<Timestamp>,
    /// Groups that were held back so far.
    pub held_back: u64,
    /// Times that a group found no room, and that no letter has said yet.
    pub beyond: u64,
    /// Letters that did not reach their reader, of channels that gave them up.
    pub failed: u64,
    /// Groups.
    pub groups: Vec<(Group, Known)>,
    /// Letters that are on their way, by channel.
    pub outbox: BTreeMap<String, Vec<Letter>>,
}

impl Memory {
    /// The format that this version reads.
    pub const FORMAT: u32 = 1;

    /// One that begins to learn.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            format: Self::FORMAT,
            began: now,
            learnt: false,
            digested: now,
            letters: 0,
            last: None,
            recent: Vec::new(),
            held_back: 0,
            beyond: 0,
            failed: 0,
            groups: Vec::new(),
            outbox: BTreeMap::new(),
        }
    }
}
