//! Every rule of the edition that the site file leaves in, with its grade.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::Gateways;
use super::credited::{ClassPairs, class_pairs};
use super::crossing::{BlockIndex, PairFacts};
use super::demand::Standing;
use super::grade::{self, Graded, Watch, merged};
use super::hits::Hits;
use super::words::{count, some};
use crate::answer::{AuditedRule, DayUse, Grade, Pairs};
use crate::catalogue::{RoleId, RoleKind};
use crate::compile::RuleInfo;
use crate::explain::Book;
use crate::history::date_of;

/// More days with hits than an installation takes.
const INSTALLATION_D: usize = 3;
/// How many days or rules a remark names.
const NAMED: usize = 4;

/// All of them, in the order of the page.
pub(super) fn graded(book: &Book<'_>, gateways: &Gateways<'_>) -> Vec<AuditedRule> {
    let of_rules = class_pairs(book.compiled);
    let mut rules = book.compiled.rules.iter().filter(|rule| !rule.is_left_out());
    let mut told = BTreeSet::new();
    rules
        .by_ref()
        .filter(|rule| told.insert(rule.id.as_str()))
        .map(|rule| one(book, gateways, &of_rules, rule))
        .collect()
}

fn one(book: &Book<'_>, gateways: &Gateways<'_>, of_rules: &ClassPairs<'_>, rule: &RuleInfo) -> AuditedRule {
    let standing = &gateways.standings[&rule.id];
    let blocks = block_pairs(gateways, of_rules.get(rule.id.as_str()));
    let mut all = Hits::default();
    let mut facts = Vec::new();
    let mut grades = Vec::new();
    let mut since: Option<Timestamp> = None;
    let mut observed_s = 0;
    for (index, gateway) in gateways.all.iter().enumerate() {
        let pairs = sum(gateways, index, &blocks);
        let spanning = gateway.spans.get(rule.id.as_str()).copied();
        let from = spanning.unwrap_or(gateway.evidence.to);
        since = Some(since.map_or(from, |since| since.min(from)));
        observed_s = observed_s.max(gateway.observed.seconds_s(from));
        let hits = gateway.hits.get(rule.id.as_str());
        let graded = hits.and_then(grade::of_hits).unwrap_or_else(|| {
            let watch = Watch {
                observed: &gateway.observed,
                since: spanning,
            };
            let unseen = unseen(book, gateways, index, rule, &blocks, &pairs);
            grade::of_silence(&standing.demand, &pairs, &watch, &unseen)
        });
        grades.push((gateway.evidence.gateway.name.as_str(), graded));
        facts.push(pairs);
        if let Some(hits) = hits {
            all.add(hits);
        }
    }
    let Graded { grade, why } = merged(grades);
    let used = all.pairs.len() as u64;
    let pairs = Pairs {
        possible: facts.iter().map(|one| one.possible).max().unwrap_or(0),
        // What was used was seen, whatever is known of where its ends are.
        observable: facts
            .iter()
            .map(|one| one.observable)
            .max()
            .unwrap_or(0)
            .max(used),
        used,
    };
    AuditedRule {
        rule: rule.id.clone(),
        verdict: rule.kind.name().to_owned(),
        service: rule.service.clone(),
        from: book.compiled.role(rule.from).to_owned(),
        to: book.compiled.role(rule.to).to_owned(),
        grade,
        why,
        packets: all.counted.packets,
        bytes: all.counted.bytes,
        flows: all.counted.flows,
        answered_flows: all.counted.answered,
        initiators: all.initiators.values().map(|count| u64::from(*count)).sum(),
        responders: all.responders.values().map(|count| u64::from(*count)).sum(),
        pairs,
        remarks: remarks(standing, &all, grade, &pairs),
        shared_with: all.shared_with.into_iter().collect(),
        first_seen: all.first_seen,
        last_seen: all.last_seen,
        active_days: all.days.len() as u64,
        days: told_days(&all.days),
        since: since.unwrap_or_default(),
        observed_s,
        cadence: super::cadence::name(standing.demand.cadence).to_owned(),
        conditions: standing.conditions.clone(),
    }
}

fn told_days(days: &BTreeMap<i32, u64>) -> Vec<DayUse> {
    let told = days.iter().map(|(day, packets)| DayUse {
        day: date_of(*day),
        packets: *packets,
    });
    told.collect()
}

/// Pairs of blocks between which a rule explains something, the lower one first.
fn block_pairs(
    gateways: &Gateways<'_>,
    classes: Option<&BTreeSet<(u16, u16)>>,
) -> BTreeSet<(BlockIndex, BlockIndex)> {
    let mut pairs = BTreeSet::new();
    for (a, b) in classes.into_iter().flatten() {
        for of_a in gateways.map.of_class(*a) {
            for of_b in gateways.map.of_class(*b) {
                if gateways.map.can_talk(*of_a, *of_b) {
                    pairs.insert((*of_a.min(of_b), *of_a.max(of_b)));
                }
            }
        }
    }
    pairs
}

fn sum(gateways: &Gateways<'_>, gateway: usize, blocks: &BTreeSet<(BlockIndex, BlockIndex)>) -> PairFacts {
    let mut all = PairFacts::default();
    for (a, b) in blocks {
        all.add(&gateways.map.pairs(gateway, *a, *b));
    }
    all
}

/// Why nothing of a rule can be seen, in words; used where no pair is observable.
fn unseen(
    book: &Book<'_>,
    gateways: &Gateways<'_>,
    gateway: usize,
    rule: &RuleInfo,
    blocks: &BTreeSet<(BlockIndex, BlockIndex)>,
    pairs: &PairFacts,
) -> String {
    if pairs.observable > 0 {
        return String::new();
    }
    let nobody = [rule.from, rule.to]
        .into_iter()
        .filter(|role| !is_held(book, *role));
    let nobody: BTreeSet<&str> = nobody.map(|role| book.compiled.role(role)).collect();
    if !nobody.is_empty() {
        let nobody: Vec<_> = nobody.into_iter().collect();
        return format!("no address of the site file holds {}", nobody.join(" nor "));
    }
    if pairs.possible == 0 {
        return if rule.is_possible() && blocks.is_empty() {
            "other rules come first wherever it fits: its flows are counted for them".to_owned()
        } else if rule.is_possible() {
            "only one computer holds its roles: it does not talk to itself across a gateway".to_owned()
        } else {
            "no two computers that hold its roles are in sites between which it is documented".to_owned()
        };
    }
    let mut interfaces = BTreeSet::new();
    for (a, b) in blocks {
        interfaces.extend(gateways.map.same_side(gateway, *a, *b));
    }
    let interfaces: Vec<_> = interfaces.into_iter().collect();
    let by_proxy = !book.site.proxies.is_empty() && is_public(book, rule.to);
    grade::unseen(pairs, &interfaces, by_proxy)
}

/// Whether anybody holds a role, as the one who opens or the one who answers.
fn is_held(book: &Book<'_>, role: RoleId) -> bool {
    let mut classes = book.compiled.classes.iter();
    classes.any(|class| class.as_initiator.contains(role) || class.as_responder.contains(role))
}

fn is_public(book: &Book<'_>, role: RoleId) -> bool {
    let role = book.catalogue.roles.get(usize::from(role.0));
    role.is_some_and(|role| role.kind == RoleKind::Public)
}

fn remarks(standing: &Standing, hits: &Hits, grade: Grade, pairs: &Pairs) -> Vec<String> {
    let mut remarks = Vec::new();
    let days = &hits.conditional;
    if standing.installs && days.len() > INSTALLATION_D {
        let named: Vec<String> = days.iter().map(|day| date_of(*day).to_string()).collect();
        remarks.push(format!(
            "used outside its condition: hits on {} days, {}",
            days.len(),
            some(&named, NAMED)
        ));
    }
    if matches!(grade, Grade::Used | Grade::Shared) && hits.unproven.of_scanners > 0 {
        remarks.push(format!(
            "{} more of computers whose hits prove nothing",
            count(hits.unproven.of_scanners, "flow")
        ));
    }
    if grade == Grade::Unused && pairs.observable < pairs.possible {
        remarks.push(format!(
            "{} of {} cross here; of the others nothing is said",
            pairs.observable,
            count(pairs.possible, "pair")
        ));
    }
    remarks
}

/// Roles that the ends of rules name, among those of classes.
pub(super) fn roles_at<'a>(
    book: &Book<'a>,
    rules: &HashMap<&str, &RuleInfo>,
    ids: &[String],
    (classes, opens): (&BTreeSet<u16>, bool),
) -> Vec<String> {
    let ends = ids.iter().filter_map(|id| rules.get(id.as_str()));
    let ends: BTreeSet<RoleId> = ends.flat_map(|rule| [rule.from, rule.to]).collect();
    let mut roles = BTreeSet::new();
    for class in classes {
        let class = &book.compiled.classes[usize::from(*class)];
        let held = if opens {
            class.as_initiator
        } else {
            class.as_responder
        };
        let named: Vec<RoleId> = ends.iter().copied().filter(|role| held.contains(*role)).collect();
        roles.extend(named);
    }
    roles
        .into_iter()
        .map(|role| book.compiled.role(role).to_owned())
        .collect()
}
