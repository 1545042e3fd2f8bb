//! The rows of a view for other programs: CSV and JSON.

use serde_json::{Map, Value};

/// A table as data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Rows, as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

impl Sheet {
    /// An empty one.
    #[must_use]
    pub fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// An array of objects.
    #[must_use]
    pub fn json(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let pairs = self
                .columns
                .iter()
                .map(|name| (*name).to_owned())
                .zip(row.iter().cloned());
            Value::Object(Map::from_iter(pairs))
        });
        let mut text = Value::Array(rows.collect()).to_string();
        text.push('\n');
        text
    }

    /// Comma-separated, a header first (RFC 4180). Lists in a cell are separated by spaces. What a spreadsheet would take
    /// for a formula is marked as text.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::new();
        line(&mut text, self.columns.iter().map(|name| (*name).to_owned()));
        for row in &self.rows {
            line(&mut text, row.iter().map(cell));
        }
        text
    }
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_survive_and_no_formula_is_run() {
        let sheet = Sheet {
            columns: vec!["name", "roles", "packets"],
            rows: vec![
                vec![json!("a \"b\", c"), json!(["x", "y"]), json!(7)],
                vec![json!("=cmd|' /C calc'!A0"), json!(null), json!(1.5)],
            ],
        };
        assert_eq!(
            sheet.csv(),
            "name,roles,packets\r\n\"a \"\"b\"\", c\",x y,7\r\n'=cmd|' /C calc'!A0,,1.5\r\n"
        );
        let back: Value = serde_json::from_str(&sheet.json()).expect("JSON");
        assert_eq!(
            back[0],
            json!({"name": "a \"b\", c", "roles": ["x", "y"], "packets": 7})
        );
    }
}
