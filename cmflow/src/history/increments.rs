//! What is more than the last time, where flows may have come to another conversation meanwhile.

use std::collections::HashMap;
use std::hash::Hash;

use cmflow_common::gateway::Count;

use super::change::Activity;
use super::conversation::{Key, Sum};

/// What is more now than before. Where a conversation has less, its flows came to another one: under another verdict,
/// which judges them anew, or under a coarser key. They are not counted there a second time.
pub(super) fn increments(now: &HashMap<Key, Sum>, before: &HashMap<Key, Activity>) -> HashMap<Key, Activity> {
    let mut more: HashMap<Key, Activity> = HashMap::with_capacity(now.len());
    let mut less: Vec<(Key, Count)> = Vec::new();
    let keys = now
        .keys()
        .chain(before.keys().filter(|key| !now.contains_key(key)));
    for key in keys {
        let a = now.get(key).map_or_else(Activity::default, |sum| sum.activity);
        let b = before.get(key).copied().unwrap_or_default();
        if b.packets > a.packets {
            let lacks = Count {
                packets: b.packets - a.packets,
                bytes: b.bytes.saturating_sub(a.bytes),
            };
            less.push((*key, lacks));
        }
        let difference = Activity {
            packets: a.packets.saturating_sub(b.packets),
            bytes: a.bytes.saturating_sub(b.bytes),
            // A flow that is judged anew is one of both verdicts: each has explained it for a time.
            flows: a.flows.saturating_sub(b.flows),
            answered: a.answered.saturating_sub(b.answered),
            proving: a.proving.saturating_sub(b.proving),
            refused: a.refused.saturating_sub(b.refused),
            one_sided: a.one_sided.saturating_sub(b.one_sided),
        };
        more.insert(*key, difference);
    }
    // The same ends and service first; then whoever asked, because one verdict keeps clients by prefix and another does not.
    let exact = |key: &Key| (key.protocol, key.responder, key.initiator, key.port);
    let coarse = |key: &Key| (key.protocol, key.responder);
    take_off(&mut more, &mut less, exact);
    take_off(&mut more, &mut less, coarse);
    more
}

/// Takes what conversations have less off what others with the same mark have more.
fn take_off<M: Eq + Hash>(
    more: &mut HashMap<Key, Activity>,
    less: &mut Vec<(Key, Count)>,
    mark: impl Fn(&Key) -> M,
) {
    if less.is_empty() {
        return;
    }
    let mut places: HashMap<M, Vec<Key>> = less.iter().map(|(key, _)| (mark(key), Vec::new())).collect();
    for key in more.keys() {
        if let Some(places) = places.get_mut(&mark(key)) {
            places.push(*key);
        }
    }
    for (key, lacks) in less.iter_mut() {
        for place in &places[&mark(key)] {
            let Some(more) = more.get_mut(place) else { continue };
            let packets = lacks.packets.min(more.packets);
            let bytes = lacks.bytes.min(more.bytes);
            more.packets -= packets;
            more.bytes -= bytes;
            lacks.packets -= packets;
            lacks.bytes -= bytes;
        }
    }
    less.retain(|(_, lacks)| lacks.packets > 0);
}
