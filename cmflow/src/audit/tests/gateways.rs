//! Several gateways, computers that stand by, proxies.

use super::evidence::{End, Told, tcp};
use super::*;

const NOTIFICATION: &str = "client/management-point/client-notification";

#[test]
fn unused_is_only_what_is_unused_wherever_it_can_be_seen() {
    let site = Site::new(SITE);
    let used = |name: &str| {
        let told = Told::new(&site, name, 60).seen_apart();
        told.talk("10.10.1.0/24", "10.20.0.11", tcp(10_123), End::Answered)
            .evidence
    };
    let silent = |name: &str| Told::new(&site, name, 60).seen_apart().evidence;
    let blind = |name: &str| Told::new(&site, name, 60).evidence;
    let short = |name: &str| Told::new(&site, name, 3).seen_apart().evidence;
    let graded = |evidence: &[Evidence]| {
        let audit = site.audit(evidence);
        let line = rule(&audit, NOTIFICATION);
        (line.grade, line.why.clone(), line.packets)
    };
    for (evidence, grade, words) in [
        (vec![silent("a"), used("b")], Grade::Used, "b: 60 flows answered"),
        (
            vec![silent("a"), silent("b")],
            Grade::Unused,
            "a: unused on this gateway",
        ),
        (
            vec![silent("a"), blind("b")],
            Grade::Unused,
            "a: unused on this gateway",
        ),
        (
            vec![silent("a"), short("b")],
            Grade::InsufficientWindow,
            "b: 3 of 7 days observed",
        ),
        (
            vec![blind("a"), blind("b")],
            Grade::NotObservable,
            "a: nothing ever came in",
        ),
    ] {
        let (found, why, _) = graded(&evidence);
        assert_eq!(found, grade, "{why}");
        assert!(why.starts_with(words), "{why}");
    }
    let (_, _, packets) = graded(&[used("a"), used("b")]);
    assert_eq!(packets, 1_200);
}

#[test]
fn the_silence_of_who_stands_by_is_expected() {
    let text = |options: &str| {
        let with = format!("{options}\n[custom-roles]");
        SITE.replace("[custom-roles]", &with)
    };
    let id = "client/software-update-point/https";
    for (options, grade) in [
        ("[options]\nstandby = [\"10.20.0.31\"]", Grade::ExpectedIdle),
        ("[options]\nstandby = [\"10.20.0.12\"]", Grade::Unused),
        ("", Grade::Unused),
    ] {
        let site = Site::new(&text(options));
        let audit = site.audit(&[Told::new(&site, "gw", 60).seen_apart().evidence]);
        assert_eq!(rule(&audit, id).grade, grade, "{options}");
    }
    // Of two management points one is used: the other one's openings are idle, not unused.
    for (options, grade) in [
        ("[options]\nstandby = [\"10.20.0.12\"]", Grade::ExpectedIdle),
        ("", Grade::Unused),
    ] {
        let site = Site::new(&text(options));
        let told = Told::new(&site, "gw", 60).seen_apart();
        let told = ["10.10.1.0/24", "10.10.2.0/24"]
            .into_iter()
            .fold(told, |told, from| {
                told.talk(from, "10.20.0.11", tcp(10_123), End::Answered)
            });
        let audit = site.audit(&[told.evidence]);
        assert_eq!(rule(&audit, NOTIFICATION).grade, Grade::Used);
        let other: Vec<_> = openings(&audit, NOTIFICATION)
            .into_iter()
            .filter(|one| one.sources[0].to_string().starts_with("10.10.") && one.grade != Grade::Used)
            .map(|one| (one.grade, format!("{:?}", one.destinations)))
            .collect();
        assert!(
            other.contains(&(grade, "[10.20.0.12/32]".to_owned())),
            "{other:?}"
        );
    }
}

#[test]
fn a_proxy_on_the_same_side_takes_the_internet_out_of_sight() {
    let text = SITE.replace(
        "[custom-roles]",
        "[options]\nproxy = [\"10.20.0.99:8080\"]\n[custom-roles]",
    );
    let site = Site::new(&text);
    let id = "software-update-point/internet/http";
    let seen = |proxy: &str| {
        let told = Told::new(&site, "gw", 60).seen_apart().seen("10.20.0.99", proxy);
        let audit = site.audit(&[told.evidence]);
        let line = rule(&audit, id);
        (line.grade, line.why.clone())
    };
    let (grade, why) = seen("outer");
    assert_eq!(grade, Grade::NotObservable);
    assert!(why.contains("it goes through a proxy on its own side"), "{why}");
    assert_eq!(seen("inner").0, Grade::Unused);
}
