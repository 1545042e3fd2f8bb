//! Captures that the project makes itself: the demo's conversations, and every protocol of the page.
//!
//! conversations (`demo`, [`page`]) -> frames ([`talk`]) -> file ([`mod@file`])
//!
//! The same bytes each time: they begin at a fixed time, and nothing in them is left to chance.

pub mod file;
pub mod page;
pub mod talk;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{check, demo, setup};
use file::{CaptureWriter, Format};
use page::Edition;
use talk::Talk;

/// What the user asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Folder to write into; it is made where there is none
    #[arg(long, value_name = "DIR", default_value_os_t = default_folder())]
    out: PathBuf,
    /// Only this edition of the page, and all of them without it
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// Ask this cmflow for the page instead of building one
    #[arg(long, value_name = "FILE")]
    cmflow: Option<PathBuf>,
}

fn default_folder() -> PathBuf {
    check::workspace().join("target/captures")
}

/// How much went into a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Frames.
    pub frames: u64,
    /// Their bytes, as on the wire.
    pub bytes: u64,
}

/// When captures begin: 5 January 2026, 08:00 UTC.
const BEGINS: Duration = Duration::from_secs(1_767_600_000);
/// Between two conversations, one after the other.
const PAUSE: Duration = Duration::from_millis(50);

/// Writes the captures and the site files that belong to them.
pub fn run(options: &Options) -> Result<()> {
    let cmflow = match &options.cmflow {
        Some(given) => given
            .canonicalize()
            .with_context(|| format!("--cmflow {}", given.display()))?,
        None => {
            setup::bpf_toolchain()?;
            check::build_release("cmflow")?
        }
    };
    let editions = match &options.edition {
        Some(edition) => vec![edition.clone()],
        None => editions(&cmflow)?,
    };
    let pages = editions
        .iter()
        .map(|edition| Edition::ask(&cmflow, edition))
        .collect::<Result<Vec<_>>>()?;

    fs::create_dir_all(&options.out).with_context(|| format!("making {}", options.out.display()))?;
    let demo = demo::recording::write(&options.out)?;
    tell(
        &options.out,
        "demo",
        demo,
        "the conversations of `cargo xtask demo`",
    );
    for page in &pages {
        let name = format!("page-{}", page.edition);
        let talks: Vec<Talk> = page.conversations().into_iter().map(|one| one.talk).collect();
        let written = write_pair(&options.out, &name, &talks, &page.site_file())?;
        let rules = page.rule_ids().count();
        tell(
            &options.out,
            &name,
            written,
            &format!(
                "{} conversations for the {rules} rules of the edition",
                talks.len()
            ),
        );
    }
    println!(
        "\nnext: {} replay --site {} {}",
        cmflow.display(),
        options.out.join("demo.toml").display(),
        options.out.join("demo.pcap").display()
    );
    Ok(())
}

fn tell(folder: &Path, name: &str, written: Written, what: &str) {
    println!(
        "{:>6} frames, {:>8} bytes  {} and .toml: {what}",
        written.frames,
        written.bytes,
        folder.join(name).with_extension("pcap").display()
    );
}

fn editions(cmflow: &Path) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Editions {
        editions: Vec<Edition>,
    }
    #[derive(Deserialize)]
    struct Edition {
        id: String,
    }
    let mut command = Command::new(cmflow);
    command.args(["catalogue", "editions", "--format", "json"]);
    let answer: Editions = serde_json::from_str(&crate::step::output(&mut command)?)
        .context("reading what `cmflow catalogue editions` answered")?;
    Ok(answer.editions.into_iter().map(|edition| edition.id).collect())
}

/// Writes a capture `NAME.pcap` and the site file `NAME.toml` that belongs to it.
pub(crate) fn write_pair(folder: &Path, name: &str, talks: &[Talk], site_file: &str) -> Result<Written> {
    let site = folder.join(format!("{name}.toml"));
    fs::write(&site, site_file).with_context(|| format!("writing {}", site.display()))?;
    let capture = folder.join(format!("{name}.pcap"));
    let file = File::create(&capture).with_context(|| format!("writing {}", capture.display()))?;
    let mut writer = CaptureWriter::new(BufWriter::new(file), Format::default())?;
    let written = write(&mut writer, talks).with_context(|| format!("writing {}", capture.display()))?;
    writer
        .finish()
        .with_context(|| format!("writing {}", capture.display()))?;
    Ok(written)
}

/// Writes conversations, one after the other.
///
/// # Errors
/// Where the file cannot be written.
pub fn write<W: std::io::Write>(writer: &mut CaptureWriter<W>, talks: &[Talk]) -> Result<Written> {
    let mut written = Written::default();
    let mut now = BEGINS;
    for talk in talks {
        for seen in talk.frames() {
            now += seen.after;
            writer.write(now, &seen.bytes)?;
            written.frames += 1;
            written.bytes += seen.bytes.len() as u64;
        }
        now += PAUSE;
    }
    Ok(written)
}
