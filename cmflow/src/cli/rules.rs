//! `cmflow rules`: what each rule explained.

use std::io::Write;

use clap::Args;

use super::asking::{AT_INGRESS, Asked, bytes, numbers, table, time};
use super::{Format, Outcome, write_json};
use crate::answer::Rules;
use crate::serve::Question;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Also rules that the site file makes possible and that explained nothing yet
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(arguments: &Arguments, out: &mut impl Write) -> anyhow::Result<Outcome> {
    let question = Question::Rules { all: arguments.all };
    if arguments.asked.format == Format::Json {
        write_json(out, &arguments.asked.json(&question)?)?;
        return Ok(Outcome::Done);
    }
    let rules: Rules = arguments.asked.answer(&question)?;
    let mut shown = table(&["rule", "packets", "bytes", "flows", "first seen", "last seen"]);
    for rule in &rules.rules {
        shown.add_row([
            rule.rule.clone(),
            rule.packets.to_string(),
            bytes(rule.bytes),
            rule.flows.to_string(),
            rule.first_seen.map(time).unwrap_or_default(),
            rule.last_seen.map(time).unwrap_or_default(),
        ]);
    }
    numbers(&mut shown, &[1, 2, 3]);
    let hit = rules.rules.iter().filter(|rule| rule.packets > 0).count();
    writeln!(
        out,
        "{shown}\n{hit} of {} possible rules have hits, {AT_INGRESS}",
        rules.possible
    )?;
    writeln!(
        out,
        "a packet that several rules explain counts for each of them; times are UTC"
    )?;
    Ok(Outcome::Done)
}
