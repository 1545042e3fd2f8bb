//! The seed run of fuzzing: the corpus through every target, and through the kernel program.
//!
//! `CMFLOW_GOLDEN=write cargo test -p cmflow-tests --test corpus` makes frames and captures of the corpus anew.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use cmflow::kernel::{Constants, Hook};
use cmflow_common::outcome::Outcome;
use cmflow_common::parse::{LinkLayer, parse};
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::fuzzing::TARGETS;
use cmflow_tests::kernel_rig::KernelRig;
use cmflow_tests::small_site::{CLIENT, MANAGEMENT_POINT, tables};
use cmflow_tests::{chance, corpus};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use xtask::capture::file::{CaptureWriter, Container, Format, Resolution};
use xtask::frames::ByteOrder;

/// Frames by chance that the corpus is chosen from.
const CHOICE: usize = 40_000;
/// Mutations of each input in the seed run.
const MUTATIONS: u64 = 8;

#[test]
fn the_corpus_reaches_every_outcome() -> Result<()> {
    if std::env::var_os("CMFLOW_GOLDEN").is_some_and(|value| value == "write") {
        write()?;
    }
    let mut missed: BTreeSet<Outcome> = Outcome::ALL.into_iter().collect();
    for frame in corpus::of("parser")? {
        missed.remove(&outcome(&frame));
    }
    assert!(missed.is_empty(), "{missed:?}");
    Ok(())
}

/// It cannot drop, redirect or change a packet: what it returns is "pass" (at the traffic-control hook "next"), and
/// the bytes are those that came.
#[test]
fn the_kernel_program_passes_every_frame_of_the_corpus_on_unchanged() -> Result<()> {
    let Some(kernel) = KernelRig::new(&tables(), 7) else {
        return Ok(());
    };
    let raw = Constants {
        raw_ip: true,
        ..Constants::default()
    };
    let apart = Constants {
        interface: 5,
        link: 9,
        tags_apart: true,
        in_pieces: true,
        ..Constants::default()
    };
    for (hook, constants) in [
        (Hook::Native, Constants::default()),
        (Hook::Native, raw),
        (Hook::Native, apart),
        (Hook::Tcx, Constants::default()),
        (Hook::Tcx, raw),
    ] {
        let mut program = kernel.program(hook, &constants);
        let mut ran = 0;
        for frame in corpus::of("parser")? {
            for frame in mutations(&frame, MUTATIONS) {
                if program.takes(&frame) {
                    program.run(&frame);
                    ran += 1;
                }
            }
        }
        ensure!(ran > 500, "only {ran} frames ran at the {hook} hook");
    }
    kernel.counted().assert_conserved("the corpus");
    Ok(())
}

#[test]
fn no_input_of_the_corpus_and_no_neighbour_of_one_breaks_its_target() -> Result<()> {
    for (name, target) in TARGETS {
        let inputs = corpus::of(name)?;
        ensure!(inputs.len() > 5, "{name} has {} inputs", inputs.len());
        for input in inputs {
            for input in mutations(&input, MUTATIONS) {
                target(&input);
            }
        }
    }
    Ok(())
}

/// The input itself, then it with a few bytes changed, left out, doubled or cut off: the same ones each time.
fn mutations(input: &[u8], count: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..=count).map(|number| {
        let mut changed = input.to_vec();
        let mut state = number;
        let mut next = |below: usize| {
            // Splitmix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ mixed >> 31) % below.max(1) as u64) as usize
        };
        for _ in 0..number.min(4) {
            if changed.is_empty() {
                break;
            }
            let at = next(changed.len());
            match next(8) {
                0 => changed.truncate(at),
                1 => drop(changed.remove(at)),
                2 => changed.insert(at, changed[at]),
                3 => changed[at] ^= 1 << next(8),
                _ => changed[at] = next(256) as u8,
            }
        }
        changed
    })
}

fn outcome(frame: &[u8]) -> Outcome {
    match parse(frame, LinkLayer::Ethernet, None) {
        Ok(_) => Outcome::Flow,
        Err(outcome) => outcome,
    }
}

/// Makes what can be made: of many frames by chance those that the parser makes something else of than of those
/// before, and captures of a few of them.
fn write() -> Result<()> {
    let mut kept: Vec<Vec<u8>> = others().iter().map(Frame::build).collect();
    let mut seen = BTreeSet::new();
    let mut chance = TestRunner::deterministic();
    for _ in 0..CHOICE {
        let frame = chance::frame().new_tree(&mut chance);
        let frame = frame.expect("frames by chance need no second try").current();
        let made = match parse(frame.as_slice(), LinkLayer::Ethernet, None) {
            Ok(packet) => (
                Outcome::Flow,
                packet.protocol.min(60),
                packet.signs,
                packet.tags != 0,
            ),
            Err(outcome) => (outcome, frame.len().min(60) as u8 / 12, 0, false),
        };
        if frame.len() < 400 && seen.insert(made) {
            kept.push(frame);
        }
    }
    std::fs::create_dir_all(corpus::folder())?;
    std::fs::write(corpus::folder().join("parser.hex"), lines(&kept))?;
    let mut captures = Vec::new();
    for format in formats() {
        for few in [0, 1, 3] {
            let mut writer = CaptureWriter::new(Vec::new(), format)?;
            for (number, frame) in kept.iter().rev().take(few).enumerate() {
                writer.write(Duration::from_millis(number as u64), frame)?;
            }
            captures.push(writer.finish()?);
        }
    }
    std::fs::write(corpus::folder().join("capture.hex"), lines(&captures))?;
    Ok(())
}

/// What chance does not make: frames that carry no IP.
fn others() -> Vec<Frame> {
    let inside = || eth().ipv4(CLIENT, MANAGEMENT_POINT).tcp(50_000, 443).syn();
    vec![
        inside(),
        inside().padded(),
        eth().arp(),
        eth().llc(),
        eth().pppoe(),
        eth().mpls(),
        eth().ethertype(0x88cc, &[0; 40]),
    ]
}

fn formats() -> impl Iterator<Item = Format> {
    [
        (Container::Pcap, ByteOrder::Little, Resolution::Micro),
        (Container::Pcap, ByteOrder::Big, Resolution::Nano),
        (Container::PcapNg, ByteOrder::Little, Resolution::Nano),
        (Container::PcapNg, ByteOrder::Big, Resolution::Micro),
    ]
    .into_iter()
    .map(|(container, byte_order, resolution)| Format {
        container,
        byte_order,
        resolution,
        ..Format::default()
    })
}

fn lines(inputs: &[Vec<u8>]) -> String {
    inputs.iter().map(|input| corpus::line(input) + "\n").collect()
}
