//! Who speaks to whom, by role: the diagram of the page as a matrix, from the counters of rules and of groups. Both
//! only ever grow, so that rates hold however many flows come and go.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::groups::group_name;
use crate::answer::{RuleCount, UnexplainedGroup};
use crate::top::filter::Filter;
use crate::top::rate::Rate;

/// What goes from one role to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Rules and services in it, the fastest first.
    pub parts: Vec<Part>,
}

/// One rule, or one service that nothing explains, in a [`Cell`].
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Id of the rule, or `tcp/3389`.
    pub name: String,
    /// The verdict.
    pub verdict: String,
    /// Bytes so far.
    pub bytes: u64,
    /// Flows so far.
    pub flows: u64,
    /// How fast it is; nothing where that is not known yet.
    pub rate: Option<Rate>,
}

impl Part {
    /// Whether nothing explains it.
    #[must_use]
    pub fn is_unexplained(&self) -> bool {
        matches!(&*self.verdict, "undocumented" | "reversed" | "foreign")
    }
}

impl Cell {
    /// How fast all of it is; nothing where that is not known of any part.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        let known = self.parts.iter().filter_map(|part| part.rate);
        known.reduce(Rate::plus)
    }

    /// Whether nothing explains a part of it.
    #[must_use]
    pub fn is_unexplained(&self) -> bool {
        self.parts.iter().any(Part::is_unexplained)
    }

    /// Bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Shares of bytes by verdict in percent, the largest first.
    #[must_use]
    pub fn mix(&self) -> Vec<(&str, u64)> {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for part in &self.parts {
            *sums.entry(&part.verdict).or_default() += part.bytes;
        }
        let all = u128::from(self.bytes().max(1));
        let share = |bytes| u64::try_from(u128::from(bytes) * 100 / all).unwrap_or_default();
        let mut mix: Vec<_> = sums
            .into_iter()
            .map(|(verdict, bytes)| (verdict, share(bytes)))
            .collect();
        mix.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
        mix
    }
}

/// Source roles by destination roles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// Roles that open, those with something unexplained first.
    pub sources: Vec<String>,
    /// Roles that answer, those with something unexplained first.
    pub destinations: Vec<String>,
    /// What goes between them, by their places.
    pub cells: BTreeMap<(usize, usize), Cell>,
    /// Own rules, which name no roles by their ids: counted, but in no cell.
    pub own: Vec<Part>,
}

/// The matrix of what a filter and a verdict let through.
#[must_use]
pub fn matrix(
    rules: &[RuleCount],
    rule_rates: &HashMap<String, Rate>,
    groups: &[UnexplainedGroup],
    group_rates: &HashMap<String, Rate>,
    (filter, verdict): (&Filter, Option<&str>),
) -> Matrix {
    let mut cells: BTreeMap<(String, String), Cell> = BTreeMap::new();
    let mut own = Vec::new();
    let wanted = |part: &Part, from: &str, to: &str| {
        verdict.is_none_or(|verdict| part.verdict == verdict)
            && filter.fits(&[from, to, &part.name, &part.verdict])
    };
    for rule in rules.iter().filter(|rule| rule.packets > 0) {
        let part = Part {
            name: rule.rule.clone(),
            verdict: rule.verdict.clone(),
            bytes: rule.bytes,
            flows: rule.flows,
            rate: rule_rates.get(&rule.rule).copied(),
        };
        match ends_of(&rule.rule) {
            Some((from, to)) if wanted(&part, from, to) => {
                cells
                    .entry((from.to_owned(), to.to_owned()))
                    .or_default()
                    .parts
                    .push(part);
            }
            None if wanted(&part, "", "") => own.push(part),
            _ => {}
        }
    }
    for group in groups {
        // The telling role stands first.
        let role = |roles: &[String]| roles.first().map_or("no role", String::as_str).to_owned();
        let (from, to) = (role(&group.initiator_roles), role(&group.responder_roles));
        let part = Part {
            name: format!("{}/{}", group.protocol, group.port),
            verdict: group.verdict.clone(),
            bytes: group.bytes,
            flows: group.flows,
            rate: group_rates.get(&group_name(group)).copied(),
        };
        if wanted(&part, &from, &to) {
            cells.entry((from, to)).or_default().parts.push(part);
        }
    }
    for cell in cells.values_mut() {
        cell.parts.sort_by_key(|part| {
            (
                !part.is_unexplained(),
                super::by_rate(part.rate),
                std::cmp::Reverse(part.bytes),
            )
        });
    }
    placed(cells, own)
}

/// The roles that a rule's id names, where it does.
fn ends_of(rule: &str) -> Option<(&str, &str)> {
    let connection = rule.rsplit_once(':').map_or(rule, |(_, connection)| connection);
    let mut parts = connection.split('/');
    let (from, to, _service) = (parts.next()?, parts.next()?, parts.next()?);
    Some((from, to))
}

fn placed(cells: BTreeMap<(String, String), Cell>, own: Vec<Part>) -> Matrix {
    let order = |of: fn(&(String, String)) -> &String| -> Vec<String> {
        let bad = |role: &String| {
            let mut cells = cells.iter();
            cells.any(|(ends, cell)| of(ends) == role && cell.is_unexplained())
        };
        let roles: BTreeSet<&String> = cells.keys().map(of).collect();
        let (first, then): (Vec<_>, Vec<_>) = roles.into_iter().partition(|role| bad(role));
        first.into_iter().chain(then).cloned().collect()
    };
    let (sources, destinations) = (order(|(from, _)| from), order(|(_, to)| to));
    let place =
        |roles: &[String], role: &String| roles.iter().position(|one| one == role).unwrap_or_default();
    let cells = cells
        .into_iter()
        .map(|((from, to), cell)| ((place(&sources, &from), place(&destinations, &to)), cell))
        .collect();
    Matrix {
        sources,
        destinations,
        cells,
        own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::sample;

    #[test]
    fn rules_and_groups_meet_in_the_cell_of_their_roles() {
        let rules = [
            sample::rule("client/management-point/http", 3000),
            sample::rule("client/management-point/https", 6000),
            sample::rule("windows-domain:member/domain-controller/dns", 10),
            sample::rule("backup-agent", 5),
            sample::rule("client/distribution-point/http", 0),
        ];
        let groups = [
            sample::group(&["client"], &["management-point", "site-system"], 3389, 1000),
            sample::group(&[], &["sql-server"], 1433, 50),
        ];
        let rate = |bytes| Rate { packets: 1.0, bytes };
        let rates = HashMap::from([("client/management-point/http".to_owned(), rate(20.0))]);
        let group_rates = HashMap::from([(group_name(&groups[0]), rate(5.0))]);
        let none = Filter::default();
        let found = matrix(&rules, &rates, &groups, &group_rates, (&none, None));
        assert_eq!(
            found.sources,
            ["client", "no role", "member"],
            "unexplained ones first"
        );
        assert_eq!(
            found.destinations,
            ["management-point", "sql-server", "domain-controller"]
        );
        let cell = &found.cells[&(0, 0)];
        let names: Vec<_> = cell.parts.iter().map(|part| &*part.name).collect();
        assert_eq!(
            names,
            [
                "tcp/3389",
                "client/management-point/http",
                "client/management-point/https"
            ]
        );
        assert_eq!(
            cell.rate(),
            Some(Rate {
                packets: 2.0,
                bytes: 25.0
            })
        );
        assert_eq!(cell.mix(), [("documented", 90), ("undocumented", 10)]);
        assert_eq!(found.own.len(), 1);

        let one = matrix(
            &rules,
            &rates,
            &groups,
            &group_rates,
            (&none, Some("undocumented")),
        );
        assert_eq!(one.cells.len(), 2);
        let typed = Filter::new("domain-controller");
        let one = matrix(&rules, &rates, &groups, &group_rates, (&typed, None));
        assert_eq!(one.cells.len(), 1);
        assert_eq!(matrix(&[], &rates, &[], &rates, (&none, None)), Matrix::default());
    }
}
