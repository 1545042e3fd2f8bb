//! Captures for the tests of `cmflow replay`, and what it says of them.

use std::borrow::Cow;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::{Flow, Replay, UnexplainedGroup};
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::findings::Findings;
use cmflow::reader::Timeouts;
use cmflow::replay::{InMemory, Replayed, Seen, Sides, play};
use cmflow::serve::{FlowQuery, FlowSort};
use cmflow::site::SiteModel;
use xtask::capture::file::{CaptureWriter, Format};
use xtask::frames::Frame;
use xtask::lab::ScratchDir;

use crate::binary::cmflow;
use crate::office::SITE;

/// When the captures begin.
pub const BEGINS: Duration = Duration::from_secs(1_700_000_000);

/// A folder with the office's site file, and captures beside it.
#[derive(Debug)]
pub struct Desk {
    folder: ScratchDir,
}

impl Desk {
    /// An empty one.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn new() -> Result<Self> {
        let folder = ScratchDir::new("replay")?;
        fs::write(folder.path().join("site.toml"), SITE)?;
        Ok(Self { folder })
    }

    /// Path of a file on it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there; its path.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<String> {
        let path = self.path(name);
        fs::write(&path, bytes)?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// `cmflow replay` of a file with these arguments.
    #[must_use]
    pub fn command(&self, capture: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(cmflow());
        command.arg("replay").arg("--site").arg(self.path("site.toml"));
        command.arg(capture).args(arguments);
        command
    }

    /// What it says of a file, for scripts.
    ///
    /// # Errors
    /// Where it cannot be started, or answers with something else.
    pub fn replay(&self, capture: &str, arguments: &[&str]) -> Result<Said> {
        let arguments = [arguments, &["--format", "json"]].concat();
        Said::of(&self.command(capture, &arguments).output()?)
    }

    /// What it says of bytes that come through a pipe.
    ///
    /// # Errors
    /// As [`Desk::replay`].
    pub fn replay_piped(&self, capture: &[u8]) -> Result<Said> {
        let mut command = self.command("-", &["--format", "json"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut pipe = child.stdin.take().context("a pipe")?;
        // Its answer comes when the pipe is closed, so nothing waits for something else.
        pipe.write_all(capture)?;
        drop(pipe);
        Said::of(&child.wait_with_output()?)
    }

    /// What it says of frames written in a format, which is checked to add up.
    ///
    /// # Errors
    /// As [`Desk::replay`], and where it ends with something else than 0.
    pub fn replay_frames(&self, format: Format, frames: &[(Duration, Vec<u8>)]) -> Result<Replay> {
        let file = self.put("capture", &capture(format, frames)?)?;
        let said = self.replay(&file, &["--sort", "address"])?;
        ensure!(said.code == 0, "{format:?}: {said:?}");
        Ok(said.answer()?.clone())
    }
}

/// What came of a replay.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// Its answer, where it gave one.
    answer: Option<Replay>,
    /// What it said on stderr.
    pub stderr: String,
}

impl Said {
    /// What a run with `--format json` gave, which is checked to add up.
    ///
    /// # Errors
    /// Where it is no answer of a replay.
    pub fn of(output: &Output) -> Result<Self> {
        let answer = if output.stdout.is_empty() {
            None
        } else {
            Some(serde_json::from_slice(&output.stdout)?)
        };
        let said = Self {
            code: output.status.code().context("it was not killed")?,
            answer,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        if let Some(answer) = &said.answer {
            adds_up(answer)?;
        }
        Ok(said)
    }

    /// The answer.
    ///
    /// # Errors
    /// Where there is none.
    pub fn answer(&self) -> Result<&Replay> {
        self.answer.as_ref().with_context(|| self.stderr.clone())
    }

    /// Whether it refused: nothing on stdout, one line on stderr, exit code 2.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.code == 2 && self.answer.is_none() && self.stderr.lines().count() == 1
    }
}

/// Every frame is in one outcome, every packet of a flow in one verdict and in one flow, unless it says so.
fn adds_up(replay: &Replay) -> Result<()> {
    let outcomes: u64 = replay.outcomes.values().sum();
    ensure!(outcomes == replay.capture.frames, "frames: {replay:#?}");
    let judged: u64 = replay.verdicts.values().map(|tally| tally.packets).sum();
    let flow = replay.outcomes.get("flow").copied().unwrap_or_default();
    ensure!(judged == flow, "verdicts: {replay:#?}");
    let listed: u64 = replay
        .flows
        .iter()
        .map(|flow| flow.forward.packets + flow.reverse.packets)
        .sum();
    ensure!(
        listed + replay.packets_without_entry == judged,
        "flows: {replay:#?}"
    );
    Ok(())
}

/// A capture file.
///
/// # Errors
/// Where it cannot be written.
pub fn capture(format: Format, frames: &[(Duration, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut writer = CaptureWriter::new(Vec::new(), format)?;
    for (at, frame) in frames {
        writer.write(*at, frame)?;
    }
    writer.finish()
}

/// Frames one and a half milliseconds apart.
#[must_use]
pub fn timed(frames: Vec<Frame>) -> Vec<(Duration, Vec<u8>)> {
    let times = (0_u32..).map(|number| BEGINS + Duration::from_micros(1500) * number);
    times.zip(frames.iter().map(Frame::build)).collect()
}

/// Conversations of the office, each packet behind such a start: documented ones of both families and of TCP
/// and UDP, one to a port that nothing documents, and one of a stranger.
#[must_use]
pub fn conversations(start: impl Fn() -> Frame) -> Vec<Frame> {
    const CLIENT: &str = "10.10.0.5";
    const POINT: &str = "10.20.0.11";
    const CLIENT_V6: &str = "fd00:10::5";
    const POINT_V6: &str = "fd00:20::11";
    const PXE: &str = "10.20.0.12";
    let v4 = |from, to| start().ipv4(from, to);
    let v6 = |from, to| start().ipv6(from, to);
    vec![
        v4(CLIENT, POINT).tcp(50_000, 443).syn(),
        v4(POINT, CLIENT).tcp(443, 50_000).syn().ack(),
        v6(CLIENT_V6, POINT_V6).tcp(50_001, 443).syn(),
        v4(CLIENT, POINT).tcp(50_000, 443).ack().payload(100),
        v4(POINT, CLIENT).tcp(443, 50_000).ack().payload(1200),
        v6(POINT_V6, CLIENT_V6).tcp(443, 50_001).syn().ack(),
        v6(CLIENT_V6, POINT_V6).tcp(50_001, 443).ack().payload(17),
        v6(POINT_V6, CLIENT_V6).tcp(443, 50_001).ack().payload(900),
        v4(CLIENT, PXE).udp(40_001, 4011).payload(300),
        v4(PXE, CLIENT).udp(4011, 40_001).payload(400),
        v4(CLIENT, POINT).tcp(50_002, 4444).syn(),
        v4(POINT, CLIENT).tcp(4444, 50_002).rst().ack(),
        v4("10.10.99.9", "10.20.0.5").tcp(50_003, 445).syn(),
        v4(CLIENT, POINT).tcp(50_000, 443).fin().ack(),
        v4(POINT, CLIENT).tcp(443, 50_000).fin().ack(),
    ]
}

/// Tables, to play captures without starting a program each time.
#[derive(Debug)]
pub struct Tables {
    site: SiteModel,
    compiled: Compiled,
    interface: Option<String>,
}

impl Tables {
    /// Compiles them.
    ///
    /// # Errors
    /// Where the office's site file is not sound.
    pub fn new() -> Result<Self> {
        let catalogue = Catalogue::embedded()?;
        let site = config::parse(&catalogue, "site.toml", SITE)?.model;
        let compiled = compile(&catalogue, &site, &Machine::default(), &[])?;
        Ok(Self::of(site, compiled))
    }

    /// Those of another site file.
    #[must_use]
    pub fn of(site: SiteModel, compiled: Compiled) -> Self {
        Self {
            site,
            compiled,
            interface: None,
        }
    }

    /// The same, for captures that were taken at that interface.
    #[must_use]
    pub fn at(self, interface: Option<&str>) -> Self {
        Self {
            interface: interface.map(str::to_owned),
            ..self
        }
    }

    fn looker(&self) -> InMemory<'_> {
        let sides = Sides::new(&self.compiled, self.interface.as_deref());
        InMemory::new(&self.compiled.tables, Timeouts::default(), 1).with_sides(sides)
    }

    /// What nothing explains of a capture, by roles and service.
    ///
    /// # Errors
    /// Where it is none.
    pub fn groups(&self, capture: &[u8]) -> Result<Vec<UnexplainedGroup>> {
        let replayed = play(capture, self.looker(), |_| {})?;
        Ok(self.find(&replayed.seen, |findings| findings.groups(&FlowQuery::default())))
    }

    /// What is counted of a capture, and its flows by address.
    ///
    /// # Errors
    /// Where it is none.
    pub fn play(&self, capture: &[u8]) -> Result<(Replayed, Vec<Flow>)> {
        let replayed = play(capture, self.looker(), |_| {})?;
        let flows = self.tell(&replayed.seen);
        Ok((replayed, flows))
    }

    /// The flows of what was seen, by address.
    #[must_use]
    pub fn tell(&self, seen: &Seen) -> Vec<Flow> {
        let query = FlowQuery {
            sort: FlowSort::Address,
            ..FlowQuery::default()
        };
        self.find(seen, |findings| {
            let found = findings.matching(&query);
            found.into_iter().map(|flow| findings.flow(flow)).collect()
        })
    }

    fn find<T>(&self, seen: &Seen, ask: impl FnOnce(&Findings<'_>) -> T) -> T {
        let (listed, totals) = seen.whole(&self.compiled, &self.site);
        ask(&Findings {
            compiled: &self.compiled,
            site: &self.site,
            verdicts: &seen.verdicts,
            flows: &listed,
            totals: Cow::Owned(totals),
            moment: Replayed::moment(),
        })
    }
}

/// Flows without what stands before the IP header: `start` bytes of each frame.
#[must_use]
pub fn behind(flows: &[Flow], start: u64) -> Vec<Flow> {
    let mut flows = flows.to_vec();
    for count in flows
        .iter_mut()
        .flat_map(|flow| [&mut flow.forward, &mut flow.reverse])
    {
        count.bytes -= count.packets * start;
    }
    flows
}

/// Flows without their times, for those whose clocks differ.
#[must_use]
pub fn timeless(flows: &[Flow]) -> Vec<Flow> {
    let mut flows = flows.to_vec();
    for flow in &mut flows {
        (flow.first_seen, flow.last_seen) = Default::default();
    }
    flows
}
