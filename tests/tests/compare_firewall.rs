//! `cmflow compare --firewall`: each line of an existing firewall used, unused, too wide, or explained by no document.

use std::fs;
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::{Audit, AuditGroup, ComparedLine, FirewallComparison, Grade};
use cmflow::export::{Format, Only, export};
use cmflow_tests::audits::{at, audit, opening, prefix, silent};
use cmflow_tests::binary::run;
use cmflow_tests::firewall_tools::{bench, read};
use xtask::lab::ScratchDir;
use xtask::setup::programs;

const CLIENT: (&[&str], &[&str]) = (&["client"], &["10.10.0.0/16", "fd00:10::/64"]);
const POINT: (&[&str], &[&str]) = (&["management-point"], &["10.20.0.11", "fd00:20::11"]);
const SERVER: (&[&str], &[&str]) = (&["site-server"], &["10.30.0.5"]);
const DATABASE: (&[&str], &[&str]) = (&["sql-server"], &["10.40.0.2", "10.40.0.3"]);

fn observed() -> Audit {
    let mut audit = audit(vec![
        opening(CLIENT, POINT, "tcp 443", "client/management-point/https"),
        opening(CLIENT, POINT, "udp 69", "client/management-point/tftp"),
        opening(SERVER, DATABASE, "tcp 1433", "site-server/sql-server/sql"),
        opening(CLIENT, CLIENT, "icmp", "client/client/wake-up-proxy"),
        silent(
            opening(SERVER, POINT, "tcp 445", "site-server/management-point/smb"),
            Grade::ExpectedIdle,
            "installation only",
        ),
    ]);
    audit.unexplained = vec![AuditGroup {
        initiator_roles: vec!["client".to_owned()],
        responder_roles: vec!["sql-server".to_owned()],
        protocol: "tcp".to_owned(),
        port: 3389,
        verdict: "undocumented".to_owned(),
        initiators: 1,
        responders: 1,
        examples: vec![[prefix("10.10.7.7"), prefix("10.40.0.2")]],
        packets: 77,
        bytes: 7700,
        flows: 3,
        answered_flows: 3,
        first_seen: at("2026-11-14T10:00:00Z"),
        last_seen: at("2026-11-19T10:00:00Z"),
        nearest: None,
        guess: None,
    }];
    audit
}

/// A folder with a saved audit and firewalls.
struct Desk(ScratchDir);

impl Desk {
    fn new(audit: &Audit) -> Result<Self> {
        let desk = Self(ScratchDir::new("compare")?);
        fs::write(desk.0.path().join("audit.json"), serde_json::to_vec(audit)?)?;
        Ok(desk)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn ask(&self, firewall: &str, more: &[&str]) -> Result<Output> {
        let file = self.path("firewall");
        fs::write(&file, firewall)?;
        let audit = self.path("audit.json");
        let arguments = ["compare", "--firewall", &file, "--audit", &audit];
        Ok(run(&[&arguments, more].concat()))
    }

    fn compare(&self, firewall: &str) -> Result<(Option<i32>, FirewallComparison)> {
        let output = self.ask(firewall, &["--format", "json"])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let compared = serde_json::from_slice(&output.stdout).with_context(|| said)?;
        Ok((output.status.code(), compared))
    }
}

/// State of a line, in what it is too wide, and how many kinds of traffic it lets through that nothing explains.
fn judged(line: &ComparedLine) -> (String, String, usize) {
    let wide = line
        .too_wide
        .as_ref()
        .map(|enough| enough.of.join(" "))
        .unwrap_or_default();
    (line.state.clone(), wide, line.unexplained.len())
}

#[test]
fn each_line_is_judged_by_what_came_to_it() -> Result<()> {
    let desk = Desk::new(&observed())?;
    for (row, state, wide, unexplained) in [
        ("10.10.0.0/16,10.20.0.11,tcp,443,allow", "used", "", 0),
        ("10.0.0.0/8,10.20.0.11,tcp,443,allow", "used", "sources", 0),
        (
            "10.10.0.0/16,10.20.0.0/24,tcp,443,allow",
            "used",
            "destinations",
            0,
        ),
        (
            "10.10.0.0/16,10.20.0.11,tcp,443;8443,allow",
            "used",
            "services",
            0,
        ),
        (
            "10.0.0.0/8,10.20.0.0/24,tcp,any,allow",
            "used",
            "sources destinations services",
            0,
        ),
        // Documented and silent is no reason to close it, and to have a part of an opening only none to widen it.
        ("10.30.0.5,10.20.0.11,tcp,445,allow", "unused", "", 0),
        ("10.10.3.0/24,10.20.0.11,tcp,443,allow", "used", "", 0),
        ("10.10.0.0/16,10.20.0.12,tcp,443,allow", "unused", "", 0),
        (
            "10.10.0.0/16,10.40.0.2,tcp,3389,allow",
            "used",
            "sources destinations services",
            1,
        ),
        ("10.10.0.0/16,10.20.0.11,tcp,443,deny", "used", "", 0),
        ("10.10.0.0/16,10.40.0.2,tcp,any,deny", "used", "", 0),
    ] {
        let table = format!("name,source,destination,protocol,port,action\nx,{row}");
        let (code, compared) = desk.compare(&table)?;
        let [line] = compared.lines.as_slice() else {
            panic!("{row}: {compared:#?}")
        };
        let (line, expected) = (judged(line), (state.to_owned(), wide.to_owned(), unexplained));
        ensure!(line == expected, "{row}: {compared:#?}");
        // Something else is missing in each of them.
        ensure!(code == Some(1), "{row}: {code:?}");
    }
    Ok(())
}

#[test]
fn what_a_wide_line_could_be_and_what_it_lets_through_is_told() -> Result<()> {
    let desk = Desk::new(&observed())?;
    let table =
        "name,source,destination,protocol,port,action\nall clients,10.0.0.0/8,10.0.0.0/8,any,any,allow\n";
    let (_, compared) = desk.compare(table)?;
    let line = &compared.lines[0];
    let enough = line.too_wide.as_ref().context("it is wide")?;
    let nets = |list: &[&str]| list.iter().map(|text| prefix(text)).collect::<Vec<_>>();
    assert_eq!(enough.sources, nets(&["10.10.0.0/16", "10.30.0.5"]));
    assert_eq!(
        enough.destinations,
        nets(&["10.10.0.0/16", "10.20.0.11", "10.40.0.2/31"])
    );
    assert_eq!(
        enough.services,
        ["icmp", "tcp/443", "tcp/445", "tcp/1433", "udp/69"]
    );
    let unexplained = &line.unexplained[0];
    assert_eq!(
        (unexplained.packets, unexplained.services.as_slice()),
        (77, &["tcp/3389".to_owned()][..])
    );
    assert_eq!(unexplained.sources, nets(&["10.10.7.7"]));
    // Those of IPv6 have no line.
    let missing: Vec<_> = compared
        .missing
        .iter()
        .map(|one| (one.rules[0].as_str(), one.wanted))
        .collect();
    assert_eq!(
        missing,
        [
            ("client/management-point/https", true),
            ("client/management-point/tftp", true)
        ]
    );
    let output = desk.ask(table, &[])?;
    let said = String::from_utf8(output.stdout)?;
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "too wide in sources and destinations and services",
        "10.10.7.7/32 -> 10.40.0.2/32: tcp/3389, undocumented, 77 packets",
        "Used or asked for, and let through by no line:",
        "fd00:10::/64 -> fd00:20::11/128: tcp/443 (client/management-point/https, used)",
        "4 things to look at",
    ] {
        ensure!(words.contains(told), "{told}: {said}");
    }
    Ok(())
}

/// The first line that fits decides: what is dropped before reaches no later line.
#[test]
fn the_order_of_lines_counts() -> Result<()> {
    let desk = Desk::new(&observed())?;
    let table = |first: &str, second: &str| {
        let rows =
            [first, second].map(|action| format!("{action},10.10.0.0/16,10.20.0.11,tcp,443,{action}\n"));
        format!("name,source,destination,protocol,port,action\n{}", rows.concat())
    };
    let states = |compared: &FirewallComparison| {
        compared
            .lines
            .iter()
            .map(|line| line.state.clone())
            .collect::<Vec<_>>()
    };
    let (_, compared) = desk.compare(&table("allow", "deny"))?;
    assert_eq!(states(&compared), ["used", "unused"]);
    let (_, compared) = desk.compare(&table("deny", "allow"))?;
    assert_eq!(states(&compared), ["used", "unused"]);
    let stopped = compared
        .missing
        .iter()
        .find(|one| one.rules[0] == "client/management-point/https");
    let stopped = &stopped.context("it is dropped")?.stopped_by;
    ensure!(stopped[0].ends_with("firewall:2"), "{stopped:?}");
    Ok(())
}

/// What is exported is found used and explained, whichever way it comes back.
#[test]
fn an_export_has_no_findings() -> Result<()> {
    let mut closed = observed();
    let outside: (&[&str], &[&str]) = (&["internet"], &["0.0.0.0/0"]);
    closed
        .openings
        .push(opening(SERVER, outside, "tcp 443", "site-server/internet/https"));
    closed.unexplained.clear();
    closed.openings.retain(|opening| opening.grade == Grade::Used);
    let desk = Desk::new(&closed)?;
    let table = export(&closed, &[], Format::Csv, Only::Used)?.text;
    let (code, compared) = desk.compare(&table)?;
    ensure!(
        (code, compared.findings) == (Some(0), 0),
        "{table}\n{compared:#?}"
    );
    ensure!(compared.lines.len() == 7, "{compared:#?}");

    let Some(inside) = bench(&[programs::NFT])? else {
        return Ok(());
    };
    read(
        &inside,
        "nft",
        &["-f", "-"],
        &export(&closed, &[], Format::Nftables, Only::Used)?.text,
    )?;
    let held = read(&inside, "nft", &["-j", "list", "ruleset"], "")?;
    let (code, compared) = desk.compare(&held)?;
    ensure!((code, compared.findings) == (Some(0), 0), "{held}\n{compared:#?}");
    // The last one drops the rest, and is a line of its own.
    ensure!(
        compared.lines.len() == 8 && compared.unread.is_empty(),
        "{compared:#?}"
    );
    Ok(())
}

const RULESET: &str = r#"
table inet filter {
    set points { type ipv4_addr; flags interval; elements = { 10.20.0.8-10.20.0.15 }; }
    set web { type inet_service; elements = { 80, 443 }; }
    chain to_points {
        ip daddr @points tcp dport @web counter accept comment "points"
        tcp dport 22 limit rate 5/second accept comment "limited"
    }
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        icmpv6 type { packet-too-big, nd-neighbor-solicit } accept
        ip saddr 10.10.0.0/16 ct state new jump to_points
        ip saddr != 10.10.0.0/16 ip daddr { 10.40.0.2, 10.40.0.3 } meta l4proto tcp th dport 1433 accept comment "sql"
        iifname "eth1" accept comment "by interface"
        ip saddr 10.9.9.9 meta mark 7 drop comment "marked"
        log prefix "lost: "
        counter drop
    }
    chain input { type filter hook input priority 0; policy accept; tcp dport 22 accept; }
}
table ip6 six {
    chain forward {
        type filter hook forward priority 10; policy accept;
        ip6 saddr fd00:99::/64 drop comment "bad"
    }
}
"#;

#[test]
fn chains_sets_and_policies_of_nft_are_followed() -> Result<()> {
    let Some(inside) = bench(&[programs::NFT])? else {
        return Ok(());
    };
    let desk = Desk::new(&observed())?;
    read(&inside, "nft", &["-f", "-"], RULESET)?;
    let held = read(&inside, "nft", &["-j", "list", "ruleset"], "")?;
    let (code, compared) = desk.compare(&held)?;
    let lines: Vec<_> = compared
        .lines
        .iter()
        .map(|line| (line.name.as_str(), judged(line)))
        .collect();
    let line = |name, state: &str, wide: &str| (name, (state.to_owned(), wide.to_owned(), 0));
    assert_eq!(
        lines,
        [
            line("points", "used", "destinations services"),
            line("sql", "used", "sources"),
            line("", "used", ""),
            line("bad", "unused", ""),
            line("policy accept", "used", "sources destinations services"),
        ]
    );
    let unread: Vec<_> = compared
        .unread
        .iter()
        .map(|one| (one.name.as_str(), one.why.as_str()))
        .collect();
    assert_eq!(
        unread,
        [
            ("limited", "it holds up to a limit only"),
            (
                "by interface",
                "iifname: which addresses are behind an interface is not known here"
            ),
            ("marked", "a match of meta mark is not understood"),
        ]
    );
    // TFTP, clients among each other, what is open to IPv6 only by the table that drops.
    let missing: Vec<_> = compared
        .missing
        .iter()
        .map(|one| (one.rules[0].as_str(), one.wanted))
        .collect();
    assert_eq!(
        missing,
        [
            ("client/management-point/https", true),
            ("client/management-point/tftp", true),
            ("client/client/wake-up-proxy", true),
            ("site-server/management-point/smb", false),
        ]
    );
    assert_eq!(code, Some(1));
    Ok(())
}

#[test]
fn bad_input_is_refused_with_what_to_do() -> Result<()> {
    let desk = Desk::new(&observed())?;
    let output = desk.ask("a,b\n1,2\n", &[])?;
    ensure!(
        output.status.code() == Some(2) && output.stdout.is_empty(),
        "{output:?}"
    );
    let said = String::from_utf8(output.stderr)?;
    ensure!(
        said.contains("no column \"source\"") && said.contains("name,source,destination"),
        "{said}"
    );
    let mut nothing = observed();
    nothing.window.observed_s = 0;
    let desk = Desk::new(&nothing)?;
    for verb in [
        vec!["compare", "--firewall", "/dev/null", "--audit"],
        vec!["export", "nftables", "--audit"],
    ] {
        let audit = desk.path("audit.json");
        fs::write(
            desk.path("rules.csv"),
            "name,source,destination,protocol,port,action\nx,any,any,any,any,allow\n",
        )?;
        let rules = desk.path("rules.csv");
        let verb: Vec<_> = verb
            .into_iter()
            .map(|word| if word == "/dev/null" { rules.as_str() } else { word })
            .collect();
        let output = run(&[verb.as_slice(), &[audit.as_str()]].concat());
        let said = String::from_utf8(output.stderr)?;
        ensure!(
            output.status.code() == Some(2) && output.stdout.is_empty(),
            "{said}"
        );
        ensure!(
            said.contains("nothing was observed from") && said.contains("--since"),
            "{said}"
        );
    }
    Ok(())
}
