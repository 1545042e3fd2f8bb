//! The firewall that follows from the demo's audit, loaded in its gateway: what is documented goes on as before, and what
//! nothing explains is refused.

use std::path::Path;

use anyhow::Result;

use super::conversation::{Conversation, Expected};
use super::daemon::Client;
use super::summary::heading;
use super::traffic::Traffic;
use crate::lab::Lab;
use crate::setup::programs;
use crate::step::{find_program, output};

/// What each line of the firewall has that lets something through for a rule.
const LINE: &str = "counter accept comment";

/// Loads it, holds the conversations once more, takes it away and prints what came of it; whether that is what should.
/// Nobody else is to hold them meanwhile.
pub(super) fn print(client: &Client, lab: &Lab, traffic: &Traffic<'_>, folder: &Path) -> Result<bool> {
    heading("The firewall that follows");
    let Some(nft) = find_program(programs::NFT.name) else {
        println!(
            "left out: there is no {}, and package {} could not be installed",
            programs::NFT.name,
            programs::NFT.package
        );
        return Ok(true);
    };
    let file = folder.join("cmflow_export.nft");
    client.firewall(&file)?;
    let lines = std::fs::read_to_string(&file)?;
    let lines = lines.lines().filter(|line| line.contains(LINE)).count();
    let in_gateway = || lab.gateway().command(&nft.to_string_lossy());
    output(in_gateway().arg("-f").arg(&file))?;
    let held = traffic.once(|_| true);
    output(in_gateway().args(["delete", "table", "inet", "cmflow_export"]))?;

    let (explained, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|(row, _)| is_explained(row));
    let mut passing = 0;
    let mut refused = 0;
    let mut well = true;
    let mut surprise = |row: &Conversation, what: &str| {
        println!("       NOT AS EXPECTED: {} {what}", row.what);
        well = false;
    };
    for (row, held) in &explained {
        match held {
            Ok(()) => passing += 1,
            Err(error) => surprise(row, &format!("does not pass: {error:#}")),
        }
    }
    for (row, held) in &others {
        if held.is_ok() {
            surprise(row, "passes, and nothing explains it");
        } else {
            refused += 1;
        }
    }
    // What was refused has to pass without it: else nobody knows what refused it.
    for (row, held) in traffic.once(|row| !is_explained(row)) {
        if let Err(error) = held {
            surprise(
                row,
                &format!("does not pass without the firewall either: {error:#}"),
            );
        }
    }
    println!(
        "from `cmflow export nftables --only used`: {lines} lines; {passing} conversations pass as before, {refused} that \
         nothing explains are refused"
    );
    println!(
        "tagged frames were left out, which this gateway forwards to nobody; the firewall is taken away again"
    );
    Ok(well)
}

fn is_explained(row: &Conversation) -> bool {
    matches!(row.expected, Expected::Rule(_))
}
