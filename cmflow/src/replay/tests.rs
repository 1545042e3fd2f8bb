//! What the tests from outside cannot see: bounds that take gigabytes to reach, and views byte by byte.

use cmflow_common::frame::Frame;
use cmflow_common::memory::MemoryTables;

use super::shape::Shape;
use super::*;
use crate::catalogue::Catalogue;
use crate::compile::{Machine, compile};
use crate::config;
use crate::reader::Timeouts;

/// The bytes that a view shows at each place, read in pieces of `N`.
fn windows<const N: usize>(frame: &impl Frame) -> Vec<Option<[u8; N]>> {
    (0..48).map(|offset| frame.at(offset)).collect()
}

#[test]
fn a_view_of_a_cooked_frame_reads_like_an_ethernet_frame() {
    let payload: Vec<u8> = (1..=20).collect();
    let mut cooked = vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 10, 0, 0, 0x86, 0xdd];
    cooked.extend(&payload);
    let mut ethernet = vec![0; 12];
    ethernet.extend([0x86, 0xdd]);
    ethernet.extend(&payload);
    let Shape::Announced(view) = Shape::of(Link::Cooked, &cooked) else {
        panic!("a cooked header announces what follows");
    };
    let ethernet = ethernet.as_slice();
    assert_eq!(windows::<2>(&view), windows::<2>(&ethernet));
    assert_eq!(windows::<4>(&view), windows::<4>(&ethernet));
    assert_eq!(windows::<16>(&view), windows::<16>(&ethernet));
}

#[test]
fn a_protocol_of_netlink_is_no_ethernet_type() {
    // Device kind 824, protocol 8: what would be IPv4 of an Ethernet device.
    for (link, header) in [
        (
            Link::Cooked,
            [&[0, 0, 0x03, 0x38][..], &[0; 10], &[0x08, 0x00]].concat(),
        ),
        (
            Link::Cooked2,
            [&[0x08, 0x00, 0, 0, 0, 0, 0, 1, 0x03, 0x38][..], &[0; 10]].concat(),
        ),
    ] {
        let Shape::Announced(view) = Shape::of(link, &header) else {
            panic!("a cooked header announces what follows");
        };
        assert_eq!(view.at(12), Some([0xff, 0xff]), "{link:?}");
    }
}

/// A UDP packet of the flow with that number.
fn packet(flow: u16) -> Vec<u8> {
    let mut bytes = vec![0; 28];
    (bytes[0], bytes[3], bytes[9]) = (0x45, 28, 17);
    bytes[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
    bytes[20..22].copy_from_slice(&flow.to_be_bytes());
    bytes[23] = 53;
    bytes
}

/// Plays one packet of each flow, one at a time, a second apart.
fn played(flows: u16, most_bits: u32, most_ended: usize, second_ms: u64) -> Seen {
    let tables = MemoryTables::default();
    let mut looker = InMemory::bounded(&tables, Timeouts::default(), most_bits, most_ended);
    for flow in 0..flows {
        let bytes = packet(flow);
        let record = Record {
            at_ns: None,
            interface: 0,
            interface_name: None,
            link_type: 101,
            bytes: &bytes,
            wire_bytes: 28,
        };
        let now_ms = u64::from(flow) * second_ms;
        assert!(looker.look(&record, Link::RawIp, now_ms).expect("it goes on"));
    }
    looker.finish(Span::default()).expect("memory can be read")
}

fn listed(seen: &Seen) -> u64 {
    seen.flows.iter().map(|flow| flow.total().packets).sum()
}

#[test]
fn more_flows_at_a_time_than_fit_are_counted_and_said() {
    let seen = played(2000, 6, 1000, 0);
    assert_eq!(crate::account::sum(&seen.outcomes).packets, 2000);
    assert_eq!(seen.flows.len(), 64);
    assert_eq!(listed(&seen) + seen.without_entry.packets, 2000);
    let [problem] = seen.problems.as_slice() else {
        panic!("{:?}", seen.problems);
    };
    assert!(problem.unread);
    assert!(
        problem
            .words
            .starts_with("1936 packets found no room among 64 flows at a time"),
        "{}",
        problem.words
    );
}

#[test]
fn flows_that_end_make_room_and_beyond_a_bound_they_are_summed_up() {
    let seen = played(2000, 24, 500, 1000);
    assert_eq!(seen.without_entry, Count::default());
    let beyond: u64 = seen.beyond.verdicts.values().map(|total| total.flows).sum();
    assert!(beyond > 1000, "{beyond}");
    assert_eq!(listed(&seen) + beyond, 2000);
    assert_eq!(seen.problems.len(), 1);
    assert!(
        seen.problems[0]
            .words
            .starts_with(&format!("{beyond} flows that ended are not listed, beyond 500")),
        "{:?}",
        seen.problems
    );
}

/// `[interfaces]` speaks of interfaces by name: those that a capture names, or that it is said to be taken at.
#[test]
fn a_side_is_known_by_the_name_of_its_interface() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let text = "[roles]\nclient = \"10.10.0.0/16\"\n[interfaces]\neth1 = \"client\"\neth2 = \"client\"";
    let site = config::parse(&catalogue, "site.toml", text)
        .expect("it is sound")
        .model;
    let machine = Machine {
        interfaces: vec![("eth1".to_owned(), 0), ("eth2".to_owned(), 1)],
        ..Machine::default()
    };
    let compiled = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
    let sides = |taken_at: Option<&str>| Sides::new(&compiled, taken_at);
    let record = |interface, interface_name| Record {
        at_ns: None,
        interface,
        interface_name,
        link_type: 1,
        bytes: &[],
        wire_bytes: 0,
    };
    let unnamed = sides(None).number(&record(0, None));
    let other = sides(None).number(&record(1, Some("eth7")));
    assert!(unnamed > 1 && other > 1 && unnamed != other, "they are no side");
    assert_eq!(sides(None).number(&record(7, Some("eth2"))), 1);
    assert_eq!(sides(Some("eth1")).number(&record(7, Some("eth2"))), 0);
    assert_eq!(sides(Some("eth2")).number(&record(0, None)), 1);
}
