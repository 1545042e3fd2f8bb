//! Capture files: pcap and pcapng, in every byte order and time resolution, of any link type.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::{DataLink, Endianness, TsResolution};

pub use crate::frames::ByteOrder;

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// One header, then packets.
    Pcap,
    /// Blocks (draft-ietf-opsawg-pcapng).
    PcapNg,
}

/// How finely times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Microseconds.
    Micro,
    /// Nanoseconds.
    Nano,
}

/// Numbers of link types, as the registry of tcpdump.org has them.
pub mod link_type {
    /// BSD loopback.
    pub const NULL: u32 = 0;
    /// Ethernet.
    pub const ETHERNET: u32 = 1;
    /// IP without anything around it.
    pub const RAW: u32 = 101;
    /// Linux cooked.
    pub const LINUX_SLL: u32 = 113;
    /// Linux cooked, second version.
    pub const LINUX_SLL2: u32 = 276;
}

/// What a capture file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Which kind of file.
    pub container: Container,
    /// Byte order of its own numbers, not of the packets.
    pub byte_order: ByteOrder,
    /// How finely times are written.
    pub resolution: Resolution,
    /// What frames begin with, see [`link_type`].
    pub link: u32,
    /// Bytes of a frame that are kept; none for all.
    pub snap: Option<u32>,
}

impl Default for Format {
    /// Ethernet frames, whole, in the format that most tools write.
    fn default() -> Self {
        Self {
            container: Container::Pcap,
            byte_order: ByteOrder::Little,
            resolution: Resolution::Micro,
            link: link_type::ETHERNET,
            snap: None,
        }
    }
}

/// What files say whose frames are whole: as long as tcpdump lets them be.
const WHOLE: u32 = 262_144;

/// Writes frames into a file.
pub struct CaptureWriter<W: Write> {
    file: File<W>,
    resolution: Resolution,
    snap: usize,
}

enum File<W: Write> {
    Pcap(PcapWriter<W>),
    PcapNg(PcapNgWriter<W>),
}

impl<W: Write> CaptureWriter<W> {
    /// Begins a file. Writes are small: give it a buffered writer.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(to: W, format: Format) -> Result<Self> {
        let endianness = match format.byte_order {
            ByteOrder::Little => Endianness::Little,
            ByteOrder::Big => Endianness::Big,
        };
        let link = DataLink::from(format.link);
        let snap = format.snap.unwrap_or(WHOLE);
        let file = match format.container {
            Container::Pcap => File::Pcap(PcapWriter::with_header(
                to,
                PcapHeader {
                    snaplen: snap,
                    datalink: link,
                    ts_resolution: match format.resolution {
                        Resolution::Micro => TsResolution::MicroSecond,
                        Resolution::Nano => TsResolution::NanoSecond,
                    },
                    endianness,
                    ..PcapHeader::default()
                },
            )?),
            Container::PcapNg => {
                let mut writer = PcapNgWriter::with_endianness(to, endianness)?;
                let mut interface = InterfaceDescriptionBlock::new(link, snap);
                if format.resolution == Resolution::Nano {
                    // Powers of ten; microseconds are what a reader takes where nothing is said.
                    interface.options.push(InterfaceDescriptionOption::IfTsResol(9));
                }
                writer.write_pcapng_block(interface)?;
                File::PcapNg(writer)
            }
        };
        Ok(Self {
            file,
            resolution: format.resolution,
            snap: usize::try_from(snap).context("the snap length")?,
        })
    }

    /// Adds a frame, seen at that time since the Unix epoch. Beyond the snap length it is cut; how long it was
    /// is kept.
    ///
    /// # Errors
    /// Where it cannot be written, or the time does not fit the format.
    pub fn write(&mut self, at: Duration, frame: &[u8]) -> Result<()> {
        let kept = &frame[..frame.len().min(self.snap)];
        let original_bytes = u32::try_from(frame.len()).context("a frame of more than 4 GiB")?;
        match &mut self.file {
            File::Pcap(writer) => {
                writer.write_packet(&PcapPacket::new(at, original_bytes, kept))?;
            }
            File::PcapNg(writer) => {
                let units = match self.resolution {
                    Resolution::Nano => at.as_nanos(),
                    Resolution::Micro => at.as_micros(),
                };
                writer.write_pcapng_block(EnhancedPacketBlock {
                    interface_id: 0,
                    // The library writes the number of nanoseconds, whatever a unit of the interface is.
                    timestamp: Duration::from_nanos(
                        u64::try_from(units).context("a time after the year 2500")?,
                    ),
                    original_len: original_bytes,
                    data: Cow::Borrowed(kept),
                    options: Vec::new(),
                })?;
            }
        }
        Ok(())
    }

    /// Ends the file and gives back what it was written to, flushed.
    ///
    /// # Errors
    /// Where the last bytes cannot be written.
    pub fn finish(self) -> Result<W> {
        let mut to = match self.file {
            File::Pcap(writer) => writer.into_writer(),
            File::PcapNg(writer) => writer.into_inner(),
        };
        to.flush()?;
        Ok(to)
    }
}

#[cfg(test)]
mod tests;
