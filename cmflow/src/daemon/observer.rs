//! What the daemon holds while it runs: maps, programs, tables, and what was counted.

use jiff::Timestamp;

use crate::answer::ip;
use crate::compile::Compiled;
use crate::findings::Findings;
use crate::kernel::interface::{self, Interface};
use crate::kernel::{Hook, KernelError, Maps, Program};
use crate::reader::{Reader, Reading};
use crate::serve::{Question, Reply};
use crate::site::SiteModel;

use super::answers::Answers;
use super::instance::Instance;

/// An interface that is looked at.
pub(super) struct Attached {
    pub(super) interface: Interface,
    pub(super) hook: Hook,
    pub(super) why: String,
    pub(super) program: Program,
    /// The interface's own counter when the program was attached.
    pub(super) received_before: u64,
}

/// Everything that a question or a tick needs.
pub(super) struct Observer {
    pub(super) instance: Instance,
    /// The site file's name.
    pub(super) file: String,
    /// What it means.
    pub(super) site: SiteModel,
    pub(super) compiled: Compiled,
    pub(super) maps: Maps,
    pub(super) reader: Reader,
    pub(super) attached: Vec<Attached>,
    pub(super) since: Timestamp,
}

impl Observer {
    /// One tick. Logs both sides of the law where it does not hold.
    pub(super) fn tick(&mut self) -> Result<Reading, KernelError> {
        let reading = self.reader.tick(&mut self.maps)?;
        if !reading.law_held {
            for (number, half) in self.reader.law.halves.iter().enumerate() {
                log::error!(
                    "conservation law broken in half {number}: {} packets parsed into flows, {} judged, \
                     {} accounted for ({} live + {} expired + {} without entry)",
                    half.flow_outcome,
                    half.verdicts,
                    half.accounted(),
                    half.live,
                    half.expired,
                    half.without_entry
                );
            }
        }
        Ok(reading)
    }

    /// Answers a question from counters read now.
    pub(super) fn answer(&mut self, question: Question) -> Reply {
        let reading = match self.tick() {
            Ok(reading) => reading,
            Err(error) => return Reply::Refusal(format!("the counters cannot be read: {error}")),
        };
        let answers = Answers::new(self, &reading);
        let answer = match question {
            Question::Status => serde_json::to_value(answers.status()),
            Question::Flows(query) => match Findings::check(&self.compiled, &query) {
                Ok(()) => serde_json::to_value(answers.flows(&query)),
                Err(why) => return Reply::Refusal(why),
            },
            Question::Rules { all } => serde_json::to_value(answers.rules(all)),
            Question::Undocumented => serde_json::to_value(answers.undocumented()),
            Question::Rpc => serde_json::to_value(answers.rpc()),
        };
        match answer {
            Ok(answer) => Reply::Answer(answer),
            Err(error) => Reply::Refusal(format!("the answer cannot be written: {error}")),
        }
    }

    /// Frames that an interface's own counter received since its program was attached.
    pub(super) fn received(attached: &Attached) -> u64 {
        interface::counters(attached.interface.index)
            .map_or(0, |(packets, _)| packets.saturating_sub(attached.received_before))
    }

    /// An address and its roles, as in `10.10.0.5 (client)`.
    pub(super) fn with_roles(&self, address: cmflow_common::address::Address) -> String {
        let roles = self.compiled.roles_of(address);
        if roles.is_empty() {
            return ip(address).to_string();
        }
        format!("{} ({})", ip(address), roles.join(", "))
    }
}
