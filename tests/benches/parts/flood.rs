//! A flood of spoofed SYNs, when the flow table has no place left.

use anyhow::{Context as _, Result, ensure};
use cmflow::kernel::{Constants, Hook, Program};
use cmflow_tests::frames::eth;
use cmflow_tests::kernel_rig::{KernelRig, drain};
use cmflow_tests::small_site::MANAGEMENT_POINT;

use super::asked::Asked;
use super::figure::Figure;
use super::known::{FEW_BITS, packet};
use super::million::MANY_BITS;
use super::rounds::rounds;
use super::tables::{self, CLIENT};

/// In a table that fits the processor's caches, and in one that does not.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    [("", FEW_BITS), ("-cold", MANY_BITS)]
        .into_iter()
        .map(|(suffix, bits)| full(asked, suffix, bits))
        .collect()
}

fn full(asked: &Asked, suffix: &str, bits: u32) -> Result<Figure> {
    let mut rig = KernelRig::new(&tables::small(), bits).context("running the kernel program takes root")?;
    let mut ring = rig.news();
    let mut noop = Program::load_noop(&rig.maps)?;
    let mut program = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
    let mut drawing = Program::load_bench(&rig.maps, 0)?;
    let known = packet().build();
    let drawing = rounds(asked, &mut program, &mut drawing, &known, asked.repeat, || {})?;
    let mut flood = Program::load_bench(&rig.maps, u32::MAX)?;
    let syn = eth().ipv4(CLIENT, MANAGEMENT_POINT).tcp(50000, 443).syn().build();
    for _ in 0..64 {
        let before = rig.counted();
        flood.test_run(&syn, 1 << 20)?;
        let since = rig.counted().since(&before);
        // Of 4 billion that may be drawn, hardly one is there already.
        if since.without_entry.0 > (1 << 20) / 100 * 98 {
            break;
        }
    }
    let before = rig.counted();
    let cost = rounds(asked, &mut noop, &mut flood, &syn, asked.repeat, || {
        let _taken = drain(&mut ring);
    })?;
    let counted = rig.counted();
    counted.assert_conserved("the flood");
    let since = counted.since(&before);
    let sent: u64 = since.verdicts.values().map(|pair| pair.0).sum();
    let homeless = since.without_entry.0 as f64 / sent as f64;
    ensure!(homeless > 0.9, "only {homeless} of the flood found no place");
    let figure = cost.without(&drawing).figure(format!("flood-full-table{suffix}"));
    Ok(figure.with("without entry", homeless))
}
