//! What a rule has to do before its silence means something.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::catalogue::{Cadence, RoleKind, Rule};
use crate::compile::{OWN_RULES, RuleInfo};
use crate::explain::Book;

/// What silence of a rule, or of several that explain the same, would mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    pub(super) cadence: Cadence,
    /// What explains the silence whatever the window, in words.
    pub(super) idle: Option<String>,
}

/// A rule's demand with what else the catalogue says of it.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) demand: Demand,
    /// Conditions under which alone it is used, in words.
    pub(super) conditions: Vec<String>,
    /// It is for installing and repairing only.
    pub(super) installs: bool,
    /// It is, or the site file does not say whether its condition holds: it does not settle why something is used.
    pub(super) conditional: bool,
}

/// Every rule's, by its id.
pub(super) fn of_rules(book: &Book<'_>) -> HashMap<String, Standing> {
    let page = book.catalogue.page(&book.compiled.edition);
    let contexts: HashMap<&str, &str> = page
        .into_iter()
        .flat_map(|page| &page.connections)
        .filter_map(|connection| Some((connection.id.as_str(), connection.context.as_deref()?)))
        .collect();
    let companions = book.catalogue.companions.iter().flat_map(|one| &one.rules);
    let rules = page.into_iter().flat_map(|page| page.rules()).chain(companions);
    let rules: HashMap<&str, &Rule> = rules.map(|rule| (rule.id.as_str(), rule)).collect();
    let compiled = book.compiled.rules.iter();
    compiled
        .map(|info| {
            let standing = match rules.get(info.id.as_str()).filter(|_| info.section != OWN_RULES) {
                Some(rule) => documented(book, info, rule, contexts.get(info.section.as_str()).copied()),
                None => own(),
            };
            (info.id.clone(), standing)
        })
        .collect()
}

/// Nothing says how often a rule of the user's own is used; a month is what backups and scans take.
const fn own() -> Standing {
    Standing {
        demand: Demand {
            cadence: Cadence::Monthly,
            idle: None,
        },
        conditions: Vec::new(),
        installs: false,
        conditional: false,
    }
}

fn documented(book: &Book<'_>, info: &RuleInfo, rule: &Rule, context: Option<&str>) -> Standing {
    let words = |id: &String| {
        let mut known = book.catalogue.conditions.iter();
        known
            .find(|condition| condition.id == *id)
            .map_or_else(|| id.clone(), |condition| condition.words.clone())
    };
    let installs =
        context == Some("installation") || rule.conditions.iter().any(|id| id.ends_with("-installation"));
    let idle = if installs {
        let of_what = rule.conditions.first().map(words);
        Some(format!(
            "used only while something is installed or repaired{}",
            of_what.map(|words| format!(" ({words})")).unwrap_or_default()
        ))
    } else if let Some(id) = info.open_conditions.first() {
        Some(format!(
            "used only where this holds, and the site file does not say whether it does ([conditions] {id}): {}",
            words(id)
        ))
    } else if rule.cadence == Cadence::OnDemand {
        Some(on_demand(book, rule))
    } else {
        None
    };
    Standing {
        demand: Demand {
            cadence: rule.cadence,
            idle,
        },
        conditions: rule.conditions.iter().map(words).collect(),
        installs,
        conditional: installs || !info.open_conditions.is_empty(),
    }
}

fn on_demand(book: &Book<'_>, rule: &Rule) -> String {
    let roles = [rule.from, rule.to].map(|role| book.catalogue.roles.get(usize::from(role.0)));
    let is = |id: &str| roles.iter().flatten().any(|role| role.id == id);
    let service = rule.id.rsplit('/').next().unwrap_or_default();
    let what = if is("distribution-point-pxe") {
        "used only while a computer starts over the network (PXE)"
    } else if is("distribution-point-multicast") {
        "used only while a deployment is multicast"
    } else if is("state-migration-point") {
        "used only while a computer's state is migrated"
    } else if is("fallback-status-point") {
        "used only by clients that cannot reach their management point"
    } else if rule.id.starts_with("client-installation:") {
        "used only while a client is installed"
    } else if service == "http" {
        "used only where HTTPS is not, or cannot be: content and clients fall back to it"
    } else if roles.iter().flatten().any(|role| role.kind == RoleKind::EndPoint) && is("client") {
        "used only when somebody asks for it"
    } else {
        "used on demand only"
    };
    format!("{what}; silence alone never means that it is unused")
}

/// What the silence of flows would mean that all of these rules explain: something only where it does for each.
pub(super) fn together<'a>(demands: impl Iterator<Item = &'a Demand>) -> Demand {
    let mut all = Demand {
        cadence: Cadence::Continuous,
        idle: None,
    };
    for demand in demands {
        all.idle = all.idle.or_else(|| demand.idle.clone());
        all.cadence = match (all.cadence, demand.cadence) {
            (Cadence::OnDemand, _) | (_, Cadence::OnDemand) => Cadence::OnDemand,
            (Cadence::Monthly, _) | (_, Cadence::Monthly) => Cadence::Monthly,
            _ => Cadence::Continuous,
        };
    }
    all
}

/// Since when each rule was possible at a gateway, no earlier than its window.
pub(super) fn spans(evidence: &crate::history::Evidence) -> HashMap<&str, Timestamp> {
    let spans = evidence.rules.iter();
    spans
        .map(|span| (span.rule.as_str(), span.from.max(evidence.from)))
        .collect()
}
