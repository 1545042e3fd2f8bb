//! What nothing explains, what contradicts the site file, approvals.

use super::evidence::{End, Told, tcp};
use super::*;

/// Contradictions of a site file, after sixty days.
fn contradictions(site: &Site, told: Told<'_>) -> Vec<String> {
    let audit = site.audit(&[told.evidence]);
    let told = audit.contradictions.into_iter().map(|one| match one.place {
        Some(place) => format!("{} ({place})", one.what),
        None => one.what,
    });
    told.collect()
}

#[test]
fn many_that_do_one_thing_are_one_group_with_a_guess() {
    let site = Site::new(SITE);
    let told = Told::new(&site, "gw", 60)
        .seen_apart()
        .talk("10.10.1.7", "10.20.0.11", tcp(3389), End::Answered)
        .talk("10.10.2.9", "10.20.0.12", tcp(3389), End::Refused)
        .talk("10.10.2.9", "10.20.0.12", tcp(4711), End::Refused);
    let audit = site.audit(&[told.evidence]);
    let [desktop, other] = &audit.unexplained[..] else {
        panic!("two groups: {:#?}", audit.unexplained);
    };
    assert_eq!(desktop.initiator_roles, ["client"]);
    assert_eq!(desktop.responder_roles, ["management-point"]);
    assert_eq!((desktop.initiators, desktop.responders), (2, 2));
    assert_eq!((desktop.flows, desktop.answered_flows), (120, 60));
    assert_eq!(desktop.guess.as_deref(), Some("Remote Desktop"));
    assert_eq!((other.port, other.guess.as_deref()), (4711, None));
}

#[test]
fn what_the_site_file_explains_now_is_told_as_that() {
    let site = Site::new(SITE);
    let mut told =
        Told::new(&site, "gw", 60)
            .seen_apart()
            .talk("10.10.1.7", "10.20.0.11", tcp(443), End::Answered);
    // As an older site file judged it.
    told.evidence.verdicts[0].info = crate::compile::VerdictInfo {
        kind: cmflow_common::verdict::VerdictKind::Undocumented,
        rules: Vec::new(),
        basis: None,
    };
    let audit = site.audit(&[told.evidence]);
    assert_eq!(audit.unexplained, []);
    let limit = "60 flows that nothing explained when seen are explained by the site file now";
    assert!(
        audit.limits.iter().any(|one| one.starts_with(limit)),
        "{:#?}",
        audit.limits
    );
}

#[test]
fn a_server_that_answers_nothing_contradicts_its_role() {
    let site = Site::new(SITE);
    let told = |end| {
        let told = Told::new(&site, "gw", 60).seen_apart();
        contradictions(&site, told.talk("10.10.1.0/24", "10.20.0.31", tcp(8531), end))
    };
    assert_eq!(
        told(End::Refused),
        [
            "10.20.0.31 is software-update-point in the site file, was asked 60 times at tcp/8531 and answered nothing \
             (60 refused) (site.toml:10)"
        ]
    );
    for end in [End::Answered, End::OneSided] {
        assert_eq!(told(end), [""; 0]);
    }
}

#[test]
fn somebody_without_a_role_who_answers_many_is_told() {
    let site = Site::new(SITE);
    let told = |asking: u8| {
        (0..asking).fold(Told::new(&site, "gw", 60).seen_apart(), |told, last| {
            told.talk(&format!("10.10.1.{last}"), "10.20.0.40", tcp(8531), End::Answered)
        })
    };
    assert_eq!(
        contradictions(&site, told(5)),
        [
            "10.20.0.40 answers tcp/8531 for 5 computers, and the site file gives it no role; documented there: \
             software-update-point"
        ]
    );
    assert_eq!(contradictions(&site, told(4)), [""; 0]);
}

#[test]
fn a_port_that_was_not_moved_after_all_is_told() {
    let site = Site::new(&format!("{SITE}[ports]\nsql = 14330\n"));
    let told = || {
        let told = Told::new(&site, "gw", 60).seen_apart();
        told.talk("10.30.0.5", "10.30.0.6", tcp(1433), End::Answered)
    };
    assert_eq!(
        contradictions(&site, told()),
        [
            "10.30.0.6 answers at the documented port 1433 (60 flows), and the site file says that sql is 14330 there, \
             which nobody uses"
        ]
    );
    let both = told().talk("10.30.0.5", "10.30.0.6", tcp(14_330), End::Answered);
    assert_eq!(contradictions(&site, both), [""; 0]);
}

#[test]
fn a_condition_that_is_said_not_to_hold_and_is_used_is_told() {
    let site = Site::new(&format!(
        "{SITE}[conditions]\nremote-sql-installation = false\nsql-load-balancer = false\n"
    ));
    let told = |end| {
        let told = Told::new(&site, "gw", 60).seen_apart();
        contradictions(&site, told.talk("10.30.0.5", "10.30.0.6", tcp(445), end))
    };
    assert_eq!(
        told(End::Answered),
        [
            "the site file says that remote-sql-installation does not hold, and 60 flows answered that only its rules would \
             explain: site-server/sql-server/smb (site.toml:18)"
        ]
    );
    assert_eq!(told(End::Refused), [""; 0]);
}

#[test]
fn who_was_never_seen_is_told_by_role() {
    let site = Site::new(SITE);
    let told = Told::new(&site, "gw", 60)
        .seen_apart()
        .unseen("10.20.0.12")
        .unseen("10.10.2.0/24");
    assert_eq!(
        contradictions(&site, told),
        [
            "1 of 2 that the site file gives client were never seen here: 10.10.2.0/24 (site.toml:7)",
            "1 of 2 that the site file gives management-point were never seen here: 10.20.0.12 (site.toml:8)",
        ]
    );
    let short = Told::new(&site, "gw", 6).seen_apart().unseen("10.20.0.12");
    assert_eq!(contradictions(&site, short), [""; 0]);
}

#[test]
fn an_approval_without_a_hit_says_so() {
    let rule =
        "[[rule]]\nid = \"rdp\"\nfrom = \"client\"\nto = \"management-point\"\ntcp = 3389\nwhy = \"CHG7\"\n";
    let site = Site::new(&SITE.replace("[custom-roles]", &format!("{rule}[custom-roles]")));
    let told = || Told::new(&site, "gw", 60).seen_apart();
    let audit = site.audit(&[told().evidence]);
    let [silent] = &audit.approvals[..] else {
        panic!("one approval")
    };
    assert_eq!(silent.remark.as_deref(), Some("never had a hit in this window"));
    let talked = told().talk("10.10.1.0/24", "10.20.0.11", tcp(3389), End::Answered);
    let audit = site.audit(&[talked.evidence]);
    assert_eq!(
        (audit.approvals[0].flows, audit.approvals[0].remark.as_deref()),
        (60, None)
    );
}
