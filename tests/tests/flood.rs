//! Floods of spoofed flows through the kernel program: what was answered stays tracked, what is answered later finds
//! a place, nothing is uncounted.

use cmflow::kernel::{Constants, Hook, Program};
use cmflow_common::flow::{Claim, Slot};
use cmflow_common::room::Room;
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::kernel_rig::KernelRig;
use cmflow_tests::small_site::{MANAGEMENT_POINT as MP, tables};

/// 65,536 slots, which a flood fills many times over.
const FLOW_BITS: u32 = 16;
/// Spoofed flows of each kind.
const SPOOFED: u32 = 5_000_000;
/// Source port and the lower half of the source address are drawn at random: ten million differ in nearly all.
const RANDOM: u32 = u32::MAX;
/// Whoever opens the honest flows; the spoofed ones come from its network.
const CLIENT: &str = "10.10.0.5";

fn ask(port: u16) -> Frame {
    eth().ipv4(CLIENT, MP).tcp(port, 443)
}
fn answer(port: u16) -> Frame {
    eth().ipv4(MP, CLIENT).tcp(443, port)
}

/// The packets of both directions of the honest flow with that port of its client, where it has a slot.
fn tracked(kernel: &KernelRig, port: u16) -> Option<u64> {
    let client =
        cmflow_common::address::Address::from(CLIENT.parse::<std::net::IpAddr>().expect("an address"));
    let mut found = None;
    kernel.maps.each_slot(|_, slot: Slot| {
        let key = slot.key;
        if key.low == client && key.low_port() == port && key.high_port() == 443 {
            *found.get_or_insert(0) += slot.packets.iter().flatten().sum::<u64>();
        }
    });
    found
}

#[test]
fn ten_million_spoofed_flows_end_the_tracking_of_no_answered_one() {
    let Some(kernel) = KernelRig::new(&tables(), FLOW_BITS) else {
        return;
    };
    let mut program = kernel.program(Hook::Native, &Constants::default());
    let opening = |port| {
        [
            ask(port).syn(),
            answer(port).syn().ack(),
            ask(port).ack().payload(9),
            answer(port).ack().payload(9),
        ]
    };
    for frame in opening(1) {
        program.run(&frame.build());
    }
    let mut flood = Program::load_bench(&kernel.maps, RANDOM).expect("the bench's program loads");
    for frame in [
        // To a documented port, to one that nothing documents, and datagrams.
        ask(2).syn(),
        eth().ipv4(CLIENT, MP).tcp(2, 4444).syn(),
        eth().ipv4(CLIENT, MP).udp(2, 4444).payload(9),
    ] {
        flood
            .test_run(&frame.build(), SPOOFED)
            .expect("the kernel runs it");
    }
    let mut rooms = [0_u64; Room::ALL.len()];
    kernel.maps.each_slot(|_, slot| {
        let verdict = Claim::from_word(slot.claim).verdict;
        rooms[Room::of(verdict, slot.state_bits()) as usize] += 1;
    });
    let capacity = 1_u64 << FLOW_BITS;
    assert!(
        rooms.iter().sum::<u64>() > capacity / 2,
        "a flood fills most of the table: {rooms:?}"
    );
    assert!(
        rooms.iter().sum::<u64>() < capacity * 9 / 10,
        "and leaves room for what is answered: {rooms:?}"
    );

    program.run(&ask(1).ack().payload(9).build());
    assert_eq!(
        tracked(&kernel, 1),
        Some(5),
        "the flow from before the flood goes on"
    );
    // Of flows that begin during the flood the answer at the latest finds a place.
    let mut placed = 0;
    for port in 100..400 {
        for frame in opening(port) {
            program.run(&frame.build());
        }
        placed += u32::from(tracked(&kernel, port).is_some_and(|packets| packets >= 3));
    }
    assert!(placed > 290, "{placed} of 300 answered flows are tracked");
    let counted = kernel.counted();
    counted.assert_conserved("a flood");
    assert!(counted.without_entry.0 > u64::from(SPOOFED));
}
