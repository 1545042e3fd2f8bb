//! How cases write what computers say to each other, and the frames that a gateway between them sees.
//!
//! Steps stand between semicolons; the last one is the flow that is judged. A step is `WHO VERB WHOM SERVICE`, as in
//! `client > mp tcp/443`. Who asks has the port 40123, or what stands behind their name: `client@68`. Verbs:
//!
//! | verb | what is seen |
//! |---|---|
//! | `>` | they ask and are answered; TCP then goes on and ends |
//! | `>>` | as `>`; a datagram is asked again after the answer |
//! | `>.` | TCP: they ask, are answered, and say nothing any more |
//! | `?` | nobody answers |
//! | `!` | they are refused |
//! | `+` | TCP: the first frame is the SYN-ACK |
//! | `~` | a conversation long under way, who asks speaks first |
//! | `<~` | the same, who answers speaks first |
//! | `>\|` | only what the one who asks sends |
//! | `\|<` | only what the one who answers sends |
//! | `%` | a datagram in two fragments |
//! | `%<` | the same, the later one first |
//! | `%%` | a later fragment alone |
//! | `ah` | TCP behind an authentication header |
//!
//! Other steps: `early`, the capture has only begun; `at IF`, it was taken at that interface; `wait MINUTES`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cmflow::explain::{Question, Service};
use cmflow::site::SiteModel;
use cmflow_common::packet::protocol;
use xtask::capture::talk::{Ending, Talk, Transport};
use xtask::frames::{Frame, eth};

use super::sites;

/// The port of who asks.
const ASKING: u16 = 40_123;
/// Between two steps.
const PAUSE: Duration = Duration::from_millis(5);

/// What is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A frame, so long after the one before.
    Frame(Duration, Vec<u8>),
    /// Nothing, for so long.
    Nothing(Duration),
}

/// A case's conversation.
#[derive(Clone, Debug)]
pub struct Script {
    /// The interface that its capture was taken at.
    pub interface: Option<String>,
    /// Whether the capture began long before.
    pub long_before: bool,
    /// What is seen.
    pub seen: Vec<Seen>,
    /// The flow that is judged, as one asks of it; a fragment alone cannot be asked of.
    pub question: Option<Question>,
    /// Whether the judged flow was under way when it was first seen.
    pub under_way: bool,
    /// Its ends, and what it is opened to.
    pub judged: Step,
}

/// A step between two computers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who asks.
    pub from: SocketAddr,
    /// The verb.
    pub verb: String,
    /// Who is asked.
    pub to: IpAddr,
    /// What is asked for.
    pub service: Service,
}

impl Script {
    /// Reads one.
    ///
    /// # Errors
    /// Where it cannot be understood.
    pub fn read(text: &str, site: &SiteModel) -> Result<Self> {
        let (mut interface, mut long_before) = (None, true);
        let (mut seen, mut steps): (_, Vec<Step>) = (Vec::new(), Vec::new());
        for (number, step) in (1..).zip(text.split(';')) {
            let words: Vec<&str> = step.split_whitespace().collect();
            match words[..] {
                ["early"] => long_before = false,
                ["at", name] => interface = Some(name.to_owned()),
                ["wait", minutes] => {
                    seen.push(Seen::Nothing(Duration::from_secs(60) * minutes.parse::<u32>()?));
                    // What was announced is not waited for any more.
                    steps.clear();
                }
                [who, verb, whom, service] => {
                    let step = Step::read(site, who, verb, whom, service)?;
                    seen.extend(step.frames(number)?);
                    steps.push(step);
                }
                _ => bail!("\"{step}\" is no step"),
            }
        }
        let judged = steps.pop().context("a flow")?;
        let question = (judged.verb != "%%").then(|| Question {
            initiator: judged.from.ip(),
            responder: judged.to,
            service: judged.service,
            after: steps.iter().rev().find_map(|step| step.announces(&judged)),
        });
        Ok(Self {
            interface,
            long_before,
            seen,
            question,
            under_way: ["~", "<~", "|<"].contains(&&*judged.verb),
            judged,
        })
    }
}

impl Step {
    fn read(site: &SiteModel, who: &str, verb: &str, whom: &str, service: &str) -> Result<Self> {
        let (who, port) = match who.split_once('@') {
            Some((who, port)) => (who, port.parse()?),
            None => (who, ASKING),
        };
        Ok(Self {
            from: SocketAddr::new(sites::address(site, who)?, port),
            verb: verb.to_owned(),
            to: sites::address(site, whom)?,
            service: service.parse().map_err(anyhow::Error::msg)?,
        })
    }

    /// What somebody who asks of `next` says went before it: whatever may have announced it.
    fn announces(&self, next: &Self) -> Option<Service> {
        let udp = self.service.protocol == protocol::UDP;
        let (same, turned) = (
            (self.from.ip(), self.to) == (next.from.ip(), next.to),
            (self.to, self.from.ip()) == (next.from.ip(), next.to),
        );
        let announces = match self.service.port {
            135 => same && self.verb == if udp { ">>" } else { ">" },
            69 => turned && udp,
            _ => false,
        };
        announces.then_some(self.service)
    }

    fn frames(&self, number: u32) -> Result<Vec<Seen>> {
        let frames = self.bytes(number)?;
        let mut pause = PAUSE;
        let timed = frames.into_iter().map(|(after, bytes)| {
            let after = after.max(std::mem::take(&mut pause));
            Seen::Frame(after, bytes)
        });
        Ok(timed.collect())
    }

    /// Frames, each so long after the one before.
    fn bytes(&self, number: u32) -> Result<Vec<(Duration, Vec<u8>)>> {
        let transport = match self.service.protocol {
            protocol::TCP => Transport::Tcp,
            protocol::UDP => Transport::Udp,
            protocol::ICMP => Transport::Echo,
            _ => return Ok(at_once([self.hidden()])),
        };
        let mut talk = Talk::new(transport, self.from, self.responder(), number);
        talk.ending = match &*self.verb {
            "?" => Ending::Silence,
            "!" => Ending::Refused,
            _ => Ending::Answered,
        };
        let whole: Vec<_> = talk
            .frames()
            .into_iter()
            .map(|one| (one.after, one.bytes))
            .collect();
        let from = |end: IpAddr, frame: &[u8]| match end {
            IpAddr::V4(address) => frame[26..30] == address.octets(),
            IpAddr::V6(address) => frame[22..38] == address.octets(),
        };
        let half = |end: IpAddr| {
            whole
                .iter()
                .filter(|(_, frame)| from(end, frame))
                .cloned()
                .collect()
        };
        let [asks, answers] = [false, true].map(|answers| self.speaks(answers));
        Ok(match &*self.verb {
            ">" | "?" | "!" => whole,
            ">>" if transport == Transport::Udp => whole.iter().chain(&whole[..1]).cloned().collect(),
            ">." => whole[..6].to_vec(),
            "+" => whole[1..].to_vec(),
            "~" => at_once([asks, answers]),
            "<~" => at_once([answers, asks]),
            ">|" => half(self.from.ip()),
            "|<" => half(self.to),
            "%" => at_once([self.fragment(true), self.fragment(false)]),
            "%<" => at_once([self.fragment(false), self.fragment(true), self.fragment(false)]),
            "%%" => at_once([self.fragment(false)]),
            "ah" => at_once([self.segment(ip(self.from.ip(), self.to).authentication(1)).syn()]),
            other => bail!("\"{other}\" is no verb"),
        })
    }

    const fn responder(&self) -> SocketAddr {
        SocketAddr::new(self.to, self.service.port)
    }

    fn segment(&self, behind: Frame) -> Frame {
        behind.tcp(self.from.port(), self.service.port)
    }

    /// One packet in the middle of a conversation.
    fn speaks(&self, answers: bool) -> Frame {
        let (from, to) = if answers {
            (self.responder(), self.from)
        } else {
            (self.from, self.responder())
        };
        let packet = ip(from.ip(), to.ip());
        let packet = if self.service.protocol == protocol::UDP {
            packet.udp(from.port(), to.port())
        } else {
            packet.tcp(from.port(), to.port()).ack()
        };
        packet.payload(100)
    }

    /// A first fragment, or a later one, of a packet.
    fn fragment(&self, first: bool) -> Frame {
        let packet = ip(self.from.ip(), self.to);
        let offset = if first { 0 } else { 9 };
        let packet = if self.to.is_ipv6() {
            packet.fragment_header(offset, first)
        } else {
            packet.fragment(offset, first)
        };
        match (first, self.service.protocol) {
            (true, protocol::UDP) => packet.udp(self.from.port(), self.service.port).payload(64),
            (true, _) => self.segment(packet).syn().payload(52),
            (false, number) => packet.protocol(number).payload(64),
        }
    }

    /// A packet whose protocol has no ports.
    fn hidden(&self) -> Frame {
        let packet = ip(self.from.ip(), self.to);
        match self.service.protocol {
            50 => packet.esp(),
            47 => packet.gre().ipv4("192.168.0.1", "192.168.0.2").tcp(1, 2).syn(),
            4 => packet.ipv4("192.168.0.1", "192.168.0.2").tcp(1, 2).syn(),
            41 => packet.ipv6("fd99::1", "fd99::2").tcp(1, 2).syn(),
            number => packet.protocol(number).payload(40),
        }
    }
}

fn ip(from: IpAddr, to: IpAddr) -> Frame {
    let [from_text, to_text] = [from, to].map(|end| end.to_string());
    if from.is_ipv6() {
        eth().ipv6(&from_text, &to_text)
    } else {
        eth().ipv4(&from_text, &to_text)
    }
}

fn at_once<const N: usize>(frames: [Frame; N]) -> Vec<(Duration, Vec<u8>)> {
    let built = frames.into_iter().map(|frame| (Duration::ZERO, frame.build()));
    built.collect()
}
