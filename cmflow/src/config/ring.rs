//! Rings: a file that includes itself by way of others, a site that is its own grandparent.

use std::collections::HashSet;

/// The links of a ring, one after the other; nothing where there is none. `ends` tells where a link leads from
/// and to. The first ring that is met going along the links in their order.
pub(super) fn ring<L: Copy, N: Copy + Eq + std::hash::Hash>(
    links: &[L],
    ends: impl Fn(&L) -> (N, N),
) -> Option<Vec<L>> {
    let mut done = HashSet::new();
    for link in links {
        let (start, _) = ends(link);
        // Nodes on the way from `start`, each with the link that led there and how many of its links were gone.
        let mut way: Vec<(N, Option<L>, usize)> = vec![(start, None, 0)];
        while let Some((node, _, gone)) = way.last_mut() {
            let mut onward = links.iter().filter(|link| ends(link).0 == *node).skip(*gone);
            *gone += 1;
            let Some(link) = onward.next().filter(|_| !done.contains(node)) else {
                done.insert(*node);
                way.pop();
                continue;
            };
            let (_, next) = ends(link);
            if let Some(begin) = way.iter().position(|(node, ..)| *node == next) {
                let ring = way[begin + 1..].iter().filter_map(|(_, link, _)| *link);
                return Some(ring.chain([*link]).collect());
            }
            way.push((next, Some(*link), 0));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_found_wherever_it_begins() {
        type Links = [(u8, u8)];
        let table: [(&Links, Option<&Links>); 6] = [
            (&[], None),
            (&[(1, 2), (1, 3), (2, 4), (3, 4)], None),
            (&[(1, 1)], Some(&[(1, 1)])),
            (&[(1, 2), (2, 1)], Some(&[(1, 2), (2, 1)])),
            (&[(1, 2), (2, 3), (3, 2)], Some(&[(2, 3), (3, 2)])),
            // Both 2 and 3 hang on 1, and it is they that make the ring.
            (&[(1, 2), (1, 3), (2, 3), (3, 2)], Some(&[(2, 3), (3, 2)])),
        ];
        for (links, expected) in table {
            assert_eq!(ring(links, |link| *link).as_deref(), expected, "{links:?}");
        }
    }
}
