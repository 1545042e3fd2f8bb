//! `[history]`: how long what is remembered.

use super::*;
use crate::history::{ClientDetail, Retention};

#[test]
fn what_is_remembered_can_be_said() {
    let text = "[history]\nkeep-minutes-hours = 48\nkeep-hours-days = 14\nkeep-days = 448\nunexplained-days = 7\n\
                most-conversations = 20_000\nclients = \"address\"\n";
    let site = read_text(text).expect("a sound text");
    let wanted = Retention {
        minutes_h: 48,
        hours_d: 14,
        days_d: 448,
        unexplained_d: 7,
        conversations: 20_000,
        clients: ClientDetail::Address,
    };
    assert_eq!(site.model.history, wanted);
    let site = read_text("[history]\nkeep-days = 100\n").expect("a sound text");
    assert_eq!(
        site.model.history,
        Retention {
            days_d: 100,
            ..Retention::default()
        }
    );
}

#[test]
fn what_cannot_be_remembered_is_refused() {
    for (lines, told) in [
        (
            "keep-days = 449",
            "2: keep-days is 449; it must be 1 to 448: days with packets are remembered for 448 days",
        ),
        ("keep-days = 0", "2: keep-days is 0; it must be 1 or more"),
        (
            "keep-days = \"a year\"",
            "2: keep-days is a string; it must be a whole number",
        ),
        (
            "keep-days = 50\nkeep-days2 = 1",
            "3: unknown key \"keep-days2\" in [history]; did you mean \"keep-days\"?",
        ),
        (
            "unexplained-days = 1000",
            "2: unexplained-days is 1000; it must be 1 to 448: days with packets are remembered for 448 days",
        ),
        (
            "most-conversations = 10",
            "2: most-conversations is 10; it must be 1000 or more",
        ),
        (
            "keep-minutes-hours = 1000",
            "2: keep-minutes-hours is 1000; it must be 1 to 744: minutes take the most room",
        ),
        (
            "clients = \"adress\"",
            "2: clients has no choice \"adress\"; did you mean \"address\"?",
        ),
        (
            "keep-days = 20",
            "2: keep-hours-days reaches back 31 days, and keep-days 20 days only; make keep-hours-days smaller or \
             keep-days larger",
        ),
        (
            "keep-minutes-hours = 72\nkeep-hours-days = 2",
            "2: keep-minutes-hours reaches back 72 hours, and keep-hours-days 2 days only; make keep-minutes-hours smaller \
             or keep-hours-days larger",
        ),
    ] {
        let all = problems(&format!("[history]\n{lines}\n"));
        assert!(all.contains(&format!("site.toml:{told}")), "{lines}: {all:#?}");
    }
}
