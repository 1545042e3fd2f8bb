//! Histories as a daemon would have written them: days of traffic, judged by the tables of a site file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cmflow::compile::{Compiled, VerdictInfo};
use cmflow::config::SiteFile;
use cmflow::history::{
    Activity, Change, ConversationChange, ConversationKey, Generation, Live, Outage, Retention, Sighting,
    StoredFile, VerdictChange,
};
use cmflow::store::{Store, sha256};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::site_files::judged;

/// A conversation of every day.
#[derive(Clone, Copy, Debug)]
pub struct Talk<'a> {
    /// Who opens.
    pub from: &'a str,
    /// Who answers.
    pub to: &'a str,
    /// IP protocol number and port.
    pub service: (u8, u16),
    /// Whether it is answered; else it is refused.
    pub answered: bool,
}

/// A gateway with the interfaces `eth0` and `eth1`, some days of it.
pub struct Recorded<'a> {
    /// Site file, read.
    pub file: &'a SiteFile,
    /// Its tables.
    pub compiled: &'a Compiled,
    /// Begin of the first day.
    pub begin: Timestamp,
    /// How many days.
    pub days: i64,
    /// By which interface packets of whom came in.
    pub sides: &'a [(&'a str, &'a str)],
    /// What happens each day.
    pub talks: &'a [Talk<'a>],
    /// Times in which nobody counted, in hours after the begin.
    pub down: &'a [(i64, i64)],
}

fn net(text: &str) -> Result<IpNet> {
    match text.parse() {
        Ok(prefix) => Ok(prefix),
        Err(_) => Ok(IpNet::from(text.parse::<std::net::IpAddr>()?)),
    }
}

impl Recorded<'_> {
    /// Writes it to a database in a folder.
    ///
    /// # Errors
    /// Where it cannot be written, or a text is no address.
    pub fn write(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        let path = folder.join(name);
        let mut store = Store::open(&path, self.begin)?.store;
        let texts = self.file.model.files.iter().map(|file| -> Result<StoredFile> {
            let text = std::fs::read_to_string(file).with_context(|| file.clone())?;
            Ok(StoredFile {
                path: file.clone(),
                sha256: sha256(text.as_bytes()),
                kind: StoredFile::SITE.to_owned(),
                text,
            })
        });
        let possible = self.compiled.rules.iter().filter(|rule| rule.is_possible());
        store.begin_generation(&Generation {
            from: self.begin,
            number: 1,
            edition: self.compiled.edition.to_string(),
            version: "0.1.0".to_owned(),
            files: texts.collect::<Result<_>>()?,
            possible: possible.map(|rule| rule.id.clone()).collect(),
        })?;
        for day in 0..self.days {
            store.commit(&self.day(day)?, &Retention::default())?;
        }
        Ok(path)
    }

    fn day(&self, day: i64) -> Result<Change> {
        let hours = |hours: i64| self.begin + SignedDuration::from_hours(hours);
        let mut change = Change {
            from: hours(24 * day),
            to: hours(24 * (day + 1)),
            run: 1,
            interfaces: ["eth0", "eth1"]
                .map(|name| (name.to_owned(), "native".to_owned()))
                .to_vec(),
            ..Change::default()
        };
        if day == 0 {
            for (who, interface) in self.sides {
                change.sightings.push(Sighting {
                    who: net(who)?,
                    interface: (*interface).to_owned(),
                    here: true,
                });
            }
            change.outages = self
                .down
                .iter()
                .map(|(from, to)| Outage {
                    from: hours(*from),
                    to: hours(*to),
                    kind: Outage::DOWN.to_owned(),
                    note: String::new(),
                })
                .collect();
        }
        for talk in self.talks {
            self.talk(&mut change, talk)?;
        }
        Ok(change)
    }

    fn talk(&self, change: &mut Change, talk: &Talk<'_>) -> Result<()> {
        let (from, to) = (net(talk.from)?, net(talk.to)?);
        let (protocol, port) = talk.service;
        let ends = [from, to].map(|end| end.addr().to_string());
        let info: VerdictInfo = judged(self.compiled, &ends[0], &ends[1], protocol, port);
        let verdict = change.verdicts.iter().position(|known| *known == info);
        let verdict = verdict.unwrap_or_else(|| {
            change.verdicts.push(info);
            change.verdicts.len() - 1
        });
        let verdict = u32::try_from(verdict)?;
        let more = Activity {
            packets: 10,
            bytes: 1_000,
            flows: 1,
            answered: u64::from(talk.answered),
            proving: u64::from(talk.answered),
            refused: u64::from(!talk.answered),
            one_sided: 0,
        };
        let seen = change.to - SignedDuration::from_mins(1);
        change.counted.push(VerdictChange { verdict, more });
        change.conversations.push(ConversationChange {
            key: ConversationKey {
                protocol,
                initiator: from,
                responder: to,
                port,
                verdict,
            },
            more,
            live: Live::default(),
            first_seen: seen,
            last_seen: seen,
            last_proving: talk.answered.then_some(seen),
            ports: (port, port),
            initiators: 1,
            responders: 1,
        });
        Ok(())
    }
}
