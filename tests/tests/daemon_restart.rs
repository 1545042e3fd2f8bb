//! A daemon ends and the next one goes on: nothing is lost, nothing is counted twice, and what cannot be gone on with is
//! saved and said.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::pinned::Pinned;
use cmflow_tests::traffic::{conversation, datagrams, ends};
use rustix::process::Signal;
use xtask::lab::eventually;

/// The same instance again.
fn again(office: &Office, plan: &Plan, more: &[&str]) -> Result<Daemon> {
    office.run(&Plan::on(&BOTH).named(plan.instance()).with(more))
}

/// `mkdir -p` in the gateway's BPF file system.
fn folder(office: &Office, path: &str) -> Result<()> {
    let mut mkdir = office.gateway().command_with_sys("mkdir")?;
    ensure!(mkdir.args(["-p", path]).status()?.success(), "mkdir {path}");
    Ok(())
}

/// Files of counters that could not be gone on with.
fn saved(instance: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/var/lib/cmflow")? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| name.starts_with(&format!("{instance}-")) && name.ends_with(".json")) {
            found.push(path);
        }
    }
    Ok(found)
}

#[test]
fn the_kernel_counts_on_without_a_daemon_and_the_next_one_takes_over() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for (signal, more) in [(Signal::KILL, &[][..]), (Signal::TERM, &["--keep"])] {
        let plan = Plan::on(&BOTH).with(more);
        let mut first = office.run(&plan)?;
        let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
        datagrams(&office, from, to, 3, 10)?;
        let (client, server) = ends("10.10.0.5:0", "10.20.0.11:443")?;
        conversation(&office, client, server)?;
        let (stranger, nobody) = ends("10.10.99.9:0", "10.20.99.9:9")?;
        datagrams(&office, stranger, nobody, 2, 10)?;
        let flow = first.flow(to, |flow| flow.forward.packets == 3)?;
        let since = first.status()?.since;
        // Frames that came between reading an interface's counter and attaching to it.
        let early = |daemon: &Daemon| -> Result<Vec<u64>> {
            let frames = office.frames(daemon)?.into_iter();
            Ok(frames.map(|one| one.said - one.counted).collect())
        };
        let missed = early(&first)?;
        first.end(signal)?;
        let kept = office.program("client")?;
        ensure!(kept.is_some(), "{signal:?}: the program stays");

        // Nobody is there, and the traffic goes on: in that flow, and in a new one.
        datagrams(&office, from, to, 5, 10)?;
        let (other, _) = ends("10.10.0.6:40002", "10.20.0.12:4011")?;
        datagrams(&office, other, to, 7, 10)?;

        let second = again(&office, &plan, &[])?;
        assert_ne!(office.program("client")?, kept, "its own program, by link update");
        let log = second.log();
        assert!(
            log.contains("taken over") && log.contains("kernel alone"),
            "{log}"
        );
        datagrams(&office, from, to, 11, 10)?;
        eventually("all packets in two flows", LIMIT, || {
            let mut flows = second.flows(&[])?;
            flows.retain(|flow| flow.responder.port == 4011);
            let mut counts: Vec<_> = flows.iter().map(|flow| flow.forward.packets).collect();
            counts.sort_unstable();
            ensure!(counts == [7, 19], "{counts:?}");
            let whole = flows.iter().find(|one| one.initiator == flow.initiator);
            let whole = whole.context("the first flow")?;
            ensure!(
                whole.rules == flow.rules && whole.verdict == flow.verdict,
                "{whole:?}"
            );
            let moved = whole.first_seen.duration_since(flow.first_seen).abs();
            ensure!(
                moved.as_millis() < 300,
                "{} {}",
                whole.first_seen,
                flow.first_seen
            );
            Ok(())
        })?;
        let status = second.status()?;
        assert_eq!(status.since, since);
        assert_eq!(status.gaps.len(), 1);
        let gap = &status.gaps[0];
        assert!(
            gap.kind == "kernel-only" && since <= gap.from && gap.from < gap.to,
            "{gap:?}"
        );
        assert!(gap.to <= status.at);
        assert_eq!(
            early(&second)?,
            missed,
            "each frame that an interface received was counted"
        );
        let told = String::from_utf8(second.ask(&["status"]).stdout)?;
        assert!(told.contains("by the kernel alone"), "{told}");
        second.finish()?;
        ensure!(!office.pins()?.contains(plan.instance()), "{}", office.pins()?);
        let state = format!("/var/lib/cmflow/{}.state", plan.instance());
        ensure!(!PathBuf::from(&state).exists(), "{state} is left");
    }
    Ok(())
}

#[test]
fn a_daemon_that_is_killed_again_and_again_loses_no_packet() -> Result<()> {
    const ROUNDS: u16 = 6;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    let mut sent = 0;
    let mut daemons = Vec::new();
    for round in 0..ROUNDS {
        let mut daemon = again(&office, &plan, &[])?;
        std::thread::scope(|scope| -> Result<()> {
            let stream = scope.spawn(|| datagrams(&office, from, to, 200, 10));
            // Somewhere in a tick, an answer or a writing.
            let asked = scope.spawn(|| daemon.status().map(drop));
            asked.join().expect("it does not panic")?;
            stream.join().expect("it does not panic")
        })?;
        sent += 200;
        if round + 1 < ROUNDS {
            daemon.end(Signal::KILL)?;
        }
        daemons.push(daemon);
    }
    let last = daemons.pop().context("the last one")?;
    last.flow(to, |flow| flow.forward.packets == sent)?;
    assert_eq!(last.status()?.gaps.len(), usize::from(ROUNDS) - 1);
    last.finish()
}

#[test]
fn fresh_begins_anew() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let mut first = office.run(&plan)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 3, 10)?;
    first.flow(to, |flow| flow.forward.packets == 3)?;
    first.end(Signal::KILL)?;
    let second = again(&office, &plan, &["--fresh"])?;
    assert!(second.log().contains("--fresh"), "{}", second.log());
    datagrams(&office, from, to, 5, 10)?;
    second.flow(to, |flow| flow.forward.packets == 5)?;
    assert!(second.status()?.gaps.is_empty());
    assert!(
        saved(plan.instance())?.is_empty(),
        "what was given up is not saved"
    );
    second.finish()
}

#[test]
fn interfaces_keep_their_counters_whichever_are_asked_for() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let mut first = office.run(&plan)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 3, 10)?;
    first.flow(to, |flow| flow.forward.packets == 3)?;
    first.end(Signal::KILL)?;

    let mut second = office.run(&Plan::on(&["site"]).named(plan.instance()))?;
    ensure!(office.program("client")?.is_none(), "nobody asks for it");
    let status = second.status()?;
    let shown: Vec<_> = status
        .interfaces
        .iter()
        .map(|one| (&*one.name, &*one.mode))
        .collect();
    assert_eq!(shown, [("client", "none"), ("site", "native")]);
    let client = &status.interfaces[0];
    ensure!(
        client.frames >= 3 && client.received >= client.frames,
        "{client:?}"
    );
    second.end(Signal::KILL)?;

    // In another order, and in another mode.
    let third = Plan::on(&["site", "client"]).named(plan.instance());
    let third = office.run(&third.with(&["--mode", "tcx"]))?;
    let status = third.status()?;
    let shown: Vec<_> = status
        .interfaces
        .iter()
        .map(|one| (&*one.name, &*one.mode))
        .collect();
    assert_eq!(shown, [("client", "tcx"), ("site", "tcx")]);
    ensure!(office.program("site")?.is_none(), "the old hook is left");
    datagrams(&office, from, to, 4, 10)?;
    third.flow(to, |flow| flow.forward.packets == 7)?;
    third.finish()
}

#[test]
fn what_is_not_cmflows_is_named_and_left_alone() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for name in ["FLOWS", "somebody-elses", "LAYOUT", "links/client"] {
        let plan = Plan::on(&BOTH);
        let path = format!("/sys/fs/bpf/cmflow/{}/{name}", plan.instance());
        folder(&office, &path)?;
        for more in [&[][..], &["--fresh"]] {
            let mut command = plan
                .clone()
                .with(more)
                .command(office.gateway(), &site_file()?.to_string_lossy())?;
            let output = command.output()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(&path) && said.contains("is not cmflow's"), "{said}");
            assert!(said.contains("Nothing was touched"), "{said}");
        }
        ensure!(office.pins()?.contains(&path), "{}", office.pins()?);
        ensure!(office.program("client")?.is_none(), "something was attached");
    }
    Ok(())
}

/// A site file that outlives the call.
fn site_file() -> Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("cmflow-restart-{}.toml", std::process::id()));
    std::fs::write(&path, cmflow_tests::office::SITE)?;
    Ok(path)
}

#[test]
fn counters_of_another_layout_are_saved_and_counting_begins_anew() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let mut first = office.run(&plan)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 3, 10)?;
    first.flow(to, |flow| flow.forward.packets == 3)?;
    // Behind the magic number stands the layout's.
    Pinned::open(first.process()?, plan.instance(), "LAYOUT", 32)?.set(8, 1);
    first.end(Signal::KILL)?;

    let second = again(&office, &plan, &[])?;
    let log = second.log();
    assert!(
        log.contains("cannot be gone on with") && log.contains("are saved in"),
        "{log}"
    );
    datagrams(&office, from, to, 5, 10)?;
    second.flow(to, |flow| flow.forward.packets == 5)?;
    let files = saved(plan.instance())?;
    assert_eq!(files.len(), 1, "{files:?}");
    let text = std::fs::read_to_string(&files[0])?;
    std::fs::remove_file(&files[0])?;
    let kept: serde_json::Value = serde_json::from_str(&text)?;
    let packets = |map: &str| -> u64 {
        let rows = kept["counters"][map].as_array().into_iter().flatten();
        rows.filter_map(|row| row[1].as_u64()).sum()
    };
    assert!(
        packets("VERDICTS") >= 3 && packets("OUTCOMES") >= packets("VERDICTS"),
        "{text}"
    );
    assert!(
        kept["state"]["verdicts"].is_array(),
        "what the numbers mean is there"
    );
    second.finish()
}

#[test]
fn a_daemon_whose_state_is_gone_says_so_and_saves_the_numbers() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for text in [None, Some("{\"format\":1"), Some("{}")] {
        let plan = Plan::on(&BOTH);
        let mut first = office.run(&plan)?;
        let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
        datagrams(&office, from, to, 3, 10)?;
        first.flow(to, |flow| flow.forward.packets == 3)?;
        first.end(Signal::KILL)?;
        let state = format!("/var/lib/cmflow/{}.state", plan.instance());
        match text {
            None => std::fs::remove_file(&state)?,
            Some(text) => std::fs::write(&state, text)?,
        }
        let second = again(&office, &plan, &[])?;
        let log = second.log();
        assert!(
            log.contains("nobody can say what its verdicts stand for"),
            "{log}"
        );
        assert!(log.contains(&state), "{log}");
        let files = saved(plan.instance())?;
        assert_eq!(files.len(), 1, "{files:?}");
        std::fs::remove_file(&files[0])?;
        datagrams(&office, from, to, 5, 10)?;
        second.flow(to, |flow| flow.forward.packets == 5)?;
        second.finish()?;
    }
    Ok(())
}

#[test]
fn pins_without_their_stamp_are_not_used() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    // Killed while it made them, or of a version that did not say how it lays them out.
    let rows = [
        (
            ["LAYOUT", "links/client", "links/site"],
            "before it had made them all",
        ),
        (["LAYOUT", "links/client", "JOURNAL"], "did not say how"),
    ];
    for (gone, expected) in rows {
        let plan = Plan::on(&BOTH);
        let mut first = office.run(&plan)?;
        let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
        datagrams(&office, from, to, 3, 10)?;
        first.flow(to, |flow| flow.forward.packets == 3)?;
        first.end(Signal::KILL)?;
        for name in gone {
            let mut remove = office.gateway().command_with_sys("rm")?;
            remove.arg(format!("/sys/fs/bpf/cmflow/{}/{name}", plan.instance()));
            ensure!(remove.status()?.success(), "{name}");
        }
        let second = again(&office, &plan, &[])?;
        let log = second.log();
        assert!(log.contains(expected), "{log}");
        datagrams(&office, from, to, 5, 10)?;
        second.flow(to, |flow| flow.forward.packets == 5)?;
        let found = saved(plan.instance())?;
        assert_eq!(found.len(), 1, "what could be read is saved: {found:?}");
        found.iter().try_for_each(std::fs::remove_file)?;
        second.finish()?;
    }
    Ok(())
}

#[test]
fn detach_removes_what_a_killed_daemon_left_and_nothing_else() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for foreign in [false, true] {
        let plan = Plan::on(&BOTH);
        let mut first = office.run(&plan)?;
        first.end(Signal::KILL)?;
        let theirs = format!("/sys/fs/bpf/cmflow/{}/theirs", plan.instance());
        if foreign {
            folder(&office, &theirs)?;
        }
        let mut detach = office
            .gateway()
            .command_with_sys(&cmflow_tests::binary::cmflow().to_string_lossy())?;
        let output = detach.args(["detach", "--instance", plan.instance()]).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(i32::from(foreign)), "{output:?}");
        assert_eq!(
            said.contains(&format!("{theirs} is not cmflow's and stays")),
            foreign,
            "{said}"
        );
        eventually("the programs to go", LIMIT, || {
            for interface in BOTH {
                ensure!(office.program(interface)?.is_none(), "{interface}");
            }
            Ok(())
        })?;
        let left = office.pins()?;
        let left: Vec<_> = left
            .lines()
            .filter(|line| line.contains(plan.instance()))
            .collect();
        assert_eq!(
            left.iter().any(|line| line.ends_with("theirs")),
            foreign,
            "{left:?}"
        );
        assert!(!left.iter().any(|line| line.ends_with("FLOWS")), "{left:?}");
    }
    Ok(())
}
