//! What JSON shows of single rules, of a selection and of companions.

use serde::Serialize;

use super::find::Selection;
use super::model::{Catalogue, Companion, Erratum, Level, PortRange, Role, RoleKind, Rule, Setting};
use super::view::RuleView;

/// `catalogue show RULE --format json`: a rule with everything that it refers to.
#[derive(Debug, Serialize)]
pub struct RuleDetail<'a> {
    /// The edition that it is shown as it stands in; nothing for a companion's rule.
    edition: Option<&'a str>,
    /// The companion that it belongs to; nothing for a rule of the page.
    companion: Option<&'a str>,
    rule: RuleView<'a>,
    setting: Option<SettingView<'a>>,
    conditions: Vec<ConditionView<'a>>,
    notes: Vec<NoteView<'a>>,
    errata: Vec<ErratumView<'a>>,
    /// How it stands in each edition that has it, oldest first.
    editions: Vec<StandingView<'a>>,
}

#[derive(Debug, Serialize)]
struct SettingView<'a> {
    key: &'a str,
    name: &'a str,
    default: &'a [PortRange],
    level: Level,
    configurable: bool,
}

#[derive(Debug, Serialize)]
struct ConditionView<'a> {
    id: &'a str,
    words: &'a str,
}

#[derive(Debug, Serialize)]
struct NoteView<'a> {
    number: u8,
    title: &'a str,
    meaning: &'a str,
}

#[derive(Debug, Serialize)]
struct ErratumView<'a> {
    number: u8,
    documents: &'a [String],
    stood: &'a str,
    reading: &'a str,
    kept: bool,
}

#[derive(Debug, Serialize)]
struct StandingView<'a> {
    edition: &'a str,
    section: &'a str,
    udp: &'a [PortRange],
    tcp: &'a [PortRange],
    dynamic: bool,
    either: bool,
    notes: &'a [u8],
}

/// `catalogue show --connection`, `--role`, or the beginning of an id, `--format json`.
#[derive(Debug, Serialize)]
pub struct SelectionView<'a> {
    edition: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleView<'a>>,
    rules: Vec<RuleView<'a>>,
}

#[derive(Debug, Serialize)]
struct RoleView<'a> {
    id: &'a str,
    name: &'a str,
    kind: RoleKind,
    implies: Vec<&'a str>,
}

/// `catalogue show --companion NAME --format json`.
#[derive(Debug, Serialize)]
pub struct CompanionView<'a> {
    companion: &'a str,
    name: &'a str,
    summary: &'a str,
    default: bool,
    rules: Vec<RuleView<'a>>,
}

/// `catalogue companions --format json`.
#[derive(Debug, Serialize)]
pub struct CompanionsView<'a> {
    companions: Vec<CompanionLine<'a>>,
}

#[derive(Debug, Serialize)]
struct CompanionLine<'a> {
    id: &'a str,
    name: &'a str,
    summary: &'a str,
    default: bool,
    rules: usize,
}

impl Catalogue {
    /// A rule of that selection with everything that it refers to, for JSON.
    #[must_use]
    pub fn rule_detail<'a>(&'a self, selection: &Selection<'a>, rule: &'a Rule) -> RuleDetail<'a> {
        let companion = rule.companion();
        RuleDetail {
            edition: companion.is_none().then_some(selection.page.edition.0.as_str()),
            companion,
            rule: self.rule_view(rule),
            setting: self.setting_of(rule).map(setting_view),
            conditions: self.conditions_of(rule),
            notes: self.notes_of(rule),
            errata: self.errata_of(rule).map(erratum_view).collect(),
            editions: self
                .standings(rule)
                .map(|(edition, rule)| standing_view(edition, rule))
                .collect(),
        }
    }

    /// A selection for JSON, with the role that it was made by.
    #[must_use]
    pub fn selection_view<'a>(&'a self, found: &Selection<'a>, role: Option<&'a Role>) -> SelectionView<'a> {
        SelectionView {
            edition: &found.page.edition.0,
            role: role.map(|role| RoleView {
                id: &role.id,
                name: &role.name,
                kind: role.kind,
                implies: role.implies.iter().map(|id| self.role_id(*id)).collect(),
            }),
            rules: found.rules.iter().map(|rule| self.rule_view(rule)).collect(),
        }
    }

    /// A companion for JSON.
    #[must_use]
    pub fn companion_view<'a>(&'a self, companion: &'a Companion) -> CompanionView<'a> {
        CompanionView {
            companion: &companion.id,
            name: &companion.name,
            summary: &companion.summary,
            default: companion.default,
            rules: companion.rules.iter().map(|rule| self.rule_view(rule)).collect(),
        }
    }

    /// All companions for JSON.
    #[must_use]
    pub fn companions_view(&self) -> CompanionsView<'_> {
        let companions = self.companions.iter().map(|companion| CompanionLine {
            id: &companion.id,
            name: &companion.name,
            summary: &companion.summary,
            default: companion.default,
            rules: companion.rules.len(),
        });
        CompanionsView {
            companions: companions.collect(),
        }
    }

    /// The setting that changes the rule's ports.
    #[must_use]
    pub fn setting_of(&self, rule: &Rule) -> Option<&Setting> {
        rule.setting.as_deref().and_then(|key| self.setting(key))
    }

    /// What the documents err in where they speak of the rule, in any edition.
    pub fn errata_of<'a>(&'a self, rule: &'a Rule) -> impl Iterator<Item = &'a Erratum> {
        self.errata
            .iter()
            .filter(|erratum| erratum.rules.contains(&rule.id))
    }

    /// The rule as each edition has it that has it, oldest first.
    pub fn standings<'a>(&'a self, rule: &'a Rule) -> impl Iterator<Item = (&'a str, &'a Rule)> {
        self.pages.iter().filter_map(|page| {
            let same = page.rules().find(|known| known.id == rule.id)?;
            Some((page.edition.0.as_str(), same))
        })
    }

    fn conditions_of(&self, rule: &Rule) -> Vec<ConditionView<'_>> {
        let conditions = self
            .conditions
            .iter()
            .filter(|known| rule.conditions.contains(&known.id));
        let view = conditions.map(|condition| ConditionView {
            id: &condition.id,
            words: &condition.words,
        });
        view.collect()
    }

    fn notes_of(&self, rule: &Rule) -> Vec<NoteView<'_>> {
        let notes = self
            .notes
            .iter()
            .filter(|known| rule.notes.contains(&known.number));
        let view = notes.map(|note| NoteView {
            number: note.number,
            title: &note.title,
            meaning: &note.meaning,
        });
        view.collect()
    }
}

fn setting_view(setting: &Setting) -> SettingView<'_> {
    SettingView {
        key: &setting.key,
        name: &setting.name,
        default: &setting.default,
        level: setting.level,
        configurable: setting.configurable,
    }
}

fn erratum_view(erratum: &Erratum) -> ErratumView<'_> {
    ErratumView {
        number: erratum.number,
        documents: &erratum.documents,
        stood: &erratum.stood,
        reading: &erratum.reading,
        kept: erratum.kept,
    }
}

fn standing_view<'a>(edition: &'a str, rule: &'a Rule) -> StandingView<'a> {
    StandingView {
        edition,
        section: &rule.section,
        udp: &rule.udp,
        tcp: &rule.tcp,
        dynamic: rule.dynamic,
        either: rule.either,
        notes: &rule.notes,
    }
}
