//! The token that whoever changes something shows.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

/// Shorter ones can be guessed.
const SHORTEST: usize = 16;
/// Longer ones are no tokens, and would be read into memory.
const LONGEST: u64 = 4096;

/// A token, kept as its digest: digests can be compared without telling by the time it takes how much of them fits.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token([u8; 32]);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    /// Reads a file that holds nothing else.
    ///
    /// # Errors
    /// Where it cannot be read, others can read it too, or it holds nothing that could be a token.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let found = fs::metadata(path).with_context(|| format!("reading the token file {shown}"))?;
        let mode = found.permissions().mode() & 0o7777;
        ensure!(
            mode & 0o007 == 0,
            "{shown}: everybody on this machine can read the token (mode {mode:o}); chmod 600 {shown}"
        );
        ensure!(
            found.len() <= LONGEST,
            "{shown}: {} bytes are no token",
            found.len()
        );
        let text = fs::read_to_string(path).with_context(|| format!("reading the token file {shown}"))?;
        let token = text.trim();
        ensure!(
            token.len() >= SHORTEST && token.chars().all(|one| one.is_ascii_graphic()),
            "{shown}: a token is one line of {SHORTEST} or more letters, digits and signs; make one with: openssl rand \
             -hex 32 > {shown}"
        );
        Ok(Self::of(token))
    }

    /// A token by what it is.
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Whether somebody shows this one.
    pub(super) fn is(&self, shown: &str) -> bool {
        let Self(other) = Self::of(shown);
        let differ = self
            .0
            .iter()
            .zip(other)
            .fold(0, |differ, (a, b)| differ | (a ^ b));
        std::hint::black_box(differ) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_is_that_token_alone() {
        let token = Token::of("0123456789abcdef");
        assert!(token.is("0123456789abcdef"));
        for other in ["", "0123456789abcdeg", "0123456789abcde", "0123456789abcdef0"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }
}
