//! Which of the rules that an edition changed a site uses: its history, judged by both editions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::catalogue::{Diff, EditionId};
use crate::cli::evidence::{Drawn, Gathered};
use crate::cli::judging::without_a_machine;
use crate::compile::compile;
use crate::daemon::Instance;
use crate::whatif::{Hit, hits};

/// Whose history says which of the rules are used.
#[derive(Debug, Args)]
pub(super) struct Whose {
    /// Mark which of the rules this instance's history has hits of
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    instance: Option<Instance>,
    /// Mark which of them the history in this file has hits of; may be given several times
    #[arg(long, value_name = "DB")]
    from: Vec<PathBuf>,
}

/// Hits of both editions' rules.
pub(super) struct Here([BTreeMap<String, Hit>; 2]);

/// Hits of a rule as the first edition has it, and as the second one does.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Both {
    before: Option<Hit>,
    after: Option<Hit>,
}

impl Whose {
    /// Judges the history by both editions; nothing where nobody asked for one.
    pub(super) fn read(
        &self,
        catalogue: Option<&Path>,
        editions: [&String; 2],
    ) -> anyhow::Result<Option<Here>> {
        if self.instance.is_none() && self.from.is_empty() {
            return Ok(None);
        }
        let drawn = Drawn::whole(self.instance.clone(), self.from.clone());
        let mut gathered = drawn.gather_as(catalogue, Some(editions[0]))?;
        for warning in &gathered.warnings {
            eprintln!("cmflow: {warning}");
        }
        let before = hits(&gathered.book(), &gathered.evidence);
        turn_to(&mut gathered, editions[1])?;
        let after = hits(&gathered.book(), &gathered.evidence);
        Ok(Some(Here([before, after])))
    }
}

/// The same histories by another edition.
fn turn_to(gathered: &mut Gathered, edition: &str) -> anyhow::Result<()> {
    gathered.catalogue.edition(edition)?;
    gathered.site.edition = EditionId(edition.to_owned());
    let machine = without_a_machine(&gathered.site);
    gathered.compiled = compile(&gathered.catalogue, &gathered.site, &machine, &[])?;
    Ok(())
}

impl Here {
    fn both(&self, rule: &str) -> Both {
        let [before, after] = &self.0;
        Both {
            before: before.get(rule).copied(),
            after: after.get(rule).copied(),
        }
    }

    /// What is to be said of a rule.
    pub(super) fn words(&self, rule: &str) -> String {
        let Both { before, after } = self.both(rule);
        match after.or(before) {
            Some(hit) => of_hit(&hit),
            None => "no hit here".to_owned(),
        }
    }

    /// The same of a rule that both editions have: a change may take its traffic away.
    pub(super) fn words_of_change(&self, rule: &str) -> String {
        match self.both(rule) {
            Both {
                before: Some(hit),
                after: None,
            } => format!("{} as it was; no hit as it became", of_hit(&hit)),
            Both {
                before: None,
                after: Some(hit),
            } => format!("{} as it became; no hit as it was", of_hit(&hit)),
            _ => self.words(rule),
        }
    }

    /// Hits of each rule that changed.
    pub(super) fn of<'a>(&self, diff: &Diff<'a>) -> BTreeMap<&'a str, Both> {
        let rules = diff.added.iter().chain(&diff.removed).copied();
        let changed = diff.changed.iter().map(|change| change.after);
        rules
            .chain(changed)
            .map(|rule| (rule.id.as_str(), self.both(&rule.id)))
            .collect()
    }
}

fn of_hit(hit: &Hit) -> String {
    let day = crate::report::figures::day(hit.last_seen);
    match (hit.alone, hit.answered_flows) {
        (true, _) => format!("used here, last hit {day}"),
        (false, 0) => format!("attempted here and never answered, last hit {day}"),
        (false, _) => format!("used here together with other rules, last hit {day}"),
    }
}
