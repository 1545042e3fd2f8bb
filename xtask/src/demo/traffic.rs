//! Who answers and who asks: the servers of each family, and the loop that holds its conversations.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::conversation::{CONVERSATIONS, Conversation, Ending, Expected, Family};
use super::stage::{Servers, Stage, rows};
use super::{dhcp, dns, plain, rpc, smb, tagged, tftp, web};
use crate::lab::wait_until;

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
/// How long what nobody answers may be on its way.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(2);

/// The servers, and how often each conversation was held.
pub(super) struct Traffic<'a> {
    stage: Stage<'a>,
    servers: Vec<Servers>,
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
            servers,
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

    /// Holds once those of these conversations that a gateway can forward or refuse, outside the tallies, and tells of
    /// each whether it came to its end; of one that nobody answers, whether it arrived. Those that nothing explains
    /// may be waited for in vain, so they wait at once.
    pub(super) fn once(
        &self,
        wanted: impl Fn(&Conversation) -> bool,
    ) -> Vec<(&'static Conversation, Result<()>)> {
        let (explained, others): (Vec<_>, Vec<_>) = CONVERSATIONS
            .iter()
            .filter(|row| row.family != Family::Tagged && wanted(row))
            .partition(|row| matches!(row.expected, Expected::Rule(_)));
        let of_family = |family| explained.iter().copied().filter(move |row| row.family == family);
        let turns = FAMILIES.iter().map(|&family| of_family(family).collect());
        let turns: Vec<Vec<_>> = turns.chain(others.iter().map(|&row| vec![row])).collect();
        thread::scope(|scope| {
            let turns: Vec<_> = turns
                .into_iter()
                .map(|rows| {
                    let held = |row| (row, self.arrives(row));
                    scope.spawn(move || rows.into_iter().map(held).collect::<Vec<_>>())
                })
                .collect();
            turns
                .into_iter()
                .flat_map(|turn| turn.join().expect("it returns its errors"))
                .collect()
        })
    }

    /// Holds one, and where nobody answers waits until it has arrived.
    fn arrives(&self, conversation: &Conversation) -> Result<()> {
        let heard = || {
            let at = (conversation.protocol, conversation.destination());
            let all = self.servers.iter().map(|servers| servers.heard(at.0, at.1));
            all.sum::<u64>()
        };
        let before = heard();
        self.hold(conversation)?;
        if conversation.ending == Ending::Silence {
            wait_until("its arrival", ARRIVAL_LIMIT, || heard() > before).context("it did not arrive")?;
        }
        Ok(())
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
