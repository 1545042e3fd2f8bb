//! The older format: one header, then packets.

use std::io::Read;

use pcap_parser::{
    LegacyPcapBlock, PcapHeader, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
    parse_pcap_header,
};

use super::error::Fault;
use super::input::{Input, MOST};
use super::{CaptureError, Found};

/// Bytes of the file's header.
const FILE_HEADER: usize = 24;

/// The longest frame that libpcap lets a capture hold where the file's header names a shorter one.
const LONGEST: usize = 262_144;

/// What the file's header says.
#[derive(Debug)]
pub(super) struct Pcap {
    header: PcapHeader,
    /// Bytes of a packet's header.
    record_header: usize,
    /// Nanoseconds in a unit of the second time field.
    unit_ns: u64,
}

/// Whether a file of this format begins so.
pub(super) fn is_magic(bytes: &[u8]) -> bool {
    // Only these four bytes, so that a header which is cut off is told apart from none.
    let mut header = [0; FILE_HEADER];
    header[..4].copy_from_slice(&bytes[..4]);
    parse_pcap_header(&header).is_ok()
}

impl Pcap {
    /// Reads the file's header.
    pub(super) fn new<R: Read>(input: &mut Input<R>) -> Result<Self, CaptureError> {
        let bytes = input.block(FILE_HEADER).map_err(|fault| fault.at(0, 0))?;
        let Ok((_, header)) = parse_pcap_header(bytes) else {
            return Err(CaptureError::not_a_capture(bytes));
        };
        input.skip(FILE_HEADER);
        Ok(Self {
            record_header: if header.is_modified_format() { 24 } else { 16 },
            unit_ns: if header.is_nanosecond_precision() { 1 } else { 1000 },
            header,
        })
    }

    /// The next packet.
    pub(super) fn find<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Found>, Fault> {
        if input.at_end()? {
            return Ok(None);
        }
        let header = input.block(self.record_header)?;
        let length: [u8; 4] = header[8..12].try_into().expect("four bytes");
        let captured = if self.header.is_bigendian() {
            u32::from_be_bytes(length)
        } else {
            u32::from_le_bytes(length)
        } as usize;
        let longest = (self.header.snaplen as usize).clamp(LONGEST, MOST - self.record_header);
        if captured > longest {
            return Err(Fault::Corrupt(format!(
                "a frame of {captured} bytes, where none is longer than {longest}"
            )));
        }
        let block = self.record_header + captured;
        let bytes = input.block(block)?;
        let parse = if self.header.is_modified_format() {
            parse_pcap_frame_modified
        } else if self.header.is_bigendian() {
            parse_pcap_frame_be
        } else {
            parse_pcap_frame
        };
        let (_, packet) = parse(bytes).map_err(|_| Fault::Corrupt("a packet that cannot be".to_owned()))?;
        Ok(Some(Found {
            at_ns: Some(self.time_ns(&packet)),
            interface: 0,
            // Above it stands whether frames end in a checksum, and how long that is.
            link_type: (self.header.network.0 & 0xffff).unsigned_abs(),
            start: self.record_header,
            captured,
            wire_bytes: packet.origlen,
            block,
        }))
    }

    fn time_ns(&self, packet: &LegacyPcapBlock<'_>) -> u64 {
        u64::from(packet.ts_sec) * 1_000_000_000 + u64::from(packet.ts_usec) * self.unit_ns
    }
}
