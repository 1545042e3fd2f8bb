//! A gateway that is not there, for pages that are drawn of one: conversations as a table, judged by the very tables that
//! a packet is judged by, added up as the daemon adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cmflow::answer::{
    Audit, ConservationStatus, Count, Flow, FlowEnd, FlowTable, HistoryStatus, InterfaceStatus, Nearest,
    RuleCount, Rules, SourceFile, Status, Tally, Undocumented, Unexplained, UnexplainedGroup, protocol_name,
};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::dashboard::{
    Cast, FlowPage, FlowRow, FlowsAsked, Past, Range, Rate, Recent, Snapshot, Source, Talk,
};
use cmflow::explain::{Book, Question, Service};
use cmflow::site::SiteModel;
use jiff::{SignedDuration, Timestamp};

/// Conversations that do the same.
#[derive(Clone, Debug)]
pub struct Talked {
    /// Who opens, who answers, and what: `10.10.0.5 > 10.20.0.11 tcp/443`.
    pub what: String,
    /// How many flows.
    pub flows: u64,
    /// Bytes of each.
    pub bytes: u64,
    /// Bytes a second of all of them.
    pub rate: f64,
    /// `answered`, `refused` …
    pub state: &'static str,
    /// Seconds since the first packet, and since the last.
    pub ago: (i64, i64),
}

impl Talked {
    /// One answered flow that goes on.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            flows: 1,
            bytes: 40_000,
            rate: 2000.0,
            state: "answered",
            ago: (600, 0),
        }
    }

    /// As many flows of so many bytes, so many bytes a second.
    #[must_use]
    pub const fn much(mut self, flows: u64, bytes: u64, rate: f64) -> Self {
        self.flows = flows;
        self.bytes = bytes;
        self.rate = rate;
        self
    }

    /// In another state.
    #[must_use]
    pub const fn state(mut self, state: &'static str) -> Self {
        self.state = state;
        self
    }

    /// First and last packet, seconds ago.
    #[must_use]
    pub const fn ago(mut self, first: i64, last: i64) -> Self {
        self.ago = (first, last);
        self
    }
}

/// The gateway.
#[derive(Debug)]
pub struct Pictured {
    catalogue: Catalogue,
    site: SiteModel,
    compiled: Compiled,
    cast: Cast,
    /// What was read last.
    pub snapshot: Snapshot,
    recent: Recent,
    flows: Vec<FlowRow>,
    /// What the history holds; nothing where there is none.
    pub past: Option<Arc<Past>>,
    /// The latest audit.
    pub audit: Option<Audit>,
    /// Whether approvals are taken.
    pub approvals: bool,
}

/// Now, for whoever looks at such a gateway.
#[must_use]
pub fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

impl Pictured {
    /// Judges conversations by a site file.
    ///
    /// # Panics
    /// Where the site file or a conversation is not sound.
    #[must_use]
    pub fn new(site: &str, talked: &[Talked]) -> Self {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let site = config::parse(&catalogue, "site.toml", site)
            .expect("a sound site file")
            .model;
        let compiled = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
        let book = Book {
            catalogue: &catalogue,
            site: &site,
            compiled: &compiled,
        };
        let cast = Cast::of(&book);
        let flows: Vec<FlowRow> = talked.iter().flat_map(|one| flows(&book, one)).collect();
        let snapshot = snapshot(&book, &flows);
        let mut recent = Recent::default();
        for second in (0..=60).rev() {
            recent.push(&at_second(&snapshot, &flows, second));
        }
        Self {
            cast,
            snapshot,
            recent,
            flows,
            past: None,
            audit: None,
            approvals: false,
            catalogue,
            site,
            compiled,
        }
    }
}

impl Source for Pictured {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn recent(&self) -> &Recent {
        &self.recent
    }

    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn book(&self) -> Book<'_> {
        Book {
            catalogue: &self.catalogue,
            site: &self.site,
            compiled: &self.compiled,
        }
    }

    fn flows(&self, asked: &FlowsAsked) -> Result<FlowPage, String> {
        let any = |list: &[String], fits: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(fits);
        let query = &asked.query;
        let fitting = self.flows.iter().filter(|row| {
            let flow = &row.flow;
            let ends = [&flow.initiator, &flow.responder];
            any(&query.verdict, &|kind| *kind == flow.verdict)
                && any(&query.role, &|role| {
                    ends.iter().any(|end| end.roles.contains(role))
                })
                && any(&query.rule, &|rule| {
                    flow.rules.iter().any(|own| own.starts_with(rule.as_str()))
                })
                && (query.address.is_empty() || ends.iter().any(|end| query.address.contains(&end.address)))
                && asked.state.as_ref().is_none_or(|state| *state == flow.state)
        });
        let mut fitting: Vec<&FlowRow> = fitting.collect();
        let rate = |row: &FlowRow| row.rate.filter(|_| asked.fastest).map_or(0.0, |rate| rate.bytes);
        let bytes = |row: &FlowRow| row.flow.forward.bytes + row.flow.reverse.bytes;
        fitting.sort_by(|a, b| rate(b).total_cmp(&rate(a)).then(bytes(b).cmp(&bytes(a))));
        Ok(FlowPage {
            matching: fitting.len() as u64,
            rows: fitting
                .into_iter()
                .skip(asked.offset)
                .take(asked.limit)
                .cloned()
                .collect(),
        })
    }

    fn past(&self, _: Range) -> Result<Arc<Past>, String> {
        self.month().ok_or_else(|| "nothing was written yet".to_owned())
    }

    fn month(&self) -> Option<Arc<Past>> {
        self.past.clone()
    }

    fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    fn sign_out(&self) -> Option<&str> {
        None
    }

    fn takes_approvals(&self) -> bool {
        self.approvals
    }
}

fn flows(book: &Book<'_>, talked: &Talked) -> Vec<FlowRow> {
    let (from, rest) = talked
        .what
        .split_once(" > ")
        .expect("who opens > who answers service");
    let (to, service) = rest.split_once(' ').expect("who answers, and a service");
    let first: IpAddr = from.parse().expect("an address");
    let responder: IpAddr = to.parse().expect("an address");
    let service: Service = service.parse().expect("a service");
    let flow = |number: u64| {
        // Each a computer of its own where there are many, and a port of its own.
        let initiator = match first {
            IpAddr::V4(address) => {
                let computer = u32::from(address) + u32::try_from(number / 4).expect("few flows");
                IpAddr::V4(computer.into())
            }
            address => address,
        };
        let question = Question {
            initiator,
            responder,
            service,
            after: None,
        };
        let explanation = book.explain(&question);
        let count = |bytes: u64| Count {
            packets: bytes / 800 + 1,
            bytes,
        };
        let answered = talked.state == "answered";
        let flow = Flow {
            protocol: protocol_name(service.protocol),
            initiator: FlowEnd {
                address: initiator,
                port: 49_200 + u16::try_from(number % 16_000).expect("below 16,000"),
                roles: explanation.initiator.roles.clone(),
            },
            responder: FlowEnd {
                address: responder,
                port: service.port,
                roles: explanation.responder.roles.clone(),
            },
            initiator_seen: true,
            state: talked.state.to_owned(),
            basis: explanation.verdict.basis.map(|basis| basis.name().to_owned()),
            forward: count(if answered { talked.bytes / 5 } else { talked.bytes }),
            reverse: if answered {
                count(talked.bytes / 5 * 4)
            } else {
                Count::default()
            },
            verdict: explanation.verdict.kind.name().to_owned(),
            rules: explanation.verdict.rules.clone(),
            conditions: Vec::new(),
            first_seen: before(talked.ago.0 + i64::try_from(number % 40).expect("below 40")),
            last_seen: before(talked.ago.1),
        };
        let each = talked.rate / talked.flows as f64;
        let rate = Rate {
            packets: each / 800.0,
            bytes: each,
        };
        FlowRow {
            flow,
            rate: Some(rate),
        }
    };
    (0..talked.flows).map(flow).collect()
}

/// Everything, as it was so many seconds before.
fn at_second(snapshot: &Snapshot, flows: &[FlowRow], second: i64) -> Snapshot {
    let mut then = snapshot.clone();
    then.status.at = before(second);
    let mut by_rule: BTreeMap<&str, f64> = BTreeMap::new();
    let mut by_verdict: BTreeMap<&str, f64> = BTreeMap::new();
    for row in flows {
        let rate = row.rate.map_or(0.0, |rate| rate.bytes);
        *by_verdict.entry(&row.flow.verdict).or_default() += rate;
        for rule in &row.flow.rules {
            *by_rule.entry(rule).or_default() += rate;
        }
    }
    let less = |count: u64, rate: f64| count.saturating_sub((rate * second as f64) as u64);
    for rule in &mut then.rules.rules {
        let rate = by_rule.get(rule.rule.as_str()).copied().unwrap_or_default();
        rule.bytes = less(rule.bytes, rate);
        // Not as even as a clock.
        let wave = 1.0 + ((second + rule.rule.len() as i64) % 11) as f64 / 11.0;
        rule.packets = less(rule.packets, rate / 800.0 * wave);
    }
    for (kind, tally) in &mut then.status.verdicts {
        let rate = by_verdict.get(kind.as_str()).copied().unwrap_or_default();
        tally.bytes = less(tally.bytes, rate);
        tally.packets = less(tally.packets, rate / 800.0);
    }
    for group in &mut then.undocumented.groups {
        let active = group.last_seen >= before(5);
        let rate = if active { 4000.0 } else { 0.0 };
        group.bytes = less(group.bytes, rate);
        group.packets = less(group.packets, rate / 200.0);
    }
    for interface in &mut then.status.interfaces {
        let rate: f64 = by_verdict.values().sum();
        interface.bytes = less(interface.bytes, rate / 2.0);
        interface.frames = less(interface.frames, rate / 1600.0);
    }
    then
}

fn add(tally: &mut Tally, flow: &Flow) {
    tally.packets += flow.forward.packets + flow.reverse.packets;
    tally.bytes += flow.forward.bytes + flow.reverse.bytes;
    tally.flows += 1;
}

fn snapshot(book: &Book<'_>, flows: &[FlowRow]) -> Snapshot {
    let mut verdicts: BTreeMap<String, Tally> = BTreeMap::new();
    for row in flows {
        add(verdicts.entry(row.flow.verdict.clone()).or_default(), &row.flow);
    }
    let blocked = flows.iter().map(|row| &row.flow).filter(|flow| {
        ["refused", "unanswered"].contains(&&*flow.state)
            && ["documented", "approved", "baseline"].contains(&&*flow.verdict)
    });
    let mut blocked: Vec<Flow> = blocked.cloned().collect();
    blocked.sort_by_key(|flow| std::cmp::Reverse(flow.last_seen));
    Snapshot {
        started: before(7200),
        status: status(book, flows, verdicts),
        rules: rules(book, flows),
        undocumented: undocumented(book, flows),
        talks: talks(flows),
        blocked,
        blocked_beyond: 0,
    }
}

fn status(book: &Book<'_>, flows: &[FlowRow], verdicts: BTreeMap<String, Tally>) -> Status {
    let frames: u64 = verdicts.values().map(|tally| tally.packets).sum();
    let bytes: u64 = verdicts.values().map(|tally| tally.bytes).sum();
    let interface = |name: &str, share: u64| InterfaceStatus {
        name: name.to_owned(),
        mode: "native".to_owned(),
        why: "the driver has native XDP".to_owned(),
        frames: frames * share / 100,
        bytes: bytes * share / 100,
        received: frames * share / 100,
        flows: flows.len() as u64 * share / 100,
        one_sided_flows: 0,
        one_sided_share: 0.4,
    };
    Status {
        instance: "default".to_owned(),
        site: "/etc/cmflow/site.toml".to_owned(),
        edition: book.compiled.edition.to_string(),
        version: "0.1.0".to_owned(),
        since: before(86_400 * 3 + 7000),
        at: now(),
        interfaces: vec![interface("eth0", 62), interface("eth1", 38)],
        frames,
        outcomes: [
            ("flow".to_owned(), frames),
            ("arp".to_owned(), 311),
            ("neighbour-discovery".to_owned(), 88),
        ]
        .into(),
        verdicts,
        opaque: Vec::new(),
        flow_table: FlowTable {
            entries: flows.len() as u64,
            rooms: [("answered".to_owned(), flows.len() as u64)].into(),
            capacity: 1 << 20,
            packets_without_entry: 0,
        },
        expectations: BTreeMap::new(),
        events_lost: 0,
        events_lost_by_kind: BTreeMap::new(),
        generation: 4,
        files: vec![SourceFile {
            path: "/etc/cmflow/site.toml".to_owned(),
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        }],
        gaps: Vec::new(),
        alerts: Default::default(),
        history: HistoryStatus::default(),
        conservation: ConservationStatus {
            ok: true,
            frames,
            accounted: frames,
            judged: frames,
            broken_ticks: 0,
        },
    }
}

fn rules(book: &Book<'_>, flows: &[FlowRow]) -> Rules {
    let mut sums: BTreeMap<&str, (Tally, Timestamp, Timestamp)> = BTreeMap::new();
    for flow in flows
        .iter()
        .map(|row| &row.flow)
        .filter(|flow| flow.verdict != "reversed")
    {
        for rule in &flow.rules {
            let sum = sums
                .entry(rule)
                .or_insert((Tally::default(), flow.first_seen, flow.last_seen));
            add(&mut sum.0, flow);
            sum.1 = sum.1.min(flow.first_seen);
            sum.2 = sum.2.max(flow.last_seen);
        }
    }
    let possible = book.compiled.rules.iter().filter(|rule| rule.is_possible());
    let counted = possible.map(|info| {
        let sum = sums.get(info.id.as_str()).copied();
        let tally = sum.map(|(tally, ..)| tally).unwrap_or_default();
        RuleCount {
            rule: info.id.clone(),
            verdict: info.kind.name().to_owned(),
            packets: tally.packets,
            bytes: tally.bytes,
            flows: tally.flows,
            first_seen: sum.map(|(_, first, _)| first),
            last_seen: sum.map(|(_, _, last)| last),
        }
    });
    let rules: Vec<RuleCount> = counted.collect();
    Rules {
        possible: rules.len() as u64,
        rules,
    }
}

fn talks(flows: &[FlowRow]) -> Vec<Talk> {
    type Alike = (Vec<String>, Vec<String>, String, Vec<String>);
    let mut talks: BTreeMap<Alike, Talk> = BTreeMap::new();
    // What ended long ago lives no more.
    for row in flows.iter().filter(|row| row.flow.last_seen >= before(1800)) {
        let FlowRow { flow, rate } = row;
        let key = (
            flow.initiator.roles.clone(),
            flow.responder.roles.clone(),
            flow.verdict.clone(),
            flow.rules.clone(),
        );
        let talk = talks.entry(key).or_insert_with(|| Talk {
            from: flow.initiator.roles.clone(),
            to: flow.responder.roles.clone(),
            verdict: flow.verdict.clone(),
            rules: flow.rules.clone(),
            flows: 0,
            blocked: 0,
            packets: 0,
            bytes: 0,
            rate: Rate::default(),
        });
        talk.flows += 1;
        talk.blocked += u64::from(["refused", "unanswered"].contains(&&*flow.state));
        talk.packets += flow.forward.packets + flow.reverse.packets;
        talk.bytes += flow.forward.bytes + flow.reverse.bytes;
        talk.rate += rate.unwrap_or_default();
    }
    talks.into_values().collect()
}

fn undocumented(book: &Book<'_>, flows: &[FlowRow]) -> Undocumented {
    type Who = (Vec<String>, Vec<String>, String, u16, String);
    let mut groups: BTreeMap<Who, (UnexplainedGroup, BTreeSet<IpAddr>, BTreeSet<IpAddr>)> = BTreeMap::new();
    let mut conversations: BTreeMap<(IpAddr, IpAddr, Who), Unexplained> = BTreeMap::new();
    let flagged = |flow: &&Flow| match flow.verdict.as_str() {
        "undocumented" | "reversed" => true,
        "foreign" => [&flow.initiator, &flow.responder]
            .iter()
            .any(|end| end.roles.iter().any(|role| role != "client")),
        _ => false,
    };
    for flow in flows.iter().map(|row| &row.flow).filter(flagged) {
        let who: Who = (
            flow.initiator.roles.clone(),
            flow.responder.roles.clone(),
            flow.protocol.clone(),
            flow.responder.port,
            flow.verdict.clone(),
        );
        let mut tally = Tally::default();
        add(&mut tally, flow);
        let question = Question {
            initiator: flow.initiator.address,
            responder: flow.responder.address,
            service: format!("{}/{}", flow.protocol, flow.responder.port)
                .parse()
                .expect("a service"),
            after: None,
        };
        let key = (flow.initiator.address, flow.responder.address, who.clone());
        let conversation = conversations.entry(key).or_insert_with(|| {
            let nearest = book.explain(&question).nearest.first().map(|near| Nearest {
                rule: near.rule.clone(),
                why_not: near.why_not.clone(),
            });
            Unexplained {
                protocol: flow.protocol.clone(),
                initiator: flow.initiator.address,
                initiator_roles: flow.initiator.roles.clone(),
                responder: flow.responder.address,
                responder_roles: flow.responder.roles.clone(),
                port: flow.responder.port,
                verdict: flow.verdict.clone(),
                packets: 0,
                bytes: 0,
                flows: 0,
                first_seen: flow.first_seen,
                last_seen: flow.last_seen,
                nearest,
            }
        });
        conversation.packets += tally.packets;
        conversation.bytes += tally.bytes;
        conversation.flows += 1;
        let nearest = conversation.nearest.clone();
        let (group, initiators, responders) = groups.entry(who).or_insert_with(|| {
            let group = UnexplainedGroup {
                initiator_roles: flow.initiator.roles.clone(),
                responder_roles: flow.responder.roles.clone(),
                protocol: flow.protocol.clone(),
                port: flow.responder.port,
                verdict: flow.verdict.clone(),
                initiators: 0,
                responders: 0,
                flows: 0,
                packets: 0,
                bytes: 0,
                first_seen: flow.first_seen,
                last_seen: flow.last_seen,
                nearest,
            };
            (group, BTreeSet::new(), BTreeSet::new())
        });
        initiators.insert(flow.initiator.address);
        responders.insert(flow.responder.address);
        group.flows += 1;
        group.packets += tally.packets;
        group.bytes += tally.bytes;
        group.first_seen = group.first_seen.min(flow.first_seen);
        group.last_seen = group.last_seen.max(flow.last_seen);
    }
    let groups = groups.into_values().map(|(mut group, initiators, responders)| {
        group.initiators = initiators.len() as u64;
        group.responders = responders.len() as u64;
        group
    });
    let mut groups: Vec<UnexplainedGroup> = groups.collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.flows));
    let mut undocumented: Vec<Unexplained> = conversations.into_values().collect();
    undocumented.sort_by_key(|one| std::cmp::Reverse(one.first_seen));
    Undocumented {
        undocumented,
        groups,
        beyond: 0,
    }
}
