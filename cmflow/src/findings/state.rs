//! What became of a flow, with what the catalogue says of answers.

use cmflow_common::flow::FlowState;
use cmflow_common::packet::protocol;

use crate::account::Flow;
use crate::compile::{Compiled, VerdictInfo};

/// The state that a flow is told with: where nobody was expected to answer, silence is no finding.
///
/// The kernel knows groups by their range. That an address is a subnet's last one, and that nobody answers a packet
/// that wakes a computer, only the tables and the catalogue say.
#[must_use]
pub fn told_state(compiled: &Compiled, flow: &Flow) -> FlowState {
    let silent = flow.state == FlowState::Unanswered && flow.key.protocol() != protocol::TCP;
    let nobody = || compiled.class(flow.responder.address).group.is_some();
    let verdict = compiled.verdict(flow.verdict);
    if silent && (nobody() || verdict.is_some_and(|verdict| nobody_answers(compiled, verdict))) {
        FlowState::NoAnswerExpected
    } else {
        flow.state
    }
}

/// Whether nobody answers what any of the verdict's rules explains.
#[must_use]
pub fn nobody_answers(compiled: &Compiled, verdict: &VerdictInfo) -> bool {
    let rules = compiled.rules.iter();
    let mut answered = rules
        .filter(|rule| verdict.rules.contains(&rule.id))
        .map(|rule| rule.delivery.answered);
    !verdict.rules.is_empty() && answered.all(|answered| !answered)
}
