//! Addresses of both families in one shape.

use crate::frame::Frame;

/// An IPv6 address, or an IPv4 one mapped into IPv6 (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2).
///
/// Two words that hold the sixteen bytes in network order, so that comparing and hashing cost two
/// instructions where bytes would cost sixteen.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u64; 2]);

impl Address {
    /// The address of those sixteen bytes in network order.
    #[inline(always)]
    #[must_use]
    pub const fn from_bytes(b: [u8; 16]) -> Self {
        Self([
            u64::from_ne_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]),
            u64::from_ne_bytes([b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]]),
        ])
    }

    /// The IPv4 address of those four bytes in network order, mapped.
    #[inline(always)]
    #[must_use]
    pub const fn from_v4(b: [u8; 4]) -> Self {
        Self([0, u64::from_ne_bytes([0, 0, 0xff, 0xff, b[0], b[1], b[2], b[3]])])
    }

    /// The IPv4 address of a word as it lies in the header, mapped.
    #[inline(always)]
    #[must_use]
    pub const fn from_v4_word(word: u32) -> Self {
        // As `from_v4`, but one step for the compiler instead of four bytes.
        let (shift, prefix) = if cfg!(target_endian = "little") {
            (32, 0xffff_0000)
        } else {
            (0, 0xffff << 32)
        };
        Self([0, (word as u64) << shift | prefix])
    }

    /// The sixteen bytes in network order.
    #[inline(always)]
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        let a = self.0[0].to_ne_bytes();
        let b = self.0[1].to_ne_bytes();
        [
            a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7],
        ]
    }

    /// The address of both words, as [`Address::words`] gives them.
    #[inline(always)]
    #[must_use]
    pub const fn from_words(words: [u64; 2]) -> Self {
        Self(words)
    }

    /// Both words, as stored.
    #[inline(always)]
    #[must_use]
    pub const fn words(self) -> [u64; 2] {
        self.0
    }

    /// The same address, with words that the verifier knows nothing about: see [`Frame::forget`].
    #[inline(always)]
    #[must_use]
    pub fn forgotten<F: Frame + ?Sized>(self, frame: &F) -> Self {
        Self([frame.forget(self.0[0]), frame.forget(self.0[1])])
    }

    /// A neighbour of the address: the last 16 bits differ where `bits` has ones.
    #[inline(always)]
    #[must_use]
    pub const fn turned(self, bits: u16) -> Self {
        let b = bits.to_be_bytes();
        let turn = u64::from_ne_bytes([0, 0, 0, 0, 0, 0, b[0], b[1]]);
        Self([self.0[0], self.0[1] ^ turn])
    }

    /// Whether it is an IPv4 address.
    #[inline(always)]
    #[must_use]
    pub const fn is_v4(self) -> bool {
        self.0[0] == 0 && (self.0[1] ^ Self::from_v4([0; 4]).0[1]) & V4_PREFIX == 0
    }

    /// Whether it means something on one link only: `fe80::/10` (RFC 4291) or `169.254.0.0/16` (RFC 3927).
    #[inline(always)]
    #[must_use]
    pub const fn is_link_local(self) -> bool {
        let v6 = self.0[0] & u64::from_ne_bytes([0xff, 0xc0, 0, 0, 0, 0, 0, 0]);
        let v4 = self.0[1] & u64::from_ne_bytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
        v6 == u64::from_ne_bytes([0xfe, 0x80, 0, 0, 0, 0, 0, 0])
            || self.0[0] == 0 && v4 == u64::from_ne_bytes([0, 0, 0xff, 0xff, 169, 254, 0, 0])
    }

    /// Whether it says that somebody has no address yet: `0.0.0.0` (RFC 1122 section 3.2.1.3) or `::` (RFC 4291
    /// section 2.5.2). It tells computers apart on one link only.
    #[inline(always)]
    #[must_use]
    pub const fn is_unspecified(self) -> bool {
        self.0[0] == 0 && (self.0[1] == 0 || self.0[1] == Self::from_v4([0; 4]).0[1])
    }

    /// Whether nobody in particular answers for it: multicast (`ff00::/8`, `224.0.0.0/4`) or the limited
    /// broadcast `255.255.255.255`.
    #[inline(always)]
    #[must_use]
    pub const fn is_group(self) -> bool {
        let b = self.bytes();
        if self.is_v4() {
            b[12] & 0xf0 == 0xe0 || u32::from_ne_bytes([b[12], b[13], b[14], b[15]]) == u32::MAX
        } else {
            b[0] == 0xff
        }
    }

    /// What the tables know of computers on the other side of an interface whose own addresses do not tell: those
    /// that have none yet, and those with a link-local one. No packet has such an address: it is a multicast one of
    /// a scope and with flags that nobody assigns (RFC 4291 section 2.7).
    #[inline(always)]
    #[must_use]
    pub const fn side(interface: u32) -> Self {
        let i = interface.to_be_bytes();
        Self([
            u64::from_ne_bytes([0xff, 0xff, b'c', b'm', 0, 0, 0, 0]),
            u64::from_ne_bytes([0, 0, 0, 0, i[0], i[1], i[2], i[3]]),
        ])
    }

    /// A link-local or unspecified address with its link embedded in the third and fourth 16 bits, which such an address
    /// leaves zero (the way of the KAME stack): the same `fe80::1` on two links stays two computers.
    #[inline(always)]
    #[must_use]
    pub const fn on_link(self, link: u32) -> Self {
        let l = link.to_be_bytes();
        Self([
            self.0[0] | u64::from_ne_bytes([0, 0, 0, 0, l[0], l[1], l[2], l[3]]),
            self.0[1],
        ])
    }

    /// The address without an embedded link, and that link (zero where there was none).
    #[must_use]
    pub const fn without_link(self) -> (Self, u32) {
        let bytes = self.bytes();
        let v6 = bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80;
        let outer = Self([0, self.0[1]]);
        if outer.is_unspecified() && u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) == 0 {
            return (
                outer,
                u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
            );
        }
        let v4 = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) == 0
            && u64::from_ne_bytes([
                0, 0, bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13],
            ]) == u64::from_ne_bytes([0, 0, 0, 0, 0xff, 0xff, 169, 254]);
        if !v6 && !v4 {
            return (self, 0);
        }
        let link = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        let mask = u64::from_ne_bytes([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        (Self([self.0[0] & mask, self.0[1]]), link)
    }
}

/// The bits of the second word that say "mapped IPv4" when the first word is zero.
const V4_PREFIX: u64 = u64::from_ne_bytes([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

#[cfg(feature = "std")]
mod std_net {
    use std::net::{IpAddr, Ipv6Addr};

    use super::Address;

    impl From<IpAddr> for Address {
        fn from(ip: IpAddr) -> Self {
            match ip {
                IpAddr::V4(v4) => Self::from_v4(v4.octets()),
                IpAddr::V6(v6) => Self::from_bytes(v6.octets()),
            }
        }
    }

    impl From<Address> for IpAddr {
        fn from(address: Address) -> Self {
            Ipv6Addr::from(address.bytes()).to_canonical()
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::net::IpAddr;

    use super::Address;

    fn address(text: &str) -> Address {
        text.parse::<IpAddr>().expect("an address in the test").into()
    }

    #[test]
    fn both_families_survive_the_way_there_and_back() {
        for text in [
            "10.1.2.3",
            "255.255.255.255",
            "fd00:10::5",
            "::",
            "::1",
            "fe80::1",
            "169.254.7.8",
        ] {
            assert_eq!(IpAddr::from(address(text)).to_string(), text);
        }
        let word = u32::from_ne_bytes([10, 1, 2, 3]);
        assert_eq!(Address::from_v4_word(word), Address::from_v4([10, 1, 2, 3]));
    }

    #[test]
    fn families_links_and_groups_are_told_apart() {
        //           address            v4     link   group
        let cases = [
            ("10.1.2.3", true, false, false),
            ("169.254.1.2", true, true, false),
            ("224.0.0.251", true, false, true),
            ("239.255.255.250", true, false, true),
            ("240.0.0.1", true, false, false),
            ("255.255.255.255", true, false, true),
            ("10.255.255.255", true, false, false),
            ("fe80::1", false, true, false),
            ("febf::1", false, true, false),
            ("fec0::1", false, false, false),
            ("ff02::1:2", false, false, true),
            ("fd00::1", false, false, false),
            ("::a9fe:102", false, false, false),
        ];
        for (text, v4, link, group) in cases {
            let address = address(text);
            assert_eq!(address.is_v4(), v4, "{text} v4");
            assert_eq!(address.is_link_local(), link, "{text} link-local");
            assert_eq!(address.is_group(), group, "{text} group");
        }
    }

    #[test]
    fn a_side_is_an_address_that_no_computer_has() {
        let side = address("ffff:636d::7");
        assert_eq!(Address::side(7), side);
        assert_eq!(Address::side(0x0102_0304), address("ffff:636d::102:304"));
        assert!(!side.is_link_local() && !side.is_v4());
        assert_eq!(side.without_link(), (side, 0));
    }

    #[test]
    fn a_link_keeps_link_local_twins_apart_and_comes_off_again() {
        for text in ["fe80::1", "169.254.1.2"] {
            let plain = address(text);
            assert_ne!(plain.on_link(3), plain.on_link(4));
            assert_eq!(plain.on_link(70_000).without_link(), (plain, 70_000));
        }
        assert_eq!(address("10.0.0.1").without_link(), (address("10.0.0.1"), 0));
        assert_eq!(
            address("fd00:0:1:2::1").without_link(),
            (address("fd00:0:1:2::1"), 0)
        );
    }
}
