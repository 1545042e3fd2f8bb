//! DNS: dnsmasq answers, dig asks.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};

use super::conversation::{Conversation, Family, Protocol};
use super::place;
use super::stage::{Servers, Stage, rows, speak};
use crate::step::find_program;

const NAME: &str = "mp.demo.example";

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&["dnsmasq", "dig"])?;
    let addresses: BTreeSet<IpAddr> = rows(Family::Dns).map(|row| row.destination().ip()).collect();
    let program = find_program("dnsmasq").unwrap_or_else(|| "dnsmasq".into());
    let mut command = stage.lab.tier("data").netns().command(&program.to_string_lossy());
    command.args([
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--bind-interfaces",
    ]);
    command.args([
        "--user=root",
        "--pid-file=",
        "--log-facility=-",
        "--except-interface=lo",
    ]);
    command.args(
        addresses
            .iter()
            .map(|address| format!("--listen-address={address}")),
    );
    command.arg(format!("--address=/{NAME}/{}", place::named("mp").address(false)));
    let ready: Vec<SocketAddr> = addresses
        .iter()
        .map(|&address| SocketAddr::new(address, 53))
        .collect();
    let server = stage.serve("data", command, "dnsmasq-dns", &ready)?;
    Ok(server.into())
}

pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let mut dig = stage.initiator(conversation).command("dig");
    dig.args([
        "-b",
        &conversation.source().ip().to_string(),
        &format!("@{}", conversation.destination().ip()),
    ]);
    dig.args([NAME, "A", "+short", "+tries=1", "+time=3"]);
    dig.arg(if conversation.protocol == Protocol::Tcp {
        "+tcp"
    } else {
        "+notcp"
    });
    let answer = String::from_utf8_lossy(&speak(&mut dig)?.stdout).into_owned();
    let wanted = place::named("mp").address(false).to_string();
    ensure!(
        answer.trim() == wanted,
        "dig got {:?} and not {wanted}",
        answer.trim()
    );
    Ok(())
}
