//! Conversations with real sockets whose packets can be counted beforehand.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use xtask::lab::eventually;

use crate::gateway_daemon::LIMIT;
use crate::office::Office;

/// Bytes of an Ethernet header.
pub const ETHERNET: u64 = 14;

/// Bytes of an IP header of the address's family.
#[must_use]
pub fn ip_header(address: SocketAddr) -> u64 {
    if address.is_ipv4() { 20 } else { 40 }
}

/// Bytes of a frame that carries a datagram with so many bytes of payload.
#[must_use]
pub fn datagram_frame(address: SocketAddr, payload: usize) -> u64 {
    ETHERNET + ip_header(address) + 8 + payload as u64
}

/// Two ends as text, as sockets take them.
///
/// # Errors
/// Where one is no address with a port.
pub fn ends(from: &str, to: &str) -> Result<(SocketAddr, SocketAddr)> {
    Ok((from.parse()?, to.parse()?))
}

/// Datagrams of that size to an echo server, each answered before the next is sent.
///
/// # Errors
/// Where an answer does not come.
pub fn datagrams(
    office: &Office,
    from: SocketAddr,
    to: SocketAddr,
    count: u64,
    payload: usize,
) -> Result<()> {
    translated_datagrams(office, from, [to, to], count, payload)
}

/// The same where the client asks the first address and a translator on the way leads it to the second.
///
/// # Errors
/// Where an answer does not come.
pub fn translated_datagrams(
    office: &Office,
    from: SocketAddr,
    [asked, to]: [SocketAddr; 2],
    count: u64,
    payload: usize,
) -> Result<()> {
    let _server = office.of(to)?.echo_udp(to)?;
    let socket = office.of(from)?.udp(from)?;
    let sent = vec![7; payload];
    let mut answer = vec![0; payload + 1];
    for number in 0..count {
        socket.send_to(&sent, asked)?;
        let (length, peer) = socket
            .recv_from(&mut answer)
            .with_context(|| format!("answer {number}"))?;
        ensure!(
            (length, peer) == (payload, asked),
            "{length} bytes from {peer} answer {payload} to {asked}"
        );
    }
    Ok(())
}

/// A TCP conversation: asks, reads the echo, closes, and waits for the other end to close. What the client's
/// socket says of it.
///
/// # Errors
/// Where the other end does not echo.
pub fn conversation(office: &Office, from: SocketAddr, to: SocketAddr) -> Result<Segments> {
    translated_conversation(office, from, to, to)
}

/// The same where the client asks `asked` and a translator on the way leads it to `to`.
///
/// # Errors
/// Where the other end does not echo.
pub fn translated_conversation(
    office: &Office,
    from: SocketAddr,
    asked: SocketAddr,
    to: SocketAddr,
) -> Result<Segments> {
    // A process that another test is just starting may hold the last listener of this port until it runs.
    let server = eventually("a free port", LIMIT, || office.of(to)?.tcp_listen(to))?;
    let mut connection = office.of(from)?.tcp_connect(from, asked)?;
    let (mut served, _) = server.accept()?;
    let mut heard = [0; 8];
    connection.write_all(b"question")?;
    served.read_exact(&mut heard)?;
    served.write_all(b"answered")?;
    connection.read_exact(&mut heard)?;
    connection.shutdown(Shutdown::Write)?;
    ensure!(
        served.read(&mut heard)? == 0,
        "the client closes after its question"
    );
    drop(served);
    ensure!(
        connection.read(&mut heard)? == 0,
        "the server closes after its answer"
    );
    Segments::of(&connection)
}

/// Asks for TCP connections to somebody who listens, and checks that there are none. Each takes as long as a client
/// waits, so all wait at once.
///
/// # Errors
/// Where there is one.
pub fn refused<'a>(office: &Office, tries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<()> {
    let tries: Vec<_> = tries.into_iter().collect();
    let asked: BTreeSet<SocketAddr> = tries.iter().map(|(_, to)| to.parse()).collect::<Result<_, _>>()?;
    let listening = asked.into_iter().map(|to| office.of(to)?.echo_tcp(to));
    let _servers = listening.collect::<Result<Vec<_>>>()?;
    thread::scope(|scope| {
        let tries: Vec<_> = tries
            .iter()
            .map(|(from, to)| scope.spawn(move || is_refused(office, from, to)))
            .collect();
        tries
            .into_iter()
            .try_for_each(|one| one.join().expect("it returns its errors"))
    })
}

fn is_refused(office: &Office, from: &str, to: &str) -> Result<()> {
    let (asks, asked) = ends(from, to)?;
    let connection = office.of(asks)?.tcp_connect(asks, asked);
    ensure!(connection.is_err(), "{from} reached {to}");
    Ok(())
}

/// What a TCP socket says that it sent and received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Segments sent, handshake and end among them.
    pub sent: u64,
    /// Segments received.
    pub received: u64,
    /// How many of those sent were sent again.
    pub again: u64,
}

impl Segments {
    /// Reads them.
    ///
    /// # Errors
    /// Where the kernel does not tell.
    pub fn of(connection: &TcpStream) -> Result<Self> {
        // Offsets of `struct tcp_info` in linux/tcp.h.
        const TOTAL_RETRANS: usize = 100;
        const SEGS_OUT: usize = 136;
        const SEGS_IN: usize = 140;
        let mut info = [0_u8; 256];
        let mut length = libc::socklen_t::try_from(info.len())?;
        // SAFETY: a buffer to write into, and its length.
        let done = unsafe {
            libc::getsockopt(
                connection.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                info.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        ensure!(done == 0, "TCP_INFO: {}", std::io::Error::last_os_error());
        let number = |offset: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&info[offset..offset + 4]);
            u64::from(u32::from_ne_bytes(bytes))
        };
        Ok(Self {
            sent: number(SEGS_OUT),
            received: number(SEGS_IN),
            again: number(TOTAL_RETRANS),
        })
    }
}

/// Bytes on the wire of that many segments of one end: the first with the options of a handshake, the others
/// with a time stamp (RFC 7323), and all of them together with so much payload.
#[must_use]
pub fn segment_frames(address: SocketAddr, segments: u64, payload: u64) -> u64 {
    const HANDSHAKE: u64 = 40;
    const OTHERS: u64 = 32;
    segments * (ETHERNET + ip_header(address) + OTHERS) + (HANDSHAKE - OTHERS) + payload
}

/// Sends so many bytes from one end to the other over TCP and compares what arrives. What the sender's socket
/// says of it.
///
/// # Errors
/// Where something else arrives than was sent.
pub fn transfer(office: &Office, from: SocketAddr, to: SocketAddr, bytes: usize) -> Result<Segments> {
    let server = office.of(to)?.tcp_listen(to)?;
    let mut connection = office.of(from)?.tcp_connect(from, to)?;
    connection.set_write_timeout(Some(Duration::from_secs(30)))?;
    let (mut served, _) = server.accept()?;
    served.set_read_timeout(Some(Duration::from_secs(30)))?;
    // No byte at a place says which place it is: a lost, doubled or swapped piece shows.
    let sent: Vec<u8> = (0..bytes)
        .map(|place| (place.wrapping_mul(0x9e37_79b9) >> 13) as u8)
        .collect();
    let received = thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut received = Vec::with_capacity(bytes);
            served.read_to_end(&mut received).map(|_| received)
        });
        connection.write_all(&sent)?;
        connection.shutdown(Shutdown::Write)?;
        let received = reader.join().expect("the reader returns its errors")?;
        // The other end closes when the reader is done.
        ensure!(connection.read(&mut [0])? == 0, "the receiver says nothing");
        anyhow::Ok(received)
    })?;
    ensure!(
        received == sent,
        "{} bytes arrived of {bytes}, or others",
        received.len()
    );
    Segments::of(&connection)
}
