//! Interfaces that no machine has: planning, what a program is told, and what is refused, as tables.

use super::choice::{refuse, refuse_set};
use super::link::named;
use super::machine::{Release, effective, enough, new_enough};
use super::plan::plan_for;
use super::report::outlook;
use super::{Attached, Interface, InterfaceError, Mode, Native, Offloads, constants, refuse_stacked};
use crate::kernel::Hook;

const NEW: Release = Release { major: 6, minor: 18 };
const OLD: Release = Release { major: 6, minor: 1 };

const ETHERNET: u16 = libc::ARPHRD_ETHER;
const BARE: u16 = libc::ARPHRD_NONE;
const INFINIBAND: u16 = 32;

/// A card that is up.
fn card(name: &str, index: u32, driver: &str) -> Interface {
    Interface {
        name: name.to_owned(),
        index,
        up: true,
        hardware: ETHERNET,
        mtu: 1500,
        driver: Some(driver.to_owned()),
        ..Interface::default()
    }
}

/// A device of some kind, standing on another one.
fn device(name: &str, index: u32, kind: &str, parent: Option<u32>) -> Interface {
    Interface {
        kind: Some(kind.to_owned()),
        parent,
        ..card(name, index, kind)
    }
}

/// The same as a port of another one.
fn port_of(master: u32, interface: Interface) -> Interface {
    Interface {
        master: Some(master),
        ..interface
    }
}

#[test]
fn hooks_in_the_order_to_try() {
    use Hook::{Generic, Native, Tcx};
    let wireguard = Interface {
        hardware: BARE,
        ..device("wg0", 3, "wireguard", None)
    };
    let tap = device("tap0", 4, "tun", None);
    let loopback = Interface {
        hardware: libc::ARPHRD_LOOPBACK,
        ..card("lo", 1, "")
    };
    let rows: &[(&Interface, Mode, Release, &[Hook], &str)] = &[
        (
            &card("eth0", 2, "virtio_net"),
            Mode::Auto,
            NEW,
            &[Native, Tcx, Generic],
            "native XDP counts",
        ),
        (
            &card("eth0", 2, "mlx5_core"),
            Mode::Auto,
            OLD,
            &[Native, Generic],
            "tcx needs kernel 6.6",
        ),
        (
            &card("eth0", 2, "ixgbe"),
            Mode::Auto,
            NEW,
            &[Tcx, Generic],
            "ixgbe takes its link down",
        ),
        (
            &card("eth0", 2, "ixgbe"),
            Mode::Auto,
            OLD,
            &[Generic],
            "packets are merged packets",
        ),
        (&card("eth0", 2, "ixgbe"), Mode::Native, NEW, &[Native], "--mode"),
        (&wireguard, Mode::Auto, NEW, &[Tcx, Generic], "no Ethernet header"),
        (
            &tap,
            Mode::Auto,
            NEW,
            &[Native, Tcx, Generic],
            "native XDP counts",
        ),
        (
            &loopback,
            Mode::Auto,
            NEW,
            &[Native, Tcx, Generic],
            "native XDP counts",
        ),
        (&card("eth0", 2, "veth"), Mode::Generic, NEW, &[Generic], "--mode"),
        (&card("eth0", 2, "veth"), Mode::Tcx, NEW, &[Tcx], "--mode"),
    ];
    for (interface, mode, kernel, hooks, why) in rows {
        let plan = plan_for(interface, *mode, *kernel);
        assert_eq!(plan.hooks, *hooks, "{} {mode} under {kernel}", interface.name);
        assert!(plan.why.contains(why), "'{}' lacks '{why}'", plan.why);
    }
}

#[test]
fn constants_follow_the_bridge() {
    let bridge = device("br0", 10, "bridge", None);
    let bond = port_of(10, device("bond0", 11, "bond", None));
    let vrf = device("red", 12, "vrf", None);
    let all = [
        bridge,
        bond,
        vrf,
        port_of(10, card("eth1", 1, "veth")),
        port_of(11, card("eth2", 2, "veth")),
        port_of(12, card("eth3", 3, "veth")),
        card("eth4", 4, "veth"),
    ];
    // Name, link number, whether tags keep addresses apart.
    let rows = [
        ("eth1", 10, true),
        ("eth2", 10, true),
        ("eth3", 3, false),
        ("eth4", 4, false),
    ];
    for (name, link, apart) in rows {
        let interface = named(name, &all).expect("it is in the table");
        let told = constants(interface, 5, Hook::Native, &all);
        assert_eq!(
            (told.interface, told.interface_slot),
            (interface.index, 5),
            "{name}"
        );
        assert_eq!((told.link, told.tags_apart), (link, apart), "{name}");
    }
}

#[test]
fn constants_know_the_frame() {
    let bare = Interface {
        hardware: libc::ARPHRD_SIT,
        ..card("sit1", 2, "sit")
    };
    let jumbo = |mtu| Interface {
        mtu,
        ..card("eth1", 1, "ice")
    };
    // Interface, hook, raw IP, in pieces.
    let rows = [
        (card("eth1", 1, "veth"), Hook::Native, false, false),
        (card("eth1", 1, "veth"), Hook::Generic, false, true),
        (jumbo(3498), Hook::Native, false, false),
        (jumbo(3499), Hook::Native, false, true),
        (bare, Hook::Tcx, true, false),
    ];
    for (interface, hook, raw_ip, in_pieces) in rows {
        let told = constants(&interface, 0, hook, &[]);
        assert_eq!(
            (told.raw_ip, told.in_pieces),
            (raw_ip, in_pieces),
            "{} {hook}",
            interface.name
        );
    }
}

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
        }),
        ..card("eth1", 1, "veth")
    };
    let infiniband = Interface {
        hardware: INFINIBAND,
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
        (&occupied, Mode::Auto, NEW, Some("id 77, native mode")),
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
        ("eth9", "did you mean 'eth0'?"),
        ("enp3so", "did you mean 'enp3s0'?"),
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

#[test]
fn what_check_says_before_anything_is_attached() {
    let says = |present, pieces| Some(Native { present, pieces });
    let without = Interface {
        native: says(false, false),
        ..card("eth1", 1, "e1000e")
    };
    let jumbo = Interface {
        native: says(true, false),
        mtu: 9000,
        ..card("eth1", 1, "virtio_net")
    };
    let merging = Interface {
        offloads: Offloads {
            merges: true,
            takes_tags: true,
        },
        native: says(true, true),
        ..card("eth1", 1, "mlx5_core")
    };
    // Interface, mode asked for, mode it gets, words of the reason, words among the warnings.
    let rows = [
        (&without, Mode::Auto, "tcx", "driver e1000e has no native XDP", ""),
        (&without, Mode::Native, "native", "--mode", "will be refused"),
        (&jumbo, Mode::Auto, "tcx", "for an MTU of 9000", ""),
        (&merging, Mode::Auto, "native", "native XDP counts", "lro off"),
        (
            &merging,
            Mode::Generic,
            "generic",
            "--mode",
            "packets are merged packets",
        ),
    ];
    for (interface, mode, gets, why, warning) in rows {
        let outlook = outlook(interface, mode, NEW, &[]);
        assert_eq!(outlook.mode, gets, "{mode}");
        assert!(outlook.why.contains(why), "'{}' lacks '{why}'", outlook.why);
        let warnings = outlook.warnings.join("\n");
        assert!(warnings.contains(warning), "'{warnings}' lacks '{warning}'");
        assert_eq!(warnings.is_empty(), warning.is_empty(), "'{warnings}'");
    }
    let port = port_of(2, merging);
    let all = [port.clone(), device("br0", 2, "bridge", None)];
    let outlook = outlook(&port, Mode::Auto, NEW, &all);
    assert!(
        outlook
            .warnings
            .iter()
            .any(|warning| warning.contains("rxvlan off"))
    );
}
