//! A site file from what was taken over.

use std::fmt::Write as _;

use super::Checked;
use crate::approve::quoted;

const FITS: &str = "a String takes everything";

/// The text of the file; `source` is what it was made from.
#[must_use]
pub fn document(checked: &Checked, source: &str) -> String {
    let mut text = format!(
        "# Made of {} by cmflow site import: {} computers, {} sites.\n\
         # It names servers alone: add [networks] internal and the networks of clients, then ask cmflow check.\n",
        one_line(source),
        checked.hosts.len(),
        checked.sites.len()
    );
    if !checked.left_out.is_empty() {
        text.push_str("#\n# Not taken over:\n");
    }
    for what in &checked.left_out {
        writeln!(text, "#   {}", one_line(what)).expect(FITS);
    }
    for site in &checked.sites {
        writeln!(text, "\n[[site]]\ncode   = {}", quoted(&site.code)).expect(FITS);
        if let Some(parent) = &site.parent {
            writeln!(text, "parent = {}", quoted(parent)).expect(FITS);
        }
    }
    for host in &checked.hosts {
        let addresses: Vec<_> = host
            .addresses
            .iter()
            .map(|net| match net.prefix_len() == net.max_prefix_len() {
                true => format!("\"{}\"", net.addr()),
                false => format!("\"{net}\""),
            })
            .collect();
        let roles: Vec<_> = host.roles.iter().map(|role| quoted(role)).collect();
        writeln!(text, "\n[[host]]\nname    = {}", quoted(&host.name)).expect(FITS);
        writeln!(text, "address = [{}]", addresses.join(", ")).expect(FITS);
        if let Some(site) = &host.site {
            writeln!(text, "site    = {}", quoted(site)).expect(FITS);
        }
        writeln!(text, "roles   = [{}]", roles.join(", ")).expect(FITS);
    }
    text
}

/// A comment ends with its line, whatever a list holds.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
