mod alerts;
mod history;
mod long;
mod network;
mod standby;
mod stored;

use std::fmt::Write as _;

use ipnet::IpNet;
use jiff::civil::date;

use super::*;
use crate::catalogue::PortRange;
use crate::site::Extent;

/// The day on which the tests read.
const READING: Reading = Reading {
    today: date(2026, 6, 1),
    ended: Ended::Refused,
};

fn read_text(text: &str) -> Result<SiteFile, Problems> {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    parse_as(&catalogue, "site.toml", text, &READING)
}

/// What is wrong with a text, line by line.
fn problems(text: &str) -> Vec<String> {
    let problems = read_text(text).expect_err("something is wrong with the text");
    problems.0.iter().map(Problem::to_string).collect()
}

fn warnings(text: &str) -> Vec<String> {
    let site = read_text(text).expect("a sound text");
    site.warnings.iter().map(Problem::to_string).collect()
}

const SOUND: &str = r#"
edition = "2018-02"
companions = []
[networks]
internal = ["10.0.0.0/8", "fd00::/8"]
[roles]
client = ["10.10.0.0/16", "!10.10.250.0/24", "fd00:10::/64"]
management-point = "10.20.0.11"
site-server = ["::ffff:10.30.0.5"]
internet = ["public", "!20.0.0.0/8"]
windows-server = ["internal"]
[ports]
client-https = 8443
sql = "1444"
rpc-dynamic = ["50000-50100", 50200]
"#;

#[test]
fn the_short_form_is_read() {
    let site = read_text(SOUND).expect("a sound text");
    assert_eq!(site.warnings, []);
    let model = site.model;
    assert_eq!(model.edition.0, "2018-02");
    assert!(model.companions.is_empty());
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let statements = model.statements.iter().fold(String::new(), |mut all, statement| {
        let sign = if statement.given { "" } else { "!" };
        let extent = match statement.extent {
            Extent::Prefix(prefix) => prefix.to_string(),
            other => format!("{other:?}"),
        };
        let role = catalogue.role_id(statement.role);
        writeln!(all, "{} {role} {sign}{extent}", statement.place.line).expect("a String takes everything");
        all
    });
    assert_eq!(
        statements,
        "7 client 10.10.0.0/16\n7 client !10.10.250.0/24\n7 client fd00:10::/64\n\
         8 management-point 10.20.0.11/32\n9 site-server 10.30.0.5/32\n\
         10 internet Public\n10 internet !20.0.0.0/8\n\
         11 windows-server 10.0.0.0/8\n11 windows-server fd00::/8\n"
    );
    let ports: Vec<_> = model.ports.into_iter().collect();
    let range = |first, last| PortRange { first, last };
    assert_eq!(
        ports,
        [
            ("client-https".to_owned(), vec![range(8443, 8443)]),
            (
                "rpc-dynamic".to_owned(),
                vec![range(50_000, 50_100), range(50_200, 50_200)]
            ),
            ("sql".to_owned(), vec![range(1444, 1444)]),
        ]
    );
}

#[test]
fn the_default_is_the_current_edition_with_two_companions() {
    let model = read_text("").expect("an empty text is sound").model;
    assert_eq!(model.edition.0, "current");
    assert_eq!(model.companions, ["windows-domain", "client-installation"]);
}

#[test]
fn each_mistake_is_one_message_with_its_line_and_the_right_spelling() {
    let table = [
        (
            "[roles]\nmanagment-point = []",
            "2: unknown role \"managment-point\"; did you mean \"management-point\"?",
        ),
        (
            "[roles]\nclient = [\n  \"10.0.0.0/33\",\n]",
            "3: \"10.0.0.0/33\" is not a prefix: \"33\" is not a length of IPv4, 0 to 32",
        ),
        (
            "[roles]\nclient = [\"10.1.2.3/16\"]",
            "2: \"10.1.2.3/16\" has bits set beyond its first 16; did you mean \"10.1.0.0/16\" or \"10.1.2.3\"?",
        ),
        (
            "[roles]\nclient = [\"mp01.corp\"]",
            "2: \"mp01.corp\" is neither an address nor a prefix; names are not resolved, write the address",
        ),
        (
            "[roles]\ninternet = [\"pubic\"]",
            "2: \"pubic\" is neither an address nor a prefix; did you mean \"public\"?",
        ),
        (
            "[roles]\ninternet = [\"!public\"]",
            "2: \"!public\" excludes a word; only a prefix or an address can be excluded",
        ),
        (
            "[roles]\nclient = [\"any-other\"]",
            "2: \"any-other\" is for roles on the internet only; give \"client\" addresses",
        ),
        (
            "[roles]\nclient = [\n\"10.0.0.0/8\",\n\"!10.0.0.0/8\"]",
            "4: \"10.0.0.0/8\" is both given to \"client\" and excluded from it (line 3); remove one",
        ),
        ("[ports]\nsql = 0", "2: port 0 is outside 1 to 65535"),
        ("[ports]\nsql = -1", "2: port -1 is outside 1 to 65535"),
        ("[ports]\nsql = 70000", "2: port 70000 is outside 1 to 65535"),
        (
            "[ports]\nsql = \"99999999999999999999\"",
            "2: port 99999999999999999999 is outside 1 to 65535",
        ),
        (
            "[ports]\nrpc-dynamic = \"5000-1024\"",
            "2: the range \"5000-1024\" ends before it begins; did you mean \"1024-5000\"?",
        ),
        (
            "[ports]\nrpc-dynamic = \"many\"",
            "2: \"many\" is neither a port nor a range such as \"49152-65535\"",
        ),
        (
            "[ports]\nsql = [1433, 1434]",
            "2: \"sql\" takes one port, not a range or a list",
        ),
        (
            "[ports]\nsql = 1433.5",
            "2: sql is a float; it must be a port, a range as in \"49152-65535\", or a list of them",
        ),
        (
            "[ports]\nrpc-dynamic = []",
            "2: \"rpc-dynamic\" has no port; write one, or remove the line",
        ),
        (
            "[ports]\nclient-htps = 443",
            "2: unknown key \"client-htps\" in [ports]; did you mean \"client-https\"?",
        ),
        (
            "edition = \"2018-03\"",
            "1: unknown edition \"2018-03\"; did you mean \"2018-02\"?",
        ),
        (
            "edition = \"\"",
            "1: unknown edition \"\"; there is \"2016-09\", \"2018-02\", \"2020-04\" and \"current\"",
        ),
        (
            "edition = 2018",
            "1: edition is an integer; it must be a string such as \"current\"",
        ),
        ("role = 1", "1: unknown key \"role\"; did you mean \"roles\"?"),
        (
            "[uplinks]\neth1 = \"client\"",
            "1: unknown key \"uplinks\"; there is \"edition\", \"companions\", \"approvals\", \"include\", \"networks\", \"scope\", \"conditions\", \"options\", \"history\", \"alerts\", \"interfaces\", \"roles\", \"site\", \"host\", \"sql-instance\", \"nat\", \"custom-roles\", \"rule\" and \"ports\"",
        ),
        (
            "[networks]\ninternl = []",
            "2: unknown key \"internl\" in [networks]; did you mean \"internal\"?",
        ),
        (
            "[networks]\ninternal = [1]",
            "2: an entry of internal is an integer; it must be a string or a list of strings",
        ),
        (
            "roles = 3",
            "1: roles is an integer; it must be a table, as in [roles]",
        ),
        (
            "[roles]\nclient = { a = 1 }",
            "2: client is a table; it must be a list of addresses and prefixes",
        ),
        (
            "companions = [\"windows-domian\"]",
            "1: unknown companion \"windows-domian\"; did you mean \"windows-domain\"?",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(problems(text), [format!("site.toml:{expected}")], "{text}");
    }
}

#[test]
fn all_mistakes_are_found_at_once_in_the_order_of_their_lines() {
    let text =
        "edition = \"curent\"\n[ports]\nsql = 0\n[roles]\nclent = []\nclient = [\"10.0.0.0/40\", \"x\"]\n";
    let lines: Vec<_> = problems(text)
        .iter()
        .map(|line| line.split(':').nth(1).map(str::to_owned))
        .collect();
    assert_eq!(lines, [1, 3, 5, 6, 6].map(|line: usize| Some(line.to_string())));
}

#[test]
fn what_is_no_toml_is_said_in_one_line_each() {
    for (text, line) in [
        ("a = ", 1),
        ("[roles]\nclient = [", 2),
        ("edition = \"a\"\nedition = \"b\"", 2),
    ] {
        let found = problems(text);
        assert!(!found.is_empty());
        for problem in found {
            assert!(
                problem.starts_with(&format!("site.toml:{line}: not TOML: ")),
                "{problem}"
            );
            assert!(!problem.contains('\n'), "{problem}");
        }
    }
}

#[test]
fn what_may_be_a_mistake_is_warned_of() {
    let base = "[networks]\ninternal = [\"10.0.0.0/8\"]\n[roles]\n";
    let table = [
        (
            "client = [\"10.0.0.0/8\"]\n[ports]\nsmb = 446",
            "6: the page calls the port of \"smb\" fixed; it is changed here",
        ),
        (
            "internet = [\"any-other\"]",
            "4: \"any-other\" gives \"internet\" to every address: unknown computers stay hidden",
        ),
        (
            "microsoft-intune = [\"20.1.0.0/16\"]",
            "4: edition current has no role \"microsoft-intune\"; none of its rules names it",
        ),
        (
            "client = [\"192.168.0.0/16\"]",
            "4: client network \"192.168.0.0/16\" lies in none of [networks] internal",
        ),
        (
            "client = [\"10.0.0.0/8\"]\nsql-server = []",
            "5: \"sql-server\" has no addresses; nobody holds it",
        ),
        (
            "client = [\"10.0.0.0/8\"]\ninternet = []",
            "5: \"internet\" has no addresses; public addresses hold it, as without this line; to say that there is none, \
             write internet = [\"!0.0.0.0/0\", \"!::/0\"]",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(
            warnings(&format!("{base}{text}")),
            [format!("site.toml:{expected}")],
            "{text}"
        );
    }
    assert_eq!(
        warnings(""),
        [
            "site.toml: no role has an address: nothing will be documented; fill [roles]",
            "site.toml: [networks] internal names no network: only special-purpose addresses count as internal",
        ]
    );
}

#[test]
fn a_fixed_port_given_its_own_value_is_no_change() {
    let text =
        "[networks]\ninternal = [\"10.0.0.0/8\"]\n[roles]\nclient = [\"10.0.0.0/8\"]\n[ports]\nsmb = 445";
    assert_eq!(warnings(text), Vec::<String>::new());
}

#[test]
fn a_file_that_cannot_be_read_is_one_message() {
    let catalogue = Catalogue::embedded().expect("the built-in catalogue");
    let missing =
        read(&catalogue, Path::new("/nonexistent/site.toml"), &READING).expect_err("there is no such file");
    assert_eq!(
        missing.to_string(),
        "/nonexistent/site.toml: cannot be read: No such file or directory (os error 2)"
    );
    let path = std::env::temp_dir().join(format!("cmflow-not-utf8-{}.toml", std::process::id()));
    std::fs::write(&path, b"edition = \"current\"\n# \xff\n").expect("a temporary file");
    let wrong = read(&catalogue, &path, &READING).expect_err("not UTF-8");
    std::fs::remove_file(&path).expect("the file was there");
    assert_eq!(
        wrong.to_string(),
        format!("{}:2: not UTF-8; save the file as UTF-8", path.display())
    );
}

#[test]
fn a_mapped_prefix_is_the_ipv4_prefix_that_it_maps() {
    let read = |text: &str| prefix::prefix(text).expect("a prefix");
    assert_eq!(
        read("::ffff:10.0.0.0/104"),
        "10.0.0.0/8".parse::<IpNet>().expect("a prefix")
    );
    assert_eq!(read("::/0"), "::/0".parse::<IpNet>().expect("a prefix"));
}
