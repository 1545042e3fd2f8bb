//! Who is who at this site, and which rules there are between them: what of a dashboard does not change with traffic.

use std::collections::{BTreeMap, HashMap};

use cmflow_common::verdict::VerdictKind;
use ipnet::IpNet;

use crate::catalogue::{Cadence, OpenedBy, Role, RoleKind};
use crate::compile::RuleInfo;
use crate::explain::{Book, words_of_ports};
use crate::site::Extent;

/// Where a role stands in the picture, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Clients, devices, consoles.
    EndPoints,
    /// Site systems that clients ask.
    Front,
    /// Site systems that only the site asks.
    Site,
    /// Databases, domain controllers, and what the site file adds.
    Infrastructure,
    /// The internet, and whoever the site file does not name.
    Outside,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 5] = [
        Self::EndPoints,
        Self::Front,
        Self::Site,
        Self::Infrastructure,
        Self::Outside,
    ];

    /// What stands over it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EndPoints => "End points",
            Self::Front => "Asked by clients",
            Self::Site => "Site",
            Self::Infrastructure => "Infrastructure",
            Self::Outside => "Outside",
        }
    }
}

/// A computer, or a network of them, that holds a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Computer {
    /// What the site file calls it.
    pub name: Option<String>,
    /// Its address, or the prefix.
    pub prefix: IpNet,
}

impl Computer {
    /// The address, or the prefix of a network.
    #[must_use]
    pub fn address(&self) -> String {
        if self.prefix.prefix_len() == self.prefix.max_prefix_len() {
            self.prefix.addr().to_string()
        } else {
            self.prefix.to_string()
        }
    }
}

/// A role at this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub tier: Tier,
    /// Who holds it by the site file, in its order.
    pub computers: Vec<Computer>,
    /// Who holds it where no address is given.
    pub by_word: Option<&'static str>,
}

/// A rule that is possible at this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its id.
    pub id: String,
    /// Role at the left end.
    pub from: String,
    /// Role at the right end.
    pub to: String,
    /// Whether either end may open it.
    pub either: bool,
    /// Name of the service.
    pub service: String,
    /// Its ports.
    pub ports: String,
    /// Verdict that it gives.
    pub kind: VerdictKind,
    /// How often it should be used.
    pub cadence: Cadence,
}

/// Everybody, and every rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cast {
    /// Roles by their id.
    pub parts: BTreeMap<String, Part>,
    /// Rules in the order of the page.
    pub ways: Vec<Way>,
    /// Places of rules among them.
    places: HashMap<String, usize>,
    /// Names of computers by address.
    names: HashMap<std::net::IpAddr, String>,
}

impl Cast {
    /// Who is who by the book.
    #[must_use]
    pub fn of(book: &Book<'_>) -> Self {
        let cadences = cadences(book);
        let possible = book.compiled.rules.iter().filter(|rule| rule.is_possible());
        let ways: Vec<Way> = possible.map(|rule| way(book, rule, &cadences)).collect();
        let names = book.site.hosts.iter().flat_map(|host| {
            let addresses = host.addresses.iter();
            addresses.map(|address| (*address, host.name.clone()))
        });
        let mut cast = Self {
            places: ways
                .iter()
                .enumerate()
                .map(|(place, way)| (way.id.clone(), place))
                .collect(),
            names: names.collect(),
            ways,
            parts: BTreeMap::new(),
        };
        for role in &book.catalogue.roles {
            let tier = cast.tier(role);
            cast.add(book, &role.id, &role.name, tier);
        }
        for role in &book.site.custom_roles {
            cast.add(book, &role.id, &role.id, Tier::Infrastructure);
        }
        cast
    }

    fn add(&mut self, book: &Book<'_>, id: &str, name: &str, tier: Tier) {
        let mut part = Part {
            id: id.to_owned(),
            name: name.to_owned(),
            tier,
            computers: Vec::new(),
            by_word: None,
        };
        let given = book.site.statements.iter().filter(|one| one.given);
        for statement in given.filter(|one| book.compiled.role(one.role) == id) {
            match statement.extent {
                Extent::Prefix(prefix) => part.computers.push(Computer {
                    name: self.names.get(&prefix.addr()).cloned(),
                    prefix,
                }),
                Extent::Public => part.by_word = Some("every public address"),
                Extent::AnyOther => part.by_word = Some("every other address"),
            }
        }
        part.computers.dedup();
        let at_an_end = self.ways.iter().any(|way| way.from == id || way.to == id);
        if part.computers.is_empty() && part.by_word.is_none() {
            part.by_word = match tier {
                Tier::Outside => Some("every public address"),
                _ => Some("whoever holds a role that implies it"),
            };
        }
        if !part.computers.is_empty() || at_an_end {
            self.parts.insert(id.to_owned(), part);
        }
    }

    /// Site systems that a rule lets clients open something to stand in front.
    fn tier(&self, role: &Role) -> Tier {
        match role.kind {
            RoleKind::EndPoint => Tier::EndPoints,
            RoleKind::Public => Tier::Outside,
            RoleKind::Infrastructure | RoleKind::List | RoleKind::Named => Tier::Infrastructure,
            RoleKind::SiteSystem => {
                let mut ways = self.ways.iter();
                let asked = ways.any(|way| {
                    way.kind == VerdictKind::Documented && way.from == "client" && way.to == role.id
                });
                if asked { Tier::Front } else { Tier::Site }
            }
        }
    }

    /// The rule with that id.
    #[must_use]
    pub fn way(&self, rule: &str) -> Option<&Way> {
        self.places.get(rule).map(|place| &self.ways[*place])
    }

    /// What people call a role; its id where nobody has a name for it.
    #[must_use]
    pub fn role_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.parts.get(id).map_or(id, |part| &part.name)
    }

    /// What the site file calls the computer at an address.
    #[must_use]
    pub fn computer(&self, address: std::net::IpAddr) -> Option<&str> {
        self.names.get(&address).map(String::as_str)
    }

    /// The one role that stands for several: the most telling one, which the fewest computers hold.
    #[must_use]
    pub fn chief<'a>(&self, roles: &'a [String]) -> Option<&'a str> {
        let telling = |role: &&String| {
            let part = self.parts.get(role.as_str());
            let holders = part.map_or(0, |part| part.computers.len());
            // A client is what every site system is too; a role by its word is what everybody is.
            (
                part.is_none(),
                *role == "client",
                holders == 0,
                *role != "internet",
                holders,
            )
        };
        roles.iter().min_by_key(telling).map(String::as_str)
    }

    /// The role that stands for an end of flows that rules explain: the one that a rule is for, where the end holds it.
    #[must_use]
    pub fn role_by<'a>(&self, roles: &'a [String], rules: &[String]) -> Option<&'a str> {
        let ways = rules.iter().filter_map(|rule| self.way(rule));
        let ends: Vec<&String> = ways.flat_map(|way| [&way.from, &way.to]).collect();
        // A client that is more is shown as what it is more.
        let is_end = |role: &&String| ends.contains(role) && (*role != "client" || roles.len() == 1);
        roles
            .iter()
            .find(is_end)
            .map_or_else(|| self.chief(roles), |role| Some(role))
    }
}

fn way(book: &Book<'_>, rule: &RuleInfo, cadences: &HashMap<&str, Cadence>) -> Way {
    Way {
        id: rule.id.clone(),
        from: book.compiled.role(rule.from).to_owned(),
        to: book.compiled.role(rule.to).to_owned(),
        either: rule.opened_by == OpenedBy::Either,
        service: rule.service.clone(),
        ports: words_of_ports(rule.ports(0), rule.dynamic),
        kind: rule.kind,
        cadence: cadences
            .get(rule.id.as_str())
            .copied()
            .unwrap_or(Cadence::OnDemand),
    }
}

/// How often rules should be used, as the catalogue says. Of own rules nobody knows.
fn cadences<'a>(book: &Book<'a>) -> HashMap<&'a str, Cadence> {
    let page = book.catalogue.page(&book.compiled.edition);
    let companions = book
        .catalogue
        .companions
        .iter()
        .flat_map(|companion| &companion.rules);
    let rules = page.into_iter().flat_map(|page| page.rules()).chain(companions);
    rules.map(|rule| (rule.id.as_str(), rule.cadence)).collect()
}
