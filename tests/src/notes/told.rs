//! What is told of a flow, and how cases write it.
//!
//! `VERDICT [by BASIS] [inferred] [opened by NAME] [if CONDITION …] [: RULE …]`. Behind a `|` stands what `explain`
//! tells where it is something else: it speaks of the first packet of a flow.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context as _, Result};
use cmflow::answer::Flow;
use cmflow::explain::Explanation;
use cmflow::site::SiteModel;
use cmflow_common::verdict::VerdictKind;

use super::sites;

/// What is told of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its verdict.
    pub verdict: String,
    /// Its basis.
    pub basis: Option<String>,
    /// Its rules, sorted.
    pub rules: Vec<String>,
    /// Whether its beginning was seen.
    pub initiator_seen: bool,
    /// Who opened it.
    pub initiator: IpAddr,
    /// Conditions of its rules that the site file leaves open; nothing where the case does not ask.
    pub conditions: Option<Vec<String>>,
}

impl Told {
    /// Reads what a case expects; the opener is `from` where it names no other.
    ///
    /// # Errors
    /// Where it cannot be understood.
    pub fn expected(text: &str, from: IpAddr, site: &SiteModel) -> Result<Self> {
        let (words, rules) = text.split_once(": ").unwrap_or((text, ""));
        let mut words = words.split_whitespace();
        let mut told = Self {
            verdict: words.next().context("a verdict")?.to_owned(),
            basis: None,
            rules: rules.split_whitespace().map(str::to_owned).collect(),
            initiator_seen: true,
            initiator: from,
            conditions: None,
        };
        told.rules.sort();
        while let Some(word) = words.next() {
            match word {
                "by" => told.basis = words.next().map(str::to_owned),
                "inferred" => told.initiator_seen = false,
                "opened" => {
                    let name = words.nth(1).context("who opened it")?;
                    told.initiator = sites::address(site, name)?;
                }
                "if" => told.conditions = Some(words.by_ref().map(str::to_owned).collect()),
                other => anyhow::bail!("what is \"{other}\"?"),
            }
        }
        Ok(told)
    }

    /// What a list of flows tells of one.
    #[must_use]
    pub fn of_flow(flow: &Flow) -> Self {
        Self {
            verdict: flow.verdict.clone(),
            basis: flow.basis.clone(),
            rules: flow.rules.clone(),
            initiator_seen: flow.initiator_seen,
            initiator: flow.initiator.address,
            conditions: Some(flow.conditions.clone()),
        }
    }

    /// What an explanation tells of a flow.
    #[must_use]
    pub fn of_explanation(said: &Explanation<'_>) -> Self {
        let open = said.reasons.iter().map(|reason| {
            let open = reason.conditions.iter().filter(|one| one.stated.is_none());
            open.map(|condition| condition.id.clone()).collect::<Vec<_>>()
        });
        let open: Vec<_> = open.collect();
        // Where one of its rules holds anyway, nothing is left open.
        let anyway = said.verdict.kind == VerdictKind::Reversed || open.iter().any(Vec::is_empty);
        let mut conditions = if anyway { Vec::new() } else { open.concat() };
        conditions.sort();
        conditions.dedup();
        Self {
            verdict: said.verdict.kind.name().to_owned(),
            basis: said.verdict.basis.map(|basis| basis.name().to_owned()),
            rules: said.verdict.rules.clone(),
            initiator_seen: said.initiator_seen,
            initiator: said.initiator.address,
            conditions: Some(conditions),
        }
    }

    /// Whether that is what was expected, as far as it asks.
    #[must_use]
    pub fn fits(&self, expected: &Self) -> bool {
        let mut asked = self.clone();
        if expected.conditions.is_none() {
            asked.conditions = None;
        }
        asked == *expected
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.verdict)?;
        if let Some(basis) = &self.basis {
            write!(f, " by {basis}")?;
        }
        if !self.initiator_seen {
            f.write_str(" inferred")?;
        }
        write!(f, " opened by {}", self.initiator)?;
        if let Some(conditions) = &self.conditions {
            write!(f, " if {}", conditions.join(" "))?;
        }
        if !self.rules.is_empty() {
            write!(f, ": {}", self.rules.join(" "))?;
        }
        Ok(())
    }
}
