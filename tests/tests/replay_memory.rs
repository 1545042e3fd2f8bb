//! The memory of a replay does not grow with the capture.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::Replay;
use cmflow_tests::replayed::{BEGINS, Desk};
use xtask::capture::file::{CaptureWriter, Container, Format};
use xtask::frames::eth;

/// Frames of a piece, of 1,414 bytes each, in 20 flows.
const PIECE: u32 = 1000;
/// Pieces of the short and of the long capture: 6 and 290 MB.
const SHORT: u32 = 4;
const LONG: u32 = 200;
/// What a run may differ by, in KiB: the heap's own whims.
const TOLERANCE_KIB: u64 = 2048;

/// Plays so many pieces through a pipe; the most memory that the process held, in KiB.
fn peak_kib(desk: &Desk, container: Container, pieces: u32) -> Result<u64> {
    let format = Format {
        container,
        ..Format::default()
    };
    let head = CaptureWriter::new(Vec::new(), format)?.finish()?;
    let mut writer = CaptureWriter::new(Vec::new(), format)?;
    for number in 0..PIECE {
        let frame = eth()
            .ipv4("10.10.0.5", "10.20.0.11")
            .tcp(50_000 + (number % 20) as u16, 443)
            .ack()
            .payload(1360);
        writer.write(BEGINS + Duration::from_micros(number.into()), &frame.build())?;
    }
    let whole = writer.finish()?;
    let piece = &whole[head.len()..];
    let mut command = desk.command("-", &["--format", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut pipe = child.stdin.take().context("a pipe")?;
    pipe.write_all(&head)?;
    for _ in 0..pieces {
        pipe.write_all(piece)?;
    }
    // All but what a pipe holds was read by now, and the process waits for more.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    drop(pipe);
    let output = child.wait_with_output()?;
    let replay: Replay = serde_json::from_slice(&output.stdout)?;
    ensure!(
        replay.capture.frames == u64::from(PIECE * pieces) && replay.flows.len() == 20,
        "{replay:#?}"
    );
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.with_context(|| status.clone())?;
    Ok(peak.trim().trim_end_matches("kB").trim().parse()?)
}

#[test]
fn a_long_capture_takes_the_memory_of_a_short_one() -> Result<()> {
    let desk = Desk::new()?;
    for container in [Container::Pcap, Container::PcapNg] {
        let short = peak_kib(&desk, container, SHORT)?;
        let long = peak_kib(&desk, container, LONG)?;
        ensure!(
            long <= short + TOLERANCE_KIB,
            "{container:?}: {short} KiB for a short capture, {long} KiB for a long one"
        );
    }
    Ok(())
}
