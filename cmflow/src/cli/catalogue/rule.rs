//! All about one rule.

use std::io::Write;

use super::{plain_table, write_table};
use crate::catalogue::{Catalogue, Erratum, OpenedBy, Rule, Selection, Setting, words};

/// The rule's heading, and a line or more for each thing that is known of it.
pub(super) fn write(
    out: &mut impl Write,
    catalogue: &Catalogue,
    found: &Selection<'_>,
    rule: &Rule,
) -> anyhow::Result<()> {
    let (from, to) = (catalogue.role_name(rule.from), catalogue.role_name(rule.to));
    writeln!(out, "{}\n{from} {} {to}", rule.id, rule.opened_by.arrow())?;
    let mut table = plain_table();
    let lines = lines(catalogue, found, rule);
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, text) in lines {
        table.add_row([format!("  {name}"), text]);
    }
    write_table(out, &table)?;
    if let Some(source) = source(rule) {
        // In the table's columns, yet in one piece, however long an address is.
        writeln!(out, "   {:width$}  {source}", "source")?;
    }
    Ok(())
}

/// Where a companion's rule is documented.
fn source(rule: &Rule) -> Option<&str> {
    rule.companion().and(rule.anchor.as_deref())
}

fn lines(catalogue: &Catalogue, found: &Selection<'_>, rule: &Rule) -> Vec<(String, String)> {
    let mut lines = vec![
        ("opened by".to_owned(), rule.opened_by.words().to_owned()),
        ("service".to_owned(), rule.service.clone()),
        ("ports".to_owned(), rule.port_words()),
    ];
    let delivery = &rule.delivery;
    if !delivery.groups.is_empty() {
        let sender = match delivery.group_senders {
            OpenedBy::From => "the left end sends to them",
            OpenedBy::Either => "either end sends to them",
        };
        lines.push(("groups".to_owned(), format!("{}: {sender}", rule.group_words())));
    }
    if !delivery.udp_at_from.is_empty() {
        let ports = words::ports(&delivery.udp_at_from, false);
        lines.push(("at the left end".to_owned(), format!("UDP {ports} too")));
    }
    if !delivery.answered {
        lines.push(("answer".to_owned(), "none is expected".to_owned()));
    }
    let mut line = |name: String, text: String| lines.push((name, text));
    if let Some(setting) = catalogue.setting_of(rule) {
        line("setting".to_owned(), setting_words(setting));
    }
    if rule.listed {
        line("list".to_owned(), rule.section.clone());
    }
    line("scope".to_owned(), rule.scope.words().to_owned());
    line(
        "used".to_owned(),
        format!("{}: {}", rule.cadence.name(), rule.cadence.silence()),
    );
    for condition in catalogue
        .conditions
        .iter()
        .filter(|known| rule.conditions.contains(&known.id))
    {
        line(
            "only where".to_owned(),
            format!("{} ({})", condition.words, condition.id),
        );
    }
    for note in catalogue
        .notes
        .iter()
        .filter(|known| rule.notes.contains(&known.number))
    {
        line(
            format!("note {}", note.number),
            format!("{}: {}", note.title, note.meaning),
        );
    }
    for erratum in catalogue.errata_of(rule) {
        line(
            format!("erratum {}", erratum.number),
            erratum_words(catalogue, erratum),
        );
    }
    // A contradiction that is carried as printed is among the errata above.
    let told = |remark: &str| catalogue.errata_of(rule).any(|erratum| erratum.words() == remark);
    for remark in rule.remarks.iter().filter(|remark| !told(remark)) {
        line("remark".to_owned(), remark.clone());
    }
    match rule.companion().and_then(|id| catalogue.companion(id)) {
        Some(companion) => {
            let default = if companion.default { "on" } else { "off" };
            let words = format!("{}, {default} where the site file does not say", companion.name);
            line("companion".to_owned(), words);
        }
        None => {
            line("editions".to_owned(), editions(catalogue, found, rule));
            if let Some(anchor) = &rule.anchor {
                line("anchor".to_owned(), anchor.clone());
            }
        }
    }
    lines
}

fn setting_words(setting: &Setting) -> String {
    let default = words::ports(&setting.default, true);
    let level = match setting.configurable {
        true => setting.level.words(),
        false => "the documents call it fixed",
    };
    format!(
        "{}: {default} by default; {level} ({})",
        setting.key, setting.name
    )
}

fn erratum_words(catalogue: &Catalogue, erratum: &Erratum) -> String {
    let editions = catalogue.editions.iter().filter_map(|edition| {
        let documents = erratum.documents.iter();
        let of_edition = documents.filter(|document| edition.languages.contains(document));
        let of_edition: Vec<&str> = of_edition.map(String::as_str).collect();
        (!of_edition.is_empty()).then(|| format!("{} ({})", edition.id, of_edition.join(", ")))
    });
    let editions: Vec<String> = editions.collect();
    format!(
        "{}: {} Read as: {}",
        editions.join(", "),
        erratum.stood,
        erratum.reading
    )
}

/// Where the rule stands, and how its ports differ there from those that are shown.
fn editions(catalogue: &Catalogue, found: &Selection<'_>, rule: &Rule) -> String {
    let standings = catalogue.standings(rule).map(|(edition, standing)| {
        let shown = found.page.edition.0 == edition;
        let differs = standing.port_words() != rule.port_words();
        let ports = if differs {
            format!(" with {}", standing.port_words())
        } else {
            String::new()
        };
        let here = if shown { " (shown)" } else { "" };
        let listed = if standing.listed && !rule.listed {
            " in a list"
        } else {
            ""
        };
        format!("{edition}{ports}{listed}{here}")
    });
    standings.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, Selection, write};

    /// Whatever a rule refers to is told with it, in each edition and each companion.
    #[test]
    fn each_rule_tells_all_that_is_known_of_it() {
        let catalogue = Catalogue::embedded().expect("the built-in files are good");
        for page in &catalogue.pages {
            let companions = catalogue.companions.iter().flat_map(|companion| &companion.rules);
            for rule in page.rules().chain(companions) {
                let found = Selection {
                    page,
                    rules: vec![rule],
                };
                let mut out = Vec::new();
                write(&mut out, &catalogue, &found, rule).expect("a vector takes everything");
                // Long texts are broken into lines.
                let text = String::from_utf8(out).expect("UTF-8");
                let words: Vec<&str> = text.split_whitespace().collect();
                let told = words.join(" ");
                let mut expected = vec![rule.id.clone(), rule.service.clone(), rule.port_words()];
                expected.extend(rule.setting.clone());
                expected.extend(rule.delivery.groups.iter().map(ToString::to_string));
                expected.extend(rule.conditions.iter().cloned());
                expected.extend(rule.notes.iter().map(|note| format!("note {note} ")));
                expected.extend(rule.anchor.clone());
                expected.extend(catalogue.errata_of(rule).map(|erratum| erratum.stood.clone()));
                expected.extend(catalogue.standings(rule).map(|(edition, _)| edition.to_owned()));
                for part in expected {
                    assert!(
                        told.contains(&part),
                        "{} in {}: no {part} in\n{text}",
                        rule.id,
                        page.edition
                    );
                }
            }
        }
    }
}
