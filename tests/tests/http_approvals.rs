//! Approvals over HTTP: written as `cmflow approve` writes them, in use at once, and refused with the same sentences.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Result, ensure};
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::traffic::{datagrams, ends};
use cmflow_tests::web::{Response, Web};
use xtask::lab::{ScratchDir, eventually};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const RIGHT: &str = r#"{"from":"client","to":"distribution-point","udp":[4777],"why":"CHG1","by":"A. Admin","until":"2097-06-30"}"#;

/// A daemon that takes changes and whose site file names an approvals file, and the folder of that and of its token.
fn daemon(office: &Office) -> Result<(Daemon, ScratchDir)> {
    let folder = ScratchDir::new("approvals")?;
    let file = folder.path().join("approvals.toml");
    fs::write(&file, "")?;
    let named = format!("approvals = {:?}\n{SITE}", file.to_string_lossy());
    start(office, &named, folder)
}

fn start(office: &Office, site: &str, folder: ScratchDir) -> Result<(Daemon, ScratchDir)> {
    let token = folder.path().join("token");
    fs::write(&token, TOKEN)?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
    let plan = Plan::on(&BOTH).listening("127.0.0.1:0");
    let plan = plan.with(&["--token-file", &token.to_string_lossy()]);
    Ok((Daemon::start(office.gateway(), site, &plan)?, folder))
}

fn approve(web: &Web<'_>, token: Option<&str>, body: &str) -> Result<Response> {
    let shown = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(shown.as_deref().map(|shown| ("Authorization", shown)));
    web.request("POST", "/api/v1/approvals", &headers, body)
}

#[test]
fn an_approval_is_written_and_judges_from_then_on() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let (daemon, folder) = daemon(&office)?;
    let web = Web::of(office.gateway(), &daemon)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4777")?;
    let matching = |verdict: &str| -> Result<u64> {
        let told = web.json(&format!("/api/v1/flows?verdict={verdict}"))?;
        Ok(told["matching"].as_u64().unwrap_or_default())
    };
    datagrams(&office, from, to, 3, 10)?;
    eventually("an undocumented flow", LIMIT, || {
        ensure!(matching("undocumented")? == 1 && matching("approved")? == 0);
        Ok(())
    })?;
    let listed = web.json("/api/v1/approvals")?;
    assert!(
        listed["approvals"].as_array().is_some_and(Vec::is_empty),
        "{listed}"
    );

    // Whoever does not show the token changes nothing.
    let file = folder.path().join("approvals.toml");
    for token in [None, Some("0123456789abcdef0123456789abcdee"), Some("")] {
        let refused = approve(&web, token, RIGHT)?;
        assert_eq!(refused.status, 401, "{token:?}: {refused:?}");
    }
    assert_eq!(fs::read_to_string(&file)?, "");

    let before = daemon.status()?.generation;
    let response = approve(&web, Some(TOKEN), RIGHT)?;
    assert_eq!(response.status, 201, "{response:?}");
    let made = response.json()?;
    let id = "client-to-distribution-point-udp-4777";
    assert_eq!(
        (&made["id"], &made["line"], &made["until"]),
        (&id.into(), &3.into(), &"2097-06-30".into()),
        "{made}"
    );
    assert_eq!(made["file"], file.to_string_lossy().as_ref(), "{made}");
    assert_eq!(made["generation"].as_u64(), Some(before + 1), "{made}");
    let text = fs::read_to_string(&file)?;
    assert!(text.contains("by    = \"A. Admin\"\n"), "{text}");

    datagrams(&office, from, to, 3, 10)?;
    eventually("the flow is approved", LIMIT, || {
        ensure!(matching("approved")? == 1 && matching("undocumented")? == 0);
        Ok(())
    })?;
    let listed = web.json("/api/v1/approvals")?;
    let said = &listed["approvals"][0];
    assert_eq!(
        (&said["id"], &said["state"], &said["from"]),
        (&id.into(), &"holds".into(), &"client".into()),
        "{listed}"
    );
    let site = daemon.folder().join("site.toml");
    let site = site.to_string_lossy();
    let asked = daemon_list(&site)?;
    assert_eq!(asked, listed);
    let again = approve(&web, Some(TOKEN), RIGHT)?;
    assert_eq!(again.status, 409, "{again:?}");
    assert!(
        again
            .body
            .contains("it is approved already, by \\\"client-to-distribution-point-udp-4777\\\""),
        "{again:?}"
    );
    assert!(daemon.log().contains("approved over HTTP by \"A. Admin\""));
    daemon.finish()
}

/// What `cmflow approve --list` says of a site file.
fn daemon_list(site: &str) -> Result<serde_json::Value> {
    let mut command = std::process::Command::new(cmflow_tests::binary::cmflow());
    let output = command
        .args(["approve", "--site", site, "--list", "--format", "json"])
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[test]
fn what_cannot_be_approved_is_said_and_nothing_is_written() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let (daemon, folder) = daemon(&office)?;
    let web = Web::of(office.gateway(), &daemon)?;
    let with = |from: &str, to: &str, more: &str| {
        format!(r#"{{"from":"{from}","to":"{to}","why":"CHG1","by":"A",{more}}}"#)
    };
    let (client, point, ever) = ("client", "management-point", r#""permanent":true"#);
    let rows = [
        (
            with("clinet", point, &format!(r#"{ever},"tcp":1"#)),
            422,
            "unknown role \"clinet\"; did you mean \"client\"?; nothing was written",
        ),
        (
            with(client, "10.20.0", &format!(r#"{ever},"tcp":1"#)),
            422,
            "\"10.20.0\" is neither an address nor a prefix",
        ),
        (
            with(client, point, r#""until":"2024-02-29","tcp":1"#),
            422,
            "until 2024-02-29 has passed; today is ",
        ),
        (
            with(client, point, &format!(r#"{ever},"tcp":443"#)),
            409,
            "management-point/https explains it already; nothing was written",
        ),
        (
            with(client, point, r#""until":"tomorrow","tcp":1"#),
            400,
            "until tomorrow is no day; write it as in 2027-06-30",
        ),
        (
            with(client, point, &format!(r#"{ever},"tcp":70000"#)),
            400,
            "\"tcp/70000\": \"70000\" is no port from 1 to 65535",
        ),
        (
            with(client, point, &format!(r#"{ever},"service":"https""#)),
            400,
            "\"https\" is no service; write tcp/8081",
        ),
        (with(client, point, ever), 400, "it names no service"),
        (with(client, point, r#""tcp":1"#), 400, "either \"until\""),
        ("nonsense".to_owned(), 400, "that is no approval"),
        ("a".repeat(20_000), 413, "no more than 16384 bytes"),
    ];
    for (body, status, said) in rows {
        let response = approve(&web, Some(TOKEN), &body)?;
        assert_eq!(response.status, status, "{body}: {response:?}");
        assert_eq!(response.header("content-type"), "application/problem+json");
        let detail = response.json()?["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(said), "{body}: {detail}");
    }
    let elsewhere = [
        ("Authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    let response = web.request("POST", "/api/v1/approvals", &elsewhere, RIGHT)?;
    assert_eq!(response.status, 403, "{response:?}");
    let mut left = fs::read_dir(folder.path())?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    left.sort();
    assert_eq!(left, ["approvals.toml", "token"]);
    assert_eq!(fs::read_to_string(folder.path().join("approvals.toml"))?, "");
    assert_eq!(daemon.status()?.generation, 1);

    // A site file that somebody breaks meanwhile is told as what it is.
    let site = daemon.folder().join("site.toml");
    fs::write(&site, format!("{}[rolse]\n", fs::read_to_string(&site)?))?;
    let response = approve(&web, Some(TOKEN), RIGHT)?;
    assert_eq!(response.status, 422, "{response:?}");
    assert!(response.body.contains("site.toml:14: "), "{response:?}");
    daemon.finish()
}

#[test]
fn where_the_daemon_cannot_write_it_says_what_to_do() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    // As under systemd, where the daemon sees the folder read-only.
    let folder = ScratchDir::new("approvals")?;
    let path = folder.path().to_string_lossy().into_owned();
    fs::write(folder.path().join("approvals.toml"), "")?;
    for arguments in [["--bind", &path, &path], ["-o", "remount,ro,bind", &path]] {
        let mounted = office
            .gateway()
            .command_with_sys("mount")?
            .args(arguments)
            .output()?;
        ensure!(mounted.status.success(), "{mounted:?}");
    }
    let named = format!("approvals = \"{path}/approvals.toml\"\n{SITE}");
    let rows = [
        (
            named,
            folder,
            403,
            format!("say ReadWritePaths={path} in a drop-in of its unit"),
        ),
        (
            SITE.to_owned(),
            ScratchDir::new("approvals")?,
            409,
            "names no approvals file; add this line above its first section, or use cmflow approve"
                .to_owned(),
        ),
    ];
    for (site, folder, status, said) in rows {
        let (daemon, _folder) = start(&office, &site, folder)?;
        let web = Web::of(office.gateway(), &daemon)?;
        let response = approve(&web, Some(TOKEN), RIGHT)?;
        assert_eq!(response.status, status, "{response:?}");
        assert!(response.body.contains(&said), "{response:?}");
        assert_eq!(daemon.status()?.generation, 1);
        daemon.finish()?;
    }
    Ok(())
}
