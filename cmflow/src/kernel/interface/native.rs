//! What drivers say of native XDP (generic netlink family `netdev`, kernel 6.3).

use std::collections::BTreeMap;
use std::io;

use netlink_sys::protocols::NETLINK_GENERIC;

use super::netlink::{Attributes, Netlink};

// Numbers of linux/genetlink.h and linux/netdev.h.
const GENL_ID_CTRL: u16 = 0x10;
const GENL_FIXED: usize = 4;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;
const NETDEV_CMD_DEV_GET: u8 = 1;
const NETDEV_A_DEV_IFINDEX: u16 = 1;
const NETDEV_A_DEV_XDP_FEATURES: u16 = 3;
const NETDEV_XDP_ACT_BASIC: u64 = 1;
const NETDEV_XDP_ACT_RX_SG: u64 = 1 << 5;

/// What a driver says of native XDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Native {
    /// Whether it has it at all.
    pub present: bool,
    /// Whether it gives programs frames that lie in several pieces.
    pub pieces: bool,
}

/// What the drivers say, by interface index. Empty under kernels that do not tell.
pub(super) fn all() -> BTreeMap<u32, Native> {
    ask().unwrap_or_default()
}

fn ask() -> io::Result<BTreeMap<u32, Native>> {
    let mut netlink = Netlink::open(NETLINK_GENERIC)?;
    let answer = netlink.get(GENL_ID_CTRL, &family_question())?;
    let family = Attributes::behind(&answer, GENL_FIXED)
        .u16(CTRL_ATTR_FAMILY_ID)
        .ok_or(io::ErrorKind::InvalidData)?;
    let devices = netlink.list(family, &[NETDEV_CMD_DEV_GET, 1, 0, 0])?;
    let device = |message: &Vec<u8>| {
        let attributes = Attributes::behind(message, GENL_FIXED);
        let features = attributes.u64(NETDEV_A_DEV_XDP_FEATURES)?;
        let native = Native {
            present: features & NETDEV_XDP_ACT_BASIC != 0,
            pieces: features & NETDEV_XDP_ACT_RX_SG != 0,
        };
        Some((attributes.u32(NETDEV_A_DEV_IFINDEX)?, native))
    };
    Ok(devices.iter().filter_map(device).collect())
}

/// The question for the number of the family: command, version, padding, then its name as an attribute.
fn family_question() -> Vec<u8> {
    let name = b"netdev\0";
    let mut question = vec![CTRL_CMD_GETFAMILY, 1, 0, 0];
    question.extend((4 + name.len() as u16).to_ne_bytes());
    question.extend(CTRL_ATTR_FAMILY_NAME.to_ne_bytes());
    question.extend(name);
    question.resize(question.len().next_multiple_of(4), 0);
    question
}
