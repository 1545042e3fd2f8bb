//! Suggestions as one TOML file, with what was seen as comments: to paste from, or to name under `include`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::seen::short;
use super::{Piece, Suggestion};
use crate::approve::quoted;

/// The text of the file. It is one that the site file can include as it is, once the edits that it asks for are made.
#[must_use]
pub fn document(suggestions: &[Suggestion]) -> String {
    let mut text = String::from(
        "# What the site file may lack, as far as traffic tells. Review each: what is seen need not be right.\n\
         # Paste from it, or save it beside the site file and name it there: include = [\"suggested.toml\"]\n",
    );
    for one in suggestions
        .iter()
        .filter(|one| matches!(one.piece, Piece::Edit { .. }))
    {
        comments(&mut text, one);
        if let Piece::Edit { at, key, value } = &one.piece {
            match value {
                Some(value) => writeln!(text, "# in {at}: {key} = {value}").expect(FITS),
                None => writeln!(text, "# in {at}: remove {key}").expect(FITS),
            }
        }
    }
    for one in suggestions.iter().filter(|one| one.piece == Piece::Nothing) {
        comments(&mut text, one);
    }
    ports(&mut text, suggestions);
    roles(&mut text, suggestions);
    for one in suggestions {
        let Piece::Host {
            name,
            address,
            site,
            roles,
        } = &one.piece
        else {
            continue;
        };
        comments(&mut text, one);
        let roles: Vec<_> = roles.iter().map(|role| quoted(role)).collect();
        writeln!(
            text,
            "[[host]]\nname    = {}\naddress = \"{address}\"",
            quoted(name)
        )
        .expect(FITS);
        if let Some(site) = site {
            writeln!(text, "site    = {}", quoted(site)).expect(FITS);
        }
        writeln!(text, "roles   = [{}]", roles.join(", ")).expect(FITS);
    }
    text
}

const FITS: &str = "a String takes everything";

fn comments(text: &mut String, suggestion: &Suggestion) {
    writeln!(text, "\n# {}", suggestion.seen).expect(FITS);
    for remark in &suggestion.remarks {
        writeln!(text, "#   {remark}").expect(FITS);
    }
}

/// A key may stand once: of two suggestions for one the greater is taken, and the other stays a comment.
fn ports(text: &mut String, suggestions: &[Suggestion]) {
    let mut written: Vec<&str> = Vec::new();
    for one in suggestions {
        let Piece::Port { key, ports } = &one.piece else {
            continue;
        };
        if written.is_empty() {
            text.push_str("\n[ports]");
        }
        comments(text, one);
        let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
        let second = if written.contains(&key.as_str()) {
            "# or: "
        } else {
            ""
        };
        writeln!(text, "{second}{key} = {}", ports.join(", ")).expect(FITS);
        written.push(key);
    }
}

fn roles(text: &mut String, suggestions: &[Suggestion]) {
    let mut by_role: BTreeMap<&str, Vec<(&Suggestion, Vec<String>)>> = BTreeMap::new();
    for one in suggestions {
        let Piece::Role { roles, addresses } = &one.piece else {
            continue;
        };
        let addresses: Vec<_> = addresses
            .iter()
            .map(|net| format!("\"{}\"", short(*net)))
            .collect();
        for role in roles {
            by_role.entry(role).or_default().push((one, addresses.clone()));
        }
    }
    if !by_role.is_empty() {
        text.push_str("\n[roles]\n");
    }
    for (role, all) in by_role {
        writeln!(text, "{role} = [").expect(FITS);
        for (one, addresses) in all {
            writeln!(text, "    # {}", one.seen).expect(FITS);
            for remark in &one.remarks {
                writeln!(text, "    #   {remark}").expect(FITS);
            }
            writeln!(text, "    {},", addresses.join(", ")).expect(FITS);
        }
        text.push_str("]\n");
    }
}
