//! Catalogues and site files by chance: small enough that prefixes meet, and of every sort.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::address;
use crate::catalogue::{
    Cadence, Catalogue, Companion, Connection, Delivery, Edition, EditionId, Group, Level, OpenedBy, Page,
    PortRange, Role, RoleId, RoleKind, Rule, Scope, Setting,
};
use crate::compile::Machine;
use crate::site::{
    CustomRole, Extent, FlagForeign, Host, InterfaceSide, Nat, OwnRule, Place, PortChanges, Proxy, Site,
    SiteIndex, SiteModel, Socket, SqlInstance, Stated, Statement,
};

pub(super) const GATEWAY: &str = "10.0.0.3";

/// Few enough that prefixes meet, and of every sort: internal, public, local, special, both families.
pub(super) const ADDRESSES: [&str; 23] = [
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    GATEWAY,
    "10.0.1.1",
    "10.1.0.1",
    "20.0.0.1",
    "20.0.0.2",
    "20.0.1.1",
    "169.254.0.1",
    "239.255.255.250",
    "192.0.2.1",
    "fd00::1",
    "fd00::2",
    "2600::1",
    "2600::2",
    "fe80::1",
    "ff02::c",
    "ff02::1:2",
    "239.1.1.1",
    "255.255.255.255",
    // The ends of the subnets of 10.0.0.0 and 10.0.1.0: the gateway's own, and another.
    "10.0.0.255",
    "10.0.1.255",
];
pub(super) const INTERFACES: [&str; 3] = ["eth0", "eth1", "elsewhere"];
pub(super) const LENGTHS: [u8; 8] = [0, 8, 15, 16, 24, 30, 31, 32];
pub(super) const PORTS: [u16; 11] = [80, 443, 500, 1433, 4500, 4789, 8530, 8443, 50_000, 50_001, 65_535];
pub(super) const SETTINGS: [&str; 3] = ["web", "sql", "rpc-dynamic"];
pub(super) const COMPANIONS: [&str; 2] = ["on", "off"];
pub(super) const CONDITIONS: [&str; 3] = ["wake-up", "wsus-cleanup", "unc-shares"];
pub(super) const ROLES: usize = 9;
/// Sets of addresses that approvals name.
pub(super) const SETS: usize = 3;
pub(super) const SITE_SERVER: RoleId = RoleId(7);

pub(super) fn role(id: &str, kind: RoleKind, implies: &[u16]) -> Role {
    Role {
        id: id.to_owned(),
        name: id.to_owned(),
        kind,
        editions: vec![],
        implies: implies.iter().copied().map(RoleId).collect(),
    }
}

pub(super) fn roles() -> Vec<Role> {
    vec![
        role("client", RoleKind::EndPoint, &[]),
        role("site-system", RoleKind::List, &[]),
        role("management-point", RoleKind::SiteSystem, &[1]),
        role("distribution-point-pxe", RoleKind::SiteSystem, &[1, 2]),
        role("internet", RoleKind::Public, &[]),
        role("domain-controller", RoleKind::Infrastructure, &[]),
        role("member", RoleKind::Named, &[]),
        role("site-server", RoleKind::SiteSystem, &[1]),
    ]
}

pub(super) fn port_range() -> impl Strategy<Value = PortRange> {
    (select(&PORTS[..]), select(&PORTS[..]), any::<bool>()).prop_map(|(a, b, single)| match single {
        true => PortRange::single(a),
        false => PortRange {
            first: a.min(b),
            last: a.max(b),
        },
    })
}

pub(super) fn port_ranges() -> impl Strategy<Value = Vec<PortRange>> {
    prop::collection::vec(port_range(), 1..3)
}

pub(super) fn rule() -> impl Strategy<Value = Rule> {
    let ends = (0..ROLES, 0..ROLES, any::<bool>());
    let scope = select(vec![
        Scope::SameSite,
        Scope::Hierarchy,
        Scope::ParentChild,
        Scope::Anywhere,
    ]);
    let ports = (
        prop::option::of(port_ranges()),
        prop::option::of(port_ranges()),
        0..8_u8,
        0..3_usize,
    );
    let conditions = subsequence(&CONDITIONS[..], 0..3);
    let note_5 = prop::option::weighted(0.5, any::<bool>());
    let delivery = prop_oneof![1 => Just(Delivery::default()), 1 => delivery()];
    (ends, scope, ports, conditions, note_5, delivery).prop_map(
        |((from, to, either), scope, (udp, tcp, form, setting), conditions, note_5, delivery)| {
            let dynamic = form == 0;
            let [from, to] = [from, to].map(|role| RoleId(u16::try_from(role).expect("few roles")));
            Rule {
                id: String::new(),
                section: "table".to_owned(),
                listed: false,
                service: "service".to_owned(),
                from: if note_5 == Some(false) { SITE_SERVER } else { from },
                to: if note_5 == Some(true) { SITE_SERVER } else { to },
                opened_by: if either || note_5.is_some() {
                    OpenedBy::Either
                } else {
                    OpenedBy::From
                },
                udp: udp.unwrap_or_default(),
                tcp: if dynamic { vec![] } else { tcp.unwrap_or_default() },
                icmp_echo: form == 1,
                delivery,
                dynamic,
                either: form == 2,
                alternate: false,
                notes: note_5.map(|_| 5).into_iter().collect(),
                setting: match setting {
                    _ if dynamic => Some(SETTINGS[2].to_owned()),
                    2 => None,
                    other => Some(SETTINGS[other].to_owned()),
                },
                scope,
                cadence: Cadence::Continuous,
                conditions: conditions.into_iter().map(str::to_owned).collect(),
                anchor: None,
                errata: vec![],
                remarks: vec![],
            }
        },
    )
}

pub(super) fn delivery() -> impl Strategy<Value = Delivery> {
    let groups = ["broadcast", "multicast", "ff02::1:2", "239.1.1.1"];
    let groups = groups.map(|text| text.parse::<Group>().expect("a group"));
    let groups = subsequence(groups.to_vec(), 0..3);
    let at_from = prop::option::weighted(0.2, port_ranges());
    (groups, any::<bool>(), at_from).prop_map(|(groups, either, at_from)| Delivery {
        groups,
        group_senders: if either { OpenedBy::Either } else { OpenedBy::From },
        udp_at_from: at_from.unwrap_or_default(),
        answered: true,
    })
}

pub(super) fn catalogue() -> impl Strategy<Value = Catalogue> {
    let companion = || prop::collection::vec(rule(), 0..4);
    let rules = prop::collection::vec(rule(), 1..12);
    (rules, [companion(), companion()], port_ranges()).prop_map(|(mut rules, companions, dynamic)| {
        for (number, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("rule-{number:02}");
        }
        let companions = companions.into_iter().zip(COMPANIONS).map(|(mut rules, id)| {
            for (number, rule) in rules.iter_mut().enumerate() {
                rule.id = format!("{id}:rule-{number:02}");
            }
            Companion {
                id: id.to_owned(),
                name: id.to_owned(),
                summary: String::new(),
                default: false,
                rules,
            }
        });
        let edition = EditionId("current".to_owned());
        let setting = |key: &str, default: Vec<PortRange>| Setting {
            key: key.to_owned(),
            name: key.to_owned(),
            default,
            ranges: true,
            configurable: true,
            level: Level::Host,
        };
        let table = Connection {
            id: "table".to_owned(),
            from: RoleId(0),
            to: RoleId(0),
            opened_by: OpenedBy::From,
            context: None,
            rules,
        };
        Catalogue {
            roles: roles(),
            editions: vec![Edition {
                id: edition.clone(),
                name: "Current".to_owned(),
                languages: vec![],
            }],
            pages: vec![Page {
                edition,
                connections: vec![table],
                lists: vec![],
            }],
            companions: companions.collect(),
            settings: vec![
                setting(SETTINGS[0], vec![PortRange::single(80)]),
                setting(SETTINGS[1], vec![PortRange::single(443)]),
                setting(SETTINGS[2], dynamic),
            ],
            conditions: vec![],
            notes: vec![],
            errata: vec![],
        }
    })
}

pub(super) fn prefix() -> impl Strategy<Value = IpNet> {
    (select(&ADDRESSES[..]), select(&LENGTHS[..])).prop_map(|(text, length)| {
        let address = address(text);
        let length = if address.is_ipv4() {
            length
        } else {
            length.saturating_mul(4)
        };
        IpNet::new(address, length)
            .expect("a length of the family")
            .trunc()
    })
}

pub(super) fn site_index() -> impl Strategy<Value = Option<SiteIndex>> {
    prop::option::of((0..3_u16).prop_map(SiteIndex))
}

pub(super) fn statement() -> impl Strategy<Value = Statement> {
    let extent = prop_oneof![
        8 => prefix().prop_map(Extent::Prefix),
        1 => Just(Extent::Public),
        1 => Just(Extent::AnyOther),
    ];
    // Often enough that note 5 has somebody to speak of.
    let role = prop_oneof![3 => 0..ROLES, 1 => Just(usize::from(SITE_SERVER.0))];
    (role, extent, prop::bool::weighted(0.75), site_index()).prop_map(|(role, extent, given, site)| {
        Statement {
            role: RoleId(u16::try_from(role).expect("few roles")),
            extent,
            given: given || !matches!(extent, Extent::Prefix(_)),
            site,
            place: Place::default(),
        }
    })
}

pub(super) fn changes() -> impl Strategy<Value = PortChanges> {
    prop::collection::btree_map(select(&SETTINGS[..]).prop_map(str::to_owned), port_ranges(), 0..3)
}

pub(super) fn hosts() -> impl Strategy<Value = Vec<Host>> {
    let host = (select(&ADDRESSES[..]), (0..3_u16), changes()).prop_map(|(text, site, ports)| Host {
        name: text.to_owned(),
        addresses: vec![address(text)],
        site: Some(SiteIndex(site)),
        ports,
    });
    prop::collection::vec(host, 0..3)
}

pub(super) fn own_rules() -> impl Strategy<Value = Vec<OwnRule>> {
    prop::collection::vec(rule(), 0..3).prop_map(|rules| {
        let own = rules.into_iter().enumerate().map(|(number, rule)| OwnRule {
            id: format!("own-{number:02}"),
            from: rule.from,
            to: rule.to,
            opened_by: rule.opened_by,
            udp: rule.udp,
            tcp: rule.tcp,
            icmp_echo: rule.icmp_echo,
            why: "CHG1234".to_owned(),
            by: None,
            made: None,
            until: None,
            approval: false,
            place: Place::default(),
        });
        own.collect()
    })
}

/// Approvals by role and by address, and the sets of addresses that they name.
pub(super) fn approvals() -> impl Strategy<Value = (Vec<OwnRule>, Vec<Vec<IpNet>>)> {
    let set = || prop::collection::vec(prefix(), 1..3);
    // Roles after the catalogue's and the custom one are the sets.
    let approval = (rule(), 0..ROLES + SETS, 0..ROLES + SETS);
    (
        prop::collection::vec(approval, 1..4),
        prop::collection::vec(set(), SETS),
    )
        .prop_map(|(rules, sets)| {
            let approvals = rules
                .into_iter()
                .enumerate()
                .map(|(number, (rule, from, to))| OwnRule {
                    id: format!("approval-{number:02}"),
                    from: RoleId(u16::try_from(from).expect("few roles")),
                    to: RoleId(u16::try_from(to).expect("few roles")),
                    opened_by: rule.opened_by,
                    udp: rule.udp,
                    tcp: rule.tcp,
                    icmp_echo: rule.icmp_echo,
                    why: "CHG1234".to_owned(),
                    by: Some("A. Admin".to_owned()),
                    made: None,
                    until: None,
                    approval: true,
                    place: Place::default(),
                });
            (approvals.collect(), sets)
        })
}

pub(super) fn conditions() -> impl Strategy<Value = BTreeMap<String, Stated>> {
    let stated = any::<bool>().prop_map(|holds| Stated {
        holds,
        place: Place::default(),
    });
    prop::collection::btree_map(select(&CONDITIONS[..]).prop_map(str::to_owned), stated, 0..3)
}

pub(super) fn sides() -> impl Strategy<Value = Vec<InterfaceSide>> {
    let sides = prop::collection::btree_map(select(&INTERFACES[..]), 0..ROLES, 0..3);
    sides.prop_map(|sides| {
        let sides = sides.into_iter().map(|(name, role)| InterfaceSide {
            name: name.to_owned(),
            role: RoleId(u16::try_from(role).expect("few roles")),
            place: Place::default(),
        });
        sides.collect()
    })
}

pub(super) fn proxies() -> impl Strategy<Value = Vec<Proxy>> {
    let proxy = (select(&ADDRESSES[..]), select(&PORTS[..])).prop_map(|(text, port)| Proxy {
        address: address(text),
        port,
        place: Place::default(),
    });
    prop::collection::vec(proxy, 0..4)
}

pub(super) fn sql_instances() -> impl Strategy<Value = Vec<SqlInstance>> {
    let addresses = prop::collection::vec(select(&ADDRESSES[..]).prop_map(address), 1..4);
    let ports = (select(&PORTS[..]), prop::option::of(select(&PORTS[..])));
    let instance = (addresses, ports).prop_map(|(addresses, (port, broker))| SqlInstance {
        name: None,
        addresses,
        port,
        broker,
        place: Place::default(),
    });
    prop::collection::vec(instance, 0..4)
}

pub(super) fn nats() -> impl Strategy<Value = Vec<Nat>> {
    let socket = || {
        let port = prop::option::weighted(0.7, select(&PORTS[..]));
        (select(&ADDRESSES[..]), port).prop_map(|(text, port)| Socket {
            address: address(text),
            port,
        })
    };
    let sockets = || prop::collection::vec(socket(), 1..3);
    let nat = (sockets(), sockets()).prop_map(|(vips, members)| Nat {
        vips,
        members,
        own: vec![],
        hides: None,
        roles: vec![],
        place: Place::default(),
    });
    prop::collection::vec(nat, 0..4)
}

pub(super) fn site() -> impl Strategy<Value = SiteModel> {
    let site_ports = prop::collection::vec(changes(), 3);
    let statements = prop::collection::vec(statement(), 1..14);
    let internal = prop::collection::vec(prefix(), 0..3);
    let initiates = prop::collection::vec(prefix(), 0..4);
    let said = (
        hosts(),
        own_rules(),
        select(&FlagForeign::ALL[..]),
        conditions(),
        initiates,
        sides(),
    );
    let network = (proxies(), sql_instances(), nats());
    (statements, internal, changes(), site_ports, said, network).prop_map(
        |(
            mut statements,
            internal,
            ports,
            site_ports,
            (hosts, rules, flag_foreign, conditions, site_server_initiates, interfaces),
            (proxies, sql_instances, nats),
        )| {
            let mut said = BTreeSet::new();
            statements.retain(|statement| said.insert((statement.role, statement.extent)));
            // A prefix names one site: two of them would be a mistake of the file.
            let sites: Vec<_> = statements
                .iter()
                .map(|one| (one.extent, one.given, one.site))
                .collect();
            for statement in &mut statements {
                let first = sites
                    .iter()
                    .find(|(extent, given, site)| *extent == statement.extent && *given && site.is_some());
                statement.site = first.and_then(|(_, _, site)| *site);
            }
            // PR1 below CAS, and PR2 alone.
            let parents = [None, Some(SiteIndex(0)), None];
            let sites = parents.into_iter().zip(["CAS", "PR1", "PR2"]).zip(site_ports);
            let sites = sites.map(|((parent, code), ports)| Site {
                code: code.to_owned(),
                name: None,
                parent,
                ports,
            });
            SiteModel {
                sites: sites.collect(),
                statements,
                internal,
                ports,
                hosts,
                custom_roles: vec![CustomRole {
                    id: "backup".to_owned(),
                    evidence: true,
                }],
                rules,
                companions: vec![COMPANIONS[0].to_owned()],
                flag_foreign,
                conditions,
                site_server_initiates,
                interfaces,
                proxies,
                sql_instances,
                nats,
                ..SiteModel::new(EditionId("current".to_owned()))
            }
        },
    )
}

pub(super) fn with(mut site: SiteModel, (approvals, sets): (Vec<OwnRule>, Vec<Vec<IpNet>>)) -> SiteModel {
    site.rules.extend(approvals);
    site.address_sets = sets;
    site
}

pub(super) fn machine() -> Machine {
    Machine {
        addresses: vec![address(GATEWAY)],
        broadcasts: vec![address("10.0.0.255")],
        interfaces: vec![("eth0".to_owned(), 0), ("eth1".to_owned(), 70_000)],
    }
}
