//! A conversation as frames: what a gateway between its two ends would have seen.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::frames::{Frame, MacAddress, ethernet};

/// How a conversation is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// UDP whose answers come from a port that the server picks, as TFTP's do (RFC 1350, section 4).
    UdpFromElsewhere,
    /// ICMP echo; ports mean nothing.
    Echo,
}

/// How it ends for the one who opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an answer.
    Answered,
    /// Nobody is there to answer, or nobody is meant to.
    Silence,
    /// The port is closed.
    Refused,
}

/// One conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Talk {
    /// How it is held.
    pub transport: Transport,
    /// Who opens it.
    pub initiator: SocketAddr,
    /// Who is spoken to.
    pub responder: SocketAddr,
    /// The VLAN that its frames are tagged with, both ways.
    pub vlan: Option<u16>,
    /// How it ends.
    pub ending: Ending,
    /// Bytes of the answer.
    pub answer_bytes: usize,
    /// Tells conversations apart that are otherwise alike: sequence numbers and identifiers come from it.
    pub number: u32,
}

/// A frame, and how long after the one before it it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Since the frame before.
    pub after: Duration,
    /// The frame.
    pub bytes: Vec<u8>,
}

/// Bytes of a question.
const QUESTION_BYTES: usize = 300;
/// Bytes of a TCP segment or a datagram at most: Ethernet's 1500 less the headers of IPv6 and TCP.
const SEGMENT_BYTES: usize = 1440;
/// Bytes of a TFTP block (RFC 1350, section 2), and of what stands before them.
const BLOCK_BYTES: usize = 512;
const TFTP_HEADER_BYTES: usize = 4;
/// The gateway's Ethernet address. The others come from IP addresses.
const GATEWAY: MacAddress = [0x02, 0xff, 0, 0, 0, 1];
/// Between two frames of a conversation.
const GAP: Duration = Duration::from_micros(200);
/// Until a SYN is sent again; each further time it takes twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);

impl Talk {
    /// A conversation between those ends, answered, in untagged frames.
    #[must_use]
    pub const fn new(
        transport: Transport,
        initiator: SocketAddr,
        responder: SocketAddr,
        number: u32,
    ) -> Self {
        Self {
            transport,
            initiator,
            responder,
            vlan: None,
            ending: Ending::Answered,
            answer_bytes: 500,
            number,
        }
    }

    /// Its frames.
    #[must_use]
    pub fn frames(&self) -> Vec<Sighting> {
        let mut seen = Vec::new();
        match self.transport {
            Transport::Tcp => self.tcp(&mut seen),
            Transport::Udp => self.udp(&mut seen),
            Transport::UdpFromElsewhere => self.tftp(&mut seen),
            Transport::Echo => self.echo(&mut seen),
        }
        seen
    }

    fn tcp(&self, seen: &mut Vec<Sighting>) {
        // Apart from each other, and from conversation to conversation (Knuth's multiplicative hash).
        let first = self.number.wrapping_mul(2_654_435_761);
        let mut client = Sender::new(self, self.initiator, self.responder, first);
        let mut server = Sender::new(self, self.responder, self.initiator, !first);
        match self.ending {
            Ending::Silence => {
                for retry in [Duration::ZERO, FIRST_RETRY, FIRST_RETRY * 2] {
                    seen.push(Sighting {
                        after: retry.max(GAP),
                        bytes: client.segment(0, 0, Frame::syn),
                    });
                }
            }
            Ending::Refused => {
                seen.push(sighting(client.open(0, Frame::syn)));
                server.next = 0;
                seen.push(sighting(server.segment(client.next, 0, |it| it.rst().ack())));
            }
            Ending::Answered => {
                seen.push(sighting(client.open(0, Frame::syn)));
                seen.push(sighting(server.open(client.next, |it| it.syn().ack())));
                seen.push(sighting(client.segment(server.next, 0, Frame::ack)));
                say(seen, &mut client, &mut server, QUESTION_BYTES);
                say(seen, &mut server, &mut client, self.answer_bytes);
                seen.push(sighting(client.open(server.next, |it| it.fin().ack())));
                seen.push(sighting(server.open(client.next, |it| it.fin().ack())));
                seen.push(sighting(client.segment(server.next, 0, Frame::ack)));
            }
        }
    }

    fn udp(&self, seen: &mut Vec<Sighting>) {
        seen.push(sighting(self.datagram(
            self.initiator,
            self.responder,
            QUESTION_BYTES,
        )));
        match self.ending {
            Ending::Silence => {}
            Ending::Answered => {
                for bytes in parts(self.answer_bytes, SEGMENT_BYTES) {
                    seen.push(sighting(self.datagram(self.responder, self.initiator, bytes)));
                }
            }
            Ending::Refused => {
                let asked = udp(
                    ip(Frame::default(), self.initiator, self.responder),
                    self.initiator,
                    self.responder,
                )
                .payload(QUESTION_BYTES);
                let answer = self.packet(self.responder, self.initiator);
                let answer = if self.responder.is_ipv6() {
                    answer.icmp6(1, 4)
                } else {
                    answer.icmp(3, 3)
                };
                seen.push(sighting(finished(answer.quoting(&asked.with_checksums()))));
            }
        }
    }

    /// A read request, then blocks from a port that the server picked, each acknowledged. One that is not full
    /// is the last, and be it empty.
    fn tftp(&self, seen: &mut Vec<Sighting>) {
        seen.push(sighting(self.datagram(self.initiator, self.responder, 20)));
        if self.ending != Ending::Answered {
            return;
        }
        let picked = 32_768 + u16::try_from(self.number % 10_000).expect("it is below 10,000");
        let elsewhere = SocketAddr::new(self.responder.ip(), picked);
        for block in 0..=self.answer_bytes / BLOCK_BYTES {
            let bytes = BLOCK_BYTES.min(self.answer_bytes - block * BLOCK_BYTES);
            seen.push(sighting(self.datagram(
                elsewhere,
                self.initiator,
                TFTP_HEADER_BYTES + bytes,
            )));
            seen.push(sighting(self.datagram(
                self.initiator,
                elsewhere,
                TFTP_HEADER_BYTES,
            )));
        }
    }

    fn echo(&self, seen: &mut Vec<Sighting>) {
        let identifier = self.number as u16;
        let mut message = |from: SocketAddr, to: SocketAddr, asks: bool| {
            let packet = self.packet(from, to);
            let packet = match (from.is_ipv6(), asks) {
                (false, true) => packet.icmp(8, 0),
                (false, false) => packet.icmp(0, 0),
                (true, true) => packet.icmp6(128, 0),
                (true, false) => packet.icmp6(129, 0),
            };
            seen.push(sighting(finished(packet.echo(identifier, 1).payload(56))));
        };
        message(self.initiator, self.responder, true);
        if self.ending == Ending::Answered {
            message(self.responder, self.initiator, false);
        }
    }

    fn datagram(&self, from: SocketAddr, to: SocketAddr, payload_bytes: usize) -> Vec<u8> {
        finished(udp(self.packet(from, to), from, to).payload(payload_bytes))
    }

    /// The headers up to IP, as they arrive at the gateway.
    fn packet(&self, from: SocketAddr, to: SocketAddr) -> Frame {
        let start = ethernet(hardware_address(from.ip()), GATEWAY);
        let start = match self.vlan {
            Some(id) => start.vlan(id),
            None => start,
        };
        ip(start, from, to)
    }
}

/// One end of a TCP connection.
struct Sender<'a> {
    talk: &'a Talk,
    own: SocketAddr,
    other: SocketAddr,
    /// Number of the next byte that it sends.
    next: u32,
}

impl<'a> Sender<'a> {
    const fn new(talk: &'a Talk, own: SocketAddr, other: SocketAddr, next: u32) -> Self {
        Self {
            talk,
            own,
            other,
            next,
        }
    }

    /// A segment, sent without going on: `acknowledged` is the other end's next byte.
    fn segment(
        &self,
        acknowledged: u32,
        payload_bytes: usize,
        flags: impl FnOnce(Frame) -> Frame,
    ) -> Vec<u8> {
        let packet = self.talk.packet(self.own, self.other);
        let packet = packet.tcp(self.own.port(), self.other.port());
        finished(flags(packet.sequence(self.next, acknowledged)).payload(payload_bytes))
    }

    /// A SYN or FIN, which counts as a byte.
    fn open(&mut self, acknowledged: u32, flags: impl FnOnce(Frame) -> Frame) -> Vec<u8> {
        let bytes = self.segment(acknowledged, 0, flags);
        self.next = self.next.wrapping_add(1);
        bytes
    }
}

/// One end says so many bytes; the other acknowledges every second segment and the last.
fn say(seen: &mut Vec<Sighting>, speaker: &mut Sender<'_>, listener: &mut Sender<'_>, bytes: usize) {
    let segments: Vec<usize> = parts(bytes, SEGMENT_BYTES).collect();
    for (index, bytes) in segments.iter().copied().enumerate() {
        let last = index + 1 == segments.len();
        let flags = |it: Frame| if last { it.psh().ack() } else { it.ack() };
        seen.push(sighting(speaker.segment(listener.next, bytes, flags)));
        speaker.next = speaker
            .next
            .wrapping_add(u32::try_from(bytes).expect("a segment is short"));
        if last || index % 2 == 1 {
            seen.push(sighting(listener.segment(speaker.next, 0, Frame::ack)));
        }
    }
}

/// A number of bytes in parts of at most so many.
fn parts(bytes: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..bytes.div_ceil(most)).map(move |index| most.min(bytes - index * most))
}

fn ip(start: Frame, from: SocketAddr, to: SocketAddr) -> Frame {
    let [from, to] = [from, to].map(|end| end.ip().to_string());
    if to.contains(':') {
        start.ipv6(&from, &to)
    } else {
        start.ipv4(&from, &to).whole()
    }
}

fn udp(packet: Frame, from: SocketAddr, to: SocketAddr) -> Frame {
    packet.udp(from.port(), to.port())
}

fn finished(frame: Frame) -> Vec<u8> {
    frame.with_checksums().padded().build()
}

const fn sighting(bytes: Vec<u8>) -> Sighting {
    Sighting { after: GAP, bytes }
}

/// An Ethernet address of a computer's own, made from the end of its IP address.
fn hardware_address(address: IpAddr) -> MacAddress {
    let (family, end) = match address {
        IpAddr::V4(address) => (4, address.octets()),
        IpAddr::V6(address) => {
            let octets = address.octets();
            (6, [octets[3], octets[5], octets[14], octets[15]])
        }
    };
    [0x02, family, end[0], end[1], end[2], end[3]]
}

#[cfg(test)]
mod tests;
