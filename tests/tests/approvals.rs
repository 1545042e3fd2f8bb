//! The approvals file from outside: each mistake with its file and line, what it comes to, and when it ends.

use std::fs;

use anyhow::{Result, ensure};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config::{self, Ended, Reading};
use cmflow::site::SiteModel;
use cmflow_common::packet::protocol::{ICMP, TCP, UDP};
use cmflow_common::verdict::VerdictKind;
use cmflow_tests::site_files::{judged, refused, warned};
use jiff::civil::{Date, date};
use xtask::lab::ScratchDir;

const SITE: &[u8] = b"approvals = \"approvals.toml\"\n[networks]\ninternal = \"10.0.0.0/8\"\n[roles]\n\
                      client = \"10.10.0.0/16\"\nmanagement-point = \"10.20.0.11\"\n";

#[test]
fn mistakes() -> Result<()> {
    refused(&[
        (
            &[
                ("site.toml", b"approvals = \"aprovals.toml\""),
                ("approvals.toml", b""),
            ],
            &["site.toml:1: \"aprovals.toml\" does not exist; did you mean \"approvals.toml\"?"],
        ),
        (
            &[("site.toml", b"\napprovals = [\"a.toml\"]")],
            &["site.toml:2: approvals is a list; it must be the name of one file, as in \"approvals.toml\""],
        ),
        (
            &[("site.toml", b"approvals = \"*.toml\"")],
            &["site.toml:1: \"*.toml\" is a pattern; approvals are one file"],
        ),
        (
            &[("site.toml", b"approvals = \"site.toml\"")],
            &[
                "site.toml:1: \"site.toml\" is read already, as a part of the site file; approvals are a file of their own",
            ],
        ),
        (
            &[("site.toml", b"approvals = \"folder\""), ("folder/x", b"")],
            &["folder: cannot be read: Is a directory (os error 21)"],
        ),
        (
            &[("site.toml", SITE), ("approvals.toml", b"[[approval]]\nid = \"\xff\"")],
            &["approvals.toml:2: not UTF-8; save the file as UTF-8"],
        ),
        (
            &[
                ("site.toml", b"approvals = \"a.toml\"\ninclude = \"more.toml\""),
                ("more.toml", b"approvals = \"b.toml\""),
                ("a.toml", b""),
                ("b.toml", b""),
            ],
            &["more.toml:1: approvals is set twice, here and in site.toml:1; remove one"],
        ),
        (
            &[
                ("site.toml", SITE),
                (
                    "approvals.toml",
                    b"[[aproval]]\n[[approval]]\nid = \"a\"\nfrom = \"clinet\"\nto = [\"10.20.0\"]\ntcp = 0\n\
                      [[approval]]\nid = \"a\"\nby = \"\"\nwhy = \" \"\nuntil = 2099-01-01\npermanent = true\n\
                      from = \"client\"\nto = []\n\
                      [[approval]]\nid = \"b c\"\nby = \"x\"\nwhy = \"y\"\nuntil = \"2099-01-01\"\nmade = 3\n\
                      from = [\"client\"]\nto = 7\nicmp = true\nudp = \"9-3\"",
                ),
            ],
            &[
                "approvals.toml:1: unknown key \"aproval\" in a file of approvals; did you mean \"approval\"?",
                "approvals.toml:2: approval \"a\" does not say who answers for it; write by = \"A. Admin\"",
                "approvals.toml:2: approval \"a\" does not say why; write why = \"CHG1234\", or a sentence",
                "approvals.toml:2: approval \"a\" has no end; write until = 2027-06-30, or permanent = true",
                "approvals.toml:4: unknown role \"clinet\"; did you mean \"client\"?",
                "approvals.toml:5: \"10.20.0\" is neither an address nor a prefix; write it like \"10.20.0.11\" or \"fd00:10::/64\"",
                "approvals.toml:6: port 0 is outside 1 to 65535",
                "approvals.toml:7: an [[approval]] has no ports; write tcp = [8081], udp, or icmp-echo = true",
                "approvals.toml:7: an [[approval]] is permanent and has an end; remove one of permanent and until",
                "approvals.toml:8: two approvals have the id \"a\", here and in line 3; give one another id",
                "approvals.toml:9: an [[approval]] does not say who answers for it; write by = \"A. Admin\"",
                "approvals.toml:10: an [[approval]] does not say why; write why = \"CHG1234\", or a sentence",
                "approvals.toml:14: to of an [[approval]] names no address; write one, or a role",
                "approvals.toml:16: \"b c\" is no id of an approval; use letters, digits and \"-\"",
                "approvals.toml:19: until is a string; it must be a date such as 2027-06-30, without quotes and time",
                "approvals.toml:20: made is an integer; it must be a date such as 2027-06-30, without quotes and time",
                "approvals.toml:21: \"client\" is a role; a list holds addresses alone, so write from = \"client\"",
                "approvals.toml:22: to is an integer; it must be a role, as in \"management-point\", or a list of addresses, as in [\"10.20.0.40\"]",
                "approvals.toml:23: unknown key \"icmp\" in [[approval]]; did you mean \"icmp-echo\"?",
                "approvals.toml:24: the range \"9-3\" ends before it begins; did you mean \"3-9\"?",
            ],
        ),
    ])
}

#[test]
fn an_ended_approval_is_a_warning() -> Result<()> {
    warned(&[(
        &[
            ("site.toml", SITE),
            (
                "approvals.toml",
                b"[[approval]]\nid = \"old\"\nby = \"A\"\nwhy = \"CHG1\"\nuntil = 2024-02-29\n\
                  from = \"client\"\nto = \"10.20.0.40\"\ntcp = 8081",
            ),
        ],
        &[
            "approvals.toml:5: approval \"old\" ended on 2024-02-29 and explains nothing any more; leave it as a record, or give it a later day",
        ],
    )])
}

/// What the files mean on a day.
fn read_on(today: Date, approvals: &str) -> Result<(Catalogue, SiteModel)> {
    let folder = ScratchDir::new("approvals")?;
    let site = folder.path().join("site.toml");
    fs::write(&site, SITE)?;
    fs::write(folder.path().join("approvals.toml"), approvals)?;
    let catalogue = Catalogue::load(None)?;
    let ended = Ended::Refused;
    let read = config::read(&catalogue, &site, &Reading { today, ended })?;
    Ok((catalogue, read.model))
}

const APPROVALS: &str = "
    # 10.20.0.40 is in nobody's list.
    [[approval]]
    id = \"agent\"
    by = \"A. Admin\"
    why = \"CHG1\"
    made = 2026-01-02
    until = 2026-11-30
    from = \"client\"
    to = [\"10.20.0.40\", \"10.20.8.0/24\"]
    tcp = [8081, \"9000-9010\"]
    icmp-echo = true
    [[approval]]
    id = \"between-strangers\"
    by = \"A. Admin\"
    why = \"CHG2\"
    permanent = true
    from = \"10.99.0.1\"
    to = [\"10.20.8.0/24\", \"10.20.0.40\"]
    udp = 514
    either = true
    [[approval]]
    id = \"documented-anyway\"
    by = \"A. Admin\"
    why = \"CHG3\"
    until = 2026-12-31
    from = \"client\"
    to = \"management-point\"
    tcp = [443, 8081]
";

#[test]
fn what_they_cover_is_approved_to_their_last_day() -> Result<()> {
    use VerdictKind::{Approved, Documented, Foreign, OutOfScope, Undocumented};
    let agent: &[&str] = &["agent"];
    let none: &[&str] = &[];
    // The day, a flow, its verdict and its rules.
    let rows = [
        (
            date(2026, 11, 30),
            "10.10.4.7",
            "10.20.0.40",
            TCP,
            8081,
            Approved,
            agent,
        ),
        (
            date(2026, 11, 30),
            "10.10.4.7",
            "10.20.8.9",
            TCP,
            9010,
            Approved,
            agent,
        ),
        (
            date(2026, 11, 30),
            "10.10.4.7",
            "10.20.8.9",
            ICMP,
            0,
            Approved,
            agent,
        ),
        (
            date(2026, 12, 1),
            "10.10.4.7",
            "10.20.0.40",
            TCP,
            8081,
            Foreign,
            none,
        ),
        (
            date(2026, 11, 30),
            "10.20.0.40",
            "10.10.4.7",
            TCP,
            8081,
            Foreign,
            none,
        ),
        (
            date(2026, 11, 30),
            "10.10.4.7",
            "10.20.0.41",
            TCP,
            8081,
            Foreign,
            none,
        ),
        (
            date(2026, 11, 30),
            "10.10.4.7",
            "10.20.0.40",
            TCP,
            8082,
            Foreign,
            none,
        ),
        (
            date(2036, 1, 1),
            "10.99.0.1",
            "10.20.8.4",
            UDP,
            514,
            Approved,
            &["between-strangers"],
        ),
        (
            date(2036, 1, 1),
            "10.20.8.4",
            "10.99.0.1",
            UDP,
            514,
            Approved,
            &["between-strangers"],
        ),
        (
            date(2036, 1, 1),
            "10.99.0.1",
            "10.20.8.4",
            UDP,
            515,
            OutOfScope,
            none,
        ),
        (
            date(2026, 12, 31),
            "10.10.4.7",
            "10.20.0.11",
            TCP,
            8081,
            Approved,
            &["documented-anyway"],
        ),
        (
            date(2026, 12, 31),
            "10.20.0.11",
            "10.10.4.7",
            TCP,
            8081,
            Undocumented,
            none,
        ),
        (
            date(2026, 12, 31),
            "10.10.4.7",
            "10.20.0.11",
            TCP,
            443,
            Documented,
            &["client/management-point/https"],
        ),
    ];
    for (today, from, to, protocol, port, kind, rules) in rows {
        let (catalogue, site) = read_on(today, APPROVALS)?;
        let compiled = compile(&catalogue, &site, &Machine::default(), &[])?;
        let verdict = judged(&compiled, from, to, protocol, port);
        ensure!(
            verdict.kind == kind && verdict.rules == *rules,
            "{today}: {from} -> {to} {protocol}/{port} is {verdict:?}"
        );
    }
    let (_, site) = read_on(date(2026, 11, 1), APPROVALS)?;
    ensure!(
        site.address_sets.len() == 2,
        "equal sets are one: {:?}",
        site.address_sets
    );
    Ok(())
}

#[test]
fn the_next_end_is_the_first_that_still_holds() -> Result<()> {
    for (today, next, ended) in [
        (date(2026, 1, 1), Some(date(2026, 11, 30)), 0),
        (date(2026, 11, 30), Some(date(2026, 11, 30)), 0),
        (date(2026, 12, 1), Some(date(2026, 12, 31)), 1),
        (date(2027, 1, 1), None, 2),
    ] {
        let (_, site) = read_on(today, APPROVALS)?;
        ensure!(
            site.next_end(today) == next,
            "{today}: {:?}",
            site.next_end(today)
        );
        ensure!(site.ended.len() == ended, "{today}: {:?}", site.ended);
        ensure!(site.ended.iter().all(|one| one.by.is_some()), "{:?}", site.ended);
    }
    Ok(())
}
