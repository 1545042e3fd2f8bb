//! Exceptions that somebody approves: as lines of the approvals file, whether something else explains them already, and
//! how the file is changed.

mod covered;
mod file;
mod list;
mod refusal;
mod request;
mod site_line;
mod write;

pub use covered::{Covered, covered};
pub use file::{Locked, Patience, replace};
pub use list::{Approvals, Listed, ListedEnd};
pub use refusal::Refusal;
pub use request::Request;
pub use site_line::with_approvals;
pub use write::{Desk, Made};

use jiff::civil::Date;
use toml::Value;

use crate::catalogue::PortRange;

/// An end of an approval as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A role by its id.
    Role(String),
    /// Addresses and prefixes.
    Addresses(Vec<String>),
}

impl End {
    /// As it is written on a command line: a role, or addresses with commas between them. Names of roles hold no dot, no
    /// colon and no slash.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let parts: Vec<_> = text.split(',').map(|part| part.trim().to_owned()).collect();
        match &parts[..] {
            [one] if !one.contains(['.', ':', '/']) => Self::Role(one.clone()),
            _ => Self::Addresses(parts),
        }
    }

    fn to_toml(&self) -> String {
        match self {
            Self::Role(role) => quoted(role),
            Self::Addresses(addresses) => {
                let quoted: Vec<_> = addresses.iter().map(|one| quoted(one)).collect();
                format!("[{}]", quoted.join(", "))
            }
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Role(role) => role.clone(),
            Self::Addresses(addresses) => addresses.join("-"),
        }
    }
}

/// An exception that is not in the file yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub why: String,
    /// The day on which it was made.
    pub made: Date,
    /// Its last day; nothing where it has none.
    pub until: Option<Date>,
    /// Who opens.
    pub from: End,
    /// Who answers.
    pub to: End,
    /// TCP ports.
    pub tcp: Vec<PortRange>,
    /// UDP ports.
    pub udp: Vec<PortRange>,
    /// ICMP echo requests.
    pub icmp_echo: bool,
    /// Whether either end may open.
    pub either: bool,
}

impl Approval {
    /// An id that tells what it is, and that none of `taken` is.
    #[must_use]
    pub fn id_for(from: &End, to: &End, service: &str, taken: &dyn Fn(&str) -> bool) -> String {
        let plain = |text: &str| -> String {
            let letters = text.chars().map(|letter| match letter {
                letter if letter.is_ascii_alphanumeric() => letter,
                _ => '-',
            });
            letters.collect()
        };
        let base = plain(&format!("{}-to-{}-{service}", from.words(), to.words()));
        if !taken(&base) {
            return base;
        }
        let mut numbered = (2_u32..).map(|number| format!("{base}-{number}"));
        numbered.find(|id| !taken(id)).expect("some number is free")
    }

    /// Its table in the approvals file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut lines = vec![
            "[[approval]]".to_owned(),
            format!("id    = {}", quoted(&self.id)),
            format!("by    = {}", quoted(&self.by)),
            format!("why   = {}", quoted(&self.why)),
            format!("made  = {}", self.made),
        ];
        lines.push(match self.until {
            Some(until) => format!("until = {until}"),
            None => "permanent = true".to_owned(),
        });
        lines.push(format!("from  = {}", self.from.to_toml()));
        lines.push(format!("to    = {}", self.to.to_toml()));
        for (key, ranges) in [("tcp", &self.tcp), ("udp", &self.udp)] {
            if !ranges.is_empty() {
                let ports: Vec<_> = ranges.iter().map(range).collect();
                lines.push(format!("{key}   = [{}]", ports.join(", ")));
            }
        }
        if self.icmp_echo {
            lines.push("icmp-echo = true".to_owned());
        }
        if self.either {
            lines.push("either = true".to_owned());
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// The text of an approvals file with it at the end. What people wrote stays as it is.
    #[must_use]
    pub fn appended(&self, text: &str) -> String {
        let mut text = match text.trim() {
            "" => BEGIN.to_owned(),
            _ => text.to_owned(),
        };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.to_toml());
        text
    }
}

/// What a new file begins with.
const BEGIN: &str = "# Exceptions: traffic that no document explains and that somebody answers for. One that has ended stays \
                     as a record.\n";

fn range(range: &PortRange) -> String {
    if range.first == range.last {
        range.first.to_string()
    } else {
        quoted(&range.to_string())
    }
}

/// A string as TOML has it.
#[must_use]
pub fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn ends_are_roles_or_addresses() {
        let addresses = |all: &[&str]| End::Addresses(all.iter().map(|one| (*one).to_owned()).collect());
        for (text, end) in [
            ("client", End::Role("client".to_owned())),
            ("10.1.1.1", addresses(&["10.1.1.1"])),
            ("10.1.0.0/16, fd00::1", addresses(&["10.1.0.0/16", "fd00::1"])),
            ("client,10.1.1.1", addresses(&["client", "10.1.1.1"])),
        ] {
            assert_eq!(End::of(text), end);
        }
    }

    #[test]
    fn an_id_says_what_it_is_and_is_free() {
        let (from, to) = (End::of("client"), End::of("10.20.0.40"));
        let id = |taken: &dyn Fn(&str) -> bool| Approval::id_for(&from, &to, "tcp/8081", taken);
        assert_eq!(id(&|_| false), "client-to-10-20-0-40-tcp-8081");
        assert_eq!(id(&|id| !id.ends_with("-3")), "client-to-10-20-0-40-tcp-8081-3");
    }

    #[test]
    fn what_stood_there_stays_and_quotes_are_safe() {
        let approval = Approval {
            id: "a".to_owned(),
            by: "O'Neil \"Ann\"\n[[approval]]".to_owned(),
            why: "CHG1".to_owned(),
            made: date(2026, 1, 2),
            until: None,
            from: End::of("client"),
            to: End::of("10.1.1.1"),
            tcp: vec![PortRange { first: 1, last: 9 }, PortRange::single(80)],
            udp: vec![],
            icmp_echo: true,
            either: true,
        };
        let text = approval.appended("# mine\n[[approval]] # kept\nid = \"b\"");
        assert!(
            text.starts_with("# mine\n[[approval]] # kept\nid = \"b\"\n\n[[approval]]\n"),
            "{text}"
        );
        let table: toml::Table = text.parse().expect("it is TOML");
        let all = table["approval"].as_array().expect("a list");
        assert_eq!(all.len(), 2);
        assert_eq!(all[1]["by"].as_str(), Some(&*approval.by));
        assert_eq!(all[1]["tcp"].to_string(), "[\"1-9\", 80]");
    }
}
