//! How many computers there are at a prefix, without keeping which.

use std::net::IpAddr;

use cmflow_common::address::Address;

/// Which addresses of a prefix were seen, as far as 256 bits tell: exactly for 24 bits of IPv4.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faces([u64; 4]);

impl Faces {
    pub(super) fn add(&mut self, address: Address) {
        let [high, low] = address.words();
        let byte = match IpAddr::from(address) {
            IpAddr::V4(_) => low as u8,
            // Interface identifiers are random or made of hardware addresses: mixed down to a byte.
            IpAddr::V6(_) => ((high ^ low).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8,
        };
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}
