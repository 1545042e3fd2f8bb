//! Files made here by hand, right and wrong ones. What an independent writer makes is read by the tests from
//! outside.

use proptest::prelude::*;

use super::*;

/// What a file is written in.
#[derive(Clone, Copy, Debug)]
struct Order {
    big: bool,
}

const BOTH: [Order; 2] = [Order { big: false }, Order { big: true }];

impl Order {
    fn u16(self, value: u16) -> Vec<u8> {
        let bytes = if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        bytes.to_vec()
    }

    fn u32(self, value: u32) -> Vec<u8> {
        let bytes = if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        bytes.to_vec()
    }

    fn i64(self, value: i64) -> Vec<u8> {
        let bytes = if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        bytes.to_vec()
    }

    fn block(self, kind: u32, mut body: Vec<u8>) -> Vec<u8> {
        body.resize(body.len().next_multiple_of(4), 0);
        let length = self.u32(body.len() as u32 + 12);
        [self.u32(kind), length.clone(), body, length].concat()
    }

    fn section(self) -> Vec<u8> {
        let version = [self.u16(1), self.u16(0)].concat();
        self.block(
            0x0a0d_0d0a,
            [self.u32(0x1a2b_3c4d), version, self.i64(-1)].concat(),
        )
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = [self.u16(code), self.u16(value.len() as u16), value.to_vec()].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn interface(self, link_type: u16, snap: u32, options: &[u8]) -> Vec<u8> {
        let body = [self.u16(link_type), self.u16(0), self.u32(snap)].concat();
        self.block(1, [body, options.to_vec()].concat())
    }

    fn packet(self, interface: u32, time: u64, frame: &[u8], wire_bytes: u32) -> Vec<u8> {
        let numbers = [
            interface,
            (time >> 32) as u32,
            time as u32,
            frame.len() as u32,
            wire_bytes,
        ];
        let mut body = numbers.map(|number| self.u32(number)).concat();
        body.extend(frame);
        self.block(6, body)
    }

    fn pcap(self, magic: u32, snap: u32, link_type: u32) -> Vec<u8> {
        let version = [self.u16(2), self.u16(4)].concat();
        let rest = [0, 0, snap, link_type].map(|number| self.u32(number)).concat();
        [self.u32(magic), version, rest].concat()
    }

    fn record(self, seconds: u32, parts: u32, frame: &[u8], wire_bytes: u32) -> Vec<u8> {
        let numbers = [seconds, parts, frame.len() as u32, wire_bytes];
        [numbers.map(|number| self.u32(number)).concat(), frame.to_vec()].concat()
    }
}

/// A reader that gives little at a time, as pipes do.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.0.len().min(to.len()).min(7);
        to[..bytes].copy_from_slice(&self.0[..bytes]);
        self.0 = &self.0[bytes..];
        Ok(bytes)
    }
}

type Frame = (Option<u64>, u32, u32, Vec<u8>, u32);

/// All frames, and what was said at the end.
fn read(file: &[u8]) -> (Vec<Frame>, Option<CaptureError>) {
    let mut frames = Vec::new();
    let mut capture = match Capture::new(Trickle(file)) {
        Ok(capture) => capture,
        Err(error) => return (frames, Some(error)),
    };
    loop {
        match capture.next_frame() {
            Ok(Some(record)) => frames.push((
                record.at_ns,
                record.interface,
                record.link_type,
                record.bytes.to_vec(),
                record.wire_bytes,
            )),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

/// Words of the error that a file ends with.
fn fault(file: &[u8]) -> (usize, String) {
    let (frames, error) = read(file);
    (
        frames.len(),
        error.map(|error| error.to_string()).unwrap_or_default(),
    )
}

#[test]
fn interfaces_have_link_types_and_clocks_of_their_own() {
    for order in BOTH {
        let nanoseconds = order.option(9, &[9]);
        let shifted = [order.option(9, &[3]), order.option(14, &order.i64(100))].concat();
        let file = [
            order.section(),
            order.interface(1, 0, &[]),
            order.interface(113, 0, &nanoseconds),
            order.packet(0, 1_000_001, b"abc", 60),
            order.block(0x0bad, b"a block of another kind".to_vec()),
            order.packet(1, 1_000_000_001, b"defgh", 5),
            order.interface(276, 0, &shifted),
            order.packet(2, 1_500, b"", 9),
        ]
        .concat();
        let (frames, error) = read(&file);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(
            frames,
            [
                (Some(1_000_001_000), 0, 1, b"abc".to_vec(), 60),
                (Some(1_000_000_001), 1, 113, b"defgh".to_vec(), 5),
                (Some(101_500_000_000), 2, 276, Vec::new(), 9),
            ]
        );
    }
}

/// What whoever captured calls an interface, as dumpcap writes it, and names that cannot be one.
#[test]
fn interfaces_have_names_where_the_file_says_them() {
    let long = [b'x'; 65];
    let names: [(&[u8], Option<&str>); 5] = [
        (b"eth1", Some("eth1")),
        (b"eth2\0", Some("eth2")),
        (b"", None),
        (b"\xff\xfe", None),
        (&long, None),
    ];
    for order in BOTH {
        let mut file = order.section();
        for (name, _) in names {
            file.extend(order.interface(1, 0, &order.option(2, name)));
        }
        file.extend(order.interface(1, 0, &[]));
        let all = names.map(|(_, name)| name).into_iter().chain([None]);
        for number in 0..=names.len() {
            file.extend(order.packet(number as u32, 0, &[1; 14], 14));
        }
        let mut capture = Capture::new(Trickle(&file)).expect("a capture");
        for name in all {
            let record = capture.next_frame().expect("it can be read");
            assert_eq!(record.expect("a frame").interface_name, name);
        }
    }
}

#[test]
fn a_section_begins_anew_in_its_own_byte_order() {
    let [little, big] = BOTH;
    let file = [
        little.section(),
        little.interface(1, 0, &[]),
        little.packet(0, 1, b"one", 3),
        big.section(),
        big.interface(101, 0, &[]),
        big.packet(0, 2, b"two", 3),
    ]
    .concat();
    let (frames, error) = read(&file);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        frames,
        [
            (Some(1000), 0, 1, b"one".to_vec(), 3),
            (Some(2000), 0, 101, b"two".to_vec(), 3),
        ]
    );
    let stale = [
        little.section(),
        little.interface(1, 0, &[]),
        big.section(),
        big.packet(0, 2, b"two", 3),
    ];
    let (_, words) = fault(&stale.concat());
    assert!(
        words.contains("a packet of interface 0, and 0 were described"),
        "{words}"
    );
}

#[test]
fn a_simple_packet_has_no_time_and_ends_at_the_snap_length() {
    for order in BOTH {
        let simple =
            |wire_bytes: u32, frame: &[u8]| order.block(3, [order.u32(wire_bytes), frame.to_vec()].concat());
        let file = [
            order.section(),
            order.interface(1, 5, &[]),
            simple(3, b"abc"),
            simple(90, b"abcde"),
            // The obsolete packet block: passed over, and counted.
            order.block(2, vec![0; 24]),
        ]
        .concat();
        let mut capture = Capture::new(Trickle(&file)).expect("a capture");
        let mut frames = Vec::new();
        while let Some(record) = capture.next_frame().expect("a frame") {
            frames.push((record.at_ns, record.bytes.to_vec(), record.wire_bytes));
        }
        assert_eq!(
            frames,
            [(None, b"abc".to_vec(), 3), (None, b"abcde".to_vec(), 90)]
        );
        assert_eq!(capture.obsolete(), 1);
    }
}

#[test]
fn times_of_the_older_format_are_micro_or_nanoseconds() {
    for order in BOTH {
        for (magic, ns) in [(0xa1b2_c3d4, 1_000_000_007_000), (0xa1b2_3c4d, 1_000_000_000_007)] {
            // The upper half says how long checksums at the frames' ends are.
            let file = [
                order.pcap(magic, 65_535, 0x4400_0001),
                order.record(1000, 7, b"abc", 60),
                order.record(1000, 7, b"", 60),
            ]
            .concat();
            let (frames, error) = read(&file);
            assert!(error.is_none(), "{error:?}");
            assert_eq!(
                frames,
                [
                    (Some(ns), 0, 1, b"abc".to_vec(), 60),
                    (Some(ns), 0, 1, Vec::new(), 60)
                ]
            );
        }
    }
}

#[test]
fn what_was_cut_off_is_said_with_its_place() {
    for order in BOTH {
        let pcap = [
            order.pcap(0xa1b2_c3d4, 0, 1),
            order.record(1, 0, b"abcd", 4),
            order.record(1, 0, b"abcd", 4),
        ]
        .concat();
        let pcapng = [
            order.section(),
            order.interface(1, 0, &[]),
            order.packet(0, 0, b"abcd", 4),
            order.packet(0, 0, b"abcd", 4),
        ]
        .concat();
        for (file, first, second) in [(pcap, 44, 64), (pcapng, 84, 120)] {
            for length in 1..file.len() {
                let (frames, words) = fault(&file[..length]);
                match length {
                    0..4 => assert!(words.contains("is not a pcap or pcapng file"), "{words}"),
                    _ if length == first => assert_eq!((frames, words.as_str()), (1, "")),
                    _ if length > first => {
                        let at = format!("inside the block at byte {first}, after 1 frames");
                        assert!(words.contains(&at), "{length}: {words}");
                        assert_eq!(frames, 1);
                    }
                    _ => assert_eq!(frames, 0, "{length}"),
                }
            }
            assert_eq!(file.len(), second);
            assert_eq!(fault(&file), (2, String::new()));
        }
    }
}

#[test]
fn damaged_lengths_are_said_and_take_no_memory() {
    for order in BOTH {
        let head = [order.section(), order.interface(1, 0, &[])].concat();
        let packet = order.packet(0, 0, b"abcd", 4);
        let at = |place: usize, value: u32| {
            let mut bytes = packet.clone();
            bytes[place..place + 4].copy_from_slice(&order.u32(value));
            [head.clone(), packet.clone(), bytes].concat()
        };
        let record = |captured: u32| {
            let numbers = [0, 0, captured, 4].map(|number| order.u32(number)).concat();
            let good = order.record(0, 0, b"abcd", 4);
            [order.pcap(0xa1b2_c3d4, u32::MAX, 1), good, numbers, vec![0; 64]].concat()
        };
        for (file, expected) in [
            (at(4, 0x7fff_fff0), "a block of 2147483632 bytes"),
            (at(4, 8), "a block of 8 bytes"),
            (at(4, 37), "a block of 37 bytes"),
            (at(20, 5), "a block whose parts are longer than it"),
            (at(20, u32::MAX), "a block whose parts are longer than it"),
            (at(32, 12), "longer than it"),
            (at(8, 1), "a packet of interface 1, and 1 were described"),
            (record(0x7fff_ffff), "a frame of 2147483647 bytes"),
        ] {
            let (frames, words) = fault(&file);
            assert!(words.contains(expected), "{expected}: {words}");
            assert!(words.contains("the capture is damaged at byte"), "{words}");
            assert_eq!(frames, 1, "{expected}");
        }
        let (_, words) = fault(&[&head[..8], &[1, 2, 3, 4], &head[12..]].concat());
        assert!(words.contains("byte order is neither"), "{words}");
    }
}

#[test]
fn other_files_are_named() {
    for (bytes, expected) in [
        (&b"\x1f\x8b\x08\x00\x00"[..], "gzip"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"PK\x03\x04", "zip archive"),
        (b"GMBU\x00", "Network Monitor"),
        (b"snoop\x00\x00\x00", "snoop"),
        (b"edition = \"current\"", "is not a pcap or pcapng file"),
        (b"\xa1", "is not a pcap or pcapng file"),
        (b"", "the capture is empty"),
    ] {
        let (_, words) = fault(bytes);
        assert!(words.contains(expected), "{bytes:x?}: {words}");
    }
}

proptest! {
    /// Whatever a file holds: no panic, no endless loop, and no frame that is not there.
    #[test]
    fn no_bytes_make_the_reader_panic(
        big: bool,
        newer: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let order = Order { big };
        let mut file = if newer {
            let options = [order.option(9, &[9]), order.option(14, &[0; 8])].concat();
            [
                order.section(),
                order.interface(1, 96, &options),
                order.packet(0, 5, &[7; 61], 61),
                order.block(5, vec![0; 32]),
                order.block(4, vec![0; 20]),
                order.block(10, vec![0; 20]),
                order.block(0xbad, vec![0; 20]),
                order.block(3, vec![0; 20]),
            ]
            .concat()
        } else {
            [order.pcap(0xa1b2_c3d4, 96, 1), order.record(1, 2, &[7; 61], 61), order.record(1, 2, &[], 61)].concat()
        };
        for (place, value) in changes {
            let place = place.index(file.len());
            file[place] = value;
        }
        file.truncate(length.index(file.len() + 1));
        let (frames, _) = read(&file);
        prop_assert!(frames.len() <= file.len());
    }
}
