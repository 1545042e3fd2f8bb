//! The daemon's days: ticks, answers, news, signals, changed files.

use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::answer::AlertTests;
use crate::kernel::NewsRing;
use crate::serve::http::{self, Desk, Events, Opened};
use crate::serve::{self, Question, Reply};
use crate::snapshot::{Messenger, Newcomer, window};

use super::approver;
use super::observer::Observer;
use super::past::OwnPast;
use super::posting;
use super::publisher::publish;
use super::reload::Reloader;
use super::settle::settle;
use super::sources::Lookout;
use super::start::Settings;
use super::watch::Watch;

/// How often the counters are settled and silent flows are freed.
const TICK: Duration = Duration::from_secs(1);

/// Reloads that run beside everything else, one at a time; what is asked for meanwhile is done once, afterwards.
struct Reloads {
    reloader: Arc<Reloader>,
    running: JoinSet<()>,
    again: bool,
}

impl Reloads {
    fn ask(&mut self) {
        if !self.running.is_empty() {
            self.again = true;
            return;
        }
        let reloader = Arc::clone(&self.reloader);
        self.running.spawn_blocking(move || drop(reloader.reload()));
    }

    /// Waits for the end of one; for ever where none runs.
    async fn ended(&mut self) {
        if self.running.is_empty() {
            std::future::pending::<()>().await;
        }
        self.running.join_next().await;
        if std::mem::take(&mut self.again) {
            self.ask();
        }
    }
}

/// Ticks, answers and listens to news until a signal comes.
pub(super) async fn observe(
    mut observer: Observer,
    settings: &Settings,
    opened: Option<Opened>,
) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let news = readable(observer.maps.take_news()?)?;
    if settings.debug_frames {
        log_frames(&mut observer);
    }
    let listener = listen(&settings.instance.socket())?;
    log::info!("asking: cmflow status --instance {}", settings.instance);

    let run = format!("{:x}", Timestamp::now().as_microsecond());
    let events = Arc::new(Events::new(&run));
    let observer = Arc::new(Mutex::new(observer));
    let reloader = Arc::new(Reloader::new(Arc::clone(&observer), settings));
    let mut beside = JoinSet::new();
    let mut messenger = None;
    if let Some(opened) = opened {
        let (producer, window) = window();
        messenger = Some(window.messenger());
        let (reloader, own) = (Arc::clone(&reloader), settings.clone());
        beside.spawn(publish(Arc::clone(&observer), producer));
        beside.spawn(http::serve(
            opened,
            Desk {
                window,
                events: Arc::clone(&events),
                past: Box::new(OwnPast::new(Arc::clone(&observer), settings)),
                reload: Box::new(move || reloader.reload()),
                approve: Box::new(move |request| approver::approve(&own, request)),
                run,
            },
        ));
    }
    let asked = (Arc::clone(&observer), Arc::clone(&reloader));
    let answer = move |question: Question| -> Reply {
        let (observer, reloader) = &asked;
        if question == Question::Reload {
            return match serde_json::to_value(reloader.reload()) {
                Ok(answer) => Reply::Answer(answer),
                Err(error) => Reply::Refusal(format!("the answer cannot be written: {error}")),
            };
        }
        if question == Question::TestAlerts {
            return test_alerts(observer);
        }
        if question == Question::Settle {
            return match settle(observer) {
                Ok(()) => Reply::Answer(serde_json::Value::Bool(true)),
                Err(why) => Reply::Refusal(why),
            };
        }
        observer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .answer(question)
    };
    let questions = tokio::spawn(serve::serve(listener, Arc::new(answer)));
    let told = tokio::spawn(listen_to_news(
        news,
        Arc::clone(&observer),
        Herald { events, messenger },
    ));
    let mut reloads = Reloads {
        reloader,
        running: JoinSet::new(),
        again: false,
    };
    let mut lookout = Lookout::default();
    let mut loaded = observer
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .sources
        .clone();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let ticked = Arc::clone(&observer);
                let tick = tokio::task::spawn_blocking(move || {
                    let mut observer = ticked.lock().unwrap_or_else(PoisonError::into_inner);
                    // A tick that fails loses nothing: the next one reads the same counters.
                    if let Err(error) = observer.tick() {
                        log::error!("the counters cannot be read: {error}");
                    }
                    let again = observer.mend() | observer.has_ended();
                    (again, observer.sources.clone())
                });
                // An interface that came back has another number, which the tables may name.
                let (again, sources) = tick.await?;
                if sources != loaded {
                    loaded = sources;
                    lookout.forget();
                }
                if again || settings.watch && lookout.changed(&loaded) {
                    reloads.ask();
                }
            }
            _ = hangup.recv() => reloads.ask(),
            () = reloads.ended() => {}
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    questions.abort();
    told.abort();
    beside.abort_all();
    // A reload that has begun is finished: half of one is nothing that the next daemon should find.
    let reloader = Arc::clone(&reloads.reloader);
    tokio::task::spawn_blocking(move || reloader.end()).await?;
    let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
    let last = observer.record(None)?;
    observer.recorder.end();
    observer.alerts.end();
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
        observer.keep_or_say();
        log::info!(
            "the program stays attached and goes on counting until the next `cmflow run`; `cmflow detach` removes it"
        );
    }
    Ok(())
}

/// Sends a test through every channel of the alerts, and waits for it without keeping anybody from counting.
fn test_alerts(observer: &Mutex<Observer>) -> Reply {
    let (channels, sender, now) = {
        let observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
        let (channels, sender) = observer.alerts.channels();
        (channels, sender, observer.settings.wall.now())
    };
    let tests = posting::test(&channels, &sender, now);
    match serde_json::to_value(AlertTests { tests }) {
        Ok(answer) => Reply::Answer(answer),
        Err(error) => Reply::Refusal(format!("the answer cannot be written: {error}")),
    }
}

/// Opens the socket.
fn listen(path: &Path) -> anyhow::Result<tokio::net::UnixListener> {
    serve::listen(path).with_context(|| format!("listening at {}", path.display()))
}

/// Whoever carries news to those who watch.
struct Herald {
    events: Arc<Events>,
    /// To whoever makes snapshots, where somebody does.
    messenger: Option<Messenger>,
}

impl Herald {
    fn tell(&self, newcomer: &Newcomer) {
        self.events.tell_news(newcomer);
        if let Some(messenger) = &self.messenger {
            messenger.hurry();
        }
    }
}

/// Logs each unexplained conversation once, as soon as its first packet is told.
async fn listen_to_news(mut ring: AsyncFd<NewsRing>, observer: Arc<Mutex<Observer>>, herald: Herald) {
    let mut watch = Watch::default();
    while let Ok(mut ready) = ring.readable_mut().await {
        let fresh: Vec<_> = std::iter::from_fn(|| ready.get_inner_mut().take()).collect();
        ready.clear_ready();
        let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
        for news in &fresh {
            if let Some(newcomer) = watch.tell(&observer, news) {
                herald.tell(&newcomer);
            }
            observer.alert_of(news);
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
    for looked in &mut observer.looked {
        let name = looked.interface.name.clone();
        let Some(program) = &mut looked.program else {
            continue;
        };
        match program.logger() {
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
