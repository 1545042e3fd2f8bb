//! Text from site files and audits, made safe to stand in somebody else's language.

/// The same in one line: whatever could end a line or turn its direction is a space.
pub(super) fn one_line(text: &str) -> String {
    let clean = text.chars().map(|letter| match letter {
        // Line and paragraph separators, and what turns the direction of text (Unicode Bidi).
        '\u{2028}'
        | '\u{2029}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => ' ',
        letter if letter.is_control() || letter == '\u{feff}' => ' ',
        letter => letter,
    });
    clean.collect::<String>().trim().to_owned()
}

/// The same for a comment up to the end of its line: no backslash either, which some languages go on with.
pub(super) fn comment(text: &str) -> String {
    one_line(text).replace('\\', "/")
}

/// The same in quotes, for languages that have no way to write a quote in them: ASCII without quotes, dollars and
/// backslashes, of so many bytes at most.
pub(super) fn quoted(text: &str, most: usize) -> String {
    let letters = text.chars().map(|letter| match letter {
        '"' | '`' => '\'',
        '\\' => '/',
        '$' => '_',
        ' '..='~' => letter,
        letter if letter.is_control() || letter.is_whitespace() => ' ',
        _ => '?',
    });
    cut(&letters.collect::<String>(), most)
}

/// So much of a text as fits into so many bytes; `...` says that there was more.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most - 3;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &text[..end])
}

/// A name of letters, digits and `_` that begins with a letter.
pub(super) fn name(text: &str, most: usize) -> String {
    let letters = text.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '_'
        }
    });
    let mut name: String = letters.take(most).collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name.insert_str(0, "r_");
        name.truncate(most);
    }
    name
}
