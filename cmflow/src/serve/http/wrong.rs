//! Wrong tokens: whoever shows many of them is not listened to for a while.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tokens that may be shown from one place in a while.
const ALLOWED: u32 = 20;
/// The while.
const WHILE: Duration = Duration::from_secs(60);
/// Places that are remembered.
const PLACES: usize = 1024;

/// Whom a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub(super) IpAddr);

impl Default for Peer {
    fn default() -> Self {
        Self(Ipv4Addr::UNSPECIFIED.into())
    }
}

impl Peer {
    /// One place: an address, and of IPv6 the network, out of which anybody there has as many as they like.
    fn place(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let network = u128::from(address) & (u128::MAX << 64);
                Ipv6Addr::from(network).into()
            }
        }
    }
}

/// How many wrong tokens came from where.
#[derive(Debug, Default)]
pub(super) struct Wrong(Mutex<HashMap<IpAddr, (Instant, u32)>>);

impl Wrong {
    /// Whether tokens from there are not looked at: not even the right one, or it could be told from wrong ones.
    pub(super) fn is_too_much(&self, peer: Peer, now: Instant) -> bool {
        let places = self.places();
        let shown = places.get(&peer.place());
        shown.is_some_and(|(since, count)| *count >= ALLOWED && now.duration_since(*since) < WHILE)
    }

    /// Another one came.
    pub(super) fn came(&self, peer: Peer, now: Instant) {
        let mut places = self.places();
        if places.len() >= PLACES {
            places.retain(|_, (since, _)| now.duration_since(*since) < WHILE);
        }
        if places.len() >= PLACES {
            let oldest = places.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(oldest) = oldest.map(|(place, _)| *place) {
                places.remove(&oldest);
            }
        }
        let (since, count) = places.entry(peer.place()).or_insert((now, 0));
        if now.duration_since(*since) >= WHILE {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    fn places(&self) -> MutexGuard<'_, HashMap<IpAddr, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer(address.parse().expect("an address"))
    }

    #[test]
    fn many_wrong_tokens_from_one_place_are_heard_no_more_for_a_while() {
        let (wrong, begin) = (Wrong::default(), Instant::now());
        for number in 0..ALLOWED {
            assert!(!wrong.is_too_much(peer("2001:db8::1"), begin), "{number}");
            wrong.came(peer("2001:db8::2"), begin);
        }
        for (address, later, too_much) in [
            ("2001:db8::1", 0, true),
            ("2001:db8::ffff", 59, true),
            ("2001:db8::1", 60, false),
            ("2001:db8:1::1", 0, false),
            ("192.0.2.1", 0, false),
        ] {
            let now = begin + Duration::from_secs(later);
            assert_eq!(
                wrong.is_too_much(peer(address), now),
                too_much,
                "{address} {later}"
            );
        }
    }

    #[test]
    fn no_more_places_are_remembered_than_there_is_room_for() {
        let (wrong, now) = (Wrong::default(), Instant::now());
        for number in 0..5000_u32 {
            wrong.came(Peer(Ipv4Addr::from(number).into()), now);
        }
        assert_eq!(wrong.places().len(), PLACES);
    }
}
