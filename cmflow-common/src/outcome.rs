//! What parsing made of a frame: a flow, or one named reason why not.

/// One value for each way that the parser can end. Every frame is counted under exactly one of them.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A packet of a flow: judged and counted there too.
    Flow = 0,
    /// ARP (RFC 826).
    Arp,
    /// An 802.3 length instead of an Ethernet type: spanning tree and other LLC frames.
    Llc,
    /// PPPoE (RFC 2516), whose inside is not looked at.
    Pppoe,
    /// MPLS (RFC 3032), whose inside is not looked at.
    Mpls,
    /// Any other Ethernet type.
    OtherEthertype,
    /// More than four VLAN tags.
    TooManyTags,
    /// The frame ends inside the Ethernet header or a tag.
    TruncatedEthernet,
    /// The frame ends inside the IPv4 or IPv6 header, or inside an extension header.
    TruncatedIp,
    /// A version, header length or total length that cannot be.
    MalformedIp,
    /// More than six IPv6 extension headers, or more than 1,024 bytes of headers before the transport's.
    TooManyExtensions,
    /// The frame or the IP packet ends inside the transport header.
    TruncatedTransport,
    /// A transport header that cannot be, such as a TCP header shorter than 20 bytes.
    MalformedTransport,
    /// Neighbour and router discovery (RFC 4861).
    NeighbourDiscovery,
    /// IGMP and MLD: who listens to which group.
    GroupMembership,
}

impl Outcome {
    /// How many there are; they number from zero.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, by number.
    pub const ALL: [Self; 15] = [
        Self::Flow,
        Self::Arp,
        Self::Llc,
        Self::Pppoe,
        Self::Mpls,
        Self::OtherEthertype,
        Self::TooManyTags,
        Self::TruncatedEthernet,
        Self::TruncatedIp,
        Self::MalformedIp,
        Self::TooManyExtensions,
        Self::TruncatedTransport,
        Self::MalformedTransport,
        Self::NeighbourDiscovery,
        Self::GroupMembership,
    ];

    /// The name that tables and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Arp => "arp",
            Self::Llc => "llc",
            Self::Pppoe => "pppoe",
            Self::Mpls => "mpls",
            Self::OtherEthertype => "other-ethertype",
            Self::TooManyTags => "too-many-tags",
            Self::TruncatedEthernet => "truncated-ethernet",
            Self::TruncatedIp => "truncated-ip",
            Self::MalformedIp => "malformed-ip",
            Self::TooManyExtensions => "too-many-extensions",
            Self::TruncatedTransport => "truncated-transport",
            Self::MalformedTransport => "malformed-transport",
            Self::NeighbourDiscovery => "neighbour-discovery",
            Self::GroupMembership => "group-membership",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn the_list_of_all_is_by_number() {
        for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number, "{}", outcome.name());
        }
    }
}
