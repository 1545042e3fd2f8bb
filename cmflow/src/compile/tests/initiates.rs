//! Note 5: where the site server alone initiates, what the site system opens toward it is reversed.

use cmflow_common::verdict::VerdictKind::{self, Documented, Reversed, Undocumented};

use super::meaning::check;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
site-server = ["10.30.0.5"]
sql-server = ["10.30.0.6"]
management-point = ["10.20.0.12"]
distribution-point = ["10.20.0.14"]
reporting-services-point = ["10.20.0.15"]
software-update-point = ["10.20.0.16"]
[[host]]
name = "mp01"
address = ["10.20.0.11", "10.20.0.21"]
roles = ["management-point"]
"#;

/// What `site-server-initiates` lists; the flow; its verdict and its rules.
type Case = (&'static str, &'static str, VerdictKind, &'static [&'static str]);

const SMB: &[&str] = &["management-point/site-server/smb"];
const REPORTING: &[&str] = &["site-server/reporting-services-point/smb"];

const CASES: [Case; 16] = [
    // Printed for either end.
    ("", "10.20.0.12 10.30.0.5 tcp/445", Documented, SMB),
    ("", "10.30.0.5 10.20.0.12 tcp/445", Documented, SMB),
    // With the option the site system never opens one, and the site server comes and fetches.
    ("\"10.20.0.12\"", "10.20.0.12 10.30.0.5 tcp/445", Reversed, SMB),
    ("\"10.20.0.12\"", "10.30.0.5 10.20.0.12 tcp/445", Documented, SMB),
    (
        "\"10.20.0.12\"",
        "10.20.0.12 10.30.0.5 tcp/50000",
        Reversed,
        &["management-point/site-server/rpc"],
    ),
    // Inferred is never enough for reversed.
    (
        "\"10.20.0.12\"",
        "10.20.0.12 10.30.0.5 tcp/445 ?",
        Undocumented,
        &[],
    ),
    // One site system at a time; a name stands for all of its addresses, a prefix for all inside.
    ("\"10.20.0.12\"", "10.20.0.11 10.30.0.5 tcp/445", Documented, SMB),
    ("\"MP01\"", "10.20.0.11 10.30.0.5 tcp/445", Reversed, SMB),
    ("\"mp01\"", "10.20.0.21 10.30.0.5 tcp/445", Reversed, SMB),
    ("\"mp01\"", "10.20.0.12 10.30.0.5 tcp/445", Documented, SMB),
    ("\"10.20.0.0/24\"", "10.20.0.12 10.30.0.5 tcp/445", Reversed, SMB),
    // What it opens elsewhere is none of its business.
    (
        "\"10.20.0.12\"",
        "10.20.0.12 10.30.0.6 tcp/1433",
        Documented,
        &["management-point/sql-server/sql"],
    ),
    // Reporting services points: their table lets either end open, and the option says what it says of all.
    ("", "10.20.0.15 10.30.0.5 tcp/445", Documented, REPORTING),
    (
        "\"10.20.0.15\"",
        "10.20.0.15 10.30.0.5 tcp/445",
        Reversed,
        REPORTING,
    ),
    // Distribution points report no status: their dynamic ports are the site server's to open anyway.
    (
        "",
        "10.20.0.14 10.30.0.5 tcp/50000",
        Reversed,
        &["site-server/distribution-point/rpc"],
    ),
    (
        "\"10.20.0.14\"",
        "10.20.0.14 10.30.0.5 tcp/50000",
        Reversed,
        &["site-server/distribution-point/rpc"],
    ),
];

#[test]
fn where_the_site_server_initiates_the_site_system_opens_nothing_toward_it() {
    for (listed, flow, verdict, rules) in CASES {
        let site = format!("options.site-server-initiates = [{listed}]\n{SITE}");
        check(&site, &[(flow, verdict, rules)]);
    }
}
