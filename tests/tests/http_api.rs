//! The API: the same answers as over the socket, and honest words where a question is wrong.

use anyhow::{Context as _, Result, ensure};
use cmflow_tests::gateway_daemon::{LIMIT, Plan};
use cmflow_tests::office::{BOTH, Office};
use cmflow_tests::traffic::{datagrams, ends};
use cmflow_tests::web::Web;
use serde_json::{Value, json};
use xtask::lab::{ScratchDir, eventually};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A token in a file that nobody else can read.
fn token_file(folder: &ScratchDir) -> Result<String> {
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n"))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode)?;
    Ok(file.to_string_lossy().into_owned())
}

/// Four datagrams that nothing explains, and their answers.
fn talk(office: &Office, port: u16) -> Result<()> {
    let (from, to) = ends("10.10.0.5:40001", &format!("10.20.0.12:{port}"))?;
    datagrams(office, from, to, 4, 10)
}

/// By rate a flow comes first that speaks now, however much another one said before.
#[test]
fn the_fastest_flow_comes_first_where_it_is_asked_for() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:69")?;
    datagrams(&office, from, to, 100, 1000)?;
    let (from, to) = ends("10.10.0.5:40002", "10.20.0.12:4777")?;
    let first = |path: &str| -> Result<String> {
        let answer = web.get(path)?;
        ensure!(answer.status == 200, "{answer:?}");
        let row = answer.body.lines().nth(1).unwrap_or_default().to_owned();
        Ok(row)
    };
    for path in ["/flows.csv", "/api/v1/flows?format=csv"] {
        let by = |order: &str| format!("{path}{}sort={order}", if path.contains('?') { '&' } else { '?' });
        eventually("the flow that speaks, first by rate", LIMIT, || {
            datagrams(&office, from, to, 2, 10)?;
            let row = first(&by("rate"))?;
            ensure!(row.contains("4777"), "{row}");
            Ok(())
        })?;
        let row = first(&by("bytes"))?;
        ensure!(!row.contains("4777"), "{row}");
    }
    daemon.finish()
}

#[test]
fn it_says_what_the_socket_says() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    talk(&office, 4777)?;
    for (verb, path, list) in [
        (vec!["flows"], "/api/v1/flows", "flows"),
        (vec!["rules"], "/api/v1/rules", "rules"),
        (vec!["rules", "--all"], "/api/v1/rules?all=true", "rules"),
        (vec!["undocumented"], "/api/v1/undocumented", "undocumented"),
        (vec!["undocumented"], "/api/v1/undocumented", "groups"),
        (vec!["rpc"], "/api/v1/rpc", "rpc"),
        (vec!["status"], "/api/v1/status", "verdicts"),
        (vec!["status"], "/api/v1/status", "conservation"),
    ] {
        eventually(path, LIMIT, || {
            let over_socket = daemon.json(&verb)?;
            let mut over_http = web.json(path)?;
            for flow in over_http[list].as_array_mut().into_iter().flatten() {
                flow.as_object_mut().context("a row")?.remove("rate");
            }
            ensure!(over_socket[list] == over_http[list], "{over_socket} {over_http}");
            Ok(())
        })?;
    }
    let interfaces = web.json("/api/v1/interfaces")?;
    assert_eq!(interfaces["interfaces"][0]["name"], "client", "{interfaces}");
    assert_eq!(web.get("/healthz")?.body, "ok\n");
    let described = web.json("/openapi.json")?;
    let (series, audit) = (
        web.json("/api/v1/history?resolution=minute")?,
        web.json("/api/v1/audit?since=1h")?,
    );
    assert_eq!(series["verdicts"]["undocumented"][0]["packets"], 8, "{series}");
    assert_eq!(series["step_s"], 60);
    assert_eq!(audit["unexplained"][0]["port"], 4777, "{audit}");
    // Each path that is described is there, and none is there that is not.
    for (path, methods) in described["paths"].as_object().context("paths")? {
        for method in methods.as_object().context("methods")?.keys() {
            if path != "/api/v1/events" {
                let response = web.request(&method.to_uppercase(), path, &[], "")?;
                assert!(
                    ![404, 405].contains(&response.status),
                    "{method} {path}: {response:?}"
                );
            }
        }
    }
    daemon.finish()
}

#[test]
fn flows_come_filtered_and_page_by_page() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    for port in 4777..4782 {
        talk(&office, port)?;
    }
    let (from, to) = ends("10.10.0.5:40001", "10.20.0.12:4011")?;
    datagrams(&office, from, to, 2, 10)?;
    eventually("all flows", LIMIT, || {
        let all = web.json("/api/v1/flows")?;
        ensure!(
            all["matching"] == 6 && all["flows"][5]["reverse"]["packets"] == 2,
            "{all}"
        );
        Ok(())
    })?;
    for (query, matching) in [
        ("verdict=undocumented", 5),
        ("verdict=documented", 1),
        ("verdict=documented&verdict=undocumented", 6),
        ("from=client&to=distribution-point-pxe", 6),
        ("from=distribution-point", 0),
        ("role=client", 6),
        ("role=sql-server", 0),
        ("address=10.20.0.12", 6),
        ("address=10.20.0.11", 0),
        ("state=answered", 6),
        ("state=refused&state=unanswered", 0),
        ("rule=client/distribution-point", 1),
    ] {
        let found = web.json(&format!("/api/v1/flows?{query}"))?;
        assert_eq!(found["matching"], matching, "{query}: {found}");
    }
    let mut ports = Vec::new();
    let mut offset = json!(0);
    while !offset.is_null() {
        let page = web.json(&format!("/api/v1/flows?sort=address&limit=4&offset={offset}"))?;
        let flows = page["flows"].as_array().context("flows")?;
        assert!(flows.len() == 4 || page["next"].is_null(), "{page}");
        ports.extend(flows.iter().map(|flow| flow["responder"]["port"].clone()));
        offset = page["next"].clone();
    }
    assert_eq!(ports, [4011, 4777, 4778, 4779, 4780, 4781].map(Value::from));
    for sort in ["bytes", "packets", "last-seen", "first-seen", "verdict", "rate"] {
        let sorted = web.json(&format!("/api/v1/flows?sort={sort}&limit=0"))?;
        assert_eq!(
            (&sorted["matching"], sorted["flows"].as_array().map(Vec::len)),
            (&json!(6), Some(0))
        );
    }
    daemon.finish()
}

#[test]
fn tables_come_as_csv_and_unchanged_ones_not_again() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    talk(&office, 4777)?;
    eventually("the flow as CSV", LIMIT, || {
        let csv = web.get("/api/v1/flows?format=csv")?;
        ensure!(csv.header("content-type").starts_with("text/csv"), "{csv:?}");
        ensure!(
            csv.header("content-disposition").contains("cmflow-flows.csv"),
            "{csv:?}"
        );
        let row = csv.body.lines().nth(1).context("a row")?;
        ensure!(
            csv.body.starts_with("protocol,initiator,initiator_port"),
            "{csv:?}"
        );
        ensure!(
            row.starts_with("udp,10.10.0.5,40001,client,false,10.20.0.12,4777,"),
            "{row}"
        );
        Ok(())
    })?;
    for (path, title) in [
        ("status", "kind,name,"),
        ("interfaces", "name,mode,"),
        ("rules", "rule,verdict,"),
        ("undocumented", "protocol,initiator,"),
        ("rpc", "initiator,"),
        ("history", "of,name,at,"),
        ("audit", "rule,grade,"),
    ] {
        let csv = web.get(&format!("/api/v1/{path}?format=csv"))?;
        assert!(
            csv.status == 200 && csv.body.starts_with(title),
            "{path}: {csv:?}"
        );
    }
    // Another second may begin between the two.
    eventually("the same snapshot twice", LIMIT, || {
        let first = web.get("/api/v1/status")?;
        let tag = first.header("etag").to_owned();
        ensure!(first.status == 200 && !tag.is_empty(), "{first:?}");
        let again = web.request("GET", "/api/v1/status", &[("If-None-Match", &tag)], "")?;
        ensure!(
            again.status == 304 && again.body.is_empty() && again.header("etag") == tag,
            "{again:?}"
        );
        Ok(())
    })?;
    let other = web.request("GET", "/api/v1/status", &[("If-None-Match", "\"another-1\"")], "")?;
    assert_eq!(other.status, 200);
    daemon.finish()
}

#[test]
fn what_is_wrong_with_a_question_is_said() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let daemon = office.run(&Plan::on(&BOTH).listening("127.0.0.1:0"))?;
    let web = Web::of(office.gateway(), &daemon)?;
    for (path, status, said) in [
        (
            "/api/v1/flows?verdit=documented",
            400,
            "did you mean \"verdict\"?",
        ),
        (
            "/api/v1/flows?verdict=documentd",
            400,
            "did you mean \"documented\"?",
        ),
        ("/api/v1/flows?from=clint", 400, "did you mean \"client\"?"),
        ("/api/v1/flows?state=answerd", 400, "did you mean \"answered\"?"),
        (
            "/api/v1/flows?rule=client/managment-point/https",
            400,
            "did you mean \"client/management-point/https\"?",
        ),
        ("/api/v1/flows?address=10.20.0", 400, "is no address"),
        ("/api/v1/flows?sort=byte", 400, "did you mean \"bytes\"?"),
        ("/api/v1/flows?limit=-1", 400, "is no number from 0"),
        ("/api/v1/flows?limit=1000000", 400, "is no number from 0"),
        ("/api/v1/flows?limit=1&limit=2", 400, "given 2 times"),
        ("/api/v1/flows?format=xml", 400, "known are json, csv"),
        ("/api/v1/status?all=true", 400, "unknown parameter \"all\""),
        ("/api/v1/rules?all=yes", 400, "known are true, false"),
        ("/api/v1/history?since=yesterday", 400, "2026-11-24T08:00:00Z"),
        (
            "/api/v1/history?resolution=week",
            400,
            "known are minute, hour, day",
        ),
        ("/api/v1/audit?since=1h&until=2h", 400, ""),
        ("/api/v1/audit?until=2020-01-01", 404, ""),
        ("/api/v1/events?after=1", 400, "none is taken here"),
        ("/api/v1/flow", 404, "did you mean \"/api/v1/flows\"?"),
        ("/api/v1/reload", 405, "takes no GET"),
    ] {
        let response = web.get(path)?;
        let problem = response.json()?;
        assert_eq!(
            (response.status, &problem["status"]),
            (status, &json!(status)),
            "{path}: {response:?}"
        );
        assert_eq!(
            response.header("content-type"),
            "application/problem+json",
            "{path}"
        );
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains(said) && !detail.contains('\n'),
            "{path}: {detail}"
        );
    }
    daemon.finish()
}

#[test]
fn a_reload_takes_the_token_and_says_what_came_of_it() -> Result<()> {
    let Some(office) = Office::open()? else {
        return Ok(());
    };
    let folder = ScratchDir::new("token")?;
    let file = token_file(&folder)?;
    let plan = Plan::on(&BOTH)
        .listening("127.0.0.1:0")
        .with(&["--token-file", &file]);
    let daemon = office.run(&plan)?;
    let web = Web::of(office.gateway(), &daemon)?;
    let right = format!("Bearer {TOKEN}");
    let post = |token: Option<&str>| {
        let headers: Vec<_> = token.map(|token| ("Authorization", token)).into_iter().collect();
        web.request("POST", "/api/v1/reload", &headers, "")
    };
    for wrong in [None, Some("Bearer wrong"), Some("Basic 0123"), Some(TOKEN)] {
        let refused = post(wrong)?;
        assert_eq!(
            (refused.status, refused.header("www-authenticate")),
            (401, "Bearer"),
            "{refused:?}"
        );
    }
    assert_eq!(web.json("/api/v1/status")?["generation"], 1);
    let site = daemon.folder().join("site.toml");
    let text = std::fs::read_to_string(&site)?;
    std::fs::write(&site, text.replace("10.10.1.6", "10.10.1.7"))?;
    let reloaded = post(Some(&right))?;
    assert_eq!(
        (reloaded.status, &reloaded.json()?["generation"]),
        (200, &json!(2)),
        "{reloaded:?}"
    );
    // Whoever asks next is told by the new tables, though a second is not over.
    assert_eq!(web.json("/api/v1/status")?["generation"], 2);
    std::fs::write(&site, text.replace("client =", "clint ="))?;
    let refused = post(Some(&right))?;
    let told = refused.json()?;
    assert_eq!(
        (refused.status, &told["done"], &told["generation"]),
        (422, &json!(false), &json!(2))
    );
    assert!(
        told["problems"][0]
            .as_str()
            .is_some_and(|said| said.contains("clint")),
        "{told}"
    );
    daemon.finish()
}
