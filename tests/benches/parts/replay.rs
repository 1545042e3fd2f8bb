//! How many packets of a capture a second are counted, on one core.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cmflow::reader::Timeouts;
use cmflow::replay::{InMemory, play};
use cmflow_common::memory::MemoryTables;
use cmflow_tests::small_site::{MANAGEMENT_POINT, tables};
use xtask::capture::file::{CaptureWriter, Format};
use xtask::frames::eth;

use super::asked::Asked;
use super::figure::Figure;

/// Conversations that the packets belong to.
const FLOWS: u32 = 10_000;
/// Packets of the capture: 150 MB, which fit no cache.
const PACKETS: u32 = 500_000;
/// How often it is played.
const RUNS: usize = 9;

/// Packets of a capture that are counted in a second.
pub fn measure(_asked: &Asked) -> Result<Vec<Figure>> {
    let tables = tables();
    let capture = capture()?;
    let runs = (0..RUNS)
        .map(|_| run(&capture, &tables))
        .collect::<Result<Vec<_>>>()?;
    Ok(vec![Figure::of("replay", "packets/s", runs)])
}

/// A capture in memory: HTTPS of 10,000 flows in turn, both directions, with little and with much payload.
fn capture() -> Result<Vec<u8>> {
    let mut writer = CaptureWriter::new(Vec::new(), Format::default())?;
    for number in 0..PACKETS {
        let flow = number % FLOWS;
        let client = format!("10.10.{}.{}", flow / 100, 1 + flow % 100);
        let port = 50_000;
        let turn = number / FLOWS;
        let frame = if turn.is_multiple_of(2) {
            let asked = eth().ipv4(&client, MANAGEMENT_POINT).tcp(port, 443);
            if turn == 0 {
                asked.syn()
            } else {
                asked.ack().payload(64)
            }
        } else {
            let answered = eth().ipv4(MANAGEMENT_POINT, &client).tcp(443, port);
            if turn == 1 {
                answered.syn().ack()
            } else {
                answered.ack().payload(400)
            }
        };
        writer.write(Duration::from_micros(u64::from(number)), &frame.build())?;
    }
    writer.finish()
}

/// Plays it once; packets a second.
fn run(capture: &[u8], tables: &MemoryTables) -> Result<f64> {
    let begin = Instant::now();
    let replayed = play(capture, InMemory::new(tables, Timeouts::default(), 1), |_| {})?;
    let took = begin.elapsed();
    let counted = replayed.frames().packets;
    ensure!(
        counted == u64::from(PACKETS),
        "{counted} of {PACKETS} packets were counted"
    );
    ensure!(
        replayed.seen.flows.len() == FLOWS as usize,
        "{} flows",
        replayed.seen.flows.len()
    );
    Ok(counted as f64 / took.as_secs_f64())
}
