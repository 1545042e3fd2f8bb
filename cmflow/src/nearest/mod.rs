//! The rules that come nearest to a flow which none explains, and why each does not fit.

mod distance;
#[cfg(test)]
mod tests;
mod words;

use cmflow_common::address::Address;
use cmflow_common::verdict::VerdictKind;

use crate::catalogue::PortRange;
use crate::compile::{Compiled, RoleSet, RuleInfo, RulePorts};
use crate::site::SiteModel;
use distance::Distance;
use words::words;

/// A flow as far as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The end that opened it.
    pub initiator: Address,
    /// The end that answers.
    pub responder: Address,
    /// IP protocol number.
    pub protocol: u8,
    /// Port of the responder.
    pub port: u16,
}

/// A rule that nearly fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// Its id.
    pub rule: String,
    /// Why it does not fit, in words.
    pub why_not: String,
}

/// The nearest rule; nothing where not even one end and the port fit one.
#[must_use]
pub fn nearest(compiled: &Compiled, site: &SiteModel, question: &Question) -> Option<Nearest> {
    nearest_few(compiled, site, question, 1).pop()
}

/// The nearest rules, the nearest one first, `most` at most.
#[must_use]
pub fn nearest_few(compiled: &Compiled, site: &SiteModel, question: &Question, most: usize) -> Vec<Nearest> {
    among(compiled, site, question, most, |_, _| true)
}

/// Rules of the page of which roles and service fit and one thing does not, `most` at most.
#[must_use]
pub fn near_misses(compiled: &Compiled, site: &SiteModel, question: &Question, most: usize) -> Vec<Nearest> {
    let wanted =
        |distance: Distance, rule: &RuleInfo| distance.is_near() && rule.kind == VerdictKind::Documented;
    among(compiled, site, question, most, wanted)
}

fn among(
    compiled: &Compiled,
    site: &SiteModel,
    question: &Question,
    most: usize,
    wanted: impl Fn(Distance, &RuleInfo) -> bool,
) -> Vec<Nearest> {
    let named = compiled.classes.iter().filter(|class| class.known);
    let asked = Asked {
        compiled,
        site,
        question,
        held: named.fold(RoleSet::default(), |held, class| held.union(class.as_initiator)),
    };
    let services = asked.services();
    let rules = compiled.rules.iter();
    let mut near: Vec<(Distance, &RuleInfo)> = rules
        .filter_map(|rule| Some((Distance::of(rule, &asked, &services)?, rule)))
        .filter(|(distance, rule)| wanted(*distance, rule))
        .collect();
    // Stable: of equally near ones the first on the page stays first.
    near.sort_by_key(|(distance, _)| *distance);
    if near.first().is_some_and(|(distance, _)| distance.is_near()) {
        near.retain(|(distance, _)| distance.is_near());
    }
    let mut told: Vec<Nearest> = Vec::new();
    for (distance, rule) in near {
        let why_not = words(distance, rule, &asked);
        // A companion that repeats a row of the page fails for the same reason: once is enough.
        if rule.kind == VerdictKind::Baseline && told.iter().any(|one| one.why_not == why_not) {
            continue;
        }
        told.push(Nearest {
            rule: rule.id.clone(),
            why_not,
        });
        if told.len() == most {
            break;
        }
    }
    told
}

/// A question with what it is asked of.
struct Asked<'a> {
    compiled: &'a Compiled,
    site: &'a SiteModel,
    question: &'a Question,
    /// Roles that computers of the site file hold.
    held: RoleSet,
}

impl<'a> Asked<'a> {
    /// Ports that a rule has at the responder, of the protocol in question.
    fn ports<'r>(&self, rule: &'r RuleInfo) -> &'r [PortRange] {
        self.all_ports(rule).of(self.question.protocol)
    }

    /// Ports that a rule has at the responder, of every protocol.
    fn all_ports<'r>(&self, rule: &'r RuleInfo) -> &'r RulePorts {
        let [initiator, responder] =
            [self.question.initiator, self.question.responder].map(|end| self.compiled.class(end));
        rule.ports(responder.profile_from(initiator))
    }

    /// Services that have exactly this port somewhere: a wrong port of the right service is nearer.
    fn services(&self) -> Vec<&'a str> {
        let single = PortRange::single(self.question.port);
        let rules = self.compiled.rules.iter();
        let holding = rules.filter(|rule| self.ports(rule).contains(&single));
        holding.map(service).collect()
    }
}

/// The part of a rule's id that names its service.
fn service(rule: &RuleInfo) -> &str {
    rule.id.rsplit('/').next().unwrap_or(&rule.id)
}
