//! Halves of translated conversations whose slots were freed: they wait for their other half, which may live on for a
//! while, so that the two are counted as one flow.

use std::borrow::Cow;

use super::translation::Translations;
use super::{Flow, Totals};

/// Halves that are gone from the flow table and not yet counted.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    pub(super) halves: Vec<Flow>,
}

impl Waiting {
    /// Halves that wait at most. Beyond, the oldest are counted as flows of their own.
    pub const CAPACITY: usize = 1 << 16;

    /// Takes flows whose slots were freed, and adds to the totals what is settled: flows that are no halves, halves that
    /// found each other, and halves that were last seen before `patience`.
    pub fn settle(
        &mut self,
        translations: &Translations,
        expired: Vec<Flow>,
        patience: u64,
        totals: &mut Totals,
    ) {
        let before = self.halves.len();
        for flow in expired {
            if translations.may_be_half(&flow) {
                self.halves.push(flow);
            } else {
                totals.add(&flow);
            }
        }
        if self.halves.len() > before {
            let joined = translations.join(&self.halves);
            totals.move_packets(&joined.moved);
            self.halves.clear();
            for whole in joined.flows {
                if whole.joined {
                    totals.add(&whole.flow);
                } else {
                    self.halves.push(whole.flow);
                }
            }
        }
        let beyond = self.halves.len().saturating_sub(Self::CAPACITY);
        let mut place = 0;
        self.halves.retain(|half| {
            place += 1;
            let stays = place > beyond && half.last_seen >= patience;
            if !stays {
                totals.add(half);
            }
            stays
        });
    }

    /// Live flows and these halves, joined: the flows to list, and totals of all that was ever counted.
    #[must_use]
    pub fn with<'a>(
        &self,
        translations: &Translations,
        live: &'a [Flow],
        gone: &Totals,
    ) -> (Cow<'a, [Flow]>, Totals) {
        if translations.is_empty() {
            return (Cow::Borrowed(live), gone.with(live));
        }
        let all = [live, &self.halves].concat();
        let joined = translations.join(&all);
        let mut totals = gone.with(joined.flows.iter().map(|whole| &whole.flow));
        totals.move_packets(&joined.moved);
        let listed = joined.flows.iter();
        // A half that is gone and whose other half is too, or never was, is no flow that lives.
        let listed = listed.filter(|whole| whole.joined || whole.place < live.len());
        (listed.map(|whole| whole.flow).collect(), totals)
    }
}
