//! The hook an interface gets, and what its program is told.

use super::super::link::named;
use super::super::machine::Release;
use super::super::plan::plan_for;
use super::super::report::outlook;
use super::super::{Interface, Mode, Native, Offloads, constants};
use super::{BARE, NEW, OLD, card, device, port_of};
use crate::kernel::Hook;

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
    // Driver, mode asked for, words among the warnings; nothing: no warning.
    for (driver, mode, warning) in [
        ("ixgbe", Mode::Native, "driver ixgbe takes the link down"),
        (
            "ice",
            Mode::Native,
            "with --keep a restart or an upgrade swaps programs",
        ),
        // Auto keeps the link: tcx.
        ("ixgbe", Mode::Auto, ""),
        ("ena", Mode::Auto, "driver ena makes its queues anew"),
        ("vmxnet3", Mode::Auto, "makes its queues anew"),
        ("ena", Mode::Tcx, ""),
        ("virtio_net", Mode::Auto, ""),
    ] {
        let warnings = outlook(&card("eth1", 1, driver), mode, NEW, &[])
            .warnings
            .join("\n");
        assert!(
            warnings.contains(warning),
            "{driver}: '{warnings}' lacks '{warning}'"
        );
        assert_eq!(warnings.is_empty(), warning.is_empty(), "{driver}: '{warnings}'");
    }
    for (driver, said) in [
        ("mlx5_core", "driver mlx5_core refuses native XDP meanwhile"),
        ("vmxnet3", "turns that off for native XDP"),
        ("e1000e", "stops native XDP on some"),
    ] {
        let merging = Interface {
            offloads: merging.offloads,
            ..card("eth1", 1, driver)
        };
        let warnings = outlook(&merging, Mode::Auto, NEW, &[]).warnings.join("\n");
        assert!(
            warnings.contains(said) && warnings.contains("ethtool -K eth1 lro off"),
            "{warnings}"
        );
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
