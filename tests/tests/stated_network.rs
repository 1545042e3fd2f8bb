//! What a site file says of the network around the computers, from outside: how `explain`, `check` and `replay` say it.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use cmflow_tests::binary::cmflow;
use cmflow_tests::replayed::{Desk, capture, timed};
use serde_json::{Value, json};
use xtask::capture::file::Format;
use xtask::frames::eth;
use xtask::lab::ScratchDir;

/// Lines are counted from 1: the proxies stand on the second, the translations on the third.
const SITE: &str = r#"companions = []
options = { rpc = "strict", rpc-lifetime-minutes = 20, proxy = ["10.9.0.8:8080", "10.20.0.11:3128"] }
nat = [{ vip = "10.20.0.10:443", members = "10.20.0.11:8443", self = "10.20.0.1", hides = 40 }]
sql-instance = [{ address = "10.30.0.6", port = 1433 }, { address = "10.30.0.6", port = 14330, name = "CM" }]
interfaces = { lo = "client", no-such0 = "client" }
ports = { client-https = 8443 }
[networks]
internal = ["10.0.0.0/8"]
[roles]
client = ["10.10.0.0/16"]
management-point = ["10.20.0.11"]
site-server = ["10.20.0.5"]
sql-server = ["10.30.0.6"]
cloud-management-gateway = ["!0.0.0.0/0"]
cloud-distribution-point = ["!0.0.0.0/0"]
"#;

/// What a verb says of a site file.
fn said(site: &str, verb: &str, arguments: &[&str]) -> Result<String> {
    let folder = ScratchDir::new("stated-network")?;
    std::fs::write(folder.path().join("site.toml"), site)?;
    let output = Command::new(cmflow())
        .args([verb, "--site", "site.toml"])
        .args(arguments)
        .current_dir(folder.path())
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(output.status.code() == Some(0), "{}", text(&output.stderr));
    Ok(text(&output.stdout))
}

/// Each of the lines stands there.
fn expect(told: &str, lines: &[&str]) -> Result<()> {
    for line in lines {
        ensure!(
            told.lines().any(|found| found == *line),
            "no line \"{line}\" in:\n{told}"
        );
    }
    Ok(())
}

#[test]
fn explain_says_what_a_proxy_stands_for() -> Result<()> {
    let flow = ["10.20.0.5", "10.9.0.8", "tcp/8080"];
    let told = said(SITE, "explain", &flow)?;
    expect(
        &told,
        &[
            "10.20.0.5 -> 10.9.0.8 tcp/8080: documented",
            "  toward     10.9.0.8  proxy server",
            "             by 10.9.0.8 (site.toml:2)",
            "      site-server --> internet, HTTP, TCP 8080, note 1",
            "      10.9.0.8 counts as internet: it is a proxy server (site.toml:2)",
            "      changed: TCP 80 is documented; the proxy has its own port for it",
        ],
    )?;
    // The page prints the note at HTTP alone.
    let remark = "remark: The page prints note 1 at some rows toward the internet only";
    ensure!(told.matches(remark).count() == 1, "{told}");

    let answer: Value = serde_json::from_str(&said(
        SITE,
        "explain",
        &[&flow[..], &["--format", "json"]].concat(),
    )?)?;
    assert_eq!(
        answer["rules"],
        json!(["site-server/internet/http", "site-server/internet/https"])
    );
    assert_eq!(answer["destination"]["proxy"], true);
    assert_eq!(answer["source"]["proxy"], false);
    let roles = answer["destination_roles"].as_array().context("a list")?;
    ensure!(roles.contains(&json!("internet")), "{roles:?}");
    ensure!(!roles.contains(&json!("cloud-management-gateway")), "{roles:?}");
    assert_eq!(answer["explained_by"][0]["replaces"]["setting"], "proxy");
    assert_eq!(answer["explained_by"][0]["replaces"]["documented"], "TCP 80");
    ensure!(
        answer["explained_by"][1]["remarks"][0]
            .as_str()
            .is_some_and(|text| text.contains("note 1")),
        "{answer}"
    );

    expect(
        &said(SITE, "explain", &["10.20.0.5", "10.9.0.8", "tcp/443"])?,
        &["      port 443 is documented, the proxy is asked at 8080"],
    )?;
    // One that is something else too, and one that opens a flow.
    expect(
        &said(SITE, "explain", &["10.9.0.8", "10.20.0.11", "tcp/1"])?,
        &[
            "  opened by  10.9.0.8  proxy server",
            "  toward     10.20.0.11  proxy server, management-point",
            "             proxy server by 10.20.0.11 (site.toml:2)",
            "             management-point by 10.20.0.11 (site.toml:11)",
        ],
    )
}

#[test]
fn explain_names_the_line_that_gives_a_translated_address_its_roles() -> Result<()> {
    expect(
        &said(SITE, "explain", &["10.10.0.1", "10.20.0.10", "tcp/443"])?,
        &[
            "  toward     10.20.0.10  management-point",
            "             by 10.20.0.10 (site.toml:3)",
        ],
    )?;
    expect(
        &said(SITE, "explain", &["10.10.0.1", "10.20.0.10", "tcp/10123"])?,
        &["10.10.0.1 -> 10.20.0.10 tcp/10123: documented"],
    )?;
    // The member's port is 8443, and no rule of the member's has it at the virtual address.
    expect(
        &said(SITE, "explain", &["10.10.0.1", "10.20.0.10", "tcp/8443"])?,
        &["10.10.0.1 -> 10.20.0.10 tcp/8443: undocumented"],
    )?;
    expect(
        &said(SITE, "explain", &["10.20.0.1", "10.20.0.11", "tcp/8443"])?,
        &[
            "10.20.0.1 -> 10.20.0.11 tcp/8443: documented",
            "  opened by  10.20.0.1  client",
            "             by 10.20.0.1 (site.toml:3)",
        ],
    )?;
    let moved = SITE.replace("vip = \"10.20.0.10:443\"", "vip = \"10.20.0.10:9443\"");
    expect(
        &said(&moved, "explain", &["10.10.0.1", "10.20.0.10", "tcp/9443"])?,
        &["      changed: TCP 443 is documented; the virtual address has its own port for it"],
    )
}

#[test]
fn explain_says_the_ports_of_all_instances() -> Result<()> {
    expect(
        &said(SITE, "explain", &["10.20.0.5", "10.30.0.6", "tcp/14330"])?,
        &[
            "      site-server --> sql-server, SQL over TCP, TCP 1433 or 14330, note 2",
            "      changed: TCP 1433 is documented; sql in the site file replaces it",
        ],
    )
}

#[test]
fn check_shows_what_the_site_file_says_of_the_network() -> Result<()> {
    let told = said(SITE, "check", &[])?;
    expect(
        &told,
        &[
            "A flow to a dynamic port that nothing announced is undocumented",
            "A dynamic port that was announced counts as such for 20 minutes",
            "The internet is asked through 10.9.0.8:8080, 10.20.0.11:3128",
            "Instances of SQL Server",
            "  10.30.0.6  1433, 14330 (CM)",
            "Who has no address of its own counts by its interface",
            "  lo        client",
            "Translations",
            "  10.20.0.10:443 -> 10.20.0.11:8443; asked from 10.20.0.1 for 40 computers, client",
        ],
    )?;
    let meaning: Value = serde_json::from_str(&said(SITE, "check", &["--format", "json"])?)?;
    for (key, expected) in [
        ("rpc", json!("strict")),
        ("rpc_lifetime_minutes", json!(20)),
        ("proxies", json!(["10.9.0.8:8080", "10.20.0.11:3128"])),
        (
            "sql_instances",
            json!([
                { "name": null, "addresses": ["10.30.0.6"], "port": 1433, "service_broker": null },
                { "name": "CM", "addresses": ["10.30.0.6"], "port": 14330, "service_broker": null },
            ]),
        ),
        (
            "interface_sides",
            json!([{ "interface": "lo", "role": "client" }, { "interface": "no-such0", "role": "client" }]),
        ),
        (
            "translations",
            json!([{
                "vips": ["10.20.0.10:443"],
                "members": ["10.20.0.11:8443"],
                "self": ["10.20.0.1"],
                "hides": 40,
                "roles": ["client"],
            }]),
        ),
    ] {
        assert_eq!(meaning[key], expected, "{key}");
    }
    // A file that says nothing of it reads as before.
    let told = said("networks.internal = \"10.0.0.0/8\"", "check", &[])?;
    for word in [
        "dynamic",
        "asked through",
        "Instances",
        "interface",
        "Translations",
    ] {
        ensure!(!told.contains(word), "\"{word}\" in:\n{told}");
    }
    Ok(())
}

#[test]
fn check_warns_of_sides_of_interfaces_that_nobody_looks_at() -> Result<()> {
    let folder = ScratchDir::new("sides")?;
    std::fs::write(folder.path().join("site.toml"), SITE)?;
    let told = |interface: &str| -> Result<Vec<String>> {
        // Whether such an interface can be looked at is another question.
        let output = Command::new(cmflow())
            .args([
                "check",
                "--site",
                "site.toml",
                "--format",
                "json",
                "--interface",
                interface,
            ])
            .current_dir(folder.path())
            .output()?;
        let meaning: Value = serde_json::from_slice(&output.stdout)?;
        let warnings = meaning["warnings"].as_array().context("a list")?.iter();
        let told = warnings
            .filter_map(Value::as_str)
            .filter(|one| one.contains("[interfaces]"));
        Ok(told.map(str::to_owned).collect())
    };
    let missing =
        "site.toml:5: [interfaces] gives \"no-such0\" a side, and this machine has no such interface";
    let unseen = "site.toml:5: [interfaces] gives \"lo\" a side, and that interface is not looked at; add --interface for it";
    assert_eq!(told("lo")?, [missing]);
    assert_eq!(told("no-such1")?, [unseen, missing]);
    Ok(())
}

#[test]
fn a_flow_that_conditional_rules_alone_explain_says_so() -> Result<()> {
    let desk = Desk::new()?;
    let frames = || {
        vec![
            eth()
                .ipv4("10.10.0.5", "10.10.0.6")
                .udp(40_000, 25_536)
                .payload(8),
            eth().ipv4("10.10.0.5", "10.20.0.11").tcp(50_000, 443).syn(),
        ]
    };
    let file = desk.put("wake-up.pcap", &capture(Format::default(), &timed(frames()))?)?;
    let output = desk
        .command(&file, &["--format", "json", "--sort", "address"])
        .output()?;
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let flows = answer["flows"].as_array().context("a list")?;
    assert_eq!(flows[0]["rules"], json!(["client/client/wake-up-proxy"]));
    assert_eq!(flows[0]["conditions"], json!(["wake-up"]));
    assert_eq!(
        flows[1]["conditions"],
        Value::Null,
        "left out where there is none"
    );
    let table = desk.command(&file, &[]).output()?;
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    ensure!(table.contains("(only if wake-up)"), "{table}");
    Ok(())
}
