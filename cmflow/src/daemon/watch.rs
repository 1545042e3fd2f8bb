//! What is said at once: the first packet of each conversation that nothing explains.

use std::collections::HashSet;
use std::net::IpAddr;

use cmflow_common::flow::state;
use cmflow_common::news::News;
use jiff::Timestamp;

use crate::account::Conversation;
use crate::answer::{ip, protocol_name};
use crate::snapshot::Newcomer;

use super::observer::Observer;

/// Conversations that were told of already.
#[derive(Default)]
pub(super) struct Watch {
    told: HashSet<Conversation>,
    logged: usize,
    silent: bool,
}

impl Watch {
    /// Conversations that are logged at most; a scan must not fill the log, and `cmflow undocumented` has them all.
    const LOGGED: usize = 1000;
    /// Conversations that are remembered at most; then some are told of again.
    const REMEMBERED: usize = 10_000;

    /// Gives a conversation that was not told of before, and logs it.
    pub(super) fn tell(&mut self, observer: &Observer, news: &News) -> Option<Newcomer> {
        let conversation = Conversation::of_news(news);
        let (initiator, responder) = (conversation.initiator, conversation.responder);
        if self.told.len() >= Self::REMEMBERED {
            self.told.clear();
        }
        if !self.told.insert(conversation) {
            return None;
        }
        let compiled = &observer.compiled;
        let info = compiled.verdict(conversation.verdict)?;
        let newcomer = Newcomer {
            at: Timestamp::now(),
            protocol: protocol_name(conversation.protocol),
            initiator: ip(initiator),
            initiator_roles: compiled.roles_of(initiator),
            initiator_seen: news.state & state::INITIATOR_SEEN != 0,
            responder: ip(responder.address),
            responder_roles: compiled.roles_of(responder.address),
            port: responder.port,
            verdict: info.kind.name().to_owned(),
            rules: info.rules.clone(),
        };
        self.log(&newcomer);
        Some(newcomer)
    }

    fn log(&mut self, newcomer: &Newcomer) {
        if self.logged >= Self::LOGGED {
            if !std::mem::replace(&mut self.silent, true) {
                log::warn!("more unexplained conversations are not logged; see `cmflow undocumented`");
            }
            return;
        }
        self.logged += 1;
        log::warn!(
            "{}: {} -> {} {}/{}{}{}",
            newcomer.verdict,
            with_roles(newcomer.initiator, &newcomer.initiator_roles),
            with_roles(newcomer.responder, &newcomer.responder_roles),
            newcomer.protocol,
            newcomer.port,
            if newcomer.rules.is_empty() {
                String::new()
            } else {
                format!(", rule {}", newcomer.rules.join(", "))
            },
            if newcomer.initiator_seen {
                ""
            } else {
                " (initiator inferred)"
            },
        );
    }
}

/// An address and its roles, as in `10.10.0.5 (client)`.
fn with_roles(address: IpAddr, roles: &[String]) -> String {
    if roles.is_empty() {
        return address.to_string();
    }
    format!("{address} ({})", roles.join(", "))
}
