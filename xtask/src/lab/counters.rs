//! What an interface says it has carried.

use std::fs;

use anyhow::{Context, Result};

/// Counters of one interface, from /proc/net/dev.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterfaceCounters {
    /// Frames received.
    pub rx_packets: u64,
    /// Bytes received. With native XDP on a veth the kernel leaves out 14 bytes of each frame.
    pub rx_bytes: u64,
    /// Frames dropped on receipt.
    pub rx_dropped: u64,
    /// Frames sent.
    pub tx_packets: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Frames dropped on sending.
    pub tx_dropped: u64,
}

impl std::ops::Sub for InterfaceCounters {
    type Output = Self;

    /// What was carried since `earlier`.
    fn sub(self, earlier: Self) -> Self {
        Self {
            rx_packets: self.rx_packets - earlier.rx_packets,
            rx_bytes: self.rx_bytes - earlier.rx_bytes,
            rx_dropped: self.rx_dropped - earlier.rx_dropped,
            tx_packets: self.tx_packets - earlier.tx_packets,
            tx_bytes: self.tx_bytes - earlier.tx_bytes,
            tx_dropped: self.tx_dropped - earlier.tx_dropped,
        }
    }
}

/// Reads them in the namespace of the calling thread.
pub(super) fn read(interface: &str) -> Result<InterfaceCounters> {
    // Not /proc/net: that is the namespace of the process, and this is a thread's.
    let table = fs::read_to_string("/proc/thread-self/net/dev").context("reading interface counters")?;
    find(&table, interface).with_context(|| format!("no interface {interface} in this namespace"))
}

fn find(table: &str, interface: &str) -> Option<InterfaceCounters> {
    let (_, numbers) = table
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == interface)?;
    let column: Vec<u64> = numbers
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    let [
        rx_bytes,
        rx_packets,
        _,
        rx_dropped,
        _,
        _,
        _,
        _,
        tx_bytes,
        tx_packets,
        _,
        tx_dropped,
        ..,
    ] = column[..]
    else {
        return None;
    };
    Some(InterfaceCounters {
        rx_packets,
        rx_bytes,
        rx_dropped,
        tx_packets,
        tx_bytes,
        tx_dropped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_columns_of_proc_net_dev() {
        let table = "Inter-|   Receive\n face |bytes\n    lo: 1 2 0 0 0 0 0 0 1 2 0 0 0 0 0 0\n  eth0:30 4 0 5 0 0 0 0 60 7 0 8 0 0 0 0\n";
        let eth0 = find(table, "eth0").expect("eth0 is in the table");
        assert_eq!((eth0.rx_bytes, eth0.rx_packets, eth0.rx_dropped), (30, 4, 5));
        assert_eq!((eth0.tx_bytes, eth0.tx_packets, eth0.tx_dropped), (60, 7, 8));
        assert_eq!(find(table, "eth1"), None);
    }
}
