//! What the method cannot see, in sentences: an auditor has to know it.

use super::words::count;
use crate::explain::Book;
use crate::history::{Evidence, Outage};

/// What holds for these histories.
pub(super) fn told(book: &Book<'_>, evidence: &[Evidence], explained_since: u64) -> Vec<String> {
    let mut limits: Vec<String> = [
        "Counted at ingress, before this gateway's own firewall: a hit is a packet that arrived, not one that was let \
         through; only an answer proves use.",
        "Unused means unused on this gateway: traffic on other ways is not seen here.",
        "A pair of computers is observable where packets of both came in by different interfaces. A prefix counts as one \
         computer: some of its addresses may go another way.",
        "What is inside IPsec or a tunnel has no ports here. Tunnels between other computers than the two that talk hide \
         the pair altogether.",
        "Clients are kept by prefix in what a document explains, so that counts of addresses are at least what they say.",
        "Packets and bytes of rules are those of the window; flows, packets and answers of openings and of unexplained \
         groups are of conversations with a hit in the window, with what they did before it.",
    ]
    .map(str::to_owned)
    .to_vec();
    if evidence.len() > 1 {
        limits.push(
            "A flow that crosses two gateways is counted at each of them; addresses and pairs are counted once."
                .to_owned(),
        );
    }
    let has = |kind: &str| {
        let mut outages = evidence.iter().flat_map(|one| &one.outages);
        outages.any(|outage| outage.kind == kind)
    };
    if has(Outage::TABLE_FULL) {
        limits.push(
            "The flow table was full for a time: packets were counted for their rules, and who talked is not known of all."
                .to_owned(),
        );
    }
    if !book.site.proxies.is_empty() {
        limits.push(
            "What goes through a proxy is seen as far as the proxy: which of the internet's services it was for is not."
                .to_owned(),
        );
    }
    if evidence.iter().any(|one| one.generations.len() > 1) {
        limits.push(
            "The site file changed within the window. Flows count for the rules that explained them when they were seen."
                .to_owned(),
        );
    }
    if explained_since > 0 {
        limits.push(format!(
            "{} that nothing explained when seen are explained by the site file now; they count neither as unexplained \
             nor for a rule.",
            count(explained_since, "flow")
        ));
    }
    limits
}
