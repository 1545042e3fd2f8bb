//! Columns and keys by what people call them.

/// What a column or a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Address,
    Roles,
    Site,
    Parent,
}

const NAMES: [(Field, &[&str]); 5] = [
    (
        Field::Name,
        &[
            "fullqualifieddomainname",
            "fullyqualifieddomainname",
            "fqdn",
            "dnsname",
            "dnshostname",
            "name",
            "host",
            "hostname",
            "computer",
            "computername",
            "server",
            "servername",
            "system",
        ],
    ),
    (
        Field::Address,
        &[
            "address",
            "addresses",
            "ip",
            "ips",
            "ipaddress",
            "ipaddresses",
            "ipv4",
            "ipv6",
            "ipv4address",
            "ipv6address",
        ],
    ),
    (
        Field::Roles,
        &[
            "roles",
            "role",
            "rolelist",
            "rolename",
            "rolenames",
            "siteroles",
            "siteroleslist",
        ],
    ),
    (Field::Site, &["site", "sitecode", "code"]),
    (Field::Parent, &["parent", "parentsite", "parentsitecode"]),
];

impl Field {
    /// The field that a column is, whatever its capitals, spaces and dashes; nothing where it is none of them.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain: String = name
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric())
            .collect();
        let plain = plain.to_ascii_lowercase();
        let (field, _) = NAMES.iter().find(|(_, names)| names.contains(&plain.as_str()))?;
        Some(*field)
    }

    /// Every name of it, the first one the likeliest.
    pub(super) fn names(self) -> &'static [&'static str] {
        let (_, names) = NAMES
            .iter()
            .find(|(field, _)| *field == self)
            .expect("every field has names");
        names
    }
}

/// Several words in a cell. Addresses have no spaces in them; names of roles may.
pub(super) fn parts(field: Field, cell: &str) -> Vec<String> {
    let between = |letter: char| {
        matches!(letter, ';' | ',' | '|' | '\n') || field == Field::Address && letter.is_whitespace()
    };
    let parts = cell.split(between).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}
