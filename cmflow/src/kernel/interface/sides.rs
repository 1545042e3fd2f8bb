//! Interfaces that the site file gives a side, beside those that the machine has and those that are looked at.

use crate::site::SiteModel;

/// A warning for each interface of the site file's `[interfaces]` that this machine has not, or that nobody looks at.
#[must_use]
pub fn unseen_sides(site: &SiteModel, existing: &[&str], looked_at: &[String]) -> Vec<String> {
    let warnings = site.interfaces.iter().filter_map(|side| {
        let name = &side.name;
        let what = if !existing.contains(&name.as_str()) {
            "this machine has no such interface"
        } else if !looked_at.contains(name) {
            "that interface is not looked at; add --interface for it"
        } else {
            return None;
        };
        let place = site.located(side.place);
        Some(format!(
            "{place}: [interfaces] gives \"{name}\" a side, and {what}"
        ))
    });
    warnings.collect()
}
