//! What is typed after `/`: words that all have to fit, the same on every tab.

use std::net::IpAddr;

use cmflow_common::verdict::VerdictKind;

use crate::serve::FlowQuery;

/// A filter's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    words: Vec<String>,
}

impl Filter {
    /// From what was typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            words: text.split_whitespace().map(str::to_lowercase).collect(),
        }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a row with these texts is let through: each word stands in one of them.
    #[must_use]
    pub fn fits(&self, texts: &[&str]) -> bool {
        let stands = |word: &String| texts.iter().any(|text| text.to_lowercase().contains(word));
        self.words.iter().all(stands)
    }

    /// What of it the daemon can look for among all flows, into a query; and the words left, which are looked for
    /// among those that it answers.
    #[must_use]
    pub fn ask(&self, query: &mut FlowQuery) -> Self {
        let mut left = Vec::new();
        for word in &self.words {
            match meaning(word) {
                Meaning::Address(address) => query.address.push(address),
                Meaning::Verdict => query.verdict.push(word.clone()),
                Meaning::Rule => query.rule.push(word.clone()),
                Meaning::Role => query.role.push(word.clone()),
                Meaning::Text => left.push(word.clone()),
            }
        }
        Self { words: left }
    }
}

enum Meaning {
    Address(IpAddr),
    Verdict,
    Rule,
    Role,
    /// A part of an address, a service, a state.
    Text,
}

fn meaning(word: &str) -> Meaning {
    const STATES: [&str; 5] = [
        "answered",
        "unanswered",
        "refused",
        "one-sided",
        "no-answer-expected",
    ];
    const PROTOCOLS: [&str; 10] = [
        "tcp", "udp", "icmp", "icmpv6", "esp", "ah", "gre", "sctp", "ipip", "fragment",
    ];
    if let Ok(address) = word.parse::<IpAddr>() {
        return Meaning::Address(address.to_canonical());
    }
    let protocol = word.split('/').next().unwrap_or_default();
    if VerdictKind::ALL.iter().any(|kind| kind.name() == word) {
        Meaning::Verdict
    } else if word.starts_with(|first: char| first.is_ascii_digit())
        || STATES.contains(&word)
        || PROTOCOLS.contains(&protocol)
    {
        Meaning::Text
    } else if word.contains('/') {
        Meaning::Rule
    } else if word.contains(':') {
        Meaning::Text
    } else {
        Meaning::Role
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_asked_for_what_it_can_look_for() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        for (typed, roles, addresses, rules, verdicts, left) in [
            ("", list(&[]), list(&[]), list(&[]), list(&[]), list(&[])),
            (
                " Client ",
                list(&["client"]),
                list(&[]),
                list(&[]),
                list(&[]),
                list(&[]),
            ),
            (
                "10.10.0.5 fd00:20::12",
                list(&[]),
                list(&["10.10.0.5", "fd00:20::12"]),
                list(&[]),
                list(&[]),
                list(&[]),
            ),
            (
                "client/management-point undocumented",
                list(&[]),
                list(&[]),
                list(&["client/management-point"]),
                list(&["undocumented"]),
                list(&[]),
            ),
            (
                "windows-domain:member/",
                list(&[]),
                list(&[]),
                list(&["windows-domain:member/"]),
                list(&[]),
                list(&[]),
            ),
            (
                "tcp/443 10.10. refused fd00:20 443",
                list(&[]),
                list(&[]),
                list(&[]),
                list(&[]),
                list(&["tcp/443", "10.10.", "refused", "fd00:20", "443"]),
            ),
        ] {
            let mut query = FlowQuery::default();
            let rest = Filter::new(typed).ask(&mut query);
            let asked: Vec<String> = query.address.iter().map(ToString::to_string).collect();
            assert_eq!(
                (query.role, asked, query.rule, query.verdict, rest.words),
                (roles, addresses, rules, verdicts, left),
                "{typed}"
            );
        }
    }

    #[test]
    fn all_words_have_to_stand_somewhere() {
        for (typed, fits) in [
            ("", true),
            ("client", true),
            ("CLIENT 443", true),
            ("client 8443", false),
            ("site-server", false),
        ] {
            assert_eq!(Filter::new(typed).fits(&["client", "tcp/443"]), fits, "{typed}");
        }
    }
}
