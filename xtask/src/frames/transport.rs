//! TCP, UDP, ICMP, and protocols without ports.

use super::{Announces, Checksum, Frame, Layer, Measures};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;
/// Byte of the TCP header that has the flags.
const FLAGS: usize = 13;

impl Frame {
    /// A TCP header without flags or options.
    #[must_use]
    pub fn tcp(self, from: u16, to: u16) -> Self {
        let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0, 0xff, 0xff, 0, 0, 0, 0]);
        self.layer(Layer {
            bytes,
            number: Some(6),
            checksum: Checksum::Transport { at: 16, number: 6 },
            ..Layer::default()
        })
    }

    /// These flags, as the byte that has them.
    #[must_use]
    pub fn flags(self, flags: u8) -> Self {
        self.write(FLAGS, &[flags])
    }

    fn flag(mut self, flag: u8) -> Self {
        self.last().bytes[FLAGS] |= flag;
        self
    }

    /// The SYN flag.
    #[must_use]
    pub fn syn(self) -> Self {
        self.flag(SYN)
    }

    /// The ACK flag.
    #[must_use]
    pub fn ack(self) -> Self {
        self.flag(ACK)
    }

    /// The FIN flag.
    #[must_use]
    pub fn fin(self) -> Self {
        self.flag(FIN)
    }

    /// The RST flag.
    #[must_use]
    pub fn rst(self) -> Self {
        self.flag(RST)
    }

    /// The PSH flag.
    #[must_use]
    pub fn psh(self) -> Self {
        self.flag(PSH)
    }

    /// Number of the first byte of this TCP segment, and of the one expected from the other end.
    #[must_use]
    pub fn sequence(self, number: u32, acknowledged: u32) -> Self {
        self.write(4, &number.to_be_bytes())
            .write(8, &acknowledged.to_be_bytes())
    }

    /// TCP options: that many words of four bytes, "no operation" each; the data offset follows.
    #[must_use]
    pub fn tcp_options(mut self, words: u8) -> Self {
        let header = &mut self.last().bytes;
        header.resize(20 + usize::from(words) * 4, 1);
        header[12] = (5 + words) << 4;
        self
    }

    /// The TCP data offset in words, whatever stands there.
    #[must_use]
    pub fn data_offset(self, words: u8) -> Self {
        self.write(12, &[words << 4])
    }

    /// A UDP header.
    #[must_use]
    pub fn udp(self, from: u16, to: u16) -> Self {
        let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
        bytes.extend([0; 4]);
        self.layer(Layer {
            bytes,
            number: Some(17),
            measures: Measures::Whole(4),
            checksum: Checksum::Transport { at: 6, number: 17 },
            ..Layer::default()
        })
    }

    /// An ICMP header of eight bytes.
    #[must_use]
    pub fn icmp(self, kind: u8, code: u8) -> Self {
        self.control_message(1, kind, code, Checksum::Message)
    }

    /// An ICMPv6 header of eight bytes.
    #[must_use]
    pub fn icmp6(self, kind: u8, code: u8) -> Self {
        self.control_message(58, kind, code, Checksum::Transport { at: 2, number: 58 })
    }

    /// Which echo this is: the identifier of its program and its number.
    #[must_use]
    pub fn echo(self, identifier: u16, number: u16) -> Self {
        self.write(4, &identifier.to_be_bytes())
            .write(6, &number.to_be_bytes())
    }

    fn control_message(self, number: u8, kind: u8, code: u8, checksum: Checksum) -> Self {
        self.layer(Layer {
            bytes: vec![kind, code, 0, 0, 0, 0, 0, 0],
            number: Some(number),
            checksum,
            ..Layer::default()
        })
    }

    /// An ESP header: nobody sees what it carries.
    #[must_use]
    pub fn esp(self) -> Self {
        self.protocol(50).bytes(&[0, 0, 0x10, 1, 0, 0, 0, 1])
    }

    /// A GRE header that carries IPv4.
    #[must_use]
    pub fn gre(self) -> Self {
        self.layer(Layer {
            bytes: vec![0, 0, 0, 0],
            number: Some(47),
            announces: Announces::EtherType(2),
            ..Layer::default()
        })
    }

    /// A protocol by its number, with nothing of its own; bytes follow.
    #[must_use]
    pub fn protocol(self, number: u8) -> Self {
        self.layer(Layer {
            number: Some(number),
            ..Layer::default()
        })
    }
}
