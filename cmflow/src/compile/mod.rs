//! From catalogue, edition and site file to the tables that a packet is judged by. Pure: the same input gives
//! the same tables.
//!
//! addresses -> classes of endpoints; ports -> classes of ports; rules x pairs of classes -> verdicts

mod addresses;
mod groups;
mod ports;
mod role_set;
mod rules;
mod special;
#[cfg(test)]
mod tests;
mod verdicts;

use std::collections::HashMap;
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::gateway::{Endpoint, Tables};
use cmflow_common::memory::MemoryTables;
use cmflow_common::verdict::{VerdictId, VerdictKind};

use crate::catalogue::{Catalogue, EditionId, Group, RoleId};
use crate::site::{SiteIndex, SiteModel};

pub use ports::HIDING_UDP;
pub use role_set::RoleSet;
pub use rules::{OWN_RULES, RuleInfo, RulePorts};
pub use verdicts::{Basis, VERDICT_CAPACITY, VerdictInfo};

/// Why a site file cannot become tables.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CompileError {
    /// The catalogue does not hold the edition.
    #[error("the catalogue has no edition \"{0}\"")]
    NoSuchEdition(EditionId),
    /// More roles than a set can hold.
    #[error(
        "more than {} roles, sets of addresses in approvals among them; remove some",
        RoleSet::CAPACITY
    )]
    TooManyRoles,
    /// More endpoint classes than 16 bits can number.
    #[error(
        "more than 65,536 different combinations of roles, sites and ports; give hosts fewer ports of their own"
    )]
    TooManyClasses,
    /// More port classes than 14 bits can number.
    #[error("more than 16,383 classes of ports; give hosts fewer ports of their own")]
    TooManyPortClasses,
    /// More verdicts than there are counters.
    #[error(
        "more than {VERDICT_CAPACITY} different sets of rules; begin anew with `cmflow run --fresh`, or give hosts fewer ports of their own"
    )]
    TooManyVerdicts,
}

/// One distinct combination of roles, site and ports. Class 0 holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClassInfo {
    /// Roles that the site file names, and those that public addresses hold by default; nothing implied.
    pub named: RoleSet,
    /// Roles where the computer opens a flow, implied ones included; and the sets of addresses that it is in.
    pub as_initiator: RoleSet,
    /// Roles where it answers, implied ones included; and the sets of addresses that it is in.
    pub as_responder: RoleSet,
    /// Roles of the internet that it stands for where it answers: it is a proxy server (note 1).
    pub proxy_for: RoleSet,
    /// Its site; nothing fits any site.
    pub site: Option<SiteIndex>,
    /// Which changed ports hold there: index of a set of port changes, 0 for the hierarchy's.
    pub profile: u16,
    /// Whether the site file names a role for it by address.
    pub known: bool,
    /// Whether a flow between it and an address that the site file does not name is flagged.
    pub flagged_if_foreign: bool,
    /// Whether the site server alone initiates toward it (note 5).
    pub site_server_initiates: bool,
    /// The group that its addresses are, where they are one.
    pub group: Option<Group>,
    /// Whether flows of it that no rule explains do not cross the gateway.
    pub local: bool,
}

impl ClassInfo {
    /// Addresses of which nothing is known but that approvals name them.
    fn approved(ends: RoleSet) -> Self {
        Self {
            as_initiator: ends,
            as_responder: ends,
            ..Self::default()
        }
    }

    /// What the tables say of its addresses beside its number.
    const fn flags(&self) -> u32 {
        let mut flags = 0;
        if self.known {
            flags |= Endpoint::KNOWN;
        }
        if self.flagged_if_foreign {
            flags |= Endpoint::FLAGGED_IF_FOREIGN;
        }
        if self.local {
            flags |= Endpoint::LOCAL;
        }
        if self.group.is_some() {
            flags |= Endpoint::GROUP;
        }
        flags
    }

    /// The profile of a flow from `initiator` to it. Nobody in particular answers at a group's address, so the ports
    /// there are those of the sender.
    #[must_use]
    pub const fn profile_from(&self, initiator: &Self) -> u16 {
        if self.group.is_some() && !self.known {
            initiator.profile
        } else {
            self.profile
        }
    }
}

/// Everything that the compiler makes of a catalogue and a site file.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Edition of the page.
    pub edition: EditionId,
    /// What the kernel looks things up in.
    pub tables: MemoryTables,
    /// Endpoint classes by number.
    pub classes: Vec<ClassInfo>,
    /// Verdicts by [`VerdictId::number`]; those below [`VerdictId::FIRST_COMPILED`] are the built-in ones.
    pub verdicts: Vec<VerdictInfo>,
    /// Rules of the edition in the page's order, then those of the companions, then the user's own.
    pub rules: Vec<RuleInfo>,
    /// Conditions of which the site file says nothing, by the ids of the rules that have some.
    open_conditions: HashMap<String, Vec<String>>,
    /// Ids of the roles by [`RoleId`], custom ones after those of the catalogue; last the sets of addresses that approvals
    /// name, in words.
    pub roles: Vec<String>,
    /// Interfaces with a side: name and number.
    pub sides: Vec<(String, u32)>,
}

fn open_conditions(rules: &[rules::EffectiveRule]) -> HashMap<String, Vec<String>> {
    let conditional = rules.iter().filter(|rule| !rule.info.open_conditions.is_empty());
    conditional
        .map(|rule| (rule.info.id.clone(), rule.info.open_conditions.clone()))
        .collect()
}

impl Compiled {
    /// The verdict with that id.
    #[must_use]
    pub fn verdict(&self, id: VerdictId) -> Option<&VerdictInfo> {
        self.verdicts.get(usize::from(id.number()))
    }

    /// What is known of an address, as the kernel sees it.
    #[must_use]
    pub fn endpoint(&self, address: Address) -> Endpoint {
        (&self.tables).endpoint(address)
    }

    /// The class of an address.
    #[must_use]
    pub fn class(&self, address: Address) -> &ClassInfo {
        &self.classes[usize::from(self.endpoint(address).class())]
    }

    /// Number of the class of an address, or of the first one of a prefix.
    #[must_use]
    pub fn class_number(&self, prefix: ipnet::IpNet) -> u16 {
        self.endpoint(prefix.addr().into()).class()
    }

    /// The address that stands for whoever is at an interface without an address of their own; nothing where the site
    /// file calls it no side.
    #[must_use]
    pub fn side(&self, interface: &str) -> Option<Address> {
        self.side_number(interface).map(Address::side)
    }

    /// Number of an interface that the site file calls a side.
    #[must_use]
    pub fn side_number(&self, interface: &str) -> Option<u32> {
        let mut sides = self.sides.iter();
        let side = sides.find(|(name, _)| name == interface);
        side.map(|(_, number)| *number)
    }

    /// Name of the interface that an address stands for, where it does.
    #[must_use]
    pub fn side_name(&self, address: Address) -> Option<&str> {
        let mut sides = self.sides.iter();
        sides
            .find(|(_, number)| Address::side(*number) == address)
            .map(|(name, _)| name.as_str())
    }

    /// Id of a role.
    #[must_use]
    pub fn role(&self, role: RoleId) -> &str {
        self.roles.get(usize::from(role.0)).map_or("?", String::as_str)
    }

    /// Ids of the roles that the site file names for an address.
    #[must_use]
    pub fn roles_of(&self, address: Address) -> Vec<String> {
        let names = self.role_names(self.class(address).named);
        names.into_iter().map(str::to_owned).collect()
    }

    /// Ids of the roles that an address has where it answers: as [`Self::roles_of`], and for a proxy server those of
    /// the internet that it stands for.
    #[must_use]
    pub fn roles_answering(&self, address: Address) -> Vec<String> {
        let class = self.class(address);
        let names = self.role_names(class.named.union(class.proxy_for));
        names.into_iter().map(str::to_owned).collect()
    }

    /// Conditions without which nothing explains a flow of that verdict, and of which the site file says nothing: none
    /// where one of its rules holds anyway.
    #[must_use]
    pub fn open_conditions(&self, verdict: &VerdictInfo) -> Vec<String> {
        if verdict.kind == VerdictKind::Reversed {
            return Vec::new();
        }
        let mut all = Vec::new();
        for rule in &verdict.rules {
            match self.open_conditions.get(rule) {
                Some(open) => all.extend(open.iter().cloned()),
                None => return Vec::new(),
            }
        }
        all.sort();
        all.dedup();
        all
    }

    /// Ids of the roles of a set.
    #[must_use]
    pub fn role_names(&self, roles: RoleSet) -> Vec<&str> {
        roles.iter().map(|role| self.role(role)).collect()
    }
}

/// What the compiler is told of the machine that looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its own addresses.
    pub addresses: Vec<IpAddr>,
    /// Broadcast addresses of the subnets that it has an address in.
    pub broadcasts: Vec<IpAddr>,
    /// Its interfaces: name and number. The number is that of [`cmflow_common::gateway::View::interface`].
    pub interfaces: Vec<(String, u32)>,
}

impl Machine {
    /// The interfaces that a site file calls sides, numbered as it names them: of the machine that it is for, nothing else
    /// is known here.
    #[must_use]
    pub fn named_by(site: &SiteModel) -> Self {
        let names = site.interfaces.iter().map(|side| side.name.clone());
        Self {
            interfaces: names.zip(0..).collect(),
            ..Self::default()
        }
    }
}

/// Compiles. `previous` are the verdicts of the tables that these
/// replace, whose numbers stay (empty where there are none).
pub fn compile(
    catalogue: &Catalogue,
    site: &SiteModel,
    machine: &Machine,
    previous: &[VerdictInfo],
) -> Result<Compiled, CompileError> {
    let page = catalogue
        .page(&site.edition)
        .ok_or_else(|| CompileError::NoSuchEdition(site.edition.clone()))?;
    let book = role_set::RoleBook::new(catalogue, site).ok_or(CompileError::TooManyRoles)?;
    let mut profiles = ports::Profiles::new(site)?;
    let served = rules::serving_tftp(catalogue, page, site);
    let groups = groups::nodes(catalogue, page, site, machine);
    let addresses = addresses::resolve(site, &book, &mut profiles, machine, &groups, served)?;
    let mut rules = rules::effective(catalogue, page, site, &profiles, &book);
    let ports = ports::classes(&rules, &rules::dynamic_ports(catalogue, &profiles))?;
    let verdicts = verdicts::judge_pairs(site, &mut rules, &addresses.classes, &ports, previous)?;
    let catalogue_roles = catalogue.roles.iter().map(|role| role.id.clone());
    let custom_roles = site.custom_roles.iter().map(|role| role.id.clone());
    let address_sets = site.address_sets.iter().map(|set| addresses::in_words(set));
    Ok(Compiled {
        edition: site.edition.clone(),
        tables: MemoryTables {
            hosts: addresses.hosts,
            prefixes: addresses.prefixes,
            ports: ports.table,
            judgements: verdicts.judgements,
        },
        classes: addresses.classes,
        verdicts: verdicts.infos,
        open_conditions: open_conditions(&rules),
        rules: rules
            .into_iter()
            .filter(|rule| !rule.answers_only)
            .map(|rule| rule.info)
            .collect(),
        roles: catalogue_roles.chain(custom_roles).chain(address_sets).collect(),
        sides: addresses.sides,
    })
}
