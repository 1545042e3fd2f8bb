//! Packets of flows that are in the table already.

use anyhow::{Context as _, Result, ensure};
use cmflow::kernel::{Constants, Hook, Program};
use cmflow_common::memory::MemoryTables;
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::kernel_rig::KernelRig;
use cmflow_tests::small_site::{CLIENT_V6, MANAGEMENT_POINT, MANAGEMENT_POINT_V6};

use super::asked::Asked;
use super::figure::Figure;
use super::rounds::rounds;
use super::tables::{self, CLIENT};

/// The flow table for few flows: 8 MiB.
pub const FEW_BITS: u32 = 16;

/// The packet of a known flow that most paths are measured with.
pub fn packet() -> Frame {
    eth()
        .ipv4(CLIENT, MANAGEMENT_POINT)
        .tcp(50000, 443)
        .ack()
        .payload(64)
}

/// A rig with a flow table for few flows.
pub fn few(tables: &MemoryTables) -> Result<KernelRig> {
    KernelRig::new(tables, FEW_BITS).context("the benches run the kernel program, and that takes root")
}

/// With few rules, and with 10,000 and 100,000 prefixes and addresses.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (tables, suffix) in [(tables::small(), ""), (tables::large(), "-large-site")] {
        figures.extend(with(asked, &tables, suffix)?);
    }
    Ok(figures)
}

fn with(asked: &Asked, tables: &MemoryTables, suffix: &str) -> Result<Vec<Figure>> {
    let rig = few(tables)?;
    let mut noop = Program::load_noop(&rig.maps)?;
    let mut program = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
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
    let mut figures = Vec::new();
    for (name, frame) in [("ipv4", packet()), ("ipv6", ipv6), ("vlan", vlan)] {
        rig.forget_flows();
        let before = rig.counted();
        let cost = rounds(
            asked,
            &mut noop,
            &mut program,
            &frame.build(),
            asked.repeat,
            || {},
        )?;
        let counted = rig.counted().since(&before);
        counted.assert_conserved(name);
        let placed: u64 = counted.verdicts.values().map(|pair| pair.0).sum();
        ensure!(
            placed >= asked.rounds as u64 * u64::from(asked.repeat),
            "{name}: only {placed} packets were counted"
        );
        figures.push(cost.figure(format!("known-flow-{name}{suffix}")).at_most(42.0));
    }
    Ok(figures)
}
