//! A network security group, as a template for `az deployment group create`.

use serde_json::{Value, json};

use super::facts::facts;
use super::lines::{LeftOut, Line, RuleSet, Transport};
use super::sets::shown;
use super::{Exported, plain, remark};

/// Priorities of own rules go from 100 to 4096.
const FIRST: usize = 100;
const LAST_OWN: usize = 4094;
/// Rules that a group has at most, the two at its end among them.
const RULES: usize = 1000;
/// Addresses and ports that a rule names at most.
const MEMBERS: usize = 4000;
/// Letters of a description.
const DESCRIPTION: usize = 140;
/// Letters of a name.
const NAME: usize = 80;

pub(super) fn write(set: &RuleSet<'_>) -> Exported {
    let mut warnings = Vec::new();
    let mut unsupported: Vec<String> = Vec::new();
    let mut rules: Vec<Value> = Vec::new();
    for line in &set.lines {
        match protocol(line) {
            Ok(protocol) => {
                let number = rules.len();
                rules.push(rule(line, protocol, number, &mut warnings));
            }
            Err(why) => unsupported.push(format!("{}: {why}", remark::long(line).join("; "))),
        }
    }
    if !unsupported.is_empty() {
        warnings.push(format!(
            "{} lines have no rule, because a network security group has no word for them; metadata.unsupported lists them",
            unsupported.len()
        ));
    }
    let last = FIRST + rules.len();
    if last > LAST_OWN {
        warnings.push(format!(
            "{} rules have no room among the priorities {FIRST} to {LAST_OWN}",
            rules.len()
        ));
    }
    rules.extend(ending());
    if rules.len() > RULES {
        warnings.push(format!(
            "{} rules, where Azure takes {RULES} in a network security group: divide it by subnets, or ask for more in a \
             support request",
            rules.len()
        ));
    }
    let left = |all: &[LeftOut<'_>]| texts(all.iter().map(remark::left_out));
    let mut said = facts(set);
    said.push(
        "For the subnets of those who answer; rules toward the internet are outbound ones. The default rule AllowVnetInBound would let everything of the virtual network \
         in, so that the last rule here denies what none lets through. Answers need no rule; TFTP answers come from \
         another port, which the subnet of the clients has to let in."
            .to_owned(),
    );
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {
            "comments": texts(said),
            "notCrossing": left(&set.not_crossing),
            "leftOut": left(&set.left_out),
            "unsupported": texts(unsupported),
            "limitsExceeded": texts(warnings.clone()),
            "lines": set.lines.iter().map(|line| texts(remark::long(line))).collect::<Vec<_>>(),
        },
        "parameters": { "name": { "type": "string", "defaultValue": "cmflow-export" } },
        "resources": [{
            "type": "Microsoft.Network/networkSecurityGroups",
            "apiVersion": "2023-09-01",
            "name": "[parameters('name')]",
            "location": "[resourceGroup().location]",
            "properties": { "securityRules": rules },
        }],
    });
    let text = serde_json::to_string_pretty(&template).expect("values of text and numbers are JSON") + "\n";
    Exported { text, warnings }
}

fn protocol(line: &Line) -> Result<&'static str, String> {
    if line.is_multicast() {
        return Err("virtual networks carry no multicast".to_owned());
    }
    match line.transport {
        Transport::Tcp => Ok("Tcp"),
        Transport::Udp => Ok("Udp"),
        Transport::Echo if !line.ipv6 => Ok("Icmp"),
        Transport::Other(50) => Ok("Esp"),
        Transport::Other(51) => Ok("Ah"),
        _ => Err(format!(
            "a network security group knows Tcp, Udp, Icmp, Esp and Ah, and not {}",
            line.transport.name(line.ipv6)
        )),
    }
}

fn rule(line: &Line, protocol: &str, number: usize, warnings: &mut Vec<String>) -> Value {
    let prefixes = |list: &[ipnet::IpNet]| -> Vec<String> { list.iter().map(shown).collect() };
    let ports: Vec<String> = if line.ports.is_empty() {
        vec!["*".to_owned()]
    } else {
        line.ports.iter().map(ToString::to_string).collect()
    };
    let name = name(line, number + 1);
    let members = line.sources.len() + line.destinations.len() + ports.len();
    if members > MEMBERS {
        warnings.push(format!(
            "rule {name} names {members} addresses and ports, where Azure takes {MEMBERS}: group clients by longer prefixes"
        ));
    }
    json!({
        "name": name,
        "properties": {
            "description": literal(&plain::cut(&ascii(&remark::short(line)), DESCRIPTION)),
            "protocol": protocol,
            "sourcePortRange": "*",
            "destinationPortRanges": ports,
            "sourceAddressPrefixes": prefixes(&line.sources),
            "destinationAddressPrefixes": prefixes(&line.destinations),
            "access": "Allow",
            "direction": if line.leads_outside() { "Outbound" } else { "Inbound" },
            "priority": FIRST + number,
        },
    })
}

/// Probes of load balancers come from Azure itself; everything else is denied.
fn ending() -> [Value; 2] {
    let one = |name: &str, description: &str, source: &str, access: &str, priority: usize| {
        json!({
            "name": name,
            "properties": {
                "description": description,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": "*",
                "access": access,
                "direction": "Inbound",
                "priority": priority,
            },
        })
    };
    [
        one(
            "cmflow-load-balancer-probes",
            "Probes of Azure's load balancers",
            "AzureLoadBalancer",
            "Allow",
            LAST_OWN + 1,
        ),
        one(
            "cmflow-everything-else",
            "What no rule above lets through",
            "*",
            "Deny",
            LAST_OWN + 2,
        ),
    ]
}

/// Begins with a letter, ends with a letter or digit, with `-` and `_` between; the number makes it the only one.
fn name(line: &Line, number: usize) -> String {
    let role = |roles: &[String]| plain::name(roles.first().map_or("anybody", String::as_str), 20);
    let name = format!(
        "cmflow-{number:04}-{}-to-{}-{}",
        role(&line.source_roles),
        role(&line.destination_roles),
        plain::name(&remark::service(line), 20)
    );
    let name: String = name.chars().take(NAME).collect();
    name.trim_end_matches(['-', '_']).to_owned()
}

/// A template reads text that begins with a bracket as an expression.
fn literal(text: &str) -> String {
    text.replace('[', "(").replace(']', ")")
}

fn texts(all: impl IntoIterator<Item = String>) -> Vec<String> {
    all.into_iter()
        .map(|one| literal(&plain::one_line(&one)))
        .collect()
}

fn ascii(text: &str) -> String {
    plain::quoted(text, usize::MAX)
}
