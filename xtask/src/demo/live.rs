//! The table that is shown while the demo runs.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::answers::{End, Flow, unexplained};
use super::daemon::Client;
use super::place;

const ROWS: usize = 14;

/// How long an answer may be missing where the daemon is killed again and again.
const PATIENCE: Duration = Duration::from_secs(10);
/// When it is asked again.
const AGAIN: Duration = Duration::from_millis(100);

/// Redraws in place on a terminal; elsewhere it prints every few seconds.
pub(super) struct Live {
    in_place: bool,
    drawn_lines: usize,
    next: Instant,
    started: Instant,
    patience: Duration,
    answered: Instant,
}

impl Live {
    /// `being_killed` is a daemon that is often just being started: it is asked again.
    pub(super) fn new(being_killed: bool) -> Self {
        let now = Instant::now();
        let in_place = io::stdout().is_terminal();
        Self {
            in_place,
            drawn_lines: 0,
            next: now + Duration::from_secs(1),
            started: now,
            patience: if being_killed { PATIENCE } else { Duration::ZERO },
            answered: now,
        }
    }

    /// Draws where it is time to.
    pub(super) fn tick(&mut self, client: &Client) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + Duration::from_secs(if self.in_place { 1 } else { 5 });
        let text = match picture(client, self.started.elapsed()) {
            Ok(text) => {
                self.answered = Instant::now();
                text
            }
            Err(_) if self.answered.elapsed() < self.patience => {
                self.next = Instant::now() + AGAIN;
                return;
            }
            Err(_) if !self.patience.is_zero() => {
                "no daemon answers yet; the kernel counts alone\n".to_owned()
            }
            Err(error) => format!("cmflow does not answer: {error:#}\n"),
        };
        // A line that wraps would be two, and the way up would be too short.
        let text = if self.in_place {
            narrow(&text, terminal_columns())
        } else {
            text
        };
        let mut out = io::stdout().lock();
        if self.in_place && self.drawn_lines > 0 {
            // Up to where the last table began, and clear from there on.
            let _ = write!(out, "\x1b[{}A\x1b[J", self.drawn_lines);
        }
        self.drawn_lines = text.lines().count();
        let _ = writeln!(out, "{}", text.trim_end());
        let _ = out.flush();
    }
}

fn terminal_columns() -> usize {
    rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col))
}

/// Cuts each line to the width; 0 is a terminal that does not tell.
fn narrow(text: &str, columns: usize) -> String {
    let columns = if columns == 0 { 80 } else { columns };
    text.lines()
        .map(|line| line.chars().take(columns).chain(['\n']).collect::<String>())
        .collect()
}

fn picture(client: &Client, elapsed: Duration) -> anyhow::Result<String> {
    let (status, flows) = (client.status()?, client.flows()?);
    let unexplained = flows.iter().filter(|flow| unexplained(&flow.verdict)).count();
    let mut text = format!(
        "--- {:>2} s  {} frames, {} flows, {unexplained} of them unexplained; counted at ingress, before any firewall\n\
         {:<13} {:<22} {:<30} {:<10} {:>7}  rule\n",
        elapsed.as_secs(),
        status.frames,
        flows.len(),
        "verdict",
        "from",
        "to",
        "state",
        "packets"
    );
    for flow in latest(flows) {
        let to = format!("{}/{}", end(&flow.responder), flow.protocol);
        let _ = writeln!(
            text,
            "{:<13} {:<22} {to:<30} {:<10} {:>7}  {}",
            flow.verdict,
            name(flow.initiator.address),
            flow.state,
            flow.packets(),
            flow.rules.first().map_or("-", String::as_str)
        );
    }
    Ok(text)
}

/// The rows worth showing: what was seen last, and the unexplained first among them.
fn latest(mut flows: Vec<Flow>) -> Vec<Flow> {
    flows.sort_by(|one, other| other.last_seen.cmp(&one.last_seen));
    // Many flows of one kind, such as downloads, take one row.
    let mut shown: Vec<Flow> = Vec::new();
    for flow in flows {
        let alike = |row: &Flow| {
            (
                &row.protocol,
                row.initiator.address,
                row.responder.address,
                row.responder.port,
            ) == (
                &flow.protocol,
                flow.initiator.address,
                flow.responder.address,
                flow.responder.port,
            )
        };
        if !shown.iter().any(alike) {
            shown.push(flow);
        }
    }
    shown.sort_by_key(|flow| !unexplained(&flow.verdict));
    shown.truncate(ROWS);
    shown
}

fn end(end: &End) -> String {
    match end.port {
        Some(port) => format!("{} {port}", name(end.address)),
        None => name(end.address),
    }
}

/// What the demo calls a computer; the address of one that it does not know.
pub(super) fn name(address: IpAddr) -> String {
    let Some(place) = place::at(address) else {
        return address.to_string();
    };
    if address.is_ipv6() {
        format!("{} (IPv6)", place.name)
    } else {
        place.name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::narrow;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        assert_eq!(narrow("abcdef\nab\n", 4), "abcd\nab\n");
        assert_eq!(narrow(&"x".repeat(100), 0).len(), 81);
    }
}
