//! Captures that the project makes: what the page documents is documented, whatever the edition.

use std::collections::BTreeSet;

use cmflow::catalogue::{Catalogue, Page, RoleKind};
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::kernel::Constants;
use cmflow_common::outcome::Outcome;
use cmflow_common::verdict::{VerdictId, VerdictKind};
use cmflow_tests::slice_rig::SliceRig;
use xtask::capture::page::{Documented, Edition, PUBLIC_ROLES};

/// Slots of the flow table of one conversation.
const FLOW_BITS: u32 = 4;

/// The edition as the command line would tell it, and the tables of its site file.
fn edition(catalogue: &Catalogue, page: &Page) -> (Edition, Compiled) {
    let view = serde_json::to_value(catalogue.page_view(page)).expect("it is JSON");
    let edition: Edition = serde_json::from_value(view).expect("the shape of the contract");
    let site = config::parse(catalogue, "page.toml", &edition.site_file()).expect("a sound site file");
    let compiled = compile(catalogue, &site.model, &Machine::default(), &[]).expect("it compiles");
    (edition, compiled)
}

/// Ids of the rules that explain a conversation, which is one documented flow.
fn rules_of<'a>(compiled: &'a Compiled, one: &Documented) -> &'a [String] {
    let rig = SliceRig::new(&compiled.tables, &Constants::default(), FLOW_BITS);
    let frames = one.talk.frames();
    for seen in &frames {
        rig.run(&seen.bytes);
    }
    let counted = rig.counted();
    let what = &one.rule;
    assert_eq!(
        counted.outcomes.keys().collect::<Vec<_>>(),
        [&Outcome::Flow],
        "{what}"
    );
    assert_eq!(counted.outcomes[&Outcome::Flow].0, frames.len() as u64, "{what}");
    let flows: Vec<_> = counted.flows.values().collect();
    assert_eq!(flows.len(), 1, "{what}: {:?}", one.talk);
    let verdict = compiled.verdict(VerdictId(flows[0].verdict)).expect("a verdict");
    assert_eq!(verdict.kind, VerdictKind::Documented, "{what}: {:?}", one.talk);
    &verdict.rules
}

#[test]
fn every_rule_of_every_edition_explains_its_conversations() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    for page in &catalogue.pages {
        let (edition, compiled) = edition(&catalogue, page);
        let mut hit = BTreeSet::new();
        for one in edition.conversations() {
            let rules = rules_of(&compiled, &one);
            assert!(
                rules.contains(&one.rule),
                "edition {}: {} is not among {rules:?} for {:?}",
                edition.edition,
                one.rule,
                one.talk
            );
            hit.insert(one.rule);
        }
        let all: BTreeSet<String> = compiled.rules.iter().map(|rule| rule.id.clone()).collect();
        assert_eq!(hit, all, "edition {}", edition.edition);
    }
}

#[test]
fn no_two_conversations_of_a_page_are_one_flow() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    for page in &catalogue.pages {
        let (edition, _) = edition(&catalogue, page);
        let mut seen = BTreeSet::new();
        for Documented { talk, .. } in edition.conversations() {
            let mut ends = [talk.initiator, talk.responder];
            ends.sort();
            assert_ne!(ends[0].ip(), ends[1].ip(), "{talk:?}");
            assert!(
                seen.insert((format!("{:?}", talk.transport), ends)),
                "edition {}: {talk:?}",
                edition.edition
            );
        }
    }
}

#[test]
fn public_roles_are_those_of_the_catalogue() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let public = catalogue
        .roles
        .iter()
        // Those of companions stand in no edition.
        .filter(|role| role.kind == RoleKind::Public && !role.editions.is_empty());
    let public: BTreeSet<&str> = public.map(|role| role.id.as_str()).collect();
    assert_eq!(public, BTreeSet::from(PUBLIC_ROLES));
}
