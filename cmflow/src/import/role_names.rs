//! What Configuration Manager and people call the roles.

use crate::catalogue::Catalogue;
use crate::spelling::did_you_mean;

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleName {
    /// A role of the catalogue, by its id.
    Role(String),
    /// Every site system is that; nothing is to be said of it.
    Everybodys,
    /// Nobody knows it; the nearest name as a hint.
    Unknown(String),
}

/// Names beside those of the catalogue, in small letters and without spaces: as the site database and scripts have them.
const ALSO: [(&str, &str); 43] = [
    ("aiupdateservicepoint", "asset-intelligence-synchronization-point"),
    (
        "assetintelligencepoint",
        "asset-intelligence-synchronization-point",
    ),
    ("applicationwebservice", "application-catalog-web-service-point"),
    ("portalwebsite", "application-catalog-website-point"),
    ("ca", "issuing-certification-authority"),
    ("certificateauthority", "issuing-certification-authority"),
    ("certificationauthority", "issuing-certification-authority"),
    ("cloudproxyconnector", "cmg-connection-point"),
    ("cmgconnectionpoint", "cmg-connection-point"),
    ("cloudmanagementgatewayconnectionpoint", "cmg-connection-point"),
    ("console", "configuration-manager-console"),
    ("adminconsole", "configuration-manager-console"),
    ("dc", "domain-controller"),
    ("globalcatalog", "global-catalog-domain-controller"),
    ("gc", "global-catalog-domain-controller"),
    ("dmpconnector", "service-connection-point"),
    ("serviceconnectionpoint", "service-connection-point"),
    ("dp", "distribution-point"),
    ("pxedistributionpoint", "distribution-point-pxe"),
    ("pxe", "distribution-point-pxe"),
    ("pxeservicepoint", "distribution-point-pxe"),
    ("multicastservicepoint", "distribution-point-multicast"),
    ("pulldp", "pull-distribution-point"),
    ("enrollmentserver", "enrollment-point"),
    ("enrollmentwebsite", "enrollment-proxy-point"),
    ("fsp", "fallback-status-point"),
    ("mp", "management-point"),
    ("ndes", "ndes-policy-module"),
    ("notificationserver", "management-point"),
    ("reportingpoint", "reporting-services-point"),
    ("reportingservicepoint", "reporting-services-point"),
    ("srsreportingpoint", "reporting-services-point"),
    ("smp", "state-migration-point"),
    ("provider", "sms-provider"),
    ("siteserver", "site-server"),
    ("primarysiteserver", "site-server"),
    ("secondarysiteserver", "site-server"),
    ("passivesiteserver", "site-server"),
    ("sitedatabaseserver", "sql-server"),
    ("sitesqlserver", "sql-server"),
    ("sql", "sql-server"),
    ("sup", "software-update-point"),
    ("wsus", "software-update-point"),
];

/// Every site system has these.
const EVERYBODYS: [&str; 4] = ["sitesystem", "componentserver", "sitesystemserver", "server"];

/// What a name means, whatever its capitals, spaces and dashes, and with or without `SMS` before it.
#[must_use]
pub fn role_named(catalogue: &Catalogue, name: &str) -> RoleName {
    let whole = plain(name);
    let without = whole.strip_prefix("sms").unwrap_or(&whole);
    for name in [whole.as_str(), without] {
        let known = catalogue
            .roles
            .iter()
            .find(|role| plain(&role.id) == name || plain(&role.name) == name)
            .map(|role| role.id.as_str())
            .filter(|id| plain(id) != EVERYBODYS[0]);
        let also = || ALSO.iter().find(|(also, _)| *also == name).map(|(_, id)| *id);
        let found = known.or_else(also).filter(|id| catalogue.role(id).is_some());
        if let Some(id) = found {
            return RoleName::Role(id.to_owned());
        }
        if EVERYBODYS.contains(&name) {
            return RoleName::Everybodys;
        }
    }
    let ids = catalogue.roles.iter().map(|role| role.id.as_str());
    let spoken = spoken(name);
    RoleName::Unknown(did_you_mean(&spoken, ids))
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_ascii_alphanumeric());
    letters.collect::<String>().to_ascii_lowercase()
}

/// `ManagmentPoint` as an id would be written, so that the nearest one is near.
fn spoken(name: &str) -> String {
    let mut spoken = String::new();
    let mut before = ' ';
    for letter in name.trim_start_matches("SMS").trim().chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() || letter == ' ' {
            spoken.push('-');
        }
        if letter != ' ' {
            spoken.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    spoken
}
