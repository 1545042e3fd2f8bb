//! What a URL asks for: a view and its filters. All of it is in the address, so that whoever is sent it sees the same.

use form_urlencoded::{Serializer, parse};
use jiff::SignedDuration;

use crate::spelling::did_you_mean;

/// A view of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The first screen.
    Overview,
    /// Documented flows that nobody answers.
    Blocked,
    /// Roles and what flows between them.
    Map,
    /// Source role by destination role.
    Matrix,
    /// Live flows.
    Flows,
    /// Every rule.
    Rules,
    /// What nothing explains.
    Unexplained,
    /// Whether the counts can be believed.
    Health,
    /// Which rule would explain a flow.
    Explain,
}

impl View {
    /// Every view, in the order of the navigation.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Unexplained,
        Self::Blocked,
        Self::Map,
        Self::Matrix,
        Self::Flows,
        Self::Rules,
        Self::Explain,
        Self::Health,
    ];

    /// Its path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Blocked => "/blocked",
            Self::Map => "/map",
            Self::Matrix => "/matrix",
            Self::Flows => "/flows",
            Self::Rules => "/rules",
            Self::Unexplained => "/unexplained",
            Self::Health => "/health",
            Self::Explain => "/explain",
        }
    }

    /// What the navigation calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Blocked => "Blocked",
            Self::Map => "Site map",
            Self::Matrix => "Matrix",
            Self::Flows => "Flows",
            Self::Rules => "Rules",
            Self::Unexplained => "Unexplained",
            Self::Health => "Health",
            Self::Explain => "Explain",
        }
    }

    /// What may stand in its query.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Overview => &["range"],
            Self::Blocked => &["rule", "role", "state"],
            Self::Map => &["range", "unseen", "from", "to", "kind", "role"],
            Self::Matrix => &["range", "from", "to"],
            Self::Flows => &["verdict", "state", "role", "address", "rule", "sort", "page"],
            Self::Rules => &["range", "rule", "kind", "grade", "from", "to", "seen", "sort"],
            Self::Unexplained => &["group", "verdict", "role", "from", "to", "port", "sort"],
            Self::Health => &[],
            Self::Explain => &["from", "to", "service", "after"],
        }
    }
}

/// Over which time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// The last seconds, and all that was counted since the beginning.
    #[default]
    Live,
    /// The last hour.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last 30 days.
    Month,
}

impl Range {
    /// Every range.
    pub const ALL: [Self; 4] = [Self::Live, Self::Hour, Self::Day, Self::Month];

    /// The word in a URL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Hour => "Last hour",
            Self::Day => "Last day",
            Self::Month => "Last month",
        }
    }

    /// How long it is; nothing for live.
    #[must_use]
    pub fn length(self) -> Option<SignedDuration> {
        match self {
            Self::Live => None,
            Self::Hour => Some(SignedDuration::from_hours(1)),
            Self::Day => Some(SignedDuration::from_hours(24)),
            Self::Month => Some(SignedDuration::from_hours(24 * 30)),
        }
    }
}

/// A view, and what stands in its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The view.
    pub view: View,
    /// Keys and values, in their order; none of them empty.
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// Longest query that is read; a browser's own limit lies far above what these pages make.
    pub const LONGEST: usize = 4096;

    /// A view without filters.
    #[must_use]
    pub const fn view(view: View) -> Self {
        Self {
            view,
            pairs: Vec::new(),
        }
    }

    /// What a path and a query ask for; nothing for a path that no view has.
    ///
    /// # Errors
    /// In a sentence where the query says what the view does not know.
    #[must_use]
    pub fn read(path: &str, query: &str) -> Option<Result<Self, String>> {
        let view = View::ALL.into_iter().find(|view| view.path() == path)?;
        Some(Self::of_query(view, query))
    }

    fn of_query(view: View, query: &str) -> Result<Self, String> {
        if query.len() > Self::LONGEST {
            return Err(format!("the query is longer than {} bytes", Self::LONGEST));
        }
        let mut pairs = Vec::new();
        for (key, value) in parse(query.as_bytes()) {
            let value = value.trim();
            if !view.keys().contains(&&*key) {
                let hint = did_you_mean(&key, view.keys().iter().copied());
                return Err(format!("{} has no filter \"{key}\"{hint}", view.name()));
            }
            // An empty field of a form asks for nothing.
            if !value.is_empty() {
                pairs.push((key.into_owned(), value.to_owned()));
            }
        }
        let asked = Self { view, pairs };
        asked.checked_range()?;
        Ok(asked)
    }

    fn checked_range(&self) -> Result<(), String> {
        let Some(wanted) = self.get("range") else {
            return Ok(());
        };
        if Range::ALL.iter().any(|range| range.name() == wanted) {
            return Ok(());
        }
        let names = Range::ALL.map(Range::name);
        let hint = did_you_mean(wanted, names);
        Err(format!(
            "\"{wanted}\" is no time; write one of {}{hint}",
            names.join(", ")
        ))
    }

    /// The value of a key; the last one where several are given.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let pair = self.pairs.iter().rev().find(|(own, _)| own == key);
        pair.map(|(_, value)| value.as_str())
    }

    /// All values of a key.
    #[must_use]
    pub fn all(&self, key: &str) -> Vec<String> {
        let pairs = self.pairs.iter().filter(|(own, _)| own == key);
        pairs.map(|(_, value)| value.clone()).collect()
    }

    /// Over which time.
    #[must_use]
    pub fn range(&self) -> Range {
        let wanted = self.get("range");
        let found = Range::ALL.into_iter().find(|range| Some(range.name()) == wanted);
        found.unwrap_or_default()
    }

    /// The same with another value of a key; nothing takes the key out.
    #[must_use]
    pub fn with(&self, key: &str, value: Option<&str>) -> Self {
        let mut pairs = self.pairs.clone();
        pairs.retain(|(own, _)| own != key);
        pairs.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        Self {
            view: self.view,
            pairs,
        }
    }

    /// The same with several values of a key.
    #[must_use]
    pub fn and(&self, key: &str, values: &[String]) -> Self {
        let mut asked = self.clone();
        asked
            .pairs
            .extend(values.iter().map(|value| (key.to_owned(), value.clone())));
        asked
    }

    /// Pairs beside those of these keys: what a form has to carry along.
    pub fn beside<'a>(&'a self, keys: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let kept = self.pairs.iter().filter(|(own, _)| !keys.contains(&own.as_str()));
        kept.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether anything is filtered.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.beside(&["range", "sort", "page", "unseen"]).next().is_some()
    }

    /// Its address.
    #[must_use]
    pub fn href(&self) -> String {
        self.href_of("")
    }

    /// Address of the same rows in another form: `csv` or `json`.
    #[must_use]
    pub fn href_as(&self, form: &str) -> String {
        self.href_of(&format!(".{form}"))
    }

    fn href_of(&self, ending: &str) -> String {
        let path = match self.view {
            View::Overview if !ending.is_empty() => "/overview",
            view => view.path(),
        };
        if self.pairs.is_empty() {
            return format!("{path}{ending}");
        }
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&self.pairs);
        format!("{path}{ending}?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_own_address() {
        let query = "verdict=undocumented&role=a%26b&role=c+d&sort=packets";
        let asked = Asked::read("/flows", query).expect("a view").expect("sound");
        assert_eq!(asked.all("role"), ["a&b", "c d"]);
        let href = asked.href();
        let (path, query) = href.split_once('?').expect("a query");
        assert_eq!(Asked::read(path, query), Some(Ok(asked.clone())));
        assert_eq!(asked.with("sort", None).get("sort"), None);
        assert!(
            asked
                .href_as("csv")
                .starts_with("/flows.csv?verdict=undocumented")
        );
    }

    #[test]
    fn what_a_view_does_not_know_is_said() {
        for (path, query, said) in [
            (
                "/flows",
                "verdit=documented",
                "Flows has no filter \"verdit\"; did you mean \"verdict\"?",
            ),
            (
                "/map",
                "range=months",
                "\"months\" is no time; write one of live, hour, day, month; did you mean \"month\"?",
            ),
        ] {
            assert_eq!(Asked::read(path, query), Some(Err(said.to_owned())));
        }
        assert_eq!(Asked::read("/nowhere", ""), None);
        let long = "x".repeat(Asked::LONGEST + 1);
        assert!(Asked::read("/", &long).expect("a view").is_err());
        assert_eq!(
            Asked::read("/flows", "role=&page="),
            Some(Ok(Asked::view(View::Flows)))
        );
    }
}
