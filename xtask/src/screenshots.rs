//! `cargo xtask screenshots`: every view of a dashboard that runs, light, dark and narrow, for people to look at.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::browser::{Browser, unavailable};
use crate::setup::programs::{CHROMIUM, bring};

/// What to take, and where to.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Address of the dashboard
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8077")]
    at: String,
    /// Folder that takes the pictures
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Views beside the usual ones, as paths: "/explain?from=10.10.4.7&to=10.20.0.11&service=tcp/443"
    #[arg(long, value_name = "PATH")]
    view: Vec<String>,
}

/// Every view.
const VIEWS: [(&str, &str); 9] = [
    ("overview", "/"),
    ("unexplained", "/unexplained"),
    ("blocked", "/blocked"),
    ("map", "/map"),
    ("matrix", "/matrix"),
    ("flows", "/flows"),
    ("rules", "/rules?seen=yes"),
    ("explain", "/explain"),
    ("health", "/health"),
];

/// How each is looked at: name, width, height, colours, and whether what lies below the window is taken too.
const LOOKS: [(&str, u32, u32, &str, bool); 5] = [
    ("light", 1280, 900, "light", false),
    ("dark", 1280, 900, "dark", false),
    ("narrow", 320, 720, "light", true),
    ("wall", 1920, 1080, "dark", false),
    ("large", 3840, 2160, "light", false),
];

/// Takes them all.
///
/// # Errors
/// Where there is no browser, or nothing answers at the address.
pub fn run(options: &Options) -> Result<()> {
    bring(&CHROMIUM);
    if let Some(why) = unavailable() {
        bail!("{why}");
    }
    fs::create_dir_all(&options.out).with_context(|| format!("making {}", options.out.display()))?;
    let browser = Browser::open_here()?;
    let base = options.at.trim_end_matches('/');
    let more = options.view.iter().enumerate();
    let more = more.map(|(number, path)| (format!("more-{}", number + 1), path.clone()));
    let usual = VIEWS.map(|(name, path)| (name.to_owned(), path.to_owned()));
    for (name, path) in usual.into_iter().chain(more) {
        for (look, width, height, colours, whole) in LOOKS {
            browser.size(width, height)?;
            browser.prefer("prefers-color-scheme", colours)?;
            browser
                .go(&format!("{base}{path}"))
                .with_context(|| format!("nothing answers at {base}; start `cmflow run`, or say --at URL"))?;
            browser.wait(
                "a live page",
                "return document.getElementById('live-state')?.dataset.state === 'live'",
            )?;
            let file = options.out.join(format!("{name}-{look}.png"));
            fs::write(&file, browser.picture(whole)?)
                .with_context(|| format!("writing {}", file.display()))?;
        }
        println!("{name}");
    }
    for complaint in browser.complaints()? {
        println!("the page complains: {complaint}");
    }
    Ok(())
}
