//! `[options]`: settings of Configuration Manager, of Windows and of the network that the page's notes speak of.

use super::draft::Draft;
use super::value::{Entry, table, unknown_key};
use super::{initiates, proxy, rpc, standby};

const KEYS: [&str; 5] = [initiates::KEY, rpc::KEY, rpc::LIFETIME, proxy::KEY, standby::KEY];

/// Reads the section of one file, once all computers have their names; lists of several files add up.
pub(super) fn read(draft: &mut Draft<'_>, section: &Entry<'_>) {
    for entry in table(&mut draft.report, section) {
        match entry.key {
            initiates::KEY => initiates::read(draft, &entry),
            rpc::KEY => rpc::read(draft, &entry),
            rpc::LIFETIME => rpc::lifetime(draft, &entry),
            proxy::KEY => proxy::read(draft, &entry),
            standby::KEY => standby::read(draft, &entry),
            _ => unknown_key(&mut draft.report, &entry, " in [options]", &KEYS),
        }
    }
}
