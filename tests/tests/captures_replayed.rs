//! The captures that the project makes, through `cmflow replay`: what a user without root sees.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use cmflow_tests::binary;
use serde_json::Value;
use xtask::capture::page::{Documented, Edition};
use xtask::capture::talk::Transport;
use xtask::capture::{self, Capture};
use xtask::demo;
use xtask::lab::ScratchDir;

fn replay(capture: &Capture) -> Result<Value> {
    let [site, file] = [&capture.site_file, &capture.capture].map(|path| path.to_string_lossy());
    let output = binary::run(&["replay", "--site", &site, &file, "--format", "json"]);
    ensure!(
        output.status.success(),
        "{file}: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The conversation's flow, as replay shows it.
fn is_of(flow: &Value, one: &Documented) -> bool {
    let talk = &one.talk;
    let protocol = match (talk.transport, talk.initiator.is_ipv6()) {
        (Transport::Tcp, _) => "tcp",
        (Transport::Udp | Transport::UdpFromElsewhere, _) => "udp",
        (Transport::Echo, false) => "icmp",
        (Transport::Echo, true) => "icmpv6",
    };
    let is = |end: &Value, address: SocketAddr| {
        end["address"] == address.ip().to_string() && end["port"] == address.port()
    };
    flow["protocol"] == protocol
        && is(&flow["initiator"], talk.initiator)
        && is(&flow["responder"], talk.responder)
}

#[test]
fn every_rule_of_every_edition_is_hit_and_all_is_documented() -> Result<()> {
    let scratch = ScratchDir::new("captures")?;
    let captures = capture::write_all(scratch.path(), binary::cmflow(), None)?;
    for (capture, edition) in captures
        .iter()
        .skip(1)
        .zip(["2016-09", "2018-02", "2020-04", "current"])
    {
        let what = capture.capture.display();
        let said = replay(capture)?;
        let written = capture.written;
        ensure!(said["capture"]["frames"] == written.frames, "{what}: frames");
        ensure!(said["capture"]["bytes"] == written.bytes, "{what}: bytes");

        let flows = said["flows"].as_array().context("flows")?;
        let page = Edition::ask(binary::cmflow(), edition)?;
        let conversations = page.conversations();
        ensure!(
            flows.len() == conversations.len(),
            "{what}: {} flows of {} conversations",
            flows.len(),
            conversations.len()
        );
        for one in &conversations {
            let flow = flows
                .iter()
                .find(|flow| is_of(flow, one))
                .with_context(|| format!("{what}: no flow of {one:?}"))?;
            ensure!(flow["verdict"] == "documented", "{what}: {flow}");
            ensure!(flow["basis"] == one.basis, "{what}: not by {}: {flow}", one.basis);
            if one.talk.transport == Transport::UdpFromElsewhere {
                let frames = one.talk.frames().len();
                let counted = ["forward", "reverse"].map(|way| flow[way]["packets"].as_u64());
                // A request, and as many blocks as acknowledgements.
                let (there, back) = (frames as u64 / 2 + 1, frames as u64 / 2);
                ensure!(counted == [Some(there), Some(back)], "{what}: {flow}");
            }
            let rules = flow["rules"].as_array().context("rules")?;
            ensure!(
                rules.iter().any(|rule| *rule == one.rule),
                "{what}: {} is not among {rules:?}",
                one.rule
            );
        }

        let rules = said["rules"].as_array().context("rules")?;
        let hit = rules
            .iter()
            .filter(|rule| rule["packets"].as_u64() > Some(0))
            .filter_map(|rule| rule["rule"].as_str());
        ensure!(
            hit.collect::<BTreeSet<_>>() == page.rule_ids().collect(),
            "{what}: rules that were not hit"
        );
    }
    Ok(())
}

#[test]
fn the_demo_without_root_comes_out_as_its_table_says() -> Result<()> {
    ensure!(
        demo::replay(binary::cmflow(), "a test asks for it")?,
        "see what it printed"
    );
    Ok(())
}

/// The verdict of the demo is not for the asking: a program that says nothing is not taken for one that says
/// the right thing.
#[test]
fn the_demo_without_root_does_not_pass_where_nothing_is_seen() -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let scratch = ScratchDir::new("captures")?;
    let silent = scratch.path().join("cmflow");
    let nothing = r#"{"capture":{"frames":0,"bytes":0},"outcomes":{},"verdicts":{},"rules":[],"flows":[]}"#;
    std::fs::write(&silent, format!("#!/bin/sh\necho '{nothing}'\n"))?;
    std::fs::set_permissions(&silent, std::fs::Permissions::from_mode(0o755))?;
    ensure!(!demo::replay(&silent, "a test asks for it")?);
    Ok(())
}
