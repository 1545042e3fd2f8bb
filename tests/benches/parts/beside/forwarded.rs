//! A packet through a gateway on one processor, from a raw socket to its arrival in the next network: with nothing at
//! the gateway, with a program that does nothing, with cmflow, and with nftables rulesets.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Machine, compile};
use cmflow::config;
use cmflow::kernel::{Constants, Hook, Program};
use cmflow_tests::kernel_rig::KernelRig;
use xtask::frames::ethernet;
use xtask::lab::{FrameSocket, Lab, Netns, Tier, TierPlan};
use xtask::step::find_program;

use super::super::asked::Asked;
use super::super::figure::{Figure, median};
use super::super::forwarding::attached;
use super::super::machine;
use super::ruleset::{Style, ruleset, site_file};

/// A management point that the gateway knows the Ethernet address of, and that does not answer.
const SERVER: &str = "10.20.0.11";
const CLIENT: &str = "10.10.0.5";
/// Frames of one piece of a measurement.
const FRAMES: u64 = 3_000;
/// Pieces, of which the shortest counts: other work on the machine only ever adds to a time.
const PIECES: usize = 8;

/// What stands at the gateway.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Nothing,
    Noop,
    Cmflow,
    Nftables(Style),
}

/// All of them in turn.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    if find_program("nft").is_none() {
        bail!("nft is missing (Debian: apt-get install nftables)");
    }
    if let Some(reason) = xtask::lab::unavailable() {
        bail!("{reason}");
    }
    machine::stay_on_one_processor()?;
    let plan = |name: &str, third: u8, address: &str| {
        TierPlan::new(name)
            .network(&format!("10.{third}.0.1/16"))
            .address(address)
    };
    let lab = Lab::new(&[plan("client", 10, CLIENT), plan("site", 20, "10.20.0.99")])?;
    let client = lab.tier("client").netns().frames(Tier::INTERFACE)?;
    let server = lab.tier("site").netns().frames(Tier::INTERFACE)?.address();
    let gateway = lab.gateway().frames("client")?.address();
    let hex: Vec<String> = server.iter().map(|byte| format!("{byte:02x}")).collect();
    let hardware = hex.join(":");
    lab.gateway().ip(&format!(
        "neigh replace {SERVER} lladdr {hardware} nud permanent dev site"
    ))?;
    let catalogue = Catalogue::embedded()?;
    let site = config::parse(&catalogue, "site.toml", &site_file())?;
    let compiled = compile(&catalogue, &site.model, &Machine::default(), &[])?;
    let rig = KernelRig::new(&compiled.tables, 18).context("running the kernel program takes root")?;
    let frame = ethernet(client.address(), gateway)
        .ipv4(CLIENT, SERVER)
        .tcp(50_000, 443)
        .ack()
        .payload(64)
        .with_checksums()
        .build();

    let stands = [
        Stands::Nothing,
        Stands::Noop,
        Stands::Cmflow,
        Stands::Nftables(Style::List),
        Stands::Nftables(Style::Set),
    ];
    let mut times = vec![Vec::new(); stands.len()];
    for _ in 0..if asked.quick() { 5 } else { 15 } {
        for (stands, times) in stands.into_iter().zip(&mut times) {
            let _programs = put(stands, lab.gateway(), &rig)?;
            times.push(send(&lab, &client, &frame)?);
        }
    }
    figures(&times)
}

/// Medians, and each over what it is to be compared with.
fn figures(times: &[Vec<f64>]) -> Result<Vec<Figure>> {
    let (_, rules) = ruleset(Style::List)?;
    let (_, elements) = ruleset(Style::Set)?;
    let over = |times: &[f64], base: &[f64]| {
        let differences = times.iter().zip(base).map(|(time, base)| time - base);
        differences.collect::<Vec<f64>>()
    };
    let middle = |place: usize| median(&mut times[place].clone());
    let figure = |name: &str, place: usize, base: usize| {
        Figure::of(name, "ns", over(&times[place], &times[base])).with("whole way", middle(place))
    };
    Ok(vec![
        Figure::of("beside-nothing-forwarded", "ns", times[0].clone()),
        figure("beside-noop-forwarded", 1, 0),
        figure("beside-cmflow-forwarded", 2, 1),
        figure("beside-nftables-list", 3, 0).with("rules", rules as f64),
        figure("beside-nftables-set", 4, 0).with("elements", elements as f64),
    ])
}

/// Puts it there, instead of what was there; programs go with the value.
fn put(stands: Stands, gateway: &Netns, rig: &KernelRig) -> Result<Vec<Program>> {
    let mut rules = "table ip measured\ndelete table ip measured\n".to_owned();
    if let Stands::Nftables(style) = stands {
        rules += &ruleset(style)?.0;
    }
    let mut nft = gateway.command("nft");
    let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).spawn()?;
    nft.stdin.take().context("a pipe")?.write_all(rules.as_bytes())?;
    ensure!(nft.wait()?.success(), "nft refused the ruleset");
    match stands {
        Stands::Noop => attached(gateway, || Ok(Program::load_noop(&rig.maps)?)),
        Stands::Cmflow => attached(gateway, || {
            Ok(Program::load(&rig.maps, Hook::Native, &Constants::default())?)
        }),
        Stands::Nothing | Stands::Nftables(_) => Ok(Vec::new()),
    }
}

/// Nanoseconds for each frame to be sent, forwarded, and received behind the gateway.
fn send(lab: &Lab, client: &FrameSocket, frame: &[u8]) -> Result<f64> {
    let received = || lab.tier("site").netns().counters(Tier::INTERFACE);
    // The first ones find caches and neighbours.
    for _ in 0..500 {
        client.send(frame)?;
    }
    let before = received()?;
    let mut shortest = f64::MAX;
    for _ in 0..PIECES {
        let began = Instant::now();
        for _ in 0..FRAMES {
            client.send(frame)?;
        }
        shortest = shortest.min(began.elapsed().as_nanos() as f64 / FRAMES as f64);
    }
    let (sent, arrived) = (FRAMES * PIECES as u64, (received()? - before).rx_packets);
    ensure!(
        arrived + 300 > sent && arrived < sent + 300,
        "{arrived} of {sent} frames arrived behind the gateway"
    );
    Ok(shortest)
}
