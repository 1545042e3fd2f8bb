//! WebDriver's side of HTTP: a JSON body there, a JSON body back, one connection a call.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::lab::Netns;

/// Starting a browser on a machine that is busy takes longest.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the driver is.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    address: SocketAddr,
    netns: Option<&'a Netns>,
}

impl<'a> Wire<'a> {
    pub(super) const fn here(address: SocketAddr) -> Self {
        Self { address, netns: None }
    }

    pub(super) const fn inside(netns: &'a Netns, address: SocketAddr) -> Self {
        Self {
            address,
            netns: Some(netns),
        }
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "")
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, &body.to_string())
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value> {
        self.call("DELETE", path, "")
    }

    /// The value of an answer; an error of the driver is one here.
    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let mut stream = match self.netns {
            None => TcpStream::connect(self.address)?,
            Some(netns) => netns.enter(|| TcpStream::connect(self.address))??,
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = None;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                bail!("{method} {path}: the driver closed the connection");
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        let mut answer = vec![0; length.context("the driver says how long its answer is")?];
        reader.read_exact(&mut answer)?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        let value = answer["value"].take();
        if let Some(error) = value.get("error").and_then(Value::as_str) {
            let message = value["message"].as_str().unwrap_or_default();
            let first = message.lines().next().unwrap_or_default();
            bail!("{method} {path}: {error}: {first}");
        }
        Ok(value)
    }
}
