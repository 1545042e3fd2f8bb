//! What the path of a packet needs around it: control word, tables, counters, flow table, clock, news.
//!
//! The kernel program implements [`Gateway`] over BPF maps, [`crate::memory`] over ordinary memory.

use crate::address::Address;
use crate::control::{Control, Idle};
use crate::expectation::{self, Event, Expectation, Kind};
use crate::flow::{FlowKey, Slot};
use crate::news::News;
use crate::opening::{self, Glimpse, Opening};
use crate::outcome::Outcome;
use crate::parse::LinkLayer;
use crate::room::Room;
use crate::table;
use crate::verdict::{Judgement, VerdictId};

/// What is fixed for one interface while a program looks at it.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Index of the interface.
    pub interface: u32,
    /// Its place among the interfaces that are looked at, below [`MAX_INTERFACES`].
    pub slot: u32,
    /// Number of the link that link-local addresses belong to: the interface's index, or its bridge's.
    pub link: u32,
    /// Whether equal addresses in different VLANs are different computers: true on bridged interfaces, where
    /// both directions carry the same tags; false where the gateway routes between VLANs.
    pub tags_apart: bool,
    /// What a frame begins with.
    pub link_layer: LinkLayer,
}

impl View {
    /// No interface in particular, for flows that nobody saw.
    pub const NOWHERE: Self = Self {
        interface: u32::MAX,
        slot: 0,
        link: 0,
        tags_apart: false,
        link_layer: LinkLayer::RawIp,
    };
}

/// What a program knows of its interface, asked for only where a packet needs it: in the kernel each answer is
/// a load.
pub trait Viewpoint {
    /// See [`View::interface`].
    fn interface(&self) -> u32;
    /// See [`View::slot`].
    fn slot(&self) -> u32;
    /// See [`View::link`].
    fn link(&self) -> u32;
    /// See [`View::tags_apart`].
    fn tags_apart(&self) -> bool;
    /// See [`View::link_layer`].
    fn link_layer(&self) -> LinkLayer;
}

impl Viewpoint for View {
    fn interface(&self) -> u32 {
        self.interface
    }

    fn slot(&self) -> u32 {
        self.slot
    }

    fn link(&self) -> u32 {
        self.link
    }

    fn tags_apart(&self) -> bool {
        self.tags_apart
    }

    fn link_layer(&self) -> LinkLayer {
        self.link_layer
    }
}

/// A frame's arrival, beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Bytes on the wire, Ethernet header included.
    pub bytes: u64,
    /// Packets on the wire that were merged into it; 1 but for the traffic-control hook.
    pub packets: u64,
    /// VLAN tag that the card took off.
    pub tag: Option<u16>,
}

/// The endpoint class of an address and what else the tables say of it.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Endpoint(pub u32);

impl Endpoint {
    /// The site file names it.
    pub const KNOWN: u32 = 1 << 16;
    /// A flow between it and an address that the site file does not name is flagged.
    pub const FLAGGED_IF_FOREIGN: u32 = 1 << 17;
    /// It does not cross the gateway: link-local, a well-known local group, the gateway's own.
    pub const LOCAL: u32 = 1 << 18;
    /// It answers TFTP requests, so that a datagram of it may be such an answer.
    pub const SERVES_TFTP: u32 = 1 << 19;
    /// It is a group or the broadcast address of a subnet: nobody opens or answers from there.
    pub const GROUP: u32 = 1 << 20;

    /// A class and flags.
    #[must_use]
    pub const fn new(class: u16, flags: u32) -> Self {
        Self(class as u32 | flags)
    }

    /// Number of the class: one distinct combination of roles, site and ports.
    #[inline(always)]
    #[must_use]
    pub const fn class(self) -> u16 {
        self.0 as u16
    }

    /// Whether it has that flag.
    #[inline(always)]
    #[must_use]
    pub const fn is(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// The class of a (protocol, port), and what else the tables say of it. 0: nothing documents the port.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PortClass(pub u16);

impl PortClass {
    /// Only dynamic ranges cover the port; a fixed port at the other end is likelier the service.
    pub const DYNAMIC: u16 = 1 << 15;
    /// Nobody sees the ports inside: ESP, UDP 500 and 4500, tunnels.
    pub const HIDES: u16 = 1 << 14;
    /// The class number without the flags.
    pub const NUMBER: u16 = 0x3fff;

    /// Rank as the service's port: none, dynamic, fixed.
    #[inline(always)]
    #[must_use]
    pub const fn rank(self) -> u8 {
        if self.0 & Self::NUMBER == 0 && self.0 & Self::HIDES == 0 {
            0
        } else if self.0 & Self::DYNAMIC != 0 {
            1
        } else {
            2
        }
    }
}

/// Entry of the port table for ICMP that is neither echo nor an error of another flow.
pub const ICMP_OTHER: usize = 131_072 + 256;

/// Index into the port table: TCP ports, UDP ports, then one entry for each IP protocol without ports (for
/// ICMP that of echo), then [`ICMP_OTHER`].
#[inline(always)]
#[must_use]
pub const fn port_index(protocol: u8, port: u16) -> usize {
    match protocol {
        crate::packet::protocol::TCP => port as usize,
        crate::packet::protocol::UDP => 65_536 + port as usize,
        crate::packet::protocol::ICMP | crate::packet::protocol::ICMPV6 if port != 0 => ICMP_OTHER,
        _ => 131_072 + protocol as usize,
    }
}

/// Entries of the port table.
pub const PORT_TABLE: usize = ICMP_OTHER + 1;

/// Classes of all ports, by [`port_index`].
pub type PortTable = [u16; PORT_TABLE];

/// Key of the verdict table.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JudgementKey {
    /// Class of the initiator.
    pub initiator: u16,
    /// Class of the responder.
    pub responder: u16,
    /// Number of the port class, without flags.
    pub port: u16,
    /// Keeps the key free of padding.
    pub zero: u16,
}

/// Packets and bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Packets.
    pub packets: u64,
    /// Bytes on the wire.
    pub bytes: u64,
}

impl Count {
    /// Adds packets and bytes.
    #[inline(always)]
    pub const fn add(&mut self, packets: u64, bytes: u64) {
        self.packets += packets;
        self.bytes += bytes;
    }
}

/// Interfaces that one instance can look at; each has outcome counters of its own.
pub const MAX_INTERFACES: usize = 16;

/// Outcome counters of an interface in one half, rounded up so that an index is made of bits.
pub const OUTCOMES: usize = 16;

const _: () = assert!(Outcome::COUNT <= OUTCOMES);

/// Verdict numbers that the counters have room for, in each half.
pub const MAX_VERDICTS: usize = 8192;

/// The compiled tables of one generation.
pub trait Tables {
    /// What is known of an address.
    fn endpoint(&self, address: Address) -> Endpoint;
    /// The class of the port at that index ([`port_index`]).
    fn port_class(&self, index: usize) -> PortClass;
    /// What is compiled for two endpoint classes and a port class; nothing where no rule has a say.
    fn judgement(&self, initiator: u16, responder: u16, port: PortClass) -> Option<Judgement>;
}

/// Everything that the path of a packet reads and writes.
pub trait Gateway {
    /// Tables of one generation.
    type Tables: Tables;

    /// Slots looked at for a key.
    const PROBES: u32 = table::PROBES;

    /// The control word, each field read once; its gates only by [`Gateway::gate`].
    fn control(&self) -> Control;
    /// The gate of an idle class: a packet needs one of them, if any.
    fn gate(&self, class: Idle) -> u64;
    /// The tables of that generation; nothing while there are none.
    fn tables(&self, generation: u64) -> Option<Self::Tables>;
    /// Now, in jiffies.
    fn now(&self) -> u64;
    /// Counts a frame.
    fn count_outcome(&self, half: usize, outcome: Outcome, arrival: Arrival);
    /// Counts a packet under its verdict.
    fn count_verdict(&self, half: usize, verdict: VerdictId, packets: u64, bytes: u64);
    /// Counts a packet that found no entry in the flow table, or one that may not be touched any more.
    fn count_without_entry(&self, half: usize, packets: u64, bytes: u64);
    /// The slot at `index`, taken modulo the table's size.
    fn slot(&self, index: u32) -> Option<*mut Slot>;
    /// Notes that a flow of that kind is new; says where it may lie: [`Room::places`], or
    /// [`crate::room::NEARLY_ANYWHERE`].
    fn spend(&self, room: Room) -> u8;
    /// Makes the flow table larger, because a new flow found no place; says whether it did. The kernel's has
    /// its size for good.
    ///
    /// Pointers that [`Gateway::slot`] gave before are void afterwards.
    #[inline(always)]
    fn make_room(&self) -> bool {
        false
    }
    /// Adds to a counter that others add to at the same time.
    ///
    /// # Safety
    /// `counter` points into a live slot.
    unsafe fn add(&self, counter: *mut u64, value: u64);
    /// Replaces `old` by `new` where the word still is `old`; says whether it did.
    ///
    /// # Safety
    /// `word` points into a live slot.
    unsafe fn exchange(&self, word: *mut u64, old: u64, new: u64) -> bool;
    /// See [`Control::known_from`].
    fn known_from(&self) -> u64;
    /// How many jiffies an expectation lives when it is made, or was met.
    fn lifetime(&self, kind: Kind, met: bool) -> u64;
    /// The place of the table of expectations with that index, of [`crate::expectation::place_index`].
    fn expectation(&self, index: u32) -> Option<*mut Expectation>;
    /// Counts what became of an expectation.
    fn count_expectation(&self, kind: Kind, event: Event);
    /// [`opening::first`], as a call of its own where that is worth it.
    #[inline(always)]
    fn first<V: Viewpoint>(
        &self,
        view: &V,
        generation: u64,
        key: &FlowKey,
        glimpse: Glimpse,
    ) -> Option<Opening>
    where
        Self: Sized,
    {
        opening::first(self, view, generation, key, glimpse)
    }
    /// [`opening::again`], likewise.
    #[inline(always)]
    fn again<V: Viewpoint>(
        &self,
        view: &V,
        generation: u64,
        key: &FlowKey,
        glimpse: Glimpse,
        bits: u16,
    ) -> Option<VerdictId>
    where
        Self: Sized,
    {
        opening::again(self, view, generation, key, glimpse, bits)
    }
    /// [`crate::expectation::meet`], as a call of its own where that is worth it.
    #[inline(always)]
    fn meet(&self, kind: Kind, key: &FlowKey) -> Option<u64>
    where
        Self: Sized,
    {
        expectation::meet(self, kind, key)
    }
    /// [`crate::expectation::make`], likewise.
    #[inline(always)]
    fn make(&self, kind: Kind, key: &FlowKey, detail: u64)
    where
        Self: Sized,
    {
        expectation::make(self, kind, key, detail);
    }
    /// Tells user space, or counts that it could not.
    fn tell(&self, news: &News);
}
