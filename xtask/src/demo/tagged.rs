//! A TCP conversation in tagged frames, by raw sockets: most kernels in small machines have no 802.1Q
//! module, and a gateway without it drops tagged frames after they were counted. So both ends send their
//! half of the conversation to the gateway, as if it were one that bridges the VLAN.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Result, bail};

use super::conversation::Conversation;
use super::stage::Stage;
use crate::lab::{FrameSocket, Netns, Tier};

const VLAN: u16 = 30;
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
    let mut tcp = [from.port.to_be_bytes(), to.port.to_be_bytes()].concat();
    tcp.extend(from.next.to_be_bytes());
    tcp.extend(acknowledged.to_be_bytes());
    tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    let tcp_bytes = u16::try_from(tcp.len()).unwrap_or(u16::MAX);
    let mut pseudo = [from.address.octets(), to.address.octets()].concat();
    pseudo.extend([0, 6]);
    pseudo.extend(tcp_bytes.to_be_bytes());
    pseudo.extend(&tcp);
    let sum = checksum(&pseudo);
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());

    let mut ip = vec![0x45, 0];
    ip.extend((tcp_bytes + 20).to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(from.address.octets());
    ip.extend(to.address.octets());
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());

    let mut frame = [from.gateway, from.frames.address()].concat();
    frame.extend([0x81, 0x00]);
    frame.extend(VLAN.to_be_bytes());
    frame.extend([0x08, 0x00]);
    frame.extend(ip);
    frame.extend(tcp);
    frame
}

/// The checksum of RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn the_example_of_rfc_1071() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&bytes), !0xddf2);
    }
}
