//! Capture files, frame by frame: pcap and pcapng, from whatever can be read. Pure: no clock, no kernel, and
//! no more memory than one block needs, whatever the file says.
//!
//! The blocks themselves are taken apart by `pcap-parser`; here stands what it leaves to its caller: where a
//! block ends and how long it may be, what an interface of a pcapng file says of its packets, and what to tell
//! a person of a file that goes wrong half way.

mod error;
mod input;
mod link;
mod pcap;
mod pcapng;
#[cfg(test)]
mod tests;
mod time;

use std::io::Read;

pub use error::CaptureError;
pub use link::Link;
pub(crate) use link::name as link_name;

use input::Input;
use pcap::Pcap;
use pcapng::PcapNg;

/// One frame of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When it was captured, in nanoseconds since the Unix epoch; nothing where the file does not say.
    pub at_ns: Option<u64>,
    /// Number of the interface in the file's section.
    pub interface: u32,
    /// Name of that interface, where the file says it.
    pub interface_name: Option<&'a str>,
    /// What the frame begins with, by its number in the registry of tcpdump.org.
    pub link_type: u32,
    /// Its bytes, as far as they were captured.
    pub bytes: &'a [u8],
    /// Its length on the wire, as the capture states it.
    pub wire_bytes: u32,
}

/// A capture that is being read.
#[derive(Debug)]
pub struct Capture<R> {
    input: Input<R>,
    format: Format,
    frames: u64,
}

#[derive(Debug)]
enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

/// Where a frame lies in the bytes at hand, and what is said of it.
#[derive(Clone, Copy, Debug)]
struct Found {
    at_ns: Option<u64>,
    interface: u32,
    link_type: u32,
    /// Bytes from the block's start to the frame's.
    start: usize,
    captured: usize,
    wire_bytes: u32,
    /// Bytes of the whole block.
    block: usize,
}

impl<R: Read> Capture<R> {
    /// Reads the first bytes and tells the format by them.
    ///
    /// # Errors
    /// Where there are none, or they begin no capture.
    pub fn new(reader: R) -> Result<Self, CaptureError> {
        let mut input = Input::new(reader);
        let complete = input.holds(4)?;
        let format = match *input.bytes() {
            [] => return Err(CaptureError::Empty),
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Format::PcapNg(PcapNg::default()),
            [_, _, _, _, ..] if complete && pcap::is_magic(input.bytes()) => {
                Format::Pcap(Pcap::new(&mut input)?)
            }
            _ => return Err(CaptureError::not_a_capture(input.bytes())),
        };
        Ok(Self {
            input,
            format,
            frames: 0,
        })
    }

    /// The next frame; nothing at the end.
    ///
    /// # Errors
    /// Where the rest cannot be read. Nothing follows after an error.
    pub fn next_frame(&mut self) -> Result<Option<Record<'_>>, CaptureError> {
        self.input.next_block();
        let found = match &mut self.format {
            Format::Pcap(pcap) => pcap.find(&mut self.input),
            Format::PcapNg(pcapng) => pcapng.find(&mut self.input),
        };
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(fault) => return Err(fault.at(self.input.offset(), self.frames)),
        };
        self.frames += 1;
        self.input.consume(found.block);
        Ok(Some(Record {
            at_ns: found.at_ns,
            interface: found.interface,
            interface_name: match &self.format {
                Format::Pcap(_) => None,
                Format::PcapNg(pcapng) => pcapng.name(found.interface),
            },
            link_type: found.link_type,
            bytes: &self.input.bytes()[found.start..found.start + found.captured],
            wire_bytes: found.wire_bytes,
        }))
    }

    /// Bytes of the file that were read and done with.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// Packets in blocks of a kind that is not read: the obsolete packet block of pcapng.
    #[must_use]
    pub const fn obsolete(&self) -> u64 {
        match &self.format {
            Format::Pcap(_) => 0,
            Format::PcapNg(pcapng) => pcapng.obsolete(),
        }
    }
}
