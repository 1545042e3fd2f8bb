//! What the catalogue's terms mean, for people.

use super::group::Group;
use super::model::{Cadence, Erratum, Level, OpenedBy, PortRange, Rule, Scope};

impl OpenedBy {
    /// The arrow that the page prints.
    #[must_use]
    pub const fn arrow(self) -> &'static str {
        match self {
            Self::From => "-->",
            Self::Either => "<-->",
        }
    }

    /// Who may open it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::From => "only the left end opens it",
            Self::Either => "either end may open it",
        }
    }
}

impl Scope {
    /// Between which sites.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::SameSite => "both ends in one site",
            Self::Hierarchy => "any sites of one hierarchy",
            Self::ParentChild => "within a site, and between it and its parent or child",
            Self::Anywhere => "anywhere: sites do not matter",
        }
    }
}

impl Cadence {
    /// How often it is used.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Continuous => "all the time",
            Self::Monthly => "with the monthly updates",
            Self::OnDemand => "when somebody asks for it",
        }
    }

    /// What silence means.
    #[must_use]
    pub const fn silence(self) -> &'static str {
        match self {
            Self::Continuous => "7 days of silence mean something",
            Self::Monthly => "40 days of silence mean something, with a patch Tuesday among them",
            Self::OnDemand => "silence alone never means unused",
        }
    }
}

impl Level {
    /// Where its value may differ.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hierarchy => "one value for the whole hierarchy",
            Self::Site => "may differ from site to site",
            Self::Host => "may differ from computer to computer",
        }
    }
}

impl Erratum {
    /// What stood there and how it is read, as rules carry it.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: {} {}", self.documents.join(", "), self.stood, self.reading)
    }
}

/// `443`, `67, 68`, or `80 or 8530` where they are alternatives.
#[must_use]
pub fn ports(ranges: &[PortRange], either: bool) -> String {
    let ranges: Vec<String> = ranges.iter().map(PortRange::to_string).collect();
    ranges.join(if either { " or " } else { ", " })
}

impl Rule {
    /// Its UDP ports as in `UDP 67, 68`; empty where it has none.
    #[must_use]
    pub fn udp_words(&self) -> String {
        match self.udp.as_slice() {
            [] => String::new(),
            ranges => format!("UDP {}", ports(ranges, self.either)),
        }
    }

    /// Its TCP ports as in `TCP 443 or 8531` or `TCP dynamic`; empty where it has none.
    #[must_use]
    pub fn tcp_words(&self) -> String {
        match self.tcp.as_slice() {
            _ if self.dynamic => "TCP dynamic".to_owned(),
            [] => String::new(),
            ranges => format!("TCP {}", ports(ranges, self.either)),
        }
    }

    /// All that it opens, as in `UDP 53, TCP 53`.
    #[must_use]
    pub fn port_words(&self) -> String {
        let echo = if self.icmp_echo { "ICMP echo" } else { "" };
        let parts = [self.udp_words(), self.tcp_words(), echo.to_owned()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }

    /// The groups that it reaches, as in `broadcast` or `ff02::1:2, ff05::1:3`; empty where it reaches none.
    #[must_use]
    pub fn group_words(&self) -> String {
        let groups: Vec<String> = self.delivery.groups.iter().map(Group::to_string).collect();
        groups.join(", ")
    }

    /// The companion that it belongs to; nothing for a rule of the page.
    #[must_use]
    pub fn companion(&self) -> Option<&str> {
        self.id.split_once(':').map(|(companion, _)| companion)
    }

    /// `from/to/service`, without the companion before it.
    #[must_use]
    pub fn bare_id(&self) -> &str {
        self.id.split_once(':').map_or(&self.id, |(_, bare)| bare)
    }

    /// The part of its id that names the service.
    #[must_use]
    pub fn service_id(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }
}
