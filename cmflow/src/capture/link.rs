//! Link types that can be read.

/// What a frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// An Ethernet header.
    Ethernet,
    /// An IP header.
    RawIp,
    /// Linux cooked: 16 bytes (LINKTYPE_LINUX_SLL).
    Cooked,
    /// Linux cooked, second version: 20 bytes (LINKTYPE_LINUX_SLL2).
    Cooked2,
    /// An address family of four bytes, in the byte order of the machine that captured or in network order.
    Family,
}

impl Link {
    /// Names of what can be read, for people.
    pub const SUPPORTED: &str = "Ethernet, Linux cooked (SLL, SLL2), raw IP, BSD null and loop";

    /// What that number of the registry stands for (tcpdump.org/linktypes.html); nothing where it cannot be read.
    #[must_use]
    pub const fn of(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Ethernet),
            // DLT_RAW is 12 or, on OpenBSD, 14; the file's own numbers are 101, 228 for IPv4 and 229 for IPv6.
            12 | 14 | 101 | 228 | 229 => Some(Self::RawIp),
            113 => Some(Self::Cooked),
            276 => Some(Self::Cooked2),
            0 | 108 => Some(Self::Family),
            _ => None,
        }
    }
}

/// The name of a link type that cannot be read, as far as people meet it.
#[must_use]
pub(crate) fn name(number: u32) -> String {
    let known = match number {
        9 => "PPP",
        50 => "PPP over serial HDLC",
        105 => "802.11",
        119 => "802.11 with Prism header",
        127 => "802.11 with radiotap header",
        189 | 220 => "USB",
        195 | 230 => "802.15.4",
        239 => "NFLOG",
        249 => "USBPcap",
        253 => "netlink",
        _ => return format!("link type {number}"),
    };
    format!("link type {number} ({known})")
}
