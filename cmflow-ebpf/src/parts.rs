//! The path of a packet cut short, to see what each part of it costs. Never attached, only test-run by the benches.

use aya_ebpf::bindings::xdp_action::{XDP_ABORTED, XDP_PASS};
use aya_ebpf::macros::xdp;
use aya_ebpf::programs::XdpContext;
use cmflow_common::flow::{Claim, Selector, Slot};
use cmflow_common::frame::Frame as _;
use cmflow_common::gateway::{Arrival, Count, Gateway as _, Viewpoint as _};
use cmflow_common::opening::Glimpse;
use cmflow_common::outcome::Outcome;
use cmflow_common::parse;
use cmflow_common::table::{self, Found};

use crate::frame::XdpFrame;
use crate::kernel::Kernel;
use crate::settings::Settings;

/// Where a program ends.
mod until {
    pub const OUTCOME: u32 = 0;
    pub const PARSE: u32 = 1;
    pub const KEY: u32 = 2;
    pub const JUDGE: u32 = 3;
    pub const FIND: u32 = 4;
    pub const PLAIN: u32 = 5;
    pub const COUNT: u32 = 6;
    pub const VERDICT: u32 = 7;
}

/// The control word is read, and the frame counted under an outcome.
#[xdp(frags)]
pub fn part_outcome(context: XdpContext) -> u32 {
    path::<{ until::OUTCOME }>(&context)
}

/// As before, and the frame is parsed.
#[xdp(frags)]
pub fn part_parse(context: XdpContext) -> u32 {
    path::<{ until::PARSE }>(&context)
}

/// As before, and the key of the flow is made and hashed.
#[xdp(frags)]
pub fn part_key(context: XdpContext) -> u32 {
    path::<{ until::KEY }>(&context)
}

/// As before, and a new flow is judged; it is neither looked for nor remembered.
#[xdp(frags)]
pub fn part_judge(context: XdpContext) -> u32 {
    path::<{ until::JUDGE }>(&context)
}

/// As [`part_key`], and the flow's slot is found.
#[xdp(frags)]
pub fn part_find(context: XdpContext) -> u32 {
    path::<{ until::FIND }>(&context)
}

/// As before, and the packet is counted in the slot, but by plain additions, which two processors could lose.
#[xdp(frags)]
pub fn part_plain(context: XdpContext) -> u32 {
    path::<{ until::PLAIN }>(&context)
}

/// As before, by the atomic additions that the whole path makes.
#[xdp(frags)]
pub fn part_count(context: XdpContext) -> u32 {
    path::<{ until::COUNT }>(&context)
}

/// As before, and the packet is counted under the flow's verdict. What the whole path does beyond that is to look
/// whether the packet says something new of its flow.
#[xdp(frags)]
pub fn part_verdict(context: XdpContext) -> u32 {
    path::<{ until::VERDICT }>(&context)
}

/// The path, in one piece: what is handed from function to function would take room on the program's small stack.
#[inline(always)]
fn path<const UNTIL: u32>(context: &XdpContext) -> u32 {
    let Some(kernel) = Kernel::read() else {
        return XDP_PASS;
    };
    let half = (kernel.control.epoch & 1) as usize;
    let frame = XdpFrame {
        context,
        zero: kernel.zero,
    };
    let arrival = Arrival {
        bytes: frame.wire_bytes(),
        packets: 1,
        tag: None,
    };
    if UNTIL == until::OUTCOME {
        kernel.count_outcome(half, Outcome::Flow, arrival);
        return XDP_PASS;
    }
    let Ok(packet) = parse::parse(&frame, Settings.link_layer(), None) else {
        return XDP_PASS;
    };
    let packet = packet.forgotten(&frame);
    kernel.count_outcome(half, Outcome::Flow, arrival);
    if UNTIL == until::PARSE {
        let ends = packet.source.words()[1] ^ packet.destination.words()[1];
        return used(ends ^ packet.selector().0 ^ u64::from(packet.signs));
    }
    let (mut key, from_low) = packet.key(&Settings);
    key.selector = Selector(frame.forget(key.selector.0));
    let from_low = frame.forget(from_low.into()) & 1 != 0;
    let hash = key.hash(kernel.control.seed);
    if UNTIL == until::KEY {
        return used(hash ^ u64::from(from_low));
    }
    if UNTIL == until::JUDGE {
        let signs = packet.signs;
        let glimpse = Glimpse { signs, from_low };
        let generation = kernel.control.generation;
        let opening = kernel.first(&Settings, generation, &key, glimpse);
        return opening.map_or(XDP_PASS, |opening| used(opening.word()));
    }
    let now = kernel.now();
    let Found::Slot(slot, word) = table::find(&kernel, &key, hash) else {
        return XDP_PASS;
    };
    if UNTIL == until::FIND {
        return used(word ^ now);
    }
    let direction = usize::from(!from_low);
    if UNTIL == until::PLAIN {
        // SAFETY: `find` gave the slot.
        unsafe { count_plainly(slot, half << 1 | direction, now, arrival) };
        return used(word);
    }
    // SAFETY: as above.
    let counted = unsafe {
        let bits = (&raw const (*slot).state).read_volatile() as u16;
        let Arrival { packets, bytes, .. } = arrival;
        let amount = Count { packets, bytes };
        table::count(&kernel, &kernel.control, slot, bits, now, direction, amount)
    };
    if UNTIL == until::VERDICT && counted {
        let verdict = Claim::from_word(word).verdict;
        kernel.count_verdict(half, verdict, arrival.packets, arrival.bytes);
    }
    used(word)
}

/// Counts in a slot as [`table::count`] does where no gate has closed, but not atomically.
///
/// # Safety
/// `slot` is a live slot.
#[inline(always)]
unsafe fn count_plainly(slot: *mut Slot, place: usize, now: u64, arrival: Arrival) {
    // SAFETY: the caller's promise; four counters stand in a row.
    unsafe {
        let packets = (&raw mut (*slot).packets).cast::<u64>().add(place & 3);
        packets.write_volatile(packets.read_volatile() + arrival.packets);
        let bytes = (&raw mut (*slot).bytes).cast::<u64>().add(place & 3);
        bytes.write_volatile(bytes.read_volatile() + arrival.bytes);
        if (&raw const (*slot).last_seen).read_volatile() != now {
            (&raw mut (*slot).last_seen).write_volatile(now);
        }
    }
}

/// Makes the program's result depend on a value, so that its making is not left out.
#[inline(always)]
fn used(value: u64) -> u32 {
    if value == u64::MAX { XDP_ABORTED } else { XDP_PASS }
}
