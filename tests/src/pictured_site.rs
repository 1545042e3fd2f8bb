//! A small site of which pages are drawn without a gateway, and a way to ask for these.

use cmflow::dashboard::{Page, Source, Theme, respond};

use crate::pictured::{Pictured, Talked};

/// A small site.
pub const SITE: &str = r#"
edition = "current"
[networks]
internal = ["10.0.0.0/8"]
[[host]]
name = "mp01"
address = "10.20.0.11"
roles = ["management-point"]
[[host]]
name = "sql01"
address = "10.30.0.6"
roles = ["sql-server"]
[roles]
client = ["10.10.0.0/16"]
distribution-point = ["10.20.0.21"]
site-server = ["10.30.0.5"]
"#;

/// It, with something of each kind in it.
#[must_use]
pub fn site() -> Pictured {
    let talked = [
        Talked::new("10.10.4.7 > 10.20.0.11 tcp/443").much(400, 60_000, 900_000.0),
        Talked::new("10.10.4.7 > 10.20.0.21 tcp/443")
            .much(40, 10_000, 30_000.0)
            .state("refused")
            .ago(3000, 20),
        Talked::new("10.20.0.11 > 10.30.0.6 tcp/1433")
            .much(4, 4_000_000, 0.0)
            .ago(400_000, 90_000),
        Talked::new("10.10.7.1 > 10.20.0.11 tcp/3389")
            .much(160, 5000, 4000.0)
            .ago(5400, 2),
        Talked::new("10.20.0.21 > 10.10.7.9 tcp/443")
            .much(3, 500, 4000.0)
            .ago(900, 3),
        Talked::new("10.99.1.7 > 10.30.0.6 tcp/1433")
            .much(8, 90_000, 4000.0)
            .ago(40, 1),
    ];
    Pictured::new(SITE, &talked)
}

/// A page of it.
///
/// # Panics
/// Where no view has the path.
pub fn ask(source: &dyn Source, path: &str, query: &str) -> Page {
    respond(path, query, Theme::Auto, source).unwrap_or_else(|| panic!("no view has the path {path}"))
}
