//! The dashboard in a real Chromium, inside the gateway's own namespace, over real traffic.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result, ensure};
use cmflow::dashboard::View;
use cmflow_tests::credentials::{TOKEN, credentials};
use cmflow_tests::crowd;
use cmflow_tests::gateway_daemon::{Daemon, LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::traffic::{conversation, ends};
use xtask::browser::{self, Browser};
use xtask::lab::{ScratchDir, eventually};

const AT: &str = "127.0.0.1:8077";
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// An office, unless it or a browser cannot be had here, which is said.
fn office() -> Result<Option<Office>> {
    if let Some(why) = browser::unavailable() {
        println!("skipped: {why}");
        return Ok(None);
    }
    Office::open()
}

fn at(path: &str) -> String {
    format!("http://{AT}{path}")
}

fn plan() -> Plan {
    Plan::on(&BOTH).listening(AT)
}

/// Talks; the daemon has counted it.
fn talk(office: &Office, daemon: &Daemon, from: &str, to: &str) -> Result<()> {
    let (from, to) = ends(from, to)?;
    conversation(office, from, to)?;
    daemon.flow(to, |flow| flow.state == "answered").map(drop)
}

fn documented(office: &Office, daemon: &Daemon) -> Result<()> {
    talk(office, daemon, "10.10.0.5:50001", "10.20.0.11:443")
}

/// A documented flow to a computer where nobody listens.
fn refused(office: &Office) -> Result<()> {
    let (from, to) = ends("10.10.0.6:50009", "10.20.0.12:443")?;
    let refused = office.of(from)?.tcp_connect(from, to);
    ensure!(refused.is_err(), "{to} listens");
    Ok(())
}

/// Nothing was complained of, and nobody else was asked for anything.
fn quiet(browser: &Browser<'_>) -> Result<()> {
    let complaints = browser.complaints()?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    let foreign: Vec<String> = browser.asked_for()?;
    let foreign: Vec<_> = foreign
        .iter()
        .filter(|name| !name.starts_with(&at("/")))
        .collect();
    ensure!(foreign.is_empty(), "{foreign:?}");
    Ok(())
}

fn live(browser: &Browser<'_>) -> Result<()> {
    browser.wait(
        "a tick",
        "return document.getElementById('live-state').dataset.state === 'live'",
    )
}

/// What nothing explained is approved in a form, with the token, and the next packet is judged so.
#[test]
fn an_approval_in_the_browser_is_written_and_judged_by() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let desk = ScratchDir::new("approvals")?;
    let (file, token) = (desk.path().join("approvals.toml"), desk.path().join("token"));
    std::fs::write(&file, "")?;
    std::fs::write(&token, "opensesame-opensesame-opensesame")?;
    std::fs::set_permissions(&token, Permissions::from_mode(0o600))?;
    let site = format!("approvals = \"{}\"\n{SITE}", file.display());
    let plan = plan().with(&["--token-file", &token.to_string_lossy()]);
    let daemon = Daemon::start(office.gateway(), &site, &plan)?;
    talk(&office, &daemon, "10.10.0.5:50003", "10.20.0.11:4444")?;
    let browser = Browser::open(office.gateway())?;
    browser.go(&at("/unexplained"))?;
    browser.wait_text("main", "tcp/4444")?;
    browser.click("main a[href*='#approve']")?;
    browser.wait_text("main", "Approve it")?;
    let fill = |token: &str| -> Result<()> {
        for (name, text) in [("why", "CHG7"), ("by", "A. Admin"), ("token", token)] {
            browser.run(&format!("document.querySelector('[name={name}]').value = ''"))?;
            browser.write(&format!("[name={name}]"), text)?;
        }
        browser.run("document.querySelector('[name=until]').value = '2099-12-31'")?;
        browser.click("#approval button")
    };
    fill("guessed")?;
    browser.wait_text("#notice", "Not approved")?;
    assert_eq!(
        std::fs::read_to_string(&file)?,
        "",
        "nothing is written for a wrong token"
    );
    fill("opensesame-opensesame-opensesame")?;
    browser.wait_text("#notice", "Approved as")?;
    assert!(std::fs::read_to_string(&file)?.contains("CHG7"));
    let (from, to) = ends("10.10.0.5:50004", "10.20.0.11:4444")?;
    conversation(&office, from, to)?;
    eventually("an approved flow", LIMIT, || {
        let flows = daemon.flows(&["--verdict", "approved"])?;
        ensure!(
            flows.iter().any(|flow| flow.initiator.port == 50004),
            "{flows:#?}"
        );
        Ok(())
    })?;
    daemon.finish()
}

#[test]
fn each_view_shows_what_crosses_and_goes_on_by_itself() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let daemon = office.run(&plan())?;
    documented(&office, &daemon)?;
    talk(&office, &daemon, "10.20.0.11:50005", "10.10.0.6:443")?;
    refused(&office)?;
    let browser = Browser::open(office.gateway())?;
    for (path, words) in [
        ("/", "Needs you"),
        ("/unexplained", "reversed"),
        ("/blocked", "refused"),
        ("/map", "Management point"),
        ("/matrix", "management-point"),
        ("/flows", "10.20.0.11"),
        ("/rules?seen=yes", "client/management-point/https"),
        (
            "/explain?from=10.10.0.5&to=10.20.0.11&service=tcp/443",
            "The page documents it",
        ),
        ("/health", "Holds at every tick"),
    ] {
        browser.go(&at(path))?;
        browser
            .wait_text("main", words)
            .with_context(|| path.to_owned())?;
        live(&browser)?;
        quiet(&browser).with_context(|| path.to_owned())?;
    }
    // What nothing explains appears under the eyes of whoever looks; the page stays the same one.
    browser.go(&at("/"))?;
    live(&browser)?;
    browser.run("window.same = true; document.querySelector('#views a[href=\"/flows\"]').focus()")?;
    talk(&office, &daemon, "10.10.0.5:50003", "10.20.0.11:4444")?;
    browser.wait_text("main", "tcp/4444")?;
    browser.wait(
        "the same page, and its focus",
        "return window.same === true && document.activeElement.getAttribute('href') === '/flows'",
    )?;
    // A filter is an address that others can be sent.
    browser.go(&at("/flows"))?;
    browser.write("input[name=address]", "10.20.0.12")?;
    browser.click(".filters button")?;
    browser.wait_text("main .caption", "1 live flows pass the filters")?;
    // Narrow as this window is, the table has no headings: the form has its order.
    browser.click("select[name=sort] option[value=rate]")?;
    browser.click(".filters button")?;
    browser.wait(
        "the fastest first",
        "return document.querySelector('th[aria-sort=descending]')?.textContent.trim() === 'rate ▼'",
    )?;
    browser.wait_text("main .caption", "1 live flows pass the filters")?;
    ensure!(
        browser.url()?.contains("address=10.20.0.12"),
        "{}",
        browser.url()?
    );
    // From a line of the picture to its rules, and from a flow of these to what explains it, without a pointer.
    browser.go(&at("/map"))?;
    browser.run("document.querySelector('a.link[data-key=\"client management-point false\"]').focus()")?;
    browser.press(&[ENTER])?;
    browser.wait_text("main h1", "Rules")?;
    browser.wait_text("main", "client/management-point/https")?;
    browser.click("td[data-label=then] a")?;
    browser.wait_text("main h1", "Explain")?;
    browser.wait_text("main", "10.20.0.11 tcp/443: ● documented")?;
    // A page that is paused stands still.
    browser.go(&at("/unexplained"))?;
    live(&browser)?;
    browser.click("#pause")?;
    talk(&office, &daemon, "10.10.0.5:50013", "10.20.0.11:4455")?;
    browser.wait_text("#live-state", "paused")?;
    ensure!(!browser.text("main")?.contains("tcp/4455"), "it went on");
    browser.click("#pause")?;
    browser.wait_text("main", "tcp/4455")?;
    quiet(&browser)?;
    drop(browser);
    daemon.finish()
}

/// A page of flows of which a third are others at the next look holds the rows that it held before: what is made anew each
/// second leaves something behind in the browser.
#[test]
fn rows_of_what_is_gone_become_those_of_what_is_new() -> Result<()> {
    // As many as a page has, and more.
    const PAGE: u32 = 150;
    const ALL: u32 = 200;
    let Some(office) = office()? else { return Ok(()) };
    let daemon = Daemon::start(office.gateway(), crowd::SITE, &plan())?;
    crowd::gather(&office, &daemon, ALL)?;
    crowd::speak(&office, 0..PAGE)?;
    let browser = Browser::open(office.gateway())?;
    browser.go(&at("/flows"))?;
    browser.wait(
        "a page of those that spoke",
        "const rows = [...document.querySelectorAll('main tbody tr')]; \
         window.kept = rows; \
         return rows.length === 150 && !rows.some(row => row.innerText.includes('10.10.0.5'))",
    )?;
    for _ in 0..2 {
        crowd::speak(&office, PAGE..ALL)?;
    }
    browser.wait(
        "those that speak now",
        "const rows = [...document.querySelectorAll('main tbody tr')]; \
         return rows.filter(row => row.innerText.includes('10.10.0.5')).length === 50",
    )?;
    let made = browser.run(
        "return [...document.querySelectorAll('main tbody tr')].filter(row => !window.kept.includes(row)).length",
    )?;
    ensure!(made.as_u64() == Some(0), "{made} rows were made anew");
    quiet(&browser)?;
    drop(browser);
    daemon.finish()
}

#[test]
fn pages_fit_a_telephone_follow_the_night_and_need_no_pointer() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let daemon = office.run(&plan())?;
    documented(&office, &daemon)?;
    talk(&office, &daemon, "10.10.0.5:50003", "10.20.0.11:4444")?;
    refused(&office)?;
    let browser = Browser::open(office.gateway())?;
    browser.size(320, 640)?;
    for path in View::ALL.map(View::path) {
        browser.go(&at(path))?;
        let wide = browser.run("return document.documentElement.scrollWidth")?;
        ensure!(wide.as_u64() == Some(320), "{path} is {wide} wide");
    }
    browser.size(1280, 900)?;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    browser.prefer("prefers-color-scheme", "light")?;
    browser.go(&at("/"))?;
    let light = browser.run(ground)?;
    browser.prefer("prefers-color-scheme", "dark")?;
    let dark = browser.run(ground)?;
    ensure!(light != dark, "{light} by day and by night");
    // The switch goes auto, light, dark, and is remembered.
    browser.click("#theme")?;
    ensure!(browser.run(ground)? == light, "light was chosen");
    browser.go(&at("/health"))?;
    ensure!(browser.run(ground)? == light, "light was chosen before");
    // By keys alone: past the navigation, and to another view.
    browser.press(&[TAB])?;
    browser.wait(
        "the way past",
        "return document.activeElement.className === 'skip'",
    )?;
    browser.press(&[ENTER])?;
    browser.wait("the content", "return document.activeElement.id === 'main'")?;
    browser.go(&at("/health"))?;
    let reached = eventually("the link to the flows, by the tabulator", LIMIT, || {
        browser.press(&[TAB])?;
        let on = browser.run("return document.activeElement.getAttribute('href')")?;
        ensure!(on.as_str() == Some("/flows"), "{on}");
        browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    })?;
    ensure!(
        reached.as_str() == Some("solid"),
        "the focus is not seen: {reached}"
    );
    browser.press(&[ENTER])?;
    browser.wait_text("main h1", "Flows")?;
    quiet(&browser)?;
    drop(browser);
    daemon.finish()
}

#[test]
fn words_and_lines_stand_out_by_day_and_by_night() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let daemon = office.run(&plan())?;
    documented(&office, &daemon)?;
    talk(&office, &daemon, "10.20.0.11:50005", "10.10.0.6:443")?;
    talk(&office, &daemon, "10.10.0.5:50003", "10.20.0.11:4444")?;
    refused(&office)?;
    let browser = Browser::open(office.gateway())?;
    let mut faint = Vec::new();
    for colours in ["light", "dark"] {
        browser.prefer("prefers-color-scheme", colours)?;
        for path in View::ALL.map(View::path).into_iter().chain([
            "/map?unseen=yes",
            "/rules?seen=yes",
            "/explain?from=10.10.0.5&to=10.20.0.11&service=tcp/443",
            "/unexplained?group=1",
            "/flows?verdit=documented",
        ]) {
            browser.go(&at(path))?;
            let found = browser.faint()?;
            faint.extend(found.into_iter().map(|one| (colours, path, one)));
        }
    }
    ensure!(faint.is_empty(), "{faint:#?}");
    drop(browser);
    daemon.finish()
}

/// From another computer: a form that takes the token, a page that goes on, and what it says once the session is over.
#[test]
fn whoever_comes_from_elsewhere_signs_in_and_out() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let folder = ScratchDir::new("session")?;
    let [cert, key, token] = credentials(&folder)?;
    let plan = Plan::on(&BOTH).listening("10.10.0.1:8443");
    let plan = plan.with(&["--tls-cert", &cert, "--tls-key", &key, "--token-file", &token]);
    let daemon = office.run(&plan)?;
    documented(&office, &daemon)?;
    let browser = Browser::open(office.of("10.10.0.5:0".parse()?)?)?;
    browser.size(320, 640)?;
    browser.go("https://10.10.0.1:8443/flows?verdict=documented")?;
    browser.wait_text("main", "shown to those who have its token")?;
    for colours in ["light", "dark"] {
        browser.prefer("prefers-color-scheme", colours)?;
        let faint = browser.faint()?;
        ensure!(faint.is_empty(), "{colours}: {faint:#?}");
    }
    let wide = browser.run("return document.documentElement.scrollWidth")?;
    ensure!(wide.as_u64() == Some(320), "{wide} wide");
    browser.write("[name=token]", "guessed")?;
    browser.press(&[ENTER])?;
    browser.wait_text(".refusal", "that is not this daemon's token")?;
    let sign_in = || -> Result<()> {
        browser.write("[name=token]", TOKEN)?;
        browser.press(&[ENTER])?;
        browser.wait_text("main h1", "Flows")
    };
    sign_in()?;
    ensure!(
        browser.url()?.ends_with("/flows?verdict=documented"),
        "{}",
        browser.url()?
    );
    browser.wait_text("main", "10.20.0.11")?;
    live(&browser)?;
    // Ended elsewhere: the stream of events that is open ends with it.
    browser.run("fetch('/api/v1/session', { method: 'DELETE' })")?;
    browser.wait_text("#notice", "You are signed out")?;
    browser.wait_text("#live-state", "signed out")?;
    ensure!(
        browser.text("main")?.contains("10.20.0.11"),
        "what was read stays"
    );
    browser.go("https://10.10.0.1:8443/flows")?;
    sign_in()?;
    browser.click(".controls form button")?;
    browser.wait_text("main", "shown to those who have its token")?;
    browser.go("https://10.10.0.1:8443/flows")?;
    browser.wait_text("main", "shown to those who have its token")?;
    drop(browser);
    daemon.finish()
}

#[test]
fn an_open_page_outlives_the_daemon_and_says_what_happened() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let plan = plan();
    let daemon = office.run(&plan)?;
    documented(&office, &daemon)?;
    let browser = Browser::open(office.gateway())?;
    browser.go(&at("/flows"))?;
    browser.wait_text("main", "10.20.0.11")?;
    live(&browser)?;
    browser.run("window.same = true")?;
    daemon.kill()?;
    browser.wait_text("#notice", "Connection lost, trying again")?;
    browser.wait_text("#live-state", "connection lost")?;
    ensure!(
        browser.text("main")?.contains("10.20.0.11"),
        "what was read stays"
    );
    let daemon = office.run(&plan)?;
    browser.wait_text("#notice", "The daemon was started anew")?;
    live(&browser)?;
    talk(&office, &daemon, "10.10.0.5:50031", "10.20.0.11:4466")?;
    browser.wait_text("main", "tcp/4466")?;
    browser.wait("the same page", "return window.same === true")?;
    drop(browser);
    daemon.finish()
}

#[test]
fn addresses_that_ask_for_what_is_not_there_are_answered_in_a_page() -> Result<()> {
    let Some(office) = office()? else { return Ok(()) };
    let daemon = office.run(&plan())?;
    let browser = Browser::open(office.gateway())?;
    browser.go(&at("/flows?verdit=documented"))?;
    browser.wait_text(
        "main",
        "Flows has no filter \"verdit\"; did you mean \"verdict\"?",
    )?;
    browser.click("main a")?;
    browser.wait_text("main h1", "Flows")?;
    let address: SocketAddr = AT.parse()?;
    ensure!(
        browser.url()? == browser::url(address, "/flows"),
        "{}",
        browser.url()?
    );
    drop(browser);
    daemon.finish()
}
