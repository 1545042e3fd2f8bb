//! What a user types, and what comes of it: one file a verb.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

mod alerts;
mod approve;
mod asking;
mod audit;
mod audited;
mod catalogue;
mod check;
mod compare;
mod detach;
mod doctor;
mod evidence;
mod explain;
mod export;
mod flows;
mod judging;
mod opaque;
mod paragraph;
mod reload;
mod replay;
mod rpc;
mod rules;
mod run;
mod site;
mod status;
mod suggest;
mod top;
mod undocumented;

use crate::config::Problems;

/// Which documented Configuration Manager flow is it?
#[derive(Debug, Parser)]
#[command(name = "cmflow", version, about, arg_required_else_help = true)]
struct Cli {
    /// A catalogue file laid over the built-in one (or instead of it: `replace = true`)
    #[arg(long, global = true, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what the documented ports are, edition by edition
    Catalogue(catalogue::Arguments),
    /// Check a site file and show what it means
    Check(check::Arguments),
    /// Make a site file of a list of servers
    Site(site::Arguments),
    /// Say which rule would explain a flow, and if none, which come nearest
    Explain(explain::Arguments),
    /// Count the frames of a capture file instead, without root
    Replay(replay::Arguments),
    /// Count what crosses this gateway, until stopped
    Run(run::Arguments),
    /// Show how the daemon does: interfaces, verdicts, conservation law
    Status(status::Arguments),
    /// Check the machine, the kernel and the daemon: what would make counters wrong, and what to do about it
    Doctor(doctor::Arguments),
    /// Watch what crosses now: flows, rules, roles, what nothing explains
    Top(top::Arguments),
    /// Show the flows that cross, each with the rule that explains it
    Flows(flows::Arguments),
    /// Show what each documented rule explained
    Rules(rules::Arguments),
    /// Show what no document explains, with the rule that comes nearest
    Undocumented(undocumented::Arguments),
    /// Approve traffic that no document explains: who answers for it, why, and until when
    Approve(approve::Arguments),
    /// Suggest lines that the site file may lack, from what was seen
    Suggest(suggest::Arguments),
    /// Show which dynamic ports are really used, so that a range can be narrowed
    Rpc(rpc::Arguments),
    /// Show which rules are really used, which openings a firewall needs, and what nothing explains
    Audit(audit::Arguments),
    /// Write the firewall that follows from what was observed and what is documented
    Export(export::Arguments),
    /// Hold an existing firewall against what crosses and what is documented
    Compare(compare::Arguments),
    /// Try the channels of alerts
    Alerts(alerts::Arguments),
    /// Let the daemon read its site file anew, while it counts
    Reload(reload::Arguments),
    /// Remove what a daemon left in the kernel: with --keep, or because it was killed
    Detach(detach::Arguments),
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For scripts
    Json,
}

/// What a verb that ran to its end tells the shell.
enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: it looked for findings, and there are some.
    Findings,
    /// Exit code 2, where the answer itself says what would be refused.
    Refused,
}

/// Parses the command line, runs the verb, and tells what went wrong in one line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::Refused) => ExitCode::from(2),
        // Whoever reads us has seen enough, as in `cmflow catalogue show | head`.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<Problems>() {
                // Each line begins with its file, so that an editor can jump there.
                Some(problems) => eprintln!("{problems}"),
                None => eprintln!("cmflow: {error:#}"),
            }
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<Outcome> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let outcome = match &cli.verb {
        Verb::Catalogue(arguments) => catalogue::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Run(arguments) => run::run(arguments, cli.catalogue.as_deref()),
        Verb::Status(arguments) => status::run(arguments, &mut out),
        Verb::Doctor(arguments) => doctor::run(arguments, &mut out),
        Verb::Top(arguments) => top::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Flows(arguments) => flows::run(arguments, &mut out),
        Verb::Rules(arguments) => rules::run(arguments, &mut out),
        Verb::Undocumented(arguments) => undocumented::run(arguments, &mut out),
        Verb::Rpc(arguments) => rpc::run(arguments, &mut out),
        Verb::Audit(arguments) => audit::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Export(arguments) => export::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Compare(arguments) => compare::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Alerts(arguments) => alerts::run(arguments, &mut out),
        Verb::Reload(arguments) => reload::run(arguments, &mut out),
        Verb::Replay(arguments) => replay::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Detach(arguments) => detach::run(arguments, &mut out),
        Verb::Explain(arguments) => explain::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Approve(arguments) => approve::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Suggest(arguments) => suggest::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Site(arguments) => site::run(arguments, cli.catalogue.as_deref(), &mut out),
        Verb::Check(arguments) => check::run(arguments, cli.catalogue.as_deref(), &mut out),
    }?;
    out.flush()?;
    Ok(outcome)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

/// Writes `value` as indented JSON, with a line end after it.
fn write_json(out: &mut impl Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}
