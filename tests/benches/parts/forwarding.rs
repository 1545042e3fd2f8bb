//! What a gateway forwards with cmflow over what it forwards with a program that does nothing, by iperf3.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use cmflow::kernel::{Constants, Hook, Program};
use cmflow_tests::kernel_rig::KernelRig;
use cmflow_tests::office::{BOTH, Office};
use xtask::lab::Netns;
use xtask::step::find_program;

use super::asked::Asked;
use super::figure::Figure;
use super::machine;
use super::tables;

const SERVER: &str = "10.20.0.11";
/// Slots of the flow table, as the daemon has by default: 2^18.
const FLOW_BITS: u32 = 18;

/// Turns of both, each a second or more.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    if find_program("iperf3").is_none() {
        bail!("iperf3 is missing (Debian: apt-get install iperf3)");
    }
    let Some(office) = Office::open()? else {
        bail!("network namespaces take root");
    };
    let rig = KernelRig::new(&tables::small(), FLOW_BITS).context("running the kernel program takes root")?;
    machine::go_anywhere()?;
    let figure = ratio(asked, &office, &rig);
    machine::stay_on_one_processor()?;
    Ok(vec![figure?])
}

fn ratio(asked: &Asked, office: &Office, rig: &KernelRig) -> Result<Figure> {
    let mut server = office.lab.tier("site").netns().command("iperf3");
    server.args(["--server", "--bind", SERVER]);
    let mut server = office.lab.tier("site").netns().start(server, None)?;
    let end: SocketAddr = format!("{SERVER}:5201").parse()?;
    server.wait_ready(cmflow_tests::gateway_daemon::LIMIT, || {
        office.lab.tier("site").netns().accepts_tcp(end)
    })?;
    let (turns, seconds) = if asked.quick() { (3, 1) } else { (11, 2) };
    let (mut ratios, mut with, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns {
        let idle = attached(office.gateway(), || {
            Program::load_noop(&rig.maps).map_err(Into::into)
        })?;
        let alone = bits_per_second(office.lab.tier("client").netns(), seconds)?;
        drop(idle);
        let busy = attached(office.gateway(), || {
            let constants = Constants::default();
            Program::load(&rig.maps, Hook::Native, &constants).map_err(Into::into)
        })?;
        let counted = bits_per_second(office.lab.tier("client").netns(), seconds)?;
        drop(busy);
        ratios.push(counted / alone);
        with.push(counted);
        without.push(alone);
    }
    let gbit = |samples: Vec<f64>| Figure::of("", "", samples).value.unwrap_or_default() / 1e9;
    let figure = Figure::of("forwarding-ratio", "ratio", ratios).at_least(0.97);
    Ok(figure
        .with("Gbit/s with", gbit(with))
        .with("with a no-op", gbit(without)))
}

/// A program of its own on both interfaces of the gateway, until the values go.
pub fn attached(gateway: &Netns, load: impl Fn() -> Result<Program>) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for interface in BOTH {
        let mut program = load()?;
        let program = gateway.enter(move || -> Result<Program> {
            let index = cmflow::kernel::interface::find(interface)?.index;
            program.attach(interface, index)?;
            Ok(program)
        })??;
        programs.push(program);
    }
    Ok(programs)
}

fn bits_per_second(client: &Netns, seconds: u32) -> Result<f64> {
    let mut command: Command = client.command("iperf3");
    command.args(["--client", SERVER, "--json", "--time", &seconds.to_string()]);
    let output = command.output().context("starting iperf3")?;
    ensure!(
        output.status.success(),
        "iperf3: {}",
        String::from_utf8_lossy(&output.stdout)
    );
    let said: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    said["end"]["sum_received"]["bits_per_second"]
        .as_f64()
        .context("iperf3 says how much it sent")
}
