//! What the desk promises, with a clock of its own.

mod laws;
mod ways;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::answer::Nearest;

/// A Friday, at noon.
fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn after(minutes: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minutes)
}

fn group(number: u16) -> Group {
    Group {
        initiator_roles: vec!["client".to_owned()],
        responder_roles: vec!["management-point".to_owned()],
        protocol: "tcp".to_owned(),
        port: 4000 + number,
        verdict: "undocumented".to_owned(),
    }
}

fn heard(number: u16, at: Timestamp) -> Heard {
    Heard {
        group: group(number),
        example: Example {
            initiator: "10.10.0.5".parse().expect("an address"),
            responder: "10.20.0.11".parse().expect("an address"),
            nearest: Some(Nearest {
                rule: "client/management-point/https".to_owned(),
                why_not: "the port is another one".to_owned(),
            }),
        },
        first_seen: at,
        last_seen: at,
    }
}

/// What a letter says, short: kind, ports above 4000, and what was held back.
fn short(letter: &Letter) -> String {
    let groups: Vec<_> = letter
        .groups
        .iter()
        .map(|told| format!("{}{}", told.group.port - 4000, if told.again { "*" } else { "" }))
        .collect();
    let mut text = format!("{} {}", letter.kind.name(), groups.join(","));
    for (number, sign) in [(letter.held_back, '<'), (letter.waiting, '>')] {
        if number > 0 {
            text += &format!(" {sign}{number}");
        }
    }
    text
}

/// What happens at a minute: groups heard of, and the letters that then go out.
type Row<'a> = (i64, &'a [u16], &'a [&'a str]);

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn play(options: &Options, rows: &[Row<'_>]) {
    let mut desk = Desk::new(Memory::new(noon()));
    for (minute, groups, expected) in rows {
        let now = after(*minute);
        for number in *groups {
            desk.hear(heard(*number, now), now, options);
        }
        let letters = desk.due(now, options);
        let said: Vec<_> = letters.iter().map(short).collect();
        assert_eq!(said, *expected, "minute {minute}");
        // A daemon that ends here and begins anew knows all of it.
        let text = serde_json::to_string(&desk.memory()).expect("plain data");
        desk = Desk::new(serde_json::from_str(&text).expect("what was written"));
    }
}

#[test]
fn a_group_is_told_once_and_again_after_a_silence() {
    let options = Options {
        learn_h: 0,
        digest: None,
        ..Options::default()
    };
    play(
        &options,
        &[
            (0, &[], &[]),
            (1, &[1], &["alert 1"]),
            (2, &[1, 2], &["alert 2"]),
            (20 * HOUR, &[1], &[]),
            // A day after the last packet, not after the first one.
            (20 * HOUR + DAY - 1, &[1, 2], &["alert 2*"]),
            (20 * HOUR + 2 * DAY - 1, &[1], &["alert 1*"]),
            (20 * HOUR + 2 * DAY, &[1, 2], &["alert 2*"]),
        ],
    );
}

#[test]
fn what_is_there_in_the_first_day_is_learnt_and_told_in_one_digest() {
    let options = Options {
        digest: None,
        ..Options::default()
    };
    play(
        &options,
        &[
            (0, &[1, 2], &[]),
            (DAY - 1, &[1, 3], &[]),
            (DAY, &[4], &["learnt 1,2,3", "alert 4"]),
            (DAY + 1, &[1, 2, 3, 5], &["alert 2*", "alert 5"]),
        ],
    );
}

#[test]
fn each_day_one_digest_tells_what_was_new() {
    let options = Options {
        learn_h: 0,
        ..Options::default()
    };
    let morning = 19 * HOUR;
    play(
        &options,
        &[
            (0, &[1], &["alert 1"]),
            (morning - 1, &[2], &["alert 2"]),
            (morning, &[], &["digest 1,2"]),
            (morning + 1, &[1], &[]),
            (morning + 2, &[3], &["alert 3"]),
            (morning + DAY, &[1], &["digest 3"]),
            // Days that nobody saw pass are one digest.
            (morning + 5 * DAY + 3, &[], &["digest "]),
            (morning + 5 * DAY + 4, &[], &[]),
            (morning + 6 * DAY, &[3], &["digest ", "alert 3*"]),
        ],
    );
}

#[test]
fn what_is_more_than_may_be_said_is_held_back_counted_and_told() {
    let options = Options {
        learn_h: 0,
        most_a_minute: 2,
        digest: None,
        ..Options::default()
    };
    play(
        &options,
        &[
            (0, &[1, 2, 3, 4, 5], &["alert 1 >3", "alert 2 >3"]),
            (0, &[6], &[]),
            (1, &[], &["alert 3,4,5,6 <4"]),
            (1, &[7, 8, 9], &["alert 7 >2"]),
            (2, &[10], &["alert 8,9 <2", "alert 10"]),
        ],
    );
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let options = Options {
        learn_h: 24,
        digest: None,
        ..Options::default()
    };
    let mut desk = Desk::new(Memory::new(after(1000 * DAY)));
    assert_eq!(desk.due(noon(), &options), []);
    assert_eq!(desk.learning_until(&options), Some(after(DAY)));
    assert_eq!(desk.due(after(DAY), &options).len(), 1);
}

#[test]
fn what_finds_no_room_is_said() {
    let options = Options {
        learn_h: 0,
        most_a_minute: 1000,
        digest: None,
        ..Options::default()
    };
    let mut desk = Desk::new(Memory::new(noon()));
    let many = u16::try_from(Desk::MOST_GROUPS).expect("few");
    for number in 0..many {
        desk.hear(heard(number, noon()), noon(), &options);
    }
    desk.hear(heard(many, noon()), noon(), &options);
    let letters = desk.due(noon(), &options);
    assert_eq!(letters[0].beyond, 1);
    assert!(letters.iter().skip(1).all(|letter| letter.beyond == 0));
    let told = desk.due(after(1), &options);
    let told: usize = letters
        .iter()
        .chain(&told)
        .map(|letter| letter.groups.len())
        .sum();
    assert_eq!(told, Desk::MOST_GROUPS);
    // After a day of silence there is room again: they would be told of anew anyway.
    desk.hear(heard(many, after(DAY + 2)), after(DAY + 2), &options);
    let letters = desk.due(after(DAY + 2), &options);
    assert_eq!(
        letters.iter().map(short).collect::<Vec<_>>(),
        [format!("alert {many}")]
    );
}

#[test]
fn texts_are_for_people() {
    let options = Options {
        learn_h: 0,
        most_a_minute: 1,
        digest: None,
        ..Options::default()
    };
    let sender = Sender {
        instance: "default".to_owned(),
        host: "gw".to_owned(),
    };
    let mut desk = Desk::new(Memory::new(noon()));
    for number in 1..4 {
        desk.hear(heard(number, noon()), noon(), &options);
    }
    let first = desk.due(noon(), &options).remove(0);
    assert_eq!(
        Message::new(&sender, &first, 0).text,
        "cmflow default: undocumented: client -> management-point tcp/4001, 10.10.0.5 to 10.20.0.11; nearest rule \
         client/management-point/https: the port is another one; 2 more are held back"
    );
    let second = desk.due(after(1), &options).remove(0);
    assert_eq!(
        Message::new(&sender, &second, 3).text,
        "cmflow default: 2 unexplained groups: undocumented: client -> management-point tcp/4002; undocumented: client \
         -> management-point tcp/4003; 2 of them were held back; 3 letters before this one found no room in the queue"
    );
}
