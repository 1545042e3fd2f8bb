//! `cmflow top`: what crosses the gateway now, in a terminal.
//!
//! [`asking`] asks the daemon in a thread of its own and tells [`state`], which is pure: answers and keys in, a model
//! out. [`rows`] makes lists of it, [`draw`] draws them, [`terminal`] takes the terminal and gives it back.

pub mod asking;
pub mod draw;
pub mod filter;
pub mod health;
pub mod keys;
pub mod rate;
pub mod rows;
#[cfg(test)]
mod sample;
pub mod state;
pub mod tab;
pub mod terminal;
pub mod units;
pub mod wanted;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ratatui::crossterm::event::{self, Event};

use asking::{Asker, Asking, Explainer};
use draw::Look;
use keys::{Pressed, pressed};
use state::Model;
use tab::Tab;
use terminal::{Guard, Screen, Signals};
use wanted::{Heard, Trouble};

/// How it is begun.
#[derive(Clone, Debug)]
pub struct Options {
    /// The daemon's socket.
    pub socket: PathBuf,
    /// The first tab.
    pub tab: Tab,
    /// How often the daemon is asked.
    pub interval: Duration,
    /// What the terminal can show.
    pub look: Look,
}

/// Signals are looked for that often.
const BREATH: Duration = Duration::from_millis(100);

/// Draws until the user has seen enough.
///
/// # Errors
/// Where there is no terminal, or it is gone.
pub fn run(options: &Options, explainer: Explainer) -> anyhow::Result<()> {
    if !io::stdout().is_terminal() {
        bail!("the standard output is no terminal; `cmflow top --once` prints one picture as text");
    }
    let began = Instant::now();
    let mut model = Model::new(options.tab);
    let signals = Signals::note()?;
    let socket = options.socket.clone();
    let mut asking = Asking::begin(socket, options.interval, began, model.wanted(), explainer)?;
    let guard = Guard::take().context("taking the terminal")?;
    let mut screen = guard.screen()?;
    let ended = watch(
        &mut model,
        &mut screen,
        &guard,
        &signals,
        &mut asking,
        options,
        began,
    );
    drop(guard);
    if let Some(signal) = signals.end() {
        terminal::end_by(signal)?;
    }
    ended
}

fn watch(
    model: &mut Model,
    screen: &mut Screen,
    guard: &Guard,
    signals: &Signals,
    asking: &mut Asking,
    options: &Options,
    began: Instant,
) -> anyhow::Result<()> {
    let mut second = None;
    let mut stale = true;
    // Where keys come from elsewhere, the end of the standard input says nothing.
    let typed = io::stdin().is_terminal();
    while !model.over && signals.end().is_none() {
        while let Some(heard) = asking.heard()? {
            model.hear(heard);
            stale = true;
        }
        let now = began.elapsed();
        model.tick(now);
        // How long no answer came is told by the second.
        if stale || second != Some(now.as_secs()) {
            if !guard.holds() {
                bail!("the terminal was given back");
            }
            screen.draw(|frame| draw::draw(frame, model, options.look))?;
            second = Some(now.as_secs());
            stale = false;
        }
        asking.want(model.wanted());
        let mut stop = signals.stop();
        let mut anew = signals.go_on();
        let patience = if typed {
            if !terminal::is_there(BREATH) {
                break;
            }
            Duration::ZERO
        } else {
            BREATH
        };
        if event::poll(patience)? {
            match event::read()? {
                Event::Key(key) => match pressed(&key) {
                    Some(Pressed::Key(key)) => model.press(key),
                    Some(Pressed::Suspend) => stop = true,
                    Some(Pressed::Redraw) => screen.clear()?,
                    None => {}
                },
                Event::Resize(..) => {}
                _ => continue,
            }
            stale = true;
        }
        if stop {
            guard.suspend()?;
            // What is drawn next is drawn whole, so there is nothing more to do about having gone on.
            let _ = signals.go_on();
            anew = false;
            screen.clear()?;
            stale = true;
        }
        if anew {
            guard.again()?;
            screen.clear()?;
            stale = true;
        }
    }
    Ok(())
}

/// One picture of a tab as text, and whether the conservation law holds.
///
/// # Errors
/// Where the daemon does not answer.
pub fn once(options: &Options, width: u16) -> anyhow::Result<(String, bool)> {
    let began = Instant::now();
    let mut model = Model::new(options.tab);
    let mut asker = Asker::new(options.socket.clone(), began);
    for last in [false, true] {
        let round = asker.round(&model.wanted());
        if let Some(Trouble::Silent(why) | Trouble::Refused(why)) = round.trouble {
            bail!("{why}");
        }
        model.hear(Heard::Round(Box::new(round)));
        if !last {
            // Rates are differences of two answers.
            std::thread::sleep(options.interval);
        }
    }
    model.tick(began.elapsed());
    let holds = model.status().is_some_and(|status| status.conservation.ok);
    Ok((draw::picture(&mut model, width, options.look), holds))
}
