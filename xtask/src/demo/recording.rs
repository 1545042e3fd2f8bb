//! The demo's conversations as a capture: what the gateway would have seen of them.

use std::path::Path;

use anyhow::Result;

use super::conversation::{CONVERSATIONS, Conversation, Family, Protocol};
use super::{site_file, tagged, tftp};
use crate::capture::talk::{Talk, Transport};
use crate::capture::{self, Capture};

/// How often each conversation is held.
pub(super) const ROUNDS: u32 = 3;
/// Ports of the ends that open conversations, where the table names none.
const FIRST_SOURCE_PORT: u16 = 50_000;

/// Everything that is said, round by round.
#[must_use]
pub fn talks() -> Vec<Talk> {
    let rounds = (0..ROUNDS).flat_map(|_| CONVERSATIONS);
    rounds
        .zip(1..)
        .map(|(conversation, number)| talk(conversation, number))
        .collect()
}

/// Writes `demo.pcap` and `demo.toml` into a folder.
pub(crate) fn write(folder: &Path) -> Result<Capture> {
    let what = "the conversations of `cargo xtask demo`".into();
    capture::write_pair(folder, "demo", &talks(), &site_file::text(), what)
}

fn talk(conversation: &Conversation, number: u16) -> Talk {
    let transport = match (conversation.family, conversation.protocol) {
        (Family::Tftp, _) => Transport::UdpFromElsewhere,
        (_, Protocol::Tcp) => Transport::Tcp,
        (_, Protocol::Udp) => Transport::Udp,
    };
    let mut initiator = conversation.source();
    if initiator.port() == 0 {
        initiator.set_port(FIRST_SOURCE_PORT + number);
    }
    Talk {
        vlan: (conversation.family == Family::Tagged).then_some(tagged::VLAN),
        ending: conversation.ending,
        answer_bytes: match conversation.family {
            Family::Web if conversation.what.contains("download") => 60_000,
            Family::Smb => 20_000,
            Family::Tftp => tftp::IMAGE_BYTES,
            _ => 500,
        },
        ..Talk::new(
            transport,
            initiator,
            conversation.destination(),
            u32::from(number),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{CONVERSATIONS, ROUNDS, talks};

    #[test]
    fn every_conversation_is_held_as_often_and_each_time_as_a_flow_of_its_own() {
        let talks = talks();
        assert_eq!(talks.len(), CONVERSATIONS.len() * ROUNDS as usize);
        for (talk, row) in talks.iter().zip(CONVERSATIONS.iter().cycle()) {
            assert_eq!(talk.initiator.ip(), row.source().ip(), "{}", row.what);
            assert_eq!(talk.responder, row.destination(), "{}", row.what);
            assert_eq!(talk.ending, row.ending, "{}", row.what);
        }
        let flows: HashSet<_> = talks.iter().map(|it| (it.initiator, it.responder)).collect();
        let fixed = CONVERSATIONS.iter().filter(|row| row.source_port != 0).count();
        assert_eq!(
            flows.len(),
            talks.len() - fixed * (ROUNDS as usize - 1),
            "those with a port of their own are one flow"
        );
    }
}
