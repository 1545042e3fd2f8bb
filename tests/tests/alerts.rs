//! Somebody is told of what nothing explains: once a group, by real sockets, whatever becomes of the daemon and of whoever
//! is told.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::AlertTests;
use cmflow_tests::binary;
use cmflow_tests::calendar::{Calendar, argument};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::hook::{Answer, Hook, Posted};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use rustix::process::Signal;
use serde_json::Value;
use xtask::lab::eventually;

/// A site file with these lines under `[alerts]`.
fn site(lines: &str) -> String {
    format!("{SITE}[alerts]\ndigest = \"off\"\n{lines}\n")
}

/// The same for a hook, and nothing to learn.
fn hooked(hook: &Hook) -> String {
    site(&format!("learn-hours = 0\nwebhook = \"{}\"", hook.url()))
}

/// Somebody knocks where nobody listens: one flow that nothing explains.
fn knock(office: &Office, from: &str, port: u16) -> Result<()> {
    let (from, to) = ends(&format!("{from}:0"), &format!("10.20.0.11:{port}"))?;
    let refused = office.of(from)?.tcp_connect(from, to);
    ensure!(refused.is_err(), "somebody listens at {to}");
    Ok(())
}

/// The port of the one group of an alert.
fn port_of(posted: &Posted) -> Result<u64> {
    let ports = posted.ports();
    ensure!(posted.body["kind"] == "alert" && ports.len() == 1, "{posted:#?}");
    Ok(ports[0])
}

/// Waits until the daemon has written that all letters arrived.
fn all_arrived(instance: &str) -> Result<()> {
    let path = format!("/var/lib/cmflow/{instance}.alerts.json");
    eventually("the letters to be off the list", LIMIT, || {
        let kept: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let outbox = kept["outbox"].as_object().context("an outbox")?;
        let waiting = outbox.values().filter_map(Value::as_array).map(Vec::len);
        ensure!(waiting.sum::<usize>() == 0, "{outbox:?}");
        ensure!(kept["letters"].as_u64() > Some(0), "no letter was written");
        Ok(())
    })
}

#[test]
fn forty_clients_that_do_one_thing_are_one_alert() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let clients: Vec<_> = (100..140).map(|last| format!("10.10.0.{last}")).collect();
    for client in &clients {
        office.lab.tier("client").add_address(client.parse()?)?;
    }
    let hook = Hook::open(office.gateway(), &[Answer::Status(204)])?;
    let text = format!("{}token-file = \"hook.token\"\n", hooked(&hook));
    let daemon = Daemon::start(office.gateway(), &text, &Plan::on(&BOTH))?;
    fs::write(daemon.folder().join("hook.token"), "not-for-everybody\n")?;

    // Who opened this one is a guess.
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4012")?;
    datagrams(&office, from, to, 2, 10)?;
    let (from, to) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    conversation(&office, from, to)?;
    for client in &clients {
        knock(&office, client, 3389)?;
    }
    knock(&office, "10.10.0.6", 3390)?;

    let posted = hook.next()?;
    assert_eq!(port_of(&posted)?, 3389);
    assert_eq!(posted.line, "POST /hook?channel=7 HTTP/1.1");
    assert_eq!(posted.header("authorization"), Some("Bearer not-for-everybody"));
    assert_eq!(posted.header("content-type"), Some("application/json"));
    let body = &posted.body;
    for (path, value) in [
        ("/kind", "alert"),
        ("/instance", daemon.instance()),
        ("/groups/0/initiator_roles/0", "client"),
        ("/groups/0/protocol", "tcp"),
        ("/groups/0/verdict", "undocumented"),
        ("/groups/0/example/initiator", "10.10.0.100"),
        ("/groups/0/example/responder", "10.20.0.11"),
    ] {
        assert_eq!(body.pointer(path), Some(&Value::from(value)), "{path}: {body:#}");
    }
    let nearest = body["groups"][0]["example"]["nearest"]["rule"].as_str();
    assert!(
        nearest.is_some_and(|rule| rule.starts_with("client/")),
        "{body:#}"
    );
    let text = body["text"].as_str().context("a text")?;
    assert!(
        text.contains("tcp/3389, 10.10.0.100 to 10.20.0.11; nearest rule "),
        "{text}"
    );
    // What came after them all is the next one.
    let posted = hook.next()?;
    assert_eq!((port_of(&posted)?, posted.number()), (3390, 2));

    all_arrived(daemon.instance())?;
    let log = daemon.log();
    let lines = log.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert_eq!(lines.len(), 2, "{log}");
    assert_eq!(lines[0], *body);
    assert!(!log.contains("not-for-everybody"));
    let told = daemon.status()?.alerts;
    assert_eq!(
        (told.sent, told.held_back, told.queued, told.failed),
        (2, 0, 0, 0),
        "{told:?}"
    );
    assert!(
        told.learning_until.is_none() && told.last.is_some() && told.problem.is_none(),
        "{told:?}"
    );
    daemon.finish()
}

#[test]
fn a_letter_that_is_refused_is_sent_again() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let answers = [503, 500, 204, 422, 204].map(Answer::Status);
    let hook = Hook::open(office.gateway(), &answers)?;
    let daemon = Daemon::start(office.gateway(), &hooked(&hook), &Plan::on(&BOTH))?;
    knock(&office, "10.10.0.5", 3389)?;
    let first = hook.next()?;
    assert_eq!(port_of(&first)?, 3389);
    for _ in 0..2 {
        assert_eq!(hook.next()?.body, first.body, "the same letter");
    }
    // What the server does not want at all is given up, and said.
    knock(&office, "10.10.0.5", 3390)?;
    assert_eq!(port_of(&hook.next()?)?, 3390);
    knock(&office, "10.10.0.5", 3391)?;
    assert_eq!(port_of(&hook.next()?)?, 3391);
    all_arrived(daemon.instance())?;
    let told = daemon.status()?.alerts;
    assert_eq!((told.sent, told.failed), (3, 1), "{told:?}");
    assert!(
        daemon.log().contains("letter 2 is given up: http://127.0.0.1:"),
        "{}",
        daemon.log()
    );
    daemon.finish()
}

#[test]
fn a_server_that_never_answers_delays_nothing() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let hook = Hook::open(office.gateway(), &[Answer::Silence])?;
    let daemon = Daemon::start(office.gateway(), &hooked(&hook), &Plan::on(&BOTH))?;
    knock(&office, "10.10.0.5", 3389)?;
    assert_eq!(port_of(&hook.next()?)?, 3389);
    // It hangs there now. Everything else goes on.
    let (from, to) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    conversation(&office, from, to)?;
    daemon.flow(to, |flow| flow.state == "answered")?;
    knock(&office, "10.10.0.5", 3390)?;
    eventually("the second letter in the log", LIMIT, || {
        let log = daemon.log();
        let letters = log.lines().filter(|line| line.starts_with('{')).count();
        ensure!(letters == 2, "{log}");
        let told = daemon.status()?.alerts;
        ensure!((told.sent, told.queued) == (2, 2), "{told:?}");
        Ok(())
    })?;
    daemon.finish()
}

#[test]
fn a_kill_repeats_nothing_that_arrived_and_loses_nothing_that_did_not() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let hook = Hook::open(office.gateway(), &[Answer::Status(204)])?;
    let daemon = Daemon::start(office.gateway(), &hooked(&hook), &plan)?;
    knock(&office, "10.10.0.5", 3389)?;
    assert_eq!(port_of(&hook.next()?)?, 3389);
    all_arrived(plan.instance())?;
    daemon.kill()?;

    // While no daemon looks the kernel goes on, and the next one is told.
    knock(&office, "10.10.0.6", 3389)?;
    knock(&office, "10.10.0.5", 3390)?;
    let deaf = Hook::open(office.gateway(), &[Answer::Status(503)])?;
    let daemon = Daemon::start(office.gateway(), &hooked(&deaf), &plan)?;
    let refused = deaf.next()?;
    assert_eq!((port_of(&refused)?, refused.number()), (3390, 2));
    daemon.kill()?;

    let daemon = Daemon::start(office.gateway(), &hooked(&hook), &plan)?;
    let posted = hook.next()?;
    assert_eq!(posted.body, refused.body, "the same letter");
    knock(&office, "10.10.0.6", 3390)?;
    knock(&office, "10.10.0.6", 3391)?;
    let posted = hook.next()?;
    assert_eq!((port_of(&posted)?, posted.number()), (3391, 3));
    all_arrived(plan.instance())?;
    // Nor does one that ends by itself forget.
    daemon.leave(Signal::TERM)?;
    let daemon = Daemon::start(office.gateway(), &hooked(&hook), &plan)?;
    knock(&office, "10.10.0.6", 3391)?;
    knock(&office, "10.10.0.6", 3392)?;
    let posted = hook.next()?;
    assert_eq!((port_of(&posted)?, posted.number()), (3392, 4));
    daemon.finish()
}

#[test]
fn what_was_silent_for_days_is_told_of_again() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut calendar = Calendar::beginning("2026-11-20T12:00:00Z")?;
    let hook = Hook::open(office.gateway(), &[Answer::Status(204)])?;
    let plan = Plan::on(&BOTH).with(&["--clock", &argument(&calendar.file())]);
    let daemon = Daemon::start(office.gateway(), &hooked(&hook), &plan)?;
    knock(&office, "10.10.0.5", 3389)?;
    let posted = hook.next()?;
    assert_eq!(
        (port_of(&posted)?, &posted.body["groups"][0]["again"]),
        (3389, &Value::Bool(false))
    );
    calendar.pass_under(&daemon, 2)?;
    knock(&office, "10.10.0.6", 3389)?;
    let posted = hook.next()?;
    let group = &posted.body["groups"][0];
    assert_eq!((port_of(&posted)?, &group["again"]), (3389, &Value::Bool(true)));
    assert_eq!(group["example"]["initiator"], "10.10.0.6");
    let times = ["/groups/0/first_seen", "/at"].map(|path| posted.body.pointer(path).and_then(Value::as_str));
    let begins = ["2026-11-20T12:", "2026-11-22T12:"];
    for (time, begin) in times.into_iter().zip(begins) {
        assert!(time.is_some_and(|time| time.starts_with(begin)), "{time:?}");
    }
    daemon.finish()
}

#[test]
fn the_first_day_is_learnt_and_each_day_has_a_digest() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut calendar = Calendar::beginning("2026-11-20T12:00:00Z")?;
    let hook = Hook::open(office.gateway(), &[Answer::Status(204)])?;
    let text = format!(
        "{SITE}[alerts]\nrearm-hours = 720\nwebhook = \"{}\"\n",
        hook.url()
    );
    let plan = Plan::on(&BOTH).with(&["--clock", &argument(&calendar.file())]);
    let daemon = Daemon::start(office.gateway(), &text, &plan)?;
    let until = daemon.status()?.alerts.learning_until.context("it learns")?;
    assert!(until.to_string().starts_with("2026-11-21T12:"), "{until}");
    knock(&office, "10.10.0.5", 3389)?;
    let path = format!("/var/lib/cmflow/{}.alerts.json", plan.instance());
    eventually("the group to be known", LIMIT, || {
        let kept = fs::read_to_string(&path)?;
        ensure!(kept.contains("3389"), "{kept}");
        Ok(())
    })?;
    calendar.pass_under(&daemon, 1)?;
    let posted = hook.next()?;
    assert_eq!(
        (&posted.body["kind"], posted.ports(), posted.number()),
        (&"learnt".into(), vec![3389], 1)
    );
    assert_eq!(daemon.status()?.alerts.learning_until, None);
    // Known, then new.
    knock(&office, "10.10.0.6", 3389)?;
    knock(&office, "10.10.0.5", 3390)?;
    let posted = hook.next()?;
    assert_eq!((port_of(&posted)?, posted.number()), (3390, 2));
    calendar.pass_under(&daemon, 1)?;
    let posted = hook.next()?;
    assert_eq!(
        (&posted.body["kind"], posted.ports(), posted.number()),
        (&"digest".into(), vec![3390], 3)
    );
    let text = posted.body["text"].as_str().context("a text")?;
    assert!(
        text.contains("one new unexplained group since the last digest, 2 known"),
        "{text}"
    );
    daemon.finish()
}

#[test]
fn each_channel_can_be_tried_and_another_site_file_changes_them() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = Daemon::start(office.gateway(), &site("log = false"), &Plan::on(&BOTH))?;
    let instance = daemon.instance().to_owned();
    let test = |format: &str| binary::run(&["alerts", "test", "--instance", &instance, "--format", format]);
    let output = test("table");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("names no channel"),
        "{output:?}"
    );

    let syslog = office.gateway().udp("127.0.0.1:0".parse()?)?;
    syslog.set_read_timeout(Some(LIMIT))?;
    // Bound and closed again: nobody is there.
    let nobody = office
        .gateway()
        .tcp_listen("127.0.0.1:0".parse()?)?
        .local_addr()?;
    let text = site(&format!(
        "learn-hours = 0\nsyslog = \"udp://{}\"\nwebhook = \"http://{nobody}/secret\"",
        syslog.local_addr()?
    ));
    fs::write(daemon.folder().join("site.toml"), text)?;
    assert_eq!(daemon.ask(&["reload"]).status.code(), Some(0));
    let output = test("json");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let tests: AlertTests = serde_json::from_slice(&output.stdout)?;
    let each: Vec<_> = tests
        .tests
        .iter()
        .map(|one| (one.channel.as_str(), one.ok))
        .collect();
    assert_eq!(each, [("log", true), ("webhook", false), ("syslog", true)]);
    let problem = tests.tests[1].problem.as_deref().context("why not")?;
    assert!(
        problem.contains(&nobody.to_string()) && !problem.contains("secret"),
        "{problem}"
    );
    let said = receive(&syslog)?;
    assert!(
        said.starts_with("<29>1 20") && said.contains(" test - cmflow "),
        "{said}"
    );

    knock(&office, "10.10.0.5", 3389)?;
    let said = receive(&syslog)?;
    let begin = format!(" alert - cmflow {instance}: undocumented: client -> ");
    assert!(said.starts_with("<28>1 20") && said.contains(&begin), "{said}");
    assert!(
        said.contains(" tcp/3389, 10.10.0.5 to 10.20.0.11; nearest rule "),
        "{said}"
    );
    eventually("what is wrong with the webhook", LIMIT, || {
        let told = daemon.status()?.alerts;
        let problem = told.problem.clone().unwrap_or_default();
        ensure!(problem.starts_with("webhook: ") && told.queued == 1, "{told:?}");
        Ok(())
    })?;
    daemon.finish()
}

fn receive(socket: &std::net::UdpSocket) -> Result<String> {
    let mut buffer = [0; 4096];
    let length = loop {
        match socket.recv(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            received => break received.context("no datagram came")?,
        }
    };
    Ok(String::from_utf8(buffer[..length].to_vec())?)
}
