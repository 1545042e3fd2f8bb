//! Random catalogues and site files: the tables say what the naive reading says.

use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use proptest::prelude::*;
use proptest::sample::select;

use super::drawn::{ADDRESSES, approvals, catalogue, machine, site, with};
use super::naive::{Answer, Naive};
use super::{Pair, address};
use crate::catalogue::RoleId;
use crate::compile::compile;
use crate::site::{Rpc, SiteModel};

fn compiled_answer(pair: &Pair<'_>, protocol: u8, port: u16, seen: bool) -> Answer {
    let id = pair.judged(protocol, port, seen);
    let info = pair.compiled.verdict(id).expect("every verdict has its entry");
    assert_eq!(
        id.is_reversed(),
        info.kind == VerdictKind::Reversed,
        "the mark and the kind agree"
    );
    Answer {
        kind: info.kind,
        rules: info.rules.clone(),
        basis: info.basis,
        flagged: id == VerdictId::FOREIGN_FLAGGED,
    }
}

/// Where something may begin or end.
const FLOWS: [(u8, u16); 10] = [
    (protocol::TCP, 80),
    (protocol::TCP, 443),
    (protocol::TCP, 1433),
    (protocol::TCP, 50_000),
    (protocol::UDP, 500),
    (protocol::UDP, 8530),
    (protocol::ICMP, 0),
    (protocol::ICMPV6, 0),
    (50, 0),
    (protocol::FRAGMENT, 6),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_approval_changes_nothing_but_what_it_covers(
        catalogue in catalogue(),
        site in site(),
        rpc in select(&Rpc::ALL[..]),
        approvals in approvals(),
    ) {
        let machine = machine();
        let site = SiteModel { rpc, ..site };
        let before = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
        let approved = with(site.clone(), approvals);
        let after = compile(&catalogue, &approved, &machine, &[]).expect("it compiles");
        for from in ADDRESSES.map(address) {
            let who = Address::from(from);
            prop_assert_eq!(before.roles_of(who), after.roles_of(who));
            prop_assert_eq!(before.roles_answering(who), after.roles_answering(who));
            prop_assert_eq!(before.class(who).known, after.class(who).known);
            for to in ADDRESSES.map(address) {
                let pairs = [Pair::new(&before, from, to), Pair::new(&after, from, to)];
                for ((protocol, port), seen) in FLOWS.into_iter().flat_map(|flow| [(flow, true), (flow, false)]) {
                    let [was, is] = pairs.each_ref().map(|pair| compiled_answer(pair, protocol, port, seen));
                    if was == is {
                        continue;
                    }
                    let what = format!("{from} -> {to} {protocol}/{port} seen {seen}: {was:?}, then {is:?}");
                    prop_assert_eq!(is.kind, VerdictKind::Approved, "{}", what);
                    prop_assert!(is.rules.iter().any(|rule| rule.starts_with("approval-")), "{}", what);
                    prop_assert_ne!(was.kind, VerdictKind::Documented, "{}", what);
                }
            }
        }
    }

    #[test]
    fn tables_say_what_the_naive_reading_says(
        catalogue in catalogue(),
        site in site(),
        approvals in prop::option::of(approvals()),
    ) {
        let site = match approvals {
            Some(approvals) => with(site, approvals),
            None => site,
        };
        let machine = machine();
        let compiled = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
        let naive = Naive::new(&catalogue, &site, &machine);
        let mut computers = Vec::from(ADDRESSES.map(|text| naive.computer(address(text))));
        computers.extend(site.interfaces.iter().filter_map(|side| naive.at_side(&side.name, side.role)));
        for from in &computers {
            for to in &computers {
                let pair = Pair::new(&compiled, from.address, to.address);
                for (protocol, port) in FLOWS {
                    for seen in [true, false] {
                        prop_assert_eq!(
                            compiled_answer(&pair, protocol, port, seen),
                            naive.answer(from, to, protocol, port, seen),
                            "{} -> {} {}/{} seen {}", from.address, to.address, protocol, port, seen
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn addresses_in_between_have_the_roles_of_the_naive_reading(
        catalogue in catalogue(),
        site in site(),
        bits in prop::collection::vec(any::<u128>(), 8),
        lengths in prop::collection::vec(0..=128_u32, 8),
    ) {
        let machine = machine();
        let compiled = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
        let naive = Naive::new(&catalogue, &site, &machine);
        for ((bits, length), near) in bits.into_iter().zip(lengths).zip(ADDRESSES) {
            // An address that shares some leading bits with one that is spoken of.
            let near = u128::from_be_bytes(Address::from(address(near)).bytes());
            let mixed = Address::from_bytes((near ^ bits.checked_shr(length).unwrap_or(0)).to_be_bytes());
            let computer = naive.computer(IpAddr::from(mixed));
            let class = compiled.class(mixed);
            for (role, opens) in computer.opens.iter().enumerate() {
                let role = RoleId(u16::try_from(role).expect("few roles"));
                prop_assert_eq!(class.as_initiator.contains(role), *opens, "{:?} opens as {:?}", mixed, role);
                let answers = computer.answers[usize::from(role.0)];
                prop_assert_eq!(class.as_responder.contains(role), answers, "{:?} answers as {:?}", mixed, role);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_say_it_at_every_port(
        catalogue in catalogue(),
        site in site(),
        from in select(&ADDRESSES[..]),
        to in select(&ADDRESSES[..]),
    ) {
        let machine = machine();
        let compiled = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
        let naive = Naive::new(&catalogue, &site, &machine);
        let (from, to) = (naive.computer(address(from)), naive.computer(address(to)));
        let pair = Pair::new(&compiled, from.address, to.address);
        for protocol in [protocol::TCP, protocol::UDP] {
            for port in 0..=u16::MAX {
                prop_assert_eq!(
                    compiled_answer(&pair, protocol, port, true),
                    naive.answer(&from, &to, protocol, port, true),
                    "{} -> {} {}/{}", from.address, to.address, protocol, port
                );
            }
        }
    }
}
