//! Lines that are longer than the screen is wide.

use textwrap::{Options, WordSplitter};

/// A line in as many as it takes; those after the first stand as far in as it does, and `hanging` columns further.
pub(super) fn folded(line: &str, width: usize, hanging: usize) -> Vec<String> {
    let indent: String = line.chars().take_while(|char| *char == ' ').collect();
    if line.chars().count() <= width || indent.len() + hanging + 8 > width {
        return vec![line.to_owned()];
    }
    let rest = " ".repeat(indent.len() + hanging);
    let options = Options::new(width)
        .initial_indent(&indent)
        .subsequent_indent(&rest)
        .word_splitter(WordSplitter::NoHyphenation);
    let folded = textwrap::wrap(line.trim_start(), options);
    folded.into_iter().map(String::from).collect()
}
