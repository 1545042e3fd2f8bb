//! `[[site]]`: the sites of the hierarchy, their parents, clients and ports.

use super::Sections;
use super::draft::Draft;
use super::ports;
use super::ring::ring;
use super::roles;
use super::value::{Entry, Item, items};
use crate::catalogue::Level;
use crate::site::{FileIndex, Place, PortChanges, Site, SiteIndex};

const KEYS: [&str; 5] = ["code", "name", "parent", "clients", "ports"];

/// A site's table, the file that it stands in, and what it became.
struct Declared<'a> {
    file: FileIndex,
    item: Item<'a>,
    index: SiteIndex,
}

/// A site, the one above it, and where that is written.
type Parent = (SiteIndex, SiteIndex, Place);

/// Reads the sites of all files: the codes first, since parents may come later or from another file.
pub(super) fn read(draft: &mut Draft<'_>, sections: &Sections<'_>) {
    let mut declared = Vec::new();
    sections.each(draft, "site", |draft, section| {
        declare(draft, section, &mut declared)
    });
    let mut parents = Vec::new();
    for Declared { file, item, index } in &declared {
        draft.report.turn_to(*file);
        parents.extend(parent(draft, item, *index));
        contents(draft, item, *index);
    }
    report_rings(draft, parents);
}

fn declare<'a>(draft: &mut Draft<'_>, section: &Entry<'a>, declared: &mut Vec<Declared<'a>>) {
    for item in items(&mut draft.report, section) {
        item.only(&mut draft.report, " in [[site]]", &KEYS);
        let place = draft.report.place(&item.span);
        if item.find("code").is_none() {
            let what = "a [[site]] has no code; write code = \"PR1\"".to_owned();
            draft.report.problem_at(place, what);
        }
        let name = item.text(&mut draft.report, "name", "Hamburg").map(str::to_owned);
        let Some(code) = item.text(&mut draft.report, "code", "PR1") else {
            continue;
        };
        if let Some(index) = add(draft, &item, code, name) {
            let file = place.file;
            declared.push(Declared { file, item, index });
        }
    }
}

fn add(draft: &mut Draft<'_>, item: &Item<'_>, code: &str, name: Option<String>) -> Option<SiteIndex> {
    let place = draft.report.place(&item.find("code")?.span);
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let what = format!("\"{code}\" is no site code; it has three letters or digits, as in \"PR1\"");
        draft.report.problem_at(place, what);
        return None;
    }
    // Configuration Manager does not tell capitals from small letters.
    if let Some(there) = draft.site_places.get(&code.to_ascii_uppercase()) {
        let there = draft.report.seen_from(place, *there);
        let what = format!("two sites have the code \"{code}\", here and in {there}");
        draft.report.problem_at(place, what);
        return None;
    }
    let index = SiteIndex(u16::try_from(draft.model.sites.len()).expect("36 to the third codes fit 16 bits"));
    draft.site_places.insert(code.to_ascii_uppercase(), place);
    draft.sites.insert(code.to_owned(), index);
    draft.model.sites.push(Site {
        code: code.to_owned(),
        name,
        parent: None,
        ports: PortChanges::new(),
    });
    Some(index)
}

fn parent(draft: &mut Draft<'_>, item: &Item<'_>, site: SiteIndex) -> Option<Parent> {
    let text = item.text(&mut draft.report, "parent", "CAS")?;
    let span = item.find("parent")?.value.span();
    let parent = draft.site(text, &span)?;
    draft.model.sites[usize::from(site.0)].parent = Some(parent);
    Some((site, parent, draft.report.place(&span)))
}

/// Ports and clients of a site.
fn contents(draft: &mut Draft<'_>, item: &Item<'_>, site: SiteIndex) {
    if let Some(section) = item.find("ports") {
        let outer = draft.model.ports.clone();
        let (ports, _) = ports::inner(draft, section, Level::Site, &outer);
        draft.model.sites[usize::from(site.0)].ports = ports;
    }
    if let Some(clients) = item.find("clients")
        && let Some(client) = draft.catalogue.role("client")
    {
        roles::addresses(draft, client, "clients", clients.value, Some(site));
    }
}

/// Reports sites that are above themselves.
fn report_rings(draft: &mut Draft<'_>, mut parents: Vec<Parent>) {
    while let Some(ring) = ring(&parents, |(site, parent, _)| (*site, *parent)) {
        let codes: Vec<_> = ring.iter().map(|(site, ..)| draft.model.code(*site)).collect();
        let first = codes[0];
        let what = match ring.len() {
            1 => format!("site \"{first}\" is its own parent; name another one, or remove the line"),
            _ => format!(
                "the parents of site \"{first}\" lead back to it: {} -> {first}",
                codes.join(" -> ")
            ),
        };
        draft.report.problem_at(ring[0].2, what);
        parents.retain(|parent| *parent != ring[0]);
    }
}
