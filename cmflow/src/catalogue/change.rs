//! What became of a rule from one edition to the next, in words.

use super::diff::Change;
use super::model::{Catalogue, OpenedBy, Rule};

impl Change<'_> {
    /// One sentence for each thing that differs; at least one for what [`super::Diff`] calls changed.
    #[must_use]
    pub fn words(&self, catalogue: &Catalogue) -> Vec<String> {
        let (before, after) = (self.before, self.after);
        let mut words = Vec::new();
        let mut instead = |what: &str, old: &str, new: &str| {
            if old != new {
                words.push(format!("{what} {new} instead of {old}"));
            }
        };
        instead("called", &quoted(&before.service), &quoted(&after.service));
        instead("stands in", &place(before), &place(after));
        instead("opened by", opener(before), opener(after));
        let key = |rule: &Rule| rule.setting.clone().unwrap_or_else(|| "nothing".to_owned());
        instead("its port is changed by", &key(before), &key(after));
        instead("holds", before.scope.words(), after.scope.words());
        instead("used", before.cadence.name(), after.cadence.name());
        words.extend(became(&before.udp_words(), &after.udp_words()));
        words.extend(became(&before.tcp_words(), &after.tcp_words()));
        if before.either != after.either && before.udp == after.udp && before.tcp == after.tcp {
            let joined = if after.either {
                "alternatives"
            } else {
                "all needed"
            };
            words.push(format!("its ports are {joined} now"));
        }
        words.extend(came_and_went(
            "ICMP echo",
            [before.icmp_echo, after.icmp_echo].map(|has| if has { vec![()] } else { vec![] }),
            |()| String::new(),
        ));
        let groups = [before.delivery.groups.clone(), after.delivery.groups.clone()];
        words.extend(came_and_went("the group", groups, |group| format!(" {group}")));
        if before.delivery.group_senders != after.delivery.group_senders {
            words.push(format!("its groups are sent to by {}", sender(after)));
        }
        let at_from = [before, after].map(|rule| rule.delivery.udp_at_from.clone());
        words.extend(came_and_went("at the left end UDP", at_from, |range| {
            format!(" {range}")
        }));
        if before.delivery.answered != after.delivery.answered {
            let answered = if after.delivery.answered {
                "answered"
            } else {
                "not answered"
            };
            words.push(format!("it is {answered} now"));
        }
        words.extend(came_and_went(
            "note",
            [before.notes.clone(), after.notes.clone()],
            |note| format!(" {note}"),
        ));
        let conditions = [before.conditions.clone(), after.conditions.clone()];
        words.extend(came_and_went("the condition", conditions, |id| {
            let known = catalogue.conditions.iter().find(|condition| condition.id == *id);
            format!(" \"{}\"", known.map_or(id.as_str(), |condition| &condition.words))
        }));
        words
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

const fn opener(rule: &Rule) -> &'static str {
    match rule.opened_by {
        OpenedBy::From => "the left end",
        OpenedBy::Either => "either end",
    }
}

const fn sender(rule: &Rule) -> &'static str {
    match rule.delivery.group_senders {
        OpenedBy::From => "the left end",
        OpenedBy::Either => "either end",
    }
}

fn place(rule: &Rule) -> String {
    if rule.listed {
        format!("the list {}", rule.section)
    } else if rule.id.strip_prefix(rule.section.as_str()).is_some() {
        "its connection's table".to_owned()
    } else {
        format!("the table {}", rule.section)
    }
}

/// `TCP 443 became 443 or 8531`.
fn became(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    Some(match (before, after) {
        ("", new) => format!("{new} is new"),
        (old, "") => format!("{old} is gone"),
        (old, new) => {
            let ports = new.split_once(' ').map_or(new, |(_, ports)| ports);
            format!("{old} became {ports}")
        }
    })
}

/// What only the second of two lists has is new, what only the first has is gone.
fn came_and_went<T: PartialEq>(
    kind: &str,
    [before, after]: [Vec<T>; 2],
    name: impl Fn(&T) -> String,
) -> Vec<String> {
    let gone = before.iter().filter(|item| !after.contains(item));
    let new = after.iter().filter(|item| !before.contains(item));
    gone.map(|item| format!("{kind}{} is gone", name(item)))
        .chain(new.map(|item| format!("{kind}{} is new", name(item))))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::catalogue::{Cadence, Catalogue, Change, Group, OpenedBy, PortRange, Rule, Scope};

    type Edit = fn(&mut Rule);

    /// Each line changes one thing of a rule and says how it reads.
    #[test]
    fn each_thing_that_may_differ_has_its_words() {
        let catalogue = Catalogue::embedded().expect("the built-in files are good");
        let page = catalogue.edition("current").expect("a built-in edition");
        let before = page
            .rules()
            .find(|rule| rule.id == "client/management-point/https")
            .expect("a rule of the page");
        let table: [(Edit, &str); 18] = [
            (
                |rule| rule.service = "TLS".to_owned(),
                "called \"TLS\" instead of \"HTTPS\"",
            ),
            (
                |rule| (rule.section, rule.listed) = ("own".to_owned(), true),
                "stands in the list own instead of its connection's table",
            ),
            (
                |rule| rule.opened_by = OpenedBy::Either,
                "opened by either end instead of the left end",
            ),
            (
                |rule| rule.setting = None,
                "its port is changed by nothing instead of client-https",
            ),
            (
                |rule| rule.scope = Scope::SameSite,
                "holds both ends in one site instead of any sites of one hierarchy",
            ),
            (
                |rule| rule.cadence = Cadence::OnDemand,
                "used when somebody asks for it instead of all the time",
            ),
            (|rule| rule.udp = vec![PortRange::single(7)], "UDP 7 is new"),
            (|rule| rule.tcp.clear(), "TCP 443 is gone"),
            (
                |rule| (rule.tcp, rule.either) = ([443, 8531].map(PortRange::single).to_vec(), true),
                "TCP 443 became 443 or 8531",
            ),
            (|rule| rule.dynamic = true, "TCP 443 became dynamic"),
            (|rule| rule.icmp_echo = true, "ICMP echo is new"),
            (
                |rule| rule.delivery.groups.push(Group::Broadcast),
                "the group broadcast is new",
            ),
            (
                |rule| rule.delivery.group_senders = OpenedBy::Either,
                "its groups are sent to by either end",
            ),
            (
                |rule| rule.delivery.udp_at_from.push(PortRange::single(546)),
                "at the left end UDP 546 is new",
            ),
            (|rule| rule.delivery.answered = false, "it is not answered now"),
            (|rule| rule.notes.clear(), "note 2 is gone"),
            (|rule| rule.notes.push(5), "note 5 is new"),
            (
                |rule| rule.conditions.push("wake-up".to_owned()),
                "the condition \"Clients are woken by Wake On LAN or by the wake-up proxy.\" is new",
            ),
        ];
        for (change, expected) in table {
            let mut after = before.clone();
            change(&mut after);
            let words = Change {
                before,
                after: &after,
            }
            .words(&catalogue);
            assert_eq!(words, [expected]);
        }
    }

    #[test]
    fn alternatives_that_become_needed_are_said() {
        let catalogue = Catalogue::embedded().expect("the built-in files are good");
        let page = catalogue.edition("current").expect("a built-in edition");
        let before = page
            .rules()
            .find(|rule| rule.either)
            .expect("a rule with alternatives");
        let mut after = before.clone();
        after.either = false;
        let words = Change {
            before,
            after: &after,
        }
        .words(&catalogue);
        assert!(
            words.iter().any(|line| line == "its ports are all needed now"),
            "{words:?}"
        );
    }
}
