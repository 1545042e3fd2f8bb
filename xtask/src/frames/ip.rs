//! IPv4 and IPv6, right and wrong.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Announces, Checksum, Frame, Layer, Measures};

impl Frame {
    /// An IPv4 header.
    ///
    /// # Panics
    /// Where an address is none.
    #[must_use]
    pub fn ipv4(self, from: &str, to: &str) -> Self {
        let [from, to] = [from, to].map(|text| text.parse::<Ipv4Addr>().expect("an IPv4 address").octets());
        let mut bytes = vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0];
        bytes.extend(from);
        bytes.extend(to);
        self.layer(Layer {
            bytes,
            ethertype: Some(0x0800),
            number: Some(4),
            announces: Announces::Number(9),
            measures: Measures::Whole(2),
            checksum: Checksum::Ipv4,
        })
    }

    /// IPv4 options: that many words of four bytes, "no operation" each; the header length follows.
    #[must_use]
    pub fn options(mut self, words: u8) -> Self {
        let header = &mut self.last().bytes;
        header.resize(20 + usize::from(words) * 4, 1);
        header[0] = 0x45 + words;
        self
    }

    /// The header length field of IPv4, in words, whatever stands there.
    #[must_use]
    pub fn header_words(self, words: u8) -> Self {
        self.write(0, &[0x40 | words])
    }

    /// The version field, and the four bits behind it.
    #[must_use]
    pub fn version_byte(self, byte: u8) -> Self {
        self.write(0, &[byte])
    }

    /// IPv4: which fragment this is (offset in units of eight bytes), and whether more follow.
    #[must_use]
    pub fn fragment(self, offset: u16, more: bool) -> Self {
        self.write(6, &(offset | u16::from(more) << 13).to_be_bytes())
    }

    /// IPv4: "do not fragment".
    #[must_use]
    pub fn whole(self) -> Self {
        self.write(6, &[0x40, 0])
    }

    /// The IPv4 total length, or the IPv6 payload length, whatever follows.
    #[must_use]
    pub fn length(mut self, length: u16) -> Self {
        let layer = self.last();
        let at = match layer.measures {
            Measures::Whole(at) | Measures::Rest(at) => at,
            Measures::Nothing => panic!("the last layer states no length"),
        };
        layer.measures = Measures::Nothing;
        self.write(at, &length.to_be_bytes())
    }

    /// An IPv6 header.
    ///
    /// # Panics
    /// Where an address is none.
    #[must_use]
    pub fn ipv6(self, from: &str, to: &str) -> Self {
        let [from, to] = [from, to].map(|text| text.parse::<Ipv6Addr>().expect("an IPv6 address").octets());
        let mut bytes = vec![0x60, 0, 0, 0, 0, 0, NO_NEXT_HEADER, 64];
        bytes.extend(from);
        bytes.extend(to);
        self.layer(Layer {
            bytes,
            ethertype: Some(0x86dd),
            number: Some(41),
            announces: Announces::Number(6),
            measures: Measures::Rest(4),
            checksum: Checksum::Ipv6,
        })
    }

    /// A hop-by-hop header of `8 * units` bytes.
    #[must_use]
    pub fn hop_by_hop(self, units: usize) -> Self {
        self.extension(0, units)
    }

    /// A destination options header of `8 * units` bytes.
    #[must_use]
    pub fn destination_options(self, units: usize) -> Self {
        self.extension(60, units)
    }

    /// A routing header of `8 * units` bytes.
    #[must_use]
    pub fn routing(self, units: usize) -> Self {
        self.extension(43, units)
    }

    /// An IPv6 extension header of that number and `8 * units` bytes.
    #[must_use]
    pub fn extension(self, number: u8, units: usize) -> Self {
        let mut bytes = vec![0; units * 8];
        bytes[0] = NO_NEXT_HEADER;
        bytes[1] = (units - 1) as u8;
        self.layer(Layer {
            bytes,
            number: Some(number),
            announces: Announces::Number(0),
            ..Layer::default()
        })
    }

    /// An IPv6 fragment header: offset in units of eight bytes, and whether more follow.
    #[must_use]
    pub fn fragment_header(self, offset: u16, more: bool) -> Self {
        let place = (offset << 3 | u16::from(more)).to_be_bytes();
        self.layer(Layer {
            bytes: vec![NO_NEXT_HEADER, 0, place[0], place[1], 0, 0, 0, 7],
            number: Some(44),
            announces: Announces::Number(0),
            ..Layer::default()
        })
    }

    /// An authentication header of either family, with `words` words of integrity check (RFC 4302).
    #[must_use]
    pub fn authentication(self, words: u8) -> Self {
        let mut bytes = vec![0; 12 + usize::from(words) * 4];
        bytes[0] = NO_NEXT_HEADER;
        bytes[1] = words + 1;
        self.layer(Layer {
            bytes,
            number: Some(51),
            announces: Announces::Number(0),
            ..Layer::default()
        })
    }
}

/// IANA's 59: nothing follows.
const NO_NEXT_HEADER: u8 = 59;
