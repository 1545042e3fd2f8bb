//! Which rules explain which flows: for each pair of endpoint classes and each port class, one verdict.

use std::collections::{BTreeMap, HashMap};

use cmflow_common::gateway::{Endpoint, PortClass, port_index};
use cmflow_common::judge::unexplained;
use cmflow_common::memory::QuickMap;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{Judgement, VerdictId, VerdictKind};
use serde::{Deserialize, Serialize};

use crate::catalogue::{OpenedBy, RoleId};
use crate::site::{Rpc, SiteModel};

use super::ports::{PortClasses, PortSet};
use super::rules::EffectiveRule;
use super::{ClassInfo, CompileError, RoleSet, RuleInfo};

/// How many verdicts there are counters for, the built-in ones included.
pub const VERDICT_CAPACITY: usize = 8192;

/// Why a rule was taken to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The port is a documented one.
    Port,
    /// The port lies in a range out of which the operating system picks.
    Range,
    /// An ICMP echo.
    Icmp,
    /// The port lies in such a range, and a conversation with the endpoint mapper announced it.
    Expectation,
}

impl Basis {
    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Range => "range",
            Self::Icmp => "icmp",
            Self::Expectation => "expectation",
        }
    }
}

/// What a verdict number stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VerdictInfo {
    /// Its kind.
    pub kind: VerdictKind,
    /// Ids of its rules, sorted; for a reversed one the rules whose other end should have opened.
    pub rules: Vec<String>,
    /// Why they fit; nothing for the built-in ones.
    pub basis: Option<Basis>,
}

/// Verdicts and where they apply.
pub(super) struct Verdicts {
    pub(super) judgements: QuickMap<(u16, u16, u16), Judgement>,
    pub(super) infos: Vec<VerdictInfo>,
}

/// Rules between one pair of classes, as indices: those that fit, and those that would if either end might
/// open.
#[derive(Default)]
struct Fitting {
    forward: Vec<usize>,
    turned: Vec<usize>,
}

/// What was found for one port class.
#[derive(Default)]
struct Found {
    port: PortClass,
    forward: Option<VerdictId>,
    turned: Option<VerdictId>,
    /// Where an endpoint mapper announced the connection.
    expected: Option<VerdictId>,
    /// A range explains it, which the site file does not take for enough.
    range_alone: bool,
}

/// Judges every pair of classes between which a rule has a say, and counts the pairs of each rule.
pub(super) fn judge_pairs(
    site: &SiteModel,
    rules: &mut [EffectiveRule],
    classes: &[ClassInfo],
    ports: &PortClasses,
    previous: &[VerdictInfo],
) -> Result<Verdicts, CompileError> {
    let pairs = fitting_pairs(site, rules, classes);
    let mut numbers = Numbers::following(previous);
    let mut judgements = QuickMap::default();
    // Many pairs have the same rules at the same ports: 200 distribution points are judged once.
    let mut judged: HashMap<(u16, Vec<usize>, Vec<usize>), Vec<Found>> = HashMap::new();
    for ((initiator, responder), fitting) in pairs {
        let profile = classes[usize::from(responder)].profile_from(&classes[usize::from(initiator)]);
        for rule in &fitting.forward {
            let rule = &mut rules[*rule];
            rule.info.pairs += usize::from(!rule.ports[usize::from(profile)].is_empty());
        }
        let ends =
            [initiator, responder].map(|class| Endpoint::new(class, classes[usize::from(class)].flags()));
        let key = (profile, fitting.forward, fitting.turned);
        if !judged.contains_key(&key) {
            let sides = [&key.1[..], &key.2[..]];
            let found = judge(site, rules, ports, &mut numbers, profile, sides)?;
            judged.insert(key.clone(), found);
        }
        for found in &judged[&key] {
            if let Some(judgement) = judgement(found, ends) {
                judgements.insert(
                    (initiator, responder, found.port.0 & PortClass::NUMBER),
                    judgement,
                );
            }
        }
    }
    Ok(Verdicts {
        judgements,
        infos: numbers.infos,
    })
}

/// Reversed comes after opaque and local in precedence, and never from an inferred initiator.
fn judgement(found: &Found, [initiator, responder]: [Endpoint; 2]) -> Option<Judgement> {
    let expected = found.expected.unwrap_or(VerdictId::NOT_EXPECTED);
    let unexplained = unexplained(initiator, responder, found.port);
    let (seen, inferred) = match (found.forward, found.turned) {
        (Some(verdict), _) => (verdict, verdict),
        (None, Some(turned)) if !found.range_alone => match unexplained {
            VerdictId::OPAQUE | VerdictId::LOCAL => (unexplained, unexplained),
            _ => (VerdictId(turned.0 | VerdictId::REVERSED), unexplained),
        },
        _ if found.expected.is_some() => (unexplained, unexplained),
        _ => return None,
    };
    Some(Judgement {
        expected,
        ..Judgement::new(seen, inferred)
    })
}

fn fitting_pairs(
    site: &SiteModel,
    rules: &[EffectiveRule],
    classes: &[ClassInfo],
) -> BTreeMap<(u16, u16), Fitting> {
    let holders = |role: RoleId, roles: fn(&ClassInfo) -> RoleSet| -> Vec<u16> {
        let numbered = (0_u16..)
            .zip(classes)
            .filter(|(_, class)| roles(class).contains(role));
        numbered.map(|(number, _)| number).collect()
    };
    let mut pairs: BTreeMap<(u16, u16), Fitting> = BTreeMap::new();
    let numbered = rules.iter().enumerate();
    for (index, rule) in numbered.filter(|(_, rule)| !rule.info.is_left_out()) {
        let info = &rule.info;
        let in_scope = |a: u16, b: u16| {
            let [a, b] = [a, b].map(|class| classes[usize::from(class)].site);
            site.in_scope(info.scope, a, b)
        };
        for sender in group_senders(rule) {
            let groups = (0_u16..).zip(classes).filter(|(_, class)| reaches(info, class));
            let groups: Vec<u16> = groups.map(|(number, _)| number).collect();
            for initiator in holders(sender, |class| class.as_initiator) {
                if !info.lets_open(sender, &classes[usize::from(initiator)]) {
                    continue;
                }
                for group in groups.iter().copied().filter(|group| in_scope(initiator, *group)) {
                    let fitting = pairs.entry((initiator, group)).or_default();
                    if fitting.forward.last() != Some(&index) {
                        fitting.forward.push(index);
                    }
                }
            }
        }
        for (asking, answering, as_printed) in [(info.from, info.to, true), (info.to, info.from, false)] {
            let responders = holders(answering, |class| class.as_responder);
            for initiator in holders(asking, |class| class.as_initiator) {
                let may_open = (as_printed || info.opened_by == OpenedBy::Either)
                    && info.lets_open(asking, &classes[usize::from(initiator)]);
                for responder in responders.iter().copied().filter(|r| in_scope(initiator, *r)) {
                    let fitting = pairs.entry((initiator, responder)).or_default();
                    if fitting.forward.last() == Some(&index) {
                        // Roles at both ends fit both ways round.
                    } else if may_open {
                        fitting.forward.push(index);
                    } else if !rule.never_reversed {
                        fitting.turned.push(index);
                    }
                }
            }
        }
    }
    pairs
}

/// Roles that send to the groups of a rule, where the site file names somebody at the other end who hears it.
fn group_senders(rule: &EffectiveRule) -> impl Iterator<Item = RoleId> {
    let RuleInfo {
        from, to, delivery, ..
    } = &rule.info;
    let [at_from, at_to] = rule.heard;
    let both = delivery.group_senders == OpenedBy::Either;
    let senders = [(*from, at_to), (*to, both && at_from)];
    let sending = !delivery.groups.is_empty();
    let senders = senders.into_iter().filter(move |(_, sends)| sending && *sends);
    senders.map(|(sender, _)| sender)
}

fn reaches(rule: &RuleInfo, class: &ClassInfo) -> bool {
    class.group.is_some_and(|group| rule.delivery.reaches(group))
}

/// Collects, for each port class that one of the rules covers at a responder of that profile, the rules.
fn judge(
    site: &SiteModel,
    rules: &[EffectiveRule],
    ports: &PortClasses,
    numbers: &mut Numbers,
    profile: u16,
    [forward, turned]: [&[usize]; 2],
) -> Result<Vec<Found>, CompileError> {
    let mut covered: BTreeMap<u16, (PortClass, [Vec<Candidate>; 2])> = BTreeMap::new();
    let mut mappers = Vec::new();
    for (side, indices) in [forward, turned].into_iter().enumerate() {
        for rule in indices.iter().map(|index| &rules[*index]) {
            for set in &rule.ports[usize::from(profile)] {
                for class in &ports.of_set[set] {
                    let entry = covered.entry(class.0 & PortClass::NUMBER);
                    let (_, sides) = entry.or_insert_with(|| (*class, Default::default()));
                    sides[side].push(Candidate::new(rule, set));
                }
                if side == 0 && set.is_endpoint_mapper() {
                    mappers.push(Candidate::new(rule, set));
                }
            }
        }
    }
    let announced = ports.dynamic.get(usize::from(profile));
    for class in announced.into_iter().flatten().filter(|_| !mappers.is_empty()) {
        covered
            .entry(class.0 & PortClass::NUMBER)
            .or_insert_with(|| (*class, Default::default()));
    }
    let found = covered.into_values().map(|(port, [forward, turned])| {
        // What the user approves takes nothing from the documents: an announced connection stays theirs.
        let documented = forward
            .iter()
            .filter(|candidate| candidate.rank.0 != VerdictKind::Approved);
        let best = documented.map(|candidate| candidate.rank.1).min();
        let can_be_announced = best.is_none_or(|basis| basis == Basis::Range)
            && announced.is_some_and(|classes| classes.contains(&port));
        let range_is_not_enough = best == Some(Basis::Range) && site.rpc == Rpc::Strict;
        let enough = forward
            .iter()
            .filter(|one| !range_is_not_enough || one.rank.1 != Basis::Range);
        let enough: Vec<_> = enough.copied().collect();
        let range_alone = range_is_not_enough && enough.is_empty();
        let mut number = |info: Option<VerdictInfo>| info.map(|info| numbers.of(info)).transpose();
        Ok(Found {
            port,
            expected: number(if can_be_announced {
                expected(&mappers, &forward)
            } else {
                None
            })?,
            forward: number(credited(&enough, false))?,
            turned: number(credited(&turned, true))?,
            range_alone,
        })
    });
    found.collect()
}

/// The verdict of a connection to a dynamic port that a conversation with the endpoint mapper announced: the kind of
/// that conversation, by the dynamic rows of that kind. Where the page has the endpoint mapper without a dynamic row,
/// by the rule of the endpoint mapper itself.
fn expected(mappers: &[Candidate<'_>], dynamic: &[Candidate<'_>]) -> Option<VerdictInfo> {
    let (kind, _) = mappers.iter().map(|candidate| candidate.rank).min()?;
    let of_kind = |candidates: &[Candidate<'_>]| -> Vec<String> {
        let rules = candidates.iter().filter(|candidate| candidate.rank.0 == kind);
        let mut rules: Vec<_> = rules.map(|candidate| candidate.rule.to_owned()).collect();
        rules.sort();
        rules.dedup();
        rules
    };
    let rules = match of_kind(dynamic) {
        none if none.is_empty() => of_kind(mappers),
        rules => rules,
    };
    Some(VerdictInfo {
        kind,
        rules,
        basis: Some(Basis::Expectation),
    })
}

#[derive(Clone, Copy)]
struct Candidate<'a> {
    /// What decides which candidates are credited: the kind's precedence, then fixed before dynamic.
    rank: (VerdictKind, Basis),
    rule: &'a str,
}

impl<'a> Candidate<'a> {
    fn new(rule: &'a EffectiveRule, set: &PortSet) -> Self {
        let echo = set
            .ranges
            .iter()
            .all(|(first, _)| *first >= port_index(protocol::ICMP, 0));
        let basis = match (set.dynamic, echo) {
            (true, _) => Basis::Range,
            (false, true) => Basis::Icmp,
            (false, false) => Basis::Port,
        };
        Self {
            rank: (rule.info.kind, basis),
            rule: &rule.info.id,
        }
    }
}

/// The verdict of the best candidates, all of them: nothing picks one silently.
fn credited(candidates: &[Candidate<'_>], reversed: bool) -> Option<VerdictInfo> {
    let best = candidates.iter().map(|candidate| candidate.rank).min()?;
    let rules = candidates.iter().filter(|candidate| candidate.rank == best);
    let mut rules: Vec<_> = rules.map(|candidate| candidate.rule.to_owned()).collect();
    rules.sort();
    rules.dedup();
    let kind = if reversed { VerdictKind::Reversed } else { best.0 };
    Some(VerdictInfo {
        kind,
        rules,
        basis: Some(best.1),
    })
}

/// Numbers verdicts, after those that exist already.
struct Numbers {
    numbers: HashMap<VerdictInfo, VerdictId>,
    infos: Vec<VerdictInfo>,
}

impl Numbers {
    fn following(previous: &[VerdictInfo]) -> Self {
        let first = usize::from(VerdictId::FIRST_COMPILED.0);
        let builtin = (0..VerdictId::FIRST_COMPILED.0).map(|number| VerdictInfo {
            // Reserved numbers are never given; they read as the kind that says least.
            kind: VerdictId(number).builtin().unwrap_or(VerdictKind::OutOfScope),
            rules: Vec::new(),
            basis: None,
        });
        let infos: Vec<_> = builtin.chain(previous.iter().skip(first).cloned()).collect();
        let compiled = (0_u16..).zip(&infos).skip(first);
        let numbers = compiled
            .map(|(number, info)| (info.clone(), VerdictId(number)))
            .collect();
        Self { numbers, infos }
    }

    fn of(&mut self, info: VerdictInfo) -> Result<VerdictId, CompileError> {
        if let Some(number) = self.numbers.get(&info) {
            return Ok(*number);
        }
        if self.infos.len() >= VERDICT_CAPACITY {
            return Err(CompileError::TooManyVerdicts);
        }
        let number = u16::try_from(self.infos.len()).map_err(|_| CompileError::TooManyVerdicts)?;
        self.infos.push(info.clone());
        self.numbers.insert(info, VerdictId(number));
        Ok(VerdictId(number))
    }
}
