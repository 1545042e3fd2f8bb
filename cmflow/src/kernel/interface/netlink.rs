//! Questions to the kernel over netlink, and the attributes of its answers.
//!
//! Only the attributes that are asked for are decoded: an attribute that a newer kernel adds or changes cannot
//! make an interface unreadable.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{
    NLA_TYPE_MASK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NetlinkBuffer,
    NlasIterator,
};
use netlink_sys::{Socket, SocketAddr};

/// Bytes of a message's own header.
const HEADER: usize = 16;

/// The kernel writes at most 32 KiB at once (net/netlink/af_netlink.c).
const ANSWER: usize = 1 << 16;

/// How often a list is asked for anew because it changed while it was read.
const ATTEMPTS: usize = 5;

/// A socket that asks the kernel; it sees the network namespace of the thread that made it.
pub(super) struct Netlink {
    socket: Socket,
    sequence: u32,
}

impl Netlink {
    /// A socket for one protocol of netlink.
    pub(super) fn open(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Asks for one thing.
    pub(super) fn get(&mut self, kind: u16, body: &[u8]) -> io::Result<Vec<u8>> {
        self.ask(kind, NLM_F_REQUEST, body)?
            .pop()
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Asks for all there are, and again where they changed in the middle.
    pub(super) fn list(&mut self, kind: u16, body: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut attempt = 1;
        loop {
            match self.ask(kind, NLM_F_REQUEST | NLM_F_DUMP, body) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted && attempt < ATTEMPTS => {
                    attempt += 1
                }
                answer => return answer,
            }
        }
    }

    /// Sends a question and collects what answers it.
    fn ask(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        self.sequence += 1;
        let mut question = vec![0; HEADER + body.len()];
        let length = u32::try_from(question.len()).map_err(io::Error::other)?;
        let mut packet = NetlinkBuffer::new(&mut question);
        packet.set_length(length);
        packet.set_message_type(kind);
        packet.set_flags(flags);
        packet.set_sequence_number(self.sequence);
        packet.payload_mut().copy_from_slice(body);
        self.socket.send(&question, 0)?;

        let one = flags & NLM_F_DUMP != NLM_F_DUMP;
        let mut answers = Vec::new();
        let mut changed = false;
        loop {
            let mut bytes = Vec::with_capacity(ANSWER);
            match self.socket.recv(&mut bytes, 0) {
                // A signal; the answer is still to come.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                received => received?,
            };
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let message = NetlinkBuffer::new_checked(rest).map_err(io::Error::other)?;
                let ours = message.sequence_number() == self.sequence;
                changed |= message.flags() & NLM_F_DUMP_INTR != 0;
                match message.message_type() {
                    _ if !ours => {}
                    NLMSG_DONE if changed => return Err(io::ErrorKind::Interrupted.into()),
                    NLMSG_DONE => return Ok(answers),
                    NLMSG_ERROR => return Err(refusal(message.payload())),
                    _ if one => return Ok(vec![message.payload().to_vec()]),
                    _ => answers.push(message.payload().to_vec()),
                }
                let end = (message.length() as usize).next_multiple_of(4);
                rest = rest.get(end..).unwrap_or_default();
            }
        }
    }
}

/// The error number that a refusal begins with.
fn refusal(payload: &[u8]) -> io::Error {
    match number::<4>(payload).map(i32::from_ne_bytes) {
        Some(code) if code < 0 => io::Error::from_raw_os_error(-code),
        _ => io::ErrorKind::InvalidData.into(),
    }
}

/// The first bytes as a number's.
fn number<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk().copied()
}

/// The attributes in a message behind its fixed part, or in a nested attribute.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// Those of a message whose fixed part has that many bytes.
    pub(super) fn behind(message: &'a [u8], fixed: usize) -> Self {
        Self(message.get(fixed..).unwrap_or_default())
    }

    /// All, as (kind, value).
    pub(super) fn each(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        // The iterator's own values borrow from the iterator's items; cutting by length keeps the message's life.
        let bytes = self.0;
        let mut start = 0;
        NlasIterator::new(bytes)
            .map_while(Result::ok)
            .filter_map(move |attribute| {
                let length = usize::from(attribute.length());
                let value = bytes.get(start + 4..start + length);
                start += length.next_multiple_of(4);
                value.map(|value| (attribute.kind() & NLA_TYPE_MASK, value))
            })
    }

    /// The value of the first one of that kind.
    pub(super) fn value(self, kind: u16) -> Option<&'a [u8]> {
        self.each()
            .find(|(found, _)| *found == kind)
            .map(|(_, value)| value)
    }

    /// The attributes inside one.
    pub(super) fn inside(self, kind: u16) -> Attributes<'a> {
        Attributes(self.value(kind).unwrap_or_default())
    }

    /// A number of 32 bits.
    pub(super) fn u32(self, kind: u16) -> Option<u32> {
        self.value(kind).and_then(number).map(u32::from_ne_bytes)
    }

    /// A number of 16 bits.
    pub(super) fn u16(self, kind: u16) -> Option<u16> {
        self.value(kind).and_then(number).map(u16::from_ne_bytes)
    }

    /// A number of 64 bits.
    pub(super) fn u64(self, kind: u16) -> Option<u64> {
        self.value(kind).and_then(number).map(u64::from_ne_bytes)
    }

    /// A byte.
    pub(super) fn u8(self, kind: u16) -> Option<u8> {
        self.value(kind).and_then(|value| value.first().copied())
    }

    /// A text, without the zero that ends it.
    pub(super) fn text(self, kind: u16) -> Option<String> {
        self.value(kind).map(text)
    }

    /// An address of either family.
    pub(super) fn address(self, kind: u16) -> Option<IpAddr> {
        let value = self.value(kind)?;
        if let Ok(four) = <[u8; 4]>::try_from(value) {
            return Some(Ipv4Addr::from(four).into());
        }
        <[u8; 16]>::try_from(value)
            .ok()
            .map(|sixteen| Ipv6Addr::from(sixteen).into())
    }
}

/// Bytes up to the zero that ends them, as text.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
