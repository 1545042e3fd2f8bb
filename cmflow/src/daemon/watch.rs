//! What is said at once: the first packet of each conversation that nothing explains.

use std::collections::HashSet;

use cmflow_common::flow::state;
use cmflow_common::news::News;
use cmflow_common::verdict::VerdictId;

use crate::account::{Conversation, End};
use crate::answer::protocol_name;

use super::observer::Observer;

/// Conversations that were told of already.
#[derive(Default)]
pub(super) struct Watch {
    told: HashSet<Conversation>,
    silent: bool,
}

impl Watch {
    /// Conversations told of at most; a scan must not fill the log, and `cmflow undocumented` has them all.
    const CAPACITY: usize = 1000;

    /// Logs a conversation, the first time.
    pub(super) fn tell(&mut self, observer: &Observer, news: &News) {
        let [low, high] = End::both(&news.key);
        let (initiator, responder) = if news.state & state::INITIATOR_HIGH == 0 {
            (low, high)
        } else {
            (high, low)
        };
        let conversation = Conversation {
            protocol: news.key.protocol(),
            initiator: initiator.address,
            responder,
            verdict: VerdictId(news.verdict),
        };
        if self.told.len() >= Self::CAPACITY {
            if !std::mem::replace(&mut self.silent, true) {
                log::warn!("more unexplained conversations are not logged; see `cmflow undocumented`");
            }
            return;
        }
        if !self.told.insert(conversation) {
            return;
        }
        let Some(info) = observer.compiled.verdict(conversation.verdict) else {
            return;
        };
        log::warn!(
            "{}: {} -> {} {}/{}{}{}",
            info.kind.name(),
            observer.with_roles(initiator.address),
            observer.with_roles(responder.address),
            protocol_name(news.key.protocol()),
            responder.port,
            if info.rules.is_empty() {
                String::new()
            } else {
                format!(", rule {}", info.rules.join(", "))
            },
            if news.state & state::INITIATOR_SEEN == 0 {
                " (initiator inferred)"
            } else {
                ""
            },
        );
    }
}
