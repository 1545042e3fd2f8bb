//! `[alerts]`: who is told, and when.

use std::path::PathBuf;

use jiff::civil::time;

use super::*;
use crate::alert::{Address, Options, Syslog, Webhook};

#[test]
fn who_is_told_and_when_can_be_said() {
    let text = "[alerts]\nlog = false\nwebhook = \"https://hooks.example.com/a?b=c\"\ntoken-file = \"hook.token\"\n\
                syslog = \"udp://[fd00::9]:514\"\nlearn-hours = 0\nrearm-hours = 48\nmost-a-minute = 3\ndigest = \"18:30\"\n";
    let site = read_text(text).expect("a sound text");
    let wanted = Options {
        log: false,
        webhook: Some(Webhook {
            address: Address::Url("https://hooks.example.com/a?b=c".to_owned()),
            token_file: Some(PathBuf::from("hook.token")),
        }),
        syslog: Some(Syslog::Udp("[fd00::9]:514".to_owned())),
        learn_h: 0,
        rearm_h: 48,
        most_a_minute: 3,
        digest: Some(time(18, 30, 0, 0)),
    };
    assert_eq!(site.model.alerts, wanted);
    let warned = site.warnings.iter().filter(|one| one.line.is_some());
    assert_eq!(warned.count(), 0);
    for (target, path) in [("local", "/dev/log"), ("/run/other", "/run/other")] {
        let site = read_text(&format!("[alerts]\nsyslog = \"{target}\"\ndigest = \"off\"")).expect("sound");
        assert_eq!(site.model.alerts.syslog, Some(Syslog::Local(path.into())));
        assert_eq!(site.model.alerts.digest, None);
    }
    let site = read_text("[alerts]\nwebhook-file = \"/etc/cmflow/hook.url\"").expect("sound");
    let address = site.model.alerts.webhook.map(|webhook| webhook.address);
    assert_eq!(address, Some(Address::File("/etc/cmflow/hook.url".into())));
}

#[test]
fn a_token_in_clear_is_warned_of() {
    let text = "[alerts]\ntoken-file = \"t\"\nwebhook = \"http://10.0.0.9/x\"\n";
    let warning =
        "site.toml:3: the token goes to this webhook in clear; use https:// unless it is on this machine";
    assert!(warnings(text).iter().any(|one| one == warning));
}

#[test]
fn what_is_no_way_is_refused() {
    for (lines, told) in [
        (
            "webhok = \"x\"",
            "2: unknown key \"webhok\" in [alerts]; did you mean \"webhook\"?",
        ),
        (
            "webhook = \"ftp://example.com/x\"",
            "2: \"ftp://\" is neither http:// nor https://; write it as in \"https://hooks.example.com/cmflow\"",
        ),
        (
            "webhook = \"example.com\"",
            "2: \"example.com\" is no address of the web; write it as in \"https://hooks.example.com/cmflow\"",
        ),
        (
            "webhook = \"https://\"",
            "2: \"https://\" is no address of the web; write it as in \"https://hooks.example.com/cmflow\"",
        ),
        (
            "webhook = \"https://me:secret@example.com/\"",
            "2: a name or password stands in the address, and the site file's text is kept; put a token into a file \
             (token-file), or the whole address (webhook-file)",
        ),
        (
            "webhook = \"https://a.example\"\nwebhook-file = \"x\"",
            "3: both webhook and webhook-file are set; remove one",
        ),
        (
            "log = true\ntoken-file = \"x\"",
            "3: token-file is set, and no webhook that would be given the token",
        ),
        (
            "token = \"secret\"",
            "2: unknown key \"token\" in [alerts]; did you mean \"token-file\"?",
        ),
        (
            "token-file = 7",
            "2: token-file is an integer; it must be a string such as \"webhook.token\"",
        ),
        (
            "syslog = \"tcp://10.0.0.9:514\"",
            "2: syslog is \"local\", the path of a socket, or host and port as in \"udp://10.0.0.9:514\"",
        ),
        (
            "syslog = \"udp://10.0.0.9\"",
            "2: syslog is \"local\", the path of a socket, or host and port as in \"udp://10.0.0.9:514\"",
        ),
        (
            "digest = \"25:00\"",
            "2: \"25:00\" is no time of day; write it as in \"07:00\" (UTC), or \"off\"",
        ),
        ("most-a-minute = 0", "2: most-a-minute is 0; it must be 1 to 1000"),
        ("rearm-hours = 0", "2: rearm-hours is 0; it must be 1 to 8784"),
        ("log = \"yes\"", "2: log is a string; it must be true or false"),
    ] {
        let all = problems(&format!("[alerts]\n{lines}\n"));
        assert!(all.contains(&format!("site.toml:{told}")), "{lines}: {all:#?}");
    }
}
