//! What a report promises: all of the audit is in it, nothing from outside becomes markup, and it needs nothing beside
//! itself.

mod fixture;

use scraper::{Html, Selector};

use super::{html, markdown};
use crate::answer::{Audit, Grade};
pub(in crate::report) use fixture::{at, audit, rule};

/// Text that would be markup in HTML, in Markdown or in both.
const NASTY: &str =
    "</td></table><script>alert(1)</script>\"'><img src=http://evil.example/x>|`*_[x](y)&amp;\u{202e}";

/// The document, which parses without one error.
fn parsed(text: &str) -> Html {
    let page = Html::parse_document(text);
    assert_eq!(page.errors, Vec::<std::borrow::Cow<'static, str>>::new());
    page
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector"))
        .collect()
}

fn text_of(element: scraper::ElementRef<'_>) -> String {
    element.text().collect()
}

/// Puts a text into everything that comes from files or from the network.
fn with_nasty_names(mut audit: Audit) -> Audit {
    let nasty = || NASTY.to_owned();
    audit.edition = nasty();
    audit.gateways[0].name = nasty();
    audit.gateways[0].interfaces.insert(nasty(), nasty());
    audit.files[0].path = nasty();
    audit.files[0].sha256 = nasty();
    audit.generations[0].edition = nasty();
    audit.generations[0].files[0].path = nasty();
    audit.window.gaps[0].kind = nasty();
    audit.window.gaps[0].note = nasty();
    let rule = &mut audit.rules[0];
    rule.rule = nasty();
    rule.service = nasty();
    rule.from = nasty();
    rule.to = nasty();
    rule.why = nasty();
    rule.cadence = nasty();
    rule.shared_with = vec![nasty()];
    rule.conditions = vec![nasty()];
    rule.remarks = vec![nasty()];
    let opening = &mut audit.openings[0];
    opening.source_roles = vec![nasty()];
    opening.destination_roles = vec![nasty()];
    opening.protocol = nasty();
    opening.rules = vec![nasty()];
    opening.verdict = nasty();
    opening.why = nasty();
    let group = &mut audit.unexplained[0];
    group.initiator_roles = vec![nasty()];
    group.responder_roles = vec![nasty()];
    group.protocol = nasty();
    group.verdict = nasty();
    group.guess = Some(nasty());
    let nearest = group.nearest.as_mut().expect("the fixture has one");
    nearest.rule = nasty();
    nearest.why_not = nasty();
    audit.contradictions[0].what = nasty();
    audit.contradictions[0].place = Some(nasty());
    let approval = &mut audit.approvals[0];
    approval.rule = nasty();
    approval.by = Some(nasty());
    approval.why = nasty();
    approval.remark = Some(nasty());
    audit.limits[0] = nasty();
    audit
}

/// An audit of a site file that makes nothing possible, in a history without anything.
fn empty() -> Audit {
    let whole = audit();
    Audit {
        gateways: Vec::new(),
        files: Vec::new(),
        window: crate::answer::AuditWindow::default(),
        generations: Vec::new(),
        grades: std::collections::BTreeMap::new(),
        rules: Vec::new(),
        openings: Vec::new(),
        unexplained: Vec::new(),
        contradictions: Vec::new(),
        approvals: Vec::new(),
        limits: Vec::new(),
        ..whole
    }
}

#[test]
fn the_fixture_has_every_grade() {
    let audit = audit();
    for grade in Grade::ALL {
        assert!(audit.rules.iter().any(|rule| rule.grade == grade), "{grade:?}");
    }
    assert!(audit.rules.len() > 100, "{}", audit.rules.len());
}

#[test]
fn the_page_is_valid_and_each_rule_stands_in_it_once_with_its_grade_and_why() {
    let audit = audit();
    let text = html(&audit);
    let page = parsed(&text);
    let rows = all(&page, "tr[id^='rule:']");
    assert_eq!(rows.len(), audit.rules.len());
    for rule in &audit.rules {
        let row = all(&page, &format!("tr[id='rule:{}']", rule.rule));
        assert_eq!(row.len(), 1, "{}", rule.rule);
        let told = text_of(row[0]);
        for wanted in [rule.grade.name(), &rule.why, &rule.service, &rule.rule] {
            assert!(told.contains(wanted), "{}: {wanted}", rule.rule);
        }
        if rule.packets > 0 {
            let bar = row[0]
                .select(&Selector::parse("svg.bar path[d]").expect("a selector"))
                .next();
            assert!(bar.is_some(), "{}", rule.rule);
        }
    }
}

#[test]
fn every_link_leads_to_a_place_in_the_page() {
    let page = parsed(&html(&audit()));
    let mut links = 0;
    for element in all(&page, "[href], [src], [action], [data], [poster], [srcset]") {
        let link = element.value().attr("href").expect("nothing but links");
        let place = link
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{link} leads out of the page"));
        assert_eq!(all(&page, &format!("[id='{place}']")).len(), 1, "{link}");
        links += 1;
    }
    assert!(links > 100, "{links}");
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for audit in [audit(), with_nasty_names(audit()), empty()] {
        let text = html(&audit);
        let page = parsed(&text);
        for forbidden in [
            "script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "audio", "video",
        ] {
            assert!(all(&page, forbidden).is_empty(), "{forbidden}");
        }
        for element in all(&page, "*") {
            for (name, value) in element.value().attrs() {
                assert!(!name.starts_with("on"), "{name}={value}");
                assert!(
                    name != "style",
                    "the policy allows the sheet, and no attribute needs it: {value}"
                );
                let loads = matches!(name, "href" | "src" | "fill" | "data" | "action");
                let inside = value.starts_with('#') || value.starts_with("url(#");
                assert!(!loads || inside || !value.contains(':'), "{name}={value}");
            }
        }
        let style: String = all(&page, "style").into_iter().map(text_of).collect();
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
        let policy = all(&page, "meta[http-equiv='Content-Security-Policy']");
        let policy = policy[0].value().attr("content").expect("a policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(all(&page, "meta[charset='utf-8']").len(), 1);
        assert_eq!(all(&page, "html[lang='en']").len(), 1);
    }
}

#[test]
fn nasty_names_are_shown_as_they_are() {
    let audit = with_nasty_names(audit());
    let page = parsed(&html(&audit));
    let shown = text_of(page.root_element());
    // Each of the forty places where such a text stands shows all of it.
    assert!(
        shown.matches(NASTY).count() >= 40,
        "{}",
        shown.matches(NASTY).count()
    );
    let (plain, nasty) = (markdown(&self::audit()), markdown(&audit));
    assert_eq!(nasty.lines().count(), plain.lines().count());
    for line in nasty.lines() {
        assert!(!line.contains("<script") && !line.contains("<img"), "{line}");
        assert!(!line.contains("](y)") || line.contains("\\](y)"), "{line}");
    }
}

#[test]
fn a_report_without_content_says_so_in_sentences() {
    let page = parsed(&html(&empty()));
    for part in ["matrix", "openings", "unexplained", "contradictions", "approvals"] {
        let section = all(&page, &format!("section#{part}"));
        let told = text_of(section[0]);
        assert!(told.trim_end().ends_with('.'), "{part}: {told}");
        assert!(all(&page, &format!("section#{part} table")).is_empty(), "{part}");
    }
    let told = markdown(&empty());
    for sentence in [
        "The site file makes no rule possible, so nothing can be said of any.",
        "No firewall line follows",
        "Nothing was approved",
    ] {
        assert!(told.contains(sentence), "{sentence}");
    }
}

#[test]
fn what_an_auditor_needs_is_there() {
    let audit = audit();
    let page = text_of(parsed(&html(&audit)).root_element());
    let markdown = markdown(&audit);
    for text in [&page, &markdown] {
        for file in audit
            .files
            .iter()
            .chain(audit.generations.iter().flat_map(|one| &one.files))
        {
            assert!(text.contains(&file.sha256), "{}", file.path);
        }
        for gap in &audit.window.gaps {
            assert!(
                text.contains(&gap.kind) && text.contains(&gap.note),
                "{}",
                gap.kind
            );
        }
        for wanted in [
            "gw-berlin-1",
            "eth0 (native)",
            "eth1 (tcx)",
            "2026-10-12 00:00",
            "2026-11-23 12:00",
            "J. Doe, network team",
            "2027-06-30",
            "CHG1234",
            "It has had no hit",
            "10.20.0.40",
            "site.toml:8",
            "40 d 6 h",
        ] {
            assert!(text.contains(wanted), "{wanted}");
        }
        audit
            .limits
            .iter()
            .for_each(|limit| assert!(text.contains(limit.as_str()), "{limit}"));
    }
}

#[test]
fn markdown_has_every_rule_and_rows_that_fit_their_headings() {
    let audit = audit();
    let text = markdown(&audit);
    for rule in &audit.rules {
        assert!(text.contains(&format!("`{}`", rule.rule)), "{}", rule.rule);
    }
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    for table in text.split("\n\n").filter(|block| block.starts_with('|')) {
        let wanted = cells(table.lines().next().unwrap_or_default());
        table
            .lines()
            .for_each(|line| assert_eq!(cells(line), wanted, "{line}"));
    }
}

/// A report to look at: `CMFLOW_REPORT=DIR cargo test -p cmflow --lib report`.
#[test]
fn a_report_can_be_looked_at() {
    let (page, text) = (html(&audit()), markdown(&audit()));
    if let Ok(folder) = std::env::var("CMFLOW_REPORT") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join("report.html"), &page).expect("the folder can be written");
        std::fs::write(folder.join("report.md"), &text).expect("the folder can be written");
    }
    // A year of a company is a file that a mail can carry.
    assert!(page.len() < 1 << 20 && text.len() < 1 << 19);
}
