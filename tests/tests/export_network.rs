//! A gateway with the exported firewall loaded: what is documented crosses it, what is not does not.

use anyhow::{Context as _, Result, ensure};
use cmflow::answer::Audit;
use cmflow::export::{Format, Only, export};
use cmflow_tests::audits::{audit, opening};
use cmflow_tests::firewall_tools::{bench, read};
use cmflow_tests::office::Office;
use cmflow_tests::tftp::transfer;
use cmflow_tests::traffic::{conversation, datagrams, ends, refused};
use xtask::lab::Netns;
use xtask::setup::programs;

const CLIENT: (&[&str], &[&str]) = (&["client"], &["10.10.0.0/24", "fd00:10::/112"]);
const POINT: (&[&str], &[&str]) = (&["management-point"], &["10.20.0.11", "fd00:20::11"]);
const PXE: (&[&str], &[&str]) = (&["distribution-point-pxe"], &["10.20.0.12", "fd00:20::12"]);
const SERVER: (&[&str], &[&str]) = (&["site-server"], &["10.20.0.5", "fd00:20::5"]);

/// Client and server of each family, without ports.
const FAMILIES: [[&str; 3]; 2] = [
    ["10.10.0.5", "10.20.0.11", "10.20.0.12"],
    ["[fd00:10::5]", "[fd00:20::11]", "[fd00:20::12]"],
];

fn documented() -> Audit {
    audit(vec![
        opening(CLIENT, POINT, "tcp 443", "client/management-point/https"),
        opening(
            CLIENT,
            POINT,
            "tcp 135",
            "client/management-point/rpc-endpoint-mapper",
        ),
        opening(CLIENT, POINT, "tcp 49152-65535", "client/management-point/rpc"),
        opening(CLIENT, PXE, "udp 4011", "client/distribution-point-pxe/binl"),
        opening(CLIENT, PXE, "udp 69", "client/distribution-point-pxe/tftp"),
        opening(SERVER, CLIENT, "tcp 445", "site-server/client/smb"),
    ])
}

/// An office whose gateway has a firewall; nothing, with the reason printed, where that cannot be had.
fn office(wanted: &[programs::Program]) -> Result<Option<Office>> {
    if bench(wanted)?.is_none() {
        return Ok(None);
    }
    Office::open()
}

fn load(gateway: &Netns, firewall: Format) -> Result<String> {
    let text = export(&documented(), &[], firewall, Only::Used)?.text;
    if firewall == Format::Nftables {
        read(gateway, "nft", &["-f", "-"], &text)?;
    } else {
        read(gateway, "iptables-restore", &["--noflush"], &text)?;
        read(gateway, "ip6tables-restore", &["--noflush"], &text)?;
    }
    Ok(text)
}

fn documented_crosses_and_the_rest_does_not(office: &Office, firewall: Format) -> Result<()> {
    // Without a firewall everything crosses, so that what is refused below is refused by it.
    for [client, point, _] in FAMILIES {
        let (from, to) = ends(&format!("{client}:0"), &format!("{point}:3389"))?;
        conversation(office, from, to)?;
    }
    load(office.gateway(), firewall)?;
    for [client, point, pxe] in FAMILIES {
        let documented = |port: u16| ends(&format!("{client}:0"), &format!("{point}:{port}"));
        for port in [443, 135, 49_152, 61_000] {
            let (from, to) = documented(port)?;
            conversation(office, from, to).with_context(|| format!("{point} {port}"))?;
        }
        let (from, to) = ends(&format!("{client}:40000"), &format!("{pxe}:4011"))?;
        datagrams(office, from, to, 3, 100)?;
        ensure!(transfer(office, client, pxe)? == 3, "TFTP from {pxe}");

        let tries = [
            // Nobody documented this port, this server for it, this direction.
            (format!("{client}:0"), format!("{point}:3389")),
            (format!("{client}:0"), format!("{pxe}:443")),
            (format!("{point}:0"), format!("{client}:445")),
        ];
        refused(
            office,
            tries.iter().map(|(from, to)| (from.as_str(), to.as_str())),
        )?;
    }
    Ok(())
}

#[test]
fn nftables_let_documented_flows_through_and_nothing_else() -> Result<()> {
    let Some(office) = office(&[programs::NFT])? else {
        return Ok(());
    };
    documented_crosses_and_the_rest_does_not(&office, Format::Nftables)?;
    // Three refused connections of each family were counted, and each of them sent one segment at least.
    let held = read(
        office.gateway(),
        "nft",
        &["list", "chain", "inet", "cmflow_export", "forward"],
        "",
    )?;
    let last = held
        .lines()
        .find(|line| line.contains("what no line lets through"))
        .context("the last rule")?;
    let dropped: u64 = last.split_whitespace().nth(2).context("a counter")?.parse()?;
    ensure!(dropped >= 6, "{held}");
    Ok(())
}

#[test]
fn iptables_let_documented_flows_through_and_nothing_else() -> Result<()> {
    let Some(office) = office(&[programs::IPTABLES])? else {
        return Ok(());
    };
    documented_crosses_and_the_rest_does_not(&office, Format::Iptables)
}

/// Why the helper is there: without it a transfer's answers are dropped, because they come from another port.
#[test]
fn without_the_helper_no_answer_of_tftp_crosses() -> Result<()> {
    let Some(office) = office(&[programs::NFT])? else {
        return Ok(());
    };
    let written = load(office.gateway(), Format::Nftables)?;
    let without = written.replace("ct helper set \"tftp_answers\" ", "");
    ensure!(without != written, "{written}");
    read(office.gateway(), "nft", &["-f", "-"], &without)?;
    for [client, _, pxe] in FAMILIES {
        assert_eq!(transfer(&office, client, pxe)?, 0, "{pxe}");
    }
    Ok(())
}

/// A new export is loaded in one step: what is being talked goes on.
#[test]
fn a_conversation_outlives_the_next_export() -> Result<()> {
    use std::io::{Read as _, Write as _};
    let Some(office) = office(&[programs::NFT])? else {
        return Ok(());
    };
    load(office.gateway(), Format::Nftables)?;
    for [client, point, _] in FAMILIES {
        let (from, to) = ends(&format!("{client}:0"), &format!("{point}:443"))?;
        let _server = office.of(to)?.echo_tcp(to)?;
        let mut connection = office.of(from)?.tcp_connect(from, to)?;
        for _ in 0..3 {
            load(office.gateway(), Format::Nftables)?;
            connection.write_all(b"question")?;
            connection.read_exact(&mut [0; 8])?;
        }
    }
    Ok(())
}
