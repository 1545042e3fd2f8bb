//! The way of a packet: parse, find its flow or judge a new one, count it exactly once everywhere.

use crate::control::Control;
use crate::expectation::{self, Kind};
use crate::flow::{Claim, FlowKey, Selector, Slot, advance, is_closed, says_nothing_new, state};
use crate::frame::Frame;
use crate::gateway::{Arrival, Count, Gateway, Viewpoint};
use crate::judge;
use crate::news::News;
use crate::opening::{self, Glimpse};
use crate::outcome::Outcome;
use crate::packet::{Packet, protocol, sign};
use crate::parse;
use crate::room::{ANYWHERE, Room};
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
        Ok(packet) => {
            let packet = change(packet.forgotten(frame));
            if packet.signs & sign::FRAGMENT == 0 {
                packet
            } else {
                fragment(gateway, packet).forgotten(frame)
            }
        }
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
    let seen = sighting.account(gateway);
    gateway.count_verdict(half, seen.verdict, arrival.packets, arrival.bytes);
    if let Some(kind) = seen.announces {
        let key = expectation::key(kind, &key, seen.low_asked);
        gateway.make(kind, &key, 0);
    }
}

/// Gives a later fragment the ports of the first one of its packet, or remembers those of a first one.
///
/// Where the first one was not seen, or comes later, the fragment stays what it is: one without ports.
#[inline(always)]
fn fragment<G: Gateway>(gateway: &G, mut packet: Packet) -> Packet {
    let later = packet.protocol == protocol::FRAGMENT;
    let upper = if later {
        packet.source_port as u8
    } else {
        packet.protocol
    };
    let key = FlowKey {
        low: packet.source,
        high: packet.destination,
        selector: Selector::new(
            packet.detail as u16,
            (packet.detail >> 16) as u16,
            upper,
            packet.tags,
        ),
    };
    if !later {
        let ports = packet.source_port as u64 | (packet.destination_port as u64) << 16;
        gateway.make(Kind::Fragment, &key, ports);
    } else if let Some(ports) = gateway.meet(Kind::Fragment, &key) {
        packet.protocol = upper;
        packet.source_port = ports as u16;
        packet.destination_port = (ports >> 16) as u16;
        packet.signs |= sign::PAYLOAD;
    }
    packet
}

/// What came of a packet.
struct Seen {
    /// Verdict of its flow.
    verdict: VerdictId,
    /// What the flow announces by it.
    announces: Option<Kind>,
    /// Whether the low end of the key asked.
    low_asked: bool,
}

impl Seen {
    #[inline(always)]
    const fn quietly(verdict: VerdictId) -> Self {
        Self {
            verdict,
            announces: None,
            low_asked: false,
        }
    }
}

/// Merged packets shared one header: on the wire each had its own.
#[inline(always)]
const fn unmerged(arrival: Arrival, packet: &Packet) -> Arrival {
    if arrival.packets <= 1 {
        return arrival;
    }
    let tag = if arrival.tag.is_some() { 4 } else { 0 };
    let headers = (arrival.packets - 1) * (packet.detail as u64 + tag);
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
    fn account<G: Gateway>(&self, gateway: &G) -> Seen {
        let hash = self.key.hash(self.control.seed);
        let now = gateway.now();
        let free = match table::find(gateway, self.key, hash) {
            Found::Slot(slot, word) if self.begins_again(gateway, slot, word) => 0,
            Found::Slot(slot, word) => return self.known(gateway, slot, word, now),
            Found::Nothing(free) => free,
        };
        self.unknown(gateway, hash, free ^ self.control.zero as u32, now)
    }

    /// Whether this packet opens a conversation between the ports of one that has ended: then the slot of that one is
    /// retired. It keeps what it counted, and packets that are just being counted there are not lost.
    #[inline(always)]
    fn begins_again<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64) -> bool {
        const ASKED: u16 = sign::SYN | sign::ACK | sign::RST | sign::ICMP_ERROR;
        if self.packet.signs & ASKED != sign::SYN {
            return false;
        }
        // SAFETY: `find` gave the slot. Where the exchange fails, another packet has judged it anew, or retired it, or
        // user space has freed it: this one is then counted as the flow's.
        unsafe {
            let bits = (&raw const (*slot).state).read_volatile() as u16;
            is_closed(bits) && gateway.exchange(&raw mut (*slot).claim, word, Claim::retired(word))
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
    fn known<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64, now: u64) -> Seen {
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
            return Seen::quietly(Claim::from_word(word).verdict);
        }
        let claim = Claim::from_word(word);
        if claim.generation == self.control.generation as u16
            && says_nothing_new(before, self.packet.signs, self.from_low)
        {
            return Seen::quietly(claim.verdict);
        }
        self.learn(gateway, slot, word, stored)
    }

    /// Takes what a packet says of a known flow that was not known of it, or judges it by newer tables.
    #[inline(always)]
    fn learn<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64, stored: u64) -> Seen {
        let before = stored as u16;
        let unseen = before & state::INITIATOR_SEEN == 0;
        let mut after = before;
        if unseen && self.packet.signs & sign::SYN != 0 {
            after = self.proven(before);
        }
        after = advance(after, self.packet.signs, self.from_low);
        let claim = Claim::from_word(word);
        let announces = if expectation::may_announce(claim.verdict) {
            self.announced(before, after)
        } else {
            None
        };
        if matches!(announces, Some(Kind::Rpc)) {
            after |= state::SETTLED;
        }
        if after != before {
            // SAFETY: the slot is the flow's, and its gate is open, so it stays until the next grace period.
            // Where another processor was faster, the next packet says it again.
            unsafe { gateway.exchange(&raw mut (*slot).state, stored, stored & !0xffff | after as u64) };
        }
        let turned = (after ^ before) & (state::INITIATOR_HIGH | state::INITIATOR_SEEN) != 0;
        let verdict = if turned || claim.generation != self.control.generation as u16 {
            self.judge_anew(gateway, slot, word, after)
        } else {
            claim.verdict
        };
        Seen {
            verdict,
            announces,
            low_asked: after & state::INITIATOR_HIGH == 0,
        }
    }

    /// The bits with the initiator that a SYN or SYN-ACK proves, in place of an inferred one.
    #[inline(always)]
    fn proven(&self, before: u16) -> u16 {
        let sender = matches!(judge::proven_opener(self.packet), judge::Opener::Sender);
        let bits = judge::initiator_bits(sender == self.from_low, state::INITIATOR_SEEN);
        before & !state::INITIATOR_HIGH | bits
    }

    /// What this packet of a known flow announces. A TFTP request does so each time that it is sent. A conversation
    /// with an endpoint mapper does so once, when the responder has answered and the initiator goes on: over TCP
    /// neither can be had from a spoofed address.
    #[inline(always)]
    const fn announced(&self, before: u16, after: u16) -> Option<Kind> {
        let open = before & (state::ANNOUNCES | state::SETTLED) == state::ANNOUNCES;
        let high_asked = after & state::INITIATOR_HIGH != 0;
        if !open || self.from_low == high_asked || self.packet.signs & sign::ICMP_ERROR != 0 {
            return None;
        }
        let kind = Kind::announced(self.packet.protocol, self.packet.destination_port);
        let answer = if high_asked {
            state::PAYLOAD_LOW
        } else {
            state::PAYLOAD_HIGH
        };
        let opened = after & state::SYN == 0 || after & state::HANDSHAKE != 0;
        match kind {
            Some(Kind::Rpc) if before & answer == 0 || !opened => None,
            kind => kind,
        }
    }

    /// What judging needs of the packet.
    #[inline(always)]
    const fn glimpse(&self) -> Glimpse {
        Glimpse {
            signs: self.packet.signs,
            from_low: self.from_low,
        }
    }

    /// Judges a known flow by the tables of now. What was credited already stays credited.
    #[inline(always)]
    fn judge_anew<G: Gateway>(&self, gateway: &G, slot: *mut Slot, word: u64, bits: u16) -> VerdictId {
        let Claim { tag, verdict, .. } = Claim::from_word(word);
        let generation = self.control.generation;
        let Some(verdict) = gateway.again(self.view, generation, self.key, self.glimpse(), bits) else {
            return verdict;
        };
        let claim = Claim {
            tag,
            generation: generation as u16,
            verdict,
        };
        // SAFETY: the slot is live, see `known`.
        unsafe { gateway.exchange(&raw mut (*slot).claim, word, claim.word()) };
        verdict
    }

    #[inline(always)]
    fn unknown<G: Gateway>(&self, gateway: &G, hash: u64, free: u32, now: u64) -> Seen {
        let Arrival { packets, bytes, .. } = self.arrival;
        let generation = self.control.generation;
        let Some(mut opening) = gateway.first(self.view, generation, self.key, self.glimpse()) else {
            gateway.count_without_entry(self.half(), packets, bytes);
            return Seen::quietly(VerdictId::OUT_OF_SCOPE);
        };
        if opening.may_answer || opening.expected != VerdictId::NOT_EXPECTED {
            let glimpse = self.glimpse();
            opening = opening::as_announced(gateway, self.view, generation, self.key, glimpse, opening);
        }
        let (verdict, mut bits) = (opening.verdict, opening.bits);
        let low_asked = bits & state::INITIATOR_HIGH == 0;
        let responder = if low_asked { self.key.high } else { self.key.low };
        if responder.is_group() {
            bits |= state::NO_ANSWER_EXPECTED;
        }
        bits = advance(bits, self.packet.signs, self.from_low);
        let entry = Entry {
            key: self.key,
            claim: Claim {
                tag: Claim::tag_of(hash),
                generation: generation as u16,
                verdict,
            },
            state: bits,
            places: match Room::of(verdict, bits) {
                Room::Answered => ANYWHERE,
                room => gateway.spend(room),
            },
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
        Seen {
            verdict,
            announces: opening.announces.then_some(Kind::Tftp),
            low_asked,
        }
    }
}
