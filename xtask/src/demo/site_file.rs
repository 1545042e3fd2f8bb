//! The site file of the demo, short form.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::place::PLACES;

/// Who holds which role, as a user would write it down.
pub(super) fn text() -> String {
    let mut holders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for place in &PLACES {
        // Clients are written by network below; a stranger is known to nobody.
        if let Some(role) = place.role.filter(|&role| role != "client") {
            holders
                .entry(role)
                .or_default()
                .extend(place.addresses().map(|address| format!("\"{address}\"")));
        }
    }
    let mut text = String::from(
        "# The computers of the demo. `cmflow check --site FILE` says what this means.\n\
         edition = \"current\"\n\n\
         [networks]\n\
         internal = [\"10.0.0.0/8\", \"fd00::/8\"]\n\n\
         [roles]\n\
         client = [\"10.10.0.0/16\", \"!10.10.0.20/32\", \"10.11.0.0/16\", \"fd00:10::/64\", \"fd00:11::/64\"]\n",
    );
    for (role, addresses) in holders {
        let _ = writeln!(text, "{role} = [{}]", addresses.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_role_has_its_addresses_and_the_stranger_has_none() {
        let text = super::text();
        assert!(
            text.contains("management-point = [\"10.20.0.11\", \"fd00:20::11\"]"),
            "{text}"
        );
        assert!(
            text.contains("sql-server = [\"10.30.0.6\", \"fd00:30::6\", \"10.50.0.6\"]"),
            "{text}"
        );
        assert!(!text.contains("10.99."), "{text}");
    }
}
