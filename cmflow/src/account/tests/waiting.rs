//! Halves whose slots were freed.

use super::*;

#[test]
fn halves_whose_slots_go_at_different_ticks_are_one_flow_all_the_while() {
    let nats = [nat(&["10.20.0.100:443"], &["10.20.0.11:443"], &[])];
    let translations = Translations::new(&nats, &verdicts());
    let asking = asks("10.10.0.5:50000", "10.20.0.100:443").flow();
    let answer = answers("10.20.0.11:443", "10.10.0.5:50000").flow();
    let other = Sent {
        packets: [5, 5],
        bits: state::FROM_LOW | state::FROM_HIGH | state::PAYLOAD_HIGH,
        ..asks("10.10.0.5:50001", "10.20.0.11:443")
    }
    .flow();
    for (first, second) in [(asking, answer), (answer, asking)] {
        let (mut waiting, mut gone) = (Waiting::default(), Totals::default());
        let told = |waiting: &Waiting, gone: &Totals, live: &[Flow]| {
            let (listed, totals) = waiting.with(&translations, live, gone);
            let flows: u64 = totals.verdicts.values().map(|total| total.flows).sum();
            let packets: u64 = totals.verdicts.values().map(|total| total.count.packets).sum();
            let interface = totals.interfaces[1];
            (listed.len(), flows, packets, interface.flows, interface.one_sided)
        };
        assert_eq!(told(&waiting, &gone, &[first, second, other]), (2, 2, 19, 2, 0));
        waiting.settle(&translations, vec![first, other], 0, &mut gone);
        assert_eq!(
            told(&waiting, &gone, &[second]),
            (1, 2, 19, 2, 0),
            "one half lives"
        );
        waiting.settle(&translations, vec![], 0, &mut gone);
        assert_eq!(told(&waiting, &gone, &[second]), (1, 2, 19, 2, 0));
        waiting.settle(&translations, vec![second], 0, &mut gone);
        assert_eq!(told(&waiting, &gone, &[]), (0, 2, 19, 2, 0), "both are gone");
        assert_eq!(gone.verdicts[&DOCUMENTED].flows, 2);
        // A half that is alone waits until patience ends, and is counted all the while.
        waiting.settle(&translations, vec![first], 0, &mut gone);
        let one_sided = 1;
        assert_eq!(told(&waiting, &gone, &[]).1, 3);
        assert_eq!(gone.verdicts[&DOCUMENTED].flows, 2);
        waiting.settle(&translations, vec![], u64::MAX, &mut gone);
        assert_eq!(gone.verdicts[&DOCUMENTED].flows, 3);
        assert_eq!(told(&waiting, &gone, &[]).4, one_sided);
    }
}

#[test]
fn no_more_halves_wait_than_there_is_room_for() {
    let nats = [nat(&["10.20.0.100:443"], &["10.20.0.11:443"], &[])];
    let translations = Translations::new(&nats, &verdicts());
    let count = Waiting::CAPACITY + 10;
    let expired: Vec<Flow> = (0..count)
        .map(|number| {
            let client = format!(
                "10.{}.{}.{}:50000",
                32 + (number >> 16),
                number >> 8 & 255,
                number & 255
            );
            asks(&client, "10.20.0.100:443").flow()
        })
        .collect();
    let (mut waiting, mut gone) = (Waiting::default(), Totals::default());
    waiting.settle(&translations, expired, 0, &mut gone);
    assert_eq!(gone.verdicts[&DOCUMENTED].flows, 10);
    let (_, totals) = waiting.with(&translations, &[], &gone);
    assert_eq!(totals.verdicts[&DOCUMENTED].flows, count as u64);
}
