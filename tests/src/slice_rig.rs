//! Frames through the path in ordinary memory.

use cmflow::kernel::Constants;
use cmflow_common::control::Control;
use cmflow_common::flow::Slot;
use cmflow_common::gateway::{Arrival, View};
use cmflow_common::memory::{MemoryGateway, MemoryTables};
use cmflow_common::news::News;
use cmflow_common::observe::observe;
use cmflow_common::outcome::Outcome;
use cmflow_common::parse::LinkLayer;

use crate::sightings::Counted;

/// Seed of the flow table's hash, the same for both rigs: flows then collide alike.
pub const SEED: u64 = 0x5eed_0f00_d5ca_1ab1;

/// What is announced stays so: frames run at once, and nothing is under way before the first.
pub const LIFETIMES: [u64; 8] = [1 << 40; 8];

/// A gateway in ordinary memory, seen the way that constants say.
pub struct SliceRig<'a> {
    gateway: MemoryGateway<'a>,
    view: View,
}

impl<'a> SliceRig<'a> {
    /// A gateway with those tables and `2^flow_bits` slots.
    #[must_use]
    pub fn new(tables: &'a MemoryTables, constants: &Constants, flow_bits: u32) -> Self {
        let mut gateway = MemoryGateway::new(tables, flow_bits);
        gateway.control = Control {
            seed: SEED,
            lifetimes: LIFETIMES,
            ..Control::default()
        };
        Self {
            gateway,
            view: View {
                interface: constants.interface,
                slot: constants.interface_slot,
                link: constants.link,
                tags_apart: constants.tags_apart,
                link_layer: if constants.raw_ip {
                    LinkLayer::RawIp
                } else {
                    LinkLayer::Ethernet
                },
            },
        }
    }

    /// Runs a frame.
    pub fn run(&self, frame: &[u8]) {
        let arrival = Arrival {
            bytes: frame.len() as u64,
            packets: 1,
            tag: None,
        };
        observe(&self.gateway, &self.view, frame, arrival);
    }

    /// Copies of the slots in use.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        self.gateway.slots().collect()
    }

    /// What was counted so far.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let mut counted = Counted::default();
        for (outcome, count) in Outcome::ALL.into_iter().zip(*self.gateway.outcomes.borrow()) {
            counted.outcome(outcome, count);
        }
        for (number, count) in self.gateway.verdicts.borrow().iter().enumerate() {
            counted.verdict(number as u16, *count);
        }
        counted.without_entry(self.gateway.without_entry.get());
        for slot in self.gateway.slots() {
            counted.slot(&slot, &[0, 1]);
        }
        counted
    }

    /// News told so far.
    #[must_use]
    pub fn news(&self) -> Vec<News> {
        self.gateway.news.borrow().clone()
    }
}
