//! What is refused, and in which words.

use super::super::choice::{refuse, refuse_set};
use super::super::link::named;
use super::super::machine::{Release, effective, enough, new_enough};
use super::super::{Attached, Interface, InterfaceError, Mode, constants, refuse_stacked};
use super::{BARE, NEW, OLD, card, device, port_of};
use crate::kernel::Hook;

#[test]
fn a_circle_of_masters_ends() {
    let all = [
        port_of(2, device("br1", 1, "bridge", None)),
        port_of(1, device("br2", 2, "bridge", None)),
    ];
    assert!(constants(&all[0], 0, Hook::Native, &all).tags_apart);
    assert!(refuse_stacked(&all, &all).is_err());
}

#[test]
fn what_sees_a_frame_twice_is_refused_together() {
    let all = [
        port_of(10, card("eth1", 1, "veth")),
        port_of(10, card("eth2", 2, "veth")),
        port_of(11, card("eth3", 3, "ice")),
        device("br0", 10, "bridge", None),
        device("bond0", 11, "bond", None),
        device("bond0.5", 12, "vlan", Some(11)),
        device("mv0", 13, "macvlan", Some(2)),
        device("a", 14, "veth", Some(15)),
        device("b", 15, "veth", Some(14)),
        device("gre1", 16, "gretap", Some(1)),
        device("bond0.6", 17, "vlan", Some(11)),
    ];
    // The interfaces together, and the way that is told; nothing where they may be.
    let rows: &[(&[&str], Option<&str>)] = &[
        (&["eth1"], None),
        (&["eth1", "eth2", "eth3"], None),
        (&["eth1", "br0"], Some("eth1 is a port of the bridge br0")),
        (&["br0", "eth1"], Some("eth1 and br0 see the same frames twice")),
        (&["eth3", "bond0"], Some("eth3 is a port of the bond bond0")),
        (&["bond0", "bond0.5"], Some("bond0.5 is a vlan on bond0")),
        (
            &["eth3", "bond0.5"],
            Some("eth3 is a port of the bond bond0, and bond0.5 is a vlan on bond0"),
        ),
        (&["bond0.5", "bond0.6"], None),
        (&["eth2", "mv0"], Some("mv0 is a macvlan on eth2")),
        (&["a", "b"], None),
        (&["gre1", "eth1"], None),
    ];
    for (names, told) in rows {
        let chosen: Vec<_> = names
            .iter()
            .map(|name| named(name, &all).expect("it is in the table").clone())
            .collect();
        match (refuse_stacked(&chosen, &all), told) {
            (Ok(()), None) => {}
            (Err(error), Some(words)) => {
                assert!(error.to_string().contains(words), "'{error}' lacks '{words}'");
            }
            (result, _) => panic!("{names:?}: {result:?}"),
        }
    }
}

#[test]
fn what_an_interface_is_refused_for() {
    let down = Interface {
        up: false,
        ..card("eth1", 1, "veth")
    };
    let occupied = Interface {
        attached: Some(Attached {
            mode: "native",
            program: 77,
            name: Some("firewall".to_owned()),
        }),
        ..card("eth1", 1, "veth")
    };
    let infiniband = Interface {
        hardware: 32,
        ..card("ib0", 1, "ib_ipoib")
    };
    let tunnel = Interface {
        hardware: BARE,
        ..card("wg0", 1, "wireguard")
    };
    let rows: &[(&Interface, Mode, Release, Option<&str>)] = &[
        (&card("eth1", 1, "veth"), Mode::Auto, NEW, None),
        (
            &down,
            Mode::Auto,
            NEW,
            Some("eth1 is down; set it up first: ip link set eth1 up"),
        ),
        (&occupied, Mode::Auto, NEW, Some("(firewall, id 77, native mode)")),
        (&occupied, Mode::Generic, NEW, Some("--mode tcx")),
        (&occupied, Mode::Tcx, NEW, None),
        (&occupied, Mode::Tcx, OLD, Some("the tcx hook needs 6.6 or newer")),
        (&infiniband, Mode::Auto, NEW, Some("hardware type 32")),
        (&tunnel, Mode::Auto, NEW, None),
        (&tunnel, Mode::Native, NEW, Some("choose --mode tcx")),
        (&tunnel, Mode::Native, OLD, Some("choose --mode generic")),
    ];
    for (interface, mode, kernel, told) in rows {
        match (refuse(interface, *mode, &[], *kernel), told) {
            (Ok(()), None) => {}
            (Err(error), Some(words)) => {
                assert!(error.to_string().contains(words), "'{error}' lacks '{words}'");
            }
            (result, _) => panic!("{} {mode}: {result:?}", interface.name),
        }
    }
    assert!(
        refuse(&occupied, Mode::Auto, &[77], NEW).is_ok(),
        "its own program is no stranger"
    );
}

#[test]
fn too_many_and_twice() {
    let cards: Vec<_> = (1..=17).map(|n| card(&format!("eth{n}"), n, "veth")).collect();
    assert!(refuse_set(&cards[..16]).is_ok());
    assert!(matches!(
        refuse_set(&cards),
        Err(InterfaceError::TooMany { count: 17, limit: 16 })
    ));
    let twice = [cards[0].clone(), cards[1].clone(), cards[0].clone()];
    assert!(matches!(refuse_set(&twice), Err(InterfaceError::Twice { name }) if name == "eth1"));
}

#[test]
fn a_wrong_name_gets_the_nearest() {
    let all = [
        card("eth0", 1, "veth"),
        card("enp3s0", 2, "ice"),
        card("lo", 3, ""),
    ];
    let rows = [
        ("eth9", "did you mean \"eth0\"?"),
        ("enp3so", "did you mean \"enp3s0\"?"),
        ("wan", "there are: eth0, enp3s0, lo"),
    ];
    for (name, words) in rows {
        let error = named(name, &all)
            .expect_err("there is no such interface")
            .to_string();
        assert!(error.contains(words), "'{error}' lacks '{words}'");
    }
    let mut renamed = all.clone();
    renamed[1].other_names = vec!["uplink".to_owned()];
    assert_eq!(named("uplink", &renamed).expect("its other name").name, "enp3s0");
}

#[test]
fn the_machine_has_what_it_takes() {
    for (text, release) in [("6.18.44-1-amd64", (6, 18)), ("5.4", (5, 4)), ("6.6-rc1", (6, 6))] {
        let read = Release::read(text).expect(text);
        assert_eq!((read.major, read.minor), release, "{text}");
    }
    assert_eq!(Release::read("linux"), None);
    assert!(new_enough(Release::FLOOR).is_ok());
    let error = new_enough(Release { major: 5, minor: 17 })
        .expect_err("too old")
        .to_string();
    assert!(
        error.contains("kernel 5.17 is too old") && error.contains("5.18"),
        "{error}"
    );

    let all = effective("Name:\tx\nCapEff:\t000001ffffffffff\n").expect("it is there");
    assert!(enough(all).is_ok());
    let sys_admin_and_net_admin = 1 << 21 | 1 << 12;
    assert!(enough(sys_admin_and_net_admin).is_ok());
    let error = enough(1 << 12 | 1 << 39).expect_err("one is missing").to_string();
    assert!(error.starts_with("CAP_PERFMON is missing"), "{error}");
    let error = enough(0).expect_err("all are missing").to_string();
    assert!(
        error.starts_with("CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON are missing"),
        "{error}"
    );
}
