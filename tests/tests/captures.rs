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
use xtask::capture::talk::Transport;

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

/// Ids of the rules that explain a conversation, which is one documented flow; two where its answers come from a
/// port of their own, which a reader puts together.
fn rules_of<'a>(compiled: &'a Compiled, one: &Documented) -> Vec<&'a [String]> {
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
    let entries = if one.talk.transport == Transport::UdpFromElsewhere {
        2
    } else {
        1
    };
    assert_eq!(counted.flows.len(), entries, "{what}: {:?}", one.talk);
    let rules = counted.flows.values().map(|flow| {
        let verdict = compiled.verdict(VerdictId(flow.verdict)).expect("a verdict");
        assert_eq!(verdict.kind, VerdictKind::Documented, "{what}: {:?}", one.talk);
        &verdict.rules[..]
    });
    rules.collect()
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
                rules.iter().all(|rules| rules.contains(&one.rule)),
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

/// Note 6: where a page has the endpoint mapper for two computers, it was asked before the port that it names is
/// used, by the same computer of the same other.
#[test]
fn a_dynamic_port_is_used_after_the_endpoint_mapper_was_asked_where_the_page_has_it() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    for page in &catalogue.pages {
        let (edition, _) = edition(&catalogue, page);
        let all = edition.conversations();
        let pair = |one: &Documented| (one.talk.initiator.ip(), one.talk.responder.ip());
        let mut by_expectation = 0;
        for (index, one) in all.iter().enumerate() {
            let asks = |other: &&Documented| {
                pair(other) == pair(one)
                    && (other.talk.transport, other.talk.responder.port()) == (Transport::Tcp, 135)
            };
            let asked = all[..index].iter().any(|other| asks(&other));
            match one.basis {
                "expectation" => {
                    assert!(asked, "edition {}: {one:?}", edition.edition);
                    by_expectation += 1;
                }
                "range" => assert!(
                    !all.iter().any(|other| asks(&other)),
                    "edition {}: {one:?}",
                    edition.edition
                ),
                _ => {}
            }
        }
        assert!(
            by_expectation > 20,
            "edition {}: {by_expectation}",
            edition.edition
        );
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
