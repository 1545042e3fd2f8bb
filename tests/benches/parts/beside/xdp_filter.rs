//! xdp-filter, loaded by its own tool and test-run over the frame that cmflow is measured with.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use cmflow::kernel::{Constants, Hook, Program};
use serde_json::Value;
use xtask::lab::{Netns, ScratchDir};
use xtask::step::find_program;

use super::super::asked::Asked;
use super::super::figure::{Figure, median};
use super::super::known::{few, packet};
use super::super::tables;

/// Interface that it is loaded on.
const INTERFACE: &str = "measured";

/// Both over a program that does nothing, in the same rounds.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    for (name, package) in [("xdp-filter", "xdp-tools"), ("bpftool", "bpftool")] {
        if find_program(name).is_none() {
            bail!("{name} is missing (Debian: apt-get install {package})");
        }
    }
    let rig = few(&tables::small())?;
    let mut noop = Program::load_noop(&rig.maps)?;
    let mut cmflow = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
    let netns = Netns::new("beside")?;
    netns.ip(&format!("link add {INTERFACE} type veth peer name other"))?;
    for name in [INTERFACE, "other"] {
        netns.ip(&format!("link set {name} up"))?;
    }
    // A port and an address that the frame has not, so that all features are at work and the frame passes.
    for arguments in [
        &["load", INTERFACE, "--mode", "native"][..],
        &["port", "9999", "--mode", "dst", "--proto", "tcp"],
        &["ip", "203.0.113.9", "--mode", "src"],
    ] {
        said(netns.command_with_sys("xdp-filter")?.args(arguments))?;
    }
    let folder = ScratchDir::new("frame")?;
    let file = folder.path().join("frame");
    let frame = packet().build();
    fs::write(&file, &frame)?;
    let number = attached(&netns)?;
    let (mut costs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..asked.rounds {
        let (mut nothing, mut filter, mut counted) = (f64::MAX, f64::MAX, f64::MAX);
        for _ in 0..4 {
            let run = noop.test_run(&frame, asked.repeat)?;
            nothing = nothing.min(run.duration.as_nanos() as f64);
            let mut bpftool = netns.command_with_sys("bpftool")?;
            bpftool.args(["--json", "prog", "run", "id", &number.to_string(), "data_in"]);
            bpftool
                .arg(&file)
                .args(["data_out", "/dev/null", "repeat", &asked.repeat.to_string()]);
            let run: Value = serde_json::from_str(&said(&mut bpftool)?).context("what bpftool says")?;
            ensure!(
                run["retval"] == 2,
                "xdp-filter does not let the frame pass: {run}"
            );
            filter = filter.min(run["duration"].as_f64().context("a duration")?);
            let run = cmflow.test_run(&frame, asked.repeat)?;
            counted = counted.min(run.duration.as_nanos() as f64);
        }
        costs.push(filter - nothing);
        ours.push(counted - nothing);
    }
    let figure = Figure::of("beside-xdp-filter", "ns", costs);
    Ok(vec![figure.with("cmflow in the same rounds", median(&mut ours))])
}

/// Number of the program that the interface runs.
fn attached(netns: &Netns) -> Result<u64> {
    let links = said(
        netns
            .command("ip")
            .args(["-json", "link", "show", "dev", INTERFACE]),
    )?;
    let links: Value = serde_json::from_str(&links).context("what ip says")?;
    let number = links[0]["xdp"]["prog"]["id"].as_u64();
    number.with_context(|| format!("no program on the interface: {links}"))
}

fn said(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("starting {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
