//! The newer format: blocks, in sections that each have a byte order and interfaces of their own.

use std::io::Read;

use pcap_parser::{Block, InterfaceDescriptionBlock, OptionCode, parse_block_be, parse_block_le};

use super::Found;
use super::error::Fault;
use super::input::Input;
use super::time::{MICROSECONDS, Resolution};

/// Type of a section header block, the same in both byte orders.
const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// What stands in a section header in the section's own byte order.
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Type of the packet block that nobody writes any more.
const OBSOLETE_PACKET: u32 = 2;
/// Bytes before the frame in an enhanced and in a simple packet block.
const ENHANCED_START: usize = 28;
const SIMPLE_START: usize = 12;
/// The longest name of an interface that is kept: Linux gives it 15 letters.
const LONGEST_NAME: usize = 64;
/// Interfaces of a section at most: a damaged file must not take the machine's memory.
const MOST_INTERFACES: usize = 65_536;

/// What the current section says.
#[derive(Debug, Default)]
pub(super) struct PcapNg {
    big_endian: bool,
    interfaces: Vec<Interface>,
    obsolete: u64,
}

#[derive(Clone, Debug)]
struct Interface {
    name: Option<Box<str>>,
    link_type: u32,
    snap: u32,
    resolution: Resolution,
}

impl PcapNg {
    pub(super) const fn obsolete(&self) -> u64 {
        self.obsolete
    }

    /// Name of an interface of this section, as Linux writes it.
    pub(super) fn name(&self, number: u32) -> Option<&str> {
        self.interfaces.get(number as usize)?.name.as_deref()
    }

    /// The next packet; other blocks are taken in or passed over.
    pub(super) fn find<R: Read>(&mut self, input: &mut Input<R>) -> Result<Option<Found>, Fault> {
        loop {
            if input.at_end()? {
                return Ok(None);
            }
            let length = self.length(input)?;
            let bytes = input.block(length)?;
            let parse = if self.big_endian {
                parse_block_be
            } else {
                parse_block_le
            };
            let Ok((_, block)) = parse(bytes) else {
                return Err(Fault::Corrupt(
                    "a block whose parts are longer than it".to_owned(),
                ));
            };
            // Every block ends with its length, so that files can be read backwards.
            if bytes[length - 4..] != bytes[4..8] {
                return Err(Fault::Corrupt(
                    "a block whose two lengths are not the same".to_owned(),
                ));
            }
            if let Some(found) = self.take(&block, length)? {
                return Ok(Some(found));
            }
            input.skip(length);
        }
    }

    /// The length that the next block states; a section header sets the byte order first.
    fn length<R: Read>(&mut self, input: &mut Input<R>) -> Result<usize, Fault> {
        let header = input.block(12)?;
        let word =
            |place: usize| -> [u8; 4] { header[place..place + 4].try_into().expect("four of twelve bytes") };
        if word(0) == SECTION_HEADER {
            self.big_endian = match word(8) {
                order if order == BYTE_ORDER.to_be_bytes() => true,
                order if order == BYTE_ORDER.to_le_bytes() => false,
                order => {
                    return Err(Fault::Corrupt(format!(
                        "a section whose byte order is neither ({order:02x?})"
                    )));
                }
            };
        }
        let length = if self.big_endian {
            u32::from_be_bytes(word(4))
        } else {
            u32::from_le_bytes(word(4))
        };
        if length < 12 || !length.is_multiple_of(4) {
            return Err(Fault::Corrupt(format!("a block of {length} bytes")));
        }
        Ok(length as usize)
    }

    /// Takes a block in; where the packet is, if it is one.
    fn take(&mut self, block: &Block<'_>, length: usize) -> Result<Option<Found>, Fault> {
        match block {
            Block::SectionHeader(_) => self.interfaces.clear(),
            Block::InterfaceDescription(interface) => {
                if self.interfaces.len() == MOST_INTERFACES {
                    return Err(Fault::Corrupt(format!("more than {MOST_INTERFACES} interfaces")));
                }
                self.interfaces.push(self.interface(interface));
            }
            Block::EnhancedPacket(packet) => {
                let interface = self.interface_of(packet.if_id)?;
                let time = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                return Ok(Some(Found {
                    at_ns: Some(interface.resolution.ns(time)),
                    interface: packet.if_id,
                    link_type: interface.link_type,
                    start: ENHANCED_START,
                    // The parser made sure that so much is there.
                    captured: packet.caplen as usize,
                    wire_bytes: packet.origlen,
                    block: length,
                }));
            }
            Block::SimplePacket(packet) => {
                let interface = self.interface_of(0)?;
                let snap = if interface.snap == 0 {
                    u32::MAX
                } else {
                    interface.snap
                };
                return Ok(Some(Found {
                    at_ns: None,
                    interface: 0,
                    link_type: interface.link_type,
                    start: SIMPLE_START,
                    captured: packet.data.len().min(packet.origlen.min(snap) as usize),
                    wire_bytes: packet.origlen,
                    block: length,
                }));
            }
            Block::Unknown(other) => {
                // The library reads a type as little-endian whatever the section is.
                let number = if self.big_endian {
                    other.block_type.swap_bytes()
                } else {
                    other.block_type
                };
                self.obsolete += u64::from(number == OBSOLETE_PACKET);
            }
            // Names, statistics, secrets: nothing of a packet.
            _ => {}
        }
        Ok(None)
    }

    fn interface_of(&self, number: u32) -> Result<&Interface, Fault> {
        self.interfaces.get(number as usize).ok_or_else(|| {
            Fault::Corrupt(format!(
                "a packet of interface {number}, and {} were described",
                self.interfaces.len()
            ))
        })
    }

    fn interface(&self, block: &InterfaceDescriptionBlock<'_>) -> Interface {
        let option = |code: OptionCode| {
            let found = block.options.iter().find(|option| option.code == code);
            found.and_then(|option| option.as_bytes().ok())
        };
        let exponent = option(OptionCode::IfTsresol).and_then(|bytes| bytes.first().copied());
        // The library reads this one as little-endian whatever the section is.
        let offset_s = option(OptionCode::IfTsoffset)
            .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok())
            .map(|bytes| {
                if self.big_endian {
                    i64::from_be_bytes(bytes)
                } else {
                    i64::from_le_bytes(bytes)
                }
            });
        let name = option(OptionCode::IfName).and_then(|bytes| std::str::from_utf8(bytes).ok());
        // Some writers end it with a zero byte, and a damaged file must not take the machine's memory.
        let name = name.map(|name| name.trim_end_matches('\0'));
        let name = name.filter(|name| (1..=LONGEST_NAME).contains(&name.len()));
        Interface {
            name: name.map(Box::from),
            link_type: (block.linktype.0 & 0xffff).unsigned_abs(),
            snap: block.snaplen,
            resolution: Resolution::new(exponent.unwrap_or(MICROSECONDS), offset_s.unwrap_or(0)),
        }
    }
}
