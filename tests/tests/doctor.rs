//! `cmflow doctor` beside a daemon that is well, and beside what is broken.

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::binary::{cmflow, run};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, ends};
use rustix::process::Signal;
use serde_json::Value;
use xtask::lab::wait_until;

/// What a doctor says inside the gateway: exit code and examination.
fn doctor(office: &Office, arguments: &[&str]) -> Result<(Option<i32>, Value)> {
    let mut command = office.gateway().command_with_sys(&cmflow().to_string_lossy())?;
    let output = command
        .args(["doctor", "--format", "json"])
        .args(arguments)
        .output()?;
    let examination = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((output.status.code(), examination))
}

/// Grade, what was found and what to do, of a check.
fn check(examination: &Value, group: &str, check: &str) -> Result<[String; 3]> {
    let checks = examination["checks"].as_array().context("checks")?;
    let found = checks
        .iter()
        .find(|one| one["group"] == group && one["check"] == check);
    let found = found.with_context(|| format!("no check {group}, {check}: {checks:#?}"))?;
    Ok(["grade", "found", "remedy"].map(|key| found[key].as_str().unwrap_or_default().to_owned()))
}

fn grade(examination: &Value, group: &str, name: &str) -> Result<String> {
    let [grade, ..] = check(examination, group, name)?;
    Ok(grade)
}

#[test]
fn a_daemon_that_is_well_has_no_problem() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    conversation(&office, from, to)?;
    daemon.flow(to, |flow| flow.state == "answered")?;
    let (code, found) = doctor(&office, &["--instance", daemon.instance()])?;
    assert_eq!(code, Some(0), "{found:#}");
    assert_eq!(found["ok"], true);
    assert_eq!(found["instance"], daemon.instance());
    for (group, name) in [
        ("daemon", "answers"),
        ("daemon", "conservation law"),
        ("daemon", "last tick"),
        ("daemon", "flow table"),
        ("daemon", "events"),
        ("daemon", "frames of client"),
        ("rights", "to load and attach"),
        ("kernel", "release"),
        ("kernel", "ring buffer"),
        ("kernel", "arrays in shared memory"),
        ("interfaces", "client"),
        ("interfaces", "site"),
        ("pins", "BPF file system"),
        ("pins", "of the instance"),
        ("memory", "control group"),
    ] {
        assert_eq!(grade(&found, group, name)?, "ok", "{group}, {name}: {found:#}");
    }
    let [_, interface, _] = check(&found, "interfaces", "client")?;
    assert_eq!(interface, "native, driver veth, MTU 1500");
    let [of_root, _, remedy] = check(&found, "rights", "of the daemon")?;
    assert_eq!(of_root, "warning", "it runs as root");
    assert!(remedy.contains("--user"), "{remedy}");

    // An interface that would be refused is a problem, with what to do.
    office.gateway().ip("link set lo down")?;
    let (code, found) = doctor(&office, &["--instance", daemon.instance(), "--interface", "lo"])?;
    assert_eq!((code, &found["ok"]), (Some(1), &Value::Bool(false)));
    let [grade, what, remedy] = check(&found, "interfaces", "can be looked at")?;
    assert_eq!((grade.as_str(), what.as_str()), ("problem", "lo is down"));
    assert!(remedy.contains("ip link set lo up"), "{remedy}");
    daemon.finish()
}

#[test]
fn what_a_dead_daemon_left_is_told_and_broken_pins_are_a_problem() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH).with(&["--keep"]);
    let mut daemon = office.run(&plan)?;
    daemon.end(Signal::KILL)?;
    let instance = plan.instance();
    let of_it = format!("instance {instance}");
    let (code, found) = doctor(&office, &["--instance", instance])?;
    assert_eq!(code, Some(0), "warnings alone: {found:#}");
    let [grade, what, remedy] = check(&found, "leftovers", &of_it)?;
    assert_eq!(grade, "warning");
    assert!(what.contains("2 programs attached and counting"), "{what}");
    assert!(remedy.contains("cmflow detach --instance"), "{remedy}");
    let [grade, what, _] = check(&found, "daemon", "answers")?;
    assert_eq!(grade, "warning");
    assert!(what.contains("no daemon listens"), "{what}");

    // Somebody took a map's pin away: what is left is no whole set.
    let pins = office.pins()?;
    let flows = pins
        .lines()
        .find(|path| path.ends_with("/FLOWS"))
        .context("a pin")?;
    let removed = office.gateway().command_with_sys("rm")?.arg(flows).status()?;
    ensure!(removed.success(), "{removed}");
    let (code, found) = doctor(&office, &["--instance", instance])?;
    assert_eq!(code, Some(1), "{found:#}");
    let [grade, what, _] = check(&found, "pins", "of the instance")?;
    assert_eq!(grade, "problem");
    assert!(what.contains("no whole set"), "{what}");

    let mut detach = office.gateway().command_with_sys(&cmflow().to_string_lossy())?;
    let detached = detach.args(["detach", "--instance", instance]).output()?;
    ensure!(detached.status.success(), "{detached:?}");
    wait_until("the programs to go", LIMIT, || {
        BOTH.iter()
            .all(|one| office.program(one).is_ok_and(|id| id.is_none()))
    })?;
    let (code, found) = doctor(&office, &["--instance", instance])?;
    assert_eq!(code, Some(0), "{found:#}");
    assert_eq!(check(&found, "pins", "of the instance")?[1], "none");
    Ok(())
}

#[test]
fn people_read_a_table_and_bad_input_is_two() {
    let table = run(&["doctor", "--instance", "nobody-at-all"]);
    let said = String::from_utf8_lossy(&table.stdout);
    assert!(
        said.contains("conservation law") || said.contains("no daemon listens"),
        "{said}"
    );
    assert!(said.contains("instance nobody-at-all: "), "{said}");
    for arguments in [["doctor", "--instance", "a/b"], ["doctor", "--format", "xml"]] {
        assert_eq!(run(&arguments).status.code(), Some(2));
    }
}
