//! Checksums of the Internet protocols (RFC 1071).

/// What a header's checksum is over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Checksum {
    /// It has none.
    #[default]
    Nothing,
    /// Itself. Its addresses go into the transport's checksum.
    Ipv4,
    /// It has none, but its addresses go into the transport's checksum.
    Ipv6,
    /// Itself and what follows: ICMP.
    Message,
    /// Itself, what follows, and the addresses that the packet travels between: TCP, UDP, ICMPv6.
    Transport {
        /// Offset of the checksum in the header.
        at: usize,
        /// The protocol's number.
        number: u8,
    },
}

/// A transport's checksum, which waits for the addresses of the IP header around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfinished {
    at: usize,
    number: u8,
    /// Bytes from the transport's header on.
    bytes: usize,
}

impl Checksum {
    /// Writes what can be known at this layer. `packet` begins with this header, which has `header_bytes`.
    pub(super) fn write(self, packet: &mut [u8], header_bytes: usize, unfinished: &mut Option<Unfinished>) {
        match self {
            Self::Nothing => {}
            Self::Ipv4 => {
                write(packet, 10, sum(&[&packet[..header_bytes]]));
                finish(packet, 12..20, unfinished.take());
            }
            Self::Ipv6 => finish(packet, 8..40, unfinished.take()),
            Self::Message => write(packet, 2, sum(&[packet])),
            Self::Transport { at, number } => {
                *unfinished = Some(Unfinished {
                    at,
                    number,
                    bytes: packet.len(),
                });
            }
        }
    }
}

/// Writes a transport's checksum, now that the addresses are known. Their place is given.
fn finish(packet: &mut [u8], addresses: std::ops::Range<usize>, unfinished: Option<Unfinished>) {
    let Some(Unfinished { at, number, bytes }) = unfinished else {
        return;
    };
    let (headers, transport) = packet.split_at_mut(packet.len() - bytes);
    let length = u32::try_from(bytes).expect("packets are short").to_be_bytes();
    let found = sum(&[&headers[addresses], &length, &[0, 0, 0, number], transport]);
    // In UDP, zero means that there is none (RFC 768); both are the same number to whoever adds up.
    write(transport, at, if found == 0 { 0xffff } else { found });
}

fn write(bytes: &mut [u8], at: usize, checksum: u16) {
    bytes[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
}

/// The checksum over these parts, each of an even length except the last.
pub(crate) fn sum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u32 = words
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("it was folded")
}

#[cfg(test)]
mod tests {
    use super::sum;
    use crate::frames::raw;

    #[test]
    fn the_example_of_rfc_1071() {
        assert_eq!(
            sum(&[&[0x00, 0x01, 0xf2, 0x03], &[0xf4, 0xf5, 0xf6, 0xf7]]),
            !0xddf2
        );
    }

    /// A right checksum makes the sum over everything zero.
    #[test]
    fn every_checksum_adds_up() {
        let ipv4 = raw().ipv4("10.0.0.1", "10.0.0.2").options(1).udp(1, 2).payload(3);
        let bytes = ipv4.with_checksums().build();
        assert_eq!(sum(&[&bytes[..24]]), 0, "IPv4");
        assert_eq!(
            sum(&[&bytes[12..20], &[0, 17, 0, 11], &bytes[24..]]),
            0,
            "UDP in IPv4"
        );

        let ipv6 = raw()
            .ipv6("fd00::1", "fd00::2")
            .hop_by_hop(1)
            .tcp(1, 2)
            .payload(5);
        let bytes = ipv6.with_checksums().build();
        assert_eq!(
            sum(&[&bytes[8..40], &[0, 6, 0, 25], &bytes[48..]]),
            0,
            "TCP in IPv6"
        );

        let echo = raw().ipv4("10.0.0.1", "10.0.0.2").icmp(8, 0).payload(4);
        assert_eq!(sum(&[&echo.with_checksums().build()[20..]]), 0, "ICMP");
        let echo = raw().ipv6("fd00::1", "fd00::2").icmp6(128, 0).payload(4);
        let bytes = echo.with_checksums().build();
        assert_eq!(sum(&[&bytes[8..40], &[0, 58, 0, 12], &bytes[40..]]), 0, "ICMPv6");
    }
}
