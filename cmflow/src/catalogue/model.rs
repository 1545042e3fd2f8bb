//! The catalogue as the rest of cmflow reads it: roles, editions, connections, rules, lists.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::group::Group;

/// Index of a role in [`Catalogue::roles`]. Custom roles of a site file get the numbers after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleId(pub u16);

/// Id of a dated state of the page, such as `2020-04` or `current`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditionId(pub String);

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a role is in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// A site system role of Configuration Manager.
    SiteSystem,
    /// A managed computer, a device, or the administrator's console.
    EndPoint,
    /// Something on the internet; `public` addresses hold it where the site file names none.
    Public,
    /// A server that Configuration Manager uses and does not own.
    Infrastructure,
    /// A role that only the lists beside the tables name.
    List,
    /// Held by every computer that the site file names, whatever its roles: a member of the domain.
    Named,
}

/// A part that a computer plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Id as in `management-point`.
    pub id: String,
    /// Name in the newest edition that has it.
    pub name: String,
    /// What it is in the network.
    pub kind: RoleKind,
    /// Editions whose tables name it; empty where only lists do.
    pub editions: Vec<EditionId>,
    /// Roles that a holder of this one holds too, transitively closed, without itself.
    pub implies: Vec<RoleId>,
}

/// A dated state of the page "Ports used in Configuration Manager".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Id, as in `2018-02`.
    pub id: EditionId,
    /// What a reader calls it.
    pub name: String,
    /// Languages of the documents that it was read from.
    pub languages: Vec<String>,
}

/// Who may open a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenedBy {
    /// `-->`: only the left end.
    From,
    /// `<-->`: either end.
    Either,
}

/// Between which sites of a hierarchy a connection is documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Both ends in one site.
    SameSite,
    /// Any sites of one hierarchy.
    Hierarchy,
    /// A site and its parent or child.
    ParentChild,
    /// One end stands outside the sites.
    Anywhere,
}

/// How long a silence has to last before it means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cadence {
    /// Runs all the time: 7 days without a hit mean something.
    Continuous,
    /// Runs with the monthly updates: 40 days that include a patch Tuesday.
    Monthly,
    /// Runs when somebody asks for it: silence alone never means unused.
    OnDemand,
}

/// An inclusive range of ports; a single port where both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct PortRange {
    /// Lowest port of the range.
    pub first: u16,
    /// Highest port of the range.
    pub last: u16,
}

impl PortRange {
    /// The range of one port.
    #[must_use]
    pub const fn single(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }

    /// Whether `port` lies in the range.
    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

/// How packets of a rule travel where that is more than from one computer to a port of another: what protocols do, and
/// the page leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Groups that are sent to as well, at the rule's ports.
    pub groups: Vec<Group>,
    /// Who sends to them: the left end, or both.
    pub group_senders: OpenedBy,
    /// UDP ports of the left end that the right end sends to, beside those that are printed.
    pub udp_at_from: Vec<PortRange>,
    /// Whether the receiver says anything in return.
    pub answered: bool,
}

impl Default for Delivery {
    /// From one computer to another, which answers.
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            group_senders: OpenedBy::From,
            udp_at_from: Vec::new(),
            answered: true,
        }
    }
}

impl Delivery {
    /// Whether packets of the rule may go to that group.
    #[must_use]
    pub fn reaches(&self, group: Group) -> bool {
        self.groups.iter().any(|own| own.contains(group))
    }
}

/// A rule as it stands in one edition: a service between two roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `from/to/service`, the same in every edition.
    pub id: String,
    /// Id of its connection or list.
    pub section: String,
    /// Whether it stands in a list beside the tables rather than in a connection's table.
    pub listed: bool,
    /// Name of the service, as the page calls it in its newest edition.
    pub service: String,
    /// Role at the left end of the arrow.
    pub from: RoleId,
    /// Role at the right end of the arrow, where the ports are.
    pub to: RoleId,
    /// Who may open it.
    pub opened_by: OpenedBy,
    /// Documented UDP ports of the responder.
    pub udp: Vec<PortRange>,
    /// Documented TCP ports of the responder; empty for a dynamic rule.
    pub tcp: Vec<PortRange>,
    /// ICMP echo requests, which have no port.
    pub icmp_echo: bool,
    /// Groups, and what else is more than one computer's packet to another's port.
    pub delivery: Delivery,
    /// The page says DYNAMIC: the TCP ports are the site file's `rpc-dynamic`.
    pub dynamic: bool,
    /// The ports are alternatives ("80 or 8530"): the site file picks, else all hold.
    pub either: bool,
    /// "Alternate port available": a changed port replaces the documented one.
    pub alternate: bool,
    /// Numbers of the page's notes that the row or its heading carries.
    pub notes: Vec<u8>,
    /// Key under `[ports]` of the site file that replaces the documented ports.
    pub setting: Option<String>,
    /// Between which sites it is documented.
    pub scope: Scope,
    /// How often it is used.
    pub cadence: Cadence,
    /// Ids of the conditions under which alone it is used.
    pub conditions: Vec<String>,
    /// Anchor of its section in the page of that edition; the public source of a companion's rule.
    pub anchor: Option<String>,
    /// What stood there where the documents err, in words.
    pub errata: Vec<String>,
    /// What a reader should know, such as a contradiction that the page prints.
    pub remarks: Vec<String>,
}

/// A connection's table in one edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `from/to`, with `@context` where a pair of roles has a second table.
    pub id: String,
    /// Role at the left end of the arrow.
    pub from: RoleId,
    /// Role at the right end of the arrow.
    pub to: RoleId,
    /// Who may open it.
    pub opened_by: OpenedBy,
    /// When alone the table holds, such as `installation`.
    pub context: Option<String>,
    /// Its rows.
    pub rules: Vec<Rule>,
}

/// A row of a list beside the tables that a table's row covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Id of the list row.
    pub id: String,
    /// Name of the service.
    pub service: String,
    /// Role that opens it.
    pub from: String,
    /// Role that answers.
    pub to: String,
    /// Who may open it, as the list prints it.
    pub opened_by: OpenedBy,
    /// UDP ports that the list prints.
    pub udp: Vec<PortRange>,
    /// TCP ports that the list prints.
    pub tcp: Vec<PortRange>,
    /// The list says "dynamic".
    pub dynamic: bool,
    /// Rules of the tables that say the same.
    pub covered_by: Vec<String>,
}

/// A list beside the tables in one edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Id, as in `discovery-and-publishing`.
    pub id: String,
    /// What a reader calls it.
    pub name: String,
    /// Anchor of the list in the page.
    pub anchor: Option<String>,
    /// Rows that no table covers.
    pub rules: Vec<Rule>,
    /// Rows that tables cover.
    pub aliases: Vec<Alias>,
    /// What the list says where it has no row of its own, such as "documented on another page".
    pub remarks: Vec<String>,
    /// What stood there where the documents err, in words.
    pub errata: Vec<String>,
}

/// Where a port may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// One value for the whole hierarchy.
    Hierarchy,
    /// A value for each site.
    Site,
    /// A value for each computer.
    Host,
}

/// A key under `[ports]` of the site file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Key, as in `client-https`.
    pub key: String,
    /// What it changes, in words.
    pub name: String,
    /// Documented ports; more than one where the page gives alternatives.
    pub default: Vec<PortRange>,
    /// Whether the value may be a range or a list of ranges (`rpc-dynamic`).
    pub ranges: bool,
    /// False where the page says that the port cannot be changed: a site file that does is warned.
    pub configurable: bool,
    /// The finest level at which it may differ.
    pub level: Level,
}

/// A condition under which alone some rules are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Key under `[conditions]` of the site file.
    pub id: String,
    /// The condition in words.
    pub words: String,
}

/// A note of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number on the page.
    pub number: u8,
    /// Its title.
    pub title: String,
    /// What it means, in cmflow's own words.
    pub meaning: String,
    /// Editions that print it.
    pub editions: Vec<EditionId>,
}

/// A place where the documents err or disagree, and how the catalogue reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erratum {
    /// Number that groups what belongs together.
    pub number: u8,
    /// Languages of the documents that say it so.
    pub documents: Vec<String>,
    /// What stands there.
    pub stood: String,
    /// How the catalogue reads it.
    pub reading: String,
    /// A contradiction that is carried as printed: its rules have a remark instead of an erratum.
    pub kept: bool,
    /// Rules that carry it, in any edition.
    pub rules: Vec<String>,
    /// Notes that it concerns.
    pub notes: Vec<u8>,
    /// Lists that it concerns.
    pub lists: Vec<String>,
}

/// One edition of the page, with everything that it documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which edition.
    pub edition: EditionId,
    /// The tables, in the page's order.
    pub connections: Vec<Connection>,
    /// The lists beside the tables.
    pub lists: Vec<List>,
}

impl Page {
    /// Every rule of the page: the tables' rows first, then the lists' rows that no table covers.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let tables = self.connections.iter().flat_map(|connection| &connection.rules);
        tables.chain(self.lists.iter().flat_map(|list| &list.rules))
    }
}

/// A small catalogue beside the page, for traffic that the page itself leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Id, as in `windows-domain`; its rules' ids begin with it and a colon.
    pub id: String,
    /// What a reader calls it.
    pub name: String,
    /// What it covers, in a sentence.
    pub summary: String,
    /// Whether it is on where the site file does not say.
    pub default: bool,
    /// Its rules, `companion:from/to/service`. [`Rule::anchor`] names the public source of each.
    pub rules: Vec<Rule>,
}

/// Everything the documents say, in all editions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// Roles; a [`RoleId`] is an index into them.
    pub roles: Vec<Role>,
    /// Editions, oldest first.
    pub editions: Vec<Edition>,
    /// The page, once for each edition, in the order of `editions`.
    pub pages: Vec<Page>,
    /// Companion catalogues.
    pub companions: Vec<Companion>,
    /// Keys of `[ports]`.
    pub settings: Vec<Setting>,
    /// Keys of `[conditions]`.
    pub conditions: Vec<Condition>,
    /// Notes of the page.
    pub notes: Vec<Note>,
    /// Where the documents err or disagree.
    pub errata: Vec<Erratum>,
}

impl Catalogue {
    /// The role with that id.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<RoleId> {
        let index = self.roles.iter().position(|role| role.id == id)?;
        u16::try_from(index).ok().map(RoleId)
    }

    /// The page of that edition.
    #[must_use]
    pub fn page(&self, edition: &EditionId) -> Option<&Page> {
        self.pages.iter().find(|page| page.edition == *edition)
    }

    /// The companion with that id.
    #[must_use]
    pub fn companion(&self, id: &str) -> Option<&Companion> {
        self.companions.iter().find(|companion| companion.id == id)
    }

    /// The setting with that key.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }
}
