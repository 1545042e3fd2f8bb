//! What holds of every audit, whatever was seen.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::evidence::{ESP, End, Told, net, tcp, udp};
use super::*;
use crate::audit::hits::explains;
use crate::history::Outage;

static COMPANY: LazyLock<Site> = LazyLock::new(|| Site::new(SITE));

/// Who may talk: documented, shared, dynamic, undocumented, hidden.
const TALKS: [(&str, &str, (u8, u16)); 11] = [
    ("10.10.1.0/24", "10.20.0.11", tcp(443)),
    ("10.10.2.0/24", "10.20.0.12", tcp(10_123)),
    ("10.10.1.0/24", "10.20.0.21", tcp(443)),
    ("10.10.1.0/24", "10.20.0.31", tcp(8531)),
    ("10.10.9.9", "10.20.0.11", tcp(443)),
    ("10.20.0.11", "10.30.0.6", tcp(1433)),
    ("10.30.0.5", "10.20.0.11", tcp(50_000)),
    ("10.30.0.5", "10.20.0.21", tcp(445)),
    ("10.10.1.0/24", "10.20.0.22", udp(69)),
    ("10.10.1.0/24", "10.20.0.11", tcp(3389)),
    ("10.30.0.5", "10.30.0.6", ESP),
];
const ENDS: [End; 5] = [
    End::Answered,
    End::Inferred,
    End::Refused,
    End::Silent,
    End::OneSided,
];

/// A conversation: which, how it went, its first day and how many.
type Talk = (usize, usize, i64, i64);

fn talks() -> impl Strategy<Value = Vec<Talk>> {
    prop::collection::vec((0..TALKS.len(), 0..ENDS.len(), 0..40_i64, 1..9_i64), 0..6)
}

fn told<'a>(site: &'a Site, name: &str, days: i64, seen: bool, talks: &[Talk]) -> Told<'a> {
    let told = Told::new(site, name, days);
    let told = if seen { told.seen_apart() } else { told };
    talks.iter().fold(told, |told, (which, end, first, count)| {
        let (from, to, service) = TALKS[*which];
        let first = (*first).min(days - 1);
        let last = (first + count).min(days);
        told.talk_on(from, to, service, ENDS[*end], first..last)
    })
}

/// Rules that a conversation proves to be used, alone or with others.
fn proven(told: &Told<'_>) -> Vec<String> {
    let evidence = &told.evidence;
    let proving = evidence.conversations.iter().filter(|one| {
        let info = &evidence.verdicts[one.key.verdict as usize].info;
        one.total.proving > 0
            && one.key.initiator != net("10.10.9.9")
            && explains(info.kind)
            && info.basis != Some(crate::compile::Basis::Range)
    });
    let rules = proving.flat_map(|one| &evidence.verdicts[one.key.verdict as usize].info.rules);
    rules.cloned().collect()
}

/// A text of an audit without the order of what was given.
fn summary(audit: &Audit) -> String {
    let rules = audit.rules.iter().map(|rule| format!("{rule:?}\n"));
    let openings = audit.openings.iter().map(|opening| format!("{opening:?}\n"));
    let groups = audit.unexplained.iter().map(|group| format!("{group:?}\n"));
    rules.chain(openings).chain(groups).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_proven_is_never_unused_and_more_evidence_never_makes_it_so(
        some in talks(), more in talks(), days in 1..70_i64, seen: bool, hours in 0..400_i64,
    ) {
        let site = &*COMPANY;
        let before = told(site, "gw", days, seen, &some);
        let all: Vec<Talk> = some.iter().chain(&more).copied().collect();
        let after = told(site, "gw", days, true, &all).outage(Outage::DOWN, hours, hours + 30);
        let proven = [&before, &after].map(proven);
        let audits = [before, after].map(|told| site.audit(&[told.evidence]));
        for (audit, proven) in audits.iter().zip(&proven) {
            for id in proven {
                let line = rule(audit, id);
                prop_assert!(matches!(line.grade, Grade::Used | Grade::Shared), "{id}: {:?}", line);
                let used = openings(audit, id).iter().any(|one| one.grade == Grade::Used);
                prop_assert!(used, "{id} is proven and none of its openings is used");
            }
            for line in &audit.rules {
                prop_assert!(line.pairs.used <= line.pairs.possible.max(line.pairs.used));
                prop_assert!(line.pairs.observable <= line.pairs.possible, "{:?}", line);
                if line.grade == Grade::Unused {
                    prop_assert!(line.packets == 0 && line.pairs.observable > 0, "{:?}", line);
                }
            }
        }
        for line in audits[0].rules.iter().filter(|line| line.grade == Grade::Used) {
            let grade = rule(&audits[1], &line.rule).grade;
            prop_assert_eq!(grade, Grade::Used, "{}", &line.rule);
        }
    }

    #[test]
    fn gateways_merge_whatever_their_order(
        a in talks(), b in talks(), days in 1..70_i64, seen: bool,
    ) {
        let site = &*COMPANY;
        let one = told(site, "a", days, true, &a).evidence;
        let other = told(site, "b", 40, seen, &b).evidence;
        let alone = [one.clone(), other.clone()].map(|one| site.audit(&[one]));
        let both = site.audit(&[one.clone(), other.clone()]);
        let turned = site.audit(&[other, one]);
        prop_assert_eq!(summary(&both), summary(&turned));
        for line in &both.rules {
            let [a, b] = [0, 1].map(|index| rule(&alone[index], &line.rule).grade);
            prop_assert_eq!(line.grade, a.min(b), "{}", &line.rule);
        }
    }
}
