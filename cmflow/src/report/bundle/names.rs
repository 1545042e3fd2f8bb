//! File names made of names from outside: they stay in their folder, and no two are the same.

use std::collections::HashSet;

/// Names given so far.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name that no other one has, as near to `name` as a file name may be; `otherwise` where nothing is left of it.
    pub(super) fn unique(&mut self, name: &str, otherwise: &str) -> String {
        let plain = match plain(name) {
            none if none.is_empty() => otherwise.to_owned(),
            plain => plain,
        };
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let mut all = std::iter::once(plain.clone()).chain(numbered);
        // Names that differ by case alone are one file on some systems.
        let free = all.find(|name| self.0.insert(name.to_lowercase()));
        free.unwrap_or(plain)
    }
}

/// The last part of a path, of letters, digits and `. _ -`, without a dot at its begin.
pub(super) fn plain(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(safe).take(80).collect();
    name.trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_folder() {
        for (name, safe) in [
            ("gw-berlin-1", "gw-berlin-1"),
            ("/etc/cmflow/site.toml", "site.toml"),
            ("../../etc/passwd", "passwd"),
            ("..", ""),
            ("C:\\sites\\a b.toml", "a_b.toml"),
            ("aux\u{202e}\n<x>", "aux___x_"),
            ("", ""),
        ] {
            assert_eq!(plain(name), safe, "{name}");
        }
    }

    #[test]
    fn no_two_names_are_the_same() {
        let mut names = Names::default();
        let given = ["a/gw", "b/GW", "gw", "gw-2", ".."].map(|name| names.unique(name, "gateway"));
        assert_eq!(given, ["gw", "GW-2", "gw-3", "gw-2-2", "gateway"]);
    }
}
