//! What somebody asks to have approved, in their own words.

use jiff::civil::Date;

use super::{Approval, End, Refusal};
use crate::catalogue::PortRange;
use crate::site::SiteModel;

/// What is asked for, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Who opens: a role, or addresses with commas between them.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// To what: `tcp/8081`, `udp/9000-9010`, `icmp`. At least one.
    pub services: Vec<String>,
    /// Why it is right.
    pub why: String,
    /// Who answers for it.
    pub by: String,
    /// The last day; nothing where it shall have none.
    pub until: Option<String>,
    /// What to call it; else a name is made of what it covers.
    pub id: Option<String>,
    /// Whether either end may open.
    pub either: bool,
}

impl Request {
    /// The approval that it speaks of. `until` is what whoever asked calls the last day.
    pub(super) fn approval(&self, site: &SiteModel, today: Date, until: &str) -> Result<Approval, Refusal> {
        let [from, to] = [&self.from, &self.to].map(|end| End::of(end.trim()));
        let taken = |id: &str| site.rules.iter().chain(&site.ended).any(|rule| rule.id == id);
        let Some(first) = self.services.first() else {
            return Err(Refusal::Wrong(
                "it names no service; write tcp/8081, udp/9000-9010, or icmp for echo requests".to_owned(),
            ));
        };
        let id = match &self.id {
            Some(id) => id.clone(),
            None => Approval::id_for(&from, &to, first, &taken),
        };
        let last = self.until.as_deref().map(|day| last_day(day, today, until));
        let mut approval = Approval {
            id,
            by: self.by.trim().to_owned(),
            why: self.why.trim().to_owned(),
            made: today,
            until: last.transpose()?,
            from,
            to,
            tcp: Vec::new(),
            udp: Vec::new(),
            icmp_echo: false,
            either: self.either,
        };
        for service in &self.services {
            add(&mut approval, service)?;
        }
        Ok(approval)
    }
}

fn add(approval: &mut Approval, service: &str) -> Result<(), Refusal> {
    match service.to_ascii_lowercase().split_once('/') {
        Some(("tcp", ports)) => approval.tcp.push(ports_of(service, ports)?),
        Some(("udp", ports)) => approval.udp.push(ports_of(service, ports)?),
        Some(("icmp" | "icmpv6", "echo")) => approval.icmp_echo = true,
        None if service.eq_ignore_ascii_case("icmp") => approval.icmp_echo = true,
        _ => {
            return Err(Refusal::Wrong(format!(
                "\"{service}\" is no service; write tcp/8081, udp/9000-9010, or icmp for echo requests"
            )));
        }
    }
    Ok(())
}

fn ports_of(service: &str, ports: &str) -> Result<PortRange, Refusal> {
    let number = |text: &str| {
        let number = text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        let wrong = || Refusal::Wrong(format!("\"{service}\": \"{text}\" is no port from 1 to 65535"));
        number.ok_or_else(wrong)
    };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(Refusal::Wrong(format!(
            "\"{service}\" ends before it begins; did you mean {last}-{first}?"
        )));
    }
    Ok(PortRange { first, last })
}

fn last_day(text: &str, today: Date, until: &str) -> Result<Date, Refusal> {
    let Ok(day) = text.parse::<Date>() else {
        return Err(Refusal::Wrong(format!(
            "{until} {text} is no day; write it as in 2027-06-30"
        )));
    };
    if day < today {
        return Err(Refusal::Impossible(format!(
            "{until} {day} has passed; today is {today} (UTC), so give a later day"
        )));
    }
    Ok(day)
}
