//! Every grade, for the right rule and the right reason; with the reason removed it says `unused`.

use super::evidence::{ESP, End, Told, tcp, udp};
use super::*;
use crate::history::Outage;

const MP_HTTPS: &str = "client/management-point/https";
const NOTIFICATION: &str = "client/management-point/client-notification";
const SUP_HTTPS: &str = "client/software-update-point/https";
const PXE: &str = "client/distribution-point-pxe/tftp";

/// Grade and reason of a rule, from one gateway.
fn graded(site: &Site, told: Told<'_>, id: &str) -> (Grade, String) {
    let audit = site.audit(&[told.evidence]);
    let rule = rule(&audit, id);
    (rule.grade, rule.why.clone())
}

#[test]
fn silence_in_a_long_window_is_unused() {
    let site = Site::new(SITE);
    for id in [MP_HTTPS, NOTIFICATION, SUP_HTTPS] {
        let (grade, why) = graded(&site, Told::new(&site, "gw", 60).seen_apart(), id);
        assert_eq!(grade, Grade::Unused, "{id}: {why}");
        assert!(
            why.starts_with("unused on this gateway: no hit in 60 days observed"),
            "{why}"
        );
    }
}

#[test]
fn an_answered_flow_that_only_the_rule_explains_is_use() {
    let site = Site::new(SITE);
    let talk = |end| {
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.10.1.0/24", "10.20.0.11", tcp(10_123), end)
    };
    let (grade, why) = graded(&site, talk(End::Answered), NOTIFICATION);
    assert_eq!(grade, Grade::Used);
    assert_eq!(
        why,
        "60 flows answered that only this rule explains, last 2026-10-30 00:05"
    );
    for (end, words) in [
        (End::Refused, "60 flows, and none proves use: 60 refused"),
        (End::Silent, "60 flows, and none proves use: 60 not answered"),
        (
            End::OneSided,
            "60 flows, and none proves use: 60 one-sided: answers do not cross this gateway",
        ),
        (
            End::Inferred,
            "60 flows, and none proves use: 60 answered, but it was not seen who opened them",
        ),
    ] {
        assert_eq!(
            graded(&site, talk(end), NOTIFICATION),
            (Grade::Attempted, words.to_owned())
        );
    }
}

#[test]
fn a_scanner_proves_nothing() {
    let site = Site::new(&SITE.replace(
        "[custom-roles]",
        "[[rule]]\nid = \"scan\"\nfrom = \"scanner\"\nto = \"management-point\"\ntcp = 10123\nwhy = \"CHG1\"\n[custom-roles]",
    ));
    let told =
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.10.9.9", "10.20.0.11", tcp(10_123), End::Answered);
    let (grade, why) = graded(&site, told, "scan");
    assert_eq!(grade, Grade::Attempted);
    assert_eq!(
        why,
        "60 flows, and none proves use: 60 only from computers whose hits prove nothing"
    );
    let (grade, _) = graded(&site, Told::new(&site, "gw", 60).seen_apart(), "scan");
    assert_eq!(grade, Grade::Unused);
}

#[test]
fn what_several_rules_explain_is_shared_and_its_openings_settle_it() {
    // A computer that is both: HTTPS may be for the one or for the other.
    let site = Site::new(&SITE.replace("distribution-point = [", "distribution-point = [\"10.20.0.11\", "));
    let told = |end| {
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.10.1.0/24", "10.20.0.11", tcp(443), end)
    };
    let audit = site.audit(&[told(End::Answered).evidence]);
    for (id, other) in [
        (MP_HTTPS, "client/distribution-point/https"),
        ("client/distribution-point/https", MP_HTTPS),
    ] {
        let rule = rule(&audit, id);
        assert_eq!(rule.grade, Grade::Shared, "{}", rule.why);
        assert_eq!(rule.shared_with, [other]);
    }
    let (grade, _) = graded(&site, told(End::Refused), MP_HTTPS);
    assert_eq!(grade, Grade::Attempted);
    let (grade, _) = graded(&site, Told::new(&site, "gw", 60).seen_apart(), MP_HTTPS);
    assert_eq!(grade, Grade::Unused);
    let told: Vec<_> = openings(&audit, MP_HTTPS)
        .into_iter()
        .map(|one| (one.grade, format!("{:?} {:?}", one.sources, one.destinations)))
        .collect();
    let used = (Grade::Used, "[10.10.1.0/24] [10.20.0.11/32]".to_owned());
    assert!(told.contains(&used), "{told:#?}");
    assert_eq!(
        told.iter().filter(|(grade, _)| *grade == Grade::Used).count(),
        1,
        "{told:#?}"
    );
}

#[test]
fn a_range_alone_proves_nothing_and_an_announcement_does() {
    let site = Site::new(SITE);
    let id = "site-server/management-point/rpc";
    let id = if site.compiled.rules.iter().any(|rule| rule.id == id) {
        id
    } else {
        "management-point/site-server/rpc"
    };
    let told = || {
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.30.0.5", "10.20.0.11", tcp(50_000), End::Answered)
    };
    let (grade, why) = graded(&site, told(), id);
    assert_eq!(grade, Grade::Attempted, "{why}");
    assert!(
        why.contains("explained by the range of dynamic ports alone"),
        "{why}"
    );
    assert_eq!(graded(&site, told().announced(), id).0, Grade::Used);
    let silent = Told::new(&site, "gw", 60).seen_apart();
    assert_eq!(graded(&site, silent, id).0, Grade::Unused);
}

#[test]
fn a_window_with_gaps_is_too_short() {
    let site = Site::new(SITE);
    let told = |days| Told::new(&site, "gw", days).seen_apart();
    for (told, grade, words) in [
        (told(7), Grade::Unused, "unused on this gateway: no hit in 7 days"),
        (
            told(7).outage(Outage::DOWN, 10, 37),
            Grade::InsufficientWindow,
            "5 of 7 days observed; 1 day 3 h lost to gaps",
        ),
        // Overlapping gaps are lost once, and what hides nothing is not lost.
        (
            told(8).outage(Outage::DOWN, 10, 30).outage(Outage::LAW, 20, 34),
            Grade::Unused,
            "unused on this gateway: no hit in 7 days",
        ),
        (
            told(7)
                .outage(Outage::TABLE_FULL, 10, 60)
                .outage(Outage::KERNEL_ONLY, 1, 9),
            Grade::Unused,
            "unused on this gateway",
        ),
        (told(6), Grade::InsufficientWindow, "6 of 7 days observed"),
        (
            told(20).since(MP_HTTPS, 15),
            Grade::InsufficientWindow,
            "5 of 7 days observed",
        ),
        (
            told(20).since(MP_HTTPS, 13),
            Grade::Unused,
            "unused on this gateway",
        ),
    ] {
        let (found, why) = graded(&site, told, MP_HTTPS);
        assert_eq!(found, grade, "{why}");
        assert!(why.starts_with(words), "{why}");
    }
}

#[test]
fn a_monthly_rule_needs_a_month_with_a_patch_tuesday() {
    let site = Site::new(SITE);
    let told = |days| Told::new(&site, "gw", days).seen_apart();
    // 2026-09-08 and 2026-10-13 are second Tuesdays.
    for (told, grade, words) in [
        (told(39), Grade::InsufficientWindow, "39 of 40 days observed"),
        (told(40), Grade::Unused, "unused on this gateway"),
        (
            told(41).outage(Outage::DOWN, 7 * 24, 7 * 24 + 13),
            Grade::InsufficientWindow,
            "40 days observed, but no patch Tuesday",
        ),
        (
            told(41).outage(Outage::DOWN, 7 * 24, 7 * 24 + 11),
            Grade::Unused,
            "unused on this gateway",
        ),
    ] {
        let (found, why) = graded(&site, told, SUP_HTTPS);
        assert_eq!(found, grade, "{why}");
        assert!(why.starts_with(words), "{why}");
    }
}

#[test]
fn conditions_cadence_and_standby_explain_silence() {
    let silent = |text: &str, id: &str| {
        let site = Site::new(text);
        let told = Told::new(&site, "gw", 60).seen_apart();
        graded(&site, told, id)
    };
    let with = |line: &str| SITE.replace("[custom-roles]", &format!("{line}\n[custom-roles]"));
    let wsus = "site-server/sql-server-wsus/sql";
    let wsus_site = |stated: &str| {
        with(stated).replace(
            "sql-server = [\"10.30.0.6\"]",
            "sql-server = [\"10.30.0.6\"]\nsql-server-wsus = [\"10.20.0.31\"]",
        )
    };
    for (text, id, grade, words) in [
        (
            SITE.to_owned(),
            PXE,
            Grade::ExpectedIdle,
            "used only while a computer starts over the network",
        ),
        (
            SITE.to_owned(),
            "site-server/sql-server/smb",
            Grade::ExpectedIdle,
            "used only while something is installed or repaired",
        ),
        (
            wsus_site(""),
            wsus,
            Grade::ExpectedIdle,
            "used only where this holds, and the site file does not say whether it does ([conditions] wsus-cleanup)",
        ),
        (
            wsus_site("[conditions]\nwsus-cleanup = true"),
            wsus,
            Grade::Unused,
            "unused on this gateway",
        ),
    ] {
        let (found, why) = silent(&text, id);
        assert_eq!(found, grade, "{id}: {why}");
        assert!(why.starts_with(words), "{id}: {why}");
    }
}

#[test]
fn a_pair_that_does_not_cross_in_the_open_says_nothing() {
    let site = Site::new(SITE);
    let told = || Told::new(&site, "gw", 60).seen_apart();
    let id = "site-server/sql-server/sql";
    assert_eq!(graded(&site, told(), id).0, Grade::Unused);
    for (told, words) in [
        (
            told().unseen("10.30.0.6").seen("10.30.0.6", "inner"),
            "both ends are on the same side of this gateway (inner) in 1 pair",
        ),
        (
            told().unseen("10.30.0.6"),
            "nothing ever came in from an end of 1 pair, so nobody knows",
        ),
        (
            told().talk("10.30.0.5", "10.30.0.6", ESP, End::Answered),
            "1 pair talk inside IPsec or a tunnel",
        ),
        (
            told().talk("10.30.0.6", "10.30.0.5", udp(4500), End::Answered),
            "1 pair talk inside IPsec or a tunnel",
        ),
    ] {
        let (grade, why) = graded(&site, told, id);
        assert_eq!(grade, Grade::NotObservable, "{why}");
        assert!(why.starts_with(words), "{why}");
    }
    let (grade, why) = graded(&site, told(), "client/state-migration-point/https");
    assert_eq!(grade, Grade::NotObservable);
    assert_eq!(why, "no address of the site file holds state-migration-point");
}

#[test]
fn a_packet_without_a_conversation_is_a_hit() {
    let site = Site::new(SITE);
    let mut told =
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.10.1.0/24", "10.20.0.11", tcp(10_123), End::Silent);
    told.evidence.conversations.clear();
    let (grade, why) = graded(&site, told, NOTIFICATION);
    assert_eq!(grade, Grade::Attempted);
    assert!(
        why.contains("of conversations that are not known one by one"),
        "{why}"
    );
}

#[test]
fn an_installation_that_never_ends_is_remarked() {
    let site = Site::new(SITE);
    let told = |days| {
        Told::new(&site, "gw", 60).seen_apart().talk_on(
            "10.30.0.5",
            "10.30.0.6",
            tcp(445),
            End::Answered,
            0..days,
        )
    };
    let id = "site-server/sql-server/smb";
    for (days, remarks) in [
        (3, vec![]),
        (
            4,
            vec![
                "used outside its condition: hits on 4 days, 2026-09-01, 2026-09-02, 2026-09-03, 2026-09-04"
                    .to_owned(),
            ],
        ),
    ] {
        let audit = site.audit(&[told(days).evidence]);
        let rule = rule(&audit, id);
        assert_eq!(rule.grade, Grade::Shared, "{}", rule.why);
        assert_eq!(rule.remarks, remarks);
    }
}
