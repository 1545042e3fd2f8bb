//! Paragraphs, lists and tables, with every text from outside escaped.

/// Text as it is shown, whatever it holds: in a cell of a table, in a list or in a paragraph.
pub(super) fn cell(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // A line break would end the row.
            c if c.is_control() => told.push(' '),
            '<' => told.push_str("&lt;"),
            '>' => told.push_str("&gt;"),
            '&' => told.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                told.push('\\');
                told.push(c);
            }
            c => told.push(c),
        }
    }
    told
}

/// An id or a hash as code; as text where code could not hold it.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() || text.contains(['`', '|', '\\']) || text.contains(char::is_control) {
        cell(text)
    } else {
        format!("`{text}`")
    }
}

/// A paragraph or a heading.
pub(super) fn paragraph(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

/// A list of what is escaped already.
pub(super) fn list(out: &mut String, items: impl Iterator<Item = String>) {
    for item in items {
        out.push_str("- ");
        out.push_str(&item);
        out.push('\n');
    }
    out.push('\n');
}

/// A table whose cells are escaped already.
pub(super) struct Table<const N: usize> {
    lines: Vec<String>,
}

impl<const N: usize> Table<N> {
    /// A heading that ends in a colon is one of numbers, and stands to the right.
    pub(super) fn new(heading: &[&str; N]) -> Self {
        let titles = heading.map(|title| title.trim_end_matches(':'));
        let marks = heading.map(|title| if title.ends_with(':') { "---:" } else { "---" });
        let mut table = Self { lines: Vec::new() };
        table.row(titles);
        table.row(marks);
        table
    }

    pub(super) fn row<T: AsRef<str>>(&mut self, cells: [T; N]) {
        let cells: Vec<_> = cells.iter().map(AsRef::as_ref).collect();
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }

    pub(super) fn write(self, out: &mut String) {
        for line in self.lines {
            out.push_str(&line);
            out.push('\n');
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        for (text, shown) in [
            ("plain, as it is", "plain, as it is"),
            ("a|b", "a\\|b"),
            ("two\nlines", "two lines"),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("[x](javascript:1) ![y]", "\\[x\\](javascript:1) \\!\\[y\\]"),
            (
                "**bold** `code` _it_ ~~s~~",
                "\\*\\*bold\\*\\* \\`code\\` \\_it\\_ \\~\\~s\\~\\~",
            ),
            ("back\\slash", "back\\\\slash"),
        ] {
            assert_eq!(cell(text), shown);
        }
        for (text, shown) in [
            ("client/mp/https", "`client/mp/https`"),
            ("a`b", "a\\`b"),
            ("a|b", "a\\|b"),
            ("", ""),
        ] {
            assert_eq!(code(text), shown);
        }
    }

    #[test]
    fn a_table_has_as_many_cells_in_each_row() {
        let mut out = String::new();
        let mut table = Table::new(&["name", "rules:"]);
        table.row([cell("a|b"), "1".to_owned()]);
        table.write(&mut out);
        assert_eq!(out, "| name | rules |\n| --- | ---: |\n| a\\|b | 1 |\n\n");
    }
}
