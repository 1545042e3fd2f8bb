//! What crossed the gateway is in the history on disk: every packet once, through restarts, kills, reloads and a full disk.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use cmflow::history::{Activity, Evidence, Outage};
use cmflow::store::Archive;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{conversation, datagrams, ends};
use rustix::process::Signal;
use xtask::lab::eventually;

fn database(instance: &str) -> PathBuf {
    PathBuf::from(format!("/var/lib/cmflow/{instance}.db"))
}

/// Has the daemon write what it knows, and reads all of it.
fn evidence(daemon: &Daemon) -> Result<Evidence> {
    cmflow::serve::ask(
        std::path::Path::new(&format!("/run/cmflow/{}.sock", daemon.instance())),
        &cmflow::serve::Question::Settle,
    )?;
    Ok(Archive::open(&database(daemon.instance()))?.evidence(None, None)?)
}

/// What a rule explained: by its verdicts' own counters, and by conversations.
fn used(evidence: &Evidence, rule: &str) -> (Activity, Activity) {
    let (mut counted, mut conversations) = (Activity::default(), Activity::default());
    for (index, verdict) in evidence.verdicts.iter().enumerate() {
        if verdict.info.rules.iter().all(|one| one != rule) {
            continue;
        }
        counted.add(&verdict.total);
        let of = evidence.conversations.iter();
        of.filter(|one| one.key.verdict as usize == index)
            .for_each(|one| conversations.add(&one.total));
    }
    (counted, conversations)
}

const PXE: &str = "client/distribution-point-pxe/binl";
const HTTPS: &str = "client/management-point/https";

#[test]
fn every_packet_is_in_the_history_once_whatever_becomes_of_the_daemon() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let plan = Plan::on(&BOTH);
    let mut daemon = office.run(&plan)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    let (client, server) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    let mut sent = 0;
    // The same flow goes on while daemons come and go.
    for (round, end) in [None, Some(Signal::KILL), Some(Signal::KILL), Some(Signal::TERM)]
        .into_iter()
        .enumerate()
    {
        datagrams(&office, from, to, 3, 10)?;
        conversation(&office, client, server)?;
        sent += 3;
        let found = eventually("the packets of the round", LIMIT, || {
            let found = evidence(&daemon)?;
            let (counted, conversations) = used(&found, PXE);
            ensure!(counted.packets == 2 * sent, "{counted:?} of {}", 2 * sent);
            ensure!(conversations.packets == 2 * sent, "{conversations:?}");
            let rounds = round as u64 + 1;
            let (counted, conversations) = used(&found, HTTPS);
            let flows = (counted.flows, conversations.proving);
            ensure!(flows == (rounds, rounds), "{flows:?}");
            ensure!(
                counted.packets == conversations.packets,
                "{counted:?} {conversations:?}"
            );
            Ok(found)
        })?;
        let (counted, conversations) = used(&found, PXE);
        let flows = (
            counted.flows,
            counted.proving,
            conversations.flows,
            conversations.answered,
        );
        assert_eq!(flows, (1, 1, 1, 1), "one flow, round {round}");
        // Clients are kept by prefix, servers by address.
        let https = found.conversations.iter().find(|one| one.key.port == 443);
        let https = https.expect("it was recorded");
        assert_eq!(
            (https.key.initiator.to_string(), https.key.responder.to_string()),
            ("10.10.0.0/24".to_owned(), "10.20.0.11/32".to_owned())
        );
        let kinds: Vec<_> = found.outages.iter().map(|one| one.kind.as_str()).collect();
        assert!(kinds.iter().all(|kind| *kind == Outage::KERNEL_ONLY), "{kinds:?}");
        let Some(signal) = end else { continue };
        if signal == Signal::KILL {
            // What is sent now, nobody reads before the next daemon does.
            let instance = daemon.instance().to_owned();
            daemon.kill()?;
            datagrams(&office, from, to, 2, 10)?;
            sent += 2;
            daemon = office.run(&Plan::on(&BOTH).named(&instance))?;
        } else {
            daemon.end(signal)?;
            // Everything is in the file when the daemon has ended.
            let left = Archive::open(&database(daemon.instance()))?.evidence(None, None)?;
            assert_eq!(used(&left, PXE).0.packets, 2 * sent);
        }
    }
    Ok(())
}

#[test]
fn unexplained_conversations_keep_their_addresses_and_status_tells_of_the_history() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH))?;
    let (from, to) = ends("10.10.0.6:40001", "10.20.0.11:5555")?;
    datagrams(&office, from, to, 3, 10)?;
    let (client, server) = ends("10.10.0.5:0", "10.20.0.11:443")?;
    conversation(&office, client, server)?;
    eventually("the conversation", LIMIT, || {
        let found = evidence(&daemon)?;
        let one = found.conversations.iter().find(|one| one.key.port == 5555);
        let one = one.ok_or_else(|| anyhow::anyhow!("not there yet"))?;
        ensure!(one.key.initiator.to_string() == "10.10.0.6/32", "{one:?}");
        ensure!(one.total.packets == 6, "{one:?}");
        Ok(())
    })?;
    let found = evidence(&daemon)?;
    let seen: Vec<_> = found
        .sightings
        .iter()
        .map(|one| (one.who.to_string(), one.interface.as_str(), one.here))
        .collect();
    assert!(
        seen.contains(&("10.10.0.0/24".to_owned(), "client", true)),
        "{seen:?}"
    );
    assert!(
        seen.contains(&("10.20.0.11/32".to_owned(), "client", false)),
        "{seen:?}"
    );
    let status = daemon.status()?;
    assert!(
        status.history.written.is_some() && status.history.bytes > 0,
        "{:?}",
        status.history
    );
    assert_eq!(status.history.problem, None);
    let generation = found.generations.last().expect("one judged");
    assert_eq!(generation.files[0].sha256, status.files[0].sha256);
    assert!(generation.files[0].text.contains("management-point"));
    daemon.finish()
}
