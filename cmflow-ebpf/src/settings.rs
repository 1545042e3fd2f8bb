//! Load-time constants: each interface gets a copy of the program with its own, so that they cost nothing.

use aya_ebpf::Global;
use cmflow_common::gateway::Viewpoint;
use cmflow_common::parse::LinkLayer;

/// Index of the interface.
#[unsafe(no_mangle)]
pub static INTERFACE: Global<u32> = Global::new(0);

/// Its place among the outcome counters.
#[unsafe(no_mangle)]
pub static INTERFACE_SLOT: Global<u32> = Global::new(0);

/// Number of its link, see [`cmflow_common::gateway::View::link`].
#[unsafe(no_mangle)]
static LINK: Global<u32> = Global::new(0);

/// Not zero where VLANs keep equal addresses apart, see [`cmflow_common::gateway::View::tags_apart`].
#[unsafe(no_mangle)]
static TAGS_APART: Global<u32> = Global::new(0);

/// Not zero where frames begin with an IP header.
#[unsafe(no_mangle)]
static RAW_IP: Global<u32> = Global::new(0);

/// Not zero where a frame may lie in several pieces (jumbo or merged): its length then takes a helper.
#[unsafe(no_mangle)]
pub static IN_PIECES: Global<u32> = Global::new(0);

/// Slots of the flow table less one; a power of two less one.
#[unsafe(no_mangle)]
pub static SLOT_MASK: Global<u32> = Global::new(0);

/// Not zero to log every frame.
#[unsafe(no_mangle)]
pub static DEBUG: Global<u32> = Global::new(0);

/// Bits of source port and source address that `cmflow_bench` draws anew for every packet.
#[unsafe(no_mangle)]
pub static RANDOM_BITS: Global<u32> = Global::new(0);

/// What is fixed for the interface, each constant loaded where it is asked for.
pub struct Settings;

impl Viewpoint for Settings {
    #[inline(always)]
    fn interface(&self) -> u32 {
        INTERFACE.load()
    }

    #[inline(always)]
    fn slot(&self) -> u32 {
        INTERFACE_SLOT.load()
    }

    #[inline(always)]
    fn link(&self) -> u32 {
        LINK.load()
    }

    #[inline(always)]
    fn tags_apart(&self) -> bool {
        TAGS_APART.load() != 0
    }

    #[inline(always)]
    fn link_layer(&self) -> LinkLayer {
        if RAW_IP.load() != 0 {
            LinkLayer::RawIp
        } else {
            LinkLayer::Ethernet
        }
    }
}
