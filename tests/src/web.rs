//! The daemon's HTTP, spoken by hand over a socket inside its namespace: what is sent is what the test says.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask::lab::{Netns, eventually};

use crate::gateway_daemon::{Daemon, LIMIT};

/// Where a daemon serves HTTP.
#[derive(Debug)]
pub struct Web<'a> {
    netns: &'a Netns,
    /// Its address.
    pub address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: HashMap<String, String>,
    /// What it holds.
    pub body: String,
}

impl Response {
    /// The body as JSON.
    ///
    /// # Errors
    /// Where it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("{self:?}"))
    }

    /// A header; empty where it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl<'a> Web<'a> {
    /// Finds out where a daemon listens that was started with `--listen 127.0.0.1:0` or the like.
    ///
    /// # Errors
    /// Where it does not say so.
    pub fn of(netns: &'a Netns, daemon: &Daemon) -> Result<Self> {
        let address = eventually("the address of the dashboard", LIMIT, || {
            let log = daemon.log();
            let said = log.lines().find_map(|line| line.split_once("dashboard: http"));
            let (_, url) = said.with_context(|| log.clone())?;
            let address = url
                .trim_start_matches('s')
                .trim_start_matches("://")
                .trim_end_matches('/');
            address.parse::<SocketAddr>().map_err(anyhow::Error::from)
        })?;
        Ok(Self { netns, address })
    }

    /// A connection. Reading from it fails after a minute.
    ///
    /// # Errors
    /// Where it is not taken.
    pub fn connect(&self) -> Result<TcpStream> {
        let any = SocketAddr::new(self.address.ip(), 0);
        let stream = self.netns.tcp_connect(any, self.address)?;
        stream.set_read_timeout(Some(2 * LIMIT))?;
        Ok(stream)
    }

    /// Sends these bytes on a connection of its own and reads until it is closed.
    ///
    /// # Errors
    /// Where no response comes.
    pub fn raw(&self, request: &[u8]) -> Result<Response> {
        let mut stream = self.connect()?;
        // Whoever is refused early may find the connection closed while it still sends.
        let sent = stream.write_all(request);
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        ensure!(!answer.is_empty(), "no response: {sent:?} {read:?}");
        parse(&String::from_utf8_lossy(&answer))
    }

    /// A request with these headers and that body.
    ///
    /// # Errors
    /// As [`Web::raw`].
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Response> {
        let host = ("Host", self.address.to_string());
        let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !named {
            request += &format!("{}: {}\r\n", host.0, host.1);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        self.raw(format!("{request}\r\n{body}").as_bytes())
    }

    /// GET.
    ///
    /// # Errors
    /// As [`Web::raw`].
    pub fn get(&self, path: &str) -> Result<Response> {
        self.request("GET", path, &[], "")
    }

    /// The JSON that is at a path.
    ///
    /// # Errors
    /// Where it is refused.
    pub fn json(&self, path: &str) -> Result<Value> {
        let response = self.get(path)?;
        ensure!(response.status == 200, "{path}: {response:?}");
        response.json()
    }

    /// Listens to events, after the one with that id.
    ///
    /// # Errors
    /// Where it is refused.
    pub fn events(&self, last: Option<&str>) -> Result<Events> {
        let mut stream = self.connect()?;
        let after = last
            .map(|id| format!("Last-Event-ID: {id}\r\n"))
            .unwrap_or_default();
        let request = format!(
            "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n{after}\r\n",
            self.address
        );
        stream.write_all(request.as_bytes())?;
        let mut reader = BufReader::new(stream);
        let mut status = String::new();
        reader.read_line(&mut status)?;
        ensure!(status.starts_with("HTTP/1.1 200"), "{status}");
        Ok(Events { reader })
    }
}

/// An open stream of events.
#[derive(Debug)]
pub struct Events {
    reader: BufReader<TcpStream>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// `tick`, `news`, `reset`.
    pub kind: String,
    /// What it holds.
    pub data: Value,
}

impl Events {
    /// The next event.
    ///
    /// # Errors
    /// Where the stream ends.
    pub fn next_event(&mut self) -> Result<Event> {
        let (mut id, mut kind) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            ensure!(
                self.reader.read_line(&mut line)? > 0,
                "the stream of events ended"
            );
            // Sizes of chunks and ends of lines stand between; no event begins like them.
            let line = line.trim_end();
            if let Some(value) = line.strip_prefix("id: ") {
                value.clone_into(&mut id);
            } else if let Some(value) = line.strip_prefix("event: ") {
                value.clone_into(&mut kind);
            } else if let Some(value) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(value)?;
                return Ok(Event { id, kind, data });
            }
        }
    }

    /// The next event of a kind.
    ///
    /// # Errors
    /// Where the stream ends before.
    pub fn next_of(&mut self, kind: &str) -> Result<Event> {
        loop {
            let event = self.next_event()?;
            if event.kind == kind {
                return Ok(event);
            }
        }
    }
}

fn parse(answer: &str) -> Result<Response> {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .with_context(|| format!("no head: {answer:?}"))?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Ok(Response {
        status: status.with_context(|| format!("no status: {head:?}"))?,
        headers: headers.collect(),
        body: body.to_owned(),
    })
}
