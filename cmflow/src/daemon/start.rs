//! Starting: anew, or by taking over what an earlier daemon of the instance left in the kernel.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use cmflow_common::gateway::MAX_INTERFACES;
use jiff::Timestamp;

use crate::answer::Gap;
use crate::clock::Wall;
use crate::kernel::interface::{self, Choice, Mode};
use crate::kernel::{Found, Maps, Pins, survey};
use crate::reader::{Former, Reader, Timeouts};
use crate::serve::http::Door;

use super::alerts::Alerts;
use super::attach::{Looked, attach};
use super::instance::{Instance, Lock};
use super::live::observe;
use super::memory;
use super::observer::Observer;
use super::prepared::{Prepared, Written};
use super::privileges::{self, Demotion};
use super::recorder::Recorder;
use super::saving;
use super::state::{KnownInterface, State};

/// Gaps that are remembered.
const GAPS: usize = 1000;

/// What a user asked `cmflow run` for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The site file.
    pub site: PathBuf,
    /// A catalogue file beside the built-in one.
    pub catalogue: Option<PathBuf>,
    /// Interfaces to look at.
    pub interfaces: Vec<String>,
    /// The hook to use.
    pub mode: Mode,
    /// Name of the instance.
    pub instance: Instance,
    /// Whether the program stays attached when the daemon ends.
    pub keep: bool,
    /// Whether what an earlier daemon left is removed and not gone on with.
    pub fresh: bool,
    /// Whether changed files are reloaded without being asked to.
    pub watch: bool,
    /// The flow table has two to the power of this many slots.
    pub flow_bits: u32,
    /// Whom the daemon becomes when everything is attached; itself where nobody is named.
    pub demotion: Option<Demotion>,
    /// Where HTTP is served; nowhere where there is none.
    pub door: Option<Door>,
    /// Whether every frame is logged.
    pub debug_frames: bool,
    /// The wall clock to go by.
    pub wall: Wall,
}

/// How to begin.
enum Beginning {
    /// With nothing. What is there now is removed, for that reason if there is one.
    Anew(Option<String>),
    /// By going on.
    Adopting(Box<State>),
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// Where the site file, the machine or the kernel does not allow it. What was attached before stays as it was; where
/// nothing was, nothing is.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    // Until somebody listens to it, a request to reload must not end the daemon.
    // SAFETY: ignoring a signal runs no code of this process.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    memory::keep_little();
    let written = Written::read(settings)?;
    interface::privileges()?;
    interface::kernel()?;
    if let Some(demotion) = &settings.demotion {
        privileges::prepare(demotion, &settings.instance)?;
    }
    let lock = Lock::take(&settings.instance)?;
    // While rights to read key and token are there, and before anything is attached.
    let opened = settings.door.as_ref().map(Door::open).transpose()?;
    let pins = settings.instance.pins();
    let beginning = beginning(settings, &pins)?;
    let previous = match &beginning {
        Beginning::Anew(_) => Vec::new(),
        Beginning::Adopting(state) => state.verdicts().unwrap_or_default(),
    };
    let prepared = written.compile(settings, &previous)?;
    for warning in &prepared.warnings {
        log::warn!("{warning}");
    }
    let choice = interface::choose(&settings.interfaces, settings.mode, &pins.programs())?;
    for warning in interface::forewarn(&choice, settings.mode)? {
        log::warn!("{warning}");
    }
    let mut observer = match beginning {
        Beginning::Anew(why) => {
            clear(settings, &pins, why.as_deref())?;
            anew(settings, &pins, choice, prepared).inspect_err(|_| {
                // Nothing was counted yet that anybody could miss.
                let _ = pins.remove();
                let _ = settings.instance.forget();
            })?
        }
        Beginning::Adopting(state) => adopt(settings, &pins, choice, prepared, &state).context(
            "what the kernel holds cannot be taken over, and goes on counting; --fresh begins anew",
        )?,
    };
    if let Some(demotion) = &settings.demotion {
        // Where it fails, what was attached goes on counting: the next daemon takes it over.
        privileges::leave(demotion, &pins, &lock, &settings.instance.files())?;
    }
    // Not before: the database and the thread that writes it are the user's whom the daemon has become.
    observer.begin_history();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(32)
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(observe(observer, settings, opened))?;
    if !settings.keep {
        for path in pins.remove()? {
            log::warn!("{} is not cmflow's and stays", path.display());
        }
        settings.instance.forget()?;
    }
    let _ = std::fs::remove_file(settings.instance.socket());
    drop(lock);
    Ok(())
}

/// Looks at what is there, and decides. Nothing is changed yet.
fn beginning(settings: &Settings, pins: &Pins) -> anyhow::Result<Beginning> {
    let found = survey(pins)?;
    if let Found::Foreign { path, what } = &found {
        bail!(
            "{} is not cmflow's: {what}. Nothing was touched; remove it, or choose another --instance",
            path.display()
        );
    }
    if settings.fresh {
        let why = "--fresh was asked for".to_owned();
        return Ok(Beginning::Anew((!matches!(found, Found::Nothing)).then_some(why)));
    }
    Ok(match found {
        Found::Nothing | Found::Foreign { .. } => Beginning::Anew(None),
        Found::Unfinished => Beginning::Anew(Some(
            "a daemon was killed before it had made them all; nothing was counted yet".to_owned(),
        )),
        Found::Other { why } => Beginning::Anew(Some(why)),
        Found::Ours { run } => match State::read(&settings.instance.state(), run) {
            Ok(state) if state.verdicts().is_none() => Beginning::Anew(Some(
                "its verdicts are of kinds that this version does not know".to_owned(),
            )),
            Ok(state) => Beginning::Adopting(Box::new(state)),
            Err(error) => Beginning::Anew(Some(format!(
                "nobody can say what its verdicts stand for: {error:#}"
            ))),
        },
    })
}

/// Removes what is there, after saving what can be read of it.
fn clear(settings: &Settings, pins: &Pins, why: Option<&str>) -> anyhow::Result<()> {
    let Some(why) = why else {
        return settings.instance.forget();
    };
    let saved = if settings.fresh {
        None
    } else {
        saving::save(&settings.instance, pins, why)?
    };
    let instance = &settings.instance;
    match saved {
        Some(path) => log::warn!(
            "what instance {instance} left in the kernel cannot be gone on with ({why}); its counters are saved in {}, \
             and counting begins anew",
            path.display()
        ),
        None => {
            log::warn!("what instance {instance} left in the kernel is removed ({why}); counting begins anew")
        }
    }
    let left = pins.remove()?;
    ensure!(
        left.is_empty(),
        "{left:?}: not cmflow's, and in the way; remove them"
    );
    settings.instance.forget()
}

/// Makes the maps, loads the tables and attaches.
fn anew(settings: &Settings, pins: &Pins, choice: Choice, prepared: Prepared) -> anyhow::Result<Observer> {
    let run = random()?;
    let mut maps = Maps::make(pins, settings.flow_bits, random()?, run)?;
    let reader = reader(settings, &mut maps, &prepared, choice.chosen.len())?;
    maps.looked(settings.wall.now());
    let mut observer = observer(settings, maps, reader, prepared, run, settings.wall.now(), false);
    observer.maps.load_tables(&observer.compiled.tables)?;
    observer.looked = places(&names(&choice), &[])?.iter().map(Looked::former).collect();
    // From the first packet on, for whoever comes after a kill. Where it cannot be kept, a restart begins anew, and
    // says so then.
    observer.keep_or_say();
    for (slot, interface) in (0_u32..).zip(choice.chosen) {
        let looked = attach(settings, &observer.maps, interface, slot, &choice.all, None)?;
        observer.looked[slot as usize] = looked;
    }
    observer.keep_or_say();
    Ok(observer)
}

/// Takes the maps over with all that they count, and puts the programs of now in the place of those that are there.
fn adopt(
    settings: &Settings,
    pins: &Pins,
    choice: Choice,
    prepared: Prepared,
    state: &State,
) -> anyhow::Result<Observer> {
    let mut maps = Maps::adopt(pins)?;
    if maps.flow_bits() != settings.flow_bits {
        log::warn!(
            "the flow table keeps its {} slots; --fresh begins anew with {}",
            maps.capacity(),
            1_u64 << settings.flow_bits
        );
    }
    let asked = names(&choice);
    let places = places(&asked, &state.interfaces)?;
    let mut reader = reader(settings, &mut maps, &prepared, places.len())?;
    let (gone, waiting) = state.gone.restored();
    let former = Former {
        stretches: &state.clocks,
        expired: state.expired,
        broken: state.broken,
    };
    let nameless = reader.go_on(&maps, gone.knowing(&prepared.compiled.verdicts), waiting, &former);
    let from = maps.last_looked().unwrap_or(state.written);
    let mut observer = observer(settings, maps, reader, prepared, state.run, state.since, true);
    observer.gaps.clone_from(&state.gaps);
    observer.looked = places.iter().map(Looked::former).collect();
    // Before a packet is judged by numbers that only this daemon knows.
    observer.keep(&observer.compiled.verdicts.clone())?;
    observer.maps.load_tables(&observer.compiled.tables)?;
    for name in pins.interfaces()? {
        if !asked.contains(&name) {
            log::info!("{name}: not looked at any more");
            pins.unlink(&name)?;
        }
    }
    for interface in choice.chosen {
        let place = places.iter().position(|one| one.name == interface.name);
        let place = place.context("each interface that is looked at has a place")?;
        let known = state.interfaces.get(place);
        let slot = u32::try_from(place)?;
        let looked = attach(settings, &observer.maps, interface, slot, &choice.all, known)?;
        observer.looked[place] = looked;
    }
    for looked in observer.looked.iter_mut().filter(|one| one.program.is_none()) {
        looked.let_go();
    }
    let gap = Gap::kernel_only(from, settings.wall.now());
    log::info!(
        "taken over: counting since {}, by the kernel alone from {} to {}",
        observer.since,
        gap.from,
        gap.to
    );
    if nameless > 0 {
        log::warn!(
            "{nameless} packets of flows that ended after {} count in outcomes, verdicts and rules, but nobody knows any \
             more whose they were: the daemon was killed before it had kept them",
            state.written
        );
    }
    // The oldest are the least missed.
    let beyond = (observer.gaps.len() + 1).saturating_sub(GAPS);
    observer.gaps.drain(..beyond);
    observer.gaps.push(gap);
    observer.keep_or_say();
    Ok(observer)
}

/// The places of interfaces among the counters: those that have one keep it.
fn places(asked: &[String], known: &[KnownInterface]) -> anyhow::Result<Vec<KnownInterface>> {
    let mut places = known.to_vec();
    for name in asked {
        if !places.iter().any(|one| one.name == *name) {
            places.push(KnownInterface::new(name));
        }
    }
    ensure!(
        places.len() <= MAX_INTERFACES,
        "{} interfaces were looked at since counting began, and there are counters for {MAX_INTERFACES}; --fresh \
         begins anew",
        places.len()
    );
    Ok(places)
}

/// Names of the interfaces to look at, as the kernel calls them.
fn names(choice: &Choice) -> Vec<String> {
    choice.chosen.iter().map(|one| one.name.clone()).collect()
}

fn reader(
    settings: &Settings,
    maps: &mut Maps,
    prepared: &Prepared,
    interfaces: usize,
) -> anyhow::Result<Reader> {
    let timeouts = Timeouts {
        rpc: prepared.site.rpc_lifetime,
        ..Timeouts::default()
    };
    let nats = &prepared.site.nats;
    let mut reader = Reader::new(maps, timeouts, interfaces, &prepared.compiled, nats)?;
    reader.go_by(settings.wall.clone());
    Ok(reader)
}

fn observer(
    settings: &Settings,
    maps: Maps,
    reader: Reader,
    prepared: Prepared,
    run: u64,
    since: Timestamp,
    adopted: bool,
) -> Observer {
    Observer {
        settings: settings.clone(),
        site: Arc::new(prepared.site),
        compiled: Arc::new(prepared.compiled),
        sources: prepared.sources,
        privacy: prepared.privacy,
        generation: prepared.generation,
        recorder: Recorder::new(settings.instance.history(), run, adopted, settings.wall.clone()),
        alerts: Alerts::default(),
        maps,
        reader,
        looked: Vec::new(),
        run,
        since,
        gaps: Vec::new(),
        lacks: Default::default(),
        checked: settings.wall.today(),
        kept: None,
    }
}

/// A number that nobody outside knows, from the kernel.
fn random() -> anyhow::Result<u64> {
    let mut bytes = [0_u8; 8];
    // SAFETY: a buffer of that length to write into.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    ensure!(
        got == 8,
        "the kernel gives no random numbers: {}",
        std::io::Error::last_os_error()
    );
    Ok(u64::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_keep_their_places_and_new_ones_come_after() {
        let known = ["a", "b", "c"].map(KnownInterface::new);
        let asked = ["d", "c", "a"].map(str::to_owned);
        let few = places(&asked, &known).expect("few");
        let named: Vec<_> = few.iter().map(|one| &*one.name).collect();
        assert_eq!(named, ["a", "b", "c", "d"]);
        let many: Vec<_> = (0..MAX_INTERFACES).map(|number| number.to_string()).collect();
        assert!(places(&many, &[]).is_ok());
        let said = places(&many, &known).expect_err("too many").to_string();
        assert!(said.contains("--fresh"), "{said}");
    }
}
