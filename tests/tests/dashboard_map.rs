//! The picture of the site: what each line says and leads to, and that nothing written lies over something else.

use cmflow_tests::pictured::{Pictured, Talked};
use cmflow_tests::pictured_site::{SITE, ask, site};

#[test]
fn every_line_of_the_picture_says_what_it_is_and_leads_somewhere() {
    let page = ask(&site(), "/map", "unseen=yes");
    let links: Vec<&str> = page.body.split("<a class=\"link").skip(1).collect();
    assert!(links.len() > 20, "{}", links.len());
    for link in links {
        let (head, rest) = link.split_once('>').expect("a tag ends");
        assert!(
            head.contains("aria-label=\"") && head.contains("href=\"/"),
            "{head}"
        );
        assert!(
            rest.starts_with("<title>") && !rest.starts_with("<title></title>"),
            "{rest:.200}"
        );
    }
    for kind in ["documented", "silent", "unseen", "reversed", "undocumented"] {
        assert!(
            page.body.contains(&format!("class=\"edge e-{kind}\"")),
            "no {kind} edge"
        );
    }
}

/// Left, top, right and bottom of what a tag of the picture draws, by its attributes.
fn area(tag: &str, half: f64, high: f64) -> [f64; 4] {
    let number = |name: &str| -> f64 {
        let (_, rest) = tag.split_once(&format!(" {name}=\"")).expect("it has one");
        let (value, _) = rest.split_once('"').expect("it ends");
        value.parse().expect("a number")
    };
    let (x, y) = (number("x"), number("y"));
    if half > 0.0 {
        // Text: its middle, and the line that it stands on.
        [x - half, y - high, x + half, y]
    } else {
        [x, y, x + number("width"), y + number("height")]
    }
}

#[test]
fn what_is_written_at_lines_lies_over_nothing_else_that_is_written() {
    let talked = |what: &str| Talked::new(what).much(3, 90_000, 400_000.0);
    let site = Pictured::new(
        SITE,
        &[
            talked("10.10.4.7 > 10.10.7.1 tcp/5555"),
            talked("10.10.4.7 > 10.20.0.11 tcp/443"),
            talked("10.10.4.7 > 10.20.0.11 tcp/3389"),
            talked("10.20.0.11 > 10.20.0.21 tcp/3389"),
            talked("10.20.0.11 > 10.30.0.6 tcp/1433"),
            talked("10.30.0.6 > 10.30.0.6 tcp/3389"),
            talked("10.99.1.7 > 10.30.0.6 tcp/1433"),
        ],
    );
    let page = ask(&site, "/map", "").body;
    let tags = |of: &str| {
        let begin = format!("<{of}");
        page.split(&begin).skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let boxes = tags("rect class=\"box");
    let boxes = boxes
        .iter()
        .map(|tag| (String::from("a box"), area(tag, 0.0, 0.0)));
    let labels = tags("text class=\"rate");
    let labels = labels.iter().map(|tag| {
        let (_, rest) = tag.split_once('>').expect("a tag ends");
        let (text, _) = rest.split_once('<').expect("a text ends");
        let half = text.chars().count() as f64 * 6.0 / 2.0;
        (text.to_owned(), area(tag, half, 8.0))
    });
    let labels: Vec<_> = labels.collect();
    assert_eq!(labels.len(), 7, "{labels:?}");
    let all: Vec<_> = labels.iter().cloned().chain(boxes).collect();
    for (number, (text, [left, top, right, bottom])) in labels.iter().enumerate() {
        assert!(*left >= 0.0 && *top >= 0.0, "{text} begins at {left}, {top}");
        for (other, [its_left, its_top, its_right, its_bottom]) in &all[number + 1..] {
            let apart = left >= its_right || its_left >= right || top >= its_bottom || its_top >= bottom;
            assert!(apart, "{text} lies over {other}");
        }
    }
}
