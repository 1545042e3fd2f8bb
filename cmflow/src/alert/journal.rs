//! An entry of systemd's journal, with fields, by its native protocol: <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>.

use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use super::channel::{Failure, json};
use super::letter::{Kind, Message};

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Longest entry; the kernel takes no much longer datagram.
const LONGEST: usize = 128 * 1024;

/// Whether what is written to this stream goes to the journal: systemd names it by device and inode (`JOURNAL_STREAM`).
#[must_use]
pub fn is_journal(named: Option<&str>, stream: &impl AsRawFd) -> bool {
    let Some((device, inode)) = named.and_then(|named| named.split_once(':')) else {
        return false;
    };
    let path = format!("/proc/self/fd/{}", stream.as_raw_fd());
    let found = std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
    found.is_ok_and(|(dev, ino)| device.parse() == Ok(dev) && inode.parse() == Ok(ino))
}

/// Sends an entry.
pub(super) fn send(socket: &Path, message: &Message<'_>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::passing(format!("{}: {error}", socket.display()));
    let entry = entry(message)?;
    let sender = UnixDatagram::unbound().map_err(failed)?;
    // A journal that is busy must not hold up the next letter for ever.
    sender.set_nonblocking(true).map_err(failed)?;
    sender.send_to(&entry, socket).map(drop).map_err(failed)
}

/// The fields of a letter.
fn entry(message: &Message<'_>) -> Result<Vec<u8>, Failure> {
    let letter = message.letter;
    let priority = if letter.kind == Kind::Alert { "4" } else { "5" };
    let number = letter.number.to_string();
    let mut entry = Vec::new();
    field(&mut entry, "MESSAGE", &message.text);
    field(&mut entry, "PRIORITY", priority);
    field(&mut entry, "SYSLOG_IDENTIFIER", "cmflow");
    field(&mut entry, "CMFLOW_INSTANCE", message.instance);
    field(&mut entry, "CMFLOW_ALERT", letter.kind.name());
    field(&mut entry, "CMFLOW_NUMBER", &number);
    // A field may stand there more than once: the journal finds entries by each of its values.
    for told in &letter.groups {
        let group = &told.group;
        field(&mut entry, "CMFLOW_VERDICT", &group.verdict);
        field(
            &mut entry,
            "CMFLOW_SERVICE",
            &format!("{}/{}", group.protocol, group.port),
        );
        for role in &group.initiator_roles {
            field(&mut entry, "CMFLOW_INITIATOR_ROLE", role);
        }
        for role in &group.responder_roles {
            field(&mut entry, "CMFLOW_RESPONDER_ROLE", role);
        }
    }
    let json = json(message)?;
    if entry.len() + json.len() <= LONGEST {
        field(&mut entry, "CMFLOW_JSON", &String::from_utf8_lossy(&json));
    }
    entry.truncate(LONGEST);
    Ok(entry)
}

/// With the length before the value: it may have several lines.
fn field(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}
