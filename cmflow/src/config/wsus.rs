//! Note 3: WSUS has its ports in pairs, 80 with 443, else N with N + 1, and pairs are not mixed.

use std::collections::HashMap;

use super::draft::Draft;
use crate::catalogue::PortRange;
use crate::site::{Place, PortChanges};

const HTTP: &str = "wsus-http";
const HTTPS: &str = "wsus-https";

/// Checks the pair that holds where `changes` are laid over `outer`. Where they name one port of a pair and both pairs
/// of the page are open still, its partner follows. Silent where they change neither port: what is wrong was said where
/// it was written.
pub(super) fn check(
    draft: &mut Draft<'_>,
    outer: &PortChanges,
    changes: &mut PortChanges,
    places: &HashMap<String, Place>,
) {
    let changed = |key: &str| single(changes.get(key)?).zip(places.get(key).copied());
    let inherited = |key: &str| -> Vec<PortRange> {
        let setting = || {
            draft
                .catalogue
                .setting(key)
                .map(|setting| setting.default.clone())
        };
        outer.get(key).cloned().or_else(setting).unwrap_or_default()
    };
    let follow = |key: &str, port: u16| (key.to_owned(), vec![PortRange::single(port)]);
    let (place, what) = match (changed(HTTP), changed(HTTPS)) {
        (Some((http, place)), Some((https, _))) if !is_pair(http, https) => {
            (place, format!("{HTTPS} is {https}; {}", right_for_http(http)))
        }
        (Some((http, place)), None) => {
            let holds = inherited(HTTPS);
            if let Some(https) = holds.iter().find(|range| is_pair(http, range.first)) {
                changes.extend((holds.len() > 1).then(|| follow(HTTPS, https.first)));
                return;
            }
            (
                place,
                format!("{HTTPS} is {} here; {}", words(&holds), right_for_http(http)),
            )
        }
        (None, Some((https, place))) => {
            let holds = inherited(HTTP);
            if let Some(http) = holds.iter().find(|range| is_pair(range.first, https)) {
                changes.extend((holds.len() > 1).then(|| follow(HTTP, http.first)));
                return;
            }
            let http = if https == 443 { 80 } else { https - 1 };
            let right = match http {
                0 => format!("{HTTPS} {https} has no partner"),
                _ => format!("{HTTPS} {https} goes with {HTTP} = {http}"),
            };
            (place, format!("{HTTP} is {} here; {right}", words(&holds)))
        }
        _ => return,
    };
    let what = format!("WSUS has its ports in pairs (note 3), and {what}");
    draft.report.problem_at(place, what);
}

const fn is_pair(http: u16, https: u16) -> bool {
    match http {
        80 => https == 443,
        _ => http < u16::MAX && https == http + 1,
    }
}

fn right_for_http(http: u16) -> String {
    match http {
        80 => format!("{HTTP} 80 goes with {HTTPS} = 443"),
        65_535 => format!("{HTTP} 65535 has no partner"),
        _ => format!("{HTTP} {http} goes with {HTTPS} = {}", http + 1),
    }
}

fn single(ranges: &[PortRange]) -> Option<u16> {
    ranges.first().map(|range| range.first)
}

fn words(ranges: &[PortRange]) -> String {
    let ports: Vec<_> = ranges.iter().map(PortRange::to_string).collect();
    ports.join(" or ")
}
