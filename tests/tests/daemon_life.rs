//! Starting, stopping, dying and starting again: what stays in the kernel and what does not.

use std::process::Output;

use anyhow::{Result, ensure};
use cmflow_tests::binary::cmflow;
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::traffic::{datagrams, ends, transfer};
use rustix::process::Signal;
use xtask::lab::{ScratchDir, wait_until};

/// Neither a program on an interface nor a pin.
fn nothing_is_left(office: &Office) -> Result<()> {
    for interface in BOTH {
        let program = office.program(interface)?;
        ensure!(program.is_none(), "{interface} still carries {program:?}");
    }
    let pins = office.pins()?;
    ensure!(pins.is_empty(), "pins are left: {pins}");
    Ok(())
}

/// `cmflow` with these arguments inside the gateway, where the pins are.
fn inside(office: &Office, arguments: &[&str]) -> Result<Output> {
    let mut command = office.gateway().command_with_sys(&cmflow().to_string_lossy())?;
    Ok(command.args(arguments).output()?)
}

/// `cmflow run` that is expected not to start: its exit code and what it says.
fn refused(office: &Office, plan: &Plan) -> Result<(Option<i32>, String)> {
    let folder = ScratchDir::new("refused")?;
    let file = folder.path().join("site.toml");
    std::fs::write(&file, SITE)?;
    let output = plan
        .command(office.gateway(), &file.to_string_lossy())?
        .output()?;
    Ok((
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

#[test]
fn a_clean_stop_leaves_nothing() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = office.run(&Plan::on(&BOTH))?;
        for interface in BOTH {
            ensure!(
                office.program(interface)?.is_some(),
                "{interface} carries no program"
            );
        }
        let socket = format!("/run/cmflow/{}.sock", daemon.instance());
        ensure!(std::path::Path::new(&socket).exists(), "{socket} is missing");
        let (status, log) = daemon.end(signal)?;
        assert_eq!(status.code(), Some(0), "{signal:?}: {log}");
        assert!(log.contains("conservation law held at every tick"), "{log}");
        nothing_is_left(&office)?;
        ensure!(!std::path::Path::new(&socket).exists(), "{socket} is left");
        let output = daemon.ask(&["status"]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("no daemon listens") && said.contains("cmflow run"),
            "{said}"
        );
    }
    Ok(())
}

#[test]
fn keep_leaves_the_program_until_detach() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH).with(&["--keep"]);
    let mut daemon = office.run(&plan)?;
    let carried = office.program("client")?;
    ensure!(carried.is_some(), "no program");

    let early = inside(&office, &["detach", "--instance", plan.instance()])?;
    let said = String::from_utf8_lossy(&early.stderr).into_owned();
    assert_eq!(early.status.code(), Some(2), "{said}");
    assert!(said.contains("is already running"), "{said}");

    let (status, log) = daemon.end(Signal::TERM)?;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("cmflow detach"), "{log}");
    assert_eq!(office.program("client")?, carried);
    ensure!(office.pins()?.contains(plan.instance()), "no pins");

    let detached = inside(&office, &["detach", "--instance", plan.instance()])?;
    assert_eq!(detached.status.code(), Some(0), "{detached:?}");
    let said = String::from_utf8_lossy(&detached.stdout).into_owned();
    assert!(said.contains("is detached"), "{said}");
    wait_until("the programs to go", LIMIT, || {
        BOTH.iter()
            .all(|one| office.program(one).is_ok_and(|id| id.is_none()))
    })?;
    ensure!(
        !office.pins()?.contains(plan.instance()),
        "pins are left: {}",
        office.pins()?
    );
    let again = inside(&office, &["detach", "--instance", plan.instance()])?;
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing attached"));
    Ok(())
}

#[test]
fn a_second_daemon_of_the_same_name_changes_nothing() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let first = office.run(&plan)?;
    let programs = (office.program("client")?, office.program("site")?);
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 3, 10)?;

    for plan in [
        plan.clone(),
        Plan::on(&["site"])
            .named(plan.instance())
            .with(&["--mode", "tcx"]),
    ] {
        let (code, said) = refused(&office, &plan)?;
        assert_eq!(code, Some(2), "{said}");
        let process = first.process()?;
        assert_eq!(
            said,
            format!(
                "cmflow: instance {} is already running (process {process}); stop it, or give this one another --instance\n",
                plan.instance()
            )
        );
    }
    assert_eq!((office.program("client")?, office.program("site")?), programs);
    datagrams(&office, from, to, 3, 10)?;
    first.flow(to, |flow| flow.forward.packets == 6)?;
    first.finish()?;
    nothing_is_left(&office)
}

#[test]
fn two_instances_live_side_by_side() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let first = office.run(&Plan::on(&["client"]))?;
    let second = office.run(&Plan::on(&["site"]))?;
    let third = office.run(&Plan::on(&["client"]).with(&["--mode", "tcx"]))?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 9, 10)?;
    for (daemon, counts) in [(&first, (9, 0)), (&second, (0, 9)), (&third, (9, 0))] {
        daemon.flow(to, |flow| (flow.forward.packets, flow.reverse.packets) == counts)?;
    }

    let (code, said) = refused(&office, &Plan::on(&["client"]))?;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("client already carries an XDP program") && said.contains("--mode tcx"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");

    first.finish()?;
    ensure!(
        office.program("site")?.is_some(),
        "the second goes on without the first"
    );
    second.finish()?;
    third.finish()?;
    nothing_is_left(&office)
}

#[test]
fn traffic_is_the_same_with_and_without() -> Result<()> {
    const BYTES: usize = 4 << 20;
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    for (from, to) in [
        ("10.10.0.5:0", "10.20.0.11:443"),
        ("[fd00:10::5]:0", "[fd00:20::11]:443"),
    ] {
        let (from, to) = ends(from, to)?;
        transfer(&office, from, to, BYTES)?;
        for mode in ["native", "tcx", "generic"] {
            let daemon = office.run(&Plan::on(&BOTH).with(&["--mode", mode]))?;
            transfer(&office, from, to, BYTES)?;
            // Undocumented, local and malformed frames pass as well.
            let (from, to) = ends("10.10.99.9:0", "10.20.99.9:9999")?;
            transfer(&office, from, to, 1000)?;
            daemon.finish()?;
        }
    }
    Ok(())
}
