//! What cmflow made of a conversation of the table, and whether that is what it should be.

use super::answers::Flow;
use super::conversation::{BY_PORT, Conversation, Expected};
use super::live::name;

pub(super) struct Judged {
    /// Where the responder listened.
    pub(super) port: Option<u16>,
    pub(super) words: String,
    pub(super) as_expected: bool,
}

/// What cmflow made of a conversation: of the flow that is not as expected, where there is one. Where plain
/// sockets stood in for its programs, nothing is said of how much came back.
pub(super) fn judged(conversation: &Conversation, flows: &[Flow], by_its_programs: bool) -> Judged {
    let seen: Vec<&Flow> = flows.iter().filter(|flow| belongs(conversation, flow)).collect();
    let Some(first) = seen.first() else {
        return Judged {
            port: None,
            words: "no such flow was seen".into(),
            as_expected: false,
        };
    };
    let wrong = seen.iter().find(|flow| !as_expected(conversation, flow));
    let shown = wrong.unwrap_or(first);
    let mut judged = Judged {
        port: shown.responder.port,
        words: format!("{}, {} {}", verdict(shown), shown.state, shown.rules.join(" "))
            .trim_end()
            .to_owned(),
        as_expected: wrong.is_none(),
    };
    if conversation.answer_packets > 0 && by_its_programs {
        let (words, in_one_line) = answers_in_one_line(conversation, &seen, flows);
        judged.words = format!("{}, {words}", judged.words);
        judged.as_expected &= in_one_line;
    }
    judged
}

/// What it should be.
pub(super) fn wanted(conversation: &Conversation) -> String {
    let verdict = match (conversation.expected, conversation.basis) {
        (Expected::Rule(rule), BY_PORT) => format!("documented by {rule}"),
        (Expected::Rule(rule), basis) => format!("documented by {rule}, known by {basis}"),
        (Expected::Verdict(verdict), _) => verdict.to_owned(),
    };
    match conversation.answer_packets {
        0 => verdict,
        packets => format!("{verdict}, with {packets} packets back in one line"),
    }
}

fn belongs(conversation: &Conversation, flow: &Flow) -> bool {
    let port_fits = |port| conversation.may_be_at(port);
    same_protocol(conversation, flow)
        && flow.initiator.address == conversation.source().ip()
        && flow.responder.address == conversation.destination().ip()
        && flow.responder.port.is_some_and(port_fits)
}

fn same_protocol(conversation: &Conversation, flow: &Flow) -> bool {
    flow.protocol
        .eq_ignore_ascii_case(&conversation.protocol.to_string())
}

fn as_expected(conversation: &Conversation, flow: &Flow) -> bool {
    match conversation.expected {
        Expected::Rule(rule) => {
            flow.verdict == "documented"
                && flow.rules.iter().any(|its| its == rule)
                && flow.basis.as_deref() == Some(conversation.basis)
        }
        Expected::Verdict(verdict) => flow.verdict == verdict,
    }
}

/// The verdict, and what it was found by where that is not the port alone.
fn verdict(flow: &Flow) -> String {
    match flow.basis.as_deref() {
        None | Some(BY_PORT) => flow.verdict.clone(),
        Some(basis) => format!("{} by {basis}", flow.verdict),
    }
}

/// Whether all that came back is in the line of the question, and no line of its own. The conversation that
/// is being held while cmflow is asked has not come to its end, so the longest of them counts.
fn answers_in_one_line(conversation: &Conversation, seen: &[&Flow], flows: &[Flow]) -> (String, bool) {
    let ends = [conversation.source().ip(), conversation.destination().ip()];
    let apart = flows.iter().find(|flow| {
        let its = [flow.initiator.address, flow.responder.address];
        same_protocol(conversation, flow)
            && ends.iter().all(|end| its.contains(end))
            && !belongs(conversation, flow)
    });
    if let Some(flow) = apart {
        let port = |port: Option<u16>| port.map_or_else(String::new, |port| format!(" {port}"));
        let words = format!(
            "but apart from it {}{} -> {}{}",
            name(flow.initiator.address),
            port(flow.initiator.port),
            name(flow.responder.address),
            port(flow.responder.port)
        );
        return (words, false);
    }
    let most = seen
        .iter()
        .map(|flow| flow.reverse.packets)
        .max()
        .unwrap_or_default();
    (
        format!("{most} packets back"),
        most >= conversation.answer_packets,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Conversation, Flow, Judged, judged};
    use crate::demo::conversation::CONVERSATIONS;

    fn row(what: &str) -> &'static Conversation {
        let found = CONVERSATIONS.iter().find(|row| row.what == what);
        found.expect("the table has such a row")
    }

    fn flow(initiator: (&str, u16), responder: (&str, u16), back: u64, more: Value) -> Flow {
        let end = |(address, port): (&str, u16)| json!({"address": address, "port": port});
        let mut flow = json!({
            "initiator": end(initiator), "responder": end(responder), "state": "answered",
            "forward": {"packets": 3}, "reverse": {"packets": back}, "verdict": "documented",
        });
        let more = more.as_object().cloned().expect("members");
        flow.as_object_mut().expect("members").extend(more);
        serde_json::from_value(flow).expect("the shape of the contract")
    }

    #[test]
    fn rpc_is_as_expected_at_any_dynamic_port_and_by_expectation_only() {
        let row = row("server info, port asked of the mapper");
        let seen = |port, basis: &str| {
            let rules = ["management-point/site-server/rpc"];
            let more = json!({"protocol": "tcp", "basis": basis, "rules": rules});
            judged(
                row,
                &[flow(("10.30.0.5", 40_000), ("10.20.0.11", port), 5, more)],
                true,
            )
        };
        for port in [49_152, 49_154, 65_535] {
            let Judged {
                port: shown,
                words,
                as_expected,
            } = seen(port, "expectation");
            assert!(as_expected, "{port}: {words}");
            assert_eq!(shown, Some(port));
            assert!(
                words.starts_with("documented by expectation, answered"),
                "{words}"
            );
        }
        for (port, basis) in [(49_154, "range"), (49_154, "port"), (49_151, "expectation")] {
            assert!(!seen(port, basis).as_expected, "{port} by {basis}");
        }
    }

    #[test]
    fn a_transfer_is_as_expected_whole_and_in_one_line_only() {
        let row = row("boot image");
        let request = |back| {
            let rules = ["client/distribution-point-pxe/tftp"];
            let more = json!({"protocol": "udp", "basis": "port", "rules": rules});
            flow(("10.10.0.11", 50_000), ("10.20.0.14", 69), back, more)
        };
        let stray = |protocol: &str, address: &str| {
            let more = json!({"protocol": protocol, "verdict": "undocumented"});
            flow((address, 40_000), ("10.10.0.11", 50_000), 9, more)
        };
        let whole = || vec![request(0), request(row.answer_packets)];
        let as_expected = |flows: &[Flow]| judged(row, flows, true).as_expected;
        assert!(as_expected(&whole()));
        assert!(!as_expected(&[request(row.answer_packets - 1)]), "a part");
        assert!(judged(row, &[request(1)], false).as_expected, "plain sockets");
        for (protocol, address, expected) in [
            ("udp", "10.20.0.14", false),
            ("tcp", "10.20.0.14", true),
            ("udp", "10.20.0.12", true),
        ] {
            let flows = [whole(), vec![stray(protocol, address)]].concat();
            assert_eq!(as_expected(&flows), expected, "{protocol} from {address}");
        }
    }
}
