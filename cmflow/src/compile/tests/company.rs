//! A company of the size that has to compile in half a second.

use std::fmt::Write as _;
use std::time::Instant;

use crate::catalogue::Catalogue;
use crate::compile::compile;
use crate::config;

/// 2 site servers, 200 distribution points, 5,000 networks and 40,000 single addresses of clients.
fn company() -> String {
    let list = |count: u32, entry: &dyn Fn(u32) -> String| -> String {
        (0..count).fold(String::new(), |mut all, number| {
            write!(all, "\"{}\", ", entry(number)).expect("a String takes everything");
            all
        })
    };
    let networks = list(5000, &|n| format!("10.{}.{}.0/24", 64 + n / 256, n % 256));
    let clients = list(40_000, &|n| {
        format!("172.{}.{}.{}", 16 + n / 65_536, n / 256 % 256, n % 256)
    });
    let points = list(200, &|n| format!("10.{}.{}.10", 64 + n / 256, n % 256));
    format!(
        "[networks]\ninternal = [\"10.0.0.0/8\", \"172.16.0.0/12\"]\n[roles]\n\
         site-server = [\"10.30.0.5\", \"10.31.0.5\"]\nsql-server = [\"10.30.0.6\", \"10.31.0.6\"]\n\
         management-point = [\"10.20.0.11\", \"10.20.0.12\"]\nsoftware-update-point = [\"10.20.0.13\"]\n\
         domain-controller = [\"10.40.0.2\", \"10.40.0.3\"]\n\
         distribution-point = [{points}]\nclient = [{networks}{clients}]\n"
    )
}

#[test]
fn a_company_compiles_into_few_classes() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let text = company();
    let started = Instant::now();
    let site = config::parse(&catalogue, "site.toml", &text).expect("a sound site file");
    let read = started.elapsed();
    let compiled = compile(&catalogue, &site.model, &[], &[]).expect("it compiles");
    println!("read in {read:?}, compiled in {:?}", started.elapsed() - read);
    println!(
        "{} classes, {} judgements, {} verdicts, {} prefixes, {} hosts",
        compiled.classes.len(),
        compiled.tables.judgements.len(),
        compiled.verdicts.len(),
        compiled.tables.prefixes.len(),
        compiled.tables.hosts.len()
    );
    // Classes grow with combinations of roles, not with computers.
    assert!(compiled.classes.len() < 16, "{} classes", compiled.classes.len());
    assert!(compiled.tables.hosts.len() > 40_200);
    assert!(compiled.tables.prefixes.len() > 5000);
}
