//! What the screen shows, without a screen: answers in, model out; keys in, model out.

mod answers;
mod input;
mod opened;
mod popup;
#[cfg(test)]
mod tests;
mod view;

use std::time::Duration;

pub use answers::{Answers, Seen};
pub use input::Key;
pub use popup::Popup;
pub use view::View;

use super::filter::Filter;
use super::rows::{self, FlowOrder, FlowRow, GroupOrder, GroupRow, Matrix, Order as _, RuleOrder, RuleRow};
use super::tab::Tab;
use super::wanted::{Heard, Round, Trouble, Wanted};
use crate::answer::Status;
use crate::serve::FlowQuery;

/// Everything that the screen shows.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The tab that is shown.
    pub tab: Tab,
    /// Where each tab stands.
    pub views: [View; 5],
    /// What is typed after `/`, while it is.
    pub typing: Option<String>,
    /// The filter, as it was typed.
    pub filter: String,
    /// The verdict that alone is shown.
    pub verdict: Option<String>,
    /// What lies over the tab.
    pub popup: Option<Popup>,
    /// Order of flows.
    pub flow_order: FlowOrder,
    /// Order of rules.
    pub rule_order: RuleOrder,
    /// Order of groups.
    pub group_order: GroupOrder,
    /// What was answered last.
    pub answers: Answers,
    /// Whether the user wants to go.
    pub over: bool,
    /// Rows of a page, as drawn last.
    pub page: usize,
    /// When the daemon answered last, and the time now; both since the program began.
    heard: Option<Duration>,
    now: Duration,
    /// What went wrong in the last round.
    trouble: Option<Trouble>,
}

/// The rows of a tab.
#[derive(Clone, Debug)]
pub enum Rows<'a> {
    /// Flows.
    Flows(Vec<FlowRow<'a>>),
    /// Rules.
    Rules(Vec<RuleRow<'a>>),
    /// The matrix.
    Matrix(Matrix),
    /// Groups of what nothing explains.
    Groups(Vec<GroupRow<'a>>),
    /// Health has lines, no rows.
    None,
}

impl Model {
    /// One that begins with a tab.
    #[must_use]
    pub fn new(tab: Tab) -> Self {
        Self {
            tab,
            page: 10,
            ..Self::default()
        }
    }

    /// Where the tab that is shown stands.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.views[self.tab as usize]
    }

    fn view_mut(&mut self) -> &mut View {
        &mut self.views[self.tab as usize]
    }

    /// The filter that rows have to fit.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::new(&self.filter)
    }

    /// What is to be asked now: only for the tab that is shown, and nothing for one that is paused.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let live = !self.view().paused;
        let on = |tab: Tab| self.tab == tab && live;
        Wanted {
            flows: on(Tab::Flows).then(|| self.flow_query()),
            rules: on(Tab::Rules) || on(Tab::Matrix),
            groups: on(Tab::Unexplained) || on(Tab::Matrix),
            group: match &self.popup {
                Some(Popup::Group { group, .. }) => Some(rows::query_of(group)),
                _ => None,
            },
            explain: match &self.popup {
                Some(Popup::Flow {
                    asked, said: None, ..
                }) => Some(asked.clone()),
                _ => None,
            },
        }
    }

    /// The question for flows.
    #[must_use]
    pub fn flow_query(&self) -> FlowQuery {
        let mut query = FlowQuery {
            verdict: self.verdict.iter().cloned().collect(),
            sort: self.flow_order.asked(),
            limit: Some(rows::FLOWS),
            ..FlowQuery::default()
        };
        // The words left are looked for among the answers.
        let _left = self.filter().ask(&mut query);
        query
    }

    /// Takes in what was heard.
    pub fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Round(round) => self.hear_round(*round),
            Heard::Explained(asked, lines) => {
                if let Some(Popup::Flow {
                    asked: shown, said, ..
                }) = &mut self.popup
                    && *shown == asked
                {
                    *said = Some(lines);
                }
            }
        }
    }

    fn hear_round(&mut self, mut round: Round) {
        self.trouble = round.trouble.take();
        if round.status.is_some() {
            self.heard = Some(round.at);
        }
        if let Some(Popup::Group { group, found, .. }) = &mut self.popup
            && let Some((query, answer)) = round.group.take()
            && query == rows::query_of(group)
        {
            *found = Some(answer.undocumented);
        }
        let paused = Tab::ALL.map(|tab| self.views[tab as usize].paused);
        self.answers.take(round, paused);
        self.settle();
    }

    /// The time, since the program began.
    pub fn tick(&mut self, now: Duration) {
        self.now = now;
    }

    /// Rows of the tab that is shown.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        let (filter, view, answers) = (self.filter(), self.view(), &self.answers);
        let only = (&filter, self.verdict.as_deref());
        match self.tab {
            Tab::Flows => Rows::Flows(rows::flows(
                &answers.flows.now.flows,
                &answers.flows.rates,
                answers.flows_before,
                &filter.ask(&mut FlowQuery::default()),
                self.flow_order,
                view.turned,
            )),
            Tab::Rules => Rows::Rules(rows::rules(
                &answers.rules.now.rules,
                &answers.rules.rates,
                &answers.flows_by_rule,
                only,
                self.rule_order,
                view.turned,
            )),
            Tab::Matrix => {
                let ([rules, groups], seen) = (&answers.matrix_rates, &answers.matrix);
                Rows::Matrix(rows::matrix(&seen.0.rules, rules, &seen.1.groups, groups, only))
            }
            Tab::Unexplained => Rows::Groups(rows::groups(
                &answers.groups.now.groups,
                &answers.groups.rates,
                |name| answers.new_groups.contains(name),
                only,
                self.group_order,
                view.turned,
            )),
            Tab::Health => Rows::None,
        }
    }

    /// Names of the rows of the tab that is shown, in their order.
    fn names(&self) -> Vec<String> {
        match self.rows() {
            Rows::Flows(rows) => rows.iter().map(|row| rows::flow_name(row.flow)).collect(),
            Rows::Rules(rows) => rows.iter().map(|row| row.rule.rule.clone()).collect(),
            Rows::Groups(rows) => rows.iter().map(|row| rows::group_name(row.group)).collect(),
            Rows::Matrix(matrix) => matrix.sources,
            Rows::None => Vec::new(),
        }
    }

    /// Lets the selection follow its row.
    fn settle(&mut self) {
        if self.tab == Tab::Health {
            return;
        }
        let names = self.names();
        self.view_mut().settle(&names);
    }

    /// Name of the order of the tab that is shown.
    #[must_use]
    pub fn order(&self) -> Option<&'static str> {
        match self.tab {
            Tab::Flows => Some(self.flow_order.name()),
            Tab::Rules => Some(self.rule_order.name()),
            Tab::Unexplained => Some(self.group_order.name()),
            Tab::Matrix | Tab::Health => None,
        }
    }

    /// The last that the daemon said of itself.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        self.answers.status.as_ref()
    }

    /// Why nothing new comes, in words, where it does not.
    #[must_use]
    pub fn silence(&self) -> Option<String> {
        /// A daemon that is busy answers within this time.
        const PATIENCE: Duration = Duration::from_secs(6);
        if let Some(Trouble::Silent(why)) = &self.trouble {
            return Some(why.clone());
        }
        let waiting = self.now.saturating_sub(self.heard.unwrap_or_default());
        (waiting > PATIENCE).then(|| format!("no answer for {} s, still waiting", waiting.as_secs()))
    }

    /// What the daemon refused, in its words.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.trouble {
            Some(Trouble::Refused(why)) => Some(why),
            _ => None,
        }
    }
}
