//! What keys do.

use super::{Model, Popup, Rows};
use crate::top::rows::Order as _;
use crate::top::tab::Tab;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter, a digit, a sign.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Ctrl-c.
    Interrupt,
}

/// The longest filter.
const LONGEST_FILTER: usize = 200;

/// Verdicts as `v` steps through them: what needs somebody first.
const VERDICTS: [&str; 9] = [
    "undocumented",
    "reversed",
    "foreign",
    "documented",
    "approved",
    "baseline",
    "opaque",
    "local",
    "out-of-scope",
];

impl Model {
    /// Does what a key says.
    pub fn press(&mut self, key: Key) {
        if key == Key::Interrupt {
            self.over = true;
        } else if self.typing.is_some() {
            self.press_typing(key);
        } else if self.popup.is_some() {
            self.press_popup(key);
        } else {
            self.press_tab(key);
        }
    }

    fn press_typing(&mut self, key: Key) {
        let Some(text) = &mut self.typing else {
            return;
        };
        match key {
            Key::Char(char) if text.len() < LONGEST_FILTER => text.push(char),
            Key::Backspace if !text.is_empty() => drop(text.pop()),
            Key::Backspace | Key::Escape => self.typing = None,
            Key::Enter => {
                self.filter = self.typing.take().unwrap_or_default().trim().to_owned();
                self.narrowed();
            }
            _ => {}
        }
    }

    fn press_popup(&mut self, key: Key) {
        let page = self.page.max(1);
        let Some(popup) = &mut self.popup else {
            return;
        };
        let scrolled = popup.scrolled_mut();
        match key {
            Key::Up | Key::Char('k') => *scrolled = scrolled.saturating_sub(1),
            Key::Down | Key::Char('j') => *scrolled = scrolled.saturating_add(1),
            Key::PageUp => *scrolled = scrolled.saturating_sub(page),
            Key::PageDown | Key::Char(' ') => *scrolled = scrolled.saturating_add(page),
            Key::Home => *scrolled = 0,
            Key::End => *scrolled = usize::MAX,
            Key::Enter | Key::Escape | Key::Char('q' | '?' | 'h') => self.popup = None,
            _ => {}
        }
    }

    fn press_tab(&mut self, key: Key) {
        let selected = self.view().selected;
        let page = self.page.max(1);
        match key {
            Key::Char('1') => self.show(Tab::Flows),
            Key::Char('2') => self.show(Tab::Rules),
            Key::Char('3') => self.show(Tab::Matrix),
            Key::Char('4') => self.show(Tab::Unexplained),
            Key::Char('5') => self.show(Tab::Health),
            Key::Tab => self.show(self.tab.turned(1)),
            Key::BackTab => self.show(self.tab.turned(Tab::ALL.len() - 1)),
            Key::Up | Key::Char('k') => self.select(selected.saturating_sub(1)),
            Key::Down | Key::Char('j') => self.select(selected + 1),
            Key::PageUp => self.select(selected.saturating_sub(page)),
            Key::PageDown | Key::Char(' ') => self.select(selected + page),
            Key::Home => self.select(0),
            Key::End => self.select(usize::MAX),
            Key::Left => self.select_column(|column| column.saturating_sub(1)),
            Key::Right => self.select_column(|column| column + 1),
            Key::Char('s') => self.sort(),
            Key::Char('S') => {
                let view = self.view_mut();
                view.turned = !view.turned;
                self.top();
            }
            Key::Char('/') => self.typing = Some(self.filter.clone()),
            Key::Char('v') => self.next_verdict(),
            Key::Char('p') => {
                let view = self.view_mut();
                view.paused = !view.paused;
            }
            Key::Enter => self.open(),
            Key::Char('?' | 'h') => self.popup = Some(Popup::Help { scrolled: 0 }),
            // What narrows the view is let go first; then the program.
            Key::Escape if !self.filter.is_empty() || self.verdict.is_some() => {
                self.filter.clear();
                self.verdict = None;
                self.narrowed();
            }
            Key::Char('q') | Key::Escape => self.over = true,
            _ => {}
        }
    }

    fn show(&mut self, tab: Tab) {
        self.tab = tab;
        self.settle();
    }

    fn select(&mut self, place: usize) {
        if self.tab == Tab::Health {
            // Lines are scrolled; where they end is known to who draws them.
            self.view_mut().selected = place;
            return;
        }
        let names = self.names();
        self.view_mut().select(place, &names);
    }

    fn select_column(&mut self, moved: impl Fn(usize) -> usize) {
        if let Rows::Matrix(matrix) = self.rows() {
            let last = matrix.destinations.len().saturating_sub(1);
            let view = self.view_mut();
            view.column = moved(view.column).min(last);
        }
    }

    /// Other rows are let through from now on.
    fn narrowed(&mut self) {
        self.trouble = None;
        for view in &mut self.views {
            view.select(0, &[]);
            view.column = 0;
        }
        self.settle();
    }

    fn top(&mut self) {
        self.view_mut().select(0, &[]);
        self.settle();
    }

    fn sort(&mut self) {
        match self.tab {
            Tab::Flows => self.flow_order = self.flow_order.next(),
            Tab::Rules => self.rule_order = self.rule_order.next(),
            Tab::Unexplained => self.group_order = self.group_order.next(),
            Tab::Matrix | Tab::Health => return,
        }
        self.view_mut().turned = false;
        self.top();
    }

    /// The next verdict that there are packets of, and after the last one all again.
    fn next_verdict(&mut self) {
        let there = |kind: &&str| {
            let status = self.status();
            status.is_none_or(|status| status.verdicts.contains_key(*kind))
        };
        let kinds: Vec<&str> = VERDICTS.into_iter().filter(there).collect();
        let next = match &self.verdict {
            None => 0,
            Some(now) => kinds
                .iter()
                .position(|kind| kind == now)
                .map_or(0, |place| place + 1),
        };
        self.verdict = kinds.get(next).map(|kind| (*kind).to_owned());
        self.narrowed();
    }
}
