//! Rules that are used only sometimes, and what the site file states of that.

use cmflow_common::verdict::VerdictKind::{self, Documented, Reversed, Undocumented};

use super::meaning::check;
use super::{Pair, address, compile_text};

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6"]
sql-server-wsus = ["10.30.0.7"]
distribution-point = ["10.20.0.11"]
"#;

/// What stands under `[conditions]`; the flow; its verdict and its rules.
type Case = (&'static str, &'static str, VerdictKind, &'static [&'static str]);

const CASES: [Case; 15] = [
    // Site server -> SQL Server while a site with a remote database is being installed.
    (
        "",
        "10.30.0.5 10.30.0.6 tcp/445",
        Documented,
        &[
            "site-server/sql-server/load-balancer-smb",
            "site-server/sql-server/smb",
        ],
    ),
    (
        "remote-sql-installation = true",
        "10.30.0.5 10.30.0.6 tcp/445",
        Documented,
        &[
            "site-server/sql-server/load-balancer-smb",
            "site-server/sql-server/smb",
        ],
    ),
    // One of two rules is left out: the other one explains it as before.
    (
        "remote-sql-installation = false",
        "10.30.0.5 10.30.0.6 tcp/445",
        Documented,
        &["site-server/sql-server/load-balancer-smb"],
    ),
    (
        "remote-sql-installation = false\nsql-load-balancer = false",
        "10.30.0.5 10.30.0.6 tcp/445",
        Undocumented,
        &[],
    ),
    // The standing table between the same two is untouched.
    (
        "remote-sql-installation = false\nsql-load-balancer = false",
        "10.30.0.5 10.30.0.6 tcp/1433",
        Documented,
        &["site-server/sql-server/sql"],
    ),
    // Toward the wrong end there is nothing to reverse either.
    (
        "remote-sql-installation = false\nsql-load-balancer = false",
        "10.30.0.6 10.30.0.5 tcp/445",
        Undocumented,
        &[],
    ),
    (
        "",
        "10.30.0.6 10.30.0.5 tcp/445",
        Reversed,
        &[
            "site-server/sql-server/load-balancer-smb",
            "site-server/sql-server/smb",
        ],
    ),
    // Installation list: either end opens SMB; the table beside it knows the site server only.
    (
        "",
        "10.20.0.11 10.30.0.5 tcp/445",
        Documented,
        &["distribution-point/site-server/smb-installation"],
    ),
    (
        "internet-based-installation = false",
        "10.20.0.11 10.30.0.5 tcp/445",
        Reversed,
        &["site-server/distribution-point/smb"],
    ),
    // Note 3: the site server reaches the database of WSUS for WSUS cleanup alone.
    (
        "",
        "10.30.0.5 10.30.0.7 tcp/1433",
        Documented,
        &["site-server/sql-server-wsus/sql"],
    ),
    (
        "wsus-cleanup = false",
        "10.30.0.5 10.30.0.7 tcp/1433",
        Undocumented,
        &[],
    ),
    // The wake-up proxy asks other clients, by its port and by echoes.
    (
        "",
        "10.10.1.1 10.10.1.2 udp/25536",
        Documented,
        &["client/client/wake-up-proxy"],
    ),
    (
        "wake-up = false",
        "10.10.1.1 10.10.1.2 udp/25536",
        Undocumented,
        &[],
    ),
    ("wake-up = false", "10.10.1.1 10.10.1.2 icmp/0", Undocumented, &[]),
    (
        "windows-pe-peer-cache = false",
        "10.10.1.1 10.10.1.2 udp/25536",
        Documented,
        &["client/client/wake-up-proxy"],
    ),
];

#[test]
fn a_rule_whose_condition_does_not_hold_explains_nothing() {
    for (stated, flow, verdict, rules) in CASES {
        check(
            &format!("{SITE}[conditions]\n{stated}\n"),
            &[(flow, verdict, rules)],
        );
    }
}

#[test]
fn a_rule_that_is_left_out_stays_among_the_rules_with_its_reason() {
    let compiled = compile_text(&format!(
        "{SITE}[conditions]\nwake-up = false\nunc-shares = true\n"
    ));
    let left_out = compiled.rules.iter().filter(|rule| rule.is_left_out());
    let left_out: Vec<_> = left_out.collect();
    assert!(left_out.iter().any(|rule| rule.id == "client/client/wake-on-lan"));
    for rule in left_out {
        assert_eq!(rule.not_holding, ["wake-up"], "{}", rule.id);
        assert!(!rule.is_possible(), "{}", rule.id);
    }
}

#[test]
fn a_flow_says_on_which_unstated_conditions_all_of_its_rules_depend() {
    let both = &["remote-sql-installation", "sql-load-balancer"][..];
    for (stated, flow, open) in [
        ("", "10.30.0.5 10.30.0.6 tcp/445", both),
        // One of the rules holds anyway: nothing is left to say.
        (
            "remote-sql-installation = true",
            "10.30.0.5 10.30.0.6 tcp/445",
            &[],
        ),
        (
            "remote-sql-installation = false",
            "10.30.0.5 10.30.0.6 tcp/445",
            &["sql-load-balancer"],
        ),
        // A rule without a condition, none at all, and one that the wrong end opened.
        ("", "10.30.0.5 10.30.0.6 tcp/1433", &[]),
        ("", "10.30.0.5 10.30.0.6 tcp/4444", &[]),
        ("", "10.30.0.6 10.30.0.5 tcp/445", &[]),
        ("", "10.10.1.1 10.10.1.2 udp/25536", &["wake-up"]),
        ("wake-up = true", "10.10.1.1 10.10.1.2 udp/25536", &[]),
        // Installation and repair, WSUS cleanup.
        (
            "",
            "10.20.0.11 10.30.0.5 tcp/445",
            &["internet-based-installation"],
        ),
        ("", "10.30.0.5 10.30.0.7 tcp/1433", &["wsus-cleanup"]),
    ] {
        let compiled = compile_text(&format!("{SITE}[conditions]\n{stated}\n"));
        let words: Vec<_> = flow.split([' ', '/']).collect();
        let pair = Pair::new(&compiled, address(words[0]), address(words[1]));
        let protocol = if words[2] == "tcp" { 6 } else { 17 };
        let id = pair.judged(protocol, words[3].parse().expect("a port"), true);
        let verdict = compiled.verdict(id).expect("every verdict has its entry");
        assert_eq!(compiled.open_conditions(verdict), open, "{stated} {flow}");
    }
}
