//! The lines that are the same on every tab: can the counts be believed, which tab is it, what narrows it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::look::{Look, Tone};
use crate::top::health;
use crate::top::state::{Model, Rows};
use crate::top::tab::Tab;
use crate::top::units;

/// A part of a line: what is shown, how, and how long it is kept where room is short (0 the longest).
type Part = (String, Tone, u8);

/// Evidence: law, window, one-sided share, unexplained groups, and whether the daemon answers.
fn evidence(model: &Model) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    if model.silence().is_some() {
        parts.push(("! no daemon answers, trying again".to_owned(), Tone::Bad, 0));
    }
    let Some(status) = model.status() else {
        return parts;
    };
    let law = if status.conservation.ok {
        ("law ok".to_owned(), Tone::Plain, 1)
    } else {
        ("! law BROKEN".to_owned(), Tone::Bad, 0)
    };
    parts.push(law);
    let wrong = health::problems(status).len() - usize::from(!status.conservation.ok);
    if wrong > 0 {
        let words = match wrong {
            1 => "! 1 problem (key 5)".to_owned(),
            _ => format!("! {wrong} problems (key 5)"),
        };
        parts.push((words, Tone::Bad, 1));
    }
    if let Some(groups) = model.answers.unexplained {
        parts.push(match groups {
            0 => ("unexplained 0".to_owned(), Tone::Plain, 2),
            count => (format!("! unexplained {count}"), Tone::Bad, 2),
        });
    }
    let share = health::one_sided(status);
    parts.push((format!("one-sided {share:.1} %"), Tone::Plain, 3));
    let since = status.since.strftime("%m-%d %H:%M");
    let span = units::span(status.since, status.at);
    parts.push((format!("since {since} UTC"), Tone::Plain, 4));
    parts.push((format!("for {span}"), Tone::Plain, 5));
    parts.push((format!("instance {}", status.instance), Tone::Plain, 6));
    parts.push((format!("generation {}", status.generation), Tone::Plain, 7));
    parts
}

/// Draws parts beside each other, as many as there is room for, those that are kept longest.
fn line(buffer: &mut Buffer, area: Rect, parts: &[Part], look: Look) {
    const GAP: usize = 2;
    let room = usize::from(area.width);
    let mut kept: Vec<&Part> = parts.iter().collect();
    let width = |kept: &[&Part]| -> usize {
        let texts: usize = kept.iter().map(|(text, ..)| text.chars().count()).sum();
        texts + GAP * kept.len().saturating_sub(1)
    };
    while width(&kept) > room && kept.len() > 1 {
        let last = kept
            .iter()
            .enumerate()
            .max_by_key(|(place, (_, _, order))| (*order, *place));
        let Some((place, _)) = last else {
            break;
        };
        kept.remove(place);
    }
    let mut x = area.x;
    for (text, tone, _) in kept {
        let room = usize::from(area.right().saturating_sub(x));
        let (end, _) = buffer.set_stringn(x, area.y, text, room, look.style(*tone));
        x = end.saturating_add(2);
    }
}

/// Draws the first line.
pub fn draw(buffer: &mut Buffer, area: Rect, model: &Model, look: Look) {
    let name = ("cmflow".to_owned(), Tone::Heading, 8);
    let parts: Vec<Part> = std::iter::once(name).chain(evidence(model)).collect();
    line(buffer, area, &parts, look);
}

/// Draws the names of the tabs; the one that is shown stands in brackets.
pub fn draw_tabs(buffer: &mut Buffer, area: Rect, model: &Model, look: Look) {
    let mut x = area.x;
    for (tab, number) in Tab::ALL.into_iter().zip(1..) {
        let shown = tab == model.tab;
        // On a narrow screen, the numbers of the others do.
        let name = match (area.width < 56, shown) {
            (true, false) => number.to_string(),
            _ => format!("{number} {}", tab.name()),
        };
        let paused = if model.views[tab as usize].paused { "=" } else { "" };
        let text = if shown {
            format!("[{name}{paused}]")
        } else {
            format!(" {name}{paused} ")
        };
        let mut style = look.style(if shown { Tone::Heading } else { Tone::Plain });
        if shown {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let room = usize::from(area.right().saturating_sub(x));
        let (end, _) = buffer.set_stringn(x, area.y, text, room, style);
        x = end.saturating_add(1);
    }
}

/// Draws the last line: what is typed, what was refused, or what is shown.
pub fn draw_foot(buffer: &mut Buffer, area: Rect, model: &Model, rows: &Rows<'_>, look: Look) {
    if let Some(typed) = &model.typing {
        let room = usize::from(area.width).saturating_sub(2);
        let cut = typed.chars().count().saturating_sub(room);
        let end: String = typed.chars().skip(cut).collect();
        buffer.set_stringn(
            area.x,
            area.y,
            format!("/{end}_"),
            usize::from(area.width),
            look.style(Tone::Heading),
        );
        return;
    }
    if let Some(why) = model.refusal() {
        line(buffer, area, &[(format!("! {why}"), Tone::Bad, 0)], look);
        return;
    }
    if let (Some(why), true) = (model.silence(), model.popup.is_none()) {
        line(buffer, area, &[(format!("! {why}"), Tone::Bad, 0)], look);
        return;
    }
    let mut parts: Vec<Part> = Vec::new();
    if model.view().paused {
        parts.push(("PAUSED (p)".to_owned(), Tone::Bad, 0));
    }
    parts.extend(shown(model, rows).map(|text| (text, Tone::Plain, 2)));
    if let Some(order) = model.order() {
        let turned = if model.view().turned { ", turned" } else { "" };
        parts.push((format!("sort: {order}{turned}"), Tone::Plain, 3));
    }
    if let Some(verdict) = &model.verdict {
        parts.push((format!("verdict: {verdict}"), Tone::Heading, 1));
    }
    if !model.filter.is_empty() {
        parts.push((format!("filter: {}", model.filter), Tone::Heading, 1));
    }
    parts.push(("? help".to_owned(), Tone::Plain, 4));
    parts.push(("q quit".to_owned(), Tone::Plain, 5));
    line(buffer, area, &parts, look);
}

/// How many rows there are, in words.
fn shown(model: &Model, rows: &Rows<'_>) -> Option<String> {
    let answers = &model.answers;
    Some(match rows {
        Rows::Flows(rows) => {
            let (asked, all) = (answers.flows.now.flows.len(), answers.flows.now.matching);
            match (rows.len(), asked as u64 == all) {
                (shown, true) if shown == asked => format!("{shown} flows"),
                (shown, true) => format!("{shown} of {all} flows"),
                (shown, false) if shown == asked => format!("the first {asked} of {all} flows"),
                (shown, false) => format!("{shown} of the first {asked} of {all} flows"),
            }
        }
        Rows::Rules(rows) => {
            let hit = rows.iter().filter(|row| row.rule.packets > 0).count();
            format!("{hit} of {} rules hit", rows.len())
        }
        Rows::Groups(rows) => format!("{} groups", rows.len()),
        Rows::Matrix(_) => "! something unexplained, = all explained".to_owned(),
        Rows::None => return None,
    })
}
