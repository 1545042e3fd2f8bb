//! Computers that stand by for others.

use super::*;

const SITE: &str = r#"
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/16"]
sql-server = ["10.30.0.7"]
[[host]]
name = "mp02"
address = ["10.20.0.12", "fd00:20::12"]
roles = "management-point"
[[host]]
name = "mp03"
address = "10.20.0.13"
roles = "management-point"
standby = true
[[host]]
name = "mp04"
address = "10.20.0.14"
roles = "management-point"
standby = false
"#;

#[test]
fn a_host_says_it_of_itself_and_options_name_others() {
    let text = format!("{SITE}[options]\nstandby = [\"MP02\", \"10.30.0.7\", \"mp03\"]\n");
    let site = read_text(&text).expect("a sound text");
    assert_eq!(site.warnings, []);
    let standby: Vec<String> = site.model.standby.iter().map(ToString::to_string).collect();
    assert_eq!(
        standby,
        [
            "10.20.0.13/32",
            "10.20.0.12/32",
            "fd00:20::12/128",
            "10.30.0.7/32"
        ]
    );
}

#[test]
fn mistakes_name_their_line() {
    let with = |line: &str| format!("{SITE}[options]\n{line}\n");
    for (text, problem) in [
        (
            with("standby = \"mp20\""),
            "22: \"mp20\" is neither an address, a prefix nor the name of a [[host]]; did you mean \"mp02\"?",
        ),
        (
            with("standby = [\"10.20.0.1/8\"]"),
            "22: \"10.20.0.1/8\" has bits set beyond its first 8; did you mean \"10.0.0.0/8\" or \"10.20.0.1\"?",
        ),
        (
            SITE.replace("standby = false", "standby = \"no\""),
            "20: standby is a string; it must be true or false",
        ),
        (
            with("stand-by = []"),
            "22: unknown key \"stand-by\" in [options]; did you mean \"standby\"?",
        ),
    ] {
        let told = problems(&text);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].ends_with(problem), "{}", told[0]);
    }
    let nobody = warnings(&with("standby = \"10.99.0.1\""));
    assert_eq!(
        nobody,
        ["site.toml:22: \"10.99.0.1\" holds no role; standby changes nothing there"]
    );
}
