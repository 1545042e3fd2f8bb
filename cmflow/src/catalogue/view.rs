//! The catalogue as JSON shows it: roles by id, ports as first and last.

use serde::Serialize;

use super::diff::Diff;
use super::group::Group;
use super::model::{
    Alias, Cadence, Catalogue, Connection, Edition, List, OpenedBy, Page, PortRange, RoleId, Rule, Scope,
};

/// `catalogue show --format json`.
#[derive(Debug, Serialize)]
pub struct PageView<'a> {
    edition: &'a str,
    connections: Vec<ConnectionView<'a>>,
    lists: Vec<ListView<'a>>,
}

#[derive(Debug, Serialize)]
struct ConnectionView<'a> {
    id: &'a str,
    from: &'a str,
    to: &'a str,
    opened_by: OpenedBy,
    context: Option<&'a str>,
    rules: Vec<RuleView<'a>>,
}

/// A rule, in every answer that tells of one.
#[derive(Debug, Serialize)]
pub struct RuleView<'a> {
    id: &'a str,
    section: &'a str,
    service: &'a str,
    from: &'a str,
    to: &'a str,
    opened_by: OpenedBy,
    udp: &'a [PortRange],
    tcp: &'a [PortRange],
    icmp_echo: bool,
    groups: &'a [Group],
    group_senders: OpenedBy,
    udp_at_from: &'a [PortRange],
    answered: bool,
    dynamic: bool,
    either: bool,
    alternate: bool,
    notes: &'a [u8],
    setting: Option<&'a str>,
    scope: Scope,
    cadence: Cadence,
    conditions: &'a [String],
    anchor: Option<&'a str>,
    errata: &'a [String],
    remarks: &'a [String],
}

#[derive(Debug, Serialize)]
struct ListView<'a> {
    id: &'a str,
    name: &'a str,
    anchor: Option<&'a str>,
    rules: Vec<RuleView<'a>>,
    aliases: Vec<AliasView<'a>>,
    remarks: &'a [String],
    errata: &'a [String],
}

#[derive(Debug, Serialize)]
struct AliasView<'a> {
    id: &'a str,
    service: &'a str,
    from: &'a str,
    to: &'a str,
    opened_by: OpenedBy,
    udp: &'a [PortRange],
    tcp: &'a [PortRange],
    dynamic: bool,
    covered_by: &'a [String],
}

/// `catalogue editions --format json`.
#[derive(Debug, Serialize)]
pub struct EditionsView<'a> {
    /// Oldest first.
    pub editions: Vec<EditionView<'a>>,
}

/// An edition and how much stands in it.
#[derive(Debug, Serialize)]
pub struct EditionView<'a> {
    /// Id, as in `2018-02`.
    pub id: &'a str,
    /// What a reader calls it.
    pub name: &'a str,
    /// Languages of the documents that it was read from.
    pub languages: &'a [String],
    /// Tables.
    pub connections: usize,
    /// Rows of the tables.
    pub rules: usize,
    /// Tables that either end may open.
    pub opened_by_either: usize,
    /// Rows of the tables with an alternate port.
    pub alternate: usize,
    /// Roles that the tables name.
    pub roles: usize,
    /// Rows of the lists that no table covers.
    pub list_rules: usize,
}

/// `catalogue diff --format json`.
#[derive(Debug, Serialize)]
pub struct DiffView<'a> {
    added: Vec<RuleView<'a>>,
    removed: Vec<RuleView<'a>>,
    changed: Vec<ChangeView<'a>>,
}

#[derive(Debug, Serialize)]
struct ChangeView<'a> {
    id: &'a str,
    before: RuleView<'a>,
    after: RuleView<'a>,
}

impl Catalogue {
    /// The page for JSON.
    #[must_use]
    pub fn page_view<'a>(&'a self, page: &'a Page) -> PageView<'a> {
        PageView {
            edition: &page.edition.0,
            connections: page
                .connections
                .iter()
                .map(|connection| self.connection_view(connection))
                .collect(),
            lists: page.lists.iter().map(|list| self.list_view(list)).collect(),
        }
    }

    /// A rule for JSON.
    #[must_use]
    pub fn rule_view<'a>(&'a self, rule: &'a Rule) -> RuleView<'a> {
        RuleView {
            id: &rule.id,
            section: &rule.section,
            service: &rule.service,
            from: self.role_id(rule.from),
            to: self.role_id(rule.to),
            opened_by: rule.opened_by,
            udp: &rule.udp,
            tcp: &rule.tcp,
            icmp_echo: rule.icmp_echo,
            groups: &rule.delivery.groups,
            group_senders: rule.delivery.group_senders,
            udp_at_from: &rule.delivery.udp_at_from,
            answered: rule.delivery.answered,
            dynamic: rule.dynamic,
            either: rule.either,
            alternate: rule.alternate,
            notes: &rule.notes,
            setting: rule.setting.as_deref(),
            scope: rule.scope,
            cadence: rule.cadence,
            conditions: &rule.conditions,
            anchor: rule.anchor.as_deref(),
            errata: &rule.errata,
            remarks: &rule.remarks,
        }
    }

    /// All editions for JSON.
    #[must_use]
    pub fn editions_view(&self) -> EditionsView<'_> {
        let editions = self
            .editions
            .iter()
            .zip(&self.pages)
            .map(|(edition, page)| edition_view(edition, page));
        EditionsView {
            editions: editions.collect(),
        }
    }

    /// A difference for JSON.
    #[must_use]
    pub fn diff_view<'a>(&'a self, diff: &Diff<'a>) -> DiffView<'a> {
        let changed = diff.changed.iter().map(|change| ChangeView {
            id: &change.after.id,
            before: self.rule_view(change.before),
            after: self.rule_view(change.after),
        });
        DiffView {
            added: diff.added.iter().map(|rule| self.rule_view(rule)).collect(),
            removed: diff.removed.iter().map(|rule| self.rule_view(rule)).collect(),
            changed: changed.collect(),
        }
    }

    /// Id of a role of this catalogue; empty for a number that is none of its own.
    #[must_use]
    pub fn role_id(&self, role: RoleId) -> &str {
        self.roles.get(usize::from(role.0)).map_or("", |role| &role.id)
    }

    /// Name of a role of this catalogue; empty for a number that is none of its own.
    #[must_use]
    pub fn role_name(&self, role: RoleId) -> &str {
        self.roles.get(usize::from(role.0)).map_or("", |role| &role.name)
    }

    fn connection_view<'a>(&'a self, connection: &'a Connection) -> ConnectionView<'a> {
        ConnectionView {
            id: &connection.id,
            from: self.role_id(connection.from),
            to: self.role_id(connection.to),
            opened_by: connection.opened_by,
            context: connection.context.as_deref(),
            rules: connection.rules.iter().map(|rule| self.rule_view(rule)).collect(),
        }
    }

    fn list_view<'a>(&'a self, list: &'a List) -> ListView<'a> {
        ListView {
            id: &list.id,
            name: &list.name,
            anchor: list.anchor.as_deref(),
            rules: list.rules.iter().map(|rule| self.rule_view(rule)).collect(),
            aliases: list.aliases.iter().map(alias_view).collect(),
            remarks: &list.remarks,
            errata: &list.errata,
        }
    }
}

fn alias_view(alias: &Alias) -> AliasView<'_> {
    AliasView {
        id: &alias.id,
        service: &alias.service,
        from: &alias.from,
        to: &alias.to,
        opened_by: alias.opened_by,
        udp: &alias.udp,
        tcp: &alias.tcp,
        dynamic: alias.dynamic,
        covered_by: &alias.covered_by,
    }
}

fn edition_view<'a>(edition: &'a Edition, page: &'a Page) -> EditionView<'a> {
    let tables = &page.connections;
    let rows = || tables.iter().flat_map(|connection| &connection.rules);
    let mut roles: Vec<RoleId> = tables.iter().flat_map(|table| [table.from, table.to]).collect();
    roles.sort_unstable();
    roles.dedup();
    EditionView {
        id: &edition.id.0,
        name: &edition.name,
        languages: &edition.languages,
        connections: tables.len(),
        rules: rows().count(),
        opened_by_either: tables
            .iter()
            .filter(|table| table.opened_by == OpenedBy::Either)
            .count(),
        alternate: rows().filter(|rule| rule.alternate).count(),
        roles: roles.len(),
        list_rules: page.lists.iter().map(|list| list.rules.len()).sum(),
    }
}
