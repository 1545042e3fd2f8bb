//! DHCP: dnsmasq answers; the question is asked by a small client of our own, because a real one would
//! want to change the addresses of its interface. It is a DHCPINFORM (RFC 2131, section 4.4.3), which a
//! computer with an address sends to the server directly, so that it crosses the gateway.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, bail, ensure};

use super::conversation::{Conversation, Family};
use super::stage::{START_LIMIT, Servers, Stage, rows};
use crate::step::find_program;

const BOOTREQUEST: u8 = 1;
const BOOTREPLY: u8 = 2;
const MAGIC: [u8; 4] = [99, 130, 83, 99];
/// Transaction id of all questions: one client asks one at a time.
const TRANSACTION: [u8; 4] = *b"demo";
const INFORM: [u8; 3] = [53, 1, 8];
const ACK: [u8; 3] = [53, 1, 5];
const END: u8 = 255;

pub(super) fn start(stage: &Stage<'_>) -> Result<Servers> {
    stage.require(&["dnsmasq"])?;
    let conversation = rows(Family::Dhcp).next().context("no row speaks DHCP")?;
    let program = find_program("dnsmasq").unwrap_or_else(|| "dnsmasq".into());
    let mut command = stage.responder(conversation).command(&program.to_string_lossy());
    command.args([
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--port=0",
        "--bind-interfaces",
        "--no-ping",
    ]);
    command.args([
        "--user=root",
        "--pid-file=",
        "--log-facility=-",
        "--dhcp-authoritative",
    ]);
    command.arg(format!("--listen-address={}", conversation.destination().ip()));
    command.arg("--dhcp-range=10.10.0.0,static,255.255.0.0");
    command.arg("--dhcp-range=10.20.0.0,static,255.255.0.0");
    command.arg(format!(
        "--dhcp-leasefile={}",
        stage.folder.join("dhcp.leases").display()
    ));
    let log = stage.folder.join("dnsmasq-dhcp.log");
    let mut server = stage.responder(conversation).start(command, Some(log))?;
    server.wait_ready(START_LIMIT, || {
        stage.responder(conversation).has_udp_port(conversation.port)
    })?;
    Ok(server.into())
}

pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let IpAddr::V4(own) = conversation.source().ip() else {
        bail!("DHCP here is for IPv4")
    };
    let socket = stage.initiator(conversation).udp(conversation.source())?;
    socket.send_to(&inform(own), conversation.destination())?;
    let mut answer = [0; 1500];
    let (length, from) = socket
        .recv_from(&mut answer)
        .context("no answer from the DHCP server")?;
    let answer = &answer[..length];
    ensure!(from == conversation.destination(), "{from} answered");
    ensure!(answer.first() == Some(&BOOTREPLY), "the answer is not a reply");
    ensure!(
        answer.windows(ACK.len()).any(|part| part == ACK),
        "the server did not acknowledge"
    );
    Ok(())
}

fn inform(own: Ipv4Addr) -> Vec<u8> {
    let mut message = vec![0; 236];
    message[..4].copy_from_slice(&[BOOTREQUEST, 1, 6, 0]);
    message[4..8].copy_from_slice(&TRANSACTION);
    message[12..16].copy_from_slice(&own.octets());
    message[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
    message.extend(MAGIC);
    message.extend(INFORM);
    message.push(END);
    message
}
