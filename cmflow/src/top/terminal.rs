//! The terminal: taken for the time that the program draws, and given back as it was, however that ends.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::fd::AsFd as _;
use std::panic;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::flag;
use signal_hook::low_level::emulate_default_handler;

/// Whether the terminal is taken now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Where the program draws. It writes by a descriptor of its own, because whoever holds the lock of the standard
/// output must not keep a panic of another thread from giving the terminal back.
pub type Screen = Terminal<CrosstermBackend<BufWriter<File>>>;

/// Holds the terminal. Dropping it gives the terminal back; so does a panic, before its message is written.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal: raw, its other screen, no cursor.
    ///
    /// # Errors
    /// Where there is none, or it refuses.
    pub fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        let guard = Self(());
        take()?;
        Ok(guard)
    }

    /// Whether the terminal is still taken: a panic elsewhere gives it back.
    #[must_use]
    pub fn holds(&self) -> bool {
        TAKEN.load(Ordering::SeqCst)
    }

    /// What draws on it.
    ///
    /// # Errors
    /// Where its size cannot be told.
    pub fn screen(&self) -> io::Result<Screen> {
        Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(
            1 << 16,
            output()?,
        )))
    }

    /// Gives the terminal back, lets the process stop as ctrl-z does, and takes the terminal again when it goes on.
    ///
    /// # Errors
    /// Where the terminal cannot be taken again.
    pub fn suspend(&self) -> io::Result<()> {
        give_back();
        emulate_default_handler(SIGTSTP)?;
        take()
    }

    /// Takes the terminal again after something else may have used it.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn again(&self) -> io::Result<()> {
        give_back();
        take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Waits for something to be typed, no longer than that; false where the terminal is gone. Whoever reads keys would read
/// the end of a terminal that is gone again and again, and never return.
#[must_use]
pub fn is_there(patience: Duration) -> bool {
    let mut keys = libc::pollfd {
        fd: libc::STDIN_FILENO,
        events: libc::POLLIN,
        revents: 0,
    };
    let millis = libc::c_int::try_from(patience.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: one entry to read and write, and its number.
    let ready = unsafe { libc::poll(&raw mut keys, 1, millis) };
    ready <= 0 || keys.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) == 0
}

fn output() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

fn take() -> io::Result<()> {
    // Before the first change, so that half of it is undone too.
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(output()?, EnterAlternateScreen, Hide)
}

/// Undoes what [`take`] did, once. A terminal that is gone needs nothing.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Ok(mut output) = output() {
        let _ = execute!(output, LeaveAlternateScreen, Show);
        let _ = output.flush();
    }
    let _ = disable_raw_mode();
}

/// Signals that came.
#[derive(Debug)]
pub struct Signals {
    end: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
}

impl Signals {
    /// Notes signals from now on, instead of what they do by themselves.
    ///
    /// # Errors
    /// Where the kernel refuses.
    pub fn note() -> io::Result<Self> {
        let signals = Self {
            end: Arc::default(),
            stop: Arc::default(),
            go_on: Arc::default(),
        };
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let number = usize::try_from(signal).expect("signals have small numbers");
            flag::register_usize(signal, Arc::clone(&signals.end), number)?;
        }
        flag::register(SIGTSTP, Arc::clone(&signals.stop))?;
        flag::register(SIGCONT, Arc::clone(&signals.go_on))?;
        Ok(signals)
    }

    /// The signal that ends the program, where one came.
    #[must_use]
    pub fn end(&self) -> Option<i32> {
        let number = self.end.load(Ordering::SeqCst);
        i32::try_from(number).ok().filter(|number| *number != 0)
    }

    /// Whether the program is to stop for a while.
    #[must_use]
    pub fn stop(&self) -> bool {
        self.stop.swap(false, Ordering::SeqCst)
    }

    /// Whether it goes on after it was stopped.
    #[must_use]
    pub fn go_on(&self) -> bool {
        self.go_on.swap(false, Ordering::SeqCst)
    }
}

/// Ends the program as the signal would have, so that the shell is told the truth.
///
/// # Errors
/// Where the kernel refuses.
pub fn end_by(signal: i32) -> io::Result<()> {
    emulate_default_handler(signal)
}
