//! Errata: tied to the rules and lists that they speak of, in the editions whose documents say so.

use super::draft::{Draft, Entry};
use super::error::CatalogueError;
use super::file::RawErratum;
use super::model::{Catalogue, Edition, Erratum, Rule};

/// Gives every rule and list its errata, and the catalogue all of them.
pub(super) fn attach(catalogue: &mut Catalogue, draft: &Draft) -> Result<(), CatalogueError> {
    for entry in &draft.errata {
        let erratum = attach_one(catalogue, entry)?;
        catalogue.errata.push(erratum);
    }
    Ok(())
}

fn attach_one(catalogue: &mut Catalogue, entry: &Entry<RawErratum>) -> Result<Erratum, CatalogueError> {
    let raw = &entry.raw;
    let languages = |edition: &Edition| edition.languages.clone();
    let known: Vec<String> = catalogue.editions.iter().flat_map(languages).collect();
    if let Some(wrong) = raw.documents.iter().find(|document| !known.contains(document)) {
        let known = known.iter().map(String::as_str);
        return Err(CatalogueError::unknown(
            &entry.place,
            "document in the language",
            wrong,
            known,
        ));
    }
    for note in &raw.notes {
        if !catalogue.notes.iter().any(|known| known.number == *note) {
            return Err(CatalogueError::entry(
                &entry.place,
                format!("there is no note {note}"),
            ));
        }
    }
    let mut erratum = Erratum {
        number: *raw.number.get_ref(),
        documents: raw.documents.clone(),
        stood: raw.stood.clone(),
        reading: raw.reading.clone(),
        kept: raw.kept,
        rules: Vec::new(),
        notes: raw.notes.clone(),
        lists: Vec::new(),
    };
    let words = erratum.words();
    let (mut rules, mut lists) = (Vec::new(), Vec::new());
    let editions = catalogue.editions.iter();
    let says = |edition: &Edition| {
        edition
            .languages
            .iter()
            .any(|language| raw.documents.contains(language))
    };
    for (page, _) in catalogue
        .pages
        .iter_mut()
        .zip(editions)
        .filter(|(_, edition)| says(edition))
    {
        for list in page.lists.iter_mut().filter(|list| raw.lists.contains(&list.id)) {
            list.errata.push(words.clone());
            lists.push(list.id.clone());
        }
        let tables = page
            .connections
            .iter_mut()
            .flat_map(|connection| &mut connection.rules);
        let listed = page.lists.iter_mut().flat_map(|list| &mut list.rules);
        for rule in tables.chain(listed).filter(|rule| concerns(raw, rule)) {
            if raw.kept {
                &mut rule.remarks
            } else {
                &mut rule.errata
            }
            .push(words.clone());
            rules.push(rule.id.clone());
        }
    }
    if let Some(pattern) = raw
        .rules
        .iter()
        .find(|pattern| !rules.iter().any(|id| fits(pattern, id)))
    {
        let known = rules.iter().map(String::as_str);
        return Err(CatalogueError::unknown(&entry.place, "rule like", pattern, known));
    }
    if let Some(list) = raw.lists.iter().find(|list| !lists.contains(list)) {
        return Err(CatalogueError::unknown(&entry.place, "list", list, []));
    }
    rules.sort();
    rules.dedup();
    lists.dedup();
    (erratum.rules, erratum.lists) = (rules, lists);
    Ok(erratum)
}

fn concerns(raw: &RawErratum, rule: &Rule) -> bool {
    let prints_port = |port| rule.udp.iter().any(|range| range.contains(port));
    raw.rules.iter().any(|pattern| fits(pattern, &rule.id)) || raw.udp_port.is_some_and(prints_port)
}

/// Whether `id` fits `pattern`, in which `*` stands for any one part.
fn fits(pattern: &str, id: &str) -> bool {
    pattern.split('/').count() == id.split('/').count()
        && pattern
            .split('/')
            .zip(id.split('/'))
            .all(|(wanted, part)| wanted == "*" || wanted == part)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_one_part() {
        assert!(fits(
            "*/domain-controller/ldaps",
            "site-server/domain-controller/ldaps"
        ));
        assert!(!fits(
            "*/domain-controller/ldaps",
            "site-server/domain-controller/ldap"
        ));
        assert!(!fits("site-server/*", "site-server/domain-controller/ldaps"));
    }
}
