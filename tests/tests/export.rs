//! What `cmflow export` promises of its formats, whatever stands in the site file: each is read by the program that it is
//! for, or by its rules.

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::{Approved, Audit, Grade};
use cmflow::export::{Format, NothingToExport, Only, RuleSet, export};
use cmflow_tests::audits::{audit, opening, prefix, silent};
use cmflow_tests::firewall_tools::{acted_on, bench, read};
use cmflow_tests::powershell::{Token, statements};
use proptest::prelude::*;
use xtask::setup::programs;

const CLIENTS: (&[&str], &[&str]) = (&["client"], &["10.10.0.0/17", "10.10.128.0/17", "fd00:10::/64"]);
const POINT: (&[&str], &[&str]) = (&["management-point"], &["10.20.0.11", "fd00:20::11"]);
const SERVERS: (&[&str], &[&str]) = (&["site-server"], &["10.30.0.5", "10.30.0.9"]);
const PXE: (&[&str], &[&str]) = (&["distribution-point-pxe"], &["10.20.0.12", "fd00:20::12"]);

/// Texts that would end a comment or a string in one language or another.
const NASTY: [&str; 12] = [
    "say \"hello\"",
    "it's 'quoted' \u{2018}twice\u{2019}",
    "a\nadd rule inet cmflow_export forward accept",
    "a\r\n-A FORWARD -j ACCEPT",
    "ends in \\",
    "$(reboot) `reboot` $env:PATH",
    "\u{2028}Remove-Item C:\\ -Recurse",
    "[concat('a')] | cell | <script>alert(1)</script>",
    "=HYPERLINK(\"http://example.org\")",
    "#> } ; { /* */ -- //",
    "\u{202e}turned\u{0}\u{7}",
    "Zürich 東京 🙂 a text that is so long that no comment of a rule has room for it, because nobody had thought of \
     someone who writes a whole sentence where a word was asked for, and goes on, and on, and on, until the end of it all",
];

fn ordinary() -> Audit {
    let review = silent(
        opening(
            CLIENTS,
            PXE,
            "udp 67-68 4011",
            "client/distribution-point-pxe/dhcp",
        ),
        Grade::ExpectedIdle,
        "nothing was installed in the window",
    );
    audit(vec![
        opening(CLIENTS, POINT, "tcp 80", "client/management-point/http"),
        opening(CLIENTS, POINT, "tcp 443 8443", "client/management-point/https"),
        opening(CLIENTS, PXE, "udp 69", "client/distribution-point-pxe/tftp"),
        opening(
            SERVERS,
            POINT,
            "tcp 135",
            "site-server/management-point/rpc-endpoint-mapper",
        ),
        opening(
            SERVERS,
            POINT,
            "tcp 49152-65535",
            "site-server/management-point/rpc",
        ),
        opening(CLIENTS, CLIENTS, "icmp", "client/client/wake-up-proxy"),
        opening(CLIENTS, CLIENTS, "icmpv6", "client/client/wake-up-proxy"),
        opening(
            SERVERS,
            (&["internet"], &["0.0.0.0/0", "::/0"]),
            "tcp 443",
            "site-server/internet/https",
        ),
        opening(SERVERS, POINT, "esp", "ipsec"),
        opening(
            CLIENTS,
            (&["distribution-point"], &["239.1.2.0/24"]),
            "udp 63000-64000",
            "multicast",
        ),
        opening(
            (&["client"], &["0.0.0.0"]),
            (&[], &["255.255.255.255"]),
            "udp 67",
            "dhcp",
        ),
        review,
        silent(
            opening(SERVERS, POINT, "tcp 445", "site-server/management-point/smb"),
            Grade::Unused,
            "no hit in 7 days",
        ),
    ])
}

/// An audit in which every word that a site file may hold is a text.
fn named(text: &str) -> Audit {
    let mut nasty = ordinary();
    for opening in &mut nasty.openings {
        for list in [
            &mut opening.source_roles,
            &mut opening.destination_roles,
            &mut opening.rules,
        ] {
            *list = vec![text.to_owned()];
        }
        opening.why = text.to_owned();
    }
    nasty.files[0].path = text.to_owned();
    nasty.gateways[0].name = text.to_owned();
    nasty.window.gaps[0].note = text.to_owned();
    nasty.limits = vec![text.to_owned()];
    nasty.approvals = vec![Approved {
        rule: text.to_owned(),
        by: Some(text.to_owned()),
        why: text.to_owned(),
        until: None,
        ended: true,
        flows: 0,
        last_seen: None,
        remark: Some(text.to_owned()),
    }];
    nasty
}

fn many() -> Audit {
    let openings = (0..40_u8).map(|number| {
        let sources: Vec<_> = (0..40)
            .map(|client| format!("10.{number}.{}.0/24", client * 2))
            .collect();
        let answers: Vec<_> = (0..20)
            .map(|server| format!("10.200.{server}.{number}"))
            .collect();
        let mut opening = opening(
            CLIENTS,
            POINT,
            &format!("tcp {}", 1000 + u16::from(number)),
            "many",
        );
        opening.sources = sources.iter().map(|text| prefix(text)).collect();
        opening.destinations = answers.iter().map(|text| prefix(text)).collect();
        opening.ports = (0..40)
            .map(|port| cmflow::catalogue::PortRange::single(1000 + 3 * port))
            .collect();
        opening
    });
    audit(openings.collect())
}

fn audits() -> Vec<Audit> {
    NASTY
        .iter()
        .map(|text| named(text))
        .chain([ordinary(), many()])
        .collect()
}

fn text(audit: &Audit, format: Format, only: Only) -> Result<String> {
    Ok(export(audit, &[], format, only)?.text)
}

#[test]
fn nft_accepts_every_table() -> Result<()> {
    let Some(inside) = bench(&[programs::NFT])? else {
        return Ok(());
    };
    for audit in audits() {
        for only in [Only::Used, Only::Documented] {
            read(
                &inside,
                "nft",
                &["-c", "-f", "-"],
                &text(&audit, Format::Nftables, only)?,
            )?;
        }
    }
    Ok(())
}

/// It can be loaded twice, and holds what it says: a rule for each line, the helper, and a policy that drops.
#[test]
fn nft_holds_the_lines_that_were_written() -> Result<()> {
    let Some(inside) = bench(&[programs::NFT])? else {
        return Ok(());
    };
    for audit in audits() {
        let written = text(&audit, Format::Nftables, Only::Used)?;
        read(&inside, "nft", &["-f", "-"], &written)?;
        read(&inside, "nft", &["-f", "-"], &written)?;
        let held = read(&inside, "nft", &["list", "ruleset"], "")?;
        let accepts = held
            .lines()
            .filter(|line| line.contains("ct state new") && line.contains("accept"));
        ensure!(
            accepts.count() == RuleSet::of(&audit, &[], Only::Used).lines.len(),
            "{held}\n{written}"
        );
        ensure!(
            held.matches("table ").count() == 1 && held.contains("policy drop"),
            "{held}"
        );
    }
    Ok(())
}

#[test]
fn iptables_restore_accepts_every_file_of_both_families() -> Result<()> {
    let Some(inside) = bench(&[programs::IPTABLES])? else {
        return Ok(());
    };
    for audit in audits() {
        for program in ["iptables-restore", "ip6tables-restore"] {
            let written = text(&audit, Format::Iptables, Only::Documented)?;
            read(&inside, program, &["--test", "--noflush"], &written)?;
        }
    }
    Ok(())
}

#[test]
fn iptables_hold_what_was_written_and_each_family_its_own() -> Result<()> {
    let Some(inside) = bench(&[programs::IPTABLES])? else {
        return Ok(());
    };
    let written = text(&ordinary(), Format::Iptables, Only::Used)?;
    for (program, saved, own, other) in [
        (
            "iptables-restore",
            "iptables-save",
            "10.20.0.11/32",
            "fd00:20::11",
        ),
        (
            "ip6tables-restore",
            "ip6tables-save",
            "fd00:20::11/128",
            "10.20.0.11",
        ),
    ] {
        read(&inside, program, &["--noflush"], &written)?;
        let held = read(&inside, saved, &[], "")?;
        ensure!(held.contains(own) && !held.contains(other), "{held}");
        ensure!(
            held.contains(":FORWARD DROP") && held.contains("--helper tftp"),
            "{held}"
        );
    }
    Ok(())
}

#[test]
fn powershell_reads_one_statement_a_line_with_known_parameters() -> Result<()> {
    println!("Debian has no pwsh: the script is read by the tests' own reader");
    const KNOWN: [&str; 14] = [
        "DisplayName",
        "Group",
        "Description",
        "Direction",
        "Action",
        "Enabled",
        "Profile",
        "Protocol",
        "IcmpType",
        "LocalPort",
        "LocalAddress",
        "RemoteAddress",
        "ErrorAction",
        "Requires",
    ];
    for audit in audits() {
        let written = text(&audit, Format::WindowsFirewall, Only::Used)?;
        let all = statements(&written)?;
        let mut rules = 0;
        for statement in &all {
            for token in statement {
                if let Token::Parameter(name) = token {
                    ensure!(KNOWN.contains(&name.as_str()), "-{name}: {statement:?}");
                }
            }
            match &statement[0] {
                Token::Word(word) if word == "New-NetFirewallRule" => {
                    rules += 1;
                    let commands = statement.iter().filter(|token| **token == Token::Pipe).count();
                    ensure!(commands == 1, "{statement:?}");
                }
                Token::Word(word) => {
                    ensure!(
                        ["$ErrorActionPreference", "Get-NetFirewallRule"].contains(&word.as_str()),
                        "{word}"
                    );
                }
                other => anyhow::bail!("{other:?} begins a statement"),
            }
        }
        let set = RuleSet::of(&audit, &[], Only::Used);
        let inside = set.lines.iter().filter(|line| !line.leads_outside());
        ensure!(rules == inside.count(), "{written}");
    }
    Ok(())
}

/// The rules of the resource Microsoft.Network/networkSecurityGroups and of Azure's limits: names of 80 letters, digits,
/// `_`, `.` and `-`, each once; priorities from 100 to 4096, each once; descriptions of 140; a family for each rule.
#[test]
fn azure_rules_keep_to_the_schema() -> Result<()> {
    for audit in audits() {
        let exported = export(&audit, &[], Format::AzureNsg, Only::Documented)?;
        let template: serde_json::Value = serde_json::from_str(&exported.text)?;
        let rules = template["resources"][0]["properties"]["securityRules"]
            .as_array()
            .context("rules")?;
        let mut names = std::collections::BTreeSet::new();
        let mut priorities = std::collections::BTreeSet::new();
        for rule in rules {
            let name = rule["name"].as_str().context("a name")?;
            let letters = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
            ensure!(name.len() <= 80 && name.chars().all(letters), "{name}");
            ensure!(
                name.starts_with(|first: char| first.is_ascii_alphanumeric()),
                "{name}"
            );
            ensure!(
                name.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '_'),
                "{name}"
            );
            ensure!(names.insert(name.to_owned()), "{name} is there twice");
            let properties = &rule["properties"];
            let priority = properties["priority"].as_u64().context("a priority")?;
            ensure!(
                (100..=4096).contains(&priority) && priorities.insert(priority),
                "{priority}"
            );
            let description = properties["description"].as_str().context("a description")?;
            ensure!(
                description.len() <= 140 && !description.starts_with('['),
                "{description}"
            );
            ensure!(
                ["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]
                    .contains(&properties["protocol"].as_str().unwrap_or(""))
            );
            let mut families = std::collections::BTreeSet::new();
            for side in ["sourceAddressPrefixes", "destinationAddressPrefixes"] {
                for one in properties[side].as_array().into_iter().flatten() {
                    families.insert(prefix(one.as_str().context("text")?).addr().is_ipv6());
                }
            }
            ensure!(families.len() <= 1, "{rule}");
            // Toward the internet nobody of us answers: an inbound rule would open all of our computers.
            let answer = properties["destinationAddressPrefixes"]
                .as_array()
                .into_iter()
                .flatten();
            let outside = answer
                .filter_map(|one| one.as_str())
                .any(|one| prefix(one).prefix_len() < 8);
            ensure!(!outside || properties["direction"] == "Outbound", "{rule}");
        }
        ensure!(rules.last().context("a rule")?["properties"]["access"] == "Deny");
        ensure!(
            !template["metadata"]["comments"][0]
                .as_str()
                .context("text")?
                .starts_with('[')
        );
    }
    Ok(())
}

#[test]
fn azure_says_where_a_limit_is_exceeded() -> Result<()> {
    let openings = (0..1100_u32).map(|number| {
        let server = format!("10.{}.{}.1", 20 + number / 250, number % 250);
        let rule = format!("rule-{number}");
        opening(
            CLIENTS,
            (&["management-point"], &[&server]),
            &format!("tcp {}", 1000 + number),
            &rule,
        )
    });
    let exported = export(&audit(openings.collect()), &[], Format::AzureNsg, Only::Used)?;
    ensure!(
        exported.warnings.iter().any(|said| said.contains("takes 1000")),
        "{:?}",
        exported.warnings
    );
    let mut wide = opening(CLIENTS, POINT, "tcp 443", "rule");
    wide.sources = (0..4100_u32)
        .map(|number| prefix(&format!("10.{}.{}.0/25", number / 256, number % 256)))
        .collect();
    let exported = export(&audit(vec![wide]), &[], Format::AzureNsg, Only::Used)?;
    ensure!(
        exported.warnings.iter().any(|said| said.contains("takes 4000")),
        "{:?}",
        exported.warnings
    );
    Ok(())
}

#[test]
fn csv_has_a_row_for_each_opening_and_no_formula() -> Result<()> {
    for audit in audits() {
        let written = text(&audit, Format::Csv, Only::Used)?;
        let set = RuleSet::of(&audit, &[], Only::Used);
        let rows = set.lines.len() + set.left_out.len() + set.not_crossing.len();
        ensure!(written.lines().count() == rows + 1, "{written}");
        for line in written.lines() {
            ensure!(
                !line
                    .split(',')
                    .any(|cell| cell.trim_start_matches('"').starts_with('=')),
                "{line}"
            );
        }
    }
    Ok(())
}

/// What a grade does to an opening, by what was asked for: whether it has a line, and whether that says REVIEW.
#[test]
fn only_unused_openings_are_left_out_and_what_is_not_known_is_marked() -> Result<()> {
    for (grade, used, review) in [
        (Grade::Used, true, false),
        (Grade::Shared, true, true),
        (Grade::Attempted, true, true),
        (Grade::InsufficientWindow, true, true),
        (Grade::ExpectedIdle, true, true),
        (Grade::NotObservable, true, true),
        (Grade::Unused, false, false),
    ] {
        let judged = silent(
            opening(SERVERS, POINT, "tcp 445", "a/rule/smb"),
            grade,
            "for this reason",
        );
        let audit = audit(vec![opening(CLIENTS, POINT, "tcp 443", "another"), judged]);
        for (only, has_line) in [(Only::Used, used), (Only::Documented, true)] {
            let set = RuleSet::of(&audit, &[], only);
            let mut lines = set.lines.iter().filter(|line| line.rules == ["a/rule/smb"]);
            ensure!(lines.clone().next().is_some() == has_line, "{grade:?} {only:?}");
            let marked = review || grade == Grade::Unused;
            ensure!(
                lines.all(|line| line.review.is_empty() != marked),
                "{grade:?} {only:?}"
            );
            ensure!(set.left_out.len() == usize::from(!has_line), "{grade:?} {only:?}");
            for format in [
                Format::Nftables,
                Format::Iptables,
                Format::WindowsFirewall,
                Format::AzureNsg,
                Format::Csv,
                Format::ChangeRequest,
            ] {
                let written = text(&audit, format, only)?;
                let told = written.replace('\\', "");
                ensure!(
                    told.contains("for this reason") || grade == Grade::Used,
                    "{format:?}: {written}"
                );
                ensure!(told.contains("a/rule/smb"), "{format:?}: {written}");
                let said =
                    written.contains("REVIEW:") || format == Format::Csv || format == Format::ChangeRequest;
                ensure!(!(marked && has_line) || said, "{grade:?} {format:?}: {written}");
            }
        }
    }
    Ok(())
}

/// A line toward the internet opens no own network, and what a computer asks itself crosses nothing.
#[test]
fn the_internet_is_not_the_own_network() -> Result<()> {
    let outside: (&[&str], &[&str]) = (&["internet"], &["0.0.0.0/0", "::/0"]);
    let sources: (&[&str], &[&str]) = (&["site-server"], &["10.30.0.5", "fd00:30::5"]);
    let express = opening(
        CLIENTS,
        POINT,
        "tcp 8005",
        "client/distribution-point/express-updates",
    );
    let audit = audit(vec![
        opening(sources, outside, "tcp 443", "site-server/internet/https"),
        silent(express, Grade::ExpectedIdle, "only when asked for"),
    ]);
    let set = RuleSet::of(&audit, &[], Only::Used);
    ensure!(set.lines.len() == 2 && set.left_out.len() == 1, "{set:#?}");
    let reaches = |address: &str| {
        let address = prefix(address);
        set.lines
            .iter()
            .flat_map(|line| &line.destinations)
            .any(|net| net.contains(&address))
    };
    for (address, reached) in [
        ("8.8.8.8", true),
        ("172.15.255.255", true),
        ("223.255.255.1", true),
        ("2600::1", true),
        ("10.20.0.11", false),
        ("172.31.0.1", false),
        ("192.168.1.1", false),
        ("239.1.1.1", false),
        ("fd00:20::11", false),
    ] {
        ensure!(reaches(address) == reached, "{address}");
    }
    ensure!(RuleSet::of(&audit, &[], Only::Documented).lines.len() == 4);
    Ok(())
}

#[test]
fn lines_that_say_the_same_become_one() {
    let set = |audit: &Audit| {
        let lines = RuleSet::of(audit, &[], Only::Used).lines;
        lines
            .iter()
            .map(|line| (line.sources.clone(), line.ports.len(), line.rules.len()))
            .collect::<Vec<_>>()
    };
    let to = (POINT.0, &POINT.1[..1]);
    let clients = |text: &'static [&'static str]| opening((&["client"], text), to, "tcp 443", "https");
    // Neighbouring prefixes are one, and ports of the same ends stand together.
    let one = audit(vec![
        clients(&["10.10.0.0/24", "10.10.1.0/24", "10.10.1.128/25"]),
        opening((&["client"], &["10.10.0.0/23"]), to, "tcp 80", "http"),
    ]);
    assert_eq!(set(&one), [(vec![prefix("10.10.0.0/23")], 2, 2)]);
    let two = audit(vec![clients(&["10.10.0.0/24"]), clients(&["10.10.1.0/24"])]);
    assert_eq!(set(&two), [(vec![prefix("10.10.0.0/23")], 1, 1)]);
    // What is not equally well known stays apart, and so does TFTP.
    let graded = silent(clients(&["10.10.0.0/23"]), Grade::Attempted, "nobody answered");
    assert_eq!(set(&audit(vec![clients(&["10.10.0.0/23"]), graded])).len(), 2);
    let udp = |ports: &str| opening((&["client"], &["10.10.0.0/23"]), to, ports, "rule");
    assert_eq!(
        set(&audit(vec![udp("udp 69"), udp("udp 4011"), udp("udp 67")])).len(),
        2
    );
}

#[test]
fn there_is_no_export_without_data() {
    let mut nothing = ordinary();
    nothing.window.observed_s = 0;
    assert!(matches!(
        export(&nothing, &[], Format::Nftables, Only::Used),
        Err(NothingToExport::NotObserved { .. })
    ));
    let mut quiet = ordinary();
    quiet.openings.iter_mut().for_each(|opening| opening.packets = 0);
    assert!(matches!(
        export(&quiet, &[], Format::Csv, Only::Documented),
        Err(NothingToExport::NoTraffic { .. })
    ));
    assert_eq!(
        export(&audit(Vec::new()), &[], Format::Csv, Only::Used),
        Err(NothingToExport::NoOpenings)
    );
    let mut unused = audit(vec![opening(CLIENTS, POINT, "tcp 80", "rule")]);
    unused.openings[0].grade = Grade::Unused;
    assert_eq!(
        export(&unused, &[], Format::Iptables, Only::Used),
        Err(NothingToExport::AllUnused)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a site file holds, it changes comments and names only.
    #[test]
    fn no_text_breaks_out_of_its_comment(text in "(\\PC|[\n\r\t\"'\\\\$`#{};\u{2028}\u{2019}\u{85}]){1,200}") {
        let audit = |text: &str| {
            let mut audit = named(text);
            // One address at each end: groups of more have names, which are made of roles.
            for opening in &mut audit.openings {
                opening.sources.truncate(1);
                opening.destinations.truncate(1);
            }
            audit
        };
        for format in [Format::Nftables, Format::Iptables, Format::WindowsFirewall] {
            let [wild, tame] = [&text, "tame"].map(|text| {
                export(&audit(text), &[], format, Only::Documented).expect("there is data").text
            });
            prop_assert_eq!(acted_on(format, &wild), acted_on(format, &tame));
        }
        let script = export(&audit(&text), &[], Format::WindowsFirewall, Only::Used).expect("there is data").text;
        prop_assert!(statements(&script).is_ok(), "{}", script);
        let page = export(&audit(&text), &[], Format::ChangeRequest, Only::Used).expect("there is data").text;
        prop_assert!(!page.contains("<script") && page.lines().filter(|line| line.starts_with('#')).count() == 9);
    }
}
