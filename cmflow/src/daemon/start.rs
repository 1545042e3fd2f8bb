//! Starting, running, stopping.

use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};

use crate::catalogue::Catalogue;
use crate::compile::{Compiled, Machine, compile};
use crate::config::{self, Ended, Reading};
use crate::kernel::interface::{self, Choice, Interface, Mode};
use crate::kernel::{Hook, KernelError, Maps, NewsRing, Program};
use crate::reader::{Reader, Timeouts};
use crate::serve::{self, Question, Reply};
use crate::site::SiteModel;

use super::instance::{Instance, Lock};
use super::observer::{Attached, Observer};
use super::privileges::{self, Demotion};
use super::watch::Watch;

/// How often the counters are settled and silent flows are freed.
const TICK: Duration = Duration::from_secs(1);

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
    /// The flow table has two to the power of this many slots.
    pub flow_bits: u32,
    /// Whom the daemon becomes when everything is attached; itself where nobody is named.
    pub demotion: Option<Demotion>,
    /// Whether every frame is logged.
    pub debug_frames: bool,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// Where the site file, the machine or the kernel does not allow it. Nothing is left attached then.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    let catalogue = Catalogue::load(settings.catalogue.as_deref())?;
    let site = config::read(&catalogue, &settings.site, &Reading::now(Ended::LeftOut))?;
    for warning in &site.warnings {
        log::warn!("{warning}");
    }
    interface::privileges()?;
    interface::kernel()?;
    if let Some(demotion) = &settings.demotion {
        privileges::prepare(demotion, &settings.instance)?;
    }
    let lock = Lock::take(&settings.instance)?;
    let pins = settings.instance.pins();
    let choice = interface::choose(&settings.interfaces, settings.mode, &pins.programs())?;
    for warning in interface::forewarn(&choice, settings.mode)? {
        log::warn!("{warning}");
    }
    let own: Vec<_> = interface::addresses()?
        .into_iter()
        .map(|(_, address)| address)
        .collect();
    let machine = Machine {
        addresses: own,
        interfaces: interface::all()?
            .into_iter()
            .flat_map(|one| {
                let names = std::iter::once(one.name).chain(one.other_names);
                names.map(move |name| (name, one.index))
            })
            .collect(),
        broadcasts: interface::broadcasts()?,
    };
    warn_of_sides(&site.model, &machine, &settings.interfaces);
    let compiled = compile(&catalogue, &site.model, &machine, &[])?;

    if pins.exist() {
        let what = if pins.programs().is_empty() {
            "its maps"
        } else {
            "its program attached"
        };
        log::warn!(
            "instance {} did not end cleanly and left {what}; that is removed, and its counters end here",
            settings.instance
        );
        pins.remove()?;
    }
    let observer = begin(settings, choice, site.model, compiled).inspect_err(|_| {
        // Nothing was counted yet that anybody could miss.
        let _ = pins.remove();
    })?;
    if let Some(demotion) = &settings.demotion {
        privileges::leave(demotion, &pins, &lock).inspect_err(|_| {
            // Nothing was counted yet that anybody could miss.
            let _ = pins.remove();
        })?;
    }
    let ended = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(observe(observer, settings));
    if !settings.keep {
        pins.remove()?;
    }
    let _ = std::fs::remove_file(settings.instance.socket());
    drop(lock);
    ended
}

/// Says which interfaces the site file speaks of in vain.
fn warn_of_sides(site: &SiteModel, machine: &Machine, looked_at: &[String]) {
    let existing: Vec<_> = machine.interfaces.iter().map(|(name, _)| name.as_str()).collect();
    for warning in interface::unseen_sides(site, &existing, looked_at) {
        log::warn!("{warning}");
    }
}

/// Makes the maps, loads the tables and attaches.
fn begin(
    settings: &Settings,
    choice: Choice,
    site: SiteModel,
    compiled: Compiled,
) -> anyhow::Result<Observer> {
    let mut maps = Maps::create(&settings.instance.pins(), settings.flow_bits, seed()?)?;
    maps.load_tables(&compiled.tables)?;
    let mut attached = Vec::with_capacity(choice.chosen.len());
    for (slot, interface) in choice.chosen.into_iter().enumerate() {
        let slot = u32::try_from(slot)?;
        attached.push(attach(settings, &maps, interface, slot, &choice.all)?);
    }
    let reader = Reader::new(
        &mut maps,
        Timeouts {
            rpc: site.rpc_lifetime,
            ..Timeouts::default()
        },
        attached.len(),
        &compiled,
        &site.nats,
    )?;
    Ok(Observer {
        instance: settings.instance.clone(),
        file: settings.site.display().to_string(),
        site,
        compiled,
        maps,
        reader,
        attached,
        since: Timestamp::now(),
    })
}

/// Attaches to one interface by the first hook that works, and says which and why.
fn attach(
    settings: &Settings,
    maps: &Maps,
    interface: Interface,
    slot: u32,
    all: &[Interface],
) -> anyhow::Result<Attached> {
    let plan = interface::plan(&interface, settings.mode)?;
    let mut why = plan.why;
    let mut refusal = None;
    for hook in plan.hooks {
        let mut constants = interface::constants(&interface, slot, hook, all);
        constants.debug = settings.debug_frames;
        let mut program = Program::load(maps, hook, &constants)?;
        let (received_before, _) = interface::counters(interface.index)?;
        match program.attach(&interface.name, interface.index) {
            Ok(()) => {}
            Err(error @ KernelError::NoSuchMode { .. }) => {
                why = error.to_string();
                refusal = Some(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        if settings.keep {
            program.keep(maps, &interface.name)?;
        }
        log::info!("{}: {} ({why})", interface.name, hook.describe());
        if hook == Hook::Generic {
            log::warn!(
                "{}: packets are merged packets, and their number is lower than on the wire",
                interface.name
            );
        }
        return Ok(Attached {
            interface,
            hook,
            why,
            program,
            received_before,
        });
    }
    Err(refusal.map_or_else(
        || anyhow::anyhow!("{}: no hook fits", interface.name),
        anyhow::Error::from,
    ))
}

/// Ticks, answers and listens to news until a signal comes.
async fn observe(mut observer: Observer, settings: &Settings) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let news = readable(observer.maps.take_news()?)?;
    if settings.debug_frames {
        log_frames(&mut observer);
    }
    let listener = listen(&settings.instance.socket())?;
    log::info!("asking: cmflow status --instance {}", settings.instance);

    let observer = Arc::new(Mutex::new(observer));
    let asked = Arc::clone(&observer);
    let answer = move |question: Question| -> Reply {
        asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answer(question)
    };
    let questions = tokio::spawn(serve::serve(listener, Arc::new(answer)));
    let told = tokio::spawn(listen_to_news(news, Arc::clone(&observer)));
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let observer = Arc::clone(&observer);
                let tick = tokio::task::spawn_blocking(move || {
                    observer.lock().unwrap_or_else(PoisonError::into_inner).tick().map(drop)
                });
                // A tick that fails loses nothing: the next one reads the same counters.
                if let Err(error) = tick.await? {
                    log::error!("the counters cannot be read: {error}");
                }
            }
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    questions.abort();
    told.abort();
    let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
    let last = observer.tick()?;
    let frames: u64 = last.outcomes.iter().flatten().map(|count| count.packets).sum();
    log::info!(
        "stopping after {frames} frames; conservation law {}",
        if observer.reader.law.holds() {
            "held at every tick"
        } else {
            "BROKEN, see above"
        }
    );
    if settings.keep {
        log::info!("the program stays attached and goes on counting; `cmflow detach` removes it");
    }
    Ok(())
}

/// Opens the socket.
fn listen(path: &Path) -> anyhow::Result<tokio::net::UnixListener> {
    serve::listen(path).with_context(|| format!("listening at {}", path.display()))
}

/// Logs each unexplained conversation once, as soon as its first packet is told.
async fn listen_to_news(mut ring: AsyncFd<NewsRing>, observer: Arc<Mutex<Observer>>) {
    let mut watch = Watch::default();
    while let Ok(mut ready) = ring.readable_mut().await {
        let fresh: Vec<_> = std::iter::from_fn(|| ready.get_inner_mut().take()).collect();
        ready.clear_ready();
        let observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
        for news in &fresh {
            watch.tell(&observer, news);
        }
    }
}

/// Something of the kernel's that can be waited for.
fn readable<T: AsRawFd>(source: T) -> std::io::Result<AsyncFd<T>> {
    // SAFETY: the rings and loggers given here own their descriptor and close it only when they are dropped,
    // which `AsyncFd` does after it has let go of it.
    unsafe { AsyncFd::register_with_interest(source, Interest::READABLE) }.map_err(std::io::Error::from)
}

/// Reads the programs' own log of frames, for whoever asked for it.
fn log_frames(observer: &mut Observer) {
    for attached in &mut observer.attached {
        let name = attached.interface.name.clone();
        match attached.program.logger() {
            Ok(logger) => {
                tokio::spawn(async move {
                    let Ok(mut logger) = readable(logger) else {
                        return;
                    };
                    while let Ok(mut ready) = logger.readable_mut().await {
                        ready.get_inner_mut().flush();
                        ready.clear_ready();
                    }
                });
            }
            Err(error) => log::warn!("{name}: frames cannot be logged: {error}"),
        }
    }
}

/// A number that nobody outside knows, from the kernel.
fn seed() -> anyhow::Result<u64> {
    let mut bytes = [0_u8; 8];
    // SAFETY: a buffer of that length to write into.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    anyhow::ensure!(
        got == 8,
        "the kernel gives no random numbers: {}",
        std::io::Error::last_os_error()
    );
    Ok(u64::from_ne_bytes(bytes))
}
