//! Tables as CSV. Lists in a cell are separated by `;`.

use std::fmt::Display;
use std::io;

use jiff::Timestamp;

/// A table that is being written.
pub(super) struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    pub(super) fn new<const N: usize>(heading: [&str; N]) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(heading)?;
        Ok(Self(writer))
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) -> io::Result<()> {
        Ok(self.0.write_record(cells)?)
    }

    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.0.into_inner().map_err(|error| error.into_error())
    }
}

/// Text from outside: what a spreadsheet would run as a formula is text.
pub(super) fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// All items of a list.
pub(super) fn all<T: Display>(items: &[T]) -> String {
    let told: Vec<_> = items.iter().map(T::to_string).collect();
    text(&told.join(";"))
}

/// A time, or nothing.
pub(super) fn maybe(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (given, shown) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(text(given), shown);
        }
        assert_eq!(all(&["a", "b"]), "a;b");
    }
}
