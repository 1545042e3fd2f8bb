//! Frames by chance: nested at random, then mutated, cut, spliced; and bytes that only begin like frames.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::frames::{Frame, eth, raw};
use crate::small_site::{
    CLIENT, CLIENT_V6, MANAGEMENT_POINT, MANAGEMENT_POINT_V6, SQL, SQL_V6, STRANGER, STRANGER_V6,
};

/// A frame as a network may carry it, or as somebody may make it who means harm.
pub fn frame() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![
        4 => nested().prop_map(|frame| frame.build()),
        4 => mutated(),
        1 => spliced(),
        1 => plausible(),
    ];
    bytes.prop_map(|mut bytes| {
        bytes.truncate(LONGEST);
        bytes
    })
}

/// The longest frame of a network without jumbo frames, four tags included.
const LONGEST: usize = 1514 + 16;

/// Few addresses and ports, so that packets meet in flows.
fn ends4() -> impl Strategy<Value = (&'static str, &'static str)> {
    let one = || {
        select(vec![
            CLIENT,
            MANAGEMENT_POINT,
            SQL,
            STRANGER,
            "10.10.0.1",
            "169.254.1.2",
            "224.0.0.251",
            "255.255.255.255",
        ])
    };
    (one(), one())
}

fn ends6() -> impl Strategy<Value = (&'static str, &'static str)> {
    let one = || {
        select(vec![
            CLIENT_V6,
            MANAGEMENT_POINT_V6,
            SQL_V6,
            STRANGER_V6,
            "fe80::1",
            "ff02::1",
            "::ffff:10.10.0.5",
        ])
    };
    (one(), one())
}

fn port() -> impl Strategy<Value = u16> {
    prop_oneof![
        select(vec![443_u16, 1433, 445, 53, 9, 69, 135, 500, 50000, 50001, 8080]),
        any::<u16>()
    ]
}

/// Ethernet, tags, IP, a transport: right in itself.
fn nested() -> impl Strategy<Value = Frame> {
    (tags(), ip(), transport(2), any::<bool>()).prop_map(|(tags, ip, transport, pad)| {
        let frame = tags
            .into_iter()
            .fold(eth(), |frame, (kind, id)| frame.tag(kind, id));
        let frame = transport.onto(ip.onto(frame));
        if pad { frame.padded() } else { frame }
    })
}

fn tags() -> impl Strategy<Value = Vec<(u16, u16)>> {
    let tag = (select(vec![0x8100_u16, 0x88a8, 0x9100]), any::<u16>());
    prop_oneof![3 => Just(Vec::new()), 1 => vec(tag, 0..6)]
}

#[derive(Clone, Debug)]
enum Ip {
    V4 {
        ends: (&'static str, &'static str),
        options: u8,
        fragment: Option<(u16, bool)>,
        length: Option<u16>,
    },
    V6 {
        ends: (&'static str, &'static str),
        extensions: Vec<(u8, usize)>,
        length: Option<u16>,
    },
}

fn ip() -> impl Strategy<Value = Ip> {
    let fragment = || prop_oneof![4 => Just(None), 1 => (0_u16..4, any::<bool>()).prop_map(Some)];
    let length = || prop_oneof![8 => Just(None), 1 => (0_u16..80).prop_map(Some)];
    let options = prop_oneof![3 => Just(0_u8), 1 => 0_u8..=10];
    let extension = (
        select(vec![0_u8, 43, 44, 51, 60, 135, 139, 140]),
        prop_oneof![8 => 1_usize..4, 1 => 1_usize..200],
    );
    let extensions = prop_oneof![2 => Just(Vec::new()), 1 => vec(extension, 0..9)];
    prop_oneof![
        (ends4(), options, fragment(), length()).prop_map(|(ends, options, fragment, length)| Ip::V4 {
            ends,
            options,
            fragment,
            length
        }),
        (ends6(), extensions, length()).prop_map(|(ends, extensions, length)| Ip::V6 {
            ends,
            extensions,
            length
        }),
    ]
}

impl Ip {
    fn onto(&self, frame: Frame) -> Frame {
        match self {
            Self::V4 {
                ends: (from, to),
                options,
                fragment,
                length,
            } => {
                let mut frame = frame.ipv4(from, to).options(*options);
                if let Some((offset, more)) = fragment {
                    frame = frame.fragment(*offset, *more);
                }
                length.map_or(frame.clone(), |length| frame.length(length))
            }
            Self::V6 {
                ends: (from, to),
                extensions,
                length,
            } => {
                let mut frame = frame.ipv6(from, to);
                if let Some(length) = length {
                    frame = frame.length(*length);
                }
                for (number, units) in extensions {
                    frame = match number {
                        44 => frame.fragment_header(*units as u16 & 1, true),
                        51 => frame.authentication(*units as u8),
                        _ => frame.extension(*number, *units),
                    };
                }
                frame
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Transport {
    Tcp {
        ports: (u16, u16),
        flags: u8,
        options: u8,
        payload: usize,
    },
    Udp {
        ports: (u16, u16),
        payload: usize,
    },
    Echo {
        v6: bool,
        kind: u8,
        code: u8,
    },
    Error {
        v6: bool,
        kind: u8,
        code: u8,
        ip: Ip,
        of: Box<Transport>,
        cut: usize,
    },
    Other {
        number: u8,
        payload: usize,
    },
    Authenticated {
        words: u8,
        of: Box<Transport>,
    },
}

fn transport(depth: u32) -> BoxedStrategy<Transport> {
    let flags = prop_oneof![
        select(vec![0x02_u8, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14]),
        any::<u8>()
    ];
    let tcp =
        ((port(), port()), flags, 0_u8..=10, 0_usize..40).prop_map(|(ports, flags, options, payload)| {
            Transport::Tcp {
                ports,
                flags,
                options,
                payload,
            }
        });
    let udp = ((port(), port()), 0_usize..40).prop_map(|(ports, payload)| Transport::Udp { ports, payload });
    let kind = || {
        prop_oneof![
            select(vec![0_u8, 8, 3, 11, 1, 2, 4, 128, 129, 135, 131]),
            any::<u8>()
        ]
    };
    let echo =
        (any::<bool>(), kind(), 0_u8..16).prop_map(|(v6, kind, code)| Transport::Echo { v6, kind, code });
    let other = (any::<u8>(), 0_usize..40).prop_map(|(number, payload)| Transport::Other { number, payload });
    let plain = prop_oneof![4 => tcp, 2 => udp, 1 => echo, 1 => other];
    if depth == 0 {
        return plain.boxed();
    }
    let error = (
        any::<bool>(),
        kind(),
        0_u8..16,
        ip(),
        transport(depth - 1),
        0_usize..120,
    )
        .prop_map(|(v6, kind, code, ip, of, cut)| Transport::Error {
            v6,
            kind,
            code,
            ip,
            of: Box::new(of),
            cut,
        });
    let authenticated = (0_u8..=250, transport(0)).prop_map(|(words, of)| Transport::Authenticated {
        words: words / 25,
        of: Box::new(of),
    });
    prop_oneof![6 => plain, 2 => error, 1 => authenticated].boxed()
}

impl Transport {
    fn onto(&self, frame: Frame) -> Frame {
        match self {
            Self::Tcp {
                ports: (from, to),
                flags,
                options,
                payload,
            } => frame
                .tcp(*from, *to)
                .tcp_options(*options)
                .flags(*flags)
                .payload(*payload),
            Self::Udp {
                ports: (from, to),
                payload,
            } => frame.udp(*from, *to).payload(*payload),
            Self::Echo {
                v6: false,
                kind,
                code,
            } => frame.icmp(*kind, *code),
            Self::Echo { v6: true, kind, code } => frame.icmp6(*kind, *code),
            Self::Error {
                v6,
                kind,
                code,
                ip,
                of,
                cut,
            } => {
                let quoted = of.onto(ip.onto(raw())).cut(*cut);
                let frame = if *v6 {
                    frame.icmp6(*kind, *code)
                } else {
                    frame.icmp(*kind, *code)
                };
                frame.quoting(&quoted)
            }
            Self::Other { number, payload } => frame.protocol(*number).payload(*payload),
            Self::Authenticated { words, of } => of.onto(frame.authentication(*words)),
        }
    }
}

/// A right frame with a few wrong bytes, most of them in its headers, and cut or not.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let wrong = (any::<prop::sample::Index>(), any::<bool>(), any::<u8>());
    let cut = prop_oneof![2 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)];
    (nested(), vec(wrong, 1..6), cut).prop_map(|(frame, wrong, cut)| {
        let mut bytes = frame.build();
        for (index, near, byte) in wrong {
            let reach = if near { bytes.len().min(60) } else { bytes.len() };
            bytes[index.index(reach)] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        bytes
    })
}

/// The head of one frame and the tail of another.
fn spliced() -> impl Strategy<Value = Vec<u8>> {
    let at = any::<prop::sample::Index>;
    (nested(), nested(), at(), at()).prop_map(|(head, tail, cut, from)| {
        let (mut head, tail) = (head.build(), tail.build());
        head.truncate(cut.index(head.len()));
        head.extend(&tail[from.index(tail.len())..]);
        head
    })
}

/// Bytes by chance behind a plausible Ethernet type and version.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let begins = select(vec![
        (0x0800_u16, 0x45_u8),
        (0x0800, 0x4f),
        (0x86dd, 0x60),
        (0x8100, 0),
        (0x88a8, 0),
    ]);
    (begins, vec(any::<u8>(), 0..200)).prop_map(|((ethertype, first), rest)| {
        let mut bytes = vec![0x02; 12];
        bytes.extend(ethertype.to_be_bytes());
        bytes.push(first);
        bytes.extend(rest);
        bytes
    })
}
