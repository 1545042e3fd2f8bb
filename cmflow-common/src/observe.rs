//! The way of a packet: parse, find its flow or judge a new one, count it exactly once everywhere.

use crate::control::Control;
use crate::flow::{Claim, FlowKey, Selector, Slot, advance, says_nothing_new, state};
use crate::frame::Frame;
use crate::gateway::{Arrival, Count, Gateway, Viewpoint};
use crate::judge;
use crate::news::News;
use crate::outcome::Outcome;
use crate::packet::{Packet, sign};
use crate::parse;
use crate::table::{self, Entry, Found};
use crate::verdict::VerdictId;

/// Looks at one frame. Every frame is counted under one outcome, every packet of a flow under one verdict,
/// and in one slot of the flow table or as "without entry".
#[inline(always)]
pub fn observe<G: Gateway, V: Viewpoint, F: Frame + ?Sized>(
    gateway: &G,
    view: &V,
    frame: &F,
    arrival: Arrival,
) {
    observe_with(gateway, view, frame, arrival, |packet| packet);
}

/// As [`observe`], with every packet of a flow changed by `change` between parsing and accounting: what benches
/// make many flows out of one frame with.
#[inline(always)]
pub fn observe_with<G: Gateway, V: Viewpoint, F: Frame + ?Sized>(
    gateway: &G,
    view: &V,
    frame: &F,
    arrival: Arrival,
    change: impl FnOnce(Packet) -> Packet,
) {
    let control = gateway.control();
    let half = (control.epoch & 1) as usize;
    let packet = match parse::parse(frame, view.link_layer(), arrival.tag) {
        Ok(packet) => change(packet.forgotten(frame)),
        Err(outcome) => {
            gateway.count_outcome(half, outcome, arrival);
            return;
        }
    };
    let arrival = unmerged(arrival, &packet);
    gateway.count_outcome(half, Outcome::Flow, arrival);
    let (mut key, from_low) = packet.key(view);
    key.selector = Selector(frame.forget(key.selector.0));
    let from_low = frame.forget(from_low.into()) & 1 != 0;
    let sighting = Sighting {
        view,
        control: &control,
        packet: &packet,
        key: &key,
        from_low,
        arrival,
    };
    let verdict = sighting.account(gateway);
    gateway.count_verdict(half, verdict, arrival.packets, arrival.bytes);
}

/// Merged packets shared one header: on the wire each had its own.
#[inline(always)]
const fn unmerged(arrival: Arrival, packet: &Packet) -> Arrival {
    if arrival.packets <= 1 {
        return arrival;
    }
    let tag = if arrival.tag.is_some() { 4 } else { 0 };
    let headers = (arrival.packets - 1) * (packet.header_length as u64 + tag);
    Arrival {
        bytes: arrival.bytes + headers,
        ..arrival
    }
}

/// A packet on its way through the flow table.
struct Sighting<'a, V> {
    view: &'a V,
    control: &'a Control,
    packet: &'a Packet,
    key: &'a FlowKey,
    from_low: bool,
    arrival: Arrival,
}

impl<V: Viewpoint> Sighting<'_, V> {
    /// Counts the packet in its flow and gives the flow's verdict.
    #[inline(always)]
    fn account<G: Gateway>(&self, gateway: &G) -> VerdictId {
        let hash = self.key.hash(self.control.seed);
        let now = gateway.now();
        match table::find(gateway, self.key, hash) {
            Found::Slot(slot, word) => self.known(gateway, slot, word, now),
            Found::Nothing(free) => self.unknown(gateway, hash, free ^ self.control.zero as u32, now),
        }
    }

    #[inline(always)]
    fn half(&self) -> usize {
        (self.control.epoch & 1) as usize
    }

    #[inline(always)]
    fn direction(&self) -> usize {
        usize::from(!self.from_low)
    }

    #[inline(always)]
    fn known<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64, now: u64) -> VerdictId {
        let Arrival { packets, bytes, .. } = self.arrival;
        // SAFETY: `find` gave the slot.
        let stored = unsafe { (&raw const (*slot).state).read_volatile() };
        let before = stored as u16;
        // SAFETY: as above.
        let counted = unsafe {
            let amount = Count { packets, bytes };
            table::count(gateway, self.control, slot, before, now, self.direction(), amount)
        };
        if !counted {
            gateway.count_without_entry(self.half(), packets, bytes);
            return Claim::from_word(word).verdict;
        }
        let claim = Claim::from_word(word);
        if claim.generation == self.control.generation as u16
            && says_nothing_new(before, self.packet.signs, self.from_low)
        {
            return claim.verdict;
        }
        self.learn(gateway, slot, word, stored)
    }

    /// Takes what a packet says of a known flow that was not known of it, or judges it by newer tables.
    #[inline(always)]
    fn learn<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64, stored: u64) -> VerdictId {
        let before = stored as u16;
        let unseen = before & state::INITIATOR_SEEN == 0;
        let mut after = before;
        if unseen && self.packet.signs & sign::SYN != 0 {
            after = self.proven(before);
        }
        after = advance(after, self.packet.signs, self.from_low);
        if after != before {
            // SAFETY: the slot is the flow's, and its gate is open, so it stays until the next grace period.
            // Where another processor was faster, the next packet says it again.
            unsafe { gateway.exchange(&raw mut (*slot).state, stored, stored & !0xffff | after as u64) };
        }
        let claim = Claim::from_word(word);
        let turned = (after ^ before) & (state::INITIATOR_HIGH | state::INITIATOR_SEEN) != 0;
        if turned || claim.generation != self.control.generation as u16 {
            return self.judge_anew(gateway, slot, word, after);
        }
        claim.verdict
    }

    /// The bits with the initiator that a SYN or SYN-ACK proves, in place of an inferred one.
    #[inline(always)]
    fn proven(&self, before: u16) -> u16 {
        let sender = matches!(judge::proven_opener(self.packet), judge::Opener::Sender);
        let bits = judge::initiator_bits(sender == self.from_low, state::INITIATOR_SEEN);
        before & !state::INITIATOR_HIGH | bits
    }

    /// Judges a known flow by the tables of now. What was credited already stays credited.
    #[inline(always)]
    fn judge_anew<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64, bits: u16) -> VerdictId {
        let Claim { tag, verdict, .. } = Claim::from_word(word);
        let Some(tables) = gateway.tables(self.control.generation) else {
            return verdict;
        };
        let verdict = judge::judge(&tables, self.packet, self.from_low, bits);
        let claim = Claim {
            tag,
            generation: self.control.generation as u16,
            verdict,
        };
        // SAFETY: the slot is live, see `known`.
        unsafe { gateway.exchange(&raw mut (*slot).claim, word, claim.word()) };
        verdict
    }

    #[inline(always)]
    fn unknown<G: Gateway>(&self, gateway: &G, hash: u64, free: u32, now: u64) -> VerdictId {
        let Arrival { packets, bytes, .. } = self.arrival;
        let Some(tables) = gateway.tables(self.control.generation) else {
            gateway.count_without_entry(self.half(), packets, bytes);
            return VerdictId::OUT_OF_SCOPE;
        };
        let mut bits = judge::initiator(&tables, self.packet, self.from_low) ^ self.control.zero as u16;
        let verdict = judge::judge(&tables, self.packet, self.from_low, bits);
        let responder = if bits & state::INITIATOR_HIGH == 0 {
            self.key.high
        } else {
            self.key.low
        };
        if responder.is_group() {
            bits |= state::NO_ANSWER_EXPECTED;
        }
        bits = advance(bits, self.packet.signs, self.from_low);
        let entry = Entry {
            key: self.key,
            claim: Claim {
                tag: Claim::tag_of(hash),
                generation: self.control.generation as u16,
                verdict,
            },
            state: bits,
            interface_slot: self.view.slot(),
            now,
            half: self.half(),
            direction: self.direction(),
            packets,
            bytes,
        };
        let mut placed = table::insert(gateway, hash, free, &entry);
        while !placed && gateway.make_room() {
            placed = table::insert(gateway, hash, 0, &entry);
        }
        if !placed {
            gateway.count_without_entry(self.half(), packets, bytes);
        }
        if judge::is_unexplained(verdict) {
            gateway.tell(&News {
                key: *self.key,
                at: now,
                verdict: verdict.0,
                state: bits,
                interface: self.view.interface(),
            });
        }
        verdict
    }
}
