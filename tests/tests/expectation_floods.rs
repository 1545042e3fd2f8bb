//! Who sends TFTP requests and conversations with the endpoint mapper by the million, from addresses that they made
//! up, keeps nobody else from being expected: what is announced makes room for others of its kind, the oldest first.

use std::net::Ipv4Addr;

use anyhow::Result;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::kernel::{Constants, Hook};
use cmflow::replay::Seen;
use cmflow::site::SiteModel;
use cmflow_common::expectation::{Event, Kind, ROOM_BITS, event_index};
use cmflow_common::gateway::{Arrival, View};
use cmflow_common::memory::MemoryGateway;
use cmflow_common::observe::observe;
use cmflow_common::parse::LinkLayer;
use cmflow_tests::frames::{Frame, eth};
use cmflow_tests::kernel_rig::{KernelRig, Looker};
use cmflow_tests::replayed::Tables;
use cmflow_tests::slice_rig::LIFETIMES;

const SITE: &str = r#"
companions = []
networks.internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
distribution-point-pxe = ["10.20.0.14"]
management-point = ["10.20.0.11"]
site-server = ["10.30.0.5"]
[[rule]]
id = "inventory"
from = "client"
to = "site-server"
tcp = [135]
why = "CHG1: an attacker whose conversations with the endpoint mapper are approved"
"#;

const PXE: &str = "10.20.0.14";
const POINT: &str = "10.20.0.11";
const SERVER: &str = "10.30.0.5";
const HONEST: &str = "10.10.255.7";

/// Places for each kind of expectation.
const ROOM: u64 = 1 << ROOM_BITS;

fn site() -> Result<(SiteModel, Compiled)> {
    let catalogue = Catalogue::embedded()?;
    let site = config::parse(&catalogue, "site.toml", SITE)?.model;
    let compiled = compile(&catalogue, &site, &Machine::default(), &[])?;
    Ok((site, compiled))
}

/// A client that nobody has; port and address of the next one are others.
fn made_up(number: u32) -> (String, u16) {
    let address = Ipv4Addr::from_bits(0x0a0a_0000 | (number % 65_000));
    (address.to_string(), 1024 + (number / 65_000) as u16)
}

/// What an attacker sends in turn: a TFTP request, a SYN to 135.
fn flood(number: u32) -> [Frame; 2] {
    let (from, port) = made_up(number);
    [
        eth().ipv4(&from, PXE).udp(port, 69).payload(20),
        eth().ipv4(&from, SERVER).tcp(port, 135).syn(),
    ]
}

/// A TFTP request, and a conversation with the endpoint mapper that goes on.
fn announced() -> Vec<Frame> {
    let asks = || eth().ipv4(POINT, SERVER).tcp(40_000, 135);
    let answers = || eth().ipv4(SERVER, POINT).tcp(135, 40_000);
    vec![
        eth().ipv4(HONEST, PXE).udp(2070, 69).payload(20),
        asks().syn(),
        answers().syn().ack(),
        asks().ack().payload(72),
        answers().ack().payload(60),
        asks().ack(),
    ]
}

/// What they announce.
fn expected() -> Vec<Frame> {
    vec![
        eth().ipv4(PXE, HONEST).udp(33_000, 2070).payload(516),
        eth().ipv4(POINT, SERVER).tcp(40_001, 50_000).syn(),
    ]
}

/// Checks that both are credited to what announced them.
fn are_expected(flows: &[cmflow::answer::Flow]) {
    let bases: Vec<_> = flows
        .iter()
        .filter(|flow| {
            let ends = [&flow.initiator, &flow.responder];
            ends.iter().any(|end| end.port == 50_000) || flow.initiator.port == 2070
        })
        .map(|flow| {
            (
                flow.rules.join(" "),
                flow.basis.clone().unwrap_or_default(),
                flow.reverse.packets,
            )
        })
        .collect();
    assert_eq!(bases.len(), 2, "{bases:?}");
    let tftp = (
        "client/distribution-point-pxe/tftp".to_owned(),
        "port".to_owned(),
        1,
    );
    let rpc = (
        "management-point/site-server/rpc".to_owned(),
        "expectation".to_owned(),
        0,
    );
    assert!(bases.contains(&tftp), "{bases:?}");
    assert!(bases.contains(&rpc), "{bases:?}");
}

fn look(gateway: &MemoryGateway<'_>, view: &View, frame: &[u8]) {
    let arrival = Arrival {
        bytes: frame.len() as u64,
        packets: 1,
        tag: None,
    };
    observe(gateway, view, frame, arrival);
    gateway.now.set(gateway.now.get() + 1);
    gateway.news.borrow_mut().clear();
}

fn count_of(gateway: &MemoryGateway<'_>, kind: Kind, event: Event) -> u64 {
    gateway.events.borrow()[event_index(kind, event)]
}

/// A million of each by the path in memory: those who come after it are expected.
#[test]
fn a_million_requests_keep_nobody_from_being_expected() -> Result<()> {
    let (site, compiled) = site()?;
    let mut gateway: MemoryGateway<'_> = MemoryGateway::new(&compiled.tables, 16);
    gateway.control.lifetimes = LIFETIMES;
    gateway.control.seed = 1;
    let view = View {
        link_layer: LinkLayer::Ethernet,
        ..View::NOWHERE
    };
    let [mut request, mut syn] = flood(0).map(|frame| frame.build());
    for number in 0..1_000_000 {
        // Addresses and ports written over in place: building two million frames would take most of the time.
        let (from, port) = made_up(number);
        let from: Ipv4Addr = from.parse()?;
        for frame in [&mut request, &mut syn] {
            frame[26..30].copy_from_slice(&from.octets());
            frame[34..36].copy_from_slice(&port.to_be_bytes());
            look(&gateway, &view, frame);
        }
    }
    let made = count_of(&gateway, Kind::Tftp, Event::Made);
    let crowded_out = count_of(&gateway, Kind::Tftp, Event::CrowdedOut);
    assert!(made >= 990_000, "{made}");
    assert!(crowded_out >= made - ROOM, "{crowded_out} of {made}");
    // A SYN that nobody answers announces nothing.
    assert_eq!(count_of(&gateway, Kind::Rpc, Event::Made), 0);
    // Flows are bounded too: the table has as many slots as it had.
    assert_eq!(gateway.capacity(), 1 << 16);
    assert!(gateway.without_entry.get().packets > 0);

    // Conversations that are answered and go on announce, and crowd out their own kind at most.
    let mut spoken = [
        eth().ipv4("10.10.0.1", SERVER).tcp(1024, 135).ack().payload(72),
        eth().ipv4(SERVER, "10.10.0.1").tcp(135, 1024).ack().payload(60),
    ]
    .map(|frame| frame.build());
    let now = gateway.now.get();
    gateway.free_silent([now; 4], |_| {});
    let gone = count_of(&gateway, Kind::Rpc, Event::CrowdedOut);
    for number in 0..200_000_u32 {
        let from = Ipv4Addr::from_bits(0x0a0a_0000 | (number % 65_000)).octets();
        spoken[0][26..30].copy_from_slice(&from);
        spoken[1][30..34].copy_from_slice(&from);
        for frame in [&spoken[0], &spoken[1], &spoken[0]] {
            look(&gateway, &view, frame);
        }
    }
    let made = count_of(&gateway, Kind::Rpc, Event::Made);
    assert!(made >= 60_000, "{made}");
    assert!(count_of(&gateway, Kind::Rpc, Event::CrowdedOut) > gone);

    // What nobody used makes room for who comes now, in the flow table as the reader frees it.
    let now = gateway.now.get();
    gateway.free_silent([now; 4], |_| {});
    honest_ones_are_expected(&gateway, &view, &site, &compiled)
}

fn honest_ones_are_expected(
    gateway: &MemoryGateway<'_>,
    view: &View,
    site: &SiteModel,
    compiled: &Compiled,
) -> Result<()> {
    for frame in announced().into_iter().chain(expected()) {
        look(gateway, view, &frame.build());
    }
    let tables = Tables::of(site.clone(), compiled.clone());
    let flows = cmflow::account::Flow::collect(gateway.slots());
    are_expected(&tables.tell(&Seen {
        flows,
        ..Seen::default()
    }));
    Ok(())
}

/// A hundred thousand by the program in the kernel.
#[test]
fn the_kernel_is_not_kept_from_expecting_either() -> Result<()> {
    const REQUESTS: u32 = 100_000;
    let (site, compiled) = site()?;
    let Some(rig) = KernelRig::new(&compiled.tables, 18) else {
        return Ok(());
    };
    let mut program = rig.program(Hook::Native, &Constants::default());
    let run = |program: &mut Looker, frames: Vec<Frame>| {
        for frame in frames {
            program.run(&frame.build());
        }
    };
    run(&mut program, announced());
    for number in 0..REQUESTS {
        run(&mut program, flood(number).to_vec());
    }
    let [made, _, crowded_out] = rig.maps.expected(Kind::Tftp)?;
    assert!(made > u64::from(REQUESTS) * 99 / 100, "{made}");
    assert!(crowded_out > 0 && crowded_out < made, "{crowded_out} of {made}");
    assert!(rig.maps.expectations_alive(Kind::Tftp, 0) as u64 <= ROOM);
    // SYNs alone announced nothing, so the conversation before the flood is still known; its own kind has its own room.
    assert_eq!(rig.maps.expected(Kind::Rpc)?, [1, 0, 0]);
    // Silent flows are the reader's to free, and what room they have is told elsewhere.
    rig.forget_flows();
    run(
        &mut program,
        vec![eth().ipv4(HONEST, PXE).udp(2070, 69).payload(20)],
    );
    run(&mut program, expected());
    let tables = Tables::of(site, compiled);
    are_expected(&tables.tell(&Seen {
        flows: rig.flows(),
        ..Seen::default()
    }));
    Ok(())
}
