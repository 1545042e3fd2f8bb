//! A hundred thousand conversations through an office's gateway, by the frames of both ends: for what is measured with
//! many flows.

use std::net::Ipv4Addr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use xtask::frames::{Frame, eth};
use xtask::lab::{FrameSocket, Tier, eventually};

use crate::gateway_daemon::{Daemon, LIMIT};
use crate::office::Office;

/// The office with clients in a network that is large enough.
pub const SITE: &str = r#"
edition = "current"
companions = []
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
management-point = ["10.20.0.11"]
"#;

const SERVER: &str = "10.20.0.11";

/// Who opens a flow, and from which port: 50 ports at each of as many clients as it takes.
fn end(flow: u32) -> (String, u16) {
    let near = Ipv4Addr::new(10, 10, 0, 0).to_bits();
    let address = Ipv4Addr::from_bits(near + 2 + flow / 50).to_string();
    (address, 50_000 + (flow % 50) as u16)
}

fn said(flow: u32) -> Frame {
    let (address, port) = end(flow);
    eth().ipv4(&address, SERVER).tcp(port, 443).ack().payload(8)
}

fn clients(office: &Office) -> Result<FrameSocket> {
    office.lab.tier("client").netns().frames(Tier::INTERFACE)
}

/// Opens that many HTTPS conversations through the gateway and says how many the daemon knows.
///
/// # Errors
/// Where it never knows nearly all of them.
pub fn gather(office: &Office, daemon: &Daemon, count: u32) -> Result<usize> {
    let client = clients(office)?;
    let server = office.lab.tier("site").netns().frames(Tier::INTERFACE)?;
    for flow in 0..count {
        let (address, port) = end(flow);
        let opens = eth().ipv4(&address, SERVER).tcp(port, 443).syn();
        let answers = eth().ipv4(SERVER, &address).tcp(443, port).syn().ack();
        client.send(&opens.build())?;
        server.send(&answers.build())?;
        client.send(&said(flow).build())?;
    }
    eventually("all flows in the table", LIMIT, || {
        let status = daemon.status()?;
        let entries = status.flow_table.entries;
        ensure!(
            entries as f64 > f64::from(count) * 0.98,
            "{entries} of {count} flows"
        );
        Ok(entries as usize)
    })
}

/// Says something once in each of these conversations, by their numbers.
///
/// # Errors
/// Where a frame cannot be sent.
pub fn speak(office: &Office, mut flows: Range<u32>) -> Result<()> {
    let client = clients(office)?;
    flows.try_for_each(|flow| client.send(&said(flow).build()))
}

/// Conversations that are spoken in, one after the other, until this is dropped.
#[derive(Debug)]
pub struct Murmur {
    over: Arc<AtomicBool>,
    speaks: Option<JoinHandle<Result<()>>>,
}

impl Murmur {
    /// Speaks in these conversations, about a thousand times a second, in turn.
    ///
    /// # Errors
    /// Where the clients' interface cannot be written to.
    pub fn begin(office: &Office, count: u32) -> Result<Self> {
        const AT_ONCE: usize = 20;
        const BETWEEN: Duration = Duration::from_millis(20);
        let client = clients(office)?;
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let speaks = spawn(move || {
            let mut turn = (0..count).cycle();
            while !until.load(Ordering::Relaxed) {
                for flow in turn.by_ref().take(AT_ONCE) {
                    client.send(&said(flow).build())?;
                }
                sleep(BETWEEN);
            }
            Ok(())
        });
        Ok(Self {
            over,
            speaks: Some(speaks),
        })
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where a frame could not be sent.
    pub fn end(mut self) -> Result<()> {
        self.stop()
    }

    fn stop(&mut self) -> Result<()> {
        self.over.store(true, Ordering::Relaxed);
        match self.speaks.take() {
            Some(speaks) => speaks.join().map_err(|_| anyhow!("whoever speaks panicked"))?,
            None => Ok(()),
        }
    }
}

impl Drop for Murmur {
    fn drop(&mut self) {
        // The namespaces end next, and with them what it speaks over.
        let _ = self.stop();
    }
}
