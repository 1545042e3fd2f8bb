//! Plain sockets: what there is no free server for, and what takes the place of a program that is missing.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::conversation::{Conversation, Ending, Protocol};
use super::stage::{Servers, Stage};

const QUESTION: &[u8] = &[0x5a; 600];

/// Answers all these conversations with what was asked.
pub(super) fn start<'a>(
    stage: &Stage<'_>,
    conversations: impl Iterator<Item = &'a Conversation>,
) -> Result<Servers> {
    let mut sockets = Vec::new();
    let mut open: BTreeSet<(Protocol, SocketAddr)> = BTreeSet::new();
    for conversation in conversations.filter(|row| row.ending != Ending::Refused) {
        let (protocol, address) = (conversation.protocol, conversation.destination());
        if open.insert((protocol, address)) {
            let netns = stage.responder(conversation);
            let service = match protocol {
                _ if conversation.ending == Ending::Silence => netns.silent_udp(address)?,
                Protocol::Tcp => netns.echo_tcp(address)?,
                Protocol::Udp => netns.echo_udp(address)?,
            };
            sockets.push((protocol, address, service));
        }
    }
    Ok(sockets.into())
}

pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    match conversation.protocol {
        Protocol::Tcp => hold_tcp(stage, conversation),
        Protocol::Udp => hold_udp(stage, conversation),
    }
}

fn hold_tcp(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let attempt = stage
        .initiator(conversation)
        .tcp_connect(conversation.source(), conversation.destination());
    if conversation.ending == Ending::Refused {
        let Err(error) = attempt else {
            bail!("somebody answers at a port that should be closed")
        };
        let refused = |cause: &(dyn std::error::Error + 'static)| {
            cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        };
        ensure!(error.chain().any(refused), "it was not refused: {error:#}");
        return Ok(());
    }
    let mut connection = attempt?;
    if conversation.source_port != 0 {
        // The same ports are used again in the next round: leave nothing in TIME_WAIT.
        socket2::SockRef::from(&connection).set_linger(Some(Duration::ZERO))?;
    }
    connection.write_all(QUESTION)?;
    let mut answer = [0; QUESTION.len()];
    connection.read_exact(&mut answer).context("no answer")?;
    ensure!(answer == QUESTION, "the answer is another");
    Ok(())
}

fn hold_udp(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let socket = stage.initiator(conversation).udp(conversation.source())?;
    socket.send_to(QUESTION, conversation.destination())?;
    if conversation.ending == Ending::Answered {
        let mut answer = [0; QUESTION.len() + 1];
        let (length, from) = socket.recv_from(&mut answer).context("no answer")?;
        ensure!(
            from == conversation.destination() && &answer[..length] == QUESTION,
            "the answer is another"
        );
    }
    Ok(())
}
