//! The firewall that follows from some weeks, loaded in the gateway: what was used goes on, and so does what these weeks
//! had none of, because nothing says that it will never be needed: a failover, PXE, a client push, a patch cycle.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::{Audit, Grade, Opening};
use cmflow::serve::{self, Question};
use cmflow_tests::calendar::{Calendar, argument};
use cmflow_tests::firewall_tools::{bench, read};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::Office;
use cmflow_tests::tftp::{BLOCKS, transfer};
use cmflow_tests::traffic::{conversation, datagrams, ends, refused};
use ipnet::IpNet;
use xtask::lab::{Lab, TierPlan, eventually};
use xtask::setup::programs;

/// 10.10.0.250 is a relay of DHCP in the clients' network; 10.30.0.7 stands by for 10.30.0.6.
const SITE: &str = r#"
edition = "current"
companions = ["windows-domain", "client-installation"]
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/24"]
management-point = ["10.20.0.11"]
distribution-point = ["10.20.0.12"]
distribution-point-pxe = ["10.20.0.12"]
software-update-point = ["10.20.0.13"]
domain-controller = ["10.20.0.2"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6"]
internet = ["203.0.113.80"]
[[host]]
name = "sql02"
address = ["10.30.0.7"]
roles = ["sql-server"]
standby = true
"#;

const TIERS: [(&str, &[&str], &[&str]); 4] = [
    (
        "clients",
        &["10.10.0.1/16"],
        &["10.10.0.5", "10.10.0.6", "10.10.0.250", "10.10.99.9"],
    ),
    (
        "site",
        &["10.20.0.1/16"],
        &["10.20.0.2", "10.20.0.11", "10.20.0.12", "10.20.0.13"],
    ),
    (
        "data",
        &["10.30.0.1/16"],
        &["10.30.0.5", "10.30.0.6", "10.30.0.7"],
    ),
    ("beyond", &["203.0.113.1/24"], &["203.0.113.80"]),
];

/// What is said on each of the days: policy, content, names, status; and the replica that stands by is a member of the
/// domain like any other computer, so that the gateway knows where it is.
const DAILY: [(&str, &str); 8] = [
    ("10.10.0.5:0", "10.20.0.11:443"),
    ("10.10.0.6:0", "10.20.0.11:443"),
    ("10.10.0.5:0", "10.20.0.12:443"),
    ("10.10.0.6:0", "10.20.0.2:389"),
    ("10.20.0.11:0", "10.30.0.6:1433"),
    ("10.20.0.11:0", "10.30.0.5:445"),
    ("10.30.0.5:0", "10.20.0.12:445"),
    ("10.30.0.7:0", "10.20.0.2:389"),
];

const FAILOVER: (&str, &str) = ("10.20.0.11:0", "10.30.0.7:1433");

/// A push of the client: its files, the endpoint mapper, and the port that it names.
const PUSH: [(&str, &str); 3] = [
    ("10.30.0.5:0", "10.10.0.6:445"),
    ("10.30.0.5:0", "10.10.0.6:135"),
    ("10.30.0.5:0", "10.10.0.6:49731"),
];

/// A patch cycle: updates are synchronized, clients scan by either protocol, and fetch what they need.
const PATCH: [(&str, &str); 7] = [
    ("10.20.0.13:0", "203.0.113.80:80"),
    ("10.30.0.5:0", "203.0.113.80:443"),
    ("10.30.0.5:0", "10.20.0.13:8530"),
    ("10.10.0.5:0", "10.20.0.13:8530"),
    ("10.10.0.6:0", "10.20.0.13:8531"),
    ("10.10.0.5:0", "10.20.0.12:80"),
    ("10.10.0.6:0", "10.20.0.12:443"),
];

/// Nobody documented the port, the direction, or the computer.
const UNDOCUMENTED: [(&str, &str); 4] = [
    ("10.10.0.5:0", "10.20.0.11:5555"),
    ("10.10.0.5:0", "10.30.0.6:1433"),
    ("10.30.0.6:0", "10.20.0.11:1433"),
    ("10.10.99.9:0", "10.20.0.11:443"),
];

/// More than what runs all the time may be silent, less than what runs with the monthly updates may be.
const DAYS: u64 = 15;

struct Weeks {
    // The daemon first: it counts in the office's gateway.
    daemon: Daemon,
    office: Office,
}

/// Two weeks of what is said daily; nothing, with the reason printed, where they cannot be had.
fn two_weeks() -> Result<Option<Weeks>> {
    if bench(&[programs::NFT])?.is_none() {
        return Ok(None);
    }
    let tiers = TIERS.map(|(name, networks, computers)| {
        let tier = networks
            .iter()
            .copied()
            .fold(TierPlan::new(name), |tier, one| tier.network(one));
        computers.iter().copied().fold(tier, TierPlan::address)
    });
    let office = Office {
        lab: Lab::new(&tiers)?,
    };
    // No patch Tuesday is among these days.
    let mut calendar = Calendar::beginning("2026-09-09T08:00:00Z")?;
    let interfaces = TIERS.map(|(name, ..)| name);
    let plan = Plan::on(&interfaces).with(&["--clock", &argument(&calendar.file())]);
    let daemon = Daemon::start(office.gateway(), SITE, &plan)?;
    for _ in 0..DAYS {
        calendar.pass_under(&daemon, 1)?;
        for (from, to) in DAILY {
            say(&office, (from, to))?;
        }
        let socket = format!("/run/cmflow/{}.sock", daemon.instance());
        serve::ask(Path::new(&socket), &Question::Settle)?;
    }
    Ok(Some(Weeks { daemon, office }))
}

fn say(office: &Office, (from, to): (&str, &str)) -> Result<()> {
    let said = ends(from, to).and_then(|(from, to)| conversation(office, from, to));
    said.map(drop).with_context(|| format!("{from} -> {to}"))
}

impl Weeks {
    /// The audit, once it has all that was said.
    fn audit(&self) -> Result<Audit> {
        eventually("all that was said", LIMIT, || {
            let audit: Audit = serde_json::from_value(self.daemon.json(&["audit"])?)?;
            let content = "client/distribution-point/https";
            let rule = audit.rules.iter().find(|rule| rule.rule == content);
            let flows = rule.context("content")?.flows;
            ensure!(flows == DAYS, "{flows} downloads");
            Ok(audit)
        })
    }

    /// Loads the firewall that follows into the gateway.
    fn load(&self, more: &[&str]) -> Result<()> {
        let file = self.daemon.folder().join("gateway.nft");
        let file = file.to_string_lossy();
        let export = ["export", "nftables", "--only", "used", "--output", &file];
        let output = self.daemon.ask(&[&export, more].concat());
        ensure!(output.status.success(), "{output:?}");
        read(self.office.gateway(), "nft", &["-f", &file], "").map(drop)
    }

    fn say_all(&self, what: &str, said: &[(&str, &str)]) -> Result<()> {
        let mut said = said.iter();
        said.try_for_each(|pair| say(&self.office, *pair))
            .with_context(|| what.to_owned())
    }

    /// A computer of the office in one of these prefixes.
    fn within(&self, prefixes: &[IpNet]) -> Option<IpAddr> {
        let mut all = TIERS.iter().flat_map(|(_, _, computers)| *computers);
        all.find_map(|text| {
            let address = text.parse().ok()?;
            let within = prefixes.iter().any(|prefix| prefix.contains(&address));
            within.then_some(address)
        })
    }

    /// Two computers that an opening over TCP is between and the gateway too, and where it is asked.
    fn try_of(&self, opening: &Opening) -> Option<(String, String)> {
        let from = self.within(&opening.sources)?;
        let to = self.within(&opening.destinations)?;
        let tier = |address| {
            self.office
                .lab
                .tiers()
                .iter()
                .position(|tier| tier.contains(address))
        };
        let crosses = opening.protocol == "tcp" && tier(from) != tier(to);
        let port = opening.ports.first().filter(|_| crosses)?.first;
        Some((format!("{from}:0"), format!("{to}:{port}")))
    }
}

#[test]
fn the_firewall_that_follows_survives_what_these_weeks_had_none_of() -> Result<()> {
    let Some(weeks) = two_weeks()? else {
        return Ok(());
    };
    let audit = weeks.audit()?;
    let unused = audit.openings.iter().filter(|one| one.grade == Grade::Unused);
    let unused: Vec<_> = unused.filter_map(|opening| weeks.try_of(opening)).collect();
    assert!(!unused.is_empty(), "{:#?}", audit.openings);
    let owned = |(from, to): (&str, &str)| (from.to_owned(), to.to_owned());
    let tries: BTreeSet<_> = UNDOCUMENTED.map(owned).into_iter().chain(unused).collect();

    // What keeps the way to the replica open is that the site file says that it stands by, and nothing else.
    let file = weeks.daemon.folder().join("other.toml");
    fs::write(&file, SITE.replace("standby = true\n", ""))?;
    weeks.load(&["--site", &file.to_string_lossy()])?;
    weeks.say_all("what was used", &DAILY)?;
    refused(&weeks.office, [FAILOVER])?;

    weeks.load(&[])?;
    weeks.say_all("what was used", &DAILY)?;
    weeks.say_all("failover", &[FAILOVER])?;
    pxe(&weeks.office)?;
    weeks.say_all("client push", &PUSH)?;
    weeks.say_all("patch cycle", &PATCH)?;
    let tries: Vec<_> = tries
        .iter()
        .map(|(from, to)| (from.as_str(), to.as_str()))
        .collect();
    refused(&weeks.office, tries.iter().copied())?;
    // Without it each of them crosses, so that it was the firewall that refused them.
    let away = ["delete", "table", "inet", "cmflow_export"];
    read(weeks.office.gateway(), "nft", &away, "")?;
    tries
        .iter()
        .try_for_each(|(from, to)| say(&weeks.office, (from, to)))
}

/// A computer boots: what a router sees of it, which is what a relay sends on, and what is asked from an address.
fn pxe(office: &Office) -> Result<()> {
    for (from, to) in [
        ("10.10.0.250:67", "10.20.0.12:67"),
        ("10.10.0.250:67", "10.20.0.12:4011"),
        ("10.10.0.5:68", "10.20.0.12:67"),
        ("10.10.0.5:68", "10.20.0.12:4011"),
    ] {
        let (asks, answers) = ends(from, to)?;
        datagrams(office, asks, answers, 2, 300).with_context(|| format!("PXE: {from} -> {to}"))?;
    }
    let arrived = transfer(office, "10.10.0.5", "10.20.0.12")?;
    ensure!(
        arrived == BLOCKS,
        "{arrived} of {BLOCKS} blocks of the boot image"
    );
    Ok(())
}
