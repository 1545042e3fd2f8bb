//! What drivers do to their card when native XDP comes or goes, read in their sources (Linux, drivers/net).
//!
//! All of it happens when there was no program and then is one, or the other way round. None of these drivers does it
//! when one program takes another's place, which is how a daemon that takes over attaches.

use super::Interface;

/// Drivers that take their link down, or reset the card, to put an XDP program in or out.
///
/// `igb_xdp_setup` and `igc_xdp_set_prog` close and open the interface; `ixgbe_xdp_setup` does by way of
/// `ixgbe_setup_tc`, `ixgbevf_xdp_setup` by itself; `i40e_xdp_setup` resets and rebuilds; `ice_xdp_setup_prog` takes the
/// interface down and up; `bnxt_xdp_set` (driver `bnxt_en`) closes and opens the card.
const RESETS_LINK: [&str; 7] = ["bnxt_en", "i40e", "ice", "igb", "igc", "ixgbe", "ixgbevf"];

/// Drivers that keep their link and make their queues anew, so that frames of that moment are lost.
///
/// `ena_xdp_set` calls `ena_down` and `ena_up`; `mlx5e_xdp_set` (driver `mlx5_core`) switches to new channels;
/// `qede_xdp_set` unloads and loads (`qede_reload`); `vmxnet3_xdp_set` quiesces and resets the device.
const REMAKES_QUEUES: [&str; 4] = ["ena", "mlx5_core", "qede", "vmxnet3"];

/// Drivers that refuse native XDP while the card merges packets: `mlx5e_xdp_allowed`.
const REFUSES_MERGING: [&str; 1] = ["mlx5_core"];

/// Drivers that stop merging by themselves when native XDP comes: `vmxnet3_xdp_set`.
const STOPS_MERGING: [&str; 1] = ["vmxnet3"];

impl Interface {
    fn is_of(&self, drivers: &[&str]) -> bool {
        self.driver
            .as_deref()
            .is_some_and(|driver| drivers.contains(&driver))
    }

    /// Whether its driver takes the link down to put a program in or out.
    pub(super) fn resets_link(&self) -> bool {
        self.is_of(&RESETS_LINK)
    }

    /// What its driver does to traffic when native XDP comes or goes.
    pub(super) fn interruption(&self) -> Option<String> {
        let driver = self.driver.as_deref()?;
        let effect = if self.resets_link() {
            "takes the link down for a moment, and neighbours may notice,"
        } else if self.is_of(&REMAKES_QUEUES) {
            "makes its queues anew, which loses the frames of a moment,"
        } else {
            return None;
        };
        Some(format!(
            "driver {driver} {effect} when native XDP comes or goes; with --keep a restart or an upgrade swaps programs \
             and does not"
        ))
    }

    /// What merging in the card (LRO) means, where it is on.
    pub(super) fn merging(&self) -> Option<String> {
        if !self.offloads.merges {
            return None;
        }
        let name = &self.name;
        let off = format!("turn it off: ethtool -K {name} lro off");
        let driver = self.driver.as_deref().unwrap_or_default();
        Some(if self.is_of(&REFUSES_MERGING) {
            format!("the card merges packets (LRO), and driver {driver} refuses native XDP meanwhile; {off}")
        } else if self.is_of(&STOPS_MERGING) {
            format!("the card merges packets (LRO), and driver {driver} turns that off for native XDP; {off}")
        } else {
            format!("the card merges packets (LRO), which miscounts them and stops native XDP on some; {off}")
        })
    }
}
