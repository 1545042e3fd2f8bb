//! The tab of what the counts rest on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::fold::folded;
use super::look::{Look, Tone};
use crate::top::health::Line;

/// Columns of what the lines begin with.
const HANGING: usize = 12;

/// The lines in so many columns, each with its mark.
#[must_use]
pub fn lines(lines: &[Line], width: u16) -> Vec<(String, Tone)> {
    let width = usize::from(width);
    let one = |line: &Line| -> Vec<(String, Tone)> {
        let (mark, tone, hanging) = if line.problem {
            ("! ", Tone::Bad, 2)
        } else {
            ("  ", Tone::Plain, HANGING)
        };
        let folded = folded(&format!("{mark}{}", line.text), width, hanging);
        folded.into_iter().map(|text| (text, tone)).collect()
    };
    lines.iter().flat_map(one).collect()
}

/// Draws lines from one on.
pub fn draw(buffer: &mut Buffer, area: Rect, lines: &[(String, Tone)], first: usize, look: Look) {
    let shown = lines.iter().skip(first).take(usize::from(area.height));
    for ((text, tone), y) in shown.zip(area.y..) {
        buffer.set_stringn(area.x, y, text, usize::from(area.width), look.style(*tone));
    }
}
