//! What cmflow costs: a packet over a program that does nothing, a million flows, a company, a reload, a replay.
//!
//! `cargo xtask bench [--quick] [--parts] [--only WORD] [--format json|table]`
//!
//! Packets are test-run (`BPF_PROG_TEST_RUN`). Each round runs the empty program and the measured one a few times in
//! turn on one processor and takes the shortest of each; the medians of many rounds count. On a machine with other
//! work single runs say little. Flows are made many out of one frame by the program `cmflow_bench`, which draws
//! source port and address at random; what the drawing costs is measured too and taken off.

mod parts;

use parts::asked::Asked;
use parts::{machine, report};

fn main() -> anyhow::Result<()> {
    let asked = Asked::parse(std::env::args().skip(1))?;
    machine::stay_on_one_processor()?;
    let report = report::measure(&asked);
    if asked.json {
        println!("{:#}", report.json());
    } else {
        print!("{report}");
    }
    Ok(())
}
