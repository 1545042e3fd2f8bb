//! Frames for tests and captures, written down the way they are nested:
//! `eth().vlan(10).ipv4("10.10.0.5", "10.20.0.11").tcp(50000, 443).syn().build()`.
//!
//! Types, next-header numbers and lengths are right unless a test asks for wrong ones; checksums are zero,
//! because a gateway that only looks does not check them, unless [`Frame::with_checksums`] asks for them.
//! Setters belong to the layer named last.

mod checksum;
mod ip;
mod link;
mod start;
mod transport;

use checksum::{Checksum, Unfinished};
pub use start::{ByteOrder, MacAddress, eth, ethernet, null, raw, sll, sll2};

/// Shortest Ethernet frame without its checksum (IEEE 802.3); shorter ones are padded on the wire.
pub const MIN_FRAME: usize = 60;

/// A frame in the making: layers from the outside in.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    layers: Vec<Layer>,
    padded_to: usize,
    cut_at: Option<usize>,
    checksums: bool,
}

/// One header, and how it speaks of what follows it.
#[derive(Clone, Debug, Default)]
struct Layer {
    bytes: Vec<u8>,
    /// Its Ethernet type, where a link layer may announce it.
    ethertype: Option<u16>,
    /// Its protocol number, where IP or an extension header may announce it.
    number: Option<u8>,
    announces: Announces,
    measures: Measures,
    checksum: Checksum,
}

/// Where a header names the next one; offsets into the header.
#[derive(Clone, Copy, Debug, Default)]
enum Announces {
    #[default]
    Nothing,
    EtherType(usize),
    Number(usize),
    /// BSD's number of an address family, 32 bits in the byte order of the machine that captured.
    Family(ByteOrder),
}

/// Where a header states a length, 16 bits big-endian; offsets into the header.
#[derive(Clone, Copy, Debug, Default)]
enum Measures {
    #[default]
    Nothing,
    /// From the header's start to the packet's end.
    Whole(usize),
    /// What follows the header.
    Rest(usize),
}

impl Frame {
    fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    fn last(&mut self) -> &mut Layer {
        self.layers.last_mut().expect("a frame begins with a header")
    }

    /// Writes big-endian bytes into the last layer's header.
    fn write(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.last().bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.layer(Layer {
            bytes: bytes.to_vec(),
            ..Layer::default()
        })
    }

    /// That many bytes of payload.
    #[must_use]
    pub fn payload(self, length: usize) -> Self {
        self.bytes(&vec![0xcf; length])
    }

    /// What an ICMP error quotes.
    #[must_use]
    pub fn quoting(self, quoted: &Self) -> Self {
        self.bytes(&quoted.build())
    }

    /// Zeroes behind the packet, up to the shortest frame that Ethernet carries.
    #[must_use]
    pub fn padded(mut self) -> Self {
        self.padded_to = MIN_FRAME;
        self
    }

    /// Ends the frame after that many bytes, whatever its headers say.
    #[must_use]
    pub fn cut(mut self, length: usize) -> Self {
        self.cut_at = Some(length);
        self
    }

    /// Right checksums of IPv4, TCP, UDP and ICMP, for readers that check them.
    #[must_use]
    pub fn with_checksums(mut self) -> Self {
        self.checksums = true;
        self
    }

    /// The bytes.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut unfinished: Option<Unfinished> = None;
        let mut rest: Vec<u8> = Vec::new();
        let mut inner: Option<&Layer> = None;
        for layer in self.layers.iter().rev() {
            let mut bytes = layer.bytes.clone();
            match layer.announces {
                Announces::EtherType(at) => {
                    if let Some(ethertype) = inner.and_then(|inner| inner.ethertype) {
                        bytes[at..at + 2].copy_from_slice(&ethertype.to_be_bytes());
                    }
                }
                Announces::Number(at) => {
                    if let Some(number) = inner.and_then(|inner| inner.number) {
                        bytes[at] = number;
                    }
                }
                Announces::Family(order) => {
                    if let Some(family) = inner.and_then(|inner| inner.ethertype).and_then(start::family) {
                        bytes.copy_from_slice(&order.bytes(family));
                    }
                }
                Announces::Nothing => {}
            }
            let (at, length) = match layer.measures {
                Measures::Whole(at) => (at, bytes.len() + rest.len()),
                Measures::Rest(at) => (at, rest.len()),
                Measures::Nothing => (0, 0),
            };
            if !matches!(layer.measures, Measures::Nothing) {
                bytes[at..at + 2].copy_from_slice(&(length as u16).to_be_bytes());
            }
            let header_bytes = bytes.len();
            bytes.append(&mut rest);
            rest = bytes;
            if self.checksums {
                layer.checksum.write(&mut rest, header_bytes, &mut unfinished);
            }
            inner = Some(layer);
        }
        rest.resize(rest.len().max(self.padded_to), 0);
        rest.truncate(self.cut_at.unwrap_or(usize::MAX));
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::{eth, raw};

    #[test]
    fn layers_announce_and_measure_what_follows_them() {
        let frame = eth()
            .vlan(10)
            .ipv4("10.0.0.1", "10.0.0.2")
            .udp(67, 68)
            .payload(3)
            .build();
        assert_eq!(frame[12..14], [0x81, 0x00]);
        assert_eq!(frame[14..18], [0, 10, 0x08, 0x00]);
        assert_eq!(frame[18], 0x45);
        assert_eq!(frame[20..22], [0, 31], "IPv4 total length");
        assert_eq!(frame[27], 17);
        assert_eq!(frame[42..44], [0, 11], "UDP length");
        assert_eq!(frame.len(), 49);
    }

    #[test]
    fn extension_headers_announce_each_other() {
        let packet = raw()
            .ipv6("fd00::1", "fd00::2")
            .hop_by_hop(1)
            .fragment_header(0, true)
            .tcp(1, 2);
        let bytes = packet.build();
        assert_eq!((bytes[6], bytes[40], bytes[48]), (0, 44, 6));
        assert_eq!(bytes[4..6], [0, 36]);
    }
}
