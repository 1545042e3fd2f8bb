//! What goes over the wire, to real sockets.

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::*;

fn letter(groups: u16) -> Letter {
    let options = Options {
        learn_h: 0,
        ..Options::default()
    };
    let mut desk = Desk::new(Memory::new(noon()));
    for number in 0..groups {
        desk.hear(heard(number, noon()), noon(), &options);
    }
    let mut letters = desk.due(noon(), &options);
    let groups = letters.iter().flat_map(|letter| letter.groups.clone()).collect();
    let first = letters.remove(0);
    Letter { groups, ..first }
}

fn sender() -> Sender {
    Sender {
        instance: "default".to_owned(),
        host: "gw".to_owned(),
    }
}

/// What arrives at a socket of this machine.
fn received(name: &str, letter: &Letter, channel: impl Fn(std::path::PathBuf) -> Channel) -> Vec<u8> {
    let folder = std::env::temp_dir().join(format!("cmflow-alert-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join("socket");
    let _ = std::fs::remove_file(&path);
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let message = Message::new(&sender(), letter, 0).text.len();
    assert!(message > 0);
    let sender = sender();
    let message = Message::new(&sender, letter, 0);
    let sent = channel(path).deliver(&message, Duration::from_secs(1));
    assert_eq!(sent, Ok(()));
    let mut buffer = vec![0; 1 << 18];
    let length = socket.recv(&mut buffer).expect("a datagram");
    buffer.truncate(length);
    let _ = std::fs::remove_dir_all(folder);
    buffer
}

#[test]
fn the_journal_gets_fields() {
    let entry = received("journal", &letter(2), Channel::Journal);
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut rest = entry.as_slice();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').expect("a name");
        let name = String::from_utf8(rest[..end].to_vec()).expect("a name");
        let length = rest[end + 1..end + 9].try_into().expect("a length");
        let length = usize::try_from(u64::from_le_bytes(length)).expect("a length");
        let value = &rest[end + 9..end + 9 + length];
        let value = String::from_utf8(value.to_vec()).expect("text");
        fields.entry(name).or_default().push(value);
        assert_eq!(rest[end + 9 + length], b'\n');
        rest = &rest[end + 10 + length..];
    }
    for (name, values) in [
        ("PRIORITY", &["4"][..]),
        ("CMFLOW_ALERT", &["alert"]),
        ("CMFLOW_INSTANCE", &["default"]),
        ("CMFLOW_SERVICE", &["tcp/4000", "tcp/4001"]),
        ("CMFLOW_INITIATOR_ROLE", &["client", "client"]),
    ] {
        assert_eq!(fields[name], values, "{name}");
    }
    assert!(fields["MESSAGE"][0].starts_with("cmflow default: 2 unexplained groups"));
    let json: serde_json::Value = serde_json::from_str(&fields["CMFLOW_JSON"][0]).expect("JSON");
    assert_eq!(json["groups"][1]["port"], 4001);
}

#[test]
fn syslog_gets_one_line_that_every_receiver_takes() {
    let to = |path| Channel::Syslog(Syslog::Local(path));
    let line = String::from_utf8(received("syslog", &letter(1), to)).expect("text");
    let begin = format!(
        "<28>1 2026-11-20T12:00:00.000000Z gw cmflow {} alert - cmflow default: undocumented: client",
        std::process::id()
    );
    assert!(line.starts_with(&begin), "{line}");
    let mut long = letter(10);
    for told in &mut long.groups {
        told.group.responder_roles = vec!["ä".repeat(300)];
    }
    let line = String::from_utf8(received("syslog-long", &long, to)).expect("whole characters");
    assert!(line.len() <= 2048 && line.ends_with('…'), "{}", line.len());
}

#[test]
fn the_journal_is_known_by_device_and_inode() {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::fs::File::open("/dev/null").expect("it is everywhere");
    let found = file.metadata().expect("it is open");
    let (device, inode) = (found.dev(), found.ino());
    for (named, is) in [
        (Some(format!("{device}:{inode}")), true),
        (Some(format!("{device}:{}", inode + 1)), false),
        (Some("nothing".to_owned()), false),
        (None, false),
    ] {
        assert_eq!(is_journal(named.as_deref(), &file), is, "{named:?}");
    }
}

#[test]
fn a_courier_counts_what_finds_no_room_and_keeps_the_order() {
    let nowhere = std::path::PathBuf::from("/nowhere/at/all");
    let courier = Courier::start(Channel::Syslog(Syslog::Local(nowhere)), sender(), vec![letter(1)]);
    let letters: Vec<_> = (0..Courier::QUEUE as u64 + 4)
        .map(|number| Letter {
            number: number + 2,
            ..letter(1)
        })
        .collect();
    courier.take(&letters);
    let load = courier.load();
    assert_eq!((load.queued, load.failed), (Courier::QUEUE as u64, 5));
    let numbers: Vec<_> = courier.waiting().iter().map(|letter| letter.number).collect();
    assert_eq!(numbers, (1..=Courier::QUEUE as u64).collect::<Vec<_>>());
}
