//! Which approvals hold, end soon, or have ended.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::{OpenedBy, PortRange, RoleId};
use crate::config::SOON_DAYS;
use crate::site::{OwnRule, SiteModel};

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Approvals {
    /// The file; nothing where the site file names none.
    pub file: Option<String>,
    /// In the order of the file.
    pub approvals: Vec<Listed>,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// `holds`, `ends-soon` or `ended`.
    pub state: &'static str,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub why: String,
    /// The day on which it was made.
    pub made: Option<Date>,
    /// Its last day, in UTC; nothing where it has none.
    pub until: Option<Date>,
    /// Who opens.
    pub from: ListedEnd,
    /// Who answers.
    pub to: ListedEnd,
    /// Whether either end may open.
    pub opened_by: OpenedBy,
    /// TCP ports.
    pub tcp: Vec<PortRange>,
    /// UDP ports.
    pub udp: Vec<PortRange>,
    /// ICMP echo requests.
    pub icmp_echo: bool,
    /// Where it is written, `approvals.toml:3`.
    pub place: String,
}

/// A role, or addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedEnd {
    /// A role by its id.
    Role(String),
    /// Addresses and prefixes.
    Addresses(Vec<String>),
}

impl ListedEnd {
    fn words(&self) -> String {
        match self {
            Self::Role(role) => role.clone(),
            Self::Addresses(addresses) => addresses.join(", "),
        }
    }
}

impl Approvals {
    /// Those of a site file. `roles` are the ids of the catalogue's roles.
    #[must_use]
    pub fn of(site: &SiteModel, roles: &[&str], today: Date) -> Self {
        let holding = site.rules.iter().map(|rule| (rule, state(rule, today)));
        let ended = site.ended.iter().map(|rule| (rule, "ended"));
        let mut all: Vec<_> = holding.chain(ended).filter(|(rule, _)| rule.approval).collect();
        all.sort_by_key(|(rule, _)| rule.place);
        Self {
            file: site.approvals.map(|file| site.file(file).to_owned()),
            approvals: all
                .into_iter()
                .map(|(rule, state)| listed(roles, site, rule, state))
                .collect(),
        }
    }
}

fn state(rule: &OwnRule, today: Date) -> &'static str {
    let left = rule.until.and_then(|until| until.since(today).ok());
    match left {
        Some(left) if left.get_days() <= SOON_DAYS => "ends-soon",
        _ => "holds",
    }
}

fn listed(roles: &[&str], site: &SiteModel, rule: &OwnRule, state: &'static str) -> Listed {
    Listed {
        id: rule.id.clone(),
        state,
        by: rule.by.clone().unwrap_or_default(),
        why: rule.why.clone(),
        made: rule.made,
        until: rule.until,
        from: end(roles, site, rule.from),
        to: end(roles, site, rule.to),
        opened_by: rule.opened_by,
        tcp: rule.tcp.clone(),
        udp: rule.udp.clone(),
        icmp_echo: rule.icmp_echo,
        place: site.located(rule.place),
    }
}

fn end(roles: &[&str], site: &SiteModel, role: RoleId) -> ListedEnd {
    let number = usize::from(role.0);
    if let Some(set) = site.address_set(roles.len(), role) {
        let short = |prefix: &ipnet::IpNet| match prefix.prefix_len() == prefix.max_prefix_len() {
            true => prefix.addr().to_string(),
            false => prefix.to_string(),
        };
        return ListedEnd::Addresses(set.iter().map(short).collect());
    }
    ListedEnd::Role(match roles.get(number) {
        Some(role) => (*role).to_owned(),
        None => site.custom_roles[number - roles.len()].id.clone(),
    })
}

impl Listed {
    /// Who may open what to whom.
    #[must_use]
    pub fn words(&self) -> String {
        let arrow = match self.opened_by {
            OpenedBy::From => "->",
            OpenedBy::Either => "<->",
        };
        let mut words = format!("{} {arrow} {}", self.from.words(), self.to.words());
        for (name, ports) in [("TCP", &self.tcp), ("UDP", &self.udp)] {
            let ports: Vec<_> = ports.iter().map(PortRange::to_string).collect();
            if !ports.is_empty() {
                words.push_str(&format!(", {name} {}", ports.join(" ")));
            }
        }
        if self.icmp_echo {
            words.push_str(", ICMP echo");
        }
        words
    }
}
