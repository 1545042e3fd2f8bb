//! How long what is kept, and how much of it.

/// How the computers of people are kept in what a document explains: their movements are nobody's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientDetail {
    /// By prefix: 24 bits of an IPv4 address, 64 of an IPv6 one, or the prefix of the site file where that is longer.
    #[default]
    Prefix,
    /// By address.
    Address,
}

impl ClientDetail {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Prefix, Self::Address];

    /// The word that site files use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Address => "address",
        }
    }
}

/// `[history]` of the site file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Hours for which each minute is kept.
    pub minutes_h: u32,
    /// Days for which each hour is kept.
    pub hours_d: u32,
    /// Days for which each day is kept, and conversations that were last seen so long ago.
    pub days_d: u32,
    /// Days for which a client's own address is kept in what nothing explains.
    pub unexplained_d: u32,
    /// Conversations kept apart at most; beyond, the oldest unexplained ones are kept by prefix.
    pub conversations: u32,
    /// How clients are kept in what a document explains.
    pub clients: ClientDetail,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            minutes_h: 24,
            hours_d: 31,
            days_d: 366,
            unexplained_d: 30,
            conversations: 100_000,
            clients: ClientDetail::Prefix,
        }
    }
}
