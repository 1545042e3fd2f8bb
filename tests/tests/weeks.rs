//! Weeks of traffic with gaps, restarts and a new site file: every grade of an audit for the right rule and the right
//! reason. The days pass in a moment; the packets, the kernel and the daemon are real.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cmflow::answer::{Audit, AuditedRule, Grade};
use cmflow::serve::{self, Question};
use cmflow_tests::calendar::{Calendar, argument};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan, ask};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, ends};
use rustix::process::Signal;
use xtask::lab::eventually;

/// 10.20.0.13 is two things at once, 10.20.0.14 stands by for 10.20.0.11, and what 10.10.0.9 asks proves nothing.
const SITE: &str = r#"
edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/24"]
management-point = ["10.20.0.11", "10.20.0.13"]
distribution-point = ["10.20.0.12", "10.20.0.13"]
distribution-point-pxe = ["10.20.0.12"]
fallback-status-point = ["10.20.0.5"]
site-server = ["10.20.0.5"]
sql-server = ["10.10.1.6"]
[conditions]
sql-load-balancer = false
[custom-roles]
scanner = { addresses = ["10.10.0.9"], evidence = false }
"#;

const LATER: &str = "software-update-point = [\"10.20.0.12\"]\nsite-server =";

struct Weeks {
    office: Office,
    calendar: Calendar,
    daemon: Option<Daemon>,
    instance: String,
}

impl Weeks {
    fn begin(office: Office, at: &str) -> Result<Self> {
        office.lab.tier("client").add_address("10.10.0.9".parse()?)?;
        for address in ["10.20.0.13", "10.20.0.14"] {
            office.lab.tier("site").add_address(address.parse()?)?;
        }
        let calendar = Calendar::beginning(at)?;
        let plan = Plan::on(&BOTH);
        let instance = plan.instance().to_owned();
        let mut weeks = Self {
            office,
            calendar,
            daemon: None,
            instance,
        };
        weeks.start()?;
        Ok(weeks)
    }

    fn start(&mut self) -> Result<()> {
        let clock = argument(&self.calendar.file());
        let plan = Plan::on(&BOTH).named(&self.instance).with(&["--clock", &clock]);
        self.daemon = Some(Daemon::start(self.office.gateway(), SITE, &plan)?);
        Ok(())
    }

    fn daemon(&self) -> Result<&Daemon> {
        self.daemon.as_ref().context("it runs")
    }

    /// Days pass, and on each of them this is said.
    fn days(&mut self, count: i64, said: &[(&str, &str)]) -> Result<()> {
        for _ in 0..count {
            let daemon = self.daemon.as_ref().context("it runs")?;
            self.calendar.pass_under(daemon, 1)?;
            for (from, to) in said {
                self.say(from, to)?;
            }
            // A day is longer than a minute: what was said on it is written before the next one.
            let socket = format!("/run/cmflow/{}.sock", self.instance);
            serve::ask(Path::new(&socket), &Question::Settle)?;
        }
        Ok(())
    }

    /// A conversation that is answered.
    fn say(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = ends(from, to)?;
        conversation(&self.office, from, to).map(drop)
    }

    /// One that is refused, because nobody listens.
    fn try_in_vain(&self, from: &str, to: &str) -> Result<()> {
        let (from, to): (SocketAddr, SocketAddr) = ends(from, to)?;
        let refused = self.office.of(from)?.tcp_connect(from, to);
        ensure!(refused.is_err(), "somebody listens at {to}");
        Ok(())
    }

    fn audit(&self) -> Result<Audit> {
        let output = ask(&self.instance, &["audit", "--format", "json"]);
        serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn rule<'a>(audit: &'a Audit, id: &str) -> Result<&'a AuditedRule> {
    let found = audit.rules.iter().find(|rule| rule.rule == id);
    found.with_context(|| format!("the audit has no rule {id}"))
}

/// Rule, grade, and a word that the reason has.
fn check(audit: &Audit, expected: &[(&str, Grade, &str)]) -> Result<()> {
    let mut wrong = Vec::new();
    for (id, grade, word) in expected {
        let found = rule(audit, id)?;
        if found.grade != *grade || !found.why.contains(word) {
            wrong.push(format!(
                "{id}: {} ({}), not {} ({word})",
                found.grade.name(),
                found.why,
                grade.name()
            ));
        }
    }
    ensure!(wrong.is_empty(), "{}\n{:#?}", wrong.join("\n"), audit.window);
    Ok(())
}

const CLIENT: &str = "10.10.0.5:0";
const POLICY: (&str, &str) = (CLIENT, "10.20.0.11:443");

const USED: &str = "client/management-point/https";
const SHARED: &str = "client/distribution-point/https";
const REFUSED: &str = "client/distribution-point/http";
const SCANNED: &str = "client/fallback-status-point/http";
const SILENT: &str = "management-point/sql-server/sql";
const ON_DEMAND: &str = "client/distribution-point-pxe/tftp";
const BESIDE: &str = "distribution-point/management-point/https";
const NEW: &str = "client/software-update-point/https";

#[test]
fn every_grade_appears_for_the_right_rule_and_the_right_reason() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut weeks = Weeks::begin(office, "2026-09-01T08:00:00Z")?;
    // The database is seen to be behind the client's side, and asks nothing that is documented.
    weeks.say("10.10.1.6:0", "10.20.0.5:9999")?;
    weeks.days(3, &[POLICY, (CLIENT, "10.20.0.13:443")])?;
    weeks.try_in_vain(CLIENT, "10.20.0.12:80")?;
    weeks.say("10.10.0.9:0", "10.20.0.5:80")?;
    weeks.days(3, &[POLICY])?;

    // Six days: what is silent may be silent by chance.
    let audit = eventually("the traffic of six days", LIMIT, || {
        let audit = weeks.audit()?;
        ensure!(rule(&audit, SCANNED)?.flows == 1);
        Ok(audit)
    })?;
    check(
        &audit,
        &[
            (USED, Grade::Used, "answered"),
            (SHARED, Grade::Shared, USED),
            (REFUSED, Grade::Attempted, "refused"),
            (SCANNED, Grade::Attempted, "prove nothing"),
            (SILENT, Grade::InsufficientWindow, "of 7 days"),
            (ON_DEMAND, Grade::ExpectedIdle, "PXE"),
            (BESIDE, Grade::NotObservable, "site"),
        ],
    )?;

    // Three days in which nobody counts do not make it a week.
    weeks.daemon.take().context("it runs")?.leave(Signal::TERM)?;
    weeks.calendar.pass(3)?;
    weeks.start()?;
    let audit = weeks.audit()?;
    let gaps: Vec<_> = audit
        .window
        .gaps
        .iter()
        .map(|gap| (gap.kind.as_str(), gap.hides))
        .collect();
    assert_eq!(gaps, [("daemon-down", true)], "{:#?}", audit.window);
    check(&audit, &[(SILENT, Grade::InsufficientWindow, "gap")])?;

    // Two more do, and that the kernel counted alone for one of them takes nothing off.
    weeks.days(1, &[POLICY])?;
    weeks.daemon.take().context("it runs")?.kill()?;
    weeks.calendar.pass(1)?;
    weeks.say(POLICY.0, POLICY.1)?;
    weeks.start()?;
    let audit = weeks.audit()?;
    let gaps: Vec<_> = audit
        .window
        .gaps
        .iter()
        .map(|gap| (gap.kind.as_str(), gap.hides))
        .collect();
    assert_eq!(gaps, [("daemon-down", true), ("kernel-only", false)]);
    check(
        &audit,
        &[
            (SILENT, Grade::Unused, "unused on this gateway"),
            (USED, Grade::Used, ""),
        ],
    )?;

    // A month later the site file names a software update point, which nobody has asked since.
    weeks.days(30, &[POLICY])?;
    let file = weeks.daemon()?.folder().join("site.toml");
    std::fs::write(&file, SITE.replace("site-server =", LATER))?;
    let reloaded = weeks.daemon()?.ask(&["reload"]);
    ensure!(reloaded.status.success(), "{reloaded:?}");
    weeks.days(5, &[POLICY])?;
    let audit = weeks.audit()?;
    check(
        &audit,
        &[
            (NEW, Grade::InsufficientWindow, "40 days"),
            (USED, Grade::Used, ""),
            (SHARED, Grade::Shared, ""),
            (REFUSED, Grade::Attempted, ""),
            (SILENT, Grade::Unused, ""),
        ],
    )?;
    let grades: BTreeSet<Grade> = audit.rules.iter().map(|rule| rule.grade).collect();
    assert_eq!(grades, Grade::ALL.into_iter().collect(), "every grade");
    let files: BTreeSet<_> = audit.generations.iter().map(|one| &one.files[0].sha256).collect();
    assert_eq!(files.len(), 2, "{:#?}", audit.generations);
    let hits = rule(&audit, USED)?;
    assert_eq!(hits.active_days, 43, "{:?}", hits.days);
    assert_eq!(hits.flows, hits.answered_flows);
    weeks.daemon.take().context("it runs")?.finish()
}

#[test]
fn what_is_installed_again_and_again_is_said_to_be_used_outside_its_condition() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut weeks = Weeks::begin(office, "2026-09-01T08:00:00Z")?;
    let installs = ("10.20.0.5:0", "10.10.1.6:445");
    weeks.days(3, &[installs])?;
    let id = "site-server/sql-server/smb";
    let outside = |audit: &Audit| -> Result<bool> {
        let remarks = &rule(audit, id)?.remarks;
        Ok(remarks
            .iter()
            .any(|remark| remark.contains("outside its condition")))
    };
    assert!(!outside(&weeks.audit()?)?, "three days are an installation");
    weeks.days(1, &[installs])?;
    let audit = weeks.audit()?;
    assert!(outside(&audit)?, "{:#?}", rule(&audit, id)?);
    // A night in which the daemon is ended and started again changes nothing of it.
    weeks.daemon.take().context("it runs")?.leave(Signal::TERM)?;
    weeks.start()?;
    assert!(outside(&weeks.audit()?)?);
    Ok(())
}

#[test]
fn an_approval_holds_until_its_last_day_is_over() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut weeks = Weeks::begin(office, "2026-09-01T08:00:00Z")?;
    let folder = weeks.daemon()?.folder();
    std::fs::write(
        folder.join("approvals.toml"),
        "[[approval]]\nid = \"adb\"\nby = \"A. Admin\"\nwhy = \"CHG7\"\nuntil = 2026-09-02\nfrom = \"client\"\n\
         to = \"management-point\"\ntcp = [5555]\n",
    )?;
    std::fs::write(
        folder.join("site.toml"),
        format!("approvals = \"approvals.toml\"\n{SITE}"),
    )?;
    let reloaded = weeks.daemon()?.ask(&["reload"]);
    ensure!(reloaded.status.success(), "{reloaded:?}");
    let asked = (CLIENT, "10.20.0.11:5555");
    let generation = |weeks: &Weeks| -> Result<u64> { Ok(weeks.daemon()?.status()?.generation) };
    let before = generation(&weeks)?;
    weeks.days(1, &[asked])?;
    assert_eq!(generation(&weeks)?, before, "it holds on its last day");
    let verdict = |weeks: &Weeks, wanted: &str| -> Result<()> {
        eventually("the verdict", LIMIT, || {
            let flows = weeks.daemon()?.flows(&["--sort", "first-seen", "--limit", "1"])?;
            let told = &flows.first().context("a flow")?.verdict;
            ensure!(told == wanted, "{told}");
            Ok(())
        })
    };
    verdict(&weeks, "approved")?;
    weeks.days(1, &[])?;
    eventually("new tables", LIMIT, || {
        ensure!(generation(&weeks)? > before);
        Ok(())
    })?;
    weeks.say(asked.0, asked.1)?;
    verdict(&weeks, "undocumented")?;
    let audit = weeks.audit()?;
    let approved = audit.approvals.iter().find(|one| one.rule == "adb");
    let approved = approved.context("it is listed")?;
    assert!(approved.ended && approved.flows == 1, "{approved:#?}");
    assert_eq!(approved.by.as_deref(), Some("A. Admin"));
    Ok(())
}
