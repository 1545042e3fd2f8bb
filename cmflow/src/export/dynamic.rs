//! How much of a range of dynamic ports was really asked at.

use crate::answer::Opening;
use crate::catalogue::PortRange;
use crate::firewall::{Region, of_opening, region_of};
use crate::history::Evidence;

/// The lowest and the highest port that conversations of each opening were asked at, openings in their order; nothing
/// where none was, or none is known.
pub(super) fn asked_at(openings: &[Opening], evidence: &[Evidence]) -> Vec<Option<PortRange>> {
    let dynamic: Vec<Option<Region>> = openings
        .iter()
        .map(|opening| opening.dynamic.then(|| of_opening(opening)).flatten())
        .collect();
    let mut asked = vec![None; openings.len()];
    if dynamic.iter().all(Option::is_none) {
        return asked;
    }
    for evidence in evidence {
        let in_time = evidence
            .conversations
            .iter()
            // Only those at dynamic ports are told by a range.
            .filter(|one| one.key.port == 0 && one.hit_in(evidence.from, evidence.to));
        for conversation in in_time {
            let blocks: Vec<_> = region_of(conversation).blocks().collect();
            for (region, asked) in dynamic.iter().zip(&mut asked) {
                let Some(region) = region else { continue };
                for part in blocks.iter().flat_map(|block| region.both(block)) {
                    let (first, last) = part.ports();
                    let known = asked.unwrap_or(PortRange { first, last });
                    *asked = Some(PortRange {
                        first: known.first.min(first),
                        last: known.last.max(last),
                    });
                }
            }
        }
    }
    asked
}
