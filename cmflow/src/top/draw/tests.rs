//! Each tab on screens of three sizes, and on the smallest.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::top::sample::{self, after, flow, group};
use crate::top::state::Key;
use crate::top::wanted::{Heard, Round, Trouble};

const ASCII: Look = Look {
    color: false,
    unicode: false,
};

/// What a model knows after two rounds.
fn model(tab: Tab) -> Model {
    let mut model = Model::new(tab);
    for (seconds, bytes) in [(1, 2000), (2, 4000)] {
        let flows = vec![
            flow("10.10.0.5", "10.20.0.11", 443, "documented", bytes),
            flow("fd00:10::1234:99:9", "fd00:20::11", 3389, "undocumented", 100),
        ];
        model.hear(Heard::Round(Box::new(Round {
            at: Duration::from_secs(seconds),
            status: Some(sample::status(after(7200))),
            flows: Some((model.flow_query(), sample::flows(flows))),
            rules: Some(sample::rules(&[
                ("client/management-point/https", bytes),
                ("site-server/distribution-point-pxe/rpc-endpoint-mapper", 0),
            ])),
            groups: Some(sample::undocumented(vec![
                group(&["client"], &["management-point"], 3389, bytes),
                group(&[], &["sql-server"], 1433, 100),
            ])),
            ..Round::default()
        })));
    }
    model
}

fn drawn(model: &mut Model, (width, height): (u16, u16), look: Look) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it needs no terminal");
    terminal
        .draw(|frame| draw(frame, model, look))
        .expect("it cannot fail");
    text(terminal.backend().buffer())
}

#[test]
fn each_tab_shows_what_it_is_for() {
    let at80 = (80, 24);
    let at40 = (40, 10);
    let at200 = (200, 60);
    for (tab, size, expected) in [
        (
            Tab::Flows,
            at80,
            &[
                ">! ~00:10::1234:99:9",
                "10.10.0.5       ",
                "tcp/443   documented   2.0 kB/s 4.0 kB",
                "client -> management-point, answered: no rule explains it",
                "2 flows",
            ][..],
        ),
        (Tab::Flows, at40, &["[1 Flows]", "10.20.0.11"]),
        (
            Tab::Flows,
            at200,
            &["management-point +2", "client/management-point/https", "answered"],
        ),
        (
            Tab::Rules,
            at80,
            &[
                "client/management-point/https",
                "2.0 kB/s",
                "no hit",
                "1 of 2 rules hit",
            ],
        ),
        (Tab::Rules, at40, &["/management-point/https", "[2 Rules]"]),
        (
            Tab::Matrix,
            at80,
            &["management-", "4.0 kB/s !", "(documented 50 %"],
        ),
        (Tab::Matrix, at40, &["client", "!"]),
        (
            Tab::Unexplained,
            at80,
            &[
                "40 k client",
                "tcp/3389",
                "undocumented",
                "port 3389 is not client-http",
            ],
        ),
        (
            Tab::Unexplained,
            at200,
            &["client/management-point/http: port 3389 is not client-http, the site file says 80"],
        ),
        (
            Tab::Health,
            at80,
            &[
                "nothing is wrong",
                "law         holds: 1990 packets parsed into flows, 1990 judged, 1990 accounted",
                "generation 3",
                "100 of 4096 slots, 2 %",
                "/var/lib/cmflow/default.db",
            ],
        ),
    ] {
        let mut model = model(tab);
        let picture = drawn(&mut model, size, ASCII);
        assert!(picture.is_ascii(), "{picture}");
        for part in expected {
            assert!(picture.contains(part), "{tab:?} {size:?}: {part:?} in\n{picture}");
        }
    }
}

#[test]
fn the_head_tells_a_problem_on_every_tab_and_every_screen() {
    for tab in Tab::ALL {
        for size in [(80, 24), (40, 10), (200, 60)] {
            let mut model = model(tab);
            let head = |model: &mut Model| {
                let picture = drawn(model, size, ASCII);
                picture.lines().next().expect("a first line").to_owned()
            };
            let well = head(&mut model);
            assert!(
                well.contains("law ok") && well.contains("! unexplained 2"),
                "{well}"
            );
            let mut broken = sample::status(after(7300));
            broken.conservation.ok = false;
            broken.events_lost = 1;
            model.hear(Heard::Round(Box::new(Round {
                status: Some(broken),
                ..Round::default()
            })));
            let told = head(&mut model);
            assert!(told.contains("! law BROKEN"), "{told}");
            assert!(size.0 < 80 || told.contains("! 1 problem"), "{told}");
            model.hear(Heard::Round(Box::new(Round {
                trouble: Some(Trouble::Silent("no daemon listens at /run/x".to_owned())),
                ..Round::default()
            })));
            let told = head(&mut model);
            assert!(told.contains("! no daemon answers, trying again"), "{told}");
        }
    }
}

#[test]
fn a_wide_head_tells_all_of_the_evidence() {
    let picture = drawn(&mut model(Tab::Rules), (200, 24), ASCII);
    let head = picture.lines().next().expect("a first line");
    assert_eq!(
        head,
        "cmflow  law ok  ! unexplained 2  one-sided 1.0 %  since 03-01 08:00 UTC  for 2 h 0 min  instance default  generation 3"
    );
}

#[test]
fn no_screen_is_too_small_and_no_colour_is_needed() {
    let keys = [
        Key::Enter,
        Key::Char('?'),
        Key::Char('/'),
        Key::End,
        Key::Right,
        Key::PageDown,
    ];
    for tab in Tab::ALL {
        for width in [1, 2, 3, 4, 5, 8, 12, 20, 40, 79] {
            for height in [1, 2, 3, 4, 5, 6, 9, 24] {
                for key in keys {
                    let mut model = model(tab);
                    model.press(key);
                    let picture = drawn(&mut model, (width, height), ASCII);
                    assert_eq!(picture.lines().count(), usize::from(height));
                    drawn(&mut Model::new(tab), (width, height), ASCII);
                }
            }
        }
        // The same letters with colours as without.
        let color = Look { color: true, ..ASCII };
        assert_eq!(
            drawn(&mut model(tab), (80, 24), color),
            drawn(&mut model(tab), (80, 24), ASCII)
        );
    }
}

#[test]
fn popups_lie_over_a_tab_and_scroll_to_their_end() {
    let mut model = model(Tab::Flows);
    model.press(Key::Char('?'));
    let picture = drawn(&mut model, (80, 24), ASCII);
    assert!(
        picture.contains("+ Help") && picture.contains("Tab, Shift-Tab"),
        "{picture}"
    );
    assert!(
        picture.is_ascii() && picture.contains("more lines below"),
        "{picture}"
    );
    model.press(Key::End);
    let picture = drawn(&mut model, (80, 24), ASCII);
    assert!(
        picture.contains("kB is 1000 bytes") && picture.contains("Esc closes"),
        "{picture}"
    );
    model.press(Key::Up);
    let higher = drawn(&mut model, (80, 24), ASCII);
    assert_ne!(higher, picture, "it scrolls back from the end at once");
    model.press(Key::Escape);

    model.press(Key::Enter);
    let asked = model.wanted().explain.expect("a flow");
    model.hear(Heard::Explained(
        asked,
        vec!["Both ends are known, and no rule explains it.".to_owned()],
    ));
    let picture = drawn(&mut model, (80, 24), ASCII);
    for part in ["fd00:10::1234:99:9 port 50000", "no rule explains it."] {
        assert!(picture.contains(part), "{part} in\n{picture}");
    }
}

#[test]
fn what_is_typed_and_what_is_refused_stands_in_the_last_line() {
    let mut model = model(Tab::Flows);
    let foot = |model: &mut Model| {
        let picture = drawn(model, (80, 24), ASCII);
        picture.lines().last().expect("a last line").to_owned()
    };
    "/clinet".chars().for_each(|char| model.press(Key::Char(char)));
    assert_eq!(foot(&mut model), "/clinet_");
    model.press(Key::Enter);
    model.press(Key::Char('v'));
    model.press(Key::Char('p'));
    let said = foot(&mut model);
    for part in ["PAUSED", "filter: clinet", "verdict: undocumented"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    model.hear(Heard::Round(Box::new(Round {
        status: Some(sample::status(after(7300))),
        trouble: Some(Trouble::Refused(
            "unknown role \"clinet\"; did you mean \"client\"?".to_owned(),
        )),
        ..Round::default()
    })));
    assert_eq!(
        foot(&mut model),
        "! unknown role \"clinet\"; did you mean \"client\"?"
    );
}

#[test]
fn a_picture_is_as_long_as_its_rows() {
    let picture = picture(&mut model(Tab::Rules), 100, ASCII);
    assert_eq!(picture.lines().count(), 6, "{picture}");
    assert!(
        picture
            .lines()
            .all(|line| line.len() <= 100 && line == line.trim_end()),
        "{picture}"
    );
}
