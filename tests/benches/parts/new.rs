//! First packets: documented, undocumented, and announced by an endpoint mapper.
//!
//! Hot: one pair of computers, ports drawn at random. Cold: clients drawn at random among 65,536.

use anyhow::{Result, ensure};
use cmflow::kernel::{Constants, Hook, NewsRing, Program};
use cmflow_common::expectation::{Event, Kind};
use cmflow_common::memory::MemoryTables;
use cmflow_tests::frames::eth;
use cmflow_tests::kernel_rig::{KernelRig, drain};
use cmflow_tests::small_site::MANAGEMENT_POINT;

use super::asked::Asked;
use super::figure::Figure;
use super::known::{few, packet};
use super::rounds::{Cost, rounds};
use super::tables::{self, CLIENT};

/// New flows a round: the table stays nearly empty, few are drawn twice, and the ring of news has room for all.
const NEW_FLOWS: u32 = 2_000;
/// Ports drawn at random.
const PORTS: u32 = 0xffff;
/// Ports and clients drawn at random.
const PORTS_AND_CLIENTS: u32 = u32::MAX;
/// Pairs with an announcement, where they are drawn: as many as half of the places for them.
const PAIRS: u16 = 1 << 15;
/// Ports, and those clients.
const PORTS_AND_PAIRS: u32 = PORTS | (PAIRS as u32 - 1) << 16;

/// With few rules, and with 10,000 and 100,000 prefixes and addresses.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let mut figures = with(asked, &tables::small(), "", [450.0, f64::NAN])?;
    figures.extend(with(asked, &tables::large(), "-large-site", [f64::NAN, 900.0])?);
    Ok(figures)
}

fn with(asked: &Asked, tables: &MemoryTables, suffix: &str, reach: [f64; 2]) -> Result<Vec<Figure>> {
    let mut rig = few(tables)?;
    let mut stand = Stand::new(asked, &mut rig)?;
    let mut figures = Vec::new();
    let mut plain = Vec::new();
    for (bits, temperature, reach) in [(PORTS, "", reach[0]), (PORTS_AND_CLIENTS, "-cold", reach[1])] {
        let cost = stand.cost(&rig, 443, bits)?;
        let figure = cost.figure(format!("new-flow{temperature}{suffix}"));
        figures.push(if reach.is_nan() {
            figure
        } else {
            figure.at_most(reach)
        });
        plain.push(cost);
        let cost = stand.cost(&rig, 8081, bits)?;
        figures.push(cost.figure(format!("undocumented-new-flow{temperature}{suffix}")));
    }
    let lost: u64 = rig.maps.lost_news()?.iter().sum();
    ensure!(
        lost == 0,
        "{lost} news found no room: undocumented-new-flow would look cheaper than it is"
    );
    if suffix.is_empty() {
        // The announcements fill half of the table of expectations, so the two are compared with the same clients.
        let cold = stand.cost(&rig, 443, PORTS_AND_PAIRS)?;
        announce(&rig)?;
        for (bits, temperature, than, more) in [
            (PORTS, "", &plain[0], 60.0),
            (PORTS_AND_PAIRS, "-cold", &cold, 200.0),
        ] {
            let before = rig.maps.expected(Kind::Rpc)?[Event::Met as usize];
            let cost = stand.cost(&rig, 50_000, bits)?;
            let met = rig.maps.expected(Kind::Rpc)?[Event::Met as usize] - before;
            let share = met as f64 / f64::from(NEW_FLOWS) / stand.runs(asked) as f64;
            let name = format!("new-flow-by-expectation{temperature}");
            let figure = cost.figure(name).at_most((than.ns + more).round());
            figures.push(figure.with("new-flow", than.ns).with("met", share));
        }
    }
    Ok(figures)
}

/// What the paths of new flows are measured with.
struct Stand<'a> {
    asked: &'a Asked,
    noop: Program,
    drawing: Cost,
    ring: NewsRing,
}

impl<'a> Stand<'a> {
    fn new(asked: &'a Asked, rig: &mut KernelRig) -> Result<Self> {
        let mut program = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
        let mut drawing = Program::load_bench(&rig.maps, 0)?;
        let frame = packet().build();
        Ok(Self {
            asked,
            noop: Program::load_noop(&rig.maps)?,
            // The same flow, but the source is drawn (and drawn the same each time).
            drawing: rounds(asked, &mut program, &mut drawing, &frame, asked.repeat, || {})?,
            ring: rig.news(),
        })
    }

    /// A SYN of a new flow to a port of the management point, over the no-op program.
    fn cost(&mut self, rig: &KernelRig, port: u16, bits: u32) -> Result<Cost> {
        let mut program = Program::load_bench(&rig.maps, bits)?;
        let frame = eth()
            .ipv4(CLIENT, MANAGEMENT_POINT)
            .tcp(50000, port)
            .syn()
            .build();
        let Self {
            asked, noop, ring, ..
        } = self;
        let cost = rounds(asked, noop, &mut program, &frame, NEW_FLOWS, || {
            forget(rig, ring);
        })?;
        Ok(cost.without(&self.drawing))
    }

    /// How often [`Stand::cost`] runs its frame [`NEW_FLOWS`] times.
    fn runs(&self, asked: &Asked) -> usize {
        (asked.rounds + 1) * 4
    }
}

/// Frees all flows and takes all news, so that the next round finds neither. What was announced stays.
fn forget(rig: &KernelRig, ring: &mut NewsRing) {
    rig.forget_flows();
    let _taken = drain(ring);
}

/// A conversation of each client with the endpoint mapper, as far as it announces something: asked, answered, and
/// asked again.
fn announce(rig: &KernelRig) -> Result<()> {
    let mut program = Program::load(&rig.maps, Hook::Native, &Constants::default())?;
    let base = CLIENT.parse::<std::net::Ipv4Addr>()?.to_bits();
    for number in 0..PAIRS {
        let client = std::net::Ipv4Addr::from_bits(base ^ u32::from(number)).to_string();
        let asks = eth().ipv4(&client, MANAGEMENT_POINT).tcp(50_001, 135);
        let answers = eth().ipv4(MANAGEMENT_POINT, &client).tcp(135, 50_001);
        for frame in [
            asks.clone().syn(),
            answers.clone().syn().ack(),
            asks.clone().ack().payload(72),
            answers.ack().payload(60),
            asks.ack().payload(150),
        ] {
            program.test_run(&frame.build(), 1)?;
        }
        if number % 4096 == 4095 {
            rig.forget_flows();
        }
    }
    let [made, _, crowded_out] = rig.maps.expected(Kind::Rpc)?;
    ensure!(
        made - crowded_out > u64::from(PAIRS) / 100 * 95,
        "{made} announcements were made, {crowded_out} of them crowded out"
    );
    Ok(())
}
