//! `cmflow top`: what crosses the gateway now, in a terminal.

use std::collections::HashMap;
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::judging::{By, Judging};
use super::{Outcome, explain};
use crate::answer::Status;
use crate::daemon::{self, Instance};
use crate::explain::{Book, Question};
use crate::top::asking::Explainer;
use crate::top::draw::Look;
use crate::top::tab::Tab;
use crate::top::wanted::Asked;
use crate::top::{self, Options};

/// Columns of a picture where nothing else is known.
const WIDTH: u16 = 100;

#[derive(Debug, Args)]
#[command(
    after_help = "Keys: 1-5 and Tab for tabs, arrows to select, Enter for details, / filter, v verdict, s sort, p pause, \
    ? help, q quit."
)]
pub(super) struct Arguments {
    /// Name of the daemon to ask
    #[arg(long, value_name = "NAME", default_value = "default")]
    instance: Instance,
    /// What to show first
    #[arg(long, value_enum, default_value_t)]
    tab: Tab,
    /// Seconds between two answers; a daemon that is slow to answer is asked less often
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// Print one picture of the tab as text, with rates over one interval, and end
    #[arg(long)]
    once: bool,
}

/// With --once, exit code 1 where the conservation law does not hold, as `cmflow status` has it.
pub(super) fn run(
    arguments: &Arguments,
    catalogue: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let variables: HashMap<String, String> = env::vars().collect();
    let options = Options {
        socket: arguments.instance.socket(),
        tab: arguments.tab,
        interval: Duration::from_secs(arguments.interval),
        look: Look::of(|name| variables.get(name).map(String::as_str)),
    };
    if arguments.once {
        let columns = variables.get("COLUMNS").and_then(|columns| columns.parse().ok());
        let columns = columns.filter(|columns| (20..=1000).contains(columns));
        let (picture, holds) = top::once(&options, columns.unwrap_or(WIDTH))?;
        write!(out, "{picture}")?;
        return Ok(if holds { Outcome::Done } else { Outcome::Findings });
    }
    top::run(&options, explainer(catalogue.map(Path::to_owned)))?;
    Ok(Outcome::Done)
}

/// Says what `cmflow explain` says, by the site file that the daemon goes by, read once a generation.
fn explainer(catalogue: Option<PathBuf>) -> Explainer {
    let mut read: Option<(Source, Judging)> = None;
    Box::new(move |asked, status| {
        let source = (status.site.clone(), status.generation, status.since);
        if read.as_ref().is_none_or(|(known, _)| *known != source) {
            read = match judging(status, catalogue.as_deref()) {
                Ok(judging) => Some((source, judging)),
                Err(why) => {
                    let why = format!("{why:#}");
                    return why.lines().map(str::to_owned).collect();
                }
            };
        }
        let told = read.as_ref().map(|(_, judging)| told(judging, asked));
        match told {
            Some(Ok(text)) => text.lines().map(str::to_owned).collect(),
            Some(Err(why)) => vec![format!("{why:#}")],
            None => Vec::new(),
        }
    })
}

/// A site file, the generation of the tables made of it, and whose.
type Source = (String, u64, jiff::Timestamp);

/// The site file that the daemon goes by, where it is still what it was.
fn judging(status: &Status, catalogue: Option<&Path>) -> anyhow::Result<Judging> {
    for file in &status.files {
        let now = daemon::hash(Path::new(&file.path));
        anyhow::ensure!(
            now == file.sha256,
            "{} is not, or not any more, what the daemon goes by (`cmflow reload` reads it anew); it cannot be said \
             here which of its lines decide",
            file.path
        );
    }
    let site = PathBuf::from(&status.site);
    By { site }
        .read(catalogue)
        .with_context(|| format!("reading {}", status.site))
}

fn told(judging: &Judging, asked: &Asked) -> anyhow::Result<String> {
    let service = |text: &str| text.parse().map_err(anyhow::Error::msg);
    let named = match asked.port {
        0 => asked.protocol.clone(),
        port => format!("{}/{port}", asked.protocol),
    };
    let question = Question {
        initiator: asked.initiator,
        responder: asked.responder,
        service: service(&named)?,
        after: asked.after.map(service).transpose()?,
    };
    let book = Book {
        catalogue: &judging.catalogue,
        site: &judging.file.model,
        compiled: &judging.compiled,
    };
    let mut text = Vec::new();
    explain::write_words(&mut text, &question, &book)?;
    Ok(String::from_utf8(text)?)
}
