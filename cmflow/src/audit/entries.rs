//! Who the tables tell apart by address: one entry for each address and prefix, as the kernel sees them.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::gateway::Endpoint;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::catalogue::RoleId;
use crate::compile::{ClassInfo, RoleSet};
use crate::explain::Book;

/// Bits before an IPv4 address that is mapped into IPv6.
const MAPPED_BITS: u8 = 96;

/// Index of an entry.
pub(super) type EntryIndex = u32;

/// An address or a prefix with roles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) prefix: IpNet,
    /// Number of its endpoint class.
    pub(super) class: u16,
    /// Its silence is expected.
    pub(super) standby: bool,
    /// The site file names it by address; else it is everybody on the internet.
    pub(super) known: bool,
    /// Nobody in particular answers there.
    pub(super) group: bool,
}

/// All of them, by their addresses.
#[derive(Debug)]
pub(super) struct Entries {
    all: Vec<Entry>,
    /// By first address, mapped into IPv6, and length; nothing where the site file names nobody.
    by_prefix: HashMap<(u128, u8), Option<EntryIndex>>,
    /// Lengths that occur, longest first.
    lengths: Vec<u8>,
    /// Prefixes that the site file takes out of an entry again.
    holes: HashMap<EntryIndex, Vec<IpNet>>,
    /// Custom roles whose holders prove nothing.
    proves_nothing: RoleSet,
}

impl Entries {
    pub(super) fn new(book: &Book<'_>) -> Self {
        let compiled = book.compiled;
        let hosts = compiled
            .tables
            .hosts
            .iter()
            .map(|(address, end)| ((*address, 128), *end));
        let prefixes = compiled
            .tables
            .prefixes
            .iter()
            .map(|(prefix, end)| (*prefix, *end));
        let mut known: Vec<_> = hosts
            .chain(prefixes)
            .filter(|((address, _), _)| compiled.side_name(*address).is_none())
            .map(|((address, length), end)| ((u128::from_be_bytes(address.bytes()), length), end))
            .collect();
        known.sort_unstable_by_key(|(key, _)| *key);
        let mut all = Vec::new();
        let mut by_prefix = HashMap::new();
        let mut excluded = Vec::new();
        for (key, end) in known {
            let class = end.class();
            let info = &compiled.classes[usize::from(class)];
            let named = !info.as_initiator.is_empty() || !info.as_responder.is_empty();
            let prefix = net(key).filter(|_| named && !info.local);
            let index = prefix.map(|prefix| {
                all.push(Entry {
                    prefix,
                    class,
                    standby: book.site.standby.iter().any(|standby| standby.contains(&prefix)),
                    known: info.known,
                    group: info.group.is_some(),
                });
                EntryIndex::try_from(all.len() - 1).expect("fewer entries than addresses of IPv4")
            });
            if index.is_none() && !end.is(Endpoint::LOCAL) && info.group.is_none() {
                excluded.push(key);
            }
            by_prefix.insert(key, index);
        }
        let lengths: BTreeSet<u8> = by_prefix.keys().map(|(_, length)| *length).collect();
        let first_custom = book.catalogue.roles.len();
        let custom = (0_u16..)
            .map(RoleId)
            .skip(first_custom)
            .zip(&book.site.custom_roles);
        let mut entries = Self {
            all,
            by_prefix,
            lengths: lengths.into_iter().rev().collect(),
            holes: HashMap::new(),
            proves_nothing: custom
                .filter(|(_, role)| !role.evidence)
                .map(|(id, _)| id)
                .collect(),
        };
        for hole in excluded {
            let around = hole
                .1
                .checked_sub(1)
                .and_then(|length| entries.longest((hole.0, length)));
            let around = around.filter(|entry| entries.get(*entry).known);
            if let (Some(entry), Some(hole)) = (around, net(hole)) {
                entries.holes.entry(entry).or_default().push(hole);
            }
        }
        entries
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (EntryIndex, &Entry)> {
        (0..).zip(&self.all)
    }

    pub(super) fn get(&self, index: EntryIndex) -> &Entry {
        &self.all[index as usize]
    }

    /// Classes of some of them.
    pub(super) fn classes(&self, set: &[EntryIndex]) -> BTreeSet<u16> {
        set.iter().map(|entry| self.get(*entry).class).collect()
    }

    /// The entry that holds an address or the whole of a prefix; nothing where the site file names nobody there.
    pub(super) fn holding(&self, prefix: IpNet) -> Option<EntryIndex> {
        self.longest(key(prefix))
    }

    fn longest(&self, (bits, longest): (u128, u8)) -> Option<EntryIndex> {
        // The mapped range is a tree of its own: `::/0` speaks of IPv6 only.
        let shortest = if Address::from_bytes(bits.to_be_bytes()).is_v4() {
            MAPPED_BITS
        } else {
            0
        };
        let mut lengths = self.lengths.iter();
        lengths
            .by_ref()
            .filter(|length| (shortest..=longest).contains(length))
            .find_map(|length| self.by_prefix.get(&(masked(bits, *length), *length)))
            .copied()
            .flatten()
    }

    /// Whether the site file says that what a holder of this class opens proves nothing.
    pub(super) fn proves_nothing(&self, class: &ClassInfo) -> bool {
        !class.named.intersection(self.proves_nothing).is_empty()
    }

    /// What of an entry's prefix the site file takes out again.
    pub(super) fn holes(&self, index: EntryIndex) -> &[IpNet] {
        self.holes.get(&index).map_or(&[], Vec::as_slice)
    }
}

/// First address of a prefix, mapped into IPv6, and its length there.
fn key(prefix: IpNet) -> (u128, u8) {
    let bits = u128::from_be_bytes(Address::from(prefix.network()).bytes());
    match prefix {
        IpNet::V4(v4) => (bits, v4.prefix_len() + MAPPED_BITS),
        IpNet::V6(v6) => (bits, v6.prefix_len()),
    }
}

fn masked(bits: u128, length: u8) -> u128 {
    bits & u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

/// The prefix as people write it.
fn net((bits, length): (u128, u8)) -> Option<IpNet> {
    let address = Address::from_bytes(bits.to_be_bytes());
    match length.checked_sub(MAPPED_BITS).filter(|_| address.is_v4()) {
        Some(length) => match IpAddr::from(address) {
            IpAddr::V4(v4) => Ipv4Net::new(v4, length).ok().map(IpNet::V4),
            IpAddr::V6(_) => None,
        },
        None => Ipv6Net::new(bits.into(), length).ok().map(IpNet::V6),
    }
}
