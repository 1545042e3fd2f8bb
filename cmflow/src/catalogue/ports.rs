//! Ports as the page writes them: `443`, `63000-64000`, `67 and 68`, `80 or 8530`, `dynamic`.

use super::model::PortRange;

/// What a cell of a table says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) ranges: Vec<PortRange>,
    /// The ranges are alternatives.
    pub(super) either: bool,
    /// The operating system picks the port.
    pub(super) dynamic: bool,
}

/// Reads a cell; an empty one has no ports.
pub(super) fn parse(text: &str) -> Result<Cell, String> {
    if text == "dynamic" {
        return Ok(Cell {
            dynamic: true,
            ..Cell::default()
        });
    }
    if text.is_empty() {
        return Ok(Cell::default());
    }
    let either = text.contains(" or ");
    if either && text.contains(" and ") {
        return Err(format!("'{text}' mixes 'and' with 'or'"));
    }
    let separator = if either { " or " } else { " and " };
    let ranges = text.split(separator).map(parse_range).collect::<Result<_, _>>()?;
    Ok(Cell {
        ranges,
        either,
        dynamic: false,
    })
}

fn parse_range(text: &str) -> Result<PortRange, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let port = |part: &str| match part.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!(
            "'{part}' is not a port; write '443', '63000-64000', '80 or 8530' or 'dynamic'"
        )),
    };
    let range = PortRange {
        first: port(first)?,
        last: port(last)?,
    };
    if range.first > range.last {
        return Err(format!("the range '{text}' ends before it begins"));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(pairs: &[(u16, u16)], either: bool, dynamic: bool) -> Cell {
        let ranges = pairs
            .iter()
            .map(|&(first, last)| PortRange { first, last })
            .collect();
        Cell {
            ranges,
            either,
            dynamic,
        }
    }

    #[test]
    fn a_cell_reads_as_the_page_writes_it() {
        let table = [
            ("443", cell(&[(443, 443)], false, false)),
            ("63000-64000", cell(&[(63000, 64000)], false, false)),
            ("67 and 68", cell(&[(67, 67), (68, 68)], false, false)),
            ("80 or 8530", cell(&[(80, 80), (8530, 8530)], true, false)),
            ("dynamic", cell(&[], false, true)),
            ("", cell(&[], false, false)),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in ["0", "65536", "http", "9-1", "80 or 81 and 82", "-", "80,81"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
