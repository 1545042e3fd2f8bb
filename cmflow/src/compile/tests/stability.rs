//! Numbers of verdicts stay when tables are replaced.

use super::super::{CompileError, Machine, VERDICT_CAPACITY, VerdictInfo, compile};
use crate::catalogue::Catalogue;
use crate::config;
use cmflow_common::verdict::{VerdictId, VerdictKind};

const BASE: &str = "[networks]\ninternal = [\"10.0.0.0/8\"]\n[roles]\nclient = [\"10.10.0.0/16\"]\n";

fn model(text: &str) -> (Catalogue, crate::site::SiteModel) {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let site = config::parse(&catalogue, "site.toml", &format!("{BASE}{text}")).expect("a sound site file");
    (catalogue, site.model)
}

#[test]
fn numbers_are_only_ever_added() {
    let (catalogue, site) = model("management-point = [\"10.20.0.11\"]");
    let first = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
    let again = compile(&catalogue, &site, &Machine::default(), &first.verdicts).expect("it compiles");
    assert_eq!(again.verdicts, first.verdicts);
    assert_eq!(again.tables, first.tables);

    let (catalogue, site) = model("distribution-point = [\"10.20.0.11\"]\nsql-server = [\"10.30.0.6\"]");
    let other = compile(&catalogue, &site, &Machine::default(), &first.verdicts).expect("it compiles");
    assert_eq!(other.verdicts[..first.verdicts.len()], first.verdicts);
    assert!(other.verdicts.len() > first.verdicts.len());
}

#[test]
fn the_first_numbers_are_the_built_in_ones() {
    let (catalogue, site) = model("");
    let compiled = compile(&catalogue, &site, &Machine::default(), &[]).expect("it compiles");
    let kind = |id| compiled.verdict(id).map(|info| info.kind);
    assert_eq!(kind(VerdictId::UNDOCUMENTED), Some(VerdictKind::Undocumented));
    assert_eq!(kind(VerdictId::OPAQUE), Some(VerdictKind::Opaque));
    assert_eq!(kind(VerdictId(7)), Some(VerdictKind::OutOfScope));
    let first = compiled.verdict(VerdictId::FIRST_COMPILED);
    assert!(first.is_some_and(|info| !info.rules.is_empty()));
}

#[test]
fn what_does_not_fit_the_counters_is_refused() {
    let (catalogue, site) = model("management-point = [\"10.20.0.11\"]");
    let rules = |number| vec![format!("retired-{number}")];
    let retired = (0..VERDICT_CAPACITY).map(|number| VerdictInfo {
        kind: VerdictKind::Documented,
        rules: rules(number),
        basis: None,
    });
    let full: Vec<_> = retired.collect();
    let refused = compile(&catalogue, &site, &Machine::default(), &full).err();
    assert_eq!(refused, Some(CompileError::TooManyVerdicts));
}
