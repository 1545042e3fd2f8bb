//! The same with whole browsers: how soon a page is seen, what twenty open pages take of the daemon, and how soon they
//! show what nothing explains. They run on the gateway's own processors, so a figure here includes the struggle for these.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use cmflow::dashboard::View;
use cmflow_tests::crowd::{self, Murmur};
use cmflow_tests::gateway_daemon::{Daemon, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::web::Web;
use jiff::Timestamp;
use xtask::browser::{self, Browser};
use xtask::frames::eth;
use xtask::lab::Tier;

use super::asked::Asked;
use super::daemon::shares_of_core;
use super::figure::{Figure, median};
use super::machine;

const BROWSERS: usize = 20;
const FLOWS: u32 = 100_000;

/// Counts in the page how often it is brought up to date: by the time at which its counters were read.
const WATCH: &str = "window.updates = 0; \
    new MutationObserver(() => window.updates += 1).observe(document.querySelector('#evidence .read time'), \
    {attributes: true, attributeFilter: ['datetime']})";

/// Writes down when the page first named a TCP port, in milliseconds of the day's clock.
const NOTE: &str = "window.seen = {}; \
    const main = document.getElementById('main'); \
    new MutationObserver(() => { \
        for (const [, port] of main.textContent.matchAll(/tcp\\/(\\d+)/g)) window.seen[port] ??= Date.now(); \
    }).observe(main, {subtree: true, childList: true, characterData: true})";

/// First painted, then watched.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    if let Some(why) = browser::unavailable() {
        bail!("{why}");
    }
    let Some(office) = Office::open()? else {
        return Err(anyhow!("network namespaces take root"));
    };
    machine::go_anywhere()?;
    let figures = looked_at(&office, asked);
    machine::stay_on_one_processor()?;
    figures
}

fn looked_at(office: &Office, asked: &Asked) -> Result<Vec<Figure>> {
    let plan = Plan::on(&BOTH).slots(1 << 18).listening("127.0.0.1:0");
    let daemon = Daemon::start(office.gateway(), crowd::SITE, &plan)?;
    let web = Web::of(office.gateway(), &daemon)?;
    let known = crowd::gather(office, &daemon, FLOWS)? as f64;
    let murmur = Murmur::begin(office, FLOWS)?;
    let at = |path: &str| browser::url(web.address, path);
    let paint = painted(office, &at, asked)?.with("flows", known);

    let all: Vec<Browser<'_>> = (0..BROWSERS)
        .map(|_| Browser::open(office.gateway()))
        .collect::<Result<_>>()?;
    for (browser, view) in all.iter().zip(View::ALL.into_iter().cycle()) {
        browser.go(&at(view.path()))?;
        browser.wait("the page", "return document.readyState === 'complete'")?;
        browser.run(WATCH)?;
    }
    let updates = || -> Result<Vec<(f64, f64)>> {
        let one = |browser: &Browser<'_>| -> Result<(f64, f64)> {
            let both = browser.run("return [performance.now() / 1000, window.updates]")?;
            let number = |place: usize| both[place].as_f64().context("a number");
            Ok((number(0)?, number(1)?))
        };
        all.iter().map(one).collect()
    };
    let before = updates()?;
    let shares = shares_of_core(&daemon, asked)?;
    let rates = before
        .into_iter()
        .zip(updates()?)
        .map(|(before, after)| (after.1 - before.1) / (after.0 - before.0));
    let mut rates: Vec<f64> = rates.collect();
    let middle = median(&mut rates);
    ensure!(rates[0] > 0.0, "a page stands still: {rates:?}");
    let seen = first_seen(office, &all[1], asked)?.with("flows", known);
    let watched = Figure::of("browsers-20", "% of core", shares)
        .at_most(20.0)
        .with("updates a second", middle)
        .with("of the slowest page", rates[0])
        .with("flows", known);
    drop(all);
    murmur.end()?;
    daemon.finish()?;
    Ok(vec![paint, watched, seen])
}

/// The first paint of the view that is slowest.
fn painted(office: &Office, at: &impl Fn(&str) -> String, asked: &Asked) -> Result<Figure> {
    let rounds = if asked.quick() { 3 } else { 9 };
    let browser = Browser::open(office.gateway())?;
    // The first page of a browser waits for the browser.
    browser.go(&at("/health"))?;
    let mut slowest: Option<(f64, Vec<f64>)> = None;
    let mut all = Vec::new();
    for view in View::ALL {
        let times = (0..rounds).map(|_| browser.first_paint_ms(&at(view.path())));
        let mut times = times.collect::<Result<Vec<_>>>()?;
        let time = median(&mut times);
        all.push((view.name(), time));
        if slowest.as_ref().is_none_or(|(before, _)| *before < time) {
            slowest = Some((time, times));
        }
    }
    let (_, times) = slowest.context("there are views")?;
    let figure = Figure::of("first-paint-100k", "ms", times).at_most(300.0);
    Ok(all
        .into_iter()
        .fold(figure, |figure, (name, time)| figure.with(name, time)))
}

/// From the first packet of what nothing explains until a page names it, at its worst, while all browsers look.
fn first_seen(office: &Office, browser: &Browser<'_>, asked: &Asked) -> Result<Figure> {
    const FIRST_PORT: u16 = 21_000;
    let rounds = if asked.quick() { 10 } else { 40 };
    ensure!(browser.url()?.ends_with("/unexplained"), "{}", browser.url()?);
    browser.run(NOTE)?;
    let client = office.lab.tier("client").netns().frames(Tier::INTERFACE)?;
    let mut times = Vec::new();
    for port in FIRST_PORT..FIRST_PORT + rounds {
        let frame = eth()
            .ipv4("10.10.0.5", "10.20.0.11")
            .tcp(50_001, port)
            .syn()
            .build();
        let sent = Timestamp::now().as_microsecond() as f64 / 1000.0;
        client.send(&frame)?;
        browser.wait(
            "a page that names it",
            &format!("return window.seen[{port}] !== undefined"),
        )?;
        let seen = browser.run(&format!("return window.seen[{port}]"))?;
        times.push(seen.as_f64().context("a time")? - sent);
        // At another moment of the second each time.
        sleep(Duration::from_millis(1000 + u64::from(port) * 37 % 500));
    }
    let middle = median(&mut times);
    let worst = times.last().copied().context("there are rounds")?;
    Ok(Figure::new("first-seen-100k", "ms", Ok(worst))
        .at_most(1000.0)
        .with("in the middle", middle)
        .with("browsers", BROWSERS as f64))
}
