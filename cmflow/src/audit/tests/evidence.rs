//! Histories as tests write them: what talked, where it is, what was not observed.

use cmflow_common::address::Address;
use cmflow_common::gateway::{PortClass, port_index};
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::{Site, time};
use crate::compile::VerdictInfo;
use crate::history::{
    Activity, ConversationKey, Days, Evidence, Gateway, Outage, RecordedConversation, RuleSpan, Sighting,
    VerdictUse, day_of,
};

/// Begin of every window.
pub(super) const BEGIN: &str = "2026-09-01T00:00:00Z";

/// How a conversation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Answered, and it was seen who opened it.
    Answered,
    /// Answered, and nobody saw who opened it.
    Inferred,
    Refused,
    Silent,
    OneSided,
}

/// A gateway with the interfaces `inner` (clients) and `outer` (servers), that looked for some days.
pub(super) struct Told<'a> {
    site: &'a Site,
    pub(super) evidence: Evidence,
}

pub(super) fn net(text: &str) -> IpNet {
    text.parse()
        .unwrap_or_else(|_| IpNet::from(text.parse::<std::net::IpAddr>().expect("an address or a prefix")))
}

impl<'a> Told<'a> {
    /// One that looked for so many days, knew every rule from the beginning, and saw nobody.
    pub(super) fn new(site: &'a Site, name: &str, days: i64) -> Self {
        let from = time(BEGIN);
        let rules = site.compiled.rules.iter().filter(|rule| rule.is_possible());
        let interfaces = ["inner", "outer"].map(|name| (name.to_owned(), "native".to_owned()));
        let evidence = Evidence {
            gateway: Gateway {
                name: name.to_owned(),
                interfaces: interfaces.to_vec(),
            },
            from,
            to: from + SignedDuration::from_hours(24 * days),
            rules: rules
                .map(|rule| RuleSpan {
                    rule: rule.id.clone(),
                    from,
                })
                .collect(),
            ..Evidence::default()
        };
        Self { site, evidence }
    }

    /// Clients came in by the inner interface, servers by the outer one.
    pub(super) fn seen_apart(self) -> Self {
        let clients = ["10.10.1.0/24", "10.10.2.0/24", "10.10.9.9"];
        let servers = [
            "10.20.0.11",
            "10.20.0.12",
            "10.20.0.21",
            "10.20.0.22",
            "10.20.0.31",
            "10.20.0.41",
        ];
        let told = clients
            .into_iter()
            .fold(self, |told, who| told.seen(who, "inner"));
        let told = servers
            .into_iter()
            .fold(told, |told, who| told.seen(who, "outer"));
        told.seen("10.30.0.5", "inner").seen("10.30.0.6", "outer")
    }

    /// Packets of somebody came in by an interface.
    pub(super) fn seen(mut self, who: &str, interface: &str) -> Self {
        self.evidence.sightings.push(Sighting {
            who: net(who),
            interface: interface.to_owned(),
            here: true,
        });
        self
    }

    /// Nobody was seen after all.
    pub(super) fn unseen(mut self, who: &str) -> Self {
        self.evidence
            .sightings
            .retain(|sighting| sighting.who != net(who));
        self
    }

    /// A time without observation, in hours after the begin.
    pub(super) fn outage(mut self, kind: &str, from_h: i64, to_h: i64) -> Self {
        let at = |hours: i64| self.evidence.from + SignedDuration::from_hours(hours);
        let outage = Outage {
            from: at(from_h),
            to: at(to_h),
            kind: kind.to_owned(),
            note: String::new(),
        };
        self.evidence.outages.push(outage);
        self
    }

    /// A rule became possible so many days after the begin.
    pub(super) fn since(mut self, rule: &str, days: i64) -> Self {
        let at = self.evidence.from + SignedDuration::from_hours(24 * days);
        let mut spans = self.evidence.rules.iter_mut();
        spans
            .find(|span| span.rule == rule)
            .expect("a possible rule")
            .from = at;
        self
    }

    /// Number of a verdict, which it gets where it has none.
    pub(super) fn verdict(&mut self, info: &VerdictInfo) -> usize {
        let verdicts = &mut self.evidence.verdicts;
        let known = verdicts.iter().position(|one| one.info == *info);
        known.unwrap_or_else(|| {
            verdicts.push(VerdictUse {
                info: info.clone(),
                total: Activity::default(),
                days: Vec::new(),
            });
            verdicts.len() - 1
        })
    }

    /// Somebody talked each day from one to another, as the tables judge it.
    pub(super) fn talk(self, from: &str, to: &str, service: (u8, u16), end: End) -> Self {
        let days = (self.evidence.to.duration_since(self.evidence.from).as_hours() / 24).min(400);
        self.talk_on(from, to, service, end, 0..days)
    }

    /// The same, on some days of the window.
    pub(super) fn talk_on(
        mut self,
        from: &str,
        to: &str,
        (protocol, port): (u8, u16),
        end: End,
        days: std::ops::Range<i64>,
    ) -> Self {
        let info = judged(self.site, net(from), net(to), protocol, port);
        let number = self.verdict(&info);
        let at = |day: i64| -> Timestamp {
            self.evidence.from + SignedDuration::from_hours(24 * day) + SignedDuration::from_mins(5)
        };
        let times: Vec<Timestamp> = days.map(at).collect();
        let flows = times.len() as u64;
        let counts = |wanted: &[End]| if wanted.contains(&end) { flows } else { 0 };
        let activity = Activity {
            packets: 10 * flows,
            bytes: 1_000 * flows,
            flows,
            answered: counts(&[End::Answered, End::Inferred]),
            proving: counts(&[End::Answered]),
            refused: counts(&[End::Refused]),
            one_sided: counts(&[End::OneSided]),
        };
        let verdict = &mut self.evidence.verdicts[number];
        verdict.total.add(&activity);
        let mut hit = Days::default();
        for time in &times {
            hit.add(day_of(*time));
            verdict.days.push((day_of(*time), 10));
        }
        let proves = end == End::Answered;
        let dynamic = matches!(
            info.basis,
            Some(crate::compile::Basis::Range | crate::compile::Basis::Expectation)
        );
        self.evidence.conversations.push(RecordedConversation {
            key: ConversationKey {
                protocol,
                initiator: net(from),
                responder: net(to),
                port: if dynamic { 0 } else { port },
                verdict: u32::try_from(number).expect("few verdicts"),
            },
            total: activity,
            first_seen: times[0],
            last_seen: times[times.len() - 1],
            last_proving: times.last().copied().filter(|_| proves),
            hit,
            proving: if proves { hit } else { Days::default() },
            ports: (port, port),
            initiators: 1,
            responders: 1,
            folded: false,
        });
        self
    }

    /// An endpoint mapper announced what was seen by its range alone before.
    pub(super) fn announced(mut self) -> Self {
        for verdict in &mut self.evidence.verdicts {
            if verdict.info.basis == Some(crate::compile::Basis::Range) {
                verdict.info.basis = Some(crate::compile::Basis::Expectation);
            }
        }
        self
    }
}

/// What the tables say of a flow that was seen to be opened.
fn judged(site: &Site, from: IpNet, to: IpNet, protocol: u8, port: u16) -> VerdictInfo {
    let class = |end: IpNet| site.compiled.class_number(end);
    let number = site.compiled.tables.ports[port_index(protocol, port)];
    let key = (class(from), class(to), number.0 & PortClass::NUMBER);
    let built_in = |kind: VerdictKind| VerdictInfo {
        kind,
        rules: Vec::new(),
        basis: None,
    };
    let known = [from, to].map(|end| site.compiled.class(Address::from(end.addr())).known);
    match site.compiled.tables.judgements.get(&key) {
        Some(judgement) => site.compiled.verdict(judgement.seen).expect("a verdict").clone(),
        None if number.0 & PortClass::HIDES != 0 => built_in(VerdictKind::Opaque),
        None if known == [true, true] => built_in(VerdictKind::Undocumented),
        None => built_in(VerdictKind::Foreign),
    }
}

/// TCP at a port.
pub(super) const fn tcp(port: u16) -> (u8, u16) {
    (protocol::TCP, port)
}

/// UDP at a port.
pub(super) const fn udp(port: u16) -> (u8, u16) {
    (protocol::UDP, port)
}

/// An IP protocol without ports.
pub(super) const ESP: (u8, u16) = (50, 0);
