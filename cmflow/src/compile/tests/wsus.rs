//! Note 3: both pairs of WSUS ports where the site file says nothing, its own where it does; HTTP stays under HTTPS.

use cmflow_common::verdict::VerdictKind::{Documented, Undocumented};

use super::meaning::check;

const SITE: &str = r#"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
upstream-wsus-server = ["10.40.0.9"]
[[site]]
code = "PR1"
[[host]]
name = "sup01"
address = "10.20.0.13"
roles = "software-update-point"
site = "PR1"
[[host]]
name = "sup02"
address = "10.20.0.14"
roles = "software-update-point"
site = "PR1"
"#;

/// What the file says of WSUS, where a host is asked, and the ports at which it is.
type Case = (&'static str, &'static str, &'static [u16], &'static [u16]);

const CASES: [Case; 10] = [
    // Nothing: both pairs.
    ("", "10.20.0.13", &[80, 8530], &[443, 8531]),
    // A pair, whole or by one of its ports: HTTP is documented beside HTTPS, for licence texts.
    (
        "ports = { wsus-http = 80, wsus-https = 443 }",
        "10.20.0.13",
        &[80],
        &[443],
    ),
    ("ports.wsus-https = 8531", "10.20.0.13", &[8530], &[8531]),
    ("ports.wsus-https = 443", "10.20.0.13", &[80], &[443]),
    ("ports.wsus-http = 8530", "10.20.0.13", &[8530], &[8531]),
    ("ports.wsus-http = 80", "10.20.0.13", &[80], &[443]),
    (
        "ports = { wsus-http = 9000, wsus-https = 9001 }",
        "10.20.0.13",
        &[9000],
        &[9001],
    ),
    // Pairs differ from server to server.
    ("host sup02 80 443", "10.20.0.14", &[80], &[443]),
    ("host sup02 80 443", "10.20.0.13", &[80, 8530], &[443, 8531]),
    // It is the responder's pair that counts, also upstream.
    ("ports.wsus-http = 80", "10.40.0.9", &[80], &[443]),
];

#[test]
fn a_site_file_settles_the_pair() {
    const ALL: [u16; 6] = [80, 443, 8530, 8531, 9000, 9001];
    for (stated, at, http, https) in CASES {
        let site = match stated {
            "host sup02 80 443" => format!("{SITE}ports = {{ wsus-http = 80, wsus-https = 443 }}\n"),
            stated => format!("{stated}\n{SITE}"),
        };
        let (from, connection) = match at {
            "10.40.0.9" => ("10.20.0.13", "software-update-point/upstream-wsus-server"),
            _ => ("10.10.1.1", "client/software-update-point"),
        };
        for port in ALL {
            let rule = |service: &str| format!("{connection}/{service}");
            let flow = format!("{from} {at} tcp/{port}");
            let expected = match (http.contains(&port), https.contains(&port)) {
                (true, _) => Some(rule("http")),
                (_, true) => Some(rule("https")),
                _ => None,
            };
            match &expected {
                Some(rule) => check(&site, &[(&flow, Documented, &[rule])]),
                None => check(&site, &[(&flow, Undocumented, &[])]),
            }
        }
    }
}
