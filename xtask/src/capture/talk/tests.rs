//! Conversations as frames are consistent in themselves.

use std::collections::HashMap;

use super::{Ending, Sighting, Talk, Transport};

/// What a frame without tags or IP options says.
#[derive(Debug)]
struct Segment {
    source: u16,
    sequence: u32,
    acknowledged: u32,
    flags: u8,
    payload_bytes: u32,
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

fn talk(transport: Transport, ipv6: bool, ending: Ending) -> Talk {
    let (initiator, responder) = if ipv6 {
        ("[fd00::1]:50000", "[fd00::2]:443")
    } else {
        ("10.0.0.1:50000", "10.0.0.2:443")
    };
    Talk {
        ending,
        answer_bytes: 10_000,
        ..Talk::new(
            transport,
            initiator.parse().expect("an address"),
            responder.parse().expect("an address"),
            7,
        )
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn segment(Sighting { bytes, .. }: &Sighting) -> Segment {
    let (tcp, end) = if bytes[14] >> 4 == 6 {
        (54, 54 + usize::from(short(bytes, 18)))
    } else {
        (34, 14 + usize::from(short(bytes, 16)))
    };
    Segment {
        source: short(bytes, tcp),
        sequence: number(bytes, tcp + 4),
        acknowledged: number(bytes, tcp + 8),
        flags: bytes[tcp + 13],
        payload_bytes: u32::try_from(end - tcp - 20).expect("a frame is short"),
    }
}

#[test]
fn a_tcp_conversation_leaves_no_gap_and_acknowledges_all() {
    for ipv6 in [false, true] {
        let frames = talk(Transport::Tcp, ipv6, Ending::Answered).frames();
        let segments: Vec<Segment> = frames.iter().map(segment).collect();
        assert_eq!(
            [0, 1, 2].map(|index| segments[index].flags),
            [SYN, SYN | ACK, ACK],
            "the handshake"
        );
        // Number of the next byte of each end, by its port.
        let mut next: HashMap<u16, u32> = HashMap::new();
        let mut said: HashMap<u16, u32> = HashMap::new();
        for segment in &segments {
            let other = if segment.source == 443 { 50_000 } else { 443 };
            if segment.flags & SYN == 0 {
                assert_eq!(segment.sequence, next[&segment.source], "{segment:?}");
            }
            if segment.flags & ACK != 0 {
                assert_eq!(segment.acknowledged, next[&other], "{segment:?}");
            }
            let counted = segment.payload_bytes + u32::from(segment.flags & (SYN | FIN) != 0);
            next.insert(segment.source, segment.sequence.wrapping_add(counted));
            *said.entry(segment.source).or_default() += segment.payload_bytes;
        }
        assert_eq!((said[&50_000], said[&443]), (300, 10_000));
        let closing = segments.iter().filter(|segment| segment.flags & FIN != 0);
        assert_eq!(closing.count(), 2, "each end closes");
    }
}

#[test]
fn a_closed_port_refuses_and_silence_repeats_the_question() {
    let refused = talk(Transport::Tcp, false, Ending::Refused).frames();
    let segments: Vec<Segment> = refused.iter().map(segment).collect();
    assert_eq!(segments.len(), 2);
    assert_eq!((segments[0].flags, segments[1].flags), (SYN, RST | ACK));
    assert_eq!(segments[1].acknowledged, segments[0].sequence.wrapping_add(1));

    let silence = talk(Transport::Tcp, true, Ending::Silence).frames();
    assert_eq!(silence.len(), 3);
    assert!(silence.iter().all(|seen| seen.bytes == silence[0].bytes));
    assert!(silence[1].after < silence[2].after);
}

#[test]
fn datagrams_are_answered_whence_their_protocol_answers() {
    let ends = |talk: Talk| -> Vec<(u16, u16)> {
        let frames = talk.frames();
        frames
            .iter()
            .map(|seen| (short(&seen.bytes, 34), short(&seen.bytes, 36)))
            .collect()
    };
    let ordinary = ends(Talk {
        answer_bytes: 100,
        ..talk(Transport::Udp, false, Ending::Answered)
    });
    assert_eq!(ordinary, [(50_000, 443), (443, 50_000)]);
    let picked = 32_775;
    let block = [(picked, 50_000), (50_000, picked)];
    // A full block is never the last.
    for (answer_bytes, blocks) in [(600, 2), (511, 1), (512, 2), (1023, 2), (1024, 3)] {
        let tftp = ends(Talk {
            answer_bytes,
            ..talk(Transport::UdpFromElsewhere, false, Ending::Answered)
        });
        assert_eq!(
            tftp,
            [&[(50_000, 443)][..], &block.repeat(blocks)].concat(),
            "{answer_bytes}"
        );
    }
    assert_eq!(ends(talk(Transport::Udp, false, Ending::Silence)).len(), 1);
}

#[test]
fn a_refused_datagram_comes_back_inside_an_error() {
    let frames = talk(Transport::Udp, false, Ending::Refused).frames();
    let (question, answer) = (&frames[0].bytes, &frames[1].bytes);
    assert_eq!(answer[34..36], [3, 3]);
    assert_eq!(answer[42..], question[14..]);
}

#[test]
fn tags_stand_in_frames_of_both_directions() {
    let tagged = Talk {
        vlan: Some(30),
        ..talk(Transport::Echo, false, Ending::Answered)
    };
    let frames = tagged.frames();
    assert_eq!(frames.len(), 2);
    for seen in frames {
        assert_eq!(seen.bytes[12..18], [0x81, 0x00, 0, 30, 0x08, 0x00]);
    }
}

#[test]
fn the_same_conversation_is_the_same_bytes_and_another_is_not() {
    let one = talk(Transport::Tcp, false, Ending::Answered);
    assert_eq!(one.frames(), one.frames());
    assert_ne!(one.frames(), Talk { number: 8, ..one }.frames());
}
