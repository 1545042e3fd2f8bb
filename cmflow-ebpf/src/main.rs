//! The kernel program: it looks at every frame, counts it, and passes it on unchanged.
//!
//! The path itself is `cmflow_common::observe`, the same that user space runs. Here stand the programs, and
//! what they add: bytes of the frame (`frame`), maps as tables and counters (`kernel`, `maps`).

#![no_std]
#![no_main]
#![allow(
    internal_features,
    reason = "atomic adds and exchanges of the BPF target are intrinsics only"
)]
#![feature(core_intrinsics)]

mod apart;
mod frame;
mod kernel;
mod maps;
mod parts;
mod settings;

use aya_ebpf::bindings::xdp_action::XDP_PASS;
use aya_ebpf::helpers::generated::{bpf_get_prandom_u32, bpf_jiffies64, bpf_ktime_get_boot_ns};
use aya_ebpf::macros::{classifier, xdp};
use aya_ebpf::programs::{TcContext, XdpContext};
use aya_log_ebpf::debug;
use cmflow_common::gateway::Arrival;
use cmflow_common::observe::{observe, observe_with};

use crate::frame::{SkbFrame, XdpFrame};
use crate::kernel::Kernel;

/// "Next program, please": a tcx program's way to say that it has no opinion.
const TCX_NEXT: i32 = -1;

/// Looks at every frame that an interface receives.
#[xdp(frags)]
#[inline(always)]
pub fn cmflow_xdp(context: XdpContext) -> u32 {
    if let Some(kernel) = Kernel::read() {
        let frame = XdpFrame {
            context: &context,
            zero: kernel.zero,
        };
        let arrival = Arrival {
            bytes: frame.wire_bytes(),
            packets: 1,
            tag: None,
        };
        if settings::DEBUG.load() != 0 {
            debug!(
                &context,
                "frame of {} bytes on interface {}",
                arrival.bytes,
                settings::INTERFACE.load()
            );
        }
        observe(&kernel, &settings::Settings, &frame, arrival);
    }
    XDP_PASS
}

/// The same from the traffic-control hook, for drivers without native XDP.
#[classifier]
pub fn cmflow_tcx(context: TcContext) -> i32 {
    if let Some(kernel) = Kernel::read() {
        let frame = SkbFrame {
            context: &context,
            zero: kernel.zero,
        };
        let arrival = frame.arrival();
        if settings::DEBUG.load() != 0 {
            debug!(
                &context,
                "frame of {} bytes on interface {}",
                arrival.bytes,
                settings::INTERFACE.load()
            );
        }
        observe(&kernel, &settings::Settings, &frame, arrival);
    }
    TCX_NEXT
}

/// Does nothing: what the benches compare with.
#[xdp(frags)]
pub fn cmflow_noop(_context: XdpContext) -> u32 {
    XDP_PASS
}

/// As `cmflow_xdp`, but every packet is from another source, as far as [`settings::RANDOM_BITS`] says: a test
/// run repeats one frame, and this makes many flows of it. Never attached, only test-run by the benches.
#[xdp(frags)]
pub fn cmflow_bench(context: XdpContext) -> u32 {
    if let Some(kernel) = Kernel::read() {
        let frame = XdpFrame {
            context: &context,
            zero: kernel.zero,
        };
        let arrival = Arrival {
            bytes: frame.wire_bytes(),
            packets: 1,
            tag: None,
        };
        observe_with(&kernel, &settings::Settings, &frame, arrival, |mut packet| {
            // SAFETY: the helper takes nothing.
            let random = unsafe { bpf_get_prandom_u32() } & settings::RANDOM_BITS.load();
            packet.source_port ^= random as u16;
            packet.source = packet.source.turned((random >> 16) as u16);
            packet
        });
    }
    XDP_PASS
}

/// Writes the clocks down, so that user space can turn jiffies into times. Never attached, only test-run.
#[xdp]
pub fn cmflow_clock(_context: XdpContext) -> u32 {
    if let Some(clock) = maps::CLOCK.get_ptr_mut(0) {
        // SAFETY: the map gave the pointer; both helpers take nothing and only read clocks.
        unsafe {
            (&raw mut (*clock).jiffies).write_volatile(bpf_jiffies64());
            (&raw mut (*clock).boot_ns).write_volatile(bpf_ktime_get_boot_ns());
        }
    }
    XDP_PASS
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The verifier proves that nothing gets here.
    loop {}
}

// SAFETY: nothing else defines a symbol of that name; the kernel reads it at load.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
