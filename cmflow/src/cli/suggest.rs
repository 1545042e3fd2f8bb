//! `cmflow suggest`: what the site file may lack, from what was seen.

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::evidence::Drawn;
use super::{Outcome, write_json};
use crate::answer::SourceFile;
use crate::explain::Book;
use crate::suggest::{Suggestion, document, suggest};

#[derive(Debug, Args)]
#[command(
    after_help = "What is suggested comes from conversations that were answered and that nothing explains: computers that \
    do what a role does, networks that ask as clients do, ports that differ; and computers of a role of which nothing was \
    seen. Each was tried: with it in the site file, the flows that it is for are explained. Where several roles would \
    explain the same, all are named.\n\nThe TOML can be pasted, or saved beside the site file and named under include. \
    Nothing is written.\n\nExit codes: 0 whether there are suggestions or not, because they are an answer; 2 bad input."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    drawn: Drawn,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    format: Written,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Written {
    /// Lines of a site file, with what was seen as comments
    #[default]
    Toml,
    /// For scripts
    Json,
}

/// The answer for scripts.
#[derive(Debug, Serialize)]
struct Suggestions<'a> {
    files: &'a [SourceFile],
    suggestions: &'a [Suggestion],
    /// All of it as a file that the site file can include.
    toml: String,
}

pub(super) fn run(
    arguments: &Arguments,
    catalogue: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let gathered = arguments.drawn.gather(catalogue)?;
    for warning in &gathered.warnings {
        eprintln!("cmflow: {warning}");
    }
    let book = Book {
        catalogue: &gathered.catalogue,
        site: &gathered.site,
        compiled: &gathered.compiled,
    };
    let suggestions = suggest(&book, &gathered.evidence);
    match arguments.format {
        Written::Json => write_json(
            out,
            &Suggestions {
                files: &gathered.files,
                suggestions: &suggestions,
                toml: document(&suggestions),
            },
        )?,
        Written::Toml if suggestions.is_empty() => {
            writeln!(
                out,
                "# Nothing that was seen says that the site file lacks something."
            )?;
        }
        Written::Toml => out.write_all(document(&suggestions).as_bytes())?,
    }
    Ok(Outcome::Done)
}
