//! Metrics as Prometheus itself takes them: checked by promtool, scraped by a real server, asked for by alert rules and by
//! a Grafana dashboard.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{datagrams, ends};
use cmflow_tests::web::Web;
use serde_json::Value;
use xtask::lab::{Netns, ScratchDir, eventually};
use xtask::setup::programs;

fn monitoring() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/monitoring")
}

/// Whether Prometheus is here or can be brought.
fn prometheus_is_here() -> bool {
    let missing = programs::bring(&programs::PROMETHEUS);
    if !missing.is_empty() {
        println!("skipped: no {} here, and it cannot be installed", missing[0].name);
    }
    missing.is_empty()
}

/// Names of the series that a text of metrics holds.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split(['{', ' ']).next());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Names of cmflow's that an expression mentions.
fn mentioned(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'));
    words
        .filter(|word| word.starts_with("cmflow_"))
        .map(str::to_owned)
        .collect()
}

/// What a Prometheus at a port of the namespace answers to a query of its API.
fn asked(netns: &Netns, path: &str, query: &str) -> Result<Value> {
    let mut curl = netns.command("curl");
    curl.args(["--silent", "--show-error", "--get", "--data-urlencode", query]);
    let output = curl
        .arg(format!("http://127.0.0.1:9090/api/v1/{path}"))
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[test]
fn prometheus_scrapes_what_the_kernel_counted() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    if !prometheus_is_here() {
        return Ok(());
    }
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 7, 10)?;
    let rule = eventually("the rule's packets", LIMIT, || {
        let rules = daemon.rules()?.rules;
        let rule = rules
            .into_iter()
            .find(|rule| rule.verdict == "documented" && rule.packets == 14);
        rule.map(|rule| rule.rule).context("not counted yet")
    })?;
    let folder = ScratchDir::new("prometheus")?;
    let configuration = folder.path().join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: cmflow, static_configs: [{{targets: ['{}']}}]}}]\n",
        web.address
    );
    fs::write(&configuration, text)?;
    let mut server = office.gateway().command("prometheus");
    server.arg(format!("--config.file={}", configuration.display()));
    server.arg(format!(
        "--storage.tsdb.path={}",
        folder.path().join("data").display()
    ));
    server.arg("--web.listen-address=127.0.0.1:9090");
    let server = office.gateway().start(server, Some(folder.path().join("log")))?;
    eventually("a scrape", LIMIT, || {
        let query = format!("query=cmflow_rule_packets_total{{rule=\"{rule}\"}}");
        let found = asked(office.gateway(), "query", &query)?;
        ensure!(
            found["data"]["result"][0]["value"][1] == "14",
            "{found} {}",
            server.printed()
        );
        let up = asked(office.gateway(), "query", "query=up")?;
        ensure!(up["data"]["result"][0]["value"][1] == "1", "{up}");
        Ok::<_, anyhow::Error>(())
    })?;
    let kinds = asked(office.gateway(), "metadata", "metric=cmflow_rule_packets_total")?;
    let kinds = kinds["data"].to_string();
    assert!(kinds.contains("\"counter\"") || kinds == "{}", "{kinds}");
    drop(server);
    daemon.finish()
}

#[test]
fn names_labels_rules_and_dashboard_are_right() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4777")?;
    datagrams(&office, from, to, 3, 10)?;
    let plain = eventually("the conversation in the metrics", LIMIT, || {
        let plain = web.get("/metrics")?;
        ensure!(
            plain
                .body
                .contains("cmflow_verdict_packets_total{verdict=\"undocumented\"} 6\n"),
            "{}",
            plain.body
        );
        Ok(plain)
    })?;
    assert_eq!(
        plain.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let open = web.request(
        "GET",
        "/metrics",
        &[("Accept", "application/openmetrics-text;version=1.0.0")],
        "",
    )?;
    assert!(
        open.header("content-type")
            .starts_with("application/openmetrics-text"),
        "{open:?}"
    );
    assert!(open.body.ends_with("# EOF\n"));
    let names = series(&plain.body);
    assert_eq!(names, series(&open.body));
    // Never an address, whatever talks.
    for address in ["10.10.0.5", "10.20.0.12"] {
        assert!(!plain.body.contains(address), "{address}");
    }

    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string(monitoring().join("grafana-dashboard.json"))?)?;
    let panels = dashboard["panels"].as_array().context("panels")?;
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let mut expressions: Vec<String> = targets
        .filter_map(|target| target["expr"].as_str())
        .map(str::to_owned)
        .collect();
    assert!(expressions.len() > 10, "{expressions:?}");
    let variables = dashboard["templating"]["list"].as_array().context("variables")?;
    expressions.extend(
        variables
            .iter()
            .filter_map(|one| one["query"]["query"].as_str())
            .map(str::to_owned),
    );
    for line in fs::read_to_string(monitoring().join("cmflow.rules.yml"))?.lines() {
        expressions.extend(line.trim().strip_prefix("expr: ").map(str::to_owned));
    }
    for expression in &expressions {
        let unknown: Vec<_> = mentioned(expression).difference(&names).cloned().collect();
        assert!(
            unknown.is_empty(),
            "{unknown:?} of {expression} is not in /metrics: {names:?}"
        );
    }
    daemon.finish()?;

    if !prometheus_is_here() {
        return Ok(());
    }
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = promtool.stdin.take().context("its input")?;
    std::io::Write::write_all(&mut input, plain.body.as_bytes())?;
    drop(input);
    let checked = promtool.wait_with_output()?;
    assert!(
        checked.status.success() && checked.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    for arguments in [
        ["check", "rules", "cmflow.rules.yml"],
        ["test", "rules", "cmflow.rules.test.yml"],
    ] {
        let checked = Command::new("promtool")
            .args(arguments)
            .current_dir(monitoring())
            .output()?;
        assert!(checked.status.success(), "{arguments:?}: {checked:?}");
    }
    Ok(())
}
