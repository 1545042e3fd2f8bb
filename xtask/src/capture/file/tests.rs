//! Files read back by another library than the one that writes them.

use std::time::Duration;

use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

use super::{ByteOrder, CaptureWriter, Container, Format, Resolution, link_type};

/// A file as a reader sees it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    big: bool,
    link: i32,
    snap: u32,
    /// Time, original length, bytes kept.
    frames: Vec<(Duration, u32, Vec<u8>)>,
}

fn read(file: &[u8]) -> Read {
    let mut reader = create_reader(65536, file).expect("a capture file");
    let mut read = Read::default();
    let mut units_per_second = 0;
    loop {
        let (consumed, block) = match reader.next() {
            Ok(next) => next,
            Err(PcapError::Eof) => return read,
            Err(PcapError::Incomplete(_)) => {
                reader.refill().expect("memory can be read");
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                read.big = header.is_bigendian();
                read.link = header.network.0;
                read.snap = header.snaplen;
                units_per_second = if header.is_nanosecond_precision() {
                    1_000_000_000
                } else {
                    1_000_000
                };
            }
            PcapBlockOwned::Legacy(packet) => {
                let at = Duration::from_secs(packet.ts_sec.into())
                    + Duration::from_nanos(u64::from(packet.ts_usec) * (1_000_000_000 / units_per_second));
                read.frames.push((at, packet.origlen, packet.data.to_vec()));
            }
            PcapBlockOwned::NG(Block::SectionHeader(section)) => read.big = section.big_endian(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                read.link = interface.linktype.0;
                read.snap = interface.snaplen;
                units_per_second = interface
                    .ts_resolution()
                    .expect("a resolution of less than a second");
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let (seconds, units) = packet.decode_ts(0, units_per_second);
                let at = Duration::from_secs(seconds.into())
                    + Duration::from_nanos(u64::from(units) * (1_000_000_000 / units_per_second));
                let kept = packet.data[..packet.caplen as usize].to_vec();
                read.frames.push((at, packet.origlen, kept));
            }
            PcapBlockOwned::NG(other) => panic!("nobody wrote {other:?}"),
        }
        reader.consume(consumed);
    }
}

#[test]
fn another_library_reads_back_what_was_written() {
    let at = Duration::new(1_700_000_000, 123_456_789);
    let frame: Vec<u8> = (0..=100).collect();
    for container in [Container::Pcap, Container::PcapNg] {
        for byte_order in [ByteOrder::Little, ByteOrder::Big] {
            for resolution in [Resolution::Micro, Resolution::Nano] {
                for (link, snap) in [(link_type::ETHERNET, None), (link_type::LINUX_SLL2, Some(61))] {
                    let format = Format {
                        container,
                        byte_order,
                        resolution,
                        link,
                        snap,
                    };
                    let mut writer = CaptureWriter::new(Vec::new(), format).expect("memory takes it");
                    writer.write(at, &frame).expect("memory takes it");
                    writer
                        .write(at + Duration::from_secs(1), &frame[..60])
                        .expect("memory takes it");
                    let file = writer.finish().expect("memory takes it");

                    let seen_at = match resolution {
                        Resolution::Micro => Duration::new(1_700_000_000, 123_456_000),
                        Resolution::Nano => at,
                    };
                    let kept = snap.map_or(&frame[..], |_| &frame[..61]);
                    let expected = Read {
                        big: byte_order == ByteOrder::Big,
                        link: i32::try_from(link).expect("link types are small"),
                        snap: snap.unwrap_or(super::WHOLE),
                        frames: vec![
                            (seen_at, 101, kept.to_vec()),
                            (seen_at + Duration::from_secs(1), 60, frame[..60].to_vec()),
                        ],
                    };
                    assert_eq!(read(&file), expected, "{format:?}");
                }
            }
        }
    }
}
