//! The tab of roles by roles. Rows open, columns answer; a cell says how fast, and whether something in it is
//! unexplained.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::fold::folded as folded_text;
use super::look::{Look, Tone};
use crate::top::rate::Rate;
use crate::top::rows::{Cell, Matrix};
use crate::top::state::View;
use crate::top::units;

/// Widths: of the roles that open, and of a cell with the gap before it.
const NAMES: u16 = 24;
const CELL: u16 = 14;

/// Lines of headings, and of what is said of the selected cell.
const HEADING: u16 = 2;
const SAID: u16 = 2;

/// Lines that a matrix takes.
#[must_use]
pub fn height(matrix: &Matrix) -> u16 {
    u16::try_from(matrix.sources.len())
        .unwrap_or(u16::MAX)
        .saturating_add(HEADING + SAID + 1)
}

/// Rows of it that fit in an area.
#[must_use]
pub fn rows_in(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(HEADING + SAID))
}

/// Draws it from a row on.
pub fn draw(buffer: &mut Buffer, area: Rect, matrix: &Matrix, view: &View, first: usize, look: Look) {
    if matrix.cells.is_empty() || area.height <= HEADING {
        return;
    }
    let names = NAMES.min(area.width / 2);
    let fit = usize::from((area.width - names) / CELL).max(1);
    let left = (view.column + 1).saturating_sub(fit);
    let columns = matrix.destinations.iter().enumerate().skip(left).take(fit);
    let column_at = |column: usize| area.x + names + CELL * u16::try_from(column - left).unwrap_or_default();
    let room = |x: u16| usize::from(area.right().saturating_sub(x));
    let more = matrix.destinations.len().saturating_sub(left + fit);
    let corner = match (left, more) {
        (0, 0) => String::new(),
        (0, more) => format!("{more} more right"),
        (left, 0) => format!("{left} more left"),
        (left, more) => format!("{left} left, {more} right"),
    };
    let heading = look.style(Tone::Heading);
    buffer.set_stringn(
        area.x,
        area.y,
        corner,
        usize::from(names),
        look.style(Tone::Plain),
    );
    buffer.set_stringn(
        area.x,
        area.y + 1,
        "   opens / answers",
        usize::from(names),
        heading,
    );
    for (column, role) in columns.clone() {
        let [upper, lower] = folded(role, usize::from(CELL) - 1);
        let x = column_at(column);
        let mut style = heading;
        if column == view.column {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        for (text, y) in [(upper, area.y), (lower, area.y + 1)] {
            let pad = (usize::from(CELL) - 1).saturating_sub(text.chars().count());
            buffer.set_stringn(x, y, " ".repeat(pad + 1), room(x), look.style(Tone::Plain));
            let x = x + 1 + u16::try_from(pad).unwrap_or_default();
            buffer.set_stringn(x, y, text, room(x), style);
        }
    }
    let rows = matrix.sources.iter().enumerate().skip(first).take(rows_in(area));
    for ((row, role), y) in rows.zip(area.y + HEADING..) {
        let is_row = row == view.selected;
        let mark = if is_row { "> " } else { "  " };
        let style = look.style(if is_row { Tone::Heading } else { Tone::Plain });
        let text: String = format!("{mark} {role}")
            .chars()
            .take(usize::from(names))
            .collect();
        buffer.set_stringn(area.x, y, text, usize::from(names), style);
        for (column, _) in columns.clone() {
            let x = column_at(column);
            let cell = matrix.cells.get(&(row, column));
            let (text, tone) = cell.map_or((String::new(), Tone::Plain), cell_text);
            let mut style = look.style(tone);
            if is_row && column == view.column {
                style = style.add_modifier(Modifier::REVERSED);
            }
            let text = format!(" {text:>width$}", width = usize::from(CELL) - 1);
            buffer.set_stringn(x, y, text, room(x), style);
        }
    }
    let width = usize::from(area.width);
    let said = folded_text(&said(matrix, view), width, 2);
    let lines = said.len().min(usize::from(SAID));
    let top = area
        .bottom()
        .saturating_sub(u16::try_from(lines).unwrap_or_default());
    if top > area.y + HEADING {
        for (line, y) in said.iter().take(lines).zip(top..) {
            buffer.set_stringn(area.x, y, line, width, look.style(Tone::Plain));
        }
    }
}

/// `1.2 kB/s !`: how fast, and a sign: `!` with something unexplained, `=` all explained.
fn cell_text(cell: &Cell) -> (String, Tone) {
    let rate = cell.rate();
    let quiet = rate.is_some_and(|rate: Rate| rate.packets == 0.0);
    let (sign, tone) = match (cell.is_unexplained(), quiet) {
        (true, _) => ('!', Tone::Bad),
        (false, true) => ('=', Tone::Faint),
        (false, false) => ('=', Tone::Plain),
    };
    (format!("{} {sign}", units::bytes_rate(rate)), tone)
}

/// What is in the selected cell.
fn said(matrix: &Matrix, view: &View) -> String {
    let (Some(from), Some(to)) = (
        matrix.sources.get(view.selected),
        matrix.destinations.get(view.column),
    ) else {
        return String::new();
    };
    let Some(cell) = matrix.cells.get(&(view.selected, view.column)) else {
        return format!("{from} -> {to}: nothing so far");
    };
    let mix: Vec<String> = cell
        .mix()
        .into_iter()
        .map(|(verdict, share)| format!("{verdict} {share} %"))
        .collect();
    format!(
        "{from} -> {to}: {}, {} so far ({})",
        match &*units::bytes_rate(cell.rate()) {
            "." => "nothing now".to_owned(),
            rate => rate.to_owned(),
        },
        units::bytes(cell.bytes()),
        mix.join(", ")
    )
}

/// A role's name in two lines, folded at a hyphen.
fn folded(role: &str, width: usize) -> [String; 2] {
    let cut = |text: &str| text.chars().take(width).collect::<String>();
    if role.chars().count() <= width {
        return [String::new(), role.to_owned()];
    }
    let fold = role
        .match_indices('-')
        .map(|(place, _)| place)
        .rfind(|place| *place < width)
        .map_or(width.min(role.len()), |place| place + 1);
    let (upper, lower) = role.split_at_checked(fold).unwrap_or((role, ""));
    [cut(upper), cut(lower)]
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn names_of_roles_are_folded_at_a_hyphen() {
        for (role, upper, lower) in [
            ("client", "", "client"),
            ("site-server", "", "site-server"),
            ("management-point", "management-", "point"),
            ("distribution-point-pxe", "distribution-", "point-pxe"),
            ("cloud-management-gateway", "cloud-", "management-ga"),
            ("averylongrolewithoutahyphen", "averylongrole", "withoutahyphe"),
        ] {
            assert_eq!(folded(role, 13), [upper, lower], "{role}");
        }
    }
}
