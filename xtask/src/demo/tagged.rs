//! A TCP conversation in tagged frames, by raw sockets: most kernels in small machines have no 802.1Q
//! module, and a gateway without it drops tagged frames after they were counted. So both ends send their
//! half of the conversation to the gateway, as if it were one that bridges the VLAN.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Result, bail};

use super::conversation::Conversation;
use super::stage::Stage;
use crate::frames::ethernet;
use crate::lab::{FrameSocket, Netns, Tier};

pub(super) const VLAN: u16 = 30;
const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

struct End {
    frames: FrameSocket,
    gateway: [u8; 6],
    address: Ipv4Addr,
    port: u16,
    next: u32,
}

pub(super) fn hold(stage: &Stage<'_>, conversation: &Conversation) -> Result<()> {
    let gateway = stage.lab.gateway();
    let mut client = end(
        stage.initiator(conversation),
        gateway,
        conversation.initiator().tier,
        conversation.source(),
    )?;
    let mut server = end(
        stage.responder(conversation),
        gateway,
        conversation.responder().tier,
        conversation.destination(),
    )?;
    for (from_client, flags, payload) in [
        (true, SYN, ""),
        (false, SYN | ACK, ""),
        (true, ACK, ""),
        (true, ACK | PSH, "what is my policy?"),
        (false, ACK | PSH, "the one of yesterday"),
        (true, FIN | ACK, ""),
        (false, FIN | ACK, ""),
        (true, ACK, ""),
    ] {
        let (from, to) = if from_client {
            (&mut client, &server)
        } else {
            (&mut server, &client)
        };
        from.frames.send(&frame(from, to, flags, payload.as_bytes()))?;
        from.next += u32::try_from(payload.len())? + u32::from(flags & (SYN | FIN) != 0);
    }
    Ok(())
}

fn end(netns: &Netns, gateway: &Netns, tier: &str, at: std::net::SocketAddr) -> Result<End> {
    let IpAddr::V4(address) = at.ip() else {
        bail!("tagged frames here carry IPv4")
    };
    let gateway = gateway.frames(tier)?.address();
    Ok(End {
        frames: netns.frames(Tier::INTERFACE)?,
        gateway,
        address,
        port: at.port(),
        next: 1000,
    })
}

fn frame(from: &End, to: &End, flags: u8, payload: &[u8]) -> Vec<u8> {
    let acknowledged = if flags & ACK == 0 { 0 } else { to.next };
    ethernet(from.frames.address(), from.gateway)
        .vlan(VLAN)
        .ipv4(&from.address.to_string(), &to.address.to_string())
        .whole()
        .tcp(from.port, to.port)
        .flags(flags)
        .sequence(from.next, acknowledged)
        .bytes(payload)
        .with_checksums()
        .build()
}
