//! Conversations, packet by packet, through the kernel program: one slot for both directions, states, news,
//! the conservation law, gates, and tables that change under a flow.

use cmflow::kernel::{Constants, Hook};
use cmflow_common::flow::{FlowState, state};
use cmflow_common::news::NewsKind;
use cmflow_common::verdict::VerdictId;
use cmflow_common::verdict::VerdictKind::{self, Documented, Foreign, Reversed, Undocumented};
use cmflow_tests::frames::{Frame, eth, raw};
use cmflow_tests::kernel_rig::{KernelRig, Looker, drain};
use cmflow_tests::sightings::{Counted, Flow, Written, written_state};
use cmflow_tests::slice_rig::SliceRig;
use cmflow_tests::small_site::{
    CLIENT, CLIENT_V6, MANAGEMENT_POINT as MP, MANAGEMENT_POINT_V6 as MP_V6, STRANGER, kind, tables,
    tables_without_rules,
};

/// Room for every flow of a test.
const FLOW_BITS: u32 = 6;

fn ask() -> Frame {
    eth().ipv4(CLIENT, MP).tcp(50000, 443)
}
fn answer() -> Frame {
    eth().ipv4(MP, CLIENT).tcp(443, 50000)
}

fn rig() -> Option<(KernelRig, Looker)> {
    let kernel = KernelRig::new(&tables(), FLOW_BITS)?;
    let program = kernel.program(Hook::Native, &Constants::default());
    Some((kernel, program))
}

fn play(program: &mut Looker, frames: &[Frame]) {
    for frame in frames {
        program.run(&frame.build());
    }
}

/// The only flow there is.
fn only(counted: &Counted) -> (String, Flow) {
    assert_eq!(counted.flows.len(), 1, "one flow");
    let (key, flow) = counted.flows.first_key_value().expect("there is one");
    (Written(key, flow).to_string(), *flow)
}

/// What became of a conversation: packets, flow, state of the flow, its bits, its verdict.
struct Conversation {
    what: &'static str,
    packets: Vec<Frame>,
    flow: &'static str,
    became: FlowState,
    bits: &'static str,
    verdict: VerdictKind,
}

#[rustfmt::skip]
fn conversations() -> Vec<Conversation> {
    use FlowState::{Answered, NoAnswerExpected, OneSided, Refused, Unanswered};
    let https = "tcp 10.10.0.5:50000 -> 10.20.0.11:443";
    let https_inferred = "tcp 10.10.0.5:50000 ~> 10.20.0.11:443";
    let question = || eth().ipv4(CLIENT, MP).udp(50000, 53).payload(30);
    let quote = || raw().ipv4(CLIENT, MP).tcp(50000, 443);
    let no = |kind, code| eth().ipv4("10.99.0.1", CLIENT).icmp(kind, code);
    let row = |what, packets, flow, became, bits| Conversation { what, packets, flow, became, bits, verdict: Documented };
    let baseline = |row: Conversation| Conversation { verdict: VerdictKind::Baseline, ..row };
    vec![
        row("a handshake and data both ways", vec![ask().syn(), answer().syn().ack(), ask().ack(), ask().ack().payload(100), answer().ack().payload(900)],
            https, Answered, "> < syn syn-ack handshake >data <data"),
        row("the same and closed", vec![ask().syn(), answer().syn().ack(), ask().ack().payload(9), answer().ack().payload(9), ask().ack().fin(), answer().ack().fin()],
            https, Answered, "> < syn syn-ack handshake >data <data >fin <fin"),
        row("in IPv6", vec![
                eth().ipv6(CLIENT_V6, MP_V6).tcp(50000, 443).syn(),
                eth().ipv6(MP_V6, CLIENT_V6).tcp(443, 50000).syn().ack(),
                eth().ipv6(CLIENT_V6, MP_V6).tcp(50000, 443).ack().payload(5),
                eth().ipv6(MP_V6, CLIENT_V6).destination_options(1).tcp(443, 50000).ack().payload(5)],
            "tcp [fd10::5]:50000 -> [fd20::11]:443", Answered, "> < syn syn-ack handshake >data <data"),
        row("a SYN that nobody answers", vec![ask().syn(), ask().syn(), ask().syn()], https, Unanswered, "> syn"),
        row("a handshake without data of the answering end", vec![ask().syn(), answer().syn().ack(), ask().ack().payload(9)],
            https, Unanswered, "> < syn syn-ack handshake >data"),
        row("refused by RST", vec![ask().syn(), answer().rst().ack()], https, Refused, "> < syn reset refused"),
        row("refused by a router", vec![ask().syn(), no(3, 1).quoting(&quote())], https, Refused, "> syn refused"),
        row("a router's word that is not final", vec![ask().syn(), no(11, 0).quoting(&quote())], https, Unanswered, "> syn"),
        row("a router's word too late", vec![ask().syn(), answer().syn().ack(), ask().ack(), answer().ack().payload(1), no(3, 1).quoting(&quote())],
            https, Answered, "> < syn syn-ack handshake <data"),
        row("only one way crosses here", vec![ask().syn(), ask().ack(), ask().ack().payload(9)], https, OneSided, "> syn >data"),
        row("only the answers cross here", vec![answer().syn().ack(), answer().ack().payload(9)], https, OneSided, "< syn-ack <data"),
        row("under way before the first look", vec![answer().ack().payload(9), ask().ack().payload(9)], https_inferred, Answered, "> < >data <data"),
        row("under way, then opened again", vec![answer().ack().payload(9), ask().syn()], https, Unanswered, "> < syn <data"),
        baseline(row("a question", vec![question()], "udp 10.10.0.5:50000 -> 10.20.0.11:53", Unanswered, "> >data")),
        baseline(row("a question and its answer", vec![question(), eth().ipv4(MP, CLIENT).udp(53, 50000).payload(90)],
            "udp 10.10.0.5:50000 -> 10.20.0.11:53", Answered, "> < >data <data")),
        baseline(row("a question that the port refuses", vec![question(), eth().ipv4(MP, CLIENT).icmp(3, 3).quoting(&raw().ipv4(CLIENT, MP).udp(50000, 53).payload(30))],
            "udp 10.10.0.5:50000 -> 10.20.0.11:53", Refused, "> >data refused")),
        row("Wake on LAN", vec![eth().ipv4(MP, "255.255.255.255").udp(50000, 9).payload(102)],
            "udp 10.20.0.11:50000 -> 255.255.255.255:9", NoAnswerExpected, "> >data no-answer-expected"),
        row("an echo and its reply", vec![eth().ipv4(CLIENT, MP).icmp(8, 0), eth().ipv4(MP, CLIENT).icmp(0, 0)],
            "icmp 10.10.0.5:0 -> 10.20.0.11:0", Answered, "> <"),
        Conversation { verdict: Reversed, ..row("opened by the wrong end", vec![eth().ipv4(MP, CLIENT).tcp(50000, 443).syn(), eth().ipv4(CLIENT, MP).tcp(443, 50000).rst().ack()],
            "tcp 10.20.0.11:50000 -> 10.10.0.5:443", Refused, "> < syn reset refused") },
    ]
}

#[test]
fn a_conversation_is_one_flow_with_one_state() {
    let Some((kernel, mut program)) = rig() else {
        return;
    };
    let tables = tables();
    for row in conversations() {
        let what = row.what;
        kernel.forget();
        let before = kernel.counted();
        let slice = SliceRig::new(&tables, &Constants::default(), FLOW_BITS);
        for frame in &row.packets {
            slice.run(&frame.build());
        }
        play(&mut program, &row.packets);
        let counted = kernel.counted().since(&before);
        let (written, flow) = only(&counted);
        assert_eq!(written, row.flow, "{what}");
        assert_eq!(written_state(flow.state), row.bits, "{what}");
        let (key, _) = counted.flows.first_key_value().expect("there is one");
        assert_eq!(FlowState::of(key.protocol(), flow.state), row.became, "{what}");
        assert_eq!(kind(VerdictId(flow.verdict)), row.verdict, "{what}");
        assert_eq!(
            flow.low.0 + flow.high.0,
            row.packets.len() as u64,
            "{what}: packets"
        );
        let bytes: usize = row.packets.iter().map(|frame| frame.build().len()).sum();
        assert_eq!(flow.low.1 + flow.high.1, bytes as u64, "{what}: bytes");
        counted.assert_conserved(what);
        assert_eq!(counted, slice.counted(), "{what}: kernel and slice");
    }
}

#[test]
fn both_directions_share_a_slot_and_count_apart() {
    let Some((kernel, mut program)) = rig() else {
        return;
    };
    play(
        &mut program,
        &[
            ask().syn(),
            answer().syn().ack(),
            ask().ack(),
            ask().ack().payload(46),
        ],
    );
    let (_, flow) = only(&kernel.counted());
    let asked_low = flow.state & state::INITIATOR_HIGH == 0;
    let (asker, asked) = if asked_low {
        (flow.low, flow.high)
    } else {
        (flow.high, flow.low)
    };
    assert_eq!((asker, asked), ((3, 54 + 54 + 100), (1, 54)));
}

#[test]
fn an_error_is_credited_to_the_end_that_it_speaks_for() {
    let Some((kernel, mut program)) = rig() else {
        return;
    };
    let error = eth().ipv4("10.99.0.1", CLIENT).icmp(3, 1);
    let error = error.quoting(&raw().ipv4(CLIENT, MP).tcp(50000, 443));
    play(&mut program, &[ask().syn(), error.clone()]);
    let (_, flow) = only(&kernel.counted());
    let mut directions = [flow.low, flow.high];
    directions.sort_unstable();
    assert_eq!(directions, [(1, 54), (1, error.build().len() as u64)]);
}

#[test]
fn what_nothing_explains_is_told_once() {
    let Some((mut kernel, mut program)) = rig() else {
        return;
    };
    let mut ring = kernel.news();
    let told = |ring: &mut _| -> Vec<_> {
        let kinds = drain(ring).into_iter().map(|news| {
            let flow = Flow {
                state: news.state,
                ..Flow::default()
            };
            (
                kind(VerdictId(news.verdict)),
                Written(&news.key, &flow).to_string(),
            )
        });
        kinds.collect()
    };
    play(
        &mut program,
        &[
            ask().syn(),
            answer().syn().ack(),
            eth().ipv4(CLIENT, MP).udp(50000, 53).payload(4),
            eth().ipv4(CLIENT, STRANGER).tcp(50000, 443).syn(),
            eth().arp().padded(),
        ],
    );
    assert_eq!(told(&mut ring), [], "explained, or of no interest");
    let unexplained = eth().ipv4(CLIENT, MP).tcp(50001, 8080).syn();
    play(&mut program, &[unexplained.clone(), unexplained]);
    let reversed = eth().ipv4(MP, CLIENT).tcp(50002, 443).syn();
    play(&mut program, &[reversed.clone(), reversed]);
    play(&mut program, &[eth().ipv4(STRANGER, MP).tcp(50003, 443).syn()]);
    let expected = [
        (Undocumented, "tcp 10.10.0.5:50001 -> 10.20.0.11:8080"),
        (Reversed, "tcp 10.20.0.11:50002 -> 10.10.0.5:443"),
        (Foreign, "tcp 192.0.2.77:50003 -> 10.20.0.11:443"),
    ];
    assert_eq!(
        told(&mut ring),
        expected.map(|(kind, flow)| (kind, flow.to_owned()))
    );
    assert_eq!(kernel.maps.lost_news().expect("the counters can be read"), [0; 3]);
}

#[test]
fn what_the_ring_cannot_take_is_counted_by_what_it_was() {
    let Some(mut kernel) = KernelRig::new(&tables(), 14) else {
        return;
    };
    let mut program = kernel.program(Hook::Native, &Constants::default());
    let mut ring = kernel.news();
    let unexplained = |port| eth().ipv4(CLIENT, MP).tcp(port, 8080).syn();
    let reversed = |port| eth().ipv4(MP, CLIENT).tcp(port, 443).syn();
    let foreign = |port| eth().ipv4(STRANGER, MP).tcp(port, 443).syn();
    let lost = |kernel: &KernelRig| kernel.maps.lost_news().expect("the counters can be read");
    // Nobody reads: the ring takes what it has room for, and every one after that is lost.
    let mut sent = 0_u64;
    while lost(&kernel) == [0; 3] {
        assert!(sent < 10_000, "the ring never fills");
        play(&mut program, &[unexplained(10_000 + sent as u16)]);
        sent += 1;
    }
    for port in 0..5 {
        play(&mut program, &[reversed(50_000 + port), foreign(51_000 + port)]);
        // The second packet of a flow is no news.
        play(&mut program, &[foreign(51_000 + port)]);
    }
    play(&mut program, &[reversed(52_000)]);
    let counts = lost(&kernel);
    for (kind, count) in [
        (NewsKind::Undocumented, 1),
        (NewsKind::ForeignFlagged, 5),
        (NewsKind::Reversed, 6),
    ] {
        assert_eq!(counts[kind as usize], count, "{}", kind.name());
    }
    assert_eq!(
        drain(&mut ring).len() as u64,
        sent - 1,
        "what the ring took is told"
    );
    kernel.counted().assert_conserved("a full ring");
    play(&mut program, &[reversed(53_000)]);
    assert_eq!(drain(&mut ring).len(), 1, "a ring that was read takes more");
    assert_eq!(lost(&kernel), counts);
}

/// SYNs of different clients' ports, `count` flows.
fn openers(count: u16) -> Vec<Frame> {
    let opener = |port| eth().ipv4(CLIENT, MP).tcp(50000 + port, 443).syn();
    (0..count).map(opener).collect()
}

#[test]
fn every_half_keeps_the_law_by_itself() {
    let Some((kernel, mut program)) = rig() else {
        return;
    };
    play(&mut program, &openers(5));
    let first = kernel.maps.turn_epoch([0; 4]).expect("a grace period");
    assert_eq!(first, 0);
    play(&mut program, &openers(7));
    play(&mut program, &[eth().arp()]);
    let (then, now) = (kernel.counted_in(&[first]), kernel.counted_in(&[1 - first]));
    then.assert_conserved("the half at rest");
    now.assert_conserved("the half in use");
    let packets = |counted: &Counted| counted.verdicts.values().map(|pair| pair.0).sum::<u64>();
    assert_eq!((packets(&then), packets(&now)), (5, 7));
    assert_eq!(kernel.counted().flows.len(), 7);
    assert_eq!(kernel.maps.turn_epoch([0; 4]).expect("a grace period"), 1);
    play(&mut program, &openers(1));
    assert_eq!(packets(&kernel.counted_in(&[0])), 6, "the first half goes on");
}

#[test]
fn a_full_table_costs_detail_but_no_count() {
    let tables = tables();
    let Some(kernel) = KernelRig::new(&tables, 3) else {
        return;
    };
    let mut program = kernel.program(Hook::Native, &Constants::default());
    let slice = SliceRig::new(&tables, &Constants::default(), 3);
    let mut both = |frame: Frame| {
        program.run(&frame.build());
        slice.run(&frame.build());
    };
    // Nobody answers the first twenty: they keep to the places that such flows may fill.
    openers(20).into_iter().for_each(&mut both);
    let unanswered = kernel.counted().flows.len();
    assert!((4..8).contains(&unanswered), "{unanswered} of 8 slots");
    // Of the next the answer is what is seen, and finds the others.
    let answered = |port: u16| eth().ipv4(MP, CLIENT).tcp(443, 50000 + port).syn().ack();
    (20..30).map(answered).for_each(&mut both);
    let counted = kernel.counted();
    assert_eq!(counted.flows.len(), 8, "every slot is in use");
    assert_eq!(counted.without_entry, (22, 22 * 54));
    let verdicts: Vec<_> = counted
        .verdicts
        .iter()
        .map(|(v, n)| (kind(VerdictId(*v)), *n))
        .collect();
    assert_eq!(verdicts, [(Documented, (30, 30 * 54))]);
    counted.assert_conserved("a full table");
    assert_eq!(counted, slice.counted(), "kernel and slice");
}

#[test]
fn a_slot_behind_its_gate_is_not_touched() {
    let Some((mut kernel, mut program)) = rig() else {
        return;
    };
    play(&mut program, &[ask().syn()]);
    let (_, before) = only(&kernel.counted());
    let future = kernel.maps.clock().expect("the clock's program runs").jiffies + 1_000_000;
    kernel.maps.turn_epoch([future; 4]).expect("a grace period");
    play(&mut program, &[answer().syn().ack(), ask().ack().payload(1)]);
    let counted = kernel.counted();
    let (_, after) = only(&counted);
    assert_eq!(after, before, "the slot is as it was");
    assert_eq!(counted.without_entry, (2, 54 + 55));
    let verdicts: Vec<_> = counted
        .verdicts
        .iter()
        .map(|(v, n)| (kind(VerdictId(*v)), n.0))
        .collect();
    assert_eq!(verdicts, [(Documented, 3)], "and its verdict still holds");
    counted.assert_conserved("a closed gate");
}

#[test]
fn gates_close_by_idle_class() {
    let Some((mut kernel, mut program)) = rig() else {
        return;
    };
    let question = eth().ipv4(CLIENT, MP).udp(50000, 53).payload(4);
    let echo = eth().ipv4(CLIENT, MP).icmp(8, 0);
    let open = [ask().syn(), answer().syn().ack()];
    let half_open = eth().ipv4(CLIENT, MP).tcp(50001, 443).syn();
    play(&mut program, &open);
    play(&mut program, &[half_open.clone(), question.clone(), echo.clone()]);
    let future = kernel.maps.clock().expect("the clock's program runs").jiffies + 1_000_000;
    let refused = |kernel: &KernelRig| kernel.counted().without_entry.0;
    // Established, closing, datagram, other: in this order the gates close, and the packets find them closed.
    let packets = [ask().ack(), half_open, question, echo];
    for class in 0..4 {
        let mut gates = [0; 4];
        gates[class] = future;
        kernel.maps.turn_epoch(gates).expect("a grace period");
        for (of, packet) in packets.iter().enumerate() {
            let before = refused(&kernel);
            play(&mut program, std::slice::from_ref(packet));
            assert_eq!(
                refused(&kernel) - before,
                u64::from(of <= class),
                "gate {class}, packet {of}"
            );
        }
    }
    kernel.counted().assert_conserved("all gates closed");
}

#[test]
fn other_tables_judge_a_flow_anew_and_leave_its_credits() {
    let Some((mut kernel, mut program)) = rig() else {
        return;
    };
    let verdicts = |kernel: &KernelRig| -> Vec<_> {
        let counted = kernel.counted();
        counted.assert_conserved("across generations");
        let kinds = counted.verdicts.iter().map(|(v, n)| (kind(VerdictId(*v)), n.0));
        kinds.collect()
    };
    play(&mut program, &[ask().syn(), answer().syn().ack()]);
    assert_eq!(verdicts(&kernel), [(Documented, 2)]);
    kernel.load_tables(&tables_without_rules());
    let (_, flow) = only(&kernel.counted());
    assert_eq!(
        kind(VerdictId(flow.verdict)),
        Documented,
        "nothing happens before its next packet"
    );
    play(&mut program, &[ask().ack(), ask().ack().payload(3)]);
    let (written, flow) = only(&kernel.counted());
    assert_eq!(
        written, "tcp 10.10.0.5:50000 -> 10.20.0.11:443",
        "who opened it is remembered"
    );
    assert_eq!(kind(VerdictId(flow.verdict)), Undocumented);
    assert_eq!(verdicts(&kernel), [(Undocumented, 2), (Documented, 2)]);
    kernel.load_tables(&tables());
    play(&mut program, &[answer().ack().payload(3)]);
    assert_eq!(verdicts(&kernel), [(Undocumented, 2), (Documented, 3)]);
}

#[test]
fn the_same_link_local_addresses_on_two_links_are_two_flows() {
    let Some(kernel) = KernelRig::new(&tables(), FLOW_BITS) else {
        return;
    };
    let frame = eth().ipv6("fe80::1", "fe80::2").tcp(50000, 445).syn().build();
    for link in [3, 4] {
        let constants = Constants {
            link,
            ..Constants::default()
        };
        kernel.program(Hook::Native, &constants).run(&frame);
    }
    let counted = kernel.counted();
    let flows: Vec<_> = counted
        .flows
        .iter()
        .map(|(k, f)| Written(k, f).to_string())
        .collect();
    assert_eq!(flows.len(), 2, "{flows:?}");
}
