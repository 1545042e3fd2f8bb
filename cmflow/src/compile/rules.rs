//! The rules of an edition with the ports that they have under a site file.

use cmflow_common::expectation::TFTP;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::VerdictKind;

use crate::catalogue::{
    Catalogue, Companion, Delivery, OpenedBy, Page, PortRange, RoleId, RoleKind, Rule, Scope,
};
use crate::site::{OwnRule, PortChanges, SiteModel};

use super::ports::{PortSet, Profile, Profiles};
use super::role_set::RoleBook;
use super::{ClassInfo, RoleSet};

/// The setting that dynamic rules take their ports from, and its value where the catalogue has none.
const DYNAMIC_SETTING: &str = "rpc-dynamic";
const DYNAMIC_DEFAULT: PortRange = PortRange {
    first: 49_152,
    last: 65_535,
};

/// Section of the rules that the site file adds.
pub const OWN_RULES: &str = "own rules";

/// A rule as it was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// `from/to/service`.
    pub id: String,
    /// Id of its connection or list.
    pub section: String,
    /// Name of the service.
    pub service: String,
    /// Kind of the verdict that it gives.
    pub kind: VerdictKind,
    /// Role at the left end of the arrow.
    pub from: RoleId,
    /// Role at the right end.
    pub to: RoleId,
    /// Who may open it.
    pub opened_by: OpenedBy,
    /// Where note 5 may take the opening from the site system: the role at that end.
    pub site_system_end: Option<RoleId>,
    /// Between which sites it is documented.
    pub scope: Scope,
    /// Key under `[ports]` that changes its ports.
    pub setting: Option<String>,
    /// Ports where the site file changes none.
    pub documented: RulePorts,
    /// Ports by [`super::ClassInfo::profile`] of the responder.
    pub(super) by_profile: Vec<RulePorts>,
    /// The operating system picks the TCP port out of `tcp`.
    pub dynamic: bool,
    /// ICMP echo requests.
    pub icmp_echo: bool,
    /// Groups, and what else is more than one computer's packet to another's port.
    pub delivery: Delivery,
    /// Conditions of it that do not hold, as the site file says: with one of them it explains nothing.
    pub not_holding: Vec<String>,
    /// Conditions of it of which the site file says nothing: it explains, and may be of no use here.
    pub open_conditions: Vec<String>,
    /// Pairs of endpoint classes, initiator and responder, between which it documents something.
    pub pairs: usize,
}

/// Ports of a rule at its responder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulePorts {
    /// UDP ports.
    pub udp: Vec<PortRange>,
    /// TCP ports, the dynamic ones of a dynamic rule included.
    pub tcp: Vec<PortRange>,
}

impl RulePorts {
    /// Ports of an IP protocol; none for one without ports.
    #[must_use]
    pub fn of(&self, protocol: u8) -> &[PortRange] {
        match protocol {
            protocol::TCP => &self.tcp,
            protocol::UDP => &self.udp,
            _ => &[],
        }
    }
}

impl RuleInfo {
    /// Its ports at a responder with that [`super::ClassInfo::profile`].
    #[must_use]
    pub fn ports(&self, profile: u16) -> &RulePorts {
        &self.by_profile[usize::from(profile)]
    }

    /// Whether somebody of that class may open it at the end of that role. Who else may is the arrow's to say:
    /// this is about note 5 alone.
    #[must_use]
    pub fn lets_open(&self, role: RoleId, initiator: &ClassInfo) -> bool {
        !(initiator.site_server_initiates && self.site_system_end == Some(role))
    }

    /// Whether a statement of the site file keeps it from explaining anything.
    #[must_use]
    pub const fn is_left_out(&self) -> bool {
        !self.not_holding.is_empty()
    }

    /// Whether the site file names computers at both ends.
    #[must_use]
    pub const fn is_possible(&self) -> bool {
        self.pairs > 0
    }
}

/// A rule and its ports in each profile.
pub(super) struct EffectiveRule {
    pub(super) info: RuleInfo,
    /// By profile; sets without ports are left out.
    pub(super) ports: Vec<Vec<PortSet>>,
    /// It stands for the ports of another rule's left end, which the right end of that one sends to.
    pub(super) answers_only: bool,
    /// It says nothing of who opens it from the wrong end.
    pub(super) never_reversed: bool,
    /// Whether the site file names somebody who hears what is sent to its groups: at the left end, at the right end.
    pub(super) heard: [bool; 2],
}

/// The rules of a page in its order, those of the companions that are on, and the user's own.
pub(super) fn effective(
    catalogue: &Catalogue,
    page: &Page,
    site: &SiteModel,
    profiles: &Profiles,
    book: &RoleBook,
) -> Vec<EffectiveRule> {
    let heard = book.answering(site);
    let page = page.rules().map(|rule| (rule, VerdictKind::Documented));
    let companions = of_companions(catalogue, site).map(|rule| (rule, VerdictKind::Baseline));
    let mut rules: Vec<_> = page
        .chain(companions)
        .map(|(rule, kind)| with_ports(catalogue, site, rule, kind, profiles, heard))
        .chain(site.rules.iter().map(|rule| own(catalogue, site, rule, profiles)))
        .collect();
    let answers: Vec<_> = rules.iter().filter_map(answers).collect();
    rules.extend(answers);
    rules
}

/// What the right end of a rule sends to the left end's own ports, as a rule the other way round with the same id.
fn answers(rule: &EffectiveRule) -> Option<EffectiveRule> {
    let ports = RulePorts {
        udp: rule.info.delivery.udp_at_from.clone(),
        tcp: Vec::new(),
    };
    let mut sets = sets(&ports, false, false);
    for set in &mut sets {
        set.answers = true;
    }
    (!sets.is_empty()).then(|| EffectiveRule {
        info: RuleInfo {
            from: rule.info.to,
            to: rule.info.from,
            opened_by: OpenedBy::From,
            ..rule.info.clone()
        },
        ports: vec![sets; rule.ports.len()],
        answers_only: true,
        never_reversed: true,
        heard: [false; 2],
    })
}

/// Ports of a rule as sets of the port table's entries; sets without ports are left out.
fn sets(ports: &RulePorts, dynamic: bool, icmp_echo: bool) -> Vec<PortSet> {
    let tcp = &ports.tcp[..];
    let (fixed_tcp, dynamic_tcp) = if dynamic { (&[][..], tcp) } else { (tcp, &[][..]) };
    let echo = if icmp_echo {
        PortSet::echo()
    } else {
        PortSet::default()
    };
    let sets = [
        PortSet::fixed(&ports.udp, fixed_tcp),
        PortSet::dynamic(dynamic_tcp),
        echo,
    ];
    sets.into_iter().filter(|set| !set.ranges.is_empty()).collect()
}

/// A user's own rule: `[ports]` says nothing of it, and sites do not matter to it.
fn own(catalogue: &Catalogue, site: &SiteModel, rule: &OwnRule, profiles: &Profiles) -> EffectiveRule {
    let ports = RulePorts {
        udp: rule.udp.clone(),
        tcp: rule.tcp.clone(),
    };
    let public = is_public(catalogue, rule.to);
    // Who names addresses means the ports that are seen there, virtual ones too.
    let as_written = site.address_set(catalogue.roles.len(), rule.to).is_some();
    let by_profile: Vec<_> = profiles
        .all()
        .iter()
        .map(|profile| match as_written {
            true => ports.clone(),
            false => asked_at(ports.clone(), profile, public),
        })
        .collect();
    EffectiveRule {
        ports: by_profile
            .iter()
            .map(|ports| sets(ports, false, rule.icmp_echo))
            .collect(),
        answers_only: false,
        never_reversed: rule.approval,
        heard: [false; 2],
        info: RuleInfo {
            id: rule.id.clone(),
            section: OWN_RULES.to_owned(),
            service: rule.id.clone(),
            kind: VerdictKind::Approved,
            from: rule.from,
            to: rule.to,
            opened_by: rule.opened_by,
            site_system_end: None,
            scope: Scope::Anywhere,
            setting: None,
            by_profile,
            documented: ports,
            dynamic: false,
            icmp_echo: rule.icmp_echo,
            delivery: Delivery::default(),
            not_holding: Vec::new(),
            open_conditions: Vec::new(),
            pairs: 0,
        },
    }
}

/// The end that is no site server, of a rule that lets a site system open something toward the site server. Note 5 stands
/// under six headings; its option is one of the computer, and takes the opening from all that it is.
fn site_system_end(catalogue: &Catalogue, rule: &Rule) -> Option<RoleId> {
    let site_server = catalogue.role("site-server")?;
    let (system, opens) = match (rule.from == site_server, rule.to == site_server) {
        (true, false) => (rule.to, rule.opened_by == OpenedBy::Either),
        (false, true) => (rule.from, true),
        _ => return None,
    };
    let role = catalogue.roles.get(usize::from(system.0))?;
    (opens && role.kind == RoleKind::SiteSystem).then_some(system)
}

/// Conditions of a rule that the site file states not to hold.
fn not_holding(site: &SiteModel, rule: &Rule) -> Vec<String> {
    let denied = |id: &&String| site.conditions.get(*id).is_some_and(|stated| !stated.holds);
    rule.conditions.iter().filter(denied).cloned().collect()
}

/// Conditions of a rule that the site file does not speak of.
fn open_conditions(site: &SiteModel, rule: &Rule) -> Vec<String> {
    let open = |id: &&String| !site.conditions.contains_key(*id);
    rule.conditions.iter().filter(open).cloned().collect()
}

/// Whether only somebody on the internet holds a role.
fn is_public(catalogue: &Catalogue, role: RoleId) -> bool {
    let role = catalogue.roles.get(usize::from(role.0));
    role.is_some_and(|role| role.kind == RoleKind::Public)
}

/// Fixed ports of a rule at computers of a profile: those of the proxy in place of the internet's TCP ports, and at a
/// virtual address its own in place of the members'.
fn asked_at(ports: RulePorts, profile: &Profile, public: bool) -> RulePorts {
    let moved = |ranges: Vec<PortRange>| -> Vec<PortRange> {
        ranges
            .into_iter()
            .flat_map(|range| with_moved(range, &profile.moved))
            .collect()
    };
    if public && !profile.proxy.is_empty() && !ports.tcp.is_empty() {
        return RulePorts {
            udp: moved(ports.udp),
            tcp: profile.proxy.clone(),
        };
    }
    RulePorts {
        udp: moved(ports.udp),
        tcp: moved(ports.tcp),
    }
}

/// A range with others in place of the ports that were moved.
fn with_moved(range: PortRange, moved: &[(u16, Vec<u16>)]) -> Vec<PortRange> {
    let mut inside: Vec<_> = moved.iter().filter(|(port, _)| range.contains(*port)).collect();
    inside.sort();
    let mut left = vec![range];
    let mut others = Vec::new();
    for (port, in_its_place) in inside {
        others.extend(in_its_place.iter().copied().map(PortRange::single));
        let Some(last) = left.pop_if(|last| last.contains(*port)) else {
            continue;
        };
        left.extend((last.first < *port).then(|| PortRange {
            first: last.first,
            last: port - 1,
        }));
        left.extend((*port < last.last).then(|| PortRange {
            first: port + 1,
            last: last.last,
        }));
    }
    left.extend(others);
    left.sort();
    left.dedup();
    left
}

fn with_ports(
    catalogue: &Catalogue,
    site: &SiteModel,
    rule: &Rule,
    kind: VerdictKind,
    profiles: &Profiles,
    heard: RoleSet,
) -> EffectiveRule {
    let public = is_public(catalogue, rule.to);
    let by_profile: Vec<_> = profiles
        .all()
        .iter()
        .map(|profile| {
            let ports = ports(catalogue, rule, &profile.changes);
            if rule.dynamic {
                ports
            } else {
                asked_at(ports, profile, public)
            }
        })
        .collect();
    let sets = by_profile
        .iter()
        .map(|ports| sets(ports, rule.dynamic, rule.icmp_echo))
        .collect();
    EffectiveRule {
        ports: sets,
        answers_only: false,
        never_reversed: false,
        heard: [rule.from, rule.to].map(|role| heard.contains(role)),
        info: RuleInfo {
            id: rule.id.clone(),
            section: rule.section.clone(),
            service: rule.service.clone(),
            kind,
            from: rule.from,
            to: rule.to,
            opened_by: rule.opened_by,
            site_system_end: site_system_end(catalogue, rule),
            scope: rule.scope,
            setting: rule.setting.clone(),
            documented: ports(catalogue, rule, &PortChanges::new()),
            by_profile,
            dynamic: rule.dynamic,
            icmp_echo: rule.icmp_echo,
            delivery: rule.delivery.clone(),
            not_holding: not_holding(site, rule),
            open_conditions: open_conditions(site, rule),
            pairs: 0,
        },
    }
}

/// The rules of the companions that are on.
pub(super) fn of_companions<'a>(
    catalogue: &'a Catalogue,
    site: &'a SiteModel,
) -> impl Iterator<Item = &'a Rule> {
    let on = |companion: &&Companion| site.companions.contains(&companion.id);
    let on = catalogue.companions.iter().filter(on);
    on.flat_map(|companion| &companion.rules)
}

/// Roles whose holders answer TFTP requests. Nothing moves their port, so that no profile has to be known.
pub(super) fn serving_tftp(catalogue: &Catalogue, page: &Page, site: &SiteModel) -> RoleSet {
    let asked = |udp: &[PortRange]| udp.iter().any(|range| range.contains(TFTP));
    let documented = page.rules().chain(of_companions(catalogue, site));
    let documented = documented.filter(|rule| asked(&rule.udp)).map(|rule| rule.to);
    let own = site
        .rules
        .iter()
        .filter(|rule| asked(&rule.udp))
        .map(|rule| rule.to);
    documented.chain(own).collect()
}

/// The dynamic ports of a computer, by profile.
pub(super) fn dynamic_ports(catalogue: &Catalogue, profiles: &Profiles) -> Vec<Vec<PortRange>> {
    let of = |profile: &Profile| dynamic(catalogue, DYNAMIC_SETTING, &profile.changes);
    profiles.all().iter().map(of).collect()
}

fn dynamic(catalogue: &Catalogue, key: &str, changes: &PortChanges) -> Vec<PortRange> {
    let default = || catalogue.setting(key).map(|setting| setting.default.clone());
    let changed = changes.get(key).cloned();
    changed.or_else(default).unwrap_or_else(|| vec![DYNAMIC_DEFAULT])
}

/// A changed port replaces the documented ones (note 2), alternatives included, in each protocol that has any.
fn ports(catalogue: &Catalogue, rule: &Rule, changes: &PortChanges) -> RulePorts {
    if rule.dynamic {
        let key = rule.setting.as_deref().unwrap_or(DYNAMIC_SETTING);
        return RulePorts {
            udp: rule.udp.clone(),
            tcp: dynamic(catalogue, key, changes),
        };
    }
    let changed = rule.setting.as_ref().and_then(|key| changes.get(key));
    let one = |documented: &Vec<PortRange>| match changed {
        Some(changed) if !documented.is_empty() => changed.clone(),
        _ => documented.clone(),
    };
    RulePorts {
        udp: one(&rule.udp),
        tcp: one(&rule.tcp),
    }
}
