//! What cmflow answers, in the shapes that a running daemon and a replayed capture share.

use std::net::IpAddr;

use serde::Deserialize;

/// Everything that the summary shows of what cmflow said.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) flows: Vec<Flow>,
    pub(super) rules: Vec<Rule>,
    pub(super) unexplained: Vec<Unexplained>,
    pub(super) law: Law,
}

/// Whether every packet is accounted for.
#[derive(Debug)]
pub(super) struct Law {
    pub(super) holds: bool,
    /// What was compared with what.
    pub(super) sums: String,
    /// Where it was counted.
    pub(super) place: String,
}

/// One conversation as cmflow saw it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Flow {
    pub(super) protocol: String,
    pub(super) initiator: End,
    pub(super) responder: End,
    pub(super) state: String,
    /// What its rules were found by.
    #[serde(default)]
    pub(super) basis: Option<String>,
    pub(super) forward: Count,
    pub(super) reverse: Count,
    pub(super) verdict: String,
    #[serde(default)]
    pub(super) rules: Vec<String>,
    #[serde(default)]
    pub(super) last_seen: Option<String>,
    #[serde(default)]
    pub(super) nearest: serde_json::Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct End {
    pub(super) address: IpAddr,
    #[serde(default)]
    pub(super) port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Count {
    pub(super) packets: u64,
}

/// A rule that was hit.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) rule: String,
    pub(super) packets: u64,
    pub(super) flows: u64,
}

/// What no rule explains, between two computers at one port.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Unexplained {
    pub(super) protocol: String,
    pub(super) initiator: IpAddr,
    pub(super) responder: IpAddr,
    #[serde(default)]
    pub(super) port: Option<u16>,
    pub(super) verdict: String,
    pub(super) packets: u64,
    pub(super) flows: u64,
    #[serde(default)]
    pub(super) nearest: serde_json::Value,
}

impl Flow {
    pub(super) fn packets(&self) -> u64 {
        self.forward.packets + self.reverse.packets
    }

    /// The flow as one that nothing explains, where its verdict is such a one.
    pub(super) fn unexplained(&self) -> Option<Unexplained> {
        unexplained(&self.verdict).then(|| Unexplained {
            protocol: self.protocol.clone(),
            initiator: self.initiator.address,
            responder: self.responder.address,
            port: self.responder.port,
            verdict: self.verdict.clone(),
            packets: self.packets(),
            flows: 1,
            nearest: self.nearest.clone(),
        })
    }
}

/// Whether a verdict is one that somebody has to look at.
pub(super) fn unexplained(verdict: &str) -> bool {
    matches!(verdict, "undocumented" | "foreign" | "reversed" | "out-of-scope")
}

/// What is shown in one line: ports that the operating system picked differ from flow to flow, and count as
/// one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) initiator: IpAddr,
    pub(super) responder: IpAddr,
    pub(super) protocol: String,
    pub(super) port: Option<u16>,
    pub(super) verdict: String,
}

/// Ports from here on are those that operating systems pick for whoever opens a conversation.
const FIRST_PICKED: u16 = 32_768;

impl Unexplained {
    /// The line that it is shown in.
    pub(super) fn group(&self) -> Group {
        Group {
            initiator: self.initiator,
            responder: self.responder,
            protocol: self.protocol.clone(),
            port: self.port.filter(|port| *port < FIRST_PICKED),
            verdict: self.verdict.clone(),
        }
    }

    /// The nearest rule, in whichever of its forms: an id, or objects with a `rule` and a `why_not`.
    pub(super) fn nearest(&self) -> String {
        let first = self
            .nearest
            .as_array()
            .and_then(|all| all.first())
            .unwrap_or(&self.nearest);
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        match (
            text(&first["rule"]).or_else(|| text(first)),
            text(&first["why_not"]),
        ) {
            (Some(rule), Some(why_not)) => format!("{rule}: {why_not}"),
            (Some(rule), None) => rule,
            (None, _) => "none".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Unexplained;

    fn unexplained(port: u16, nearest: &serde_json::Value) -> Unexplained {
        serde_json::from_value(json!({
            "protocol": "udp", "initiator": "10.0.0.1", "responder": "10.0.0.2", "port": port,
            "verdict": "undocumented", "packets": 1, "flows": 1, "nearest": nearest,
        }))
        .expect("the shape of the contract")
    }

    #[test]
    fn picked_ports_are_one_line_and_others_a_line_each() {
        let group = |port| unexplained(port, &json!(null)).group();
        assert_eq!(group(40_000), group(50_000));
        assert_ne!(group(1433), group(1434));
    }

    #[test]
    fn the_nearest_rule_is_told_in_each_of_its_forms() {
        let nearest = |value| unexplained(1, &value).nearest();
        let object = json!({"rule": "a/b/c", "why_not": "it is another"});
        assert_eq!(
            nearest(json!([object, {"rule": "d/e/f"}])),
            "a/b/c: it is another"
        );
        assert_eq!(nearest(object), "a/b/c: it is another");
        assert_eq!(nearest(json!("a/b/c")), "a/b/c");
        assert_eq!(nearest(json!([])), "none");
        assert_eq!(nearest(json!(null)), "none");
    }
}
