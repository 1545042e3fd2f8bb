//! A site model in the making: what its sections share while they are read.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

use ipnet::IpNet;

use super::general::{default_companions, default_edition};
use super::problem::{Report, listed};
use super::reading::Reading;
use crate::catalogue::{Catalogue, Role, RoleId, RoleKind};
use crate::site::{Place, SiteIndex, SiteModel};
use crate::spelling::did_you_mean;

/// How many names a message lists where none is near.
const LISTED: usize = 8;

pub(super) struct Draft<'c> {
    pub(super) catalogue: &'c Catalogue,
    pub(super) reading: Reading,
    pub(super) report: Report,
    /// False where a file could not be read: a name that is unknown now may stand there.
    pub(super) complete: bool,
    pub(super) model: SiteModel,
    /// Roles by their ids, those of the catalogue and custom ones.
    pub(super) roles: HashMap<String, RoleId>,
    pub(super) sites: HashMap<String, SiteIndex>,
    /// What was said of a prefix and a role: given or excluded, and where.
    pub(super) said: HashMap<(RoleId, IpNet), (bool, Place)>,
    /// The site that a prefix was put into, and where.
    pub(super) site_of: HashMap<IpNet, (SiteIndex, Place)>,
    /// Names of hosts by their addresses and prefixes.
    pub(super) hosts_at: HashMap<IpNet, (String, Place)>,
    pub(super) hosts_named: HashMap<String, Place>,
    pub(super) site_places: HashMap<String, Place>,
    pub(super) custom_places: HashMap<String, Place>,
    pub(super) rule_places: HashMap<String, Place>,
    /// Where `edition` and `companions` are written.
    pub(super) general_places: HashMap<String, Place>,
    /// Where keys of `[history]` are written.
    pub(super) history_places: HashMap<String, Place>,
    /// Where keys of `[alerts]` are written, and the token's file.
    pub(super) alert_places: HashMap<String, Place>,
    pub(super) token_file: Option<PathBuf>,
    /// Where conditions are stated, by their ids.
    pub(super) condition_places: HashMap<String, Place>,
    /// Where the ports of the hierarchy are written, by their keys.
    pub(super) port_places: HashMap<String, Place>,
    /// Where ports of hosts are written, by the host's number and their keys.
    pub(super) host_port_places: HashMap<(usize, String), Place>,
    /// Where sides of interfaces are written, by the interface's name.
    pub(super) interface_places: HashMap<String, Place>,
    /// Roles under `[roles]` whose holders should have had a site.
    pub(super) siteless: HashSet<RoleId>,
    /// Roles that a rule of the user's own names.
    pub(super) used: HashSet<RoleId>,
}

impl<'c> Draft<'c> {
    pub(super) fn new(catalogue: &'c Catalogue, reading: Reading, report: Report, complete: bool) -> Self {
        let mut model = SiteModel::new(default_edition(catalogue));
        model.companions = default_companions(catalogue);
        let ids = catalogue.roles.iter().map(|role| role.id.clone());
        Self {
            catalogue,
            reading,
            report,
            complete,
            model,
            roles: ids.zip((0_u16..).map(RoleId)).collect(),
            sites: HashMap::new(),
            said: HashMap::new(),
            site_of: HashMap::new(),
            hosts_at: HashMap::new(),
            hosts_named: HashMap::new(),
            site_places: HashMap::new(),
            custom_places: HashMap::new(),
            rule_places: HashMap::new(),
            general_places: HashMap::new(),
            history_places: HashMap::new(),
            alert_places: HashMap::new(),
            token_file: None,
            condition_places: HashMap::new(),
            port_places: HashMap::new(),
            host_port_places: HashMap::new(),
            interface_places: HashMap::new(),
            siteless: HashSet::new(),
            used: HashSet::new(),
        }
    }

    /// The catalogue's role; nothing for a custom one.
    pub(super) fn of_catalogue(&self, role: RoleId) -> Option<&'c Role> {
        self.catalogue.roles.get(usize::from(role.0))
    }

    /// Id of a role.
    pub(super) fn role_id(&self, role: RoleId) -> &str {
        match self.of_catalogue(role) {
            Some(role) => &role.id,
            None => &self.model.custom_roles[usize::from(role.0) - self.catalogue.roles.len()].id,
        }
    }

    /// The role of that id; nothing where nobody knows it, which is then reported.
    pub(super) fn role(&mut self, id: &str, span: &Range<usize>) -> Option<RoleId> {
        let role = self.roles.get(id).copied();
        if role.is_none() && self.complete {
            let hint = did_you_mean(id, self.known_roles());
            self.report.problem(span, format!("unknown role \"{id}\"{hint}"));
        }
        role
    }

    /// Ids of the roles, in the order of their numbers.
    fn known_roles(&self) -> impl Iterator<Item = &str> {
        let catalogue = self.catalogue.roles.iter().map(|role| role.id.as_str());
        catalogue.chain(self.model.custom_roles.iter().map(|role| role.id.as_str()))
    }

    /// The site of that code; nothing where nobody knows it, which is then reported.
    pub(super) fn site(&mut self, code: &str, span: &Range<usize>) -> Option<SiteIndex> {
        let site = self.sites.get(code).copied();
        if site.is_none() && self.complete {
            let codes = || self.model.sites.iter().map(|site| site.code.as_str());
            let hint = match did_you_mean(code, codes()) {
                hint if !hint.is_empty() => hint,
                _ if self.model.sites.is_empty() => format!("; write [[site]] code = \"{code}\""),
                _ if self.model.sites.len() > LISTED => String::new(),
                _ => format!("; there is {}", listed(codes())),
            };
            self.report
                .problem(span, format!("unknown site \"{code}\"{hint}"));
        }
        site
    }

    /// Whether a holder of the role is part of a site, so that it matters which.
    pub(super) fn is_of_a_site(&self, role: RoleId) -> bool {
        let kind = self.of_catalogue(role).map(|role| role.kind);
        matches!(kind, Some(RoleKind::SiteSystem | RoleKind::EndPoint))
    }
}
