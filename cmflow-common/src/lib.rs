//! What the kernel program and user space share: one parser, one decision, one flow table.
//!
//! The way of a packet, in the order in which it calls:
//!
//! - [`frame`]: where bytes come from (the packet in the kernel, a slice elsewhere);
//! - [`parse`]: frame -> [`packet::Packet`] or a named [`outcome::Outcome`];
//! - [`flow`]: packet -> [`flow::FlowKey`], and the slot of 128 bytes that a flow lives in;
//! - [`expectation`]: what a packet announces of packets to come;
//! - [`judge`]: who opened it, and which verdict the compiled tables give;
//! - [`opening`]: what is found out when the first packet of a flow comes;
//! - [`observe`]: the whole path, count by count, over whatever [`gateway::Gateway`] it runs on.
//!
//! Everything here is `no_std` and pure: the kernel supplies maps, [`memory`] (feature `std`) supplies
//! ordinary memory, and a test holds both against each other.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod address;
pub mod control;
pub mod expectation;
pub mod flow;
pub mod frame;
pub mod gateway;
pub mod judge;
pub mod memory;
pub mod news;
pub mod observe;
pub mod opening;
pub mod outcome;
pub mod packet;
pub mod parse;
pub mod room;
pub mod table;
pub mod verdict;
