//! Tables: columns appear by priority as there is room, and stand still while their rows change.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use textwrap::core::display_width;

use super::look::{Look, Tone};

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// It is left out where there is not that much room.
    pub least: u16,
    /// More room than that it has no use for.
    pub most: u16,
    /// Columns with lower numbers are left out last.
    pub priority: u8,
    /// What becomes of its texts.
    pub kind: Kind,
}

/// What becomes of a column's texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They begin at the left, and their ends are cut.
    Text,
    /// The same, but their beginnings are cut: the ends of addresses tell more.
    Address,
    /// They end at the right.
    Number,
}

impl Column {
    /// A column of texts.
    #[must_use]
    pub const fn text(title: &'static str, least: u16, most: u16, priority: u8) -> Self {
        Self {
            title,
            least,
            most,
            priority,
            kind: Kind::Text,
        }
    }

    /// A column of addresses.
    #[must_use]
    pub const fn address(title: &'static str, least: u16, most: u16, priority: u8) -> Self {
        Self {
            kind: Kind::Address,
            ..Self::text(title, least, most, priority)
        }
    }

    /// A column of numbers, of one width.
    #[must_use]
    pub const fn number(title: &'static str, width: u16, priority: u8) -> Self {
        Self {
            kind: Kind::Number,
            ..Self::text(title, width, width, priority)
        }
    }
}

/// A row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// One sign that says what kind of row it is: `!` unexplained, `+` new.
    pub mark: char,
    /// What it looks like.
    pub tone: Tone,
    /// A text for each column.
    pub cells: Vec<String>,
}

/// Columns of the marks at the left: one for the selected row, one for the row's own, and a gap.
const MARKS: u16 = 3;

/// Widths of the columns in so much room; 0 for those that are left out.
fn widths(columns: &[Column], room: u16) -> Vec<u16> {
    let mut widths = vec![0; columns.len()];
    let mut left = room;
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|place| columns[*place].priority);
    for (number, place) in order.iter().enumerate() {
        let least = columns[*place].least + u16::from(number > 0);
        if least > left {
            // The first column is shown in whatever room there is.
            if number == 0 {
                widths[*place] = left;
                left = 0;
            }
            break;
        }
        widths[*place] = columns[*place].least;
        left -= least;
    }
    // The room left is shared, a column at a time, by those that have a use for it.
    while left > 0 {
        let before = left;
        for place in &order {
            if left > 0 && widths[*place] > 0 && widths[*place] < columns[*place].most {
                widths[*place] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    widths
}

/// Draws a heading and the rows from `first` on, as many as fit.
pub fn draw(
    buffer: &mut Buffer,
    area: Rect,
    (columns, rows): (&[Column], &[Row]),
    (first, selected): (usize, Option<usize>),
    look: Look,
) {
    let widths = widths(columns, area.width.saturating_sub(MARKS));
    let line = |buffer: &mut Buffer, y: u16, texts: &[&str], style: Style| {
        let mut x = area.x + MARKS.min(area.width);
        for ((column, width), text) in columns.iter().zip(&widths).zip(texts) {
            if *width == 0 {
                continue;
            }
            let text = fitted(text, usize::from(*width), column.kind, look);
            buffer.set_stringn(x, y, text, usize::from(area.right().saturating_sub(x)), style);
            x += width + 1;
        }
    };
    if area.height == 0 || area.width <= MARKS {
        return;
    }
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    line(buffer, area.y, &titles, look.style(Tone::Heading));
    let shown = rows
        .iter()
        .enumerate()
        .skip(first)
        .take(usize::from(area.height) - 1);
    for ((place, row), y) in shown.zip(area.y + 1..) {
        let mut style = look.style(row.tone);
        let is_selected = selected == Some(place);
        if is_selected {
            style = style.add_modifier(Modifier::REVERSED);
            buffer.set_style(Rect::new(area.x, y, area.width, 1), style);
        }
        let marks = format!("{}{}", if is_selected { '>' } else { ' ' }, row.mark);
        buffer.set_stringn(area.x, y, marks, usize::from(area.width), style);
        let texts: Vec<&str> = row.cells.iter().map(String::as_str).collect();
        line(buffer, y, &texts, style);
    }
}

/// A text in exactly so many columns.
fn fitted(text: &str, width: usize, kind: Kind, look: Look) -> String {
    let wide = display_width(text);
    if wide <= width {
        let gap = " ".repeat(width - wide);
        return match kind {
            Kind::Number => gap + text,
            Kind::Text | Kind::Address => text.to_owned() + &gap,
        };
    }
    if kind == Kind::Address {
        let end: Vec<char> = text.chars().rev().take(width.saturating_sub(1)).collect();
        let end: String = end.into_iter().rev().collect();
        return format!("{}{end}", look.cut());
    }
    let mut cut = String::new();
    for char in text.chars() {
        cut.push(char);
        if display_width(&cut) >= width {
            cut.pop();
            break;
        }
    }
    cut.push(look.cut());
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_appear_by_priority_and_share_what_is_left() {
        let columns = [
            Column::text("name", 10, 30, 0),
            Column::number("rate", 8, 2),
            Column::text("verdict", 12, 12, 1),
        ];
        for (room, expected) in [
            (0, [0, 0, 0]),
            (5, [5, 0, 0]),
            (10, [10, 0, 0]),
            (22, [22, 0, 0]),
            (23, [10, 0, 12]),
            (31, [18, 0, 12]),
            (32, [10, 8, 12]),
            (40, [18, 8, 12]),
            (100, [30, 8, 12]),
        ] {
            assert_eq!(widths(&columns, room), expected, "{room}");
        }
    }

    #[test]
    fn texts_are_cut_where_they_tell_least() {
        let ascii = Look::default();
        for (text, width, kind, shown) in [
            ("client", 8, Kind::Text, "client  "),
            ("12 kB/s", 8, Kind::Number, " 12 kB/s"),
            ("distribution-point", 8, Kind::Text, "distrib~"),
            ("fd00:10::99:9", 8, Kind::Address, "~0::99:9"),
        ] {
            assert_eq!(fitted(text, width, kind, ascii), shown);
        }
        let unicode = Look {
            unicode: true,
            ..ascii
        };
        assert_eq!(fitted("abcdef", 4, Kind::Text, unicode), "abc…");
    }
}
