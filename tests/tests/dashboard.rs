//! Pages of a gateway that is not there: what has to be on each, whatever was counted and whoever is called what.

use std::sync::Arc;

use cmflow::answer::Tally;
use cmflow::dashboard::past::Step;
use cmflow::dashboard::{Page, Past, Source, Theme, View, respond};
use cmflow_tests::pictured::{Pictured, Talked, now};
use cmflow_tests::pictured_site::{SITE, ask, site};
use jiff::SignedDuration;
use serde_json::Value;

/// The text of a page, as it is read: without tags, no-break and thin spaces as spaces.
fn read(page: &Page) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in page.body.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            '\u{a0}' | '\u{202f}' if !inside => text.push(' '),
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn each_view_says_what_it_has_to() {
    let site = site();
    for (path, query, words) in [
        (
            "/",
            "",
            &[
                "Conservation law",
                "holds",
                "Gaps",
                "none",
                "One-sided",
                "Needs you",
                "tcp/3389",
                "explain",
                "add role",
                "approve",
                "went silent",
                "management-point/sql-server/sql silent for 1 d 1 h",
            ][..],
        ),
        (
            "/",
            "",
            &[
                "client/management-point/https",
                "undocumented",
                "reversed",
                "foreign",
                "Documented flows that nobody answers",
                "40 live flows",
            ],
        ),
        (
            "/blocked",
            "",
            &[
                "refused",
                "client/distribution-point/https",
                "10.20.0.21",
                "10 computers, such as",
            ],
        ),
        (
            "/blocked",
            "state=unanswered",
            &["None. What is documented and live was answered."],
        ),
        (
            "/map",
            "",
            &[
                "Management point",
                "mp01",
                "Not in the site file",
                "documented",
                "undocumented",
                "Connections",
            ],
        ),
        (
            "/map",
            "role=sql-server",
            &["sql01", "10.30.0.6", "Live flows of this role"],
        ),
        ("/matrix", "", &["client", "management-point", "no role"]),
        (
            "/matrix",
            "from=client&to=management-point",
            &["Connections", "documented", "tcp/3389"],
        ),
        (
            "/flows",
            "",
            &[
                "615 live flows",
                "Page 1 of 5",
                "10.10.4.7",
                "mp01",
                "client/management-point/https",
                "explain",
            ],
        ),
        (
            "/flows",
            "verdict=foreign",
            &["8 live flows pass the filters", "10.99.1.7"],
        ),
        ("/flows", "page=99", &["There is no such page any more."]),
        (
            "/rules",
            "seen=yes",
            &[
                "client/management-point/https",
                "TCP 443",
                "Grades stand here once an audit was made.",
            ],
        ),
        (
            "/rules",
            "rule=client/management-point/https",
            &["Live flows of this rule", "10.10.4.7", "explain"],
        ),
        (
            "/unexplained",
            "",
            &["tcp/3389", "40 → ", "nearest rule", "decide"],
        ),
        (
            "/unexplained",
            "group=client management-point tcp/3389 undocumented",
            &[
                "Who it is",
                "Approve it",
                "cmflow approve --site /etc/cmflow/site.toml --from client --to management-point tcp/3389",
            ],
        ),
        (
            "/unexplained",
            "group=unknown sql-server tcp/1433 foreign",
            &["does not name 2 addresses", "10.99.1.7", "cmflow reload"],
        ),
        (
            "/health",
            "",
            &[
                "eth0",
                "native",
                "Holds at every tick.",
                "Flow table",
                "1 048 576 places",
                "generation",
            ],
        ),
        (
            "/explain",
            "from=10.10.4.7&to=mp01&service=tcp/443",
            &[
                "documented",
                "client/management-point/https",
                "site.toml:",
                "The page documents it",
            ],
        ),
        (
            "/explain",
            "from=10.10.4.7&to=mp01&service=tcp/3389",
            &["undocumented", "Nearest rules"],
        ),
        (
            "/explain",
            "from=10.10.4.7&to=mp02&service=tcp/443",
            &[
                "neither an address nor the name of a computer",
                "did you mean \"mp01\"?",
            ],
        ),
    ] {
        let page = ask(&site, path, query);
        let text = read(&page);
        assert_eq!(page.status, 200, "{path}?{query}: {text}");
        for word in words {
            assert!(text.contains(word), "no {word:?} on {path}?{query}:\n{text}");
        }
    }
}

#[test]
fn what_is_wrong_is_seen_from_every_page() {
    let sound = site();
    let mut broken = site();
    let status = &mut broken.snapshot.status;
    status.conservation.ok = false;
    status.conservation.broken_ticks = 2;
    status.flow_table.packets_without_entry = status.conservation.frames / 50;
    status.events_lost = 3;
    for path in View::ALL.map(View::path) {
        let (good, bad) = (ask(&sound, path, ""), ask(&broken, path, ""));
        assert!(!good.body.contains("class=\"banner\""), "{path}");
        for words in [
            "The conservation law is broken",
            "packets found no place",
            "3 first packets",
        ] {
            assert!(read(&bad).contains(words), "no {words:?} on {path}");
        }
    }
}

#[test]
fn an_address_that_asks_for_what_is_not_there_is_told_so() {
    let site = site();
    for (path, query, said) in [
        (
            "/flows",
            "verdit=documented",
            "Flows has no filter &quot;verdit&quot;; did you mean &quot;verdict&quot;?",
        ),
        ("/flows", "sort=size", "is no order"),
        ("/flows", "state=refusd", "did you mean &quot;refused&quot;?"),
        ("/flows", "address=mp01", "is no address"),
        ("/flows", "page=0", "a page is a number"),
        ("/map", "range=year", "is no time"),
        ("/rules", "rule=client/managment", "did you mean"),
        ("/rules", "grade=usd", "did you mean &quot;used&quot;?"),
        ("/unexplained", "port=http", "a port is a number"),
        ("/unexplained", "verdict=documented", "is no verdict of this view"),
        ("/blocked", "state=answered", "is no state of this view"),
        ("/explain.csv", "", "cmflow explain --format json"),
    ] {
        let page = ask(&site, path, query);
        assert_eq!(page.status, 400, "{path}?{query}");
        assert!(
            page.body.contains(said),
            "no {said:?} on {path}?{query}: {}",
            read(&page)
        );
    }
    assert_eq!(respond("/nowhere", "", Theme::Auto, &site), None);
    // Where the history holds nothing, live numbers are shown, and it is said.
    let page = ask(&site, "/", "range=month");
    assert!(read(&page).contains("nothing was written yet"), "{}", read(&page));
}

#[test]
fn names_of_others_are_text_whatever_they_are() {
    let hostile = SITE.replace("\"mp01\"", r#""<img src=x onerror=alert(1)>\" '""#);
    let site = Pictured::new(
        &hostile,
        &[
            Talked::new("10.10.4.7 > 10.20.0.11 tcp/443"),
            Talked::new("10.10.7.1 > 10.20.0.11 tcp/3389"),
        ],
    );
    for path in [
        "/",
        "/map",
        "/matrix",
        "/flows",
        "/rules",
        "/unexplained",
        "/blocked",
        "/health",
    ] {
        let page = ask(&site, path, "");
        assert!(!page.body.contains("<img"), "{path}");
    }
    assert!(
        ask(&site, "/flows", "")
            .body
            .contains("&lt;img src=x onerror=alert(1)&gt;&quot;")
    );
    for (path, query) in [
        (
            "/explain",
            "from=%3Cscript%3Ealert(1)%3C/script%3E&to=%22onload%3D&service=%27",
        ),
        ("/flows", "role=%3Cscript%3E"),
        ("/flows", "%3Cscript%3E=1"),
        ("/map", "role=%22%3E%3Cscript%3E"),
    ] {
        let page = ask(&site, path, query);
        assert!(
            !page.body.contains("<script>") && !page.body.contains("=\"\"onload"),
            "{path}?{query}"
        );
    }
}

#[test]
fn pages_hold_nothing_that_their_own_policy_forbids() {
    let mut site = site();
    site.approvals = true;
    for (path, query) in [
        ("/", ""),
        ("/map", "unseen=yes"),
        ("/matrix", ""),
        ("/flows", ""),
        ("/rules", ""),
        ("/health", ""),
        ("/blocked", ""),
        (
            "/unexplained",
            "group=client management-point tcp/3389 undocumented",
        ),
    ] {
        let body = ask(&site, path, query).body;
        for forbidden in [
            " style=\"",
            "<style",
            " onclick=",
            "javascript:",
            "http://",
            "https://",
            "<script>",
        ] {
            assert!(!body.contains(forbidden), "{forbidden:?} on {path}");
        }
        assert_eq!(body.matches("<script").count(), 1, "{path}");
        assert_eq!(body.matches("<h1").count(), 1, "{path}");
        for landmark in ["<main", "<header", "<nav", "<footer", "lang=\"en\""] {
            assert!(body.contains(landmark), "no {landmark} on {path}");
        }
        // Two elements with one name would be one to whoever reads by names.
        let mut ids: Vec<&str> = body
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{path}: {ids:?}");
    }
}

#[test]
fn rows_are_the_same_as_csv_and_json() {
    let site = site();
    for (path, query) in [
        ("/overview", ""),
        ("/unexplained", ""),
        ("/blocked", ""),
        ("/map", ""),
        ("/matrix", ""),
        ("/flows", "role=sql-server"),
        ("/rules", "seen=yes"),
        ("/health", ""),
    ] {
        let csv = ask(&site, &format!("{path}.csv"), query);
        let json = ask(&site, &format!("{path}.json"), query);
        assert_eq!((csv.status, json.status), (200, 200), "{path}");
        assert!(
            csv.file_name
                .as_ref()
                .is_some_and(|name| name.ends_with(".csv") && name.starts_with("cmflow-")),
            "{path}"
        );
        let rows: Vec<Value> = serde_json::from_str(&json.body).expect("JSON");
        assert!(!rows.is_empty(), "{path}");
        assert_eq!(csv.body.lines().count(), rows.len() + 1, "{path}");
    }
}

/// A history of a month of hours in which rules were used at some of them.
fn month(rule: &str, hours_ago: &[i64]) -> Past {
    let at = |hours: i64| now() - SignedDuration::from_hours(hours);
    let tally = Tally {
        packets: 100,
        bytes: 50_000,
        flows: 3,
    };
    let mut steps: Vec<Step> = hours_ago
        .iter()
        .map(|hours| Step {
            at: at(*hours),
            tally,
        })
        .collect();
    steps.sort_by_key(|step| step.at);
    Past {
        from: at(720),
        to: now(),
        step_s: 3600,
        verdicts: [("documented".to_owned(), steps.clone())].into(),
        rules: [(rule.to_owned(), steps)].into(),
    }
}

#[test]
fn a_rule_is_missed_once_it_is_silent_for_longer_than_ever_before() {
    let rule = "management-point/sql-server/sql";
    // Its last packet is 25 hours old.
    for (hours_ago, missed) in [
        ((25..200).step_by(2).collect::<Vec<_>>(), true),
        ((25..700).step_by(30).collect(), false),
        ((25..700).step_by(24).collect(), false),
        // Of a few hits nothing is known: it is one of those that run all the time.
        (vec![25, 26], true),
    ] {
        let mut site = site();
        site.past = Some(Arc::new(month(rule, &hours_ago)));
        let text = read(&ask(&site, "/", ""));
        let told = text
            .split("Documented flows that nobody answers")
            .next()
            .unwrap_or_default()
            .contains(&format!("{rule} silent for"));
        assert_eq!(told, missed, "{hours_ago:?}: {text}");
    }
}

#[test]
fn a_time_that_has_passed_is_drawn_from_the_history() {
    let mut site = site();
    let rule = "client/management-point/http";
    site.past = Some(Arc::new(month(rule, &[1, 2, 3])));
    let text = read(&ask(&site, "/rules", "range=month&seen=yes"));
    assert!(
        text.contains("Over the last 30 days") && text.contains(rule),
        "{text}"
    );
    assert!(!text.contains("client/management-point/https"), "{text}");
    let text = read(&ask(&site, "/", "range=month"));
    assert!(text.contains("146 KiB"), "{text}");
}

#[test]
fn no_page_is_larger_than_a_slow_line_takes() {
    // 2,000 computers with names, and 100,000 flows.
    let mut site = String::from("edition = \"current\"\n[networks]\ninternal = [\"10.0.0.0/8\"]\n");
    for number in 0..2000 {
        let role = [
            "management-point",
            "distribution-point",
            "software-update-point",
            "sql-server",
        ][number % 4];
        site += &format!(
            "[[host]]\nname = \"a-rather-long-name-{number}\"\naddress = \"10.20.{}.{}\"\nroles = [\"{role}\"]\n",
            number / 200,
            number % 200 + 1
        );
    }
    site += "[roles]\nclient = [\"10.128.0.0/9\"]\nsite-server = [\"10.30.0.5\"]\n";
    let mut talked = Vec::new();
    for number in 0..50 {
        let server = format!("10.20.{}.{}", number % 10, number + 1);
        talked.push(Talked::new(format!("10.128.{number}.1 > {server} tcp/443")).much(1950, 5000, 900.0));
        talked.push(
            Talked::new(format!("10.128.{number}.1 > {server} tcp/{}", 20_000 + number)).much(20, 500, 900.0),
        );
        talked.push(
            Talked::new(format!("10.128.{number}.1 > {server} tcp/445"))
                .much(30, 500, 0.0)
                .state("refused"),
        );
    }
    let site = Pictured::new(&site, &talked);
    assert_eq!(
        site.flows(&cmflow::dashboard::FlowsAsked::default())
            .map(|page| page.matching),
        Ok(100_000)
    );
    for (path, query) in [
        ("/", ""),
        ("/map", "unseen=yes"),
        ("/map", "role=management-point"),
        ("/matrix", ""),
        ("/flows", ""),
        ("/rules", ""),
        ("/unexplained", ""),
        ("/blocked", ""),
        ("/health", ""),
    ] {
        let size = ask(&site, path, query).body.len();
        assert!(size < 300 * 1024, "{path}?{query} has {size} bytes");
    }
}

#[test]
fn a_theme_is_what_was_chosen() {
    for (cookies, shown) in [
        ("", "auto"),
        ("a=b; cmflow-theme=dark", "dark"),
        ("cmflow-theme=light", "light"),
        ("cmflow-theme=\"><b>", "auto"),
    ] {
        let page = respond("/health", "", Theme::of_cookies(cookies), &site()).expect("a view");
        assert!(
            page.body.contains(&format!("data-theme=\"{shown}\"")),
            "{cookies}"
        );
    }
}
