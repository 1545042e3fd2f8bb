//! The notes of the page decide: every case of `cmflow_tests::notes` in `explain`, in `replay` and in the kernel.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cmflow::account;
use cmflow::answer::Flow;
use cmflow::catalogue::Catalogue;
use cmflow::compile::{Compiled, Machine, compile};
use cmflow::config;
use cmflow::explain::{Book, Service};
use cmflow::kernel::{Constants, Hook};
use cmflow::replay;
use cmflow::site::SiteModel;
use cmflow_common::verdict::VerdictId;
use cmflow_tests::kernel_rig::{KernelRig, Looker};
use cmflow_tests::notes::said::{Script, Seen};
use cmflow_tests::notes::told::Told;
use cmflow_tests::notes::{self, Case, EDITIONS, sites};
use cmflow_tests::replayed::{BEGINS, Tables, capture};
use cmflow_tests::slice_rig::LIFETIMES;
use xtask::capture::file::Format;
use xtask::frames::eth;

/// A capture that began so long before knows the beginning of every conversation.
const LONG: Duration = Duration::from_secs(3600);
/// No interface is a side by this number.
const NO_SIDE: u32 = 1 << 31;

/// A site file, and what was made of it.
struct Site {
    catalogue: Catalogue,
    model: SiteModel,
    compiled: Compiled,
}

impl Site {
    fn read(text: &str) -> Result<Self> {
        let catalogue = Catalogue::embedded()?;
        let model = config::parse(&catalogue, "site.toml", text).map(|file| file.model);
        let model = model.map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let machine = Machine {
            addresses: vec!["10.10.4.1".parse()?],
            broadcasts: vec!["10.10.4.255".parse()?],
            interfaces: model
                .interfaces
                .iter()
                .map(|side| side.name.clone())
                .zip(0..)
                .collect(),
        };
        let compiled = compile(&catalogue, &model, &machine, &[])?;
        Ok(Self {
            catalogue,
            model,
            compiled,
        })
    }

    fn tables(&self) -> Tables {
        Tables::of(self.model.clone(), self.compiled.clone())
    }

    const fn book(&self) -> Book<'_> {
        Book {
            catalogue: &self.catalogue,
            site: &self.model,
            compiled: &self.compiled,
        }
    }

    fn explains(&self, script: &Script) -> Option<Told> {
        let interface = script.interface.as_deref();
        let said = self.book().explain_at(script.question.as_ref()?, interface);
        Some(Told::of_explanation(&said))
    }
}

/// The flow that a case judges: between its ends, by its protocol, and where there are several, at its ports.
fn judged(script: &Script, flows: &[Flow]) -> Result<Told> {
    let step = &script.judged;
    let Service { protocol, port } = step.service.in_family(step.to.is_ipv6());
    let name = cmflow::answer::protocol_name(protocol);
    let mut ends = [step.from.ip(), step.to];
    ends.sort();
    let between = flows.iter().filter(|flow| {
        let mut of = [flow.initiator.address, flow.responder.address];
        of.sort();
        of == ends && (flow.protocol == name || script.question.is_none())
    });
    let between: Vec<_> = between.collect();
    let asking = step.from.port();
    let at_port = |flow: &&&Flow| {
        let ports = [flow.initiator.port, flow.responder.port];
        ports == [asking, port] || ports == [port, asking]
    };
    let found = match &between[..] {
        [one] => Some(*one),
        several => several.iter().find(at_port).copied(),
    };
    Ok(Told::of_flow(
        found.with_context(|| format!("no such flow in {flows:#?}"))?,
    ))
}

fn captured(script: &Script) -> Result<Vec<u8>> {
    let mut now = BEGINS;
    let mut frames = vec![(now, eth().arp().padded().build())];
    if script.long_before {
        now += LONG;
    }
    for seen in &script.seen {
        match seen {
            Seen::Frame(after, bytes) => {
                now += *after;
                frames.push((now, bytes.clone()));
            }
            Seen::Nothing(so_long) => now += *so_long,
        }
    }
    capture(Format::default(), &frames)
}

fn replays(site: &Site, script: &Script) -> Result<Told> {
    let tables = site.tables().at(script.interface.as_deref());
    let (_, flows) = tables.play(&captured(script)?)?;
    judged(script, &flows)
}

/// The program in the kernel, once for each interface that is told apart.
struct Kernel {
    rig: KernelRig,
    programs: BTreeMap<u32, Looker>,
}

impl Kernel {
    fn looks(&mut self, site: &Site, script: &Script) -> Vec<account::Flow> {
        let number = script
            .interface
            .as_deref()
            .and_then(|name| site.compiled.side_number(name));
        let interface = number.unwrap_or(NO_SIDE);
        let rig = &self.rig;
        let program = self.programs.entry(interface).or_insert_with(|| {
            let constants = Constants {
                interface,
                link: interface,
                ..Constants::default()
            };
            rig.program(Hook::Native, &constants)
        });
        rig.forget();
        rig.maps.know_from(if script.long_before { 0 } else { u64::MAX });
        // Before a silence nothing that is made lives to be met: the kernel's clock is not waited for.
        let mut silences = script
            .seen
            .iter()
            .filter(|seen| matches!(seen, Seen::Nothing(_)))
            .count();
        for seen in &script.seen {
            match seen {
                Seen::Frame(_, bytes) => {
                    rig.maps
                        .set_lifetimes(if silences > 0 { [0; 8] } else { LIFETIMES });
                    program.run(bytes);
                }
                Seen::Nothing(_) => silences -= 1,
            }
        }
        rig.flows()
    }

    fn tells(&mut self, site: &Site, script: &Script) -> Result<Told> {
        let flows = self.looks(site, script);
        let seen = replay::Seen {
            flows,
            ..replay::Seen::default()
        };
        judged(script, &site.tables().tell(&seen))
    }
}

struct Expected {
    counted: Told,
    explained: Told,
}

fn expected(case: &Case, script: &Script, site: &Site) -> Result<Expected> {
    let from = script.judged.from.ip();
    let (counted, explained) = case.told.split_once(" | ").unwrap_or((case.told, case.told));
    let counted = Told::expected(counted, from, &site.model)?;
    let mut explained = Told::expected(explained, from, &site.model)?;
    // It speaks of the first packet, whoever it answers.
    explained.initiator = from;
    explained.initiator_seen |= script.under_way;
    Ok(Expected { counted, explained })
}

#[test]
fn every_note_holds_in_explain_in_replay_and_in_the_kernel() -> Result<()> {
    let mut by_site: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    let all = notes::all()?;
    for case in &all {
        by_site
            .entry(sites::whole(case.edition, &case.lines))
            .or_default()
            .push(case);
    }
    let mut kernel: Option<Kernel> = None;
    let (mut count, mut wrong) = (0, Vec::new());
    for (text, cases) in by_site {
        let what = |case: &Case| {
            format!(
                "{} ({}) {}\n  {}",
                case.note,
                case.edition,
                case.lines.trim(),
                case.said
            )
        };
        let site = Site::read(&text).with_context(|| format!("{}\n{text}", what(cases[0])))?;
        match &mut kernel {
            Some(kernel) => kernel.rig.load_tables(&site.compiled.tables),
            none => {
                *none = KernelRig::new(&site.compiled.tables, 10).map(|rig| Kernel {
                    rig,
                    programs: BTreeMap::new(),
                });
            }
        }
        for case in cases {
            count += 1;
            let script = Script::read(case.said, &site.model).with_context(|| what(case))?;
            let expected = expected(case, &script, &site).with_context(|| what(case))?;
            let mut compare = |who: &str, told: Result<Told>, expected: &Told| match told {
                Ok(told) if told.fits(expected) => {}
                Ok(told) => wrong.push(format!("{}\n  {who}: {told}\n  not:    {expected}\n", what(case))),
                Err(error) => wrong.push(format!("{}\n  {who}: {error:#}\n", what(case))),
            };
            if let Some(told) = site.explains(&script) {
                compare("explain", Ok(told), &expected.explained);
            }
            compare("replay", replays(&site, &script), &expected.counted);
            if let Some(kernel) = &mut kernel {
                compare("kernel", kernel.tells(&site, &script), &expected.counted);
            }
        }
    }
    println!("{count} cases");
    ensure!(
        wrong.is_empty(),
        "{} of {count} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    ensure!(count >= 150, "{count} cases");
    Ok(())
}

#[test]
fn every_case_names_what_it_comes_from() -> Result<()> {
    let cases = notes::all()?;
    for edition in EDITIONS {
        ensure!(cases.iter().any(|case| case.edition == edition), "{edition}");
    }
    for case in cases {
        ensure!(
            !case.note.is_empty() && EDITIONS.contains(&case.edition),
            "{case:?}"
        );
    }
    Ok(())
}

/// `[scope]`: which flows with one unknown end are flagged goes by who the known one is.
#[test]
fn flows_with_a_stranger_are_flagged_as_the_scope_says() -> Result<()> {
    let table = [
        ("", "stranger > mp tcp/443", true),
        ("", "mp > stranger tcp/445", true),
        ("", "stranger > client tcp/445", false),
        ("", "client > stranger tcp/445", false),
        (
            "scope.flag-foreign = \"site-systems\"",
            "stranger > client tcp/445",
            false,
        ),
        ("scope.flag-foreign = \"all\"", "stranger > client tcp/445", true),
        ("scope.flag-foreign = \"all\"", "stranger > mp tcp/443", true),
        ("scope.flag-foreign = \"none\"", "stranger > mp tcp/443", false),
        (
            "scope.flag-foreign = \"none\"",
            "client > stranger tcp/445",
            false,
        ),
    ];
    for (lines, said, flagged) in table {
        let site = Site::read(&sites::whole("current", lines))?;
        let script = Script::read(said, &site.model)?;
        let expected = if flagged {
            VerdictId::FOREIGN_FLAGGED
        } else {
            VerdictId::FOREIGN
        };
        let question = script.question.context("a question")?;
        assert_eq!(site.book().explain(&question).id, expected, "{lines} {said}");
        let (replayed, _) = site.tables().play(&captured(&script)?)?;
        let verdicts = |flows: &[account::Flow]| flows.iter().map(|flow| flow.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts(&replayed.seen.flows), [expected], "{lines} {said}");
        if let Some(rig) = KernelRig::new(&site.compiled.tables, 10) {
            let mut kernel = Kernel {
                rig,
                programs: BTreeMap::new(),
            };
            assert_eq!(
                verdicts(&kernel.looks(&site, &script)),
                [expected],
                "{lines} {said}"
            );
        }
    }
    Ok(())
}
