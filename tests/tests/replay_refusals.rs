//! Captures that are damaged, of another kind, or none: what can be read is counted, the rest is said.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, ensure};
use cmflow_tests::binary::cmflow;
use cmflow_tests::replayed::{Desk, capture, conversations, timed};
use xtask::capture::file::{Container, Format, link_type};
use xtask::frames::{eth, raw, sll};
use xtask::lab;

fn file(container: Container, link: u32) -> Result<Vec<u8>> {
    let start = match link {
        link_type::LINUX_SLL => sll,
        link_type::RAW => raw,
        _ => eth,
    };
    let format = Format {
        container,
        link,
        ..Format::default()
    };
    capture(format, &timed(conversations(start)))
}

/// A row: what it is, the file, frames that are counted, words of the one problem.
type Row = (&'static str, Vec<u8>, u64, &'static [&'static str]);

fn rows() -> Result<Vec<Row>> {
    let [pcap, pcapng] = [
        file(Container::Pcap, link_type::ETHERNET)?,
        file(Container::PcapNg, link_type::ETHERNET)?,
    ];
    let changed = |bytes: &[u8], from_end: usize, value: u32| {
        let mut bytes = bytes.to_vec();
        let place = bytes.len() - from_end;
        bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    // The last frame has 54 bytes: a record of 16 + 54, a block of 32 + 56.
    let (record, block) = (16 + 54, 32 + 56);
    Ok(vec![
        (
            "a pcap that ends inside a frame",
            pcap[..pcap.len() - 7].to_vec(),
            14,
            &["ends inside the block at byte", "after 14 frames", "cut off"],
        ),
        (
            "a pcap that ends inside a header",
            pcap[..pcap.len() - record + 9].to_vec(),
            14,
            &["ends inside the block at byte", "after 14 frames"],
        ),
        (
            "a pcapng that ends inside a block",
            pcapng[..pcapng.len() - 7].to_vec(),
            14,
            &["ends inside the block at byte", "after 14 frames"],
        ),
        (
            "a file header that is cut off",
            pcap[..20].to_vec(),
            0,
            &["ends inside the block at byte 0, after 0 frames"],
        ),
        (
            "a frame of 2 GiB",
            changed(&pcap, record - 8, 0x7fff_ffff),
            14,
            &[
                "is damaged at byte",
                "a frame of 2147483647 bytes",
                "was not read",
            ],
        ),
        (
            "a block of 2 GiB",
            changed(&pcapng, block - 4, 0x7fff_fffc),
            14,
            &["is damaged at byte", "a block of 2147483644 bytes"],
        ),
        (
            "a block with two lengths",
            changed(&pcapng, 4, 92),
            14,
            &["is damaged at byte"],
        ),
        (
            "another link type",
            file(Container::Pcap, 127)?,
            0,
            &[
                "none of the 15 frames of link type 127 (802.11 with radiotap header) can be read",
                "Ethernet, Linux cooked (SLL, SLL2), raw IP, BSD null and loop can",
            ],
        ),
        (
            "one section of another link type",
            [
                pcapng.clone(),
                file(Container::PcapNg, 147)?,
                file(Container::PcapNg, 113)?,
            ]
            .concat(),
            30,
            &["15 frames of link type 147 were not counted", "raw IP"],
        ),
        ("an empty file", Vec::new(), 0, &["the capture is empty"]),
        (
            "a capture without frames",
            pcap[..24].to_vec(),
            0,
            &["the capture holds no frames"],
        ),
    ])
}

#[test]
fn what_could_be_read_is_counted_and_the_rest_is_said() -> Result<()> {
    let desk = Desk::new()?;
    for (what, bytes, frames, words) in rows()? {
        let said = desk.replay(&desk.put("capture", &bytes)?, &[])?;
        let answer = said.answer()?;
        ensure!(said.code == 1, "{what}: {said:?}");
        ensure!(answer.capture.frames == frames, "{what}: {answer:#?}");
        let [problem] = answer.problems.as_slice() else {
            anyhow::bail!("{what}: {:?}", answer.problems);
        };
        for expected in words {
            ensure!(problem.contains(expected), "{what}: {expected} in {problem}");
        }
        ensure!(said.stderr.is_empty(), "{what}: {}", said.stderr);
    }
    // People read it under the tables.
    let output = desk
        .command(&desk.path("capture").to_string_lossy(), &[])
        .output()?;
    let table = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.code() == Some(1), "{output:?}");
    ensure!(table.contains("note: the capture holds no frames"), "{table}");
    Ok(())
}

#[test]
fn what_is_no_capture_is_refused_with_one_line() -> Result<()> {
    let desk = Desk::new()?;
    let pcap = file(Container::Pcap, link_type::ETHERNET)?;
    for (name, bytes, words) in [
        (
            "friday.pcap.gz",
            &b"\x1f\x8b\x08\x00\x00\x00\x00\x00"[..],
            "gunzip -c",
        ),
        ("friday.pcap.zst", b"\x28\xb5\x2f\xfd\x00\x00\x00\x00", "zstd -dc"),
        ("site.toml.txt", b"edition = \"current\"\n", "tcpdump -w"),
        ("short", &pcap[..3], "is not a pcap or pcapng file"),
    ] {
        let path = desk.put(name, bytes)?;
        let said = desk.replay(&path, &[])?;
        ensure!(said.is_refusal(), "{name}: {said:?}");
        let begin = format!("cmflow: {path} is not a pcap or pcapng file; ");
        ensure!(
            said.stderr.starts_with(&begin) && said.stderr.contains(words),
            "{name}: {}",
            said.stderr
        );
    }
    let folder = desk.path("").to_string_lossy().into_owned();
    let missing = desk.path("missing.pcap").to_string_lossy().into_owned();
    for (path, words) in [
        (&folder, "is a folder; name a capture file in it"),
        (&missing, "cannot be opened: No such file or directory"),
    ] {
        let said = desk.replay(path, &[])?;
        ensure!(said.is_refusal() && said.stderr.contains(words), "{said:?}");
    }
    Ok(())
}

#[test]
fn without_the_right_to_it_one_line_says_what_is_needed() -> Result<()> {
    const NOBODY: u32 = 65_534;
    if let Some(reason) = lab::unavailable() {
        println!("skipped: {reason}");
        return Ok(());
    }
    let desk = Desk::new()?;
    let closed = desk.put("closed.pcap", &[])?;
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o600))?;
    let open = desk.put("open.pcap", &file(Container::Pcap, link_type::ETHERNET)?)?;
    for name in ["", "site.toml", "open.pcap"] {
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o755))?;
    }
    // The build's folder may be root's alone.
    let program = desk.path("cmflow");
    fs::copy(cmflow(), &program)?;
    let rows: [(&str, &[&str], i32, &str); 3] = [
        (&closed, &[], 2, "cannot be opened: Permission denied"),
        (&open, &["--kernel"], 2, "takes root: use sudo, or leave it out"),
        (&open, &[], 0, ""),
    ];
    for (path, arguments, code, words) in rows {
        let output = Command::new(&program)
            .arg("replay")
            .arg("--site")
            .arg(desk.path("site.toml"))
            .arg(path)
            .args(arguments)
            .uid(NOBODY)
            .gid(NOBODY)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(code),
            "{path} {arguments:?}: {output:?}"
        );
        ensure!(said.contains(words), "{said}");
        ensure!(said.lines().count() == usize::from(code != 0), "{said}");
    }
    Ok(())
}
