//! Another site file while packets pass: switched between two packets, or not at all.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use cmflow::answer::Reloaded;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use rustix::process::Signal;
use xtask::lab::{eventually, wait_until};

fn site_file(daemon: &Daemon) -> PathBuf {
    daemon.folder().join("site.toml")
}

/// `cmflow reload`, and how it ended.
fn reload(daemon: &Daemon) -> Result<(Option<i32>, Reloaded)> {
    let output = daemon.ask(&["reload", "--format", "json"]);
    let reloaded = serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))?;
    Ok((output.status.code(), reloaded))
}

#[test]
fn a_reload_judges_anew_and_keeps_what_was_counted() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let file = site_file(&daemon);
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    let (client, server) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    conversation(&office, client, server)?;
    datagrams(&office, from, to, 3, 10)?;
    daemon.flow(to, |flow| {
        flow.forward.packets == 3 && flow.verdict == "documented"
    })?;
    let web = daemon.flow(server, |flow| flow.verdict == "documented")?;
    let before = daemon.status()?;
    assert_eq!(before.files.len(), 1);

    // Without the distribution point that answers PXE, nothing explains the flow.
    let without = SITE.replace(r#"["10.20.0.12", "fd00:20::12"]"#, r#"["fd00:20::12"]"#);
    std::fs::write(&file, &without)?;
    let (code, reloaded) = reload(&daemon)?;
    assert_eq!((code, reloaded.done), (Some(0), true), "{reloaded:?}");
    assert_eq!(reloaded.generation, before.generation + 1);
    let status = daemon.status()?;
    assert_eq!(status.generation, reloaded.generation);
    assert_eq!(status.files, reloaded.files);
    assert_ne!(status.files, before.files);
    let sum = std::process::Command::new("sha256sum").arg(&file).output()?;
    let sum = String::from_utf8(sum.stdout)?;
    assert!(sum.starts_with(&status.files[0].sha256), "{sum} {status:?}");

    datagrams(&office, from, to, 5, 10)?;
    daemon.flow(to, |flow| {
        flow.forward.packets == 8 && flow.verdict == "undocumented"
    })?;
    let same = daemon.flow(server, |_| true)?;
    assert_eq!((&same.rules, same.total()), (&web.rules, web.total()));
    // Packets that a rule was credited with stay with it.
    let told = daemon.status()?.verdicts;
    assert_eq!(told["undocumented"].packets, 10);
    assert!(told["documented"].packets >= 6 + web.total());

    // And back: the rule has its number still, and goes on.
    std::fs::write(&file, SITE)?;
    reload(&daemon)?;
    datagrams(&office, from, to, 2, 10)?;
    daemon.flow(to, |flow| {
        flow.forward.packets == 10 && flow.verdict == "documented"
    })?;
    let told = daemon.status()?;
    assert_eq!(told.verdicts["undocumented"].packets, 10);
    assert_eq!(told.files, before.files);
    daemon.finish()
}

/// Packets of both directions.
trait Total {
    fn total(&self) -> u64;
}

impl Total for cmflow::answer::Flow {
    fn total(&self) -> u64 {
        self.forward.packets + self.reverse.packets
    }
}

#[test]
fn a_bad_file_changes_nothing_and_says_why() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let file = site_file(&daemon);
    let before = daemon.status()?;
    let rows = [
        (SITE.replace("site-server = [", "site-servre = ["), "site-server"),
        (SITE.replace("10.20.0.5", "10.20.0.500"), "10.20.0.500"),
        ("= nothing".to_owned(), "site.toml:1"),
        (SITE.replace("\"current\"", "\"2999-01\""), "2999-01"),
    ];
    for (text, expected) in rows {
        std::fs::write(&file, text)?;
        let (code, reloaded) = reload(&daemon)?;
        assert_eq!((code, reloaded.done), (Some(2), false), "{reloaded:?}");
        assert!(
            reloaded.problems.iter().any(|line| line.contains(expected)),
            "{reloaded:?}"
        );
        let output = daemon.ask(&["reload"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(expected) && said.contains("goes on as it is"),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(2));
        assert!(daemon.log().contains(expected), "{}", daemon.log());
    }
    std::fs::remove_file(&file)?;
    assert_eq!(reload(&daemon)?.0, Some(2));
    let status = daemon.status()?;
    assert_eq!(
        (status.generation, &status.files),
        (before.generation, &before.files)
    );
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 3, 10)?;
    daemon.flow(to, |flow| flow.verdict == "documented")?;
    daemon.finish()
}

#[test]
fn a_signal_and_a_watched_file_reload_too() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let process = rustix::process::Pid::from_raw(i32::try_from(daemon.process()?)?).context("a process")?;
    let generation = daemon.status()?.generation;
    rustix::process::kill_process(process, Signal::HUP)?;
    wait_until("the next generation", LIMIT, || {
        daemon
            .status()
            .is_ok_and(|status| status.generation == generation + 1)
    })?;
    daemon.finish()?;

    let daemon = office.run(&Plan::on(&BOTH).with(&["--watch"]))?;
    let file = site_file(&daemon);
    let include = daemon.folder().join("more.toml");
    let mut known = daemon.status()?;
    let site = format!("include = [\"more*.toml\"]\n{SITE}");
    let steps: [(&PathBuf, &str); 4] = [
        (&include, "[roles]\nfallback-status-point = [\"10.20.0.5\"]\n"),
        (&file, &site),
        (&include, "[roles]\nfallback-status-point = [\"10.20.0.11\"]\n"),
        (&daemon.folder().join("more-still.toml"), ""),
    ];
    for (place, (path, text)) in steps.into_iter().enumerate() {
        std::fs::write(path, text)?;
        if place == 0 {
            continue; // Nobody includes it yet.
        }
        known = eventually("the changed files in use", LIMIT, || {
            let status = daemon.status()?;
            ensure!(status.files != known.files, "{:?}", status.files);
            Ok(status)
        })?;
    }
    assert_eq!(known.files.len(), 3, "{:?}", known.files);
    daemon.finish()
}

#[test]
fn many_reloads_under_traffic_mix_nothing_and_lose_nothing() -> Result<()> {
    const RELOADS: usize = 40;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let file = site_file(&daemon);
    // Either site file explains one half of what is asked.
    let other = SITE
        .replace(r#"management-point = ["10.20.0.11", "fd00:20::11"]"#, "")
        .replace("client = [", "client = [\"10.10.99.9\", ");
    let stop = AtomicBool::new(false);
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    let sent = std::thread::scope(|scope| -> Result<u64> {
        let stream = scope.spawn(|| -> Result<u64> {
            let mut sent = 0;
            while !stop.load(Ordering::Relaxed) {
                datagrams(&office, from, to, 50, 10)?;
                sent += 50;
            }
            Ok(sent)
        });
        let reloaded = (0..RELOADS).try_for_each(|round| -> Result<()> {
            std::fs::write(&file, if round % 2 == 0 { &other } else { SITE })?;
            let (code, reloaded) = reload(&daemon)?;
            ensure!(code == Some(0), "{reloaded:?}");
            // Somebody asks meanwhile, and the law holds.
            daemon.status().map(drop)
        });
        stop.store(true, Ordering::Relaxed);
        reloaded?;
        stream.join().expect("it does not panic")
    })?;
    ensure!(sent > 0, "nothing was sent");
    daemon.flow(to, |flow| {
        flow.forward.packets == sent && flow.verdict == "documented"
    })?;
    let status = daemon.status()?;
    assert!(status.conservation.ok, "{:?}", status.conservation);
    assert_eq!(status.generation, 1 + RELOADS as u64);
    daemon.finish()
}

#[test]
fn a_stop_in_the_middle_of_reloads_ends_well() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        let plan = Plan::on(&BOTH);
        let mut daemon = office.run(&plan)?;
        let process =
            rustix::process::Pid::from_raw(i32::try_from(daemon.process()?)?).context("a process")?;
        for _ in 0..3 {
            rustix::process::kill_process(process, Signal::HUP)?;
        }
        let (status, log) = daemon.end(signal)?;
        if signal == Signal::KILL {
            let next = office.run(&Plan::on(&BOTH).named(plan.instance()))?;
            assert!(next.log().contains("taken over"), "{}", next.log());
            next.finish()?;
        } else {
            assert_eq!(status.code(), Some(0), "{log}");
            assert!(log.contains("held at every tick"), "{log}");
        }
    }
    Ok(())
}
