//! What a packet costs over a program that does nothing, by `BPF_PROG_TEST_RUN`.
//!
//! `cargo bench -p cmflow-tests --bench packet_path -- [--quick] [--format json|table]`
//!
//! Each round runs the empty program and the measured one a few times in turn on one processor and takes the
//! shortest of each; the medians of many rounds count. On a machine with other work single runs say little.
//! Flows are made many out of one frame by the program `cmflow_bench`, which draws source port and address at
//! random; what the drawing costs is measured too and taken off.

#[path = "parts/company.rs"]
mod company;
#[path = "parts/replay.rs"]
mod replay;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use cmflow::kernel::{Constants, Hook, NewsRing, Program};
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::kernel_rig::{KernelRig, drain};
use cmflow_tests::small_site::{CLIENT_V6, MANAGEMENT_POINT, MANAGEMENT_POINT_V6, tables};
use serde_json::json;

/// A client whose neighbours, up to 16 bits away, are clients too.
const CLIENT: &str = "10.10.16.5";
/// The flow table for few flows: 8 MiB.
const FEW_BITS: u32 = 16;
/// The flow table for a million flows at a load of one half: 256 MiB.
const MANY_BITS: u32 = 21;
/// Bits to draw for a million flows.
const MILLION: u32 = (1 << 20) - 1;
/// Runs of each program in a round, of which the shortest counts.
const RUNS_A_ROUND: usize = 4;
/// New flows a round: the table stays nearly empty, and the ring of news has room for all of them.
const NEW_FLOWS: u32 = 3_000;

fn main() -> anyhow::Result<()> {
    let asked = Asked::parse(std::env::args().skip(1))?;
    pin_to_one_processor()?;
    let report = measure(&asked)?;
    if asked.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.table());
    }
    Ok(())
}

struct Asked {
    json: bool,
    rounds: usize,
    repeat: u32,
}

impl Asked {
    fn parse(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut asked = Self {
            json: false,
            rounds: 101,
            repeat: 10_000,
        };
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => (asked.rounds, asked.repeat) = (25, 10_000),
                "--format" => match arguments.next().as_deref() {
                    Some("json") => asked.json = true,
                    Some("table") => asked.json = false,
                    other => bail!("--format takes json or table, not {other:?}"),
                },
                // What cargo itself adds.
                "--bench" => {}
                other => bail!("{other}? Known are --quick and --format json|table"),
            }
        }
        Ok(asked)
    }
}

/// Nanoseconds of one path.
#[derive(Clone, Copy)]
struct Cost {
    ns: f64,
    over_noop_ns: f64,
    lowest_over_noop_ns: f64,
}

struct Report {
    paths: Vec<(&'static str, Cost)>,
    drawing_ns: f64,
    company: company::Compiling,
    replay_packets_per_second: f64,
}

fn measure(asked: &Asked) -> anyhow::Result<Report> {
    let few = KernelRig::new(&tables(), FEW_BITS);
    let mut few = few.context("the benches run the kernel program, and that takes root")?;
    let mut ring = few.news();
    let mut noop = Program::load_noop(&few.maps)?;
    let mut program = Program::load(&few.maps, Hook::Native, &Constants::default())?;
    let mut drawing = Program::load_bench(&few.maps, 0)?;
    let ipv4 = eth()
        .ipv4(CLIENT, MANAGEMENT_POINT)
        .tcp(50000, 443)
        .ack()
        .payload(64);
    let ipv6 = eth()
        .ipv6(CLIENT_V6, MANAGEMENT_POINT_V6)
        .tcp(50000, 443)
        .ack()
        .payload(64);
    let vlan = eth()
        .vlan(10)
        .ipv4(CLIENT, MANAGEMENT_POINT)
        .tcp(50000, 443)
        .ack()
        .payload(64);

    let mut paths = Vec::new();
    for (name, frame) in [
        ("known-flow-ipv4", &ipv4),
        ("known-flow-ipv6", &ipv6),
        ("known-flow-vlan", &vlan),
    ] {
        paths.push((
            name,
            rounds(asked, &mut noop, &mut program, frame, asked.repeat, || {})?,
        ));
    }
    // The same flow, but the source is drawn (and drawn the same each time).
    let drawing_ns = rounds(asked, &mut program, &mut drawing, &ipv4, asked.repeat, || {})?.over_noop_ns;

    let mut new = Program::load_bench(&few.maps, u32::MAX)?;
    for (name, port) in [("new-flow", 443), ("undocumented-new-flow", 8081)] {
        let frame = eth().ipv4(CLIENT, MANAGEMENT_POINT).tcp(50000, port).syn();
        let cost = rounds(asked, &mut noop, &mut new, &frame, NEW_FLOWS, || {
            forget(&few, &mut ring)
        })?;
        paths.push((name, cost.without(drawing_ns)));
    }
    let lost: u64 = few.maps.lost_news()?.iter().sum();
    if lost != 0 {
        bail!("{lost} news found no room: undocumented-new-flow would look cheaper than it is");
    }

    let many = KernelRig::new(&tables(), MANY_BITS).context("a second rig where there was a first")?;
    let mut million = Program::load_bench(&many.maps, MILLION)?;
    fill(&many, &mut million, &ipv4)?;
    let cost = rounds(asked, &mut noop, &mut million, &ipv4, asked.repeat, || {})?;
    paths.push(("known-flow-1m", cost.without(drawing_ns)));
    Ok(Report {
        paths,
        drawing_ns,
        company: company::measure(asked.rounds)?,
        replay_packets_per_second: replay::packets_per_second(&tables())?,
    })
}

/// Frees all flows and takes all news, so that the next round finds neither.
fn forget(rig: &KernelRig, ring: &mut NewsRing) {
    rig.forget_flows();
    let _taken = drain(ring);
}

/// Runs the program until nearly all of a million flows are in the table; a few per thousand find no place.
fn fill(rig: &KernelRig, program: &mut Program, frame: &Frame) -> anyhow::Result<()> {
    let frame = frame.build();
    let mut flows = 0;
    for _ in 0..128 {
        // A quarter of a million at a time, each of which may lie anywhere: nobody answers these flows.
        rig.maps.allow_rooms([0; 3]);
        program.test_run(&frame, 1 << 18)?;
        flows = 0;
        rig.maps.each_slot(|_, _| flows += 1);
        if flows > 1_000_000 {
            return Ok(());
        }
    }
    bail!("only {flows} of a million flows found a place")
}

/// Interleaved rounds of a program to compare with and the measured one.
fn rounds(
    asked: &Asked,
    base: &mut Program,
    measured: &mut Program,
    frame: &Frame,
    repeat: u32,
    mut between: impl FnMut(),
) -> anyhow::Result<Cost> {
    let frame = frame.build();
    let (mut bases, mut times, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    // The first round warms caches and makes the flow, and does not count.
    for round in 0..=asked.rounds {
        // The shorter of a few runs: other work on the machine only ever adds to a time.
        let (mut base_ns, mut time) = (f64::MAX, f64::MAX);
        for _ in 0..RUNS_A_ROUND {
            between();
            let base_run = base.test_run(&frame, asked.repeat)?.duration;
            let run = measured.test_run(&frame, repeat)?.duration;
            base_ns = base_ns.min(base_run.as_nanos() as f64);
            time = time.min(run.as_nanos() as f64);
        }
        if round > 0 {
            bases.push(base_ns);
            times.push(time);
            differences.push(time - base_ns);
        }
    }
    between();
    median(&mut bases);
    Ok(Cost {
        ns: median(&mut times),
        over_noop_ns: median(&mut differences),
        // Other work only ever adds to a time, so the shortest ones are the least disturbed.
        lowest_over_noop_ns: times[0] - bases[0],
    })
}

/// The median; sorts on the way.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Cost {
    /// The same without what the harness itself cost.
    fn without(self, ns: f64) -> Self {
        Self {
            ns: self.ns - ns,
            over_noop_ns: self.over_noop_ns - ns,
            lowest_over_noop_ns: self.lowest_over_noop_ns - ns,
        }
    }
}

impl Report {
    fn json(&self) -> serde_json::Value {
        let path = |cost: &Cost| {
            json!({
                "ns": cost.ns,
                "over_noop_ns": cost.over_noop_ns,
                "lowest_over_noop_ns": cost.lowest_over_noop_ns,
            })
        };
        let paths: serde_json::Map<_, _> = self
            .paths
            .iter()
            .map(|(name, cost)| ((*name).to_owned(), path(cost)))
            .collect();
        json!({
            "machine": machine(),
            "paths": paths,
            "drawing_ns": self.drawing_ns,
            company::NAME: self.company.json(),
            "replay": { "packets_per_second": self.replay_packets_per_second },
        })
    }

    fn table(&self) -> String {
        let mut text = String::new();
        let machine = machine();
        for key in ["cpu", "cores", "kernel", "load"] {
            let _ = writeln!(text, "{key:>7}  {}", machine[key].to_string().trim_matches('"'));
        }
        let _ = writeln!(
            text,
            "\n{:<24}{:>10}{:>14}{:>14}",
            "path", "ns", "over no-op", "lowest"
        );
        for (name, cost) in &self.paths {
            let Cost {
                ns,
                over_noop_ns,
                lowest_over_noop_ns,
            } = cost;
            let _ = writeln!(
                text,
                "{name:<24}{ns:>10.0}{over_noop_ns:>+14.0}{lowest_over_noop_ns:>+14.0}"
            );
        }
        let _ = writeln!(text, "\n{}", self.company);
        let _ = writeln!(
            text,
            "replay of a capture: {:.2} million packets a second",
            self.replay_packets_per_second / 1e6
        );
        text
    }
}

/// What the numbers were measured on.
fn machine() -> serde_json::Value {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = cpuinfo
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    json!({
        "cpu": model.map_or(std::env::consts::ARCH, |(_, name)| name),
        "cores": cores,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load": read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
    })
}

/// Keeps this process on the processor that it runs on.
fn pin_to_one_processor() -> anyhow::Result<()> {
    // SAFETY: the call takes nothing.
    let processor = usize::try_from(unsafe { libc::sched_getcpu() }).context("which processor is this?")?;
    // SAFETY: all-zero is an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel's processor numbers fit its set.
    unsafe { libc::CPU_SET(processor, &mut set) };
    // SAFETY: a set and its size.
    let done = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    if done != 0 {
        return Err(std::io::Error::last_os_error()).context("staying on one processor");
    }
    Ok(())
}
