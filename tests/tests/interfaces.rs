//! Interfaces of real network namespaces: what is read of them and what is refused.

use anyhow::{Result, ensure};
use cmflow::kernel::interface::{self, Choice, InterfaceError, Mode};
use cmflow::kernel::{Constants, Hook, Maps, Pins, Program};
use xtask::lab::{self, Netns};

/// A namespace with a pair, a bridge with a port, and a bare-IP device; nothing where none can be made.
fn namespace(label: &str) -> Result<Option<Netns>> {
    if let Some(reason) = lab::unavailable() {
        eprintln!("skipped: {reason}");
        return Ok(None);
    }
    let netns = Netns::new(label)?;
    for line in [
        "link add left type veth peer name right",
        "link add port type veth peer name far",
        "link add br0 type bridge",
        "link set port master br0",
        "link set left up",
        "link set right up",
        "link set port up",
        "link set far up mtu 4000",
        "link set br0 up",
        "address add 192.0.2.1/24 dev left",
        "address add 2001:db8::1/64 dev left nodad",
        "link add asleep type veth peer name quiet",
    ] {
        netns.ip(line)?;
    }
    Ok(Some(netns))
}

fn choose(netns: &Netns, names: &[&str], mode: Mode) -> Result<Result<Choice, InterfaceError>> {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    netns.enter(|| interface::choose(&names, mode, &[]))
}

#[test]
fn facts_are_those_of_the_namespace() -> Result<()> {
    let Some(netns) = namespace("facts")? else {
        return Ok(());
    };
    let all = netns.enter(interface::all)??;
    ensure!(
        !all.iter().any(|one| one.name == "eth0"),
        "an interface of the host's namespace is seen"
    );
    let left = netns.enter(|| interface::find("left"))??;
    let right = netns.enter(|| interface::find("right"))??;
    let port = netns.enter(|| interface::find("port"))??;
    let bridge = netns.enter(|| interface::find("br0"))??;
    let far = netns.enter(|| interface::find("far"))??;
    assert_eq!(left.kind.as_deref(), Some("veth"));
    assert_eq!(left.driver.as_deref(), Some("veth"));
    assert_eq!((left.up, left.mtu, left.parent), (true, 1500, Some(right.index)));
    assert_eq!(bridge.kind.as_deref(), Some("bridge"));
    assert_eq!(port.master, Some(bridge.index));
    assert_eq!(left.attached, None);
    if let Some(native) = left.native {
        assert!(
            native.present && native.pieces,
            "veth has native XDP, in pieces too"
        );
    }
    for address in ["192.0.2.1", "2001:db8::1"] {
        assert!(
            left.addresses.contains(&address.parse()?),
            "{address} in {:?}",
            left.addresses
        );
        let own = netns.enter(interface::addresses)??;
        assert!(own.contains(&(left.index, address.parse()?)));
    }

    let ends = netns.enter(interface::broadcasts)??;
    assert_eq!(ends, ["192.0.2.255".parse::<std::net::IpAddr>()?]);

    let told = interface::constants(&port, 3, Hook::Native, &all);
    assert_eq!(
        (told.link, told.tags_apart, told.in_pieces),
        (bridge.index, true, false)
    );
    let told = interface::constants(&far, 3, Hook::Native, &all);
    assert_eq!(
        (told.link, told.tags_apart, told.in_pieces),
        (far.index, false, true)
    );
    Ok(())
}

#[test]
fn counters_are_those_of_the_interface() -> Result<()> {
    let Some(netns) = namespace("counters")? else {
        return Ok(());
    };
    let left = netns.enter(|| interface::find("left"))??;
    let before = netns.counters("left")?.rx_packets;
    let (packets, _) = netns.enter(|| interface::counters(left.index))??;
    let after = netns.counters("left")?.rx_packets;
    assert!(
        before <= packets && packets <= after,
        "{before} <= {packets} <= {after}"
    );
    let gone = netns.enter(|| interface::counters(9999))?;
    assert!(
        matches!(gone, Err(InterfaceError::Gone { index: 9999 })),
        "{gone:?}"
    );
    Ok(())
}

#[test]
fn an_end_in_another_namespace_is_no_parent() -> Result<()> {
    let Some(netns) = namespace("ends")? else {
        return Ok(());
    };
    let other = Netns::new("ends-other")?;
    netns.ip(&format!("link set right netns {}", other.name()))?;
    let left = netns.enter(|| interface::find("left"))??;
    assert_eq!(left.parent, None);
    Ok(())
}

#[test]
fn refusals_say_what_to_do() -> Result<()> {
    let Some(netns) = namespace("refusals")? else {
        return Ok(());
    };
    let rows: &[(&[&str], &str)] = &[
        (
            &["lfet"],
            "there is no interface \"lfet\"; did you mean \"left\"?",
        ),
        (
            &["asleep"],
            "asleep is down; set it up first: ip link set asleep up",
        ),
        (&["left", "left"], "left is named twice"),
        (
            &["br0", "port"],
            "port is a port of the bridge br0; leave one of them out",
        ),
    ];
    for (names, words) in rows {
        let error = choose(&netns, names, Mode::Auto)?
            .expect_err("it is to be refused")
            .to_string();
        assert!(error.contains(words), "'{error}' lacks '{words}'");
    }
    let choice = choose(&netns, &["right", "port"], Mode::Auto)??;
    let names: Vec<_> = choice.chosen.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["right", "port"], "slots follow the order of the names");
    // Both ends of a pair see each frame once: at the end where it comes in.
    choose(&netns, &["left", "right"], Mode::Auto)??;
    Ok(())
}

#[test]
fn the_report_tells_every_problem() -> Result<()> {
    let Some(netns) = namespace("report")? else {
        return Ok(());
    };
    let names = ["left", "far", "asleep", "lfet"].map(str::to_owned);
    let report = netns.enter(|| interface::report(&names, Mode::Auto))?;
    assert_eq!(report.problems.len(), 2, "{:?}", report.problems);
    assert_eq!(report.interfaces.len(), 3);
    let far = &report.interfaces[1];
    assert_eq!((far.mode, far.mtu), ("native", 4000));
    let text = report.to_string();
    assert!(text.contains("far: driver veth, MTU 4000, mode native"), "{text}");
    assert!(
        far.warnings
            .iter()
            .any(|warning| warning.contains("several pieces")),
        "{:?}",
        far.warnings
    );
    Ok(())
}

#[test]
fn an_interface_that_carries_a_program_is_refused() -> Result<()> {
    let Some(netns) = namespace("busy")? else {
        return Ok(());
    };
    let pins = OwnPins(Pins::of(&format!("test-busy-{}", std::process::id())));
    let maps = Maps::create(&pins.0, 10, 1)?;
    let left = netns.enter(|| interface::find("left"))??;
    let mut program = Program::load(&maps, Hook::Native, &Constants::default())?;
    netns.enter(|| program.attach("left", left.index))??;

    let busy = netns.enter(|| interface::find("left"))??;
    let attached = busy.attached.clone().expect("the program was attached");
    assert_eq!(
        (attached.mode, attached.name.as_deref()),
        ("native", Some("cmflow_xdp"))
    );
    let error = choose(&netns, &["left"], Mode::Auto)?
        .expect_err("it is to be refused")
        .to_string();
    for words in [
        "left already carries an XDP program (cmflow_xdp, id ",
        "native mode",
        "--mode tcx",
    ] {
        assert!(error.contains(words), "'{error}' lacks '{words}'");
    }
    choose(&netns, &["left"], Mode::Tcx)??;
    let own = ["left".to_owned()];
    netns.enter(|| interface::choose(&own, Mode::Auto, &[attached.program]))??;

    drop(program);
    choose(&netns, &["left"], Mode::Auto)??;
    Ok(())
}

/// Pins that go with the test.
struct OwnPins(Pins);

impl Drop for OwnPins {
    fn drop(&mut self) {
        if let Err(error) = self.0.remove() {
            eprintln!("{error}");
        }
    }
}
