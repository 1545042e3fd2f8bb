//! A real Chromium without a window, for tests and screenshots: driven by W3C WebDriver calls over a plain socket, on the
//! host or inside a network namespace.

mod base64;
mod contrast;
mod cost;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::lab::{Netns, Running, ScratchDir, eventually};
use crate::setup::programs::CHROMIUM;
use crate::step::find_program;
use wire::Wire;

pub use contrast::Faint;
pub use cost::Memory;

/// Bound of every wait. Nothing takes so long; a slow machine is no failure.
const LIMIT: Duration = Duration::from_secs(60);

/// How a reference to an element is called (WebDriver, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Why there is no browser to be had; nothing where there is one.
#[must_use]
pub fn unavailable() -> Option<String> {
    let missing = CHROMIUM
        .iter()
        .find(|program| find_program(program.name).is_none())?;
    Some(format!(
        "{} is missing: apt-get install {}",
        missing.name, missing.package
    ))
}

/// A browser with one page. Dropping it ends it.
#[derive(Debug)]
pub struct Browser<'a> {
    wire: Wire<'a>,
    session: String,
    // Before the folder, in which they write.
    driver: Running,
    folder: ScratchDir,
}

/// An element of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element(String);

impl<'a> Browser<'a> {
    /// Starts one, inside a namespace where one is given.
    ///
    /// # Errors
    /// Where it does not start, with what it said.
    pub fn open(netns: &'a Netns) -> Result<Self> {
        let folder = ScratchDir::new("browser")?;
        let port = netns.enter(|| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))??;
        let address = port.local_addr()?;
        drop(port);
        let mut command = netns.command("chromedriver");
        command
            .arg(format!("--port={}", address.port()))
            .env("HOME", folder.path());
        let driver = netns.start(command, Some(folder.path().join("log")))?;
        Self::begin(Wire::inside(netns, address), driver, folder)
    }

    /// Starts one on the host.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub fn open_here() -> Result<Self> {
        let folder = ScratchDir::new("browser")?;
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = port.local_addr()?;
        drop(port);
        let mut command = Command::new("chromedriver");
        command
            .arg(format!("--port={}", address.port()))
            .env("HOME", folder.path())
            .process_group(0);
        let driver = Running::start(command, Some(folder.path().join("log")))?;
        Self::begin(Wire::here(address), driver, folder)
    }

    fn begin(wire: Wire<'a>, mut driver: Running, folder: ScratchDir) -> Result<Self> {
        driver.wait_ready(LIMIT, || wire.get("/status").is_ok())?;
        let profile = folder.path().join("profile");
        let arguments = [
            "--headless=new",
            // Root may not be kept apart, and this browser sees no page but the dashboard.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            // Gateways sign for themselves.
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 30_000, "pageLoad": 60_000},
        }}});
        let begun = wire
            .post("/session", &wanted)
            .context("chromium does not start")?;
        let session = begun["sessionId"]
            .as_str()
            .context("a session has an id")?
            .to_owned();
        Ok(Self {
            wire,
            session,
            driver,
            folder,
        })
    }

    fn call(&self, what: &str, body: &Value) -> Result<Value> {
        self.wire.post(&format!("/session/{}/{what}", self.session), body)
    }

    /// Goes to an address, and waits for the page.
    ///
    /// # Errors
    /// Where nothing answers there.
    pub fn go(&self, url: &str) -> Result<()> {
        self.call("url", &json!({"url": url})).map(drop)
    }

    /// Where it is.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn url(&self) -> Result<String> {
        let url = self.wire.get(&format!("/session/{}/url", self.session))?;
        Ok(url.as_str().unwrap_or_default().to_owned())
    }

    /// What a function body returns in the page.
    ///
    /// # Errors
    /// Where it throws.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.call("execute/sync", &json!({"script": script, "args": []}))
    }

    /// The first element that a selector finds.
    ///
    /// # Errors
    /// Where there is none.
    pub fn find(&self, selector: &str) -> Result<Element> {
        let found = self.call("element", &json!({"using": "css selector", "value": selector}))?;
        let id = found[ELEMENT]
            .as_str()
            .with_context(|| format!("{selector}: {found}"))?;
        Ok(Element(id.to_owned()))
    }

    /// Clicks on what a selector finds first, once it is there. A page that is drawn anew may take it away meanwhile.
    ///
    /// # Errors
    /// Where it does not come.
    pub fn click(&self, selector: &str) -> Result<()> {
        eventually(&format!("a click on {selector}"), LIMIT, || {
            let Element(id) = self.find(selector)?;
            self.call(&format!("element/{id}/click"), &json!({})).map(drop)
        })
    }

    /// Types into what a selector finds, after what stands there.
    ///
    /// # Errors
    /// Where it takes no text.
    pub fn write(&self, selector: &str, text: &str) -> Result<()> {
        let Element(id) = self.find(selector)?;
        self.call(&format!("element/{id}/value"), &json!({"text": text}))
            .map(drop)
    }

    /// The text of all that a selector finds, as it is seen.
    ///
    /// # Errors
    /// Where the page is gone.
    pub fn text(&self, selector: &str) -> Result<String> {
        let quoted = Value::from(selector);
        let script = format!(
            "return [...document.querySelectorAll({quoted})].map(e => e.innerText ?? e.textContent).join('\\n')"
        );
        Ok(self.run(&script)?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the text of what a selector finds holds some words.
    ///
    /// # Errors
    /// Where it never does, with what it holds.
    pub fn wait_text(&self, selector: &str, words: &str) -> Result<()> {
        eventually(&format!("\"{words}\" in {selector}"), LIMIT, || {
            let text = self.text(selector)?;
            ensure!(text.contains(words), "{text}");
            Ok(())
        })
    }

    /// Waits until a function body returns something that is true.
    ///
    /// # Errors
    /// Where it never does.
    pub fn wait(&self, what: &str, script: &str) -> Result<()> {
        eventually(what, LIMIT, || {
            let found = self.run(script)?;
            ensure!(found.as_bool() == Some(true), "{found}");
            Ok(())
        })
    }

    /// Presses keys one after the other, without a pointer: `"\u{e004}"` is the tabulator, `"\u{e007}"` enter.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        let mut actions = Vec::new();
        for key in keys {
            actions.push(json!({"type": "keyDown", "value": key}));
            actions.push(json!({"type": "keyUp", "value": key}));
        }
        let pressed = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.call("actions", &pressed).map(drop)
    }

    /// Shows the page at a size, in CSS pixels.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn size(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
            .map(drop)
    }

    /// What the reader's system prefers: `prefers-color-scheme`, `dark`.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn prefer(&self, feature: &str, value: &str) -> Result<()> {
        let features = json!({"features": [{"name": feature, "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", &features).map(drop)
    }

    /// A call that WebDriver has no word for.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.call("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// What the page complained of so far, since this was last asked.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let log = self.call("se/log", &json!({"type": "browser"}))?;
        let entries = log.as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .map(|entry| format!("{}: {}", entry["level"], entry["message"]))
            .collect())
    }

    /// Addresses of everything that the page asked for.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn asked_for(&self) -> Result<Vec<String>> {
        let found = self.run(
            "return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).map(e => e.name)",
        )?;
        let names = found.as_array().cloned().unwrap_or_default();
        Ok(names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect())
    }

    /// A picture of the page as PNG, all of it where `whole`, else what is seen first.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn picture(&self, whole: bool) -> Result<Vec<u8>> {
        let taken = self.devtools(
            "Page.captureScreenshot",
            &json!({"format": "png", "captureBeyondViewport": whole}),
        )?;
        let Some(data) = taken["data"].as_str() else {
            bail!("no picture: {taken}");
        };
        base64::decode(data).context("a picture is base64")
    }

    /// The folder of its log and profile.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        // Else chromium lives a moment longer than its driver.
        let _ = self.wire.delete(&format!("/session/{}", self.session));
    }
}

/// An address of this machine as a browser wants it.
#[must_use]
pub fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}{path}")
}
