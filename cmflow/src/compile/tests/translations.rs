//! A virtual address holds its members' roles at their ports, and has its own where it says one.

use cmflow_common::verdict::VerdictKind::{Approved, Documented, Reversed, Undocumented};

use super::meaning::check;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6", "10.30.0.7"]
distribution-point = ["10.20.0.21"]
[[host]]
name = "mp01"
address = "10.20.0.11"
roles = ["management-point"]
ports = { client-http = 8080, client-https = 8443 }
[[host]]
name = "mp02"
address = "10.20.0.12"
roles = ["management-point", "distribution-point"]
ports = { client-http = 8080, client-https = 8443 }
[[host]]
name = "mp03"
address = "10.20.0.13"
roles = ["management-point"]
[[host]]
name = "vip"
address = "10.20.0.50"
roles = ["management-point"]
ports = { client-https = 9443 }
[custom-roles]
backup = { addresses = ["10.9.9.10"] }
[[rule]]
id = "agent"
from = "backup"
to = "management-point"
tcp = ["8440-8445"]
why = "CHG1234"
[[sql-instance]]
address = ["10.30.0.6", "10.30.0.7"]
port = 14330
# Every port as it is.
[[nat]]
vip = "10.20.0.10"
members = ["mp01", "mp02"]
# One port each, by itself.
[[nat]]
vip = "10.20.0.20:443"
members = ["10.20.0.11:8443", "mp02:8443"]
self = "10.20.0.1"
[[nat]]
vip = "10.20.0.20:80"
members = ["10.20.0.11:8080", "mp02:8080"]
# Members that do not agree on their ports.
[[nat]]
vip = "10.20.0.30"
members = ["mp01", "mp03"]
[[nat]]
vip = "10.30.0.10"
members = ["10.30.0.6", "10.30.0.7"]
# A name with ports of its own.
[[nat]]
vip = "vip"
members = ["mp01", "mp02"]
# Ports changed round.
[[nat]]
vip = "10.20.0.60:8080"
members = "10.20.0.12:8443"
[[nat]]
vip = "10.20.0.60:8443"
members = "10.20.0.12:8080"
"#;

#[test]
fn a_virtual_address_is_asked_as_its_members_are() {
    let http = &["client/distribution-point/http", "client/management-point/http"][..];
    let https = &["client/distribution-point/https", "client/management-point/https"][..];
    let mp_https = &["client/management-point/https"][..];
    check(
        SITE,
        &[
            ("10.10.0.9 10.20.0.10 tcp/8443", Documented, https),
            ("10.10.0.9 10.20.0.10 tcp/443", Undocumented, &[]),
            (
                "10.10.0.9 10.20.0.10 tcp/10123",
                Documented,
                &["client/management-point/client-notification"],
            ),
            // Its own ports in place of the members', also in a range and in a rule without a key of its own.
            ("10.10.0.9 10.20.0.20 tcp/443", Documented, https),
            ("10.10.0.9 10.20.0.20 tcp/8443", Undocumented, &[]),
            ("10.10.0.9 10.20.0.20 tcp/80", Documented, http),
            (
                "10.10.0.9 10.20.0.20 tcp/10123",
                Documented,
                &["client/management-point/client-notification"],
            ),
            ("10.9.9.10 10.20.0.20 tcp/443", Approved, &["agent"]),
            ("10.9.9.10 10.20.0.20 tcp/8442", Approved, &["agent"]),
            ("10.9.9.10 10.20.0.20 tcp/8443", Undocumented, &[]),
            ("10.9.9.10 10.20.0.20 tcp/8445", Approved, &["agent"]),
            // The members themselves are as they were.
            ("10.10.0.9 10.20.0.12 tcp/8443", Documented, https),
            ("10.10.0.9 10.20.0.12 tcp/443", Undocumented, &[]),
            // Where they do not agree, what the page says holds.
            ("10.10.0.9 10.20.0.30 tcp/443", Documented, mp_https),
            ("10.10.0.9 10.20.0.30 tcp/8443", Undocumented, &[]),
            (
                "10.30.0.5 10.30.0.10 tcp/14330",
                Documented,
                &["site-server/sql-server/sql"],
            ),
            ("10.30.0.5 10.30.0.10 tcp/1433", Undocumented, &[]),
            ("10.10.0.9 10.20.0.50 tcp/9443", Documented, https),
            ("10.10.0.9 10.20.0.50 tcp/8443", Undocumented, &[]),
            ("10.10.0.9 10.20.0.60 tcp/8080", Documented, https),
            ("10.10.0.9 10.20.0.60 tcp/8443", Documented, http),
        ],
    );
}

#[test]
fn the_translators_own_address_is_as_those_behind_it() {
    check(
        SITE,
        &[
            (
                "10.20.0.1 10.20.0.11 tcp/8443",
                Documented,
                &["client/management-point/https"],
            ),
            (
                "10.20.0.1 10.20.0.21 tcp/443",
                Documented,
                &["client/distribution-point/https"],
            ),
            (
                "10.20.0.21 10.20.0.1 tcp/443",
                Reversed,
                &["client/distribution-point/https"],
            ),
        ],
    );
}
