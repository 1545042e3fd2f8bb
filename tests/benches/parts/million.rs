//! A million flows: their packets, and reading them all.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cmflow::kernel::{Constants, Hook, Program};
use cmflow_common::memory::MemoryTables;
use cmflow_tests::kernel_rig::KernelRig;

use super::asked::Asked;
use super::figure::Figure;
use super::known::packet;
use super::rounds::rounds;
use super::tables;

/// The flow table for a million flows at a load of one half: 256 MiB.
pub const MANY_BITS: u32 = 21;
/// Bits to draw for a million flows.
const MILLION: u32 = (1 << 20) - 1;

/// With few rules, and with 10,000 and 100,000 prefixes and addresses.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (tables, suffix) in [(tables::small(), ""), (tables::large(), "-large-site")] {
        figures.extend(with(asked, &tables, suffix)?);
    }
    Ok(figures)
}

fn with(asked: &Asked, tables: &MemoryTables, suffix: &str) -> Result<Vec<Figure>> {
    let rig = KernelRig::new(tables, MANY_BITS).context("running the kernel program takes root")?;
    let mut noop = Program::load_noop(&rig.maps)?;
    let mut program = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
    let mut drawing = Program::load_bench(&rig.maps, 0)?;
    let frame = packet().build();
    let drawing = rounds(asked, &mut program, &mut drawing, &frame, asked.repeat, || {})?;
    let mut million = Program::load_bench(&rig.maps, MILLION)?;
    let flows = fill(&rig, &mut million, &frame)?;
    let cost = rounds(asked, &mut noop, &mut million, &frame, asked.repeat, || {})?;
    let cost = cost.without(&drawing);
    let mut figures = vec![cost.figure(format!("known-flow-1m{suffix}")).at_most(330.0)];
    if suffix.is_empty() {
        let mut times = Vec::new();
        for _ in 0..asked.rounds.clamp(5, 25) {
            let (mut slots, mut packets) = (0_u32, 0_u64);
            let began = Instant::now();
            rig.maps.each_slot(|_, slot| {
                slots += 1;
                packets += slot.packets.iter().flatten().sum::<u64>();
            });
            times.push(began.elapsed().as_secs_f64() * 1000.0);
            assert!(slots >= flows && packets > 0, "all flows were read");
        }
        figures.push(Figure::of("read-1m-flows", "ms", times).at_most(50.0));
    }
    Ok(figures)
}

/// Runs the program until nearly all of a million flows are in the table; a few per thousand find no place.
fn fill(rig: &KernelRig, program: &mut Program, frame: &[u8]) -> Result<u32> {
    let mut flows = 0;
    for turn in 0..256 {
        // In pieces, with what may be spent on flows that nobody answers given anew, as the daemon does each second.
        rig.maps.allow_rooms([0; 3]);
        program.test_run(frame, 1 << 17)?;
        if turn % 8 == 7 {
            flows = 0;
            rig.maps.each_slot(|_, _| flows += 1);
            if flows > 1_000_000 {
                return Ok(flows);
            }
        }
    }
    bail!("only {flows} of a million flows found a place")
}
