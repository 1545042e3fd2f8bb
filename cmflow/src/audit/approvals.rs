//! Rules of the user's own and approvals: whether they are used, and until when they hold.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Gateways;
use super::hits::Hits;
use crate::answer::Approved;
use crate::explain::Book;

/// All of them, in the order of the files; those that had ended when the files were read come last.
pub(super) fn told(book: &Book<'_>, gateways: &Gateways<'_>, now: Timestamp) -> Vec<Approved> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let all = book.site.rules.iter().chain(&book.site.ended);
    let rules = all.map(|rule| {
        let mut all = Hits::default();
        let hits = gateways
            .all
            .iter()
            .filter_map(|gateway| gateway.hits.get(rule.id.as_str()));
        hits.for_each(|hits| all.add(hits));
        let ended = rule.until.is_some_and(|until| until < today);
        let remark = match (all.any(), ended) {
            (false, true) if rule.approval => Some("it has ended, and never had a hit in this window"),
            (false, true) => Some("it has ended, and never had a hit in this window: remove it"),
            (false, false) => Some("never had a hit in this window"),
            (true, true) => Some("it has ended: its flows are unexplained again"),
            (true, false) => None,
        };
        Approved {
            rule: rule.id.clone(),
            by: rule.by.clone(),
            why: rule.why.clone(),
            until: rule.until,
            ended,
            flows: all.counted.flows,
            last_seen: all.last_seen,
            remark: remark.map(str::to_owned),
        }
    });
    rules.collect()
}
