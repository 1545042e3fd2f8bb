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

/// A capture that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The file.
    pub capture: PathBuf,
    /// The site file that belongs to it.
    pub site_file: PathBuf,
    /// How much is in it.
    pub written: Written,
    /// What is in it, in words.
    pub what: String,
}

/// Does what the user asked for, and says what came of it.
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
    let captures = write_all(&options.out, &cmflow, options.edition.as_deref())?;
    for one in &captures {
        println!(
            "{:>6} frames {:>8} bytes  {} and {}: {}",
            one.written.frames,
            one.written.bytes,
            one.capture.display(),
            one.site_file.display(),
            one.what
        );
    }
    println!("\nNext, to see what cmflow makes of one:");
    for one in &captures {
        println!(
            "    {} replay --site {} {}",
            cmflow.display(),
            one.site_file.display(),
            one.capture.display()
        );
    }
    Ok(())
}

/// Writes the demo and an edition of the page, or all of them; cmflow is asked for the page.
///
/// # Errors
/// Where cmflow does not know the edition, or a file cannot be written.
pub fn write_all(folder: &Path, cmflow: &Path, edition: Option<&str>) -> Result<Vec<Capture>> {
    let editions = match edition {
        Some(edition) => vec![edition.to_owned()],
        None => editions(cmflow)?,
    };
    let pages = editions
        .iter()
        .map(|edition| Edition::ask(cmflow, edition))
        .collect::<Result<Vec<_>>>()?;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut captures = vec![demo::recording::write(folder)?];
    for page in &pages {
        let talks: Vec<Talk> = page.conversations().into_iter().map(|one| one.talk).collect();
        let what = format!(
            "{} conversations for the {} rules of edition {}",
            talks.len(),
            page.rule_ids().count(),
            page.edition
        );
        let name = format!("page-{}", page.edition);
        captures.push(write_pair(folder, &name, &talks, &page.site_file(), what)?);
    }
    Ok(captures)
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
pub(crate) fn write_pair(
    folder: &Path,
    name: &str,
    talks: &[Talk],
    site: &str,
    what: String,
) -> Result<Capture> {
    let site_file = folder.join(format!("{name}.toml"));
    fs::write(&site_file, site).with_context(|| format!("writing {}", site_file.display()))?;
    let capture = folder.join(format!("{name}.pcap"));
    let written = write_file(&capture, talks).with_context(|| format!("writing {}", capture.display()))?;
    Ok(Capture {
        capture,
        site_file,
        written,
        what,
    })
}

fn write_file(path: &Path, talks: &[Talk]) -> Result<Written> {
    let mut writer = CaptureWriter::new(BufWriter::new(File::create(path)?), Format::default())?;
    let written = write(&mut writer, talks)?;
    writer.finish()?;
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

#[cfg(test)]
mod tests {
    use super::{CaptureWriter, Format, Written, write};
    use crate::demo::recording;

    fn demo() -> (Vec<u8>, Written) {
        let mut writer = CaptureWriter::new(Vec::new(), Format::default()).expect("memory takes it");
        let written = write(&mut writer, &recording::talks()).expect("memory takes it");
        (writer.finish().expect("memory takes it"), written)
    }

    #[test]
    fn the_same_bytes_each_time_and_as_many_as_said() {
        let (file, written) = demo();
        assert_eq!(demo(), (file.clone(), written));
        // A header of 24 bytes, and one of 16 before each frame.
        assert_eq!(file.len() as u64, 24 + 16 * written.frames + written.bytes);
    }
}
