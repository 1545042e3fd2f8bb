//! Sentences for people, folded at a width that is read in tickets and mails too.

use std::io::{self, Write};

use textwrap::{Options, WordSplitter};

/// Columns of a line, whatever the terminal.
const WIDTH: usize = 100;

/// Writes `text` under an indent; lines after the first stand two columns further in.
pub(super) fn write(out: &mut impl Write, indent: usize, text: &str) -> io::Result<()> {
    let first = " ".repeat(indent);
    let rest = " ".repeat(indent + 2);
    let options = Options::new(WIDTH)
        .initial_indent(&first)
        .subsequent_indent(&rest)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
