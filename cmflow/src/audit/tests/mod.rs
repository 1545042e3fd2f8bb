mod evidence;
mod findings;
mod gateways;
mod grades;
mod laws;
mod openings;

use jiff::Timestamp;

use super::audit;
use crate::answer::{Audit, AuditedRule, Grade, Opening};
use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, compile};
use crate::config;
use crate::explain::Book;
use crate::history::Evidence;
use crate::site::SiteModel;

/// A site file and what it is compiled into.
struct Site {
    catalogue: Catalogue,
    model: SiteModel,
    compiled: Compiled,
}

impl Site {
    fn new(text: &str) -> Self {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let model = config::parse(&catalogue, "site.toml", text)
            .unwrap_or_else(|problems| panic!("{problems}"))
            .model;
        let compiled = compile(&catalogue, &model, &Machine::default(), &[]).expect("it compiles");
        Self {
            catalogue,
            model,
            compiled,
        }
    }

    fn book(&self) -> Book<'_> {
        Book {
            catalogue: &self.catalogue,
            site: &self.model,
            compiled: &self.compiled,
        }
    }

    fn audit(&self, evidence: &[Evidence]) -> Audit {
        audit(&self.book(), evidence, time("2026-11-01T00:00:00Z"))
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The line of a rule.
fn rule<'a>(audit: &'a Audit, id: &str) -> &'a AuditedRule {
    let mut rules = audit.rules.iter();
    rules
        .find(|rule| rule.rule == id)
        .unwrap_or_else(|| panic!("no rule {id}"))
}

/// Openings that a rule asks for.
fn openings<'a>(audit: &'a Audit, id: &str) -> Vec<&'a Opening> {
    let all = audit.openings.iter();
    all.filter(|opening| opening.rules.iter().any(|rule| rule == id))
        .collect()
}

const SITE: &str = r#"
edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.1.0/24", "10.10.2.0/24"]
management-point = ["10.20.0.11", "10.20.0.12"]
distribution-point = ["10.20.0.21"]
software-update-point = ["10.20.0.31"]
distribution-point-pxe = ["10.20.0.22"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6"]
fallback-status-point = ["10.20.0.41"]
[custom-roles]
scanner = { addresses = ["10.10.9.9"], evidence = false }
"#;
