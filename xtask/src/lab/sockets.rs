//! Ordinary sockets inside a namespace.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, Socket, Type};

use super::{FrameSocket, Netns, Service};

/// How long the sockets of a lab wait for the other end.
pub(super) const LIMIT: Duration = Duration::from_secs(3);

impl Netns {
    /// Listens for TCP connections on an address inside.
    pub fn tcp_listen(&self, address: SocketAddr) -> Result<TcpListener> {
        self.enter(|| -> Result<TcpListener> {
            let socket = open(address, Type::STREAM, Protocol::TCP)?;
            socket.bind(&address.into())?;
            socket.listen(128)?;
            Ok(socket.into())
        })?
        .with_context(|| format!("listening on TCP {address}"))
    }

    /// Connects from an address of the namespace, with a port of its own or any (0). Reads and writes
    /// on the connection end after three seconds.
    pub fn tcp_connect(&self, from: SocketAddr, to: SocketAddr) -> Result<TcpStream> {
        self.enter(|| -> Result<TcpStream> {
            let socket = open(from, Type::STREAM, Protocol::TCP)?;
            socket.bind(&from.into())?;
            socket.connect_timeout(&to.into(), LIMIT)?;
            socket.set_tcp_nodelay(true)?;
            Ok(socket.into())
        })?
        .with_context(|| format!("connecting from {from} to TCP {to}"))
    }

    /// A UDP socket on an address inside; it may send to broadcast addresses, and receiving ends after
    /// three seconds.
    pub fn udp(&self, address: SocketAddr) -> Result<UdpSocket> {
        self.enter(|| -> Result<UdpSocket> {
            let socket = open(address, Type::DGRAM, Protocol::UDP)?;
            socket.set_broadcast(true)?;
            socket.bind(&address.into())?;
            Ok(socket.into())
        })?
        .with_context(|| format!("opening UDP {address}"))
    }

    /// A socket that sends and receives whole Ethernet frames on an interface.
    pub fn frames(&self, interface: &str) -> Result<FrameSocket> {
        self.enter(|| FrameSocket::open(interface))?
            .with_context(|| format!("opening a socket for frames on {interface}"))
    }

    /// Serves TCP on an address inside: every connection gets back what it sent.
    pub fn echo_tcp(&self, address: SocketAddr) -> Result<Service> {
        Service::tcp(self.tcp_listen(address)?)
    }

    /// Serves UDP on an address inside: every datagram goes back to its sender.
    pub fn echo_udp(&self, address: SocketAddr) -> Result<Service> {
        Service::udp(self.udp(address)?)
    }

    /// Takes datagrams at this address and answers none.
    pub fn silent_udp(&self, address: SocketAddr) -> Result<Service> {
        Service::silent(self.udp(address)?)
    }

    /// Whether something inside accepts TCP connections on an address of the namespace. The question
    /// itself never leaves the namespace.
    pub fn accepts_tcp(&self, address: SocketAddr) -> bool {
        let any = SocketAddr::new(address.ip(), 0);
        self.tcp_connect(any, address).is_ok()
    }

    /// Whether something inside has opened that UDP port.
    pub fn has_udp_port(&self, port: u16) -> bool {
        let tables = || {
            let read = |name: &str| {
                std::fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default()
            };
            read("udp") + &read("udp6")
        };
        self.enter(tables)
            .is_ok_and(|tables| tables.lines().any(|line| local_port(line) == Some(port)))
    }
}

/// Port of the local end in a line of /proc/net/udp: `  0: 0E14140A:0045 00000000:0000 …`.
fn local_port(line: &str) -> Option<u16> {
    let (_, port) = line.split_whitespace().nth(1)?.rsplit_once(':')?;
    u16::from_str_radix(port, 16).ok()
}

fn open(local: SocketAddr, kind: Type, protocol: Protocol) -> Result<Socket> {
    let socket = Socket::new(Domain::for_address(local), kind, Some(protocol))?;
    socket.set_reuse_address(true)?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_read_timeout(Some(LIMIT))?;
    socket.set_write_timeout(Some(LIMIT))?;
    Ok(socket)
}

/// An address with any free port.
pub fn any_port(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 0)
}

#[cfg(test)]
mod tests {
    use super::local_port;

    #[test]
    fn finds_the_local_port() {
        assert_eq!(
            local_port("  12: 0E14140A:0045 00000000:0000 07 00000000:00000000 00"),
            Some(69)
        );
        assert_eq!(local_port("  sl  local_address rem_address   st tx_queue"), None);
    }
}
