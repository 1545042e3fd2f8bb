//! What stands in and behind an Ethernet header, IP apart.

use super::{Announces, Frame, Layer};

impl Frame {
    /// An 802.1Q tag.
    #[must_use]
    pub fn vlan(self, id: u16) -> Self {
        self.tag(0x8100, id)
    }

    /// An 802.1ad tag, the outer one of QinQ.
    #[must_use]
    pub fn service_vlan(self, id: u16) -> Self {
        self.tag(0x88a8, id)
    }

    /// A tag of that type. `control` has the id in its low 12 bits, the priority above.
    #[must_use]
    pub fn tag(self, ethertype: u16, control: u16) -> Self {
        self.layer(Layer {
            bytes: [control.to_be_bytes(), [0, 0]].concat(),
            ethertype: Some(ethertype),
            announces: Announces::EtherType(2),
            ..Layer::default()
        })
    }

    /// An ARP request.
    #[must_use]
    pub fn arp(self) -> Self {
        let mut bytes = vec![0, 1, 0x08, 0x00, 6, 4, 0, 1];
        bytes.extend([0; 20]);
        self.ethertype(0x0806, &bytes)
    }

    /// A spanning tree BPDU: 802.3 with a length, then LLC.
    #[must_use]
    pub fn llc(self) -> Self {
        let mut bytes = vec![0x42, 0x42, 0x03];
        bytes.extend([0; 35]);
        self.ethertype(38, &bytes)
    }

    /// A PPPoE session frame.
    #[must_use]
    pub fn pppoe(self) -> Self {
        self.ethertype(0x8864, &[0x11, 0, 0, 1, 0, 2, 0, 0x21])
    }

    /// An MPLS frame with one label.
    #[must_use]
    pub fn mpls(self) -> Self {
        self.ethertype(0x8847, &[0, 0x01, 0x01, 64])
    }

    /// That Ethernet type (or length) and those bytes.
    #[must_use]
    pub fn ethertype(self, ethertype: u16, bytes: &[u8]) -> Self {
        self.layer(Layer {
            bytes: bytes.to_vec(),
            ethertype: Some(ethertype),
            ..Layer::default()
        })
    }
}
