//! Explain: which rule would explain a flow, and if none, which come nearest; what `cmflow explain` says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use maud::{Markup, html};

use super::Seen;
use super::cells::{field, filter_form, role, rule, verdict};
use crate::catalogue::OpenedBy;
use crate::dashboard::asked::{Asked, View};
use crate::explain::{Explanation, Note, Question, Reason, ReplacedBy, Service, Side};
use crate::site::SiteModel;
use crate::spelling::did_you_mean;

pub(super) fn page(seen: &Seen<'_>) -> Result<Markup, String> {
    let asked = &seen.asked;
    let fields = html! {
        (field(asked, "from", "Who opens", "10.10.4.7"))
        (field(asked, "to", "Who answers", "mp01"))
        (field(asked, "service", "Service", "tcp/443"))
        (field(asked, "after", "Right after", "tcp/135"))
    };
    let form = filter_form(asked, &["from", "to", "service", "after"], &fields);
    let answer = match (asked.get("from"), asked.get("to"), asked.get("service")) {
        (Some(from), Some(to), Some(service)) => {
            let question = question(seen, from, to, service, asked.get("after"));
            question.map(|question| explained(seen, &question))
        }
        (None, None, None) => Ok(html! {
            p.quiet { "Ask which rule would explain a flow: the first end is the one that opens it. Names are those of the site file." }
        }),
        _ => Err("A flow has an end that opens it, one that answers, and a service".to_owned()),
    };
    Ok(html! {
        h1 { "Explain" }
        (form)
        @match answer {
            Ok(answer) => (answer),
            // The form stays, so that it can be mended.
            Err(why) => p.refusal role="alert" { (why) "." },
        }
    })
}

fn question(
    seen: &Seen<'_>,
    from: &str,
    to: &str,
    asked: &str,
    after: Option<&str>,
) -> Result<Question, String> {
    let site = seen.source.book().site;
    let (sources, destinations) = (addresses(from, site)?, addresses(to, site)?);
    let service = |text: &str| text.parse::<Service>().map_err(|error| error.to_string());
    let pairs = sources
        .iter()
        .flat_map(|source| destinations.iter().map(move |other| (*source, *other)));
    let mut fitting = pairs.filter(|(source, other)| source.is_ipv4() == other.is_ipv4());
    let Some((initiator, responder)) = fitting.next() else {
        return Err(format!(
            "{from} and {to} have no address family in common; a flow has one"
        ));
    };
    if initiator == responder {
        return Err(format!(
            "both ends are {initiator}: what a computer says to itself crosses no gateway"
        ));
    }
    Ok(Question {
        initiator,
        responder,
        service: service(asked)?,
        after: after.map(service).transpose()?,
    })
}

/// An address as it is written, or all of a named computer.
fn addresses(text: &str, site: &SiteModel) -> Result<Vec<IpAddr>, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(vec![address.to_canonical()]);
    }
    let mut hosts = site.hosts.iter();
    if let Some(host) = hosts.find(|host| host.name.eq_ignore_ascii_case(text)) {
        return Ok(host.addresses.clone());
    }
    let hint = did_you_mean(text, site.hosts.iter().map(|host| host.name.as_str()));
    Err(format!(
        "\"{text}\" is neither an address nor the name of a computer in the site file{hint}"
    ))
}

fn explained(seen: &Seen<'_>, question: &Question) -> Markup {
    let book = seen.source.book();
    let explanation = book.explain(question);
    let service = question.service.in_family(question.initiator.is_ipv6());
    let reasons = &explanation.reasons;
    let told = &explanation.verdict.rules;
    let near: Vec<_> = explanation
        .nearest
        .iter()
        .filter(|near| !told.contains(&near.rule))
        .collect();
    html! {
        article.explanation aria-labelledby="answer" {
            h2 #answer {
                (question.initiator) " → " (question.responder) " " code { (service) } ": " (verdict(explanation.verdict.kind.name()))
            }
            p.sentence { (explanation.sentence(service, book.site.flag_foreign)) }
            @if question.after.is_some() && !explanation.announced {
                p { "What was spoken of before announces nothing here." }
            }
            dl.ends {
                (side(seen, "opened by", &explanation.initiator))
                (side(seen, "toward", &explanation.responder))
            }
            @for reason in reasons { (because(reason, book.site)) }
            (announced(&explanation))
            (notes(reasons))
            @if !near.is_empty() {
                section aria-labelledby="nearest" {
                    h3 #nearest { "Nearest rules" }
                    dl.nearest { @for one in near { div { dt { (rule(&one.rule)) } dd { (one.why_not) } } } }
                }
            }
            p { a href=(live(question).href()) { "Live flows of " (question.responder) } }
        }
    }
}

fn live(question: &Question) -> Asked {
    Asked::view(View::Flows).with("address", Some(&question.responder.to_string()))
}

fn side(seen: &Seen<'_>, what: &str, side: &Side) -> Markup {
    html! {
        div {
            dt { (what) }
            dd {
                span.address { (side.address) }
                @if let Some(name) = &side.name { " " b { (name) } }
                @if let Some(site) = side.site { ", site " (seen.source.book().site.code(site)) }
                @if side.group.is_some() { ", a group: nobody in particular answers there" }
                @if side.proxy.is_some() { ", a proxy server" }
                @if !side.known { br; span.quiet { "The site file does not name it." } }
                @if !side.grounds.is_empty() {
                    ul {
                        @for ground in &side.grounds {
                            li {
                                (role(&ground.role, seen.cast)) " by "
                                @match &ground.interface { Some(interface) => { "[interfaces] " (interface) }, None => (ground.prefix) }
                                " (" code { (ground.file) ":" (ground.line) } ")"
                            }
                        }
                    }
                }
            }
        }
    }
}

fn because(reason: &Reason, site: &SiteModel) -> Markup {
    let arrow = match reason.opened_by {
        OpenedBy::From => "→",
        OpenedBy::Either => "⇆",
    };
    html! {
        section.reason {
            h3 { (rule(&reason.rule)) }
            p { (reason.from) " " (arrow) " " (reason.to) ", " (reason.service) ", " b { (reason.port_words()) } }
            ul {
                @for counted in &reason.counted_as { li { (counted) } }
                @if let (Some((by, _)), Some(documented)) = (&reason.replaced, reason.documented_words()) {
                    li {
                        (documented) " is documented; "
                        @match by {
                            ReplacedBy::Setting(key) => { code { (key) } " in the site file replaces it" },
                            ReplacedBy::Proxy => "the proxy has its own port for it",
                            ReplacedBy::Translation => "the virtual address has its own port for it",
                        }
                    }
                }
                @if !reason.delivery.answered { li { "No answer is expected." } }
                @if reason.site_server_initiates { li { "The site file lets the site server alone open it." } }
                @for condition in &reason.conditions {
                    li {
                        @match condition.stated {
                            Some(place) => { "The site file says so (" code { (site.located(place)) } "): " },
                            None => "Only sometimes: ",
                        }
                        (condition.words)
                    }
                }
                @for remark in &reason.remarks { li { (remark) } }
                @for erratum in &reason.errata { li { "The documents err here: " (erratum) } }
                @if let Some(why) = &reason.why { li { "Approved: " (why) } }
                @if let Some(until) = reason.until { li { "Until " (until) } }
                @if let Some(source) = &reason.source { li { "Where it stands: " code { (source) } } }
            }
        }
    }
}

fn announced(explanation: &Explanation<'_>) -> Markup {
    html! {
        @if let Some(other) = explanation.if_announced {
            p { "After a conversation with the endpoint mapper (tcp/135) it is " (verdict(other.kind.name())) ", by " (other.rules.join(", ")) "." }
        }
    }
}

/// Each note that one of the rules carries, once.
fn notes(reasons: &[Reason]) -> Markup {
    let notes: BTreeMap<u8, &Note> = reasons
        .iter()
        .flat_map(|reason| &reason.notes)
        .map(|note| (note.number, note))
        .collect();
    html! {
        @if !notes.is_empty() {
            section aria-labelledby="notes" {
                h3 #notes { "Notes of the page" }
                dl.nearest {
                    @for (number, note) in notes { div { dt { (number) " " (note.title) } dd { (note.meaning) } } }
                }
            }
        }
    }
}
