//! Dynamic ports by pair of computers.

use super::*;
use crate::compile::Basis;

#[test]
fn dynamic_ports_are_kept_by_pair_and_bounded() {
    let mut infos = verdicts();
    infos[8].basis = Some(Basis::Range);
    infos[9].basis = Some(Basis::Expectation);
    infos[5].basis = Some(Basis::Port);
    let mut totals = Totals::default().knowing(&infos);
    let sent = |to: &str, verdict| {
        Sent {
            verdict,
            ..asks("10.10.0.5:50000", to)
        }
        .flow()
    };
    for port in 0..=DynamicPorts::PORTS {
        totals.add(&sent(&format!("10.20.0.11:{}", 49_152 + port * 2), DOCUMENTED));
    }
    totals.add(&sent("10.20.0.11:49152", DOCUMENTED));
    totals.add(&sent("10.20.0.11:49152", ALSO_DOCUMENTED));
    totals.add(&sent("10.20.0.12:443", VerdictId::OPAQUE));
    totals.add(&sent("10.20.0.12:49152", VerdictId(8 | VerdictId::REVERSED)));
    let [pair] = totals.dynamic.pairs.values().collect::<Vec<_>>()[..] else {
        panic!("one pair: {:#?}", totals.dynamic.pairs);
    };
    assert_eq!(
        (pair.ports.len(), pair.beyond, pair.by_range, pair.by_expectation),
        (256, 1, 258, 1)
    );
    assert_eq!(
        (pair.first_seen, pair.last_seen, totals.dynamic.beyond),
        (100, 110, 0)
    );

    for number in 0..DynamicPorts::PAIRS {
        let to = format!(
            "10.{}.{}.{}:50000",
            64 + (number >> 16),
            number >> 8 & 255,
            number & 255
        );
        totals.add(&sent(&to, DOCUMENTED));
    }
    assert_eq!(
        (totals.dynamic.pairs.len(), totals.dynamic.beyond),
        (DynamicPorts::PAIRS, 1)
    );
}

#[test]
fn stretches_have_no_gap() {
    let told = |ports: &[u16]| stretches(&ports.iter().copied().collect());
    assert_eq!(told(&[]), []);
    assert_eq!(
        told(&[49_155, 49_152, 49_153, 65_535]),
        [(49_152, 49_153), (49_155, 49_155), (65_535, 65_535)]
    );
}
