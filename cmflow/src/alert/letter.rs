//! What is sent: as JSON for programs, with a text for people.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::group::{Example, Group};

/// Why a letter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Groups are new, or came back after a silence.
    Alert,
    /// Learning is over: what there was all the while.
    Learnt,
    /// What was new on a day.
    Digest,
    /// Somebody wants to know whether letters arrive.
    Test,
}

impl Kind {
    /// The word that JSON uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Learnt => "learnt",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }
}

/// A group as a letter tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The group.
    #[serde(flatten)]
    pub group: Group,
    /// Whether it was silent before, and was told of then.
    pub again: bool,
    /// When its first packet came.
    pub first_seen: Timestamp,
    /// When the last packet came that is known of.
    pub last_seen: Timestamp,
    /// One of its conversations.
    pub example: Option<Example>,
}

/// A letter, the same for every channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its number; one that is sent twice after an accident has it twice.
    pub number: u64,
    /// Why it is sent.
    pub kind: Kind,
    /// When it was written.
    pub at: Timestamp,
    /// Groups.
    pub groups: Vec<Told>,
    /// Groups that it has no room for.
    pub more: u64,
    /// How many of its groups were held back, because more was to be said than may be in a minute.
    pub held_back: u64,
    /// Groups that are held back still.
    pub waiting: u64,
    /// Times that a group was seen which the memory had no room for.
    pub beyond: u64,
    /// Groups that are known, new or not.
    pub known: u64,
}

/// Whose letters they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The instance.
    pub instance: String,
    /// The machine.
    pub host: String,
}

/// A letter on its way by one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message<'a> {
    /// For people; chat programs show this field.
    pub text: String,
    /// The machine.
    pub host: &'a str,
    /// The instance.
    pub instance: &'a str,
    /// Letters before this one that the channel's queue had no room for.
    pub dropped: u64,
    /// What it says.
    #[serde(flatten)]
    pub letter: &'a Letter,
}

impl<'a> Message<'a> {
    /// The letter of a sender.
    #[must_use]
    pub fn new(sender: &'a Sender, letter: &'a Letter, dropped: u64) -> Self {
        let mut text = letter.text(&sender.instance);
        if dropped > 0 {
            let _ = write!(
                text,
                "; {dropped} letters before this one found no room in the queue"
            );
        }
        Self {
            text,
            host: &sender.host,
            instance: &sender.instance,
            dropped,
            letter,
        }
    }
}

impl Letter {
    /// Groups that the text names.
    const IN_TEXT: usize = 10;

    /// What it says, in a line.
    fn text(&self, instance: &str) -> String {
        let count = self.groups.len() as u64 + self.more;
        let mut text = match (self.kind, self.groups.as_slice()) {
            (Kind::Test, _) => return format!("cmflow {instance}: this is a test; alerts arrive here"),
            (Kind::Alert, [one]) => format!("cmflow {instance}: {}{}", one.group, one.detail()),
            (Kind::Alert, _) => format!("cmflow {instance}: {count} unexplained groups{}", self.names()),
            (Kind::Learnt, _) => format!(
                "cmflow {instance}: learning is over, new unexplained groups are told at once from now on; {}{}",
                match count {
                    0 => "none was there meanwhile".to_owned(),
                    1 => "one was there all the while".to_owned(),
                    many => format!("{many} were there all the while"),
                },
                self.names()
            ),
            (Kind::Digest, _) => format!(
                "cmflow {instance}: {} since the last digest, {} known{}",
                match count {
                    0 => "no new unexplained group".to_owned(),
                    1 => "one new unexplained group".to_owned(),
                    many => format!("{many} new unexplained groups"),
                },
                self.known,
                self.names()
            ),
        };
        let mut add = |number: u64, what: &str| {
            if number > 0 {
                let _ = write!(text, "; {number} {what}");
            }
        };
        if self.groups.len() > 1 || self.held_back > 1 {
            add(self.held_back, "of them were held back");
        }
        add(self.waiting, "more are held back");
        add(self.beyond, "times there was no room to remember a group");
        text
    }

    fn names(&self) -> String {
        let shown = self.groups.iter().take(Self::IN_TEXT);
        let names: Vec<_> = shown.map(|told| told.group.to_string()).collect();
        if names.is_empty() {
            return String::new();
        }
        let rest = self.groups.len() as u64 + self.more - names.len() as u64;
        let rest = if rest > 0 {
            format!("; and {rest} more")
        } else {
            String::new()
        };
        format!(": {}{rest}", names.join("; "))
    }
}

impl Told {
    fn detail(&self) -> String {
        let mut detail = String::new();
        if self.again {
            let _ = write!(
                detail,
                ", again (first seen {})",
                self.first_seen.strftime("%Y-%m-%d")
            );
        }
        if let Some(example) = &self.example {
            let _ = write!(detail, ", {} to {}", example.initiator, example.responder);
            if let Some(nearest) = &example.nearest {
                let _ = write!(detail, "; nearest rule {}: {}", nearest.rule, nearest.why_not);
            }
        }
        detail
    }
}
