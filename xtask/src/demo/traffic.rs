//! Who answers and who asks: the servers of each family, and the loop that holds its conversations.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::conversation::{CONVERSATIONS, Conversation, Family};
use super::stage::{Servers, Stage, rows};
use super::{dhcp, dns, plain, rpc, smb, tagged, tftp, web};

const FAMILIES: [Family; 8] = [
    Family::Web,
    Family::Smb,
    Family::Rpc,
    Family::Tftp,
    Family::Dns,
    Family::Dhcp,
    Family::Plain,
    Family::Tagged,
];
/// A family begins its rows anew this often.
const ROUND: Duration = Duration::from_millis(1500);

/// The servers, and how often each conversation was held.
pub(super) struct Traffic<'a> {
    stage: Stage<'a>,
    _servers: Vec<Servers>,
    /// Families held by plain sockets instead of their programs, and why.
    pub(super) substituted: BTreeMap<Family, String>,
    tallies: Vec<Tally>,
}

#[derive(Default)]
struct Tally {
    held: AtomicU64,
    failed: AtomicU64,
    failure: Mutex<Option<String>>,
}

/// How a conversation went.
pub(super) struct Went {
    pub(super) held: u64,
    pub(super) failed: u64,
    pub(super) failure: Option<String>,
}

impl<'a> Traffic<'a> {
    /// Starts the servers. A family whose programs are missing or do not start is given plain sockets.
    pub(super) fn start(stage: Stage<'a>) -> Result<Self> {
        let mut servers = Vec::new();
        let mut substituted = BTreeMap::new();
        for family in FAMILIES {
            let started = match family {
                Family::Web => web::start(&stage),
                Family::Smb => smb::start(&stage),
                Family::Rpc => rpc::start(&stage),
                Family::Tftp => tftp::start(&stage),
                Family::Dns => dns::start(&stage),
                Family::Dhcp => dhcp::start(&stage),
                Family::Plain => plain::start(&stage, rows(Family::Plain)),
                Family::Tagged => Ok(Servers::default()),
            };
            servers.push(match started {
                Err(error) if family != Family::Plain => {
                    substituted.insert(family, format!("{error:#}"));
                    plain::start(&stage, rows(family))?
                }
                started => started?,
            });
        }
        let tallies = CONVERSATIONS.iter().map(|_| Tally::default()).collect();
        Ok(Self {
            stage,
            _servers: servers,
            substituted,
            tallies,
        })
    }

    /// Holds the conversations again and again, each family on a thread of its own, until told to stop.
    pub(super) fn speak<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, stop: &'scope AtomicBool) {
        for family in FAMILIES {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let next = Instant::now() + ROUND;
                    self.one_round(family, stop);
                    while Instant::now() < next && !stop.load(Ordering::Relaxed) {
                        thread::sleep(Duration::from_millis(20));
                    }
                }
            });
        }
    }

    fn one_round(&self, family: Family, stop: &AtomicBool) {
        for (conversation, tally) in CONVERSATIONS.iter().zip(&self.tallies) {
            if conversation.family != family || stop.load(Ordering::Relaxed) {
                continue;
            }
            match self.hold(conversation) {
                Ok(()) => {
                    tally.held.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    tally.failed.fetch_add(1, Ordering::Relaxed);
                    *tally.failure.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(format!("{error:#}"));
                }
            }
        }
    }

    fn hold(&self, conversation: &Conversation) -> Result<()> {
        if self.substituted.contains_key(&conversation.family) {
            return plain::hold(&self.stage, conversation);
        }
        match conversation.family {
            Family::Web => web::hold(&self.stage, conversation),
            Family::Smb => smb::hold(&self.stage, conversation),
            Family::Rpc => rpc::hold(&self.stage, conversation),
            Family::Tftp => tftp::hold(&self.stage, conversation),
            Family::Dns => dns::hold(&self.stage, conversation),
            Family::Dhcp => dhcp::hold(&self.stage, conversation),
            Family::Plain => plain::hold(&self.stage, conversation),
            Family::Tagged => tagged::hold(&self.stage, conversation),
        }
    }

    /// The conversations and how they went.
    pub(super) fn went(&self) -> impl Iterator<Item = (&'static Conversation, Went)> {
        CONVERSATIONS
            .iter()
            .zip(&self.tallies)
            .map(|(conversation, tally)| {
                let failure = tally
                    .failure
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
                (
                    conversation,
                    Went {
                        held: count(&tally.held),
                        failed: count(&tally.failed),
                        failure,
                    },
                )
            })
    }
}
