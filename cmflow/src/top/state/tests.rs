//! Answers in, keys in, model out.

use std::time::Duration;

use super::*;
use crate::answer::{Flow, Flows};
use crate::top::sample::{self, after, flow, group};

/// A round so many seconds after the program began.
fn round(seconds: u64) -> Round {
    Round {
        at: Duration::from_secs(seconds),
        status: Some(sample::status(after(
            i64::try_from(seconds).expect("a short test") + 100,
        ))),
        ..Round::default()
    }
}

fn with_flows(model: &Model, seconds: u64, flows: Vec<Flow>) -> Heard {
    Heard::Round(Box::new(Round {
        flows: Some((model.flow_query(), sample::flows(flows))),
        ..round(seconds)
    }))
}

fn press(model: &mut Model, keys: &str) {
    for key in keys.chars() {
        model.press(if key == '\n' { Key::Enter } else { Key::Char(key) });
    }
}

fn ports(model: &Model) -> Vec<u16> {
    match model.rows() {
        Rows::Flows(rows) => rows.iter().map(|row| row.flow.responder.port).collect(),
        other => panic!("{other:?}"),
    }
}

/// Three flows; the responder's port names each.
fn three(bytes: u64) -> Vec<Flow> {
    let mut flows = vec![
        flow("10.10.0.5", "10.20.0.11", 443, "documented", 1000 + bytes),
        flow("10.10.0.6", "10.20.0.11", 80, "documented", 5000),
        flow("10.10.0.7", "10.20.0.11", 3389, "undocumented", 100),
    ];
    flows[1].last_seen = after(50);
    flows
}

#[test]
fn keys_lead_to_tabs() {
    for (keys, tab) in [
        (&[][..], Tab::Flows),
        (&[Key::Char('3')], Tab::Matrix),
        (&[Key::Tab, Key::Tab], Tab::Matrix),
        (&[Key::BackTab], Tab::Health),
        (&[Key::Char('5'), Key::Tab], Tab::Flows),
        (&[Key::Char('4'), Key::BackTab], Tab::Matrix),
    ] {
        let mut model = Model::new(Tab::Flows);
        keys.iter().for_each(|key| model.press(*key));
        assert_eq!(model.tab, tab, "{keys:?}");
        assert!(!model.over);
    }
}

#[test]
fn only_what_is_shown_is_asked_for() {
    for (key, flows, rules, groups) in [
        ("1", true, false, false),
        ("2", false, true, false),
        ("3", false, true, true),
        ("4", false, false, true),
        ("5", false, false, false),
        ("1p", false, false, false),
        ("4p", false, false, false),
        ("4p2", false, true, false),
        ("4pp", false, false, true),
    ] {
        let mut model = Model::new(Tab::Flows);
        press(&mut model, key);
        let wanted = model.wanted();
        assert_eq!(
            (wanted.flows.is_some(), wanted.rules, wanted.groups),
            (flows, rules, groups),
            "{key}"
        );
    }
}

#[test]
fn what_needs_somebody_comes_first_and_s_steps_through_orders() {
    let mut model = Model::new(Tab::Flows);
    model.hear(with_flows(&model, 1, three(0)));
    for (keys, expected, order) in [
        ("", [3389, 443, 80], "unexplained"),
        ("s", [443, 80, 3389], "rate"),
        ("s", [80, 443, 3389], "bytes"),
        ("S", [3389, 443, 80], "bytes"),
        ("S", [80, 443, 3389], "bytes"),
        ("ssss", [443, 80, 3389], "address"),
        ("s", [3389, 443, 80], "unexplained"),
    ] {
        press(&mut model, keys);
        assert_eq!(
            (&*ports(&model), model.order()),
            (&expected[..], Some(order)),
            "{keys}"
        );
    }
}

#[test]
fn rates_are_differences_and_new_flows_are_marked() {
    let mut model = Model::new(Tab::Flows);
    model.hear(with_flows(&model, 1, three(0)));
    let mut flows = three(6000);
    let mut young = flow("10.10.0.8", "10.20.0.11", 8530, "documented", 400);
    young.first_seen = after(102);
    flows.push(young);
    model.hear(with_flows(&model, 3, flows));
    let Rows::Flows(rows) = model.rows() else {
        panic!("{:?}", model.rows());
    };
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.flow.responder.port, row.rate.map(|rate| rate.bytes), row.new))
        .collect();
    for expected in [
        (443, Some(3000.0), false),
        (80, Some(0.0), false),
        (3389, Some(0.0), false),
        // It began since, so all of it came since.
        (8530, Some(200.0), true),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    // The same counters of a daemon that began anew are no rates.
    let mut anew = round(4);
    let status = anew.status.as_mut().expect("it was just made");
    status.since = after(1000);
    anew.flows = Some((model.flow_query(), sample::flows(three(9000))));
    model.hear(Heard::Round(Box::new(anew)));
    let Rows::Flows(rows) = model.rows() else {
        panic!("{:?}", model.rows());
    };
    assert!(rows.iter().all(|row| row.rate.is_none() && !row.new), "{rows:?}");
}

#[test]
fn a_filter_is_asked_for_and_let_go_again() {
    let mut model = Model::new(Tab::Flows);
    press(&mut model, "/client 10.10. 3389\n");
    assert_eq!(model.filter, "client 10.10. 3389");
    assert_eq!(
        model.flow_query().role,
        ["client"],
        "the daemon looks for roles among all flows"
    );
    model.hear(with_flows(&model, 1, three(0)));
    assert_eq!(ports(&model), [3389], "the rest is looked for among its answers");
    // Keys are letters while a filter is typed.
    press(&mut model, "/q");
    assert!(!model.over);
    model.press(Key::Backspace);
    model.press(Key::Escape);
    assert_eq!(
        (model.typing.as_deref(), &*model.filter),
        (None, "client 10.10. 3389")
    );
    model.press(Key::Escape);
    assert!(model.filter.is_empty() && !model.over, "the first Esc shows all");
    model.press(Key::Escape);
    assert!(model.over, "the second one ends");
}

#[test]
fn what_the_daemon_refuses_is_told_and_rows_stay() {
    let mut model = Model::new(Tab::Flows);
    model.hear(with_flows(&model, 1, three(0)));
    press(&mut model, "/clinet\n");
    let why = "unknown role \"clinet\"; did you mean \"client\"?";
    model.hear(Heard::Round(Box::new(Round {
        trouble: Some(Trouble::Refused(why.to_owned())),
        ..round(2)
    })));
    assert_eq!(model.refusal(), Some(why));
    assert_eq!(ports(&model).len(), 3);
    press(&mut model, "/\u{8}");
    model.typing = Some(String::new());
    model.press(Key::Enter);
    assert_eq!(model.refusal(), None);
}

#[test]
fn verdicts_are_stepped_through_that_there_are_packets_of() {
    let mut model = Model::new(Tab::Flows);
    model.hear(Heard::Round(Box::new(round(1))));
    for verdict in [
        Some("undocumented"),
        Some("documented"),
        Some("local"),
        None,
        Some("undocumented"),
    ] {
        press(&mut model, "v");
        assert_eq!(model.verdict.as_deref(), verdict);
        assert_eq!(
            model.flow_query().verdict,
            Vec::from_iter(verdict.map(str::to_owned))
        );
    }
}

#[test]
fn a_paused_tab_keeps_its_rows_while_the_head_goes_on() {
    let mut model = Model::new(Tab::Unexplained);
    let groups = |count: u16| {
        let groups = (0..count).map(|port| group(&["client"], &["sql-server"], port + 1, 100));
        sample::undocumented(groups.collect())
    };
    let with_groups = |seconds, count| {
        Heard::Round(Box::new(Round {
            groups: Some(groups(count)),
            ..round(seconds)
        }))
    };
    let rows = |model: &Model| match model.rows() {
        Rows::Groups(rows) => rows.len(),
        other => panic!("{other:?}"),
    };
    model.hear(with_groups(1, 2));
    press(&mut model, "p");
    model.hear(with_groups(2, 3));
    assert_eq!((rows(&model), model.answers.unexplained), (2, Some(3)));
    assert_eq!(model.status().map(|status| status.at), Some(after(102)));
    press(&mut model, "p");
    model.hear(with_groups(3, 4));
    assert_eq!((rows(&model), model.answers.unexplained), (4, Some(4)));
    assert_eq!(
        model.answers.new_groups.len(),
        2,
        "new since the last answer that was shown"
    );
}

#[test]
fn the_selection_follows_its_row_and_stays_at_the_top_where_it_is_there() {
    let mut model = Model::new(Tab::Flows);
    press(&mut model, "s");
    model.hear(with_flows(&model, 1, three(0)));
    assert_eq!(ports(&model), [443, 80, 3389]);
    model.press(Key::Down);
    assert_eq!(model.view().selected, 1);
    // 80 grows fastest from here on.
    let grown = |bytes: u64| {
        let mut flows = three(0);
        flows[1].forward.bytes += bytes;
        flows
    };
    model.hear(with_flows(&model, 2, grown(10_000)));
    assert_eq!((ports(&model)[0], model.view().selected), (80, 0));
    model.press(Key::End);
    assert_eq!(model.view().selected, 2);
    model.hear(with_flows(&model, 3, Vec::new()));
    assert_eq!(model.view().selected, 0);
    for key in [
        Key::Up,
        Key::Down,
        Key::PageDown,
        Key::Enter,
        Key::Left,
        Key::Right,
    ] {
        model.press(key);
    }
    assert!(model.popup.is_none(), "nothing to open");
}

#[test]
fn enter_opens_all_that_is_known() {
    let mut model = Model::new(Tab::Flows);
    model.hear(with_flows(&model, 1, three(0)));
    press(&mut model, "\n");
    let asked = model.wanted().explain.expect("a flow to explain");
    assert_eq!((asked.port, &*asked.protocol), (3389, "tcp"));
    model.hear(Heard::Explained(asked, vec!["no rule".to_owned()]));
    assert_eq!(model.wanted().explain, None, "once");
    assert!(matches!(&model.popup, Some(Popup::Flow { said: Some(said), .. }) if said == &["no rule"]));
    press(&mut model, "q");
    assert!(model.popup.is_none() && !model.over, "q closes it first");

    press(&mut model, "4");
    let found = group(&["client"], &["sql-server"], 1433, 100);
    model.hear(Heard::Round(Box::new(Round {
        groups: Some(sample::undocumented(vec![found.clone()])),
        ..round(2)
    })));
    press(&mut model, "\n");
    let query = model.wanted().group.expect("a group to ask for");
    assert_eq!(query, rows::query_of(&found));
    model.hear(Heard::Round(Box::new(Round {
        group: Some((query, sample::undocumented(Vec::new()))),
        ..round(3)
    })));
    assert!(matches!(&model.popup, Some(Popup::Group { found: Some(found), .. }) if found.is_empty()));
    model.press(Key::Interrupt);
    assert!(model.over, "ctrl-c ends from everywhere");
}

#[test]
fn a_daemon_that_does_not_answer_is_told_of() {
    let mut model = Model::new(Tab::Flows);
    model.tick(Duration::from_secs(1));
    assert_eq!(model.silence(), None);
    model.tick(Duration::from_secs(7));
    assert_eq!(
        model.silence().as_deref(),
        Some("no answer for 7 s, still waiting")
    );
    let flows: Flows = sample::flows(three(0));
    model.hear(Heard::Round(Box::new(Round {
        flows: Some((model.flow_query(), flows)),
        ..round(7)
    })));
    assert_eq!(model.silence(), None);
    model.hear(Heard::Round(Box::new(Round {
        at: Duration::from_secs(8),
        trouble: Some(Trouble::Silent("no daemon listens".to_owned())),
        ..Round::default()
    })));
    assert_eq!(model.silence().as_deref(), Some("no daemon listens"));
    assert_eq!(ports(&model).len(), 3, "the last rows stay");
}
