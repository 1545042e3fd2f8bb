//! What a site file means, once it is read: roles and where they are held, sites, changed ports.
//!
//! The model knows more than the short form can say (sites, hosts, custom roles, ports at three levels), so
//! that the compiler has one input whatever the file looked like.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::civil::Date;
use serde::Serialize;

use crate::alert;
use crate::catalogue::{EditionId, OpenedBy, PortRange, RoleId, Scope};
use crate::history::Retention;

/// Index of a site in [`SiteModel::sites`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteIndex(pub u16);

/// Index of a file in [`SiteModel::files`]; the site file itself is the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIndex(pub u16);

/// Where something is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileIndex,
    /// Line of it, from 1.
    pub line: usize,
}

/// Ports that replace documented ones, by the key of their setting.
pub type PortChanges = BTreeMap<String, Vec<PortRange>>;

/// The addresses that a statement speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// A prefix, or a single address as a prefix of full length.
    Prefix(IpNet),
    /// Every address outside the special-purpose ranges and the internal networks.
    Public,
    /// Every address.
    AnyOther,
}

/// "These addresses hold that role", or "they do not".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The role.
    pub role: RoleId,
    /// The addresses.
    pub extent: Extent,
    /// True where they hold the role, false where they are excluded from it.
    pub given: bool,
    /// The site that computers there belong to; nothing where the file names none, which fits any site.
    pub site: Option<SiteIndex>,
    /// Where it is written.
    pub place: Place,
}

/// Which flows with one unknown end are flagged as unexplained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagForeign {
    /// Those of a computer that is more than a client.
    #[default]
    SiteSystems,
    /// Those of every computer that the site file names.
    All,
    /// None; they are counted all the same.
    None,
}

impl FlagForeign {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::SiteSystems, Self::All, Self::None];

    /// The word that site files and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SiteSystems => "site-systems",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// What the site file says of one of the catalogue's conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Whether it holds. Rules of one that does not explain nothing.
    pub holds: bool,
    /// Where it is written.
    pub place: Place,
}

/// A site of the hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its code, as in `PR1`.
    pub code: String,
    /// What people call it.
    pub name: Option<String>,
    /// The site above it.
    pub parent: Option<SiteIndex>,
    /// Ports changed for this site.
    pub ports: PortChanges,
}

/// A computer that the file calls by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What the file calls it.
    pub name: String,
    /// Its addresses; prefixes that a line of a CSV file names are in the statements alone.
    pub addresses: Vec<IpAddr>,
    /// Its site.
    pub site: Option<SiteIndex>,
    /// Ports changed on this computer.
    pub ports: PortChanges,
}

/// A role that the site file adds to the catalogue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id.
    pub id: String,
    /// Whether its flows prove that a rule is used; false for a scanner, whose hits prove nothing.
    pub evidence: bool,
}

/// A rule of the user's own, from the site file or the approvals file: what it explains is approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRule {
    /// Its id, as the file names it.
    pub id: String,
    /// Role that opens it, or a set of addresses ([`SiteModel::address_sets`]).
    pub from: RoleId,
    /// Role that answers, or a set of addresses.
    pub to: RoleId,
    /// Who may open it.
    pub opened_by: OpenedBy,
    /// UDP ports of the responder.
    pub udp: Vec<PortRange>,
    /// TCP ports of the responder.
    pub tcp: Vec<PortRange>,
    /// ICMP echo requests.
    pub icmp_echo: bool,
    /// Why it is right, in the user's words.
    pub why: String,
    /// Who answers for it, where it says so.
    pub by: Option<String>,
    /// The day on which it was made, where it says so.
    pub made: Option<Date>,
    /// The last day on which it holds; nothing where it has no end.
    pub until: Option<Date>,
    /// Whether it is an exception of the approvals file: it explains what it covers and says nothing of anything else,
    /// so that whoever opens it from the wrong end is not `reversed`.
    pub approval: bool,
    /// Where it is written.
    pub place: Place,
}

/// What a flow to a dynamic port counts as that no conversation with the endpoint mapper was seen to announce
/// (note 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rpc {
    /// The range explains it.
    #[default]
    Range,
    /// Nothing does.
    Strict,
}

impl Rpc {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Range, Self::Strict];

    /// The word that site files and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Strict => "strict",
        }
    }
}

/// How long an expectation that an endpoint mapper's answer made lives, where the site file does not say.
pub const RPC_LIFETIME: Duration = Duration::from_secs(600);

/// A proxy server, through which the traffic toward the internet goes (note 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address.
    pub address: IpAddr,
    /// The port that it answers at.
    pub port: u16,
    /// Where it is written.
    pub place: Place,
}

/// An instance of SQL Server with a port of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlInstance {
    /// What people call it.
    pub name: Option<String>,
    /// Addresses of its computer.
    pub addresses: Vec<IpAddr>,
    /// Its port.
    pub port: u16,
    /// The port of its Service Broker, where it is not the one that holds there anyway.
    pub broker: Option<u16>,
    /// Where it is written.
    pub place: Place,
}

impl SqlInstance {
    /// Keys under `[ports]` that instances set at their computers.
    pub const KEYS: [&str; 3] = ["sql", "sql-wsus", "sql-broker"];

    /// The keys that this one sets.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.ports().into_iter().map(|(key, _)| key)
    }

    /// Its port for each of the keys that it sets.
    #[must_use]
    pub fn ports(&self) -> Vec<(&'static str, u16)> {
        let [sql, wsus, broker] = Self::KEYS;
        let mut ports = vec![(sql, self.port), (wsus, self.port)];
        ports.extend(self.broker.map(|port| (broker, port)));
        ports
    }
}

/// Who is on the other side of an interface, as far as addresses do not tell: computers without an address of their
/// own yet, and those with a link-local one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceSide {
    /// Name of the interface.
    pub name: String,
    /// The role that such a computer holds.
    pub role: RoleId,
    /// Where it is written.
    pub place: Place,
}

/// An address, and a port where only that one is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Socket {
    /// The address.
    pub address: IpAddr,
    /// The port; nothing where every port is meant and stays as it is.
    pub port: Option<u16>,
}

/// A declared translation: a load balancer or DNAT (`vips`, `members`), or a source NAT (`own`).
///
/// An answer comes from another address than the one that was asked, or goes to another than the one that asked: the
/// conversation is seen as two halves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nat {
    /// Virtual addresses that are asked. Each holds the roles of the members.
    pub vips: Vec<Socket>,
    /// Computers that answer in their stead; for a source NAT those that are asked through it.
    pub members: Vec<Socket>,
    /// Addresses that the translator itself asks from.
    pub own: Vec<IpAddr>,
    /// How many computers are behind [`Nat::own`].
    pub hides: Option<u32>,
    /// Roles of the computers behind [`Nat::own`].
    pub roles: Vec<RoleId>,
    /// Where it is written.
    pub place: Place,
}

impl Nat {
    /// Ports of members that differ from those of a virtual address, each with what stands there in its place. Where
    /// either side names no port, every port stays as it is.
    #[must_use]
    pub fn moved_ports(&self, vip: IpAddr) -> Vec<(u16, Vec<u16>)> {
        let ports = |sockets: &mut dyn Iterator<Item = &Socket>| -> BTreeSet<u16> {
            sockets.filter_map(|socket| socket.port).collect()
        };
        let own = ports(&mut self.vips.iter().filter(|one| one.address == vip));
        let members = ports(&mut self.members.iter());
        if own.is_empty() || own == members || own.len() > 1 && members.len() > 1 {
            return Vec::new();
        }
        let own: Vec<_> = own.into_iter().collect();
        members.into_iter().map(|port| (port, own.clone())).collect()
    }
}

/// A site file, resolved against a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteModel {
    /// Names of the files that it was read from, the site file first.
    pub files: Vec<String>,
    /// Edition of the page that counts.
    pub edition: EditionId,
    /// Companion catalogues that are switched on.
    pub companions: Vec<String>,
    /// Which flows with one unknown end are flagged.
    pub flag_foreign: FlagForeign,
    /// Conditions that the file speaks of, by their ids; what it says nothing of may hold.
    pub conditions: BTreeMap<String, Stated>,
    /// Site systems toward which the site server alone initiates (note 5).
    pub site_server_initiates: Vec<IpNet>,
    /// What a flow to a dynamic port counts as that nothing announced.
    pub rpc: Rpc,
    /// How long an announcement of a dynamic port holds.
    pub rpc_lifetime: Duration,
    /// Proxy servers.
    pub proxies: Vec<Proxy>,
    /// Instances of SQL Server with ports of their own.
    pub sql_instances: Vec<SqlInstance>,
    /// Interfaces with a side.
    pub interfaces: Vec<InterfaceSide>,
    /// Declared translations.
    pub nats: Vec<Nat>,
    /// Networks of the company, beside what is internal by its address anyway.
    pub internal: Vec<IpNet>,
    /// Sites of the hierarchy; none where the file does not tell sites apart.
    pub sites: Vec<Site>,
    /// Roles beside the catalogue's; their [`RoleId`]s follow the last one of the catalogue.
    pub custom_roles: Vec<CustomRole>,
    /// Addresses that approvals name in place of a role; their [`RoleId`]s follow the last custom role. Nobody holds them
    /// for anything else: whoever has such an address stays what the rest of the file makes of it.
    pub address_sets: Vec<Vec<IpNet>>,
    /// Rules of the user's own, and approvals that hold.
    pub rules: Vec<OwnRule>,
    /// Rules of the user's own and approvals whose last day has passed: they explain nothing any more.
    pub ended: Vec<OwnRule>,
    /// The approvals file, where the site file names one.
    pub approvals: Option<FileIndex>,
    /// Who holds which role, in the order of the file.
    pub statements: Vec<Statement>,
    /// Computers that the file calls by a name.
    pub hosts: Vec<Host>,
    /// Ports changed for the whole hierarchy.
    pub ports: PortChanges,
    /// Computers that stand by for others: their silence is expected.
    pub standby: Vec<IpNet>,
    /// How long the history keeps what.
    pub history: Retention,
    /// Who is told of what nothing explains, and when.
    pub alerts: alert::Options,
}

impl SiteModel {
    /// A model that says nothing but its edition.
    #[must_use]
    pub fn new(edition: EditionId) -> Self {
        Self {
            files: Vec::new(),
            edition,
            companions: Vec::new(),
            flag_foreign: FlagForeign::default(),
            conditions: BTreeMap::new(),
            site_server_initiates: Vec::new(),
            rpc: Rpc::default(),
            rpc_lifetime: RPC_LIFETIME,
            proxies: Vec::new(),
            sql_instances: Vec::new(),
            interfaces: Vec::new(),
            nats: Vec::new(),
            internal: Vec::new(),
            sites: Vec::new(),
            custom_roles: Vec::new(),
            address_sets: Vec::new(),
            rules: Vec::new(),
            ended: Vec::new(),
            approvals: None,
            statements: Vec::new(),
            hosts: Vec::new(),
            ports: PortChanges::new(),
            standby: Vec::new(),
            history: Retention::default(),
            alerts: alert::Options::default(),
        }
    }

    /// Whether a connection of that scope is documented between computers of those sites. A computer without
    /// a site fits any, and a site counts as related to itself.
    #[must_use]
    pub fn in_scope(&self, scope: Scope, a: Option<SiteIndex>, b: Option<SiteIndex>) -> bool {
        let (Some(a), Some(b)) = (a, b) else { return true };
        match scope {
            Scope::Anywhere => true,
            Scope::SameSite => a == b,
            Scope::Hierarchy => self.top(a) == self.top(b),
            Scope::ParentChild => a == b || self.parent(a) == Some(b) || self.parent(b) == Some(a),
        }
    }

    /// The first last day, from `today` on, of a rule or an approval: what explains the day after is another matter, and
    /// tables have to be made anew.
    #[must_use]
    pub fn next_end(&self, today: Date) -> Option<Date> {
        let ends = self.rules.iter().filter_map(|rule| rule.until);
        ends.filter(|end| *end >= today).min()
    }

    /// The addresses that stand in place of a role, where they do. `catalogue_roles` is how many roles the catalogue has.
    #[must_use]
    pub fn address_set(&self, catalogue_roles: usize, role: RoleId) -> Option<&[IpNet]> {
        let first = catalogue_roles + self.custom_roles.len();
        let index = usize::from(role.0).checked_sub(first)?;
        self.address_sets.get(index).map(Vec::as_slice)
    }

    /// Name of a file.
    #[must_use]
    pub fn file(&self, file: FileIndex) -> &str {
        self.files.get(usize::from(file.0)).map_or("?", String::as_str)
    }

    /// A place as messages name it, `site.toml:12`.
    #[must_use]
    pub fn located(&self, place: Place) -> String {
        format!("{}:{}", self.file(place.file), place.line)
    }

    /// Code of a site.
    #[must_use]
    pub fn code(&self, site: SiteIndex) -> &str {
        self.sites.get(usize::from(site.0)).map_or("?", |site| &site.code)
    }

    /// What prefixes say of the roles at an address: for each role the most specific statement.
    #[must_use]
    pub fn decisive(&self, address: IpAddr) -> BTreeMap<RoleId, &Statement> {
        let mut decisive: BTreeMap<RoleId, (u8, &Statement)> = BTreeMap::new();
        for statement in &self.statements {
            let Extent::Prefix(prefix) = statement.extent else {
                continue;
            };
            if prefix.contains(&address) {
                let length = prefix.prefix_len();
                let so_far = decisive.entry(statement.role).or_insert((length, statement));
                if length > so_far.0 {
                    *so_far = (length, statement);
                }
            }
        }
        decisive
            .into_iter()
            .map(|(role, (_, statement))| (role, statement))
            .collect()
    }

    /// The host that has an address; the last one where several do.
    #[must_use]
    pub fn host_at(&self, address: IpAddr) -> Option<&Host> {
        self.hosts
            .iter()
            .rev()
            .find(|host| host.addresses.contains(&address))
    }

    /// The site that computers at an address belong to, as hosts and prefixes say.
    #[must_use]
    pub fn site_at(&self, address: IpAddr) -> Option<SiteIndex> {
        if let Some(site) = self.host_at(address).and_then(|host| host.site) {
            return Some(site);
        }
        let sites = self.statements.iter().filter_map(|one| match one.extent {
            Extent::Prefix(prefix) if one.given && prefix.contains(&address) => {
                Some((prefix.prefix_len(), one.site?))
            }
            _ => None,
        });
        sites.max_by_key(|(length, _)| *length).map(|(_, site)| site)
    }

    fn parent(&self, site: SiteIndex) -> Option<SiteIndex> {
        self.sites.get(usize::from(site.0))?.parent
    }

    /// The site at the top of a site's hierarchy. Bounded by the number of sites, should parents run in a ring.
    fn top(&self, site: SiteIndex) -> SiteIndex {
        (0..self.sites.len()).fold(site, |site, _| self.parent(site).unwrap_or(site))
    }
}
