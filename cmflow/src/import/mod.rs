//! A list of servers that somebody has already, as a site file: pure.
//!
//! CSV or JSON -> entries -> checked, the same computers put together -> `[[site]]` and `[[host]]`

mod checked;
mod comma;
mod document;
mod field;
mod json;
mod role_names;
#[cfg(test)]
mod tests;

pub use checked::{Checked, ImportedHost, ImportedSite, checked};
pub use document::document;
pub use role_names::{RoleName, role_named};

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A header line, then a computer a line.
    Csv,
    /// A list of objects, as scripts for Configuration Manager write it.
    Json,
}

/// What a list says of a computer, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands: `line 3` or `entry 3`.
    pub place: String,
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// Code of its site; empty where there is none.
    pub site: String,
    /// Code of the site above that.
    pub parent: String,
    /// Names of its roles.
    pub roles: Vec<String>,
}

/// A list that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its computers.
    pub entries: Vec<Listed>,
    /// What is said of them that nobody asks for, by the name of the column.
    pub ignored: Vec<String>,
    /// Lines and entries that could not be read at all, and why.
    pub broken: Vec<String>,
}

/// Reads a list; the error is why it is none.
pub fn read(source: Source, text: &str) -> Result<List, String> {
    match source {
        Source::Csv => comma::read(text),
        Source::Json => json::read(text),
    }
}

/// The text of a file. What scripts on Windows write begins with a mark of its encoding, UTF-16 among them.
pub fn text_of(bytes: &[u8]) -> Result<String, String> {
    let wide = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| number(*pair)).collect();
        String::from_utf16(&units).map_err(|_| "not UTF-16, as its first bytes say".to_owned())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        bytes => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let good = &bytes[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8; save the file as UTF-8")
    })
}
