//! The line of a site file that names its approvals file.

use super::quoted;

/// The text of a site file with a line that names an approvals file: before its first line that is no comment, because
/// what stands before the first section belongs to the file as a whole.
#[must_use]
pub fn with_approvals(text: &str, name: &str) -> String {
    let line = format!("approvals = {}\n", quoted(name));
    let mut at = 0;
    for one in text.split_inclusive('\n') {
        let said = one.trim_start_matches('\u{feff}').trim();
        if !said.is_empty() && !said.starts_with('#') {
            break;
        }
        at += one.len();
    }
    let (comments, rest) = text.split_at(at);
    let end = if comments.is_empty() || comments.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{comments}{end}{line}{rest}")
}

#[cfg(test)]
mod tests {
    use super::with_approvals;

    #[test]
    fn the_line_stands_before_every_section() {
        for (text, expected) in [
            ("", "approvals = \"a.toml\"\n"),
            ("# who", "# who\napprovals = \"a.toml\"\n"),
            ("# who\n\n[roles]\n", "# who\n\napprovals = \"a.toml\"\n[roles]\n"),
            (
                "edition = \"current\"\n",
                "approvals = \"a.toml\"\nedition = \"current\"\n",
            ),
        ] {
            assert_eq!(with_approvals(text, "a.toml"), expected);
        }
    }
}
