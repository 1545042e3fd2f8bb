//! Frames by chance, right and wrong ones: kernel and slice must count them alike, and each exactly once.
//!
//! `CMFLOW_FRAMES=1000000` runs that many instead of a few thousand.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cmflow::kernel::{Constants, Hook};
use cmflow_common::memory::MemoryTables;
use cmflow_common::news::News;
use cmflow_common::outcome::Outcome;
use cmflow_common::parse::{LinkLayer, parse};
use cmflow_tests::chance;
use cmflow_tests::kernel_rig::{KernelRig, drain};
use cmflow_tests::slice_rig::SliceRig;
use cmflow_tests::small_site::tables;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Frames that meet in one flow table.
const BATCH: usize = 256;
/// Small enough that some packets of a batch find no place.
const FLOW_BITS: u32 = 7;

fn frames_wanted(usually: usize) -> usize {
    let asked = std::env::var("CMFLOW_FRAMES").ok();
    let asked = asked.map(|text| text.parse().expect("CMFLOW_FRAMES is a number"));
    asked.unwrap_or(usually)
}

/// The same frames in every run: a difference is found again.
fn runner(cases: usize) -> TestRunner {
    let config = Config {
        cases: cases as u32,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn told(news: &[News]) -> Vec<(String, u16, u16, u32)> {
    let parts = news.iter().map(|news| {
        (
            format!("{:?}", news.key),
            news.verdict,
            news.state,
            news.interface,
        )
    });
    parts.collect()
}

/// Runs batches through the kernel program at a hook and through memory.
fn agree(hook: Hook, constants: &Constants, frames: usize) {
    let tables = tables();
    let Some(mut kernel) = KernelRig::new(&tables, FLOW_BITS) else {
        return;
    };
    let program = RefCell::new(kernel.program(hook, constants));
    let ring = RefCell::new(kernel.news());
    let batches = vec(chance::frame(), 1..=BATCH);
    let outcome = runner(frames.div_ceil(BATCH / 2)).run(&batches, |frames| {
        kernel.forget();
        let (mut program, mut ring) = (program.borrow_mut(), ring.borrow_mut());
        let _stale = drain(&mut ring);
        let before = kernel.counted();
        let slice = SliceRig::new(&tables, constants, FLOW_BITS);
        let mut ran = 0;
        for frame in &frames {
            if !program.takes(frame) {
                continue;
            }
            program.run(frame);
            slice.run(frame);
            ran += 1;
        }
        let (counted, sliced) = (kernel.counted().since(&before), slice.counted());
        let outcomes: u64 = counted.outcomes.values().map(|pair| pair.0).sum();
        prop_assert_eq!(outcomes, ran, "each frame under one outcome");
        prop_assert_eq!(&counted, &sliced);
        prop_assert_eq!(told(&drain(&mut ring)), told(&slice.news()));
        let conserved = catch_unwind(AssertUnwindSafe(|| counted.assert_conserved("a batch")));
        prop_assert!(conserved.is_ok(), "the conservation law");
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("kernel and slice differ: {error}"));
}

#[test]
fn kernel_and_slice_agree_at_the_xdp_hook() {
    agree(Hook::Native, &Constants::default(), frames_wanted(6_000));
}

#[test]
fn kernel_and_slice_agree_at_the_traffic_control_hook() {
    agree(Hook::Tcx, &Constants::default(), frames_wanted(3_000) / 2);
}

#[test]
fn kernel_and_slice_agree_where_vlans_and_links_keep_addresses_apart() {
    let constants = Constants {
        interface: 5,
        link: 9,
        tags_apart: true,
        in_pieces: true,
        ..Constants::default()
    };
    agree(Hook::Native, &constants, frames_wanted(3_000) / 2);
}

#[test]
fn kernel_and_slice_agree_on_devices_without_ethernet() {
    let constants = Constants {
        raw_ip: true,
        ..Constants::default()
    };
    agree(Hook::Native, &constants, frames_wanted(2_000) / 4);
}

/// Chance must reach what the parser can say, or agreement means little.
#[test]
fn frames_by_chance_reach_every_outcome() {
    let tables = MemoryTables::default();
    let slice = SliceRig::new(&tables, &Constants::default(), FLOW_BITS);
    let reached = runner(10_000).run(&chance::frame(), |frame| {
        slice.run(&frame);
        Ok(())
    });
    reached.unwrap_or_else(|error| panic!("{error}"));
    let counted = slice.counted();
    let missed: Vec<_> = Outcome::ALL
        .into_iter()
        .filter(|outcome| !counted.outcomes.contains_key(outcome))
        .collect();
    // Frames by chance are IP: other Ethernet types are for the table of packets.
    let others = [
        Outcome::Arp,
        Outcome::Llc,
        Outcome::Pppoe,
        Outcome::Mpls,
        Outcome::OtherEthertype,
    ];
    let missed: Vec<_> = missed
        .into_iter()
        .filter(|outcome| !others.contains(outcome))
        .collect();
    assert_eq!(missed, []);
}

#[test]
fn no_bytes_make_the_parser_panic() {
    let cases = frames_wanted(20_000);
    let bytes = (vec(any::<u8>(), 0..300), chance::frame(), any::<Option<u16>>());
    let outcome = runner(cases).run(&bytes, |(bytes, frame, tag)| {
        for link_layer in [LinkLayer::Ethernet, LinkLayer::RawIp] {
            let _ = parse(bytes.as_slice(), link_layer, tag);
            let _ = parse(frame.as_slice(), link_layer, tag);
            for behind_ethernet in [&frame, &bytes].map(|frame| frame.get(14..).unwrap_or(&[])) {
                let _ = parse(behind_ethernet, link_layer, tag);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
