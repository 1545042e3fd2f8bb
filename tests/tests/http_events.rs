//! Events: each second, at once, again for whoever comes back, and nobody waits for those who do not read.

use std::io::Write as _;

use anyhow::{Result, ensure};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{datagrams, ends};
use cmflow_tests::web::Web;
use xtask::lab::eventually;

/// A conversation with a port of the distribution point that nothing explains.
fn stranger(office: &Office, port: u16) -> Result<()> {
    let (from, to) = ends("10.10.0.5:40001", &format!("10.20.0.12:{port}"))?;
    datagrams(office, from, to, 1, 10)
}

#[test]
fn ticks_come_each_second_and_news_at_once() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    let mut events = web.events(None)?;
    let first = events.next_of("tick")?;
    let second = events.next_of("tick")?;
    assert_eq!(
        second.data["snapshot"].as_u64(),
        first.data["snapshot"].as_u64().map(|one| one + 1)
    );
    assert!(
        first.data["rates"].is_null() && second.data["rates"].is_object(),
        "{second:?}"
    );
    stranger(&office, 4777)?;
    let news = events.next_of("news")?.data;
    assert_eq!(
        (&news["verdict"], &news["port"]),
        (&"undocumented".into(), &4777.into()),
        "{news}"
    );
    assert_eq!(
        (&news["initiator_roles"][0], &news["initiator_seen"]),
        (&"client".into(), &false.into()),
        "{news}"
    );
    let told = loop {
        let tick = events.next_of("tick")?.data;
        if tick["groups_matching"] == 1 && tick["edges"].as_array().is_some_and(|edges| !edges.is_empty()) {
            break tick;
        }
    };
    assert_eq!(told["groups"][0]["port"], 4777, "{told}");
    let edge = &told["edges"][0];
    assert_eq!(
        (&edge["from"][0], &edge["verdict"], &edge["flows"]),
        (&"client".into(), &"undocumented".into(), &1.into())
    );
    daemon.finish()
}

#[test]
fn whoever_comes_back_is_told_what_was_missed() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let mut daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    stranger(&office, 5000)?;
    eventually("the first news", LIMIT, || {
        ensure!(daemon.log().contains("udp/5000"), "not logged yet");
        Ok(())
    })?;
    // What happened before somebody came is in the tables that they ask for.
    let mut events = web.events(None)?;
    let heard = events.next_event()?;
    assert_eq!(heard.kind, "tick");
    drop(events);
    for port in 5001..5004 {
        stranger(&office, port)?;
    }
    eventually("all news", LIMIT, || {
        ensure!(daemon.log().contains("udp/5003"), "not logged yet");
        Ok(())
    })?;
    let mut back = web.events(Some(&heard.id))?;
    for port in 5001..5004 {
        let missed = back.next_event()?;
        assert_eq!(
            (missed.kind.as_str(), &missed.data["port"]),
            ("news", &port.into())
        );
    }
    // Nothing is kept of so many.
    let (run, _) = heard.id.split_once('.').unwrap_or_default();
    for (id, why) in [
        (format!("{run}.999999"), "more happened than is kept"),
        ("another.1".to_owned(), "started anew"),
        ("nonsense".to_owned(), "started anew"),
    ] {
        let reset = web.events(Some(&id))?.next_event()?;
        assert_eq!(reset.kind, "reset", "{id}");
        assert!(
            reset.data["why"].as_str().is_some_and(|said| said.contains(why)),
            "{reset:?}"
        );
    }
    // An open page hears that the daemon went.
    let mut open = web.events(None)?;
    daemon.end(rustix::process::Signal::TERM)?;
    let ended = loop {
        if let Err(error) = open.next_event() {
            break error;
        }
    };
    assert!(
        format!("{ended:#}").contains("ended") || format!("{ended:#}").contains("reset"),
        "{ended:#}"
    );
    Ok(())
}

#[test]
fn who_does_not_read_holds_up_nobody() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    let deaf: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = web.connect()?;
            let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", web.address);
            stream.write_all(request.as_bytes())?;
            // Questions whose answers nobody takes.
            let mut asks = web.connect()?;
            let request = format!("GET /openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n", web.address);
            asks.write_all(request.repeat(500).as_bytes())?;
            Ok([stream, asks])
        })
        .collect::<Result<_>>()?;
    let mut events = web.events(None)?;
    for port in 6000..6005 {
        stranger(&office, port)?;
        let news = events.next_of("news")?;
        assert_eq!(news.data["port"], port);
        let tick = events.next_of("tick")?.data;
        assert_eq!(tick["status"]["conservation"]["ok"], true, "{tick}");
    }
    assert_eq!(daemon.undocumented()?.undocumented.len(), 5);
    drop(deaf);
    daemon.finish()
}
