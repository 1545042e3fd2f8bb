//! Drawing: a model onto the cells of a screen.

mod flows;
mod fold;
mod head;
mod health;
mod look;
mod matrix;
mod popup;
mod rules;
mod table;
#[cfg(test)]
mod tests;
mod unexplained;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use look::{Look, Tone};

use super::health as evidence;
use super::state::{Model, Rows};
use super::tab::Tab;
use table::{Column, Row};

/// Lines around a tab: two above, one below.
const ABOVE: u16 = 2;
const BELOW: u16 = 1;

/// From this height on there is room to say more of one row.
const ROOMY: u16 = 8;

/// Draws the model onto a frame; where the screen begins and how much fits on it goes back into the model.
pub fn draw(frame: &mut Frame<'_>, model: &mut Model, look: Look) {
    let area = frame.area();
    paint(frame.buffer_mut(), area, model, look);
}

/// All of a tab as text, without an end of the screen.
#[must_use]
pub fn picture(model: &mut Model, width: u16, look: Look) -> String {
    let lines = match model.rows() {
        Rows::Flows(rows) => rows.len() + 2,
        Rows::Rules(rows) => rows.len() + 1,
        Rows::Groups(rows) => rows.len() + 2,
        Rows::Matrix(matrix) => usize::from(matrix::height(&matrix)),
        Rows::None => health::lines(&evidence::lines(model), width).len(),
    };
    let lines = u16::try_from(lines.max(3)).unwrap_or(u16::MAX / 2);
    let area = Rect::new(0, 0, width, lines.min(2000) + ABOVE + BELOW);
    let mut buffer = Buffer::empty(area);
    paint(&mut buffer, area, model, look);
    text(&buffer)
}

/// The cells of a buffer as lines, without the spaces at their ends.
fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let line: String = (area.left()..area.right())
            .map(|x| buffer[(x, y)].symbol())
            .collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn paint(buffer: &mut Buffer, area: Rect, model: &mut Model, look: Look) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let line = |y: u16| Rect::new(area.x, y, area.width, 1);
    head::draw(buffer, line(area.y), model, look);
    // On a very low screen the head comes first, then rows, then the rest.
    let above = if area.height > 4 { ABOVE } else { 1 };
    let below = if area.height > 3 { BELOW } else { 0 };
    if above == ABOVE {
        head::draw_tabs(buffer, line(area.y + 1), model, look);
    }
    let body = Rect::new(
        area.x,
        area.y + above,
        area.width,
        area.height.saturating_sub(above + below),
    );
    let (first, page) = paint_tab(buffer, body, model, look);
    if below > 0 {
        head::draw_foot(buffer, line(area.bottom() - 1), model, &model.rows(), look);
    }
    model.page = page;
    let tab = model.tab as usize;
    model.views[tab].first = first;
    if model.tab == Tab::Health {
        model.views[tab].selected = first;
    }
    if let Some(popup) = &mut model.popup {
        popup::draw(buffer, body, popup, look);
    }
}

/// Draws the tab; the first row that is shown, and how many fit.
fn paint_tab(buffer: &mut Buffer, area: Rect, model: &Model, look: Look) -> (usize, usize) {
    let now = model.status().map(|status| status.at);
    let view = model.view();
    let rows = model.rows();
    // What there is no column for is said of the selected row, below.
    let said = match &rows {
        Rows::Flows(rows) => rows.get(view.selected).map(flows::said),
        Rows::Groups(rows) => rows.get(view.selected).map(unexplained::said),
        _ => None,
    };
    let mut area = area;
    if let Some(said) = said.filter(|_| area.height >= ROOMY) {
        area.height -= 1;
        let room = usize::from(area.width);
        let said: String = said.chars().take(room).collect();
        buffer.set_stringn(area.x, area.bottom(), said, room, look.style(Tone::Heading));
    }
    let page = usize::from(area.height.saturating_sub(1));
    let mut listed = |columns: &[Column], rows: &[Row]| {
        let first = view.first_of(rows.len(), page.max(1));
        table::draw(buffer, area, (columns, rows), (first, Some(view.selected)), look);
        first
    };
    let first = match &rows {
        Rows::Flows(rows) => listed(&flows::COLUMNS, &flows::rows(rows, now)),
        Rows::Rules(rows) => listed(&rules::COLUMNS, &rules::rows(rows, now)),
        Rows::Groups(rows) => listed(&unexplained::COLUMNS, &unexplained::rows(rows, now)),
        Rows::Matrix(found) => {
            let page = matrix::rows_in(area).max(1);
            let first = view.first_of(found.sources.len(), page);
            matrix::draw(buffer, area, found, view, first, look);
            if let Some(why) = nothing(model, &rows) {
                say(buffer, area, why, look);
            }
            return (first, page);
        }
        Rows::None => {
            let lines = health::lines(&evidence::lines(model), area.width);
            let height = usize::from(area.height);
            let first = view.selected.min(lines.len().saturating_sub(height));
            health::draw(buffer, area, &lines, first, look);
            if lines.is_empty() {
                say(buffer, area, "nothing is known yet", look);
            }
            return (first, height);
        }
    };
    if let Some(why) = nothing(model, &rows) {
        say(buffer, area, why, look);
    }
    (first, page)
}

/// Why a tab is empty.
fn nothing(model: &Model, rows: &Rows<'_>) -> Option<&'static str> {
    let answers = &model.answers;
    let narrowed = !model.filter.is_empty() || model.verdict.is_some();
    let (empty, known, why) = match rows {
        Rows::Flows(rows) => (rows.is_empty(), answers.flows.known, "no flow lives now"),
        Rows::Rules(rows) => (
            rows.is_empty(),
            answers.rules.known,
            "the site file makes no rule possible",
        ),
        Rows::Groups(rows) => (
            rows.is_empty(),
            answers.groups.known,
            "everything that crossed so far is explained, or neither end is known",
        ),
        Rows::Matrix(matrix) => (
            matrix.cells.is_empty(),
            answers.rules.known,
            "nothing between roles so far",
        ),
        Rows::None => return None,
    };
    match (empty, known) {
        (false, _) => None,
        (true, false) => Some("nothing is known yet"),
        (true, true) if narrowed => Some("nothing fits the filter; Esc shows all"),
        (true, true) => Some(why),
    }
}

/// Says something where rows would be.
fn say(buffer: &mut Buffer, area: Rect, text: &str, look: Look) {
    let y = area.y + 1;
    if y < area.bottom() {
        let room = usize::from(area.width);
        buffer.set_stringn(area.x, y, format!("   {text}"), room, look.style(Tone::Plain));
    }
}
