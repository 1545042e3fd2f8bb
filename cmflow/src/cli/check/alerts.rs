//! What the site file says of alerts.

use std::io::{self, Write};

use jiff::civil::Time;
use serde::Serialize;

use crate::alert::Options;

/// `[alerts]`, addresses without what may be a secret.
#[derive(Debug, Serialize)]
pub(super) struct Alerts {
    log: bool,
    webhook: Option<String>,
    token_file: Option<String>,
    syslog: Option<String>,
    learn_hours: u32,
    rearm_hours: u32,
    most_a_minute: u32,
    /// In UTC.
    digest: Option<String>,
    #[serde(skip)]
    is_said: bool,
}

impl Alerts {
    pub(super) fn of(options: &Options) -> Self {
        let webhook = options.webhook.as_ref();
        let token = webhook.and_then(|webhook| webhook.token_file.as_ref());
        Self {
            log: options.log,
            webhook: webhook.map(|webhook| webhook.address.to_string()),
            token_file: token.map(|file| file.display().to_string()),
            syslog: options.syslog.as_ref().map(ToString::to_string),
            learn_hours: options.learn_h,
            rearm_hours: options.rearm_h,
            most_a_minute: options.most_a_minute,
            digest: options.digest.map(clock),
            is_said: *options != Options::default(),
        }
    }

    /// Nothing where everything is as always.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.is_said {
            return Ok(());
        }
        let token = |webhook: &String| match &self.token_file {
            Some(file) => format!("{webhook} with the token in {file}"),
            None => webhook.clone(),
        };
        let ways = [
            self.log.then(|| "the log".to_owned()),
            self.webhook.as_ref().map(token),
            self.syslog.as_ref().map(|target| format!("syslog at {target}")),
        ];
        let ways: Vec<_> = ways.into_iter().flatten().collect();
        let ways = match ways.is_empty() {
            true => "nowhere".to_owned(),
            false => ways.join(", "),
        };
        writeln!(out, "\nAlerts")?;
        writeln!(out, "  go to {ways}")?;
        writeln!(
            out,
            "  {}; {} a minute at most; a group is told of again after {} hours of silence",
            match self.learn_hours {
                0 => "nothing is learnt before".to_owned(),
                hours => format!("the first {hours} hours are learnt silently"),
            },
            self.most_a_minute,
            self.rearm_hours
        )?;
        match &self.digest {
            Some(time) => writeln!(out, "  a digest each day at {time} UTC"),
            None => writeln!(out, "  no daily digest"),
        }
    }
}

fn clock(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}
