//! A datagram to syslog (RFC 5424, and RFC 5426 over UDP).

use std::net::{ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;

use super::channel::Failure;
use super::letter::{Kind, Message};
use super::options::Syslog;

/// Every receiver should take a message of this length (RFC 5424, section 6.1).
const LONGEST: usize = 2048;

/// Facility "system daemons".
const DAEMON: u8 = 3;
const WARNING: u8 = 4;
const NOTICE: u8 = 5;

/// Sends a letter.
pub(super) fn send(target: &Syslog, message: &Message<'_>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::passing(format!("{target}: {error}"));
    let text = line(message);
    match target {
        Syslog::Local(path) => {
            let socket = UnixDatagram::unbound().map_err(failed)?;
            socket.set_nonblocking(true).map_err(failed)?;
            socket.send_to(text.as_bytes(), path).map(drop).map_err(failed)
        }
        Syslog::Udp(host) => {
            let address = host.to_socket_addrs().map_err(failed)?.next();
            let address =
                address.ok_or_else(|| Failure::passing(format!("{target}: the name has no address")))?;
            let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(own).map_err(failed)?;
            socket.set_nonblocking(true).map_err(failed)?;
            socket.send_to(text.as_bytes(), address).map(drop).map_err(failed)
        }
    }
}

/// The message, cut where it would be too long.
fn line(message: &Message<'_>) -> String {
    let letter = message.letter;
    let severity = if letter.kind == Kind::Alert {
        WARNING
    } else {
        NOTICE
    };
    let host = match message.host {
        "" => "-",
        host => host,
    };
    let mut line = format!(
        "<{}>1 {} {host} cmflow {} {} - {}",
        DAEMON * 8 + severity,
        letter.at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        std::process::id(),
        letter.kind.name(),
        message.text
    );
    if line.len() > LONGEST {
        let end = line.floor_char_boundary(LONGEST - '…'.len_utf8());
        line.truncate(end);
        line.push('…');
    }
    line
}
