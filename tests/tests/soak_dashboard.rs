//! Pages of the dashboard that stay open for hours, on demand: `cargo xtask soak --dashboard --minutes N`.
//!
//! Each view in a browser of its own, over a hundred thousand flows in which something is said all the time; flows begin,
//! are refused and are not explained. In the last half the memory of the pages, of their browsers and of the daemon is
//! flat, and no page complained.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cmflow::dashboard::View;
use cmflow_tests::crowd::{self, Murmur};
use cmflow_tests::gateway_daemon::{Daemon, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, ends};
use cmflow_tests::web::Web;
use xtask::browser::{self, Browser, Memory};

const FLOWS: u32 = 100_000;

/// Looks at the memory.
const SAMPLES: u32 = 60;
/// How much more than in the third quarter may be held in the fourth: what a collector of garbage leaves to chance.
/// Over an hour it finds a megabyte a minute, by which Chromium's own process once grew.
const MORE: f64 = 1.03;
/// What is too little to be told from chance, in MiB.
const LITTLE: f64 = 2.0;

#[test]
fn pages_that_stay_open() -> Result<()> {
    let Some(minutes) = std::env::var("CMFLOW_SOAK_DASHBOARD_MINUTES").ok() else {
        eprintln!(
            "skipped: it takes minutes on purpose, and runs on demand by `cargo xtask soak --dashboard --minutes N`"
        );
        return Ok(());
    };
    let whole = Duration::from_secs_f64(minutes.parse::<f64>()? * 60.0);
    if let Some(why) = browser::unavailable() {
        println!("skipped: {why}");
        return Ok(());
    }
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH).slots(1 << 18).listening("127.0.0.1:0");
    let daemon = Daemon::start(office.gateway(), crowd::SITE, &plan)?;
    let web = Web::of(office.gateway(), &daemon)?;
    crowd::gather(&office, &daemon, FLOWS)?;
    let murmur = Murmur::begin(&office, FLOWS)?;
    let pages: Vec<Page<'_>> = View::ALL
        .into_iter()
        .map(|view| Page::open(&office, view.path(), &browser::url(web.address, view.path())))
        .collect::<Result<_>>()?;

    let began = Instant::now();
    let mut round = 0;
    let mut samples = Vec::new();
    for number in 1..=SAMPLES {
        let until = began + whole * number / SAMPLES;
        while Instant::now() < until {
            traffic(&office, round)?;
            round += 1;
            // The pace of what happens, not a time to wait for something.
            sleep(Duration::from_millis(500));
        }
        let sample = Sample::take(&pages, &daemon)?;
        let minute = began.elapsed().as_secs_f64() / 60.0;
        println!("minute {minute:.1}, round {round}: {}", sample.short());
        samples.push(sample);
    }
    flat(&samples)?;
    for page in &pages {
        page.is_well().with_context(|| page.path)?;
    }
    drop(pages);
    murmur.end()?;
    daemon.finish()
}

/// What happens beside the murmur: something documented, something refused, something that nothing explains. After some
/// minutes the same again.
fn traffic(office: &Office, round: u32) -> Result<()> {
    let port = 40_000 + (round % 1000) as u16;
    let (from, to) = ends(&format!("10.10.0.5:{port}"), "10.20.0.11:443")?;
    conversation(office, from, to)?;
    let unexplained = 4444 + (round % 40) as u16;
    let (from, to) = ends(&format!("10.10.0.6:{port}"), &format!("10.20.0.11:{unexplained}"))?;
    conversation(office, from, to)?;
    let (from, to) = ends(&format!("10.10.99.9:{port}"), "10.20.0.11:80")?;
    let refused = office.of(from)?.tcp_connect(from, to);
    ensure!(refused.is_err(), "{to} listens");
    Ok(())
}

struct Page<'a> {
    path: &'static str,
    browser: Browser<'a>,
}

impl<'a> Page<'a> {
    fn open(office: &'a Office, path: &'static str, url: &str) -> Result<Self> {
        let browser = Browser::open(office.gateway())?;
        browser.go(url)?;
        browser.run("window.same = true")?;
        Ok(Self { path, browser })
    }

    /// It is the page that was opened, it is live, and it complained of nothing.
    fn is_well(&self) -> Result<()> {
        let well =
            "return window.same === true && document.getElementById('live-state').dataset.state === 'live'";
        self.browser.wait("the same page, live", well)?;
        let complaints = self.browser.complaints()?;
        ensure!(complaints.is_empty(), "{complaints:#?}");
        Ok(())
    }
}

/// What was held at one time: by each page, and by the daemon.
#[derive(Clone, Debug)]
struct Sample {
    pages: Vec<(&'static str, Memory)>,
    daemon_mib: f64,
}

impl Sample {
    fn take(pages: &[Page<'_>], daemon: &Daemon) -> Result<Self> {
        let pages = pages
            .iter()
            .map(|page| Ok((page.path, page.browser.memory()?)))
            .collect::<Result<_>>()?;
        let status = fs::read_to_string(format!("/proc/{}/status", daemon.process()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(Self {
            pages,
            daemon_mib: kib.context("RssAnon")? / 1024.0,
        })
    }

    /// It in a line: the daemon, and of each page the heap, the processes and the nodes.
    fn short(&self) -> String {
        let pages = self.pages.iter().map(|(path, memory)| {
            format!(
                ", {path} {:.1}/{:.0}/{}",
                memory.heap_mib, memory.processes_mib, memory.nodes
            )
        });
        format!("daemon {:.0} MiB{}", self.daemon_mib, pages.collect::<String>())
    }

    /// Its numbers by name: MiB, or how many.
    fn numbers(&self) -> Vec<(String, f64)> {
        let mut numbers = vec![("the daemon, MiB".to_owned(), self.daemon_mib)];
        for (path, memory) in &self.pages {
            numbers.push((format!("{path} heap, MiB"), memory.heap_mib));
            numbers.push((format!("{path} processes, MiB"), memory.processes_mib));
            numbers.push((format!("{path} nodes"), memory.nodes as f64));
            numbers.push((format!("{path} listeners"), memory.listeners as f64));
        }
        numbers
    }
}

/// The fourth quarter holds what the third one held: by medians, because a page that is just being brought up to date holds
/// two, and a process that is just being looked at may have let go of much.
fn flat(samples: &[Sample]) -> Result<()> {
    let quarter = samples.len() / 4;
    let third = middle(&samples[2 * quarter..3 * quarter]);
    let fourth = middle(&samples[3 * quarter..]);
    let mut grown = Vec::new();
    for ((name, before), (_, after)) in third.into_iter().zip(fourth) {
        println!("{name}: {before:.2}, then {after:.2}");
        if after > before * MORE + LITTLE {
            grown.push(format!("{name}: {before:.2}, then {after:.2}"));
        }
    }
    ensure!(grown.is_empty(), "memory grows: {grown:#?}");
    Ok(())
}

fn middle(samples: &[Sample]) -> Vec<(String, f64)> {
    let all: Vec<_> = samples.iter().map(Sample::numbers).collect();
    let names = all.first().cloned().unwrap_or_default();
    let middle = |place: usize| {
        let mut values: Vec<f64> = all.iter().map(|numbers| numbers[place].1).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let named = names.into_iter().enumerate();
    named.map(|(place, (name, _))| (name, middle(place))).collect()
}
