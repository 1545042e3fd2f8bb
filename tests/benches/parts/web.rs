//! What it takes to watch a busy gateway: a page of flows out of a hundred thousand, and twenty who listen to events.

use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use cmflow_tests::crowd;
use cmflow_tests::gateway_daemon::{Daemon, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::web::Web;

use super::asked::Asked;
use super::daemon::shares_of_core;
use super::figure::Figure;
use super::machine;

const CLIENTS: usize = 20;

/// First asked, then listened to.
pub fn measure(asked: &Asked) -> Result<Vec<Figure>> {
    let Some(office) = Office::open()? else {
        return Err(anyhow!("network namespaces take root"));
    };
    machine::go_anywhere()?;
    let figures = watched(&office, asked);
    machine::stay_on_one_processor()?;
    figures
}

fn watched(office: &Office, asked: &Asked) -> Result<Vec<Figure>> {
    let plan = Plan::on(&BOTH).slots(1 << 18).listening("127.0.0.1:0");
    let daemon = Daemon::start(office.gateway(), crowd::SITE, &plan)?;
    let web = Web::of(office.gateway(), &daemon)?;
    let known = crowd::gather(office, &daemon, 100_000)? as f64;
    let rounds = if asked.quick() { 3 } else { 10 };
    let mut pages = Vec::new();
    for _ in 0..rounds {
        // Longer than a snapshot is fresh: each question waits until one is made and sorted.
        sleep(Duration::from_millis(1500));
        let began = Instant::now();
        let page = web.get("/api/v1/flows?sort=rate")?;
        pages.push(began.elapsed().as_secs_f64() * 1000.0);
        ensure!(page.status == 200, "{page:?}");
    }
    let page = Figure::of("http-flows-100k", "ms", pages)
        .at_most(300.0)
        .with("flows", known);

    let listening = (0..CLIENTS).map(|_| {
        let mut events = web.events(None)?;
        Ok(spawn(move || while events.next_event().is_ok() {}))
    });
    let listening = listening.collect::<Result<Vec<_>>>()?;
    let shares = shares_of_core(&daemon, asked)?;
    daemon.finish()?;
    // The daemon is gone, and so are the streams.
    listening.into_iter().for_each(|one| drop(one.join()));
    let listened = Figure::of("sse-20-clients", "% of core", shares).at_most(20.0);
    Ok(vec![page, listened.with("flows", known)])
}
