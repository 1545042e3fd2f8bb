//! What hides the ports of opaque flows.

use super::Findings;
use crate::answer::Opaque;

impl Findings<'_> {
    /// Opaque flows by the name of what hides their ports.
    #[must_use]
    pub fn opaque(&self) -> Vec<Opaque> {
        let each = self.totals.opaque.iter().map(|(name, total)| Opaque {
            protocol: name.clone().into_owned(),
            packets: total.count.packets,
            bytes: total.count.bytes,
            flows: total.flows,
        });
        each.collect()
    }
}
