//! Golden files: what a command said when a person last looked at it.
//!
//! `CMFLOW_GOLDEN=write cargo test -p cmflow-tests` writes them anew; `git diff` then shows what changed.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// Compares `found` with the golden file of that name, or writes it where `CMFLOW_GOLDEN=write`.
///
/// # Panics
/// Where they differ; the message names the first line that does.
pub fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("CMFLOW_GOLDEN").is_some_and(|mode| mode == "write") {
        std::fs::write(&path, found).expect("the golden folder can be written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    if golden == found {
        return;
    }
    let same = golden
        .lines()
        .zip(found.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(end of file)").to_owned();
    panic!(
        "{}:{}:\n  golden: {}\n  found:  {}\nif that is meant: CMFLOW_GOLDEN=write cargo test -p cmflow-tests",
        path.display(),
        same + 1,
        line(&golden),
        line(found)
    );
}

/// JSON with each innermost thing that has an id on a line of its own, so that a diff shows whole rules.
#[must_use]
pub fn a_rule_a_line(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value, 0);
    text.push('\n');
    text
}

fn write_value(text: &mut String, value: &Value, depth: usize) {
    let pad = " ".repeat(depth + 1);
    match value {
        Value::Array(items) if items.iter().any(has_id) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                let _ = write!(text, "{}\n{pad}", if index == 0 { "" } else { "," });
                write_value(text, item, depth + 1);
            }
            text.push(']');
        }
        Value::Object(fields) if fields.values().any(has_id) => {
            text.push('{');
            for (index, (key, field)) in fields.iter().enumerate() {
                let _ = write!(text, "{}\n{pad}\"{key}\": ", if index == 0 { "" } else { "," });
                write_value(text, field, depth + 1);
            }
            text.push('}');
        }
        flat => {
            let _ = write!(text, "{flat}");
        }
    }
}

/// Whether something in it, or it itself, has an id.
fn has_id(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key("id") || fields.values().any(has_id),
        Value::Array(items) => items.iter().any(has_id),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::a_rule_a_line;
    use serde_json::json;

    #[test]
    fn the_lines_are_the_same_json() {
        let value = json!({"edition": "x", "connections": [{"id": "a", "rules": [{"id": "b", "tcp": [{"first": 1}]}]}]});
        let text = a_rule_a_line(&value);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(value));
        assert_eq!(text.lines().filter(|line| line.contains("\"first\"")).count(), 1);
    }
}
