//! `cmflow top` in a terminal, with real traffic: what a user presses and sees.

use anyhow::{Result, ensure};
use cmflow_tests::binary::cmflow;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::screen::Screen;
use cmflow_tests::traffic::{conversation, datagrams, ends};
use rustix::process::{Pid, Signal, kill_process};
use xtask::lab::wait_until;

/// A few flows; the ports of those who answer name them.
fn traffic(office: &Office) -> Result<()> {
    for (from, to, count) in [
        ("10.10.0.5:40001", "10.20.0.12:4011", 9),
        ("10.10.0.6:40002", "10.20.0.12:69", 7),
        ("10.10.0.5:40003", "10.20.0.11:4444", 5),
        ("10.10.99.9:40005", "10.20.0.11:4445", 1),
    ] {
        let (from, to) = ends(from, to)?;
        datagrams(office, from, to, count, 10)?;
    }
    let (from, to) = ends("10.20.0.11:40006", "10.10.0.6:443")?;
    conversation(office, from, to)?;
    Ok(())
}

fn start(screen: &Screen, instance: &str) -> Result<()> {
    screen.type_text(&format!("{} top --instance {instance}", cmflow().display()))?;
    screen.press(&["Enter"])?;
    screen.until_shown("law ok").map(drop)
}

/// Writes down how the terminal is set; what [`same`] compares with.
fn note(screen: &Screen, daemon: &Daemon) -> Result<()> {
    let before = daemon.folder().join("before");
    screen.shell(&format!("stty -a > {}; echo noted", before.display()))?;
    Ok(())
}

/// Checks that the shell is back, with the terminal as it was, the cursor visible.
fn same(screen: &Screen, daemon: &Daemon) -> Result<()> {
    screen.until("the prompt", |text| text.trim_end().ends_with("ready>"))?;
    let before = daemon.folder().join("before");
    let said = screen.shell(&format!("stty -a | cmp - {} && echo unchanged", before.display()))?;
    ensure!(said == "unchanged", "{said}");
    Ok(())
}

/// Rows of a table on the screen: those with this port.
fn has(text: &str, service: &str) -> bool {
    text.lines()
        .any(|line| line.contains("->") && line.contains(service))
        || text
            .lines()
            .any(|line| line.contains("~>") && line.contains(service))
}

#[test]
fn flows_are_watched_sorted_filtered_and_paused() -> Result<()> {
    let (Some(office), Some(screen)) = (Office::open()?, Screen::open(80, 24)?) else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    traffic(&office)?;
    note(&screen, &daemon)?;
    start(&screen, daemon.instance())?;
    let all = screen.until("all flows", |text| {
        ["udp/4011", "udp/69", "udp/4444", "udp/4445", "tcp/443"]
            .iter()
            .all(|service| has(text, service))
    })?;
    ensure!(all.contains("! unexplained 3"), "{all}");
    let lines: Vec<&str> = all.lines().collect();
    let first_two = lines[3..5].join(" ");
    ensure!(
        first_two.contains("udp/4444") && first_two.contains("tcp/443"),
        "what nothing explains comes first: {all}"
    );
    ensure!(lines.iter().all(|line| line.chars().count() <= 80), "{all}");

    for (key, order) in [
        ("s", "sort: rate"),
        ("s", "sort: bytes"),
        ("S", "sort: bytes, turned"),
    ] {
        screen.press(&[key])?;
        screen.until_shown(order)?;
    }
    screen.press(&["S", "s"])?;
    screen.until("most packets first", |text| {
        text.contains("sort: packets") && text.lines().nth(3).is_some_and(|line| line.contains("udp/4011"))
    })?;

    screen.type_text("/clinet")?;
    screen.until_shown("/clinet_")?;
    screen.press(&["Enter"])?;
    screen.until_shown("! unknown role \"clinet\"; did you mean \"client\"?")?;
    screen.press(&["Escape"])?;
    screen.until("all again", |text| {
        text.contains("sort: packets") && has(text, "udp/4445")
    })?;
    screen.type_text("/10.10.99.")?;
    screen.press(&["Enter"])?;
    screen.until("the stranger alone", |text| {
        has(text, "udp/4445") && !has(text, "udp/4011") && text.contains("filter: 10.10.99.")
    })?;
    screen.press(&["Escape"])?;
    screen.until("all again", |text| {
        has(text, "udp/4011") && !text.contains("filter:")
    })?;
    screen.press(&["v"])?;
    screen.until("one verdict", |text| {
        text.contains("verdict: undocumented") && has(text, "udp/4444") && !has(text, "udp/4011")
    })?;

    screen.press(&["p"])?;
    screen.until_shown("PAUSED")?;
    let (from, to) = ends("10.10.0.5:40007", "10.20.0.11:4446")?;
    datagrams(&office, from, to, 2, 10)?;
    let paused = screen.until_shown("! unexplained 4")?;
    ensure!(has(&paused, "udp/4444") && !has(&paused, "udp/4446"), "{paused}");
    screen.press(&["p"])?;
    screen.until("the rows go on", |text| has(text, "udp/4446"))?;

    screen.press(&["?"])?;
    screen.until_shown("Tab, Shift-Tab")?;
    screen.press(&["q"])?;
    screen.until("no help", |text| !text.contains("Tab, Shift-Tab"))?;
    screen.press(&["q"])?;
    same(&screen, &daemon)?;
    daemon.finish()
}

#[test]
fn an_unexplained_group_is_opened_and_a_flow_explained() -> Result<()> {
    let (Some(office), Some(screen)) = (Office::open()?, Screen::open(100, 40)?) else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.5:40003", "10.20.0.11:4444")?;
    datagrams(&office, from, to, 5, 10)?;
    start(&screen, daemon.instance())?;
    screen.press(&["4"])?;
    screen.until("the group", |text| {
        has(text, "udp/4444") && text.contains("1 client")
    })?;
    screen.press(&["Enter"])?;
    screen.until_shown("1 conversation, newest first:")?;
    let shown = screen.until_shown("10.10.0.5 -> 10.20.0.11")?;
    ensure!(shown.contains("nearest "), "{shown}");
    screen.press(&["Escape"])?;
    screen.until("the group alone", |text| !text.contains("conversation"))?;
    screen.press(&["1"])?;
    screen.until("the flow", |text| has(text, "10.10.0.5"))?;
    screen.press(&["Enter"])?;
    screen.until_shown("Both ends are known, and no rule explains it.")?;
    screen.press(&["q"])?;
    screen.press(&["3"])?;
    screen.until("the matrix", |text| {
        text.contains("opens / answers") && text.contains("! ")
    })?;
    screen.press(&["2"])?;
    screen.until_shown("rules hit")?;
    screen.press(&["5"])?;
    screen.until_shown("events lost 0")?;
    screen.press(&["C-c"])?;
    screen.until("the prompt", |text| text.trim_end().ends_with("ready>"))?;
    daemon.finish()
}

#[test]
fn it_goes_on_with_the_next_daemon() -> Result<()> {
    let (Some(office), Some(screen)) = (Office::open()?, Screen::open(80, 24)?) else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let daemon = office.run(&plan)?;
    traffic(&office)?;
    start(&screen, daemon.instance())?;
    screen.until("a flow", |text| has(text, "udp/4444"))?;
    daemon.kill()?;
    let without = screen.until_shown("! no daemon answers, trying again")?;
    ensure!(has(&without, "udp/4444"), "the last rows stay: {without}");
    screen.press(&["5"])?;
    screen.until("keys work meanwhile", |text| text.contains("[5 Health]"))?;
    let daemon = Daemon::start(office.gateway(), SITE, &plan)?;
    screen.until("the next daemon", |text| {
        !text.contains("no daemon answers") && text.contains("1 gap, by the kernel alone")
    })?;
    screen.press(&["1"])?;
    screen.until("the flows of before", |text| has(text, "udp/4444"))?;
    screen.press(&["q"])?;
    screen.until("the prompt", |text| text.trim_end().ends_with("ready>"))?;
    daemon.finish()
}

#[test]
fn the_terminal_is_given_back_however_it_ends() -> Result<()> {
    let (Some(office), Some(screen)) = (Office::open()?, Screen::open(80, 24)?) else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    note(&screen, &daemon)?;
    for (signal, code) in [(Signal::TERM, "143"), (Signal::INT, "130"), (Signal::QUIT, "131")] {
        start(&screen, daemon.instance())?;
        let process = i32::try_from(screen.child()?)?;
        kill_process(Pid::from_raw(process).expect("it is no 0"), signal)?;
        screen.until("the prompt", |text| text.trim_end().ends_with("ready>"))?;
        let said = screen.shell("echo ended with $?")?;
        // The line that empties the screen keeps the status of the last command.
        ensure!(said == format!("ended with {code}"), "{signal:?}: {said}");
        same(&screen, &daemon)?;
    }

    start(&screen, daemon.instance())?;
    screen.press(&["C-z"])?;
    screen.until("it stopped", |text| {
        text.contains("Stopped") && !text.contains("law ok")
    })?;
    same(&screen, &daemon)?;
    screen.type_text("fg")?;
    screen.press(&["Enter"])?;
    screen.until("it goes on", |text| {
        text.contains("law ok") && text.contains("[1 Flows]")
    })?;
    screen.press(&["3"])?;
    screen.until_shown("[3 Matrix]")?;
    screen.press(&["q"])?;
    same(&screen, &daemon)?;

    for way in ["", " beside"] {
        screen.shell("true; echo clean")?;
        screen.type_text(&format!("{}{way}", env!("CARGO_BIN_EXE_panics-in-terminal")))?;
        screen.press(&["Enter"])?;
        screen.until("its message, on the shell's screen", |text| {
            text.contains("on purpose") && text.contains("panicked") && text.contains("clean")
        })?;
        same(&screen, &daemon)?;
    }
    daemon.finish()
}

#[test]
fn one_picture_is_plain_text_and_a_terminal_is_asked_for_otherwise() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    traffic(&office)?;
    for (tab, part) in [
        ("flows", "udp/4444"),
        ("rules", "client/distribution-point-pxe/tftp"),
        ("matrix", "opens / answers"),
        ("unexplained", "udp/4444"),
        ("health", "law         holds"),
    ] {
        let output = daemon.ask(&["top", "--once", "--tab", tab]);
        let text = String::from_utf8(output.stdout)?;
        assert_eq!(output.status.code(), Some(0), "{tab}");
        ensure!(text.contains("law ok") && text.contains(part), "{tab}: {text}");
        ensure!(!text.contains('\u{1b}'), "no escape sequences: {text:?}");
    }
    let output = daemon.ask(&["top"]);
    let said = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(2));
    ensure!(said.contains("no terminal") && said.contains("--once"), "{said}");
    let instance = format!("{}-none", daemon.instance());
    let output = cmflow_tests::gateway_daemon::ask(&instance, &["top", "--once"]);
    assert_eq!(output.status.code(), Some(2));
    ensure!(String::from_utf8(output.stderr)?.contains("no daemon listens"));
    daemon.finish()
}

/// Whoever reads a terminal that is gone reads its end again and again: it must not be read.
#[test]
fn it_ends_when_its_terminal_is_gone() -> Result<()> {
    let (Some(office), Some(screen)) = (Office::open()?, Screen::open(80, 24)?) else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    start(&screen, daemon.instance())?;
    let process = screen.child()?;
    drop(screen);
    wait_until("the end of `cmflow top`", LIMIT, || {
        !std::path::Path::new(&format!("/proc/{process}")).exists()
    })
}
