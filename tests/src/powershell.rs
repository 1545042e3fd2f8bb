//! As much of PowerShell's grammar as an export uses: comments, words, single-quoted text, commas and pipes. There is no
//! pwsh in Debian, so that this reads what it would read.

use anyhow::{Result, bail};

/// A word of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A bare word, such as the name of a command.
    Word(String),
    /// `-Name`.
    Parameter(String),
    /// What single quotes hold.
    Text(String),
    /// `,`
    Comma,
    /// `|`
    Pipe,
}

/// Letters that PowerShell takes for a single quote (its language specification, 2.3.5.2).
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// Statements of a script, one a line.
///
/// # Errors
/// Where a line is something else than one whole statement or a comment.
pub fn statements(script: &str) -> Result<Vec<Vec<Token>>> {
    let mut all = Vec::new();
    // PowerShell ends lines at these, and so does `one statement a line`.
    for line in script.split(['\n', '\r']) {
        let tokens = tokens(line)?;
        if !tokens.is_empty() {
            all.push(tokens);
        }
    }
    Ok(all)
}

fn tokens(line: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line.chars().peekable();
    while let Some(&letter) = rest.peek() {
        match letter {
            '#' => return Ok(tokens),
            ' ' => {
                rest.next();
            }
            ',' | '|' => {
                rest.next();
                tokens.push(if letter == ',' { Token::Comma } else { Token::Pipe });
            }
            quote if QUOTES.contains(&quote) => {
                rest.next();
                let mut text = String::new();
                loop {
                    match rest.next() {
                        None => bail!("a quote stays open: {line}"),
                        Some(one) if QUOTES.contains(&one) => match rest.peek() {
                            Some(two) if QUOTES.contains(two) => {
                                rest.next();
                                text.push(one);
                            }
                            _ => break,
                        },
                        Some(one) => text.push(one),
                    }
                }
                tokens.push(Token::Text(text));
            }
            '-' | '$' | '=' | 'A'..='Z' | 'a'..='z' | '0'..='9' => {
                let mut word = String::new();
                while let Some(one) = rest.next_if(|one| one.is_ascii_alphanumeric() || "-$=".contains(*one))
                {
                    word.push(one);
                }
                tokens.push(match word.strip_prefix('-') {
                    Some(name) => Token::Parameter(name.to_owned()),
                    None => Token::Word(word),
                });
            }
            other => bail!("{other:?} has no place in {line}"),
        }
    }
    Ok(tokens)
}
