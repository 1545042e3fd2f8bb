//! Warnings of a range of dynamic ports that takes in what is none (note 6).

use std::collections::{BTreeMap, HashMap};

use super::draft::Draft;
use crate::catalogue::{PortRange, Rule};
use crate::site::{Place, PortChanges};

const KEY: &str = "rpc-dynamic";

/// Below this, ports belong to services (RFC 6335).
const FIRST_DYNAMIC: u16 = 1024;

/// How many documented ports a warning names.
const NAMED: usize = 12;

/// Looks at the dynamic ports that `changes` set, where `outer` are the changes around them.
pub(super) fn warn(
    draft: &mut Draft<'_>,
    outer: &PortChanges,
    changes: &PortChanges,
    places: &HashMap<String, Place>,
) {
    let (Some(ranges), Some(place)) = (changes.get(KEY), places.get(KEY).copied()) else {
        return;
    };
    if let Some(what) = overlap(ranges) {
        draft.report.warn_at(place, what);
    }
    if let Some(range) = ranges.iter().find(|range| range.first < FIRST_DYNAMIC) {
        let what = format!(
            "\"{KEY}\" begins at {}; Windows picks dynamic ports from {FIRST_DYNAMIC} on, and those below belong to \
             services",
            range.first
        );
        draft.report.warn_at(place, what);
    }
    let fixed = fixed_ports(draft, outer, changes);
    let inside = fixed.iter().filter(|(port, _)| {
        let meets = |range: &PortRange| range.first <= port.last && port.first <= range.last;
        ranges.iter().any(meets)
    });
    let inside: Vec<_> = inside.map(|(port, what)| format!("{port} ({what})")).collect();
    if !inside.is_empty() {
        let more = match inside.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = inside[..inside.len().min(NAMED)].join(", ");
        let what = format!(
            "\"{KEY}\" takes in documented fixed ports, which go on counting as such: {named}{more}; narrow the range \
             if you can"
        );
        draft.report.warn_at(place, what);
    }
}

/// Says of ranges that meet.
fn overlap(ranges: &[PortRange]) -> Option<String> {
    let mut sorted = ranges.to_vec();
    sorted.sort();
    let pair = sorted.windows(2).find(|pair| pair[1].first <= pair[0].last)?;
    let [one, other] = [pair[0], pair[1]];
    Some(if one == other {
        format!("\"{KEY}\" names {one} twice; remove one")
    } else {
        let both = PortRange {
            first: one.first,
            last: one.last.max(other.last),
        };
        format!("\"{KEY}\" names {one} and {other}, which overlap; write {both}")
    })
}

/// Fixed TCP ports of the edition and the companions that are on, as the site file has changed them there, each with
/// what has it: its key under `[ports]`, else its service.
fn fixed_ports(draft: &Draft<'_>, outer: &PortChanges, changes: &PortChanges) -> BTreeMap<PortRange, String> {
    let catalogue = draft.catalogue;
    let page = catalogue.page(&draft.model.edition);
    let companions = catalogue.companions.iter();
    let on = companions.filter(|companion| draft.model.companions.contains(&companion.id));
    let rules = page
        .into_iter()
        .flat_map(|page| page.rules())
        .chain(on.flat_map(|companion| &companion.rules));
    let mut ports = BTreeMap::new();
    for rule in rules.filter(|rule| !rule.dynamic && !rule.tcp.is_empty()) {
        let changed = rule
            .setting
            .as_ref()
            .and_then(|key| changes.get(key).or_else(|| outer.get(key)));
        for port in changed.unwrap_or(&rule.tcp) {
            ports.entry(*port).or_insert_with(|| name(rule));
        }
    }
    ports
}

fn name(rule: &Rule) -> String {
    match &rule.setting {
        Some(setting) => setting.clone(),
        None => rule.id.rsplit('/').next().unwrap_or(&rule.id).to_owned(),
    }
}
