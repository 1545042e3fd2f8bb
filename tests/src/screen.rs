//! A terminal with a shell in it: keys are sent, and what a user would see is read.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};
use xtask::lab::eventually;
use xtask::setup::programs::{TMUX, bring};

use crate::gateway_daemon::LIMIT;

/// What the shell says when it waits.
const PROMPT: &str = "ready> ";

/// A terminal of that size. Dropping it ends whatever runs in it.
#[derive(Debug)]
pub struct Screen {
    server: String,
}

impl Screen {
    /// Opens it and waits for its shell; nothing, with the reason printed, where there is no tmux.
    ///
    /// # Errors
    /// Where the shell does not come.
    pub fn open(width: u16, height: u16) -> Result<Option<Self>> {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        if !bring(&[TMUX]).is_empty() {
            println!("skipped: tmux is not to be had");
            return Ok(None);
        }
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let screen = Self {
            server: format!("cmflow-test-{}-{serial}", std::process::id()),
        };
        let shell = format!("env PS1='{PROMPT}' LC_ALL=C.UTF-8 bash --norc --noprofile");
        let (width, height) = (width.to_string(), height.to_string());
        screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            &shell,
        ])?;
        screen.until("the shell", |text| text.trim_end().ends_with(PROMPT.trim_end()))?;
        Ok(Some(screen))
    }

    fn tmux(&self, arguments: &[&str]) -> Result<Output> {
        let output = Command::new("tmux")
            .env_remove("TMUX")
            .args(["-L", &self.server])
            .args(arguments)
            .output()
            .context("starting tmux")?;
        ensure!(
            output.status.success(),
            "tmux {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output)
    }

    /// Presses keys, as tmux names them: `Enter`, `Escape`, `PageDown`, `C-z`, letters.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        self.tmux(&[&["send-keys"], keys].concat()).map(drop)
    }

    /// Types a text as it is.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.tmux(&["send-keys", "-l", text]).map(drop)
    }

    /// What is on the screen.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn text(&self) -> Result<String> {
        let output = self.tmux(&["capture-pane", "-p"])?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Waits until the screen fits, and gives it.
    ///
    /// # Errors
    /// Where it does not in time, with what it shows.
    pub fn until(&self, what: &str, fits: impl Fn(&str) -> bool) -> Result<String> {
        eventually(what, LIMIT, || {
            let text = self.text()?;
            ensure!(fits(&text), "{what}: the screen shows\n{text}");
            Ok(text)
        })
    }

    /// Waits until a text is on the screen, and gives all of it.
    ///
    /// # Errors
    /// Where it does not come.
    pub fn until_shown(&self, part: &str) -> Result<String> {
        self.until(part, |text| text.contains(part))
    }

    /// Lets the shell run a line and waits until it is done; the last line before the next prompt.
    ///
    /// # Errors
    /// Where it does not come back.
    pub fn shell(&self, line: &str) -> Result<String> {
        self.press(&["C-l"])?;
        self.until("an empty screen", |text| text.trim() == PROMPT.trim_end())?;
        self.type_text(line)?;
        self.press(&["Enter"])?;
        let text = self.until(line, |text| {
            text.matches(PROMPT.trim_end()).count() == 2 && text.trim_end().ends_with(PROMPT.trim_end())
        })?;
        let mut lines: Vec<&str> = text.trim_end().lines().collect();
        lines.pop();
        Ok(lines.last().copied().unwrap_or_default().to_owned())
    }

    /// Process of the program that runs in the shell.
    ///
    /// # Errors
    /// Where none runs.
    pub fn child(&self) -> Result<u32> {
        let output = self.tmux(&["display-message", "-p", "#{pane_pid}"])?;
        let shell = String::from_utf8(output.stdout)?.trim().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"))?;
        let child = children
            .split_whitespace()
            .next()
            .context("nothing runs in the shell")?;
        Ok(child.parse()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where it is gone already, there is nothing to end.
        let _ = self.tmux(&["kill-server"]);
    }
}
