//! Which halves belong together, what they come to, and that no packet is lost by it.

use proptest::prelude::*;

use super::*;

fn joined(nats: &[Nat], flows: &[Flow]) -> Joined {
    Translations::new(nats, &verdicts()).join(flows)
}

#[test]
fn halves_belong_together_where_the_declaration_says_so() {
    let balancer = nat(&["10.20.0.100:443"], &["10.20.0.11", "10.20.0.12:8443"], &[]);
    let address_only = nat(&["10.20.0.100"], &["10.20.0.11"], &[]);
    let masquerade = nat(&[], &["10.20.0.11:443"], &["192.0.2.1"]);
    let both = nat(
        &["10.20.0.100:443"],
        &["10.20.0.11:443"],
        &["10.20.0.100", "10.20.0.99"],
    );
    let v6 = nat(&["[fd00:20::100]:443"], &["[fd00:20::11]:443"], &[]);
    type Case<'a> = (&'a str, &'a Nat, [&'a str; 2], [&'a str; 2], bool);
    let cases: &[Case<'_>] = &[
        (
            "DNAT, the port kept",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.11:443", "10.10.0.5:50000"],
            true,
        ),
        (
            "DNAT to another port",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.12:8443", "10.10.0.5:50000"],
            true,
        ),
        (
            "a member's other port",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.12:443", "10.10.0.5:50000"],
            false,
        ),
        (
            "the virtual address's other port",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:80"],
            ["10.20.0.11:80", "10.10.0.5:50000"],
            false,
        ),
        (
            "another client",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.11:443", "10.10.0.6:50000"],
            false,
        ),
        (
            "another port of the client",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.11:443", "10.10.0.5:50001"],
            false,
        ),
        (
            "no member",
            &balancer,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.13:443", "10.10.0.5:50000"],
            false,
        ),
        (
            "every port",
            &address_only,
            ["10.10.0.5:50000", "10.20.0.100:8530"],
            ["10.20.0.11:8530", "10.10.0.5:50000"],
            true,
        ),
        (
            "every port stays as it is",
            &address_only,
            ["10.10.0.5:50000", "10.20.0.100:8530"],
            ["10.20.0.11:8531", "10.10.0.5:50000"],
            false,
        ),
        (
            "source NAT",
            &masquerade,
            ["10.10.0.5:50000", "10.20.0.11:443"],
            ["10.20.0.11:443", "192.0.2.1:50000"],
            true,
        ),
        (
            "source NAT, another port",
            &masquerade,
            ["10.10.0.5:50000", "10.20.0.11:443"],
            ["10.20.0.11:443", "192.0.2.1:50001"],
            false,
        ),
        (
            "source NAT, another server",
            &masquerade,
            ["10.10.0.5:50000", "10.20.0.12:443"],
            ["10.20.0.12:443", "192.0.2.1:50000"],
            false,
        ),
        (
            "not the translator's",
            &masquerade,
            ["10.10.0.5:50000", "10.20.0.11:443"],
            ["10.20.0.11:443", "192.0.2.2:50000"],
            false,
        ),
        (
            "both at once",
            &both,
            ["10.10.0.5:50000", "10.20.0.100:443"],
            ["10.20.0.11:443", "10.20.0.99:50000"],
            true,
        ),
        (
            "IPv6",
            &v6,
            ["[fd00:10::5]:50000", "[fd00:20::100]:443"],
            ["[fd00:20::11]:443", "[fd00:10::5]:50000"],
            true,
        ),
    ];
    for (what, nat, asked, answered, together) in cases {
        let [asking, answer] = [
            asks(asked[0], asked[1]).flow(),
            answers(answered[0], answered[1]).flow(),
        ];
        for flows in [[asking, answer], [answer, asking]] {
            let found = joined(std::slice::from_ref(nat), &flows).flows;
            assert_eq!(found.len(), if *together { 1 } else { 2 }, "{what}: {found:#?}");
            let Some(whole) = found.iter().find(|whole| whole.joined) else {
                continue;
            };
            let flow = whole.flow;
            assert_eq!(
                (flow.initiator, flow.responder),
                (end(asked[0]), end(asked[1])),
                "{what}"
            );
            assert_eq!((flow.forward.packets, flow.reverse.packets), (5, 4), "{what}");
            assert_eq!((flow.forward.bytes, flow.reverse.bytes), (500, 400), "{what}");
            assert_eq!((flow.first_seen, flow.last_seen), (100, 111), "{what}");
            assert_eq!(
                (flow.state, flow.verdict),
                (FlowState::Answered, DOCUMENTED),
                "{what}"
            );
            assert!(flow.initiator_seen, "{what}");
        }
    }
}

#[test]
fn whole_flows_and_openings_of_a_member_are_left_alone() {
    let nats = [nat(&["10.20.0.100:443"], &["10.20.0.11:443"], &[])];
    let asking = asks("10.10.0.5:50000", "10.20.0.100:443");
    let answer = answers("10.20.0.11:443", "10.10.0.5:50000");
    let both_ways = |sent: Sent<'_>| {
        Sent {
            packets: [5, 3],
            ..sent
        }
        .flow()
    };
    // A SYN of the member is no answer.
    let opened = Sent {
        sender_opened: true,
        bits: state::SYN | state::FROM_LOW,
        ..answer
    }
    .flow();
    for flows in [
        [both_ways(asking), answer.flow()],
        [asking.flow(), both_ways(answer)],
        [asking.flow(), opened],
        [
            asking.flow(),
            Sent {
                protocol: protocol::UDP,
                ..answer
            }
            .flow(),
        ],
    ] {
        let found = joined(&nats, &flows);
        assert_eq!(found.flows.len(), 2, "{flows:#?}");
        assert!(found.moved.is_empty());
    }
    assert_eq!(
        joined(&[], &[asking.flow(), answer.flow()]).flows.len(),
        2,
        "nothing is declared"
    );
}

#[test]
fn datagrams_are_joined_whoever_was_taken_for_their_initiator() {
    let nats = [nat(&["10.20.0.100:53"], &["10.20.0.11:53"], &[])];
    for asking_right in [true, false] {
        for answering_right in [true, false] {
            let udp = |sent, right: bool| Sent {
                protocol: protocol::UDP,
                bits: state::PAYLOAD_LOW | state::FROM_LOW,
                sender_opened: right,
                seen: false,
                ..sent
            };
            let asking = udp(asks("10.10.0.5:50000", "10.20.0.100:53"), asking_right).flow();
            let answer = udp(answers("10.20.0.11:53", "10.10.0.5:50000"), !answering_right).flow();
            let found = joined(&nats, &[asking, answer]).flows;
            assert_eq!(found.len(), 1);
            let flow = found[0].flow;
            assert_eq!(flow.initiator, end("10.10.0.5:50000"), "{flow:#?}");
            assert_eq!(
                (flow.forward.packets, flow.reverse.packets, flow.state),
                (5, 4, FlowState::Answered)
            );
            assert!(!flow.initiator_seen);
        }
    }
}

#[test]
fn a_port_used_again_goes_with_its_own_answers() {
    let nats = [nat(&["10.20.0.100:443"], &["10.20.0.11:443"], &[])];
    let asked = |at| {
        Sent {
            at,
            ..asks("10.10.0.5:50000", "10.20.0.100:443")
        }
        .flow()
    };
    let answered = |at| {
        Sent {
            at,
            ..answers("10.20.0.11:443", "10.10.0.5:50000")
        }
        .flow()
    };
    let found = joined(
        &nats,
        &[
            answered(9001),
            asked(100),
            asked(5000),
            asked(9000),
            answered(101),
        ],
    )
    .flows;
    let told: Vec<_> = found
        .iter()
        .map(|whole| (whole.flow.first_seen, whole.joined))
        .collect();
    assert_eq!(
        told,
        [(100, true), (5000, false), (9000, true)],
        "nobody answered the second"
    );
}

#[test]
fn two_clients_with_one_port_behind_a_source_nat_are_told_apart_by_time() {
    let nats = [nat(&[], &["10.20.0.11:443"], &["192.0.2.1"])];
    let first = asks("10.10.0.5:50000", "10.20.0.11:443").flow();
    let second = Sent {
        at: 300,
        ..asks("10.10.0.6:50000", "10.20.0.11:443")
    }
    .flow();
    let answer = answers("10.20.0.11:443", "192.0.2.1:50000").flow();
    let found = joined(&nats, &[second, first, answer]).flows;
    let told: Vec<_> = found
        .iter()
        .map(|whole| (whole.flow.initiator, whole.joined))
        .collect();
    assert_eq!(told, [(second.initiator, false), (first.initiator, true)]);
}

/// Packets by verdict: what flows say, and what counters say after packets moved.
#[test]
fn packets_follow_their_flow_from_verdict_to_verdict() {
    let nats = [nat(
        &["10.20.0.100:8443"],
        &["10.20.0.11:443", "10.20.0.12:443"],
        &[],
    )];
    let verdicts_of_halves = [
        (DOCUMENTED, DOCUMENTED, DOCUMENTED),
        (DOCUMENTED, ALSO_DOCUMENTED, DOCUMENTED),
        (VerdictId::UNDOCUMENTED, DOCUMENTED, DOCUMENTED),
        (DOCUMENTED, VerdictId::LOCAL, DOCUMENTED),
        (
            VerdictId::UNDOCUMENTED,
            VerdictId(9 | VerdictId::REVERSED),
            VerdictId(9 | VerdictId::REVERSED),
        ),
    ];
    for (asked, answered, whole) in verdicts_of_halves {
        let flows = [
            Sent {
                verdict: asked,
                ..asks("10.10.0.5:50000", "10.20.0.100:8443")
            }
            .flow(),
            Sent {
                verdict: answered,
                ..answers("10.20.0.11:443", "10.10.0.5:50000")
            }
            .flow(),
            // The client's port was used again, and another member answered.
            Sent {
                verdict: answered,
                ..answers("10.20.0.12:443", "10.10.0.5:50000")
            }
            .flow(),
        ];
        let translations = Translations::new(&nats, &verdicts());
        let (listed, totals) = Waiting::default().with(&translations, &flows, &Totals::default());
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].verdict, listed[0].total().packets), (whole, 13));
        for verdict in [asked, answered, whole] {
            let judged = sum(flows
                .iter()
                .filter(|flow| flow.verdict == verdict)
                .map(|flow| flow.total())
                .collect::<Vec<_>>()
                .iter());
            let expected = if verdict == whole { 13 } else { 0 };
            assert_eq!(
                totals.settled(verdict, judged).packets,
                expected,
                "{asked:?} {answered:?}: {verdict:?}"
            );
            assert_eq!(totals.settled(verdict, judged).bytes, expected * 100);
        }
        assert_eq!(totals.verdicts[&whole].flows, 1);
        assert_eq!(totals.verdicts.len(), 1);
    }
}

/// Flows among few addresses and ports, so that many fit together by chance.
fn some_flow() -> impl Strategy<Value = Flow> {
    let verdict = prop_oneof![
        Just(VerdictId::UNDOCUMENTED),
        Just(DOCUMENTED),
        Just(ALSO_DOCUMENTED),
        Just(VerdictId::LOCAL)
    ];
    let packets = prop_oneof![Just([3, 0]), Just([0, 2]), Just([4, 5])];
    (
        0..6_u8,
        0..6_u8,
        0..3_u16,
        0..3_u16,
        packets,
        any::<bool>(),
        any::<bool>(),
        verdict,
        0..50_u64,
        0..1_u16 << 14,
    )
        .prop_filter("two ends", |(from, to, ..)| from != to)
        .prop_map(
            |(from, to, from_port, to_port, packets, sender_opened, seen, verdict, at, bits)| {
                let text = |host: u8, port: u16| format!("10.0.0.{host}:{}", 440 + port);
                let (from, to) = (text(from, from_port), text(to, to_port));
                Sent {
                    packets,
                    sender_opened,
                    seen,
                    verdict,
                    at,
                    bits,
                    ..asks(&from, &to)
                }
                .flow()
            },
        )
}

proptest! {
    #[test]
    fn joining_loses_no_packet(flows in prop::collection::vec(some_flow(), 0..40), source in any::<bool>(), own in any::<bool>()) {
        let members = ["10.0.0.2", "10.0.0.3:441"];
        let vips: &[&str] = if source { &[] } else { &["10.0.0.1"] };
        let nats = [nat(vips, &members, if own { &["10.0.0.4"] } else { &[] })];
        let translations = Translations::new(&nats, &verdicts());
        let (listed, totals) = Waiting::default().with(&translations, &flows, &Totals::default());
        let packets = |flows: &[Flow]| flows.iter().map(|flow| flow.total().packets).sum::<u64>();
        prop_assert_eq!(packets(&listed), packets(&flows));
        for verdict in [VerdictId::UNDOCUMENTED, DOCUMENTED, ALSO_DOCUMENTED, VerdictId::LOCAL] {
            let of = |flows: &[Flow]| -> Vec<cmflow_common::gateway::Count> {
                flows.iter().filter(|flow| flow.verdict == verdict).map(Flow::total).collect()
            };
            // Each flow of the list is counted under its verdict, and nothing else is.
            prop_assert_eq!(totals.settled(verdict, sum(&of(&flows))), sum(&of(&listed)));
            let counted = totals.verdicts.get(&verdict).map_or(0, |total| total.flows);
            prop_assert_eq!(counted, of(&listed).len() as u64);
        }
        // What has both directions stays as it is.
        let whole = |flows: &[Flow]| flows.iter().filter(|flow| flow.forward.packets > 0 && flow.reverse.packets > 0).count();
        prop_assert!(whole(&listed) >= whole(&flows));
    }
}
