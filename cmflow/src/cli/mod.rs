//! What a user types, and what comes of it: one file a verb.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

mod catalogue;
mod check;

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
}

/// Parses the command line, runs the verb, and tells what went wrong in one line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
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

fn run(cli: &Cli) -> anyhow::Result<Outcome> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let outcome = match &cli.verb {
        Verb::Catalogue(arguments) => catalogue::run(arguments, cli.catalogue.as_deref(), &mut out),
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
