//! What stands behind the question mark: names and values that exist, or the nearest ones that do.

use std::str::FromStr;

use clap::ValueEnum as _;
use jiff::Timestamp;

use super::Problem;
use crate::compile::Compiled;
use crate::findings::Findings;
use crate::moment::Moment;
use crate::serve::FlowSort;
use crate::snapshot::FlowFilter;
use crate::spelling::did_you_mean;

/// States that a flow can be in.
const STATES: [&str; 5] = [
    "answered",
    "unanswered",
    "refused",
    "one-sided",
    "no-answer-expected",
];
/// As many flows as are given where nobody says how many.
pub(super) const PAGE: usize = 100;
/// More are given in several pages.
pub(super) const LARGEST_PAGE: usize = 100_000;

/// The nearest right spelling; where none is near, all there are.
fn hint<'a>(typed: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = did_you_mean(typed, known.clone());
    if near.is_empty() {
        format!("; known are {}", known.collect::<Vec<_>>().join(", "))
    } else {
        near
    }
}

/// Names and values of a request.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// As JSON.
    #[default]
    Json,
    /// As comma-separated values.
    Csv,
}

impl Parameters {
    /// Reads a query; only these names are right.
    pub(super) fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let pairs: Vec<(String, String)> = pairs.into_owned().collect();
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(Self(pairs)),
            Some((name, _)) if known.is_empty() => Err(Problem::bad(format!(
                "unknown parameter \"{name}\": none is taken here"
            ))),
            Some((name, _)) => {
                let hint = hint(name, known.iter().copied());
                Err(Problem::bad(format!("unknown parameter \"{name}\"{hint}")))
            }
        }
    }

    /// All values of a name.
    fn all(&self, name: &str) -> Vec<String> {
        let values = self
            .0
            .iter()
            .filter(|(one, value)| one == name && !value.is_empty());
        values.map(|(_, value)| value.clone()).collect()
    }

    /// The value of a name, which may stand there once.
    fn one(&self, name: &str) -> Result<Option<String>, Problem> {
        let mut all = self.all(name);
        if all.len() > 1 {
            return Err(Problem::bad(format!(
                "{name} is given {} times, and can be one thing only",
                all.len()
            )));
        }
        Ok(all.pop())
    }

    /// A number of that name.
    pub(super) fn number(&self, name: &str, most: usize) -> Result<Option<usize>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if number <= most => Ok(Some(number)),
            _ => Err(Problem::bad(format!(
                "{name}={text} is no number from 0 to {most}"
            ))),
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let hint = hint(&text, words.iter().map(|(word, _)| *word));
                Err(Problem::bad(format!("unknown {name} \"{text}\"{hint}")))
            }
        }
    }

    /// `format`.
    pub(super) fn format(&self) -> Result<Format, Problem> {
        let formats = [("json", Format::Json), ("csv", Format::Csv)];
        Ok(self.word("format", &formats)?.unwrap_or_default())
    }

    /// Whether a switch is on.
    pub(super) fn switch(&self, name: &str) -> Result<bool, Problem> {
        Ok(self
            .word(name, &[("true", true), ("false", false)])?
            .unwrap_or(false))
    }

    /// Begin and end of a time, where they are given.
    pub(super) fn window(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
        let now = Timestamp::now();
        let moment = |name: &str| {
            let text = self.one(name)?;
            let wrong = |why: String| Problem::bad(format!("{name}: {why}"));
            text.map(|text| text.parse::<Moment>()).transpose().map_err(wrong)
        };
        let wrong = |error: anyhow::Error| Problem::bad(format!("{error:#}"));
        let since = moment("since")?
            .map(|moment| moment.begin(now))
            .transpose()
            .map_err(wrong)?;
        let until = moment("until")?
            .map(|moment| moment.end(now))
            .transpose()
            .map_err(wrong)?;
        Ok((since, until))
    }

    /// Which flows.
    pub(super) fn flows(&self, compiled: &Compiled) -> Result<FlowFilter, Problem> {
        let sorts = FlowSort::value_variants().iter().filter_map(|sort| {
            let name = sort.to_possible_value()?.get_name().to_owned();
            Some((name, Some(*sort)))
        });
        let sorts: Vec<_> = sorts.chain([("rate".to_owned(), None)]).collect();
        let sorts: Vec<_> = sorts.iter().map(|(name, sort)| (name.as_str(), *sort)).collect();
        let sort = self.word("sort", &sorts)?;
        let mut filter = FlowFilter {
            from: self.all("from"),
            to: self.all("to"),
            state: self.all("state"),
            fastest: sort == Some(None),
            offset: self.number("offset", usize::MAX)?.unwrap_or(0),
            ..FlowFilter::default()
        };
        let query = &mut filter.query;
        query.verdict = self.all("verdict");
        query.rule = self.all("rule");
        query.sort = sort.flatten().unwrap_or_default();
        query.limit = Some(self.number("limit", LARGEST_PAGE)?.unwrap_or(PAGE));
        for text in self.all("address") {
            let address = FromStr::from_str(&text);
            query
                .address
                .push(address.map_err(|_| Problem::bad(format!("\"{text}\" is no address")))?);
        }
        // Either end's roles are checked as the others are.
        let mut checked = query.clone();
        checked.role = [self.all("role"), filter.from.clone(), filter.to.clone()].concat();
        Findings::check(compiled, &checked).map_err(Problem::bad)?;
        query.role = self.all("role");
        if let Some(state) = filter
            .state
            .iter()
            .find(|state| !STATES.contains(&state.as_str()))
        {
            let hint = hint(state, STATES.into_iter());
            return Err(Problem::bad(format!("unknown state \"{state}\"{hint}")));
        }
        Ok(filter)
    }
}
