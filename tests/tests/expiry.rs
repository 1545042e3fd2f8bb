//! Flows that end: a conversation between the ports of one that is over is another flow, and freeing slots loses no
//! packet, wherever it is broken off.

use cmflow::account::Flow;
use cmflow::kernel::{Constants, Hook, Maps, Step};
use cmflow_common::flow::{FlowState, Slot};
use cmflow_common::outcome::Outcome;
use cmflow_tests::frames::{Frame, eth, raw};
use cmflow_tests::kernel_rig::KernelRig;
use cmflow_tests::slice_rig::SliceRig;
use cmflow_tests::small_site::{CLIENT, MANAGEMENT_POINT as MP, VERDICTS, tables};

const FLOW_BITS: u32 = 6;

fn ask() -> Frame {
    eth().ipv4(CLIENT, MP).tcp(50000, 443)
}

fn answer() -> Frame {
    eth().ipv4(MP, CLIENT).tcp(443, 50000)
}

/// A conversation with data both ways, without its end.
fn open() -> Vec<Frame> {
    vec![
        ask().syn(),
        answer().syn().ack(),
        ask().ack().payload(9),
        answer().ack().payload(9),
    ]
}

/// Packets and state of each flow, sorted.
type Told<'a> = &'a [(u64, FlowState)];

/// One after the other.
fn then(parts: &[Vec<Frame>]) -> Vec<Frame> {
    parts.concat()
}

#[test]
fn a_syn_on_a_closed_conversation_is_a_new_flow() {
    use FlowState::{Answered, Refused, Unanswered};
    let closed = || then(&[open(), vec![ask().ack().fin(), answer().ack().fin(), ask().ack()]]);
    let quoting = || eth().ipv4("10.99.0.1", CLIENT).icmp(3, 1);
    let rows: [(&str, Vec<Frame>, Told<'_>); 9] = [
        (
            "closed by both and opened again",
            then(&[closed(), open()]),
            &[(4, Answered), (7, Answered)],
        ),
        (
            "three in a row",
            then(&[closed(), closed(), open()]),
            &[(4, Answered), (7, Answered), (7, Answered)],
        ),
        (
            "broken off and opened again",
            then(&[open(), vec![answer().rst()], open()]),
            &[(4, Answered), (5, Answered)],
        ),
        (
            "refused twice",
            vec![
                ask().syn(),
                answer().rst().ack(),
                ask().syn(),
                answer().rst().ack(),
            ],
            &[(2, Refused), (2, Refused)],
        ),
        (
            "refused, then let in",
            then(&[vec![ask().syn(), answer().rst().ack()], open()]),
            &[(2, Refused), (4, Answered)],
        ),
        (
            "opened the other way round",
            then(&[closed(), vec![answer().syn()]]),
            &[(1, Unanswered), (7, Answered)],
        ),
        // Asked again, not anew.
        (
            "a SYN that is sent again",
            then(&[vec![ask().syn(), ask().syn()], open()]),
            &[(6, Answered)],
        ),
        (
            "a SYN after a router's word",
            vec![
                ask().syn(),
                quoting().quoting(&raw().ipv4(CLIENT, MP).tcp(50000, 443).syn()),
                ask().syn(),
            ],
            &[(3, Refused)],
        ),
        (
            "half closed, and what an error quotes",
            then(&[
                open(),
                vec![
                    ask().ack().fin(),
                    quoting().quoting(&raw().ipv4(CLIENT, MP).tcp(50000, 443).syn()),
                    answer().ack(),
                ],
            ]),
            &[(7, Answered)],
        ),
    ];
    let tables = tables();
    let kernel = KernelRig::new(&tables, FLOW_BITS);
    let mut program = kernel
        .as_ref()
        .map(|kernel| kernel.program(Hook::Native, &Constants::default()));
    for (what, frames, expected) in rows {
        let told = |slots: Vec<Slot>| {
            let flows = Flow::collect(slots.into_iter());
            let mut told: Vec<_> = flows
                .iter()
                .map(|flow| (flow.total().packets, flow.state))
                .collect();
            told.sort_unstable();
            told
        };
        let slice = SliceRig::new(&tables, &Constants::default(), FLOW_BITS);
        for frame in &frames {
            slice.run(&frame.build());
        }
        assert_eq!(told(slice.slots()), expected, "{what}");
        if let (Some(kernel), Some(program)) = (&kernel, &mut program) {
            kernel.forget_flows();
            for frame in &frames {
                program.run(&frame.build());
            }
            let mut slots = Vec::new();
            kernel.maps.each_slot(|_, slot| slots.push(slot));
            assert_eq!(told(slots), expected, "{what}, in the kernel");
        }
    }
}

/// Both sides of the law, by half.
fn law(maps: &Maps) -> [[u64; 3]; 2] {
    let mut sides = [[0; 3]; 2];
    for (half, side) in sides.iter_mut().enumerate() {
        let counters = maps.counters(half, 1, VERDICTS).expect("this is root");
        side[0] = counters.outcomes[0][Outcome::Flow as usize].packets;
        side[1] = counters.verdicts.iter().map(|count| count.packets).sum();
        side[2] = maps.expired()[half] + counters.without_entry.packets;
        maps.each_slot(|_, slot| side[2] += slot.packets[half].iter().sum::<u64>());
    }
    sides
}

fn assert_law(maps: &Maps, what: &str) {
    for (half, [parsed, judged, accounted]) in law(maps).into_iter().enumerate() {
        assert_eq!(parsed, judged, "{what}: judged, half {half}");
        assert_eq!(parsed, accounted, "{what}: accounted for, half {half}");
    }
}

/// Frees slots in a process that is killed at that step; says whether it came so far.
fn killed_at(maps: &Maps, silent: &[(usize, Slot)], step: usize) -> bool {
    // SAFETY: the child only stores into memory that it shares with this process and then ends.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "a process");
    if child == 0 {
        let mut steps = 0;
        maps.expire(silent, |_| {
            if steps == step {
                // SAFETY: this process ends here.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            }
            steps += 1;
        });
        // SAFETY: without the parent's exit handlers.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: a number to write into, and a child of this process.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(ended, child);
    libc::WIFSIGNALED(status)
}

/// Slots that were last seen before that.
fn silent_since(maps: &Maps, gate: u64) -> Vec<(usize, Slot)> {
    let mut silent = Vec::new();
    maps.each_slot(|index, slot| {
        if slot.last_seen < gate {
            silent.push((index, slot));
        }
    });
    silent
}

#[test]
fn a_kill_at_any_step_of_an_expiry_loses_nothing() {
    const FLOWS: u16 = 6;
    const KILLS: usize = 300;
    // Room for all of them: only what is freed makes place for others here.
    let Some(mut kernel) = KernelRig::new(&tables(), 12) else {
        return;
    };
    let mut program = kernel.program(Hook::Native, &Constants::default());
    let flow = |number: u16| {
        eth()
            .ipv4(CLIENT, MP)
            .udp(40_000 + number, 53)
            .payload(10)
            .build()
    };
    let (mut kills, mut step, mut whole) = (0, 0, 0);
    let mut freed = 0;
    while kills < KILLS {
        for number in 0..FLOWS {
            for _ in 0..=number {
                program.run(&flow(number));
            }
        }
        // All of them are silent, and what comes from the next jiffy on is not.
        let gate = kernel.maps.clock().expect("this is root").jiffies + 1;
        kernel.maps.turn_epoch([gate; 4]).expect("a grace period");
        while kernel.maps.clock().expect("this is root").jiffies < gate {}
        let silent = silent_since(&kernel.maps, gate);
        let what = format!("killed at step {step}");
        let killed = killed_at(&kernel.maps, &silent, step);
        // Nobody redoes it yet, and slots that are free already are taken again: by the same flows, and by others.
        let other = 100 + u16::try_from(3 * (kills + whole)).expect("few rounds");
        for number in [0, 1, 2, other, other + 1, other + 2] {
            program.run(&flow(number));
        }
        let again = if kills % 25 == 0 {
            // All of what a new daemon does.
            Maps::adopt(kernel.maps.pins()).expect("its own pins").redo()
        } else {
            kernel.maps.redo()
        };
        assert_law(&kernel.maps, &what);
        freed += again.len();
        assert!(kernel.maps.redo().is_empty(), "{what}: once");
        assert_law(&kernel.maps, &what);
        let mut young = 0;
        kernel
            .maps
            .each_slot(|_, slot| young += u64::from(slot.last_seen >= gate));
        assert!(young >= 3, "{what}: flows of now were freed");
        // What was not even begun is done by the next tick.
        kernel.maps.expire(&silent_since(&kernel.maps, gate), |_| {});
        assert_law(&kernel.maps, &what);
        if killed {
            kills += 1;
            step += 1;
        } else {
            whole += 1;
            step = 0;
        }
    }
    assert!(freed > 0 && whole > 5, "{freed} {whole}");
}

#[test]
fn the_steps_come_in_their_order() {
    let Some(mut kernel) = KernelRig::new(&tables(), FLOW_BITS) else {
        return;
    };
    let mut program = kernel.program(Hook::Native, &Constants::default());
    program.run(&ask().syn().build());
    let gate = kernel.maps.clock().expect("this is root").jiffies + 1;
    kernel.maps.turn_epoch([gate; 4]).expect("a grace period");
    let mut silent = Vec::new();
    kernel.maps.each_slot(|index, slot| silent.push((index, slot)));
    let mut steps = Vec::new();
    kernel.maps.expire(&silent, |step| steps.push(step));
    use Step::{Begin, Committed, Freed, Noted, Prepared, Total};
    assert_eq!(steps, [Begin, Noted, Prepared, Freed, Total, Total, Committed]);
    assert_eq!(kernel.maps.expired().iter().sum::<u64>(), 1);
}
