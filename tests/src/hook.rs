//! A web server of plain sockets that alerts are posted to: it answers as it is told, or never.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask::lab::Netns;

use crate::gateway_daemon::LIMIT;

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It answers with this status.
    Status(u16),
    /// It reads, and never answers.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Method and path.
    pub line: String,
    /// Headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// What was posted.
    pub body: Value,
}

impl Posted {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The letter's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.body["number"].as_u64().unwrap_or_default()
    }

    /// Ports of the groups that it tells of.
    #[must_use]
    pub fn ports(&self) -> Vec<u64> {
        let groups = self.body["groups"].as_array().into_iter().flatten();
        groups.filter_map(|group| group["port"].as_u64()).collect()
    }
}

/// The server.
#[derive(Debug)]
pub struct Hook {
    address: SocketAddr,
    posted: Receiver<Posted>,
}

impl Hook {
    /// Listens in a namespace. Answers the first requests so, and all others like the last one.
    ///
    /// # Errors
    /// Where it cannot listen.
    pub fn open(netns: &Netns, answers: &[Answer]) -> Result<Self> {
        // It waits for its next client for as long as the test takes.
        let listener = netns.enter(|| TcpListener::bind("127.0.0.1:0"))??;
        let address = listener.local_addr()?;
        let (sender, posted) = mpsc::channel();
        let mut answers = answers.to_vec();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = if answers.len() > 1 {
                    answers.remove(0)
                } else {
                    answers[0]
                };
                match talk(stream, answer, &sender) {
                    Ok(stream) if answer == Answer::Silence => silent.push(stream),
                    Ok(_) => {}
                    // Whoever opened the server waits no more.
                    Err(_) => return,
                }
            }
        });
        Ok(Self { address, posted })
    }

    /// Its address for the site file.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook?channel=7", self.address)
    }

    /// The next request.
    ///
    /// # Errors
    /// Where none comes.
    pub fn next(&self) -> Result<Posted> {
        self.posted.recv_timeout(LIMIT).context("nothing was posted")
    }
}

fn talk(stream: TcpStream, answer: Answer, sender: &Sender<Posted>) -> Result<TcpStream> {
    stream.set_read_timeout(Some(LIMIT))?;
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        ensure!(reader.read_line(&mut line)? > 0, "half a request");
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<_> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.context("a request without a length")?.1.parse()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut stream = reader.into_inner();
    // Answered before it is told: whoever hears of it may end the daemon.
    if let Answer::Status(status) = answer {
        write!(
            stream,
            "HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )?;
    }
    sender.send(Posted {
        line: lines[0].clone(),
        headers,
        body: serde_json::from_slice(&body)?,
    })?;
    Ok(stream)
}
