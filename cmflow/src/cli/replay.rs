//! `cmflow replay`: what would be counted of the frames of a capture?

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use cmflow_common::outcome::Outcome as FrameOutcome;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Serialize, Serializer};

use super::judging::{By, Judging, is_side};
use super::{Format, Outcome, write_json};
use crate::account::Flow;
use crate::answer::{CaptureSummary, Replay};
use crate::capture::CaptureError;
use crate::compile::Compiled;
use crate::findings::Findings;
use crate::reader::Timeouts;
use crate::replay::{InKernel, InMemory, Replayed, Sides, play};
use crate::serve::FlowQuery;

mod words;

/// Files from this size on get a progress bar.
const LARGE: u64 = 64 << 20;

#[derive(Debug, Args)]
#[command(
    after_help = "Reads pcap and pcapng files of Ethernet, Linux cooked (SLL, SLL2), raw IP and BSD null or loop \
    frames; - is standard input. Needs no root. Exits with 1 where something of the capture could not be read; \
    what could is counted all the same.\n\nExamples:\n  cmflow replay --site site.toml friday.pcapng\n  \
    zstd -dc friday.pcap.zst | cmflow replay --site site.toml - --verdict undocumented"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    by: By,
    /// The capture, or - for standard input
    #[arg(value_name = "CAPTURE")]
    capture: PathBuf,
    /// By which interface the frames came in: whoever has no address of their own there (0.0.0.0, ::, link-local) is who
    /// the site file says is at that side, in [interfaces]. A pcapng file may say it itself
    #[arg(long, value_name = "IF")]
    interface: Option<String>,
    /// Run each Ethernet frame through the program in the kernel instead, which takes root
    #[arg(long)]
    kernel: bool,
    #[command(flatten)]
    query: FlowQuery,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let judging = arguments.by.read(extra)?;
    let Judging { file, compiled, .. } = &judging;
    Findings::check(compiled, &arguments.query).map_err(anyhow::Error::msg)?;
    let name = arguments.capture.display().to_string();
    if let Some(interface) = &arguments.interface {
        is_side(interface, &file.model)?;
    }
    let (reader, bytes) = open(&arguments.capture)?;
    judging.point_at_warnings(&arguments.by);
    let bar = progress(bytes);
    let came_to = |bytes| bar.set_position(bytes);
    let timeouts = Timeouts {
        rpc: file.model.rpc_lifetime,
        ..Timeouts::default()
    };
    let sides = Sides::new(compiled, arguments.interface.as_deref());
    let replayed = if arguments.kernel {
        play(reader, in_kernel(compiled, sides)?, came_to)
    } else {
        let looker = InMemory::new(&compiled.tables, timeouts, seed()).with_sides(sides);
        play(reader, looker, came_to)
    };
    bar.finish_and_clear();
    let replayed = replayed.map_err(|error| match error.downcast::<CaptureError>() {
        Ok(error) => anyhow::anyhow!("{name} {error}"),
        Err(error) => error,
    })?;
    let (flows, totals) = replayed.seen.whole(compiled, &file.model);
    let findings = Findings {
        compiled,
        site: &file.model,
        verdicts: &replayed.seen.verdicts,
        flows: &flows,
        totals: Cow::Owned(totals),
        moment: Replayed::moment(),
    };
    let answer = answer(name, &replayed, &findings, &arguments.query);
    match arguments.format {
        Format::Json => {
            let mut flows = findings.matching(&arguments.query);
            flows.truncate(arguments.query.limit.unwrap_or(usize::MAX));
            let flows = Listed {
                findings: &findings,
                flows,
            };
            write_json(out, &answer.with_flows(flows))?;
        }
        Format::Table => words::write(out, &answer, &findings, &arguments.query)?,
    }
    Ok(if replayed.problems.iter().any(|problem| problem.unread) {
        Outcome::Findings
    } else {
        Outcome::Done
    })
}

/// Opens the capture, and says how many bytes it has, as far as that is known.
fn open(path: &Path) -> anyhow::Result<(Box<dyn Read>, Option<u64>)> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let name = path.display();
    let file = File::open(path).with_context(|| format!("the capture {name} cannot be opened"))?;
    let found = file.metadata().with_context(|| format!("the capture {name}"))?;
    anyhow::ensure!(
        !found.is_dir(),
        "{name} is a folder; name a capture file in it, or join several by mergecap"
    );
    Ok((Box::new(file), found.is_file().then_some(found.len())))
}

/// A bar for large files and people who wait; hidden otherwise.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let Some(bytes) = bytes.filter(|bytes| *bytes > LARGE && io::stderr().is_terminal()) else {
        return ProgressBar::hidden();
    };
    let style = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is right");
    ProgressBar::new(bytes).with_style(style)
}

fn in_kernel(compiled: &Compiled, sides: Sides) -> anyhow::Result<InKernel> {
    // SAFETY: the call takes nothing and cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    let why = if root {
        "--kernel loads the program into the kernel"
    } else {
        "--kernel loads the program into the kernel, which takes root: use sudo, or leave it out"
    };
    InKernel::new(compiled, sides, seed()).context(why)
}

/// A number that a capture's author does not know, so that no capture can aim at one place of the flow table.
fn seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

fn answer(file: String, replayed: &Replayed, findings: &Findings<'_>, query: &FlowQuery) -> Replay {
    let time = |ms: u64| findings.moment.time_of(ms);
    let frames = replayed.frames();
    let seen = &replayed.seen;
    let outcomes = FrameOutcome::ALL.iter().zip(&seen.outcomes);
    let met = outcomes.filter(|(_, count)| count.packets > 0);
    Replay {
        capture: CaptureSummary {
            file,
            frames: frames.packets,
            bytes: frames.bytes,
            cut: replayed.cut,
            first_seen: replayed.span.map(|span| time(span.first_ms)),
            last_seen: replayed.span.map(|span| time(span.last_ms)),
        },
        outcomes: met
            .map(|(outcome, count)| (outcome.name().to_owned(), count.packets))
            .collect::<BTreeMap<_, _>>(),
        verdicts: findings.verdicts(),
        opaque: findings.opaque(),
        rules: findings.rules(false).rules,
        flows: Vec::new(),
        groups: findings.groups(query),
        rpc: findings.rpc().rpc,
        packets_without_entry: seen.without_entry.packets,
        problems: replayed
            .problems
            .iter()
            .map(|problem| problem.words.clone())
            .collect(),
    }
}

/// Flows told one by one while they are written: there may be millions.
struct Listed<'a> {
    findings: &'a Findings<'a>,
    flows: Vec<&'a Flow>,
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.flows.iter().map(|flow| self.findings.flow(flow)))
    }
}
