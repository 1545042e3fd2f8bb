//! Who may come in, and what is done about those who are slow, large or somebody else's page.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Result, ensure};
use cmflow_tests::credentials::{TOKEN, certificate};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office, SITE};
use cmflow_tests::web::Web;
use xtask::lab::{ScratchDir, wait_until};

/// Certificate, key, another key, a token, a token that all may read.
struct Files {
    folder: ScratchDir,
}

impl Files {
    fn make() -> Result<Self> {
        let files = Self {
            folder: ScratchDir::new("tls")?,
        };
        for (name, key) in [("cert", "key"), ("other-cert", "other-key")] {
            let folder = files.folder.path();
            certificate(&folder.join(name), &folder.join(key))?;
        }
        for (name, text, mode) in [
            ("token", TOKEN, 0o600),
            ("open-token", TOKEN, 0o644),
            ("short-token", "1234", 0o600),
            ("empty", "", 0o600),
        ] {
            fs::write(files.path(name), format!("{text}\n"))?;
            fs::set_permissions(files.path(name), fs::Permissions::from_mode(mode))?;
        }
        Ok(files)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }
}

#[test]
fn what_must_not_be_served_is_refused_before_anything_is_attached() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let files = Files::make()?;
    let [cert, key, other, token] = ["cert", "key", "other-key", "token"].map(|name| files.path(name));
    let taken = office.gateway().tcp_listen("127.0.0.1:8077".parse()?)?;
    let (open, short, empty, missing) = (
        files.path("open-token"),
        files.path("short-token"),
        files.path("empty"),
        files.path("missing"),
    );
    let rows: [(&str, &[&str], &str); 13] = [
        (
            "127.0.0.1:8077",
            &[],
            "127.0.0.1:8077 is taken by another program",
        ),
        (
            "192.0.2.1:8077",
            &["--tls-cert", &cert, "--tls-key", &key, "--token-file", &token],
            "has no address 192.0.2.1",
        ),
        ("10.10.0.1:0", &[], "can be reached from other computers"),
        (
            "0.0.0.0:0",
            &["--token-file", &token],
            "can be reached from other computers",
        ),
        (
            "[::]:0",
            &["--tls-cert", &cert, "--tls-key", &key],
            "can be reached from other computers",
        ),
        (
            "127.0.0.1:0",
            &["--tls-cert", &cert, "--tls-key", &other],
            "is not the key of the certificate in",
        ),
        (
            "127.0.0.1:0",
            &["--tls-cert", &key, "--tls-key", &key],
            "holds no certificate",
        ),
        (
            "127.0.0.1:0",
            &["--tls-cert", &cert, "--tls-key", &cert],
            "a PEM file with one private key is wanted",
        ),
        (
            "127.0.0.1:0",
            &["--tls-cert", &missing, "--tls-key", &key],
            "reading --tls-cert",
        ),
        ("127.0.0.1:0", &["--token-file", &open], "chmod 600"),
        ("127.0.0.1:0", &["--token-file", &short], "openssl rand"),
        ("127.0.0.1:0", &["--token-file", &empty], "openssl rand"),
        (
            "127.0.0.1:0",
            &["--token-file", &missing],
            "reading the token file",
        ),
    ];
    let site = files.path("site.toml");
    fs::write(&site, SITE)?;
    for (address, arguments, said) in rows {
        let plan = Plan::on(&BOTH).listening(address).with(arguments);
        let output = plan.command(office.gateway(), &site)?.output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{address} {arguments:?}: {text}");
        assert!(
            text.contains(said) && text.lines().count() == 1,
            "{address} {arguments:?}: {text}"
        );
        for interface in BOTH {
            ensure!(
                office.program(interface)?.is_none(),
                "{interface} carries a program"
            );
        }
    }
    drop(taken);
    Ok(())
}

#[test]
fn from_elsewhere_it_takes_tls_and_the_token() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let files = Files::make()?;
    let [cert, key, token] = ["cert", "key", "token"].map(|name| files.path(name));
    let plan = Plan::on(&BOTH).listening("10.10.0.1:8443");
    let plan = plan.with(&["--tls-cert", &cert, "--tls-key", &key, "--token-file", &token]);
    let daemon = office.run(&plan)?;
    let client = office.of("10.10.0.5:0".parse()?)?;
    let ask = |arguments: &[&str]| -> Result<String> {
        let mut curl = client.command("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--max-time",
            "30",
            "--write-out",
            "\n%{http_code}",
            "--cacert",
            &cert,
        ]);
        let output = curl.args(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{arguments:?}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let status = "https://10.10.0.1:8443/api/v1/status";
    let right = format!("Authorization: Bearer {TOKEN}");
    let told = ask(&["-H", &right, status])?;
    assert!(
        told.contains("\"conservation\"") && told.ends_with("\n200"),
        "{told}"
    );
    // Nothing at all is told without, not even to somebody who calls it by another name.
    for (arguments, code) in [
        (vec![status], "401"),
        (vec!["-H", "Authorization: Bearer nonsense", status], "401"),
        (vec!["https://10.10.0.1:8443/healthz"], "401"),
        (vec!["https://10.10.0.1:8443/metrics"], "401"),
        (vec!["-X", "POST", "https://10.10.0.1:8443/api/v1/reload"], "401"),
        (
            vec!["-H", &right, "-X", "POST", "https://10.10.0.1:8443/api/v1/reload"],
            "200",
        ),
    ] {
        let told = ask(&arguments)?;
        assert!(told.ends_with(&format!("\n{code}")), "{arguments:?}: {told}");
    }
    let plain = ask(&["http://10.10.0.1:8443/api/v1/status"]);
    assert!(plain.is_err(), "{plain:?}");
    let strange = ask(&["--cacert", &files.path("other-cert"), "-H", &right, status]);
    assert!(strange.is_err(), "{strange:?}");
    daemon.finish()
}

#[test]
fn pages_of_others_and_oversized_questions_are_refused() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    for (host, status) in [
        ("cmflow.attacker.example", 421),
        ("cmflow.attacker.example:8077", 421),
        ("127.0.0.1.attacker.example", 421),
        ("10.10.0.1", 421),
        ("localhost", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8077", 200),
    ] {
        let response = web.request("GET", "/api/v1/status", &[("Host", host)], "")?;
        assert_eq!(response.status, status, "{host}: {response:?}");
    }
    let origin = web.request(
        "GET",
        "/api/v1/status",
        &[("Origin", "https://attacker.example")],
        "",
    )?;
    assert_eq!(origin.header("access-control-allow-origin"), "");
    for (name, part) in [
        ("content-security-policy", "default-src 'none'; script-src 'self'"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        for path in ["/api/v1/status", "/nothing", "/metrics"] {
            let response = web.get(path)?;
            assert!(response.header(name).contains(part), "{path}: {response:?}");
        }
    }
    let without_token = web.request("POST", "/api/v1/reload", &[("Authorization", "Bearer x")], "")?;
    assert_eq!(without_token.status, 403, "{without_token:?}");
    assert!(without_token.body.contains("--token-file"), "{without_token:?}");

    let long = "a".repeat(5000);
    let response = web.get(&format!("/api/v1/flows?rule={long}"))?;
    assert_eq!(response.status, 414, "{response:?}");
    let response = web.get(&format!("/{}", "a".repeat(100_000)))?;
    assert!([414, 431].contains(&response.status), "{response:?}");
    let response = web.request("GET", "/api/v1/status", &[("X-Large", &"a".repeat(40_000))], "")?;
    assert_eq!(response.status, 431, "{response:?}");
    let many: Vec<_> = (0..300).map(|_| ("X-Many", "a")).collect();
    assert_eq!(web.request("GET", "/api/v1/status", &many, "")?.status, 431);
    assert_eq!(web.raw(b"nonsense\r\n\r\n")?.status, 400);
    let body = "a".repeat(10 << 20);
    let response = web.request("POST", "/api/v1/reload", &[], &body)?;
    assert_eq!(response.status, 403, "{response:?}");
    daemon.finish()
}

#[test]
fn the_slow_are_cut_off_and_others_served_meanwhile() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    // Nothing at all, half a line, half a head.
    let mut slow = Vec::new();
    for begun in [
        "",
        "GET /api/v1/st",
        "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    ] {
        let mut stream = web.connect()?;
        stream.write_all(begun.as_bytes())?;
        slow.push(stream);
    }
    assert_eq!(web.get("/healthz")?.status, 200);
    for mut stream in slow {
        // The end of what it sends: it cut the connection.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
    }
    // More connections than it takes at a time, of which each is cut off in its turn.
    let crowd: Vec<_> = (0..300).map(|_| web.connect()).collect::<Result<_>>()?;
    wait_until("an answer in spite of the crowd", LIMIT, || {
        web.get("/healthz").is_ok_and(|response| response.status == 200)
    })?;
    assert!(daemon.status()?.conservation.ok);
    drop(crowd);
    daemon.finish()
}
