//! The demo without root: the same conversations as a capture, through `cmflow replay`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::answers::{Answers, Flow, Group, Law, Rule, Unexplained};
use super::conversation::CONVERSATIONS;
use super::traffic::Went;
use super::{recording, summary};
use crate::lab::ScratchDir;
use crate::step::{answered, step};

/// Plays them; whether everything was judged as it should be. `why` says why not in namespaces.
///
/// # Errors
/// Where cmflow cannot be run, or fails.
pub fn run(cmflow: &Path, why: &str) -> Result<bool> {
    println!(
        "The demo is played as a capture: {why}.\nThe conversations are the same, but written down by the \
         project itself instead of held by real programs; `cmflow replay` judges them with the parser and the \
         tables that the kernel uses."
    );
    let scratch = ScratchDir::new("demo")?;
    step("capture", || {
        let written = recording::write(scratch.path())?.written;
        Ok(format!("{} frames, {} bytes", written.frames, written.bytes))
    })?;
    let mut replay = None;
    step("cmflow replay", || {
        let answer = ask(cmflow, scratch.path())?;
        let words = format!("{} flows", answer.flows.len());
        replay = Some(answer);
        Ok(words)
    })?;
    let mut answers = replay.context("the capture was replayed")?.answers();
    name_nearest(cmflow, scratch.path(), &mut answers.unexplained)?;
    let held = CONVERSATIONS.iter().map(|conversation| {
        let went = Went {
            held: recording::ROUNDS.into(),
            failed: 0,
            failure: None,
        };
        (conversation, went)
    });
    let well = summary::print(held, &BTreeMap::new(), Some(&answers));
    println!("\n`cargo xtask capture` writes this capture, and others, to look at.");
    Ok(well)
}

fn ask(cmflow: &Path, folder: &Path) -> Result<Replay> {
    let mut command = Command::new(cmflow);
    command.arg("replay").arg("--site").arg(folder.join("demo.toml"));
    command.arg(folder.join("demo.pcap")).args(["--format", "json"]);
    // 1 says that there is something nobody documented, as there is.
    serde_json::from_str(&answered(&mut command, &[0, 1])?).context("reading what `cmflow replay` answered")
}

/// Asks `cmflow explain` for the nearest rules of what nothing explains, once for each line that is shown.
fn name_nearest(cmflow: &Path, folder: &Path, unexplained: &mut [Unexplained]) -> Result<()> {
    let mut known: BTreeMap<Group, Value> = BTreeMap::new();
    for found in unexplained.iter_mut().filter(|found| found.nearest.is_null()) {
        let group = found.group();
        if let Some(nearest) = known.get(&group) {
            found.nearest = nearest.clone();
            continue;
        }
        let mut command = Command::new(cmflow);
        command.arg("explain").arg("--site").arg(folder.join("demo.toml"));
        command.args([found.initiator.to_string(), found.responder.to_string()]);
        command.arg(match found.port {
            Some(port) => format!("{}/{port}", found.protocol),
            None => found.protocol.clone(),
        });
        command.args(["--format", "json"]);
        let answer: Value = serde_json::from_str(&answered(&mut command, &[0, 1])?)
            .context("reading what `cmflow explain` answered")?;
        found.nearest = answer["nearest"].clone();
        known.insert(group, found.nearest.clone());
    }
    Ok(())
}

/// `cmflow replay`
#[derive(Debug, Deserialize)]
struct Replay {
    capture: Capture,
    outcomes: BTreeMap<String, u64>,
    verdicts: BTreeMap<String, Packets>,
    rules: Vec<Rule>,
    flows: Vec<Flow>,
}

#[derive(Debug, Deserialize)]
struct Capture {
    frames: u64,
}

#[derive(Debug, Deserialize)]
struct Packets {
    packets: u64,
}

impl Replay {
    fn answers(self) -> Answers {
        Answers {
            law: self.law(),
            unexplained: self.flows.iter().filter_map(Flow::unexplained).collect(),
            rules: self.rules,
            flows: self.flows,
        }
    }

    /// Every frame has one outcome; of those that are flows, verdicts and listed flows count the same packets.
    fn law(&self) -> Law {
        let accounted: u64 = self.outcomes.values().sum();
        let of_flows = self.outcomes.get("flow").copied().unwrap_or_default();
        let judged: u64 = self.verdicts.values().map(|one| one.packets).sum();
        let listed: u64 = self.flows.iter().map(Flow::packets).sum();
        let frames = self.capture.frames;
        Law {
            holds: accounted == frames && judged == of_flows && listed == of_flows,
            sums: format!(
                "of {frames} frames {accounted} have an outcome; {of_flows} packets belonged to flows, {judged} \
                 were judged, {listed} are in the flows shown"
            ),
            place: "counted in the capture, as if at ingress, before any firewall".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Replay;

    fn replay(frames: u64, flow: u64, judged: u64, forward: u64) -> Replay {
        let text = serde_json::json!({
            "capture": {"frames": frames, "bytes": 9000},
            "outcomes": {"flow": flow, "arp": 2},
            "verdicts": {"documented": {"packets": judged - 1, "bytes": 1, "flows": 1},
                         "foreign": {"packets": 1, "bytes": 1, "flows": 1}},
            "rules": [],
            "flows": [{
                "protocol": "tcp", "initiator": {"address": "10.0.0.1", "port": 5, "roles": []},
                "responder": {"address": "10.0.0.2", "port": 443, "roles": ["management-point"]},
                "initiator_seen": true, "state": "answered", "basis": null,
                "forward": {"packets": forward, "bytes": 1}, "reverse": {"packets": 3, "bytes": 1},
                "verdict": "foreign", "rules": [], "nearest": {"rule": "a/b/c", "why_not": "it is another"},
            }],
        });
        serde_json::from_value(text).expect("the shape of the contract")
    }

    #[test]
    fn every_sum_of_the_law_counts() {
        assert!(replay(12, 10, 10, 7).answers().law.holds);
        assert!(
            !replay(13, 10, 10, 7).answers().law.holds,
            "a frame without an outcome"
        );
        assert!(
            !replay(12, 10, 9, 7).answers().law.holds,
            "a packet that nobody judged"
        );
        assert!(!replay(12, 10, 10, 6).answers().law.holds, "a packet in no flow");
    }

    #[test]
    fn what_nothing_explains_is_told_with_its_nearest_rule() {
        let answers = replay(12, 10, 10, 7).answers();
        assert_eq!(answers.unexplained.len(), 1);
        assert_eq!(answers.unexplained[0].nearest(), "a/b/c: it is another");
        assert_eq!(answers.unexplained[0].packets, 10);
    }
}
