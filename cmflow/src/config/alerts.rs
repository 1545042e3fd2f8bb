//! `[alerts]`: who is told of what nothing explains, and when.

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Time;

use super::draft::Draft;
use super::general::once;
use super::value::{Entry, number, table, unknown_key, wrong_type};
use crate::alert::{Address, Syslog, Webhook};

const LOG: &str = "log";
const WEBHOOK: &str = "webhook";
const WEBHOOK_FILE: &str = "webhook-file";
const TOKEN_FILE: &str = "token-file";
const SYSLOG: &str = "syslog";
const LEARN: &str = "learn-hours";
const REARM: &str = "rearm-hours";
const MOST: &str = "most-a-minute";
const DIGEST: &str = "digest";

const KEYS: [&str; 9] = [
    LOG,
    WEBHOOK,
    WEBHOOK_FILE,
    TOKEN_FILE,
    SYSLOG,
    LEARN,
    REARM,
    MOST,
    DIGEST,
];

/// A year: who wants to learn or to be silent longer wants no alerts.
const LONGEST_H: u32 = 24 * 366;

/// Reads the section of one file.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        let Some(key) = KEYS.iter().find(|key| **key == entry.key) else {
            unknown_key(&mut draft.report, &entry, " in [alerts]", &KEYS);
            continue;
        };
        if once(&mut draft.report, &mut draft.alert_places, key, &entry) {
            value(draft, &entry);
        }
    }
}

fn value(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    let span = entry.value.span();
    match entry.key {
        LOG => match entry.value.get_ref().as_bool() {
            Some(log) => draft.model.alerts.log = log,
            None => wrong_type(&mut draft.report, LOG, "true or false", entry.value),
        },
        LEARN => {
            if let Some(hours) = number(&mut draft.report, entry, 0, LONGEST_H) {
                draft.model.alerts.learn_h = hours;
            }
        }
        REARM => {
            if let Some(hours) = number(&mut draft.report, entry, 1, LONGEST_H) {
                draft.model.alerts.rearm_h = hours;
            }
        }
        MOST => {
            if let Some(most) = number(&mut draft.report, entry, 1, 1000) {
                draft.model.alerts.most_a_minute = most;
            }
        }
        WEBHOOK => {
            if let Some(url) = text(draft, entry, "https://hooks.example.com/cmflow") {
                match url_of(url) {
                    Ok(()) => point(draft, Address::Url(url.to_owned()), &span),
                    Err(what) => draft.report.problem(&span, what),
                }
            }
        }
        WEBHOOK_FILE => {
            if let Some(file) = file(draft, entry, "webhook.url") {
                point(draft, Address::File(file), &span);
            }
        }
        TOKEN_FILE => {
            if let Some(file) = file(draft, entry, "webhook.token") {
                draft.token_file = Some(file);
            }
        }
        SYSLOG => {
            if let Some(target) = text(draft, entry, "udp://10.0.0.9:514") {
                match syslog_of(target) {
                    Ok(target) => draft.model.alerts.syslog = Some(target),
                    Err(what) => draft.report.problem(&span, what),
                }
            }
        }
        // `KEYS` has no other.
        _ => digest(draft, entry, &span),
    }
}

fn digest(draft: &mut Draft<'_>, entry: &Entry<'_>, span: &Range<usize>) {
    let Some(written) = text(draft, entry, "07:00") else {
        return;
    };
    let time = || Time::strptime("%H:%M", written).ok();
    match written {
        "off" => draft.model.alerts.digest = None,
        _ => match time() {
            Some(time) => draft.model.alerts.digest = Some(time),
            None => draft.report.problem(
                span,
                format!("\"{written}\" is no time of day; write it as in \"07:00\" (UTC), or \"off\""),
            ),
        },
    }
}

/// What the section says as a whole.
pub(super) fn check(draft: &mut Draft<'_>) {
    let Some(file) = draft.token_file.take() else {
        return;
    };
    let place = draft.alert_places.get(TOKEN_FILE).copied().unwrap_or_default();
    let Some(webhook) = &mut draft.model.alerts.webhook else {
        // Where the webhook itself is wrong, that is said.
        if ![WEBHOOK, WEBHOOK_FILE]
            .iter()
            .any(|key| draft.alert_places.contains_key(*key))
        {
            let what = format!("{TOKEN_FILE} is set, and no {WEBHOOK} that would be given the token");
            draft.report.problem_at(place, what);
        }
        return;
    };
    webhook.token_file = Some(file);
    let in_clear = matches!(&webhook.address, Address::Url(url) if url.starts_with("http://"));
    if in_clear {
        let place = draft.alert_places.get(WEBHOOK).copied().unwrap_or_default();
        let what =
            "the token goes to this webhook in clear; use https:// unless it is on this machine".to_owned();
        draft.report.warn_at(place, what);
    }
}

/// Takes an address; there can be one.
fn point(draft: &mut Draft<'_>, address: Address, span: &Range<usize>) {
    if draft.model.alerts.webhook.is_some() {
        let what = format!("both {WEBHOOK} and {WEBHOOK_FILE} are set; remove one");
        draft.report.problem(span, what);
        return;
    }
    draft.model.alerts.webhook = Some(Webhook {
        address,
        token_file: None,
    });
}

fn text<'a>(draft: &mut Draft<'_>, entry: &'a Entry<'_>, such_as: &str) -> Option<&'a str> {
    let text = entry.value.get_ref().as_str().map(str::trim);
    if text.is_none() {
        let expected = format!("a string such as \"{such_as}\"");
        wrong_type(&mut draft.report, entry.key, &expected, entry.value);
    }
    text
}

/// The path of a file, from the folder of the file that names it.
fn file(draft: &mut Draft<'_>, entry: &Entry<'_>, such_as: &str) -> Option<PathBuf> {
    let written = text(draft, entry, such_as)?;
    if written.is_empty() {
        let what = format!("{} is empty; name a file, as in \"{such_as}\"", entry.key);
        draft.report.problem(&entry.value.span(), what);
        return None;
    }
    let place = draft.report.place(&entry.span);
    let folder = Path::new(draft.report.name(place.file)).parent();
    Some(folder.unwrap_or(Path::new("")).join(written))
}

/// Whether an address of the web may be posted to.
fn url_of(url: &str) -> Result<(), String> {
    let such_as = "as in \"https://hooks.example.com/cmflow\"";
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(format!("\"{url}\" is no address of the web; write it {such_as}"));
    };
    if !["http", "https"].contains(&scheme) {
        return Err(format!(
            "\"{scheme}://\" is neither http:// nor https://; write it {such_as}"
        ));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return Err(format!(
            "a name or password stands in the address, and the site file's text is kept; put a token into a file \
             ({TOKEN_FILE}), or the whole address ({WEBHOOK_FILE})"
        ));
    }
    let is_sound = !host.is_empty() && url.parse::<ureq::http::Uri>().is_ok();
    is_sound
        .then_some(())
        .ok_or_else(|| format!("\"{url}\" is no address of the web; write it {such_as}"))
}

fn syslog_of(target: &str) -> Result<Syslog, String> {
    if target == "local" {
        return Ok(Syslog::Local(PathBuf::from(Syslog::SOCKET)));
    }
    if target.starts_with('/') {
        return Ok(Syslog::Local(PathBuf::from(target)));
    }
    let host = target.strip_prefix("udp://");
    let sound = host.filter(|host| {
        host.rsplit_once(':').is_some_and(|(name, port)| {
            !name.is_empty() && !name.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
    });
    let target = sound.map(|host| Syslog::Udp(host.to_owned()));
    target.ok_or_else(|| {
        "syslog is \"local\", the path of a socket, or host and port as in \"udp://10.0.0.9:514\"".to_owned()
    })
}
