//! Signing in from another computer: a cookie that reads and never writes, and wrong tokens that are soon not heard.

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::credentials::{TOKEN, credentials};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use xtask::lab::{Netns, ScratchDir, eventually};

const SESSION: &str = "https://10.10.0.1:8443/api/v1/session";
const STATUS: &str = "https://10.10.0.1:8443/api/v1/status";

/// Head and body of an answer, and its status.
struct Told {
    text: String,
    status: u16,
}

impl Told {
    fn header(&self, name: &str) -> &str {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap_or_default();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(one, _)| one.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

fn ask(client: &Netns, certificate: &str, arguments: &[&str]) -> Result<Told> {
    let mut curl = client.command("curl");
    curl.args(["--silent", "--show-error", "--include", "--max-time", "30"]);
    let output = curl.args(["--cacert", certificate]).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{arguments:?}: {said}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Told {
        status: status.with_context(|| text.clone())?,
        text,
    })
}

#[test]
fn a_session_reads_and_does_not_write() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("session")?;
    let [cert, key, token] = credentials(&folder)?;
    let plan = Plan::on(&BOTH).listening("10.10.0.1:8443");
    let plan = plan.with(&["--tls-cert", &cert, "--tls-key", &key, "--token-file", &token]);
    let daemon = office.run(&plan)?;
    let client = office.of("10.10.0.5:0".parse()?)?;
    let ask = |arguments: &[&str]| ask(client, &cert, arguments);

    // A person is shown a form, a program a sentence.
    let page = ask(&[
        "-H",
        "Accept: text/html",
        "https://10.10.0.1:8443/flows?verdict=foreign",
    ])?;
    assert_eq!(page.status, 401);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.text.contains("value=\"/flows?verdict=foreign\"") && !page.text.contains("<script"),
        "{}",
        page.text
    );
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self'")
    );
    assert!(ask(&[STATUS])?.header("content-type") == "application/problem+json");

    let json = format!("{{\"token\":\"{TOKEN}\"}}");
    for (arguments, status) in [
        (vec!["-X", "POST", SESSION], 401),
        (vec!["--json", "{\"token\":\"nonsense\"}", SESSION], 401),
        (vec!["--json", "{\"tokn\":1}", SESSION], 400),
        (
            vec!["--json", &json, "-H", "Sec-Fetch-Site: cross-site", SESSION],
            403,
        ),
        (vec!["--data", "token=nonsense&next=/rules", SESSION], 401),
    ] {
        let told = ask(&arguments)?;
        assert_eq!(told.status, status, "{arguments:?}: {}", told.text);
        assert_eq!(told.header("set-cookie"), "", "{arguments:?}");
    }

    let begun = ask(&["--json", &json, SESSION])?;
    assert_eq!(begun.status, 201, "{}", begun.text);
    let cookie = begun.header("set-cookie").to_owned();
    for flag in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=43200"] {
        assert!(cookie.split("; ").any(|one| one == flag), "{flag}: {cookie}");
    }
    assert!(!begun.text.contains(TOKEN), "{}", begun.text);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let by_header = ask(&["-X", "POST", "-H", &bearer, SESSION])?;
    assert_eq!(by_header.status, 201, "{}", by_header.text);
    let form = format!("token={TOKEN}&next=%2Fflows%3Fverdict%3Dforeign");
    let by_form = ask(&["--data", &form, SESSION])?;
    assert_eq!(
        (by_form.status, by_form.header("location")),
        (303, "/flows?verdict=foreign")
    );
    let astray = ask(&[
        "--data",
        &format!("token={TOKEN}&next=//attacker.example"),
        SESSION,
    ])?;
    assert_eq!((astray.status, astray.header("location")), (303, "/"));

    let pair = cookie.split(';').next().unwrap_or_default();
    let sent = format!("Cookie: {pair}");
    assert_eq!(ask(&["-H", &sent, STATUS])?.status, 200);
    assert_eq!(ask(&["-H", &format!("{sent}0"), STATUS])?.status, 401);
    // It reads, and that is all.
    for path in ["reload", "approvals"] {
        let url = format!("https://10.10.0.1:8443/api/v1/{path}");
        let told = ask(&["-H", &sent, "--json", "{}", &url])?;
        assert_eq!(told.status, 401, "{path}: {}", told.text);
    }
    assert_eq!(daemon.status()?.generation, 1);

    // A stream that is open lives as long as the session, not longer.
    let mut curl = client.command("curl");
    curl.args(["--silent", "--no-buffer", "--cacert", &cert, "-H", &sent]);
    curl.arg("https://10.10.0.1:8443/api/v1/events");
    let heard = folder.path().join("stream");
    let mut stream = client.start(curl, Some(heard.clone()))?;
    stream.wait_ready(LIMIT, || {
        std::fs::read_to_string(&heard).is_ok_and(|heard| heard.contains("event: tick"))
    })?;

    let ended = ask(&["-X", "DELETE", "-H", &sent, SESSION])?;
    assert_eq!(ended.status, 204, "{}", ended.text);
    let over = eventually("the end of the stream", LIMIT, || {
        stream.exited().context("it goes on")
    })?;
    assert!(over.success(), "{over}");
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(ask(&["-H", &sent, STATUS])?.status, 401);
    // Others go on.
    let other = by_form.header("set-cookie").split(';').next().unwrap_or_default();
    assert_eq!(ask(&["-H", &format!("Cookie: {other}"), STATUS])?.status, 200);
    daemon.finish()
}

#[test]
fn whoever_tries_tokens_is_soon_not_heard_and_others_are() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("session")?;
    let [cert, key, token] = credentials(&folder)?;
    let plan = Plan::on(&BOTH).listening("10.10.0.1:8443");
    let plan = plan.with(&["--tls-cert", &cert, "--tls-key", &key, "--token-file", &token]);
    let daemon = office.run(&plan)?;
    let client = office.of("10.10.0.5:0".parse()?)?;
    let from = |address: &str, arguments: &[&str]| -> Result<u16> {
        let arguments = [&["--interface", address], arguments].concat();
        Ok(ask(client, &cert, &arguments)?.status)
    };
    for number in 0..20 {
        let wrong = format!("Authorization: Bearer nonsense{number}");
        assert_eq!(from("10.10.0.5", &["-H", &wrong, STATUS])?, 401, "{number}");
    }
    let right = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(from("10.10.0.5", &["-H", &right, STATUS])?, 429);
    let json = format!("{{\"token\":\"{TOKEN}\"}}");
    assert_eq!(from("10.10.0.5", &["--json", &json, SESSION])?, 429);
    assert_eq!(from("10.10.0.6", &["-H", &right, STATUS])?, 200);
    daemon.finish()
}
