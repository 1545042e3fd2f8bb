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
    /// found each other, and halves that were last seen before `patience`. Gives these flows.
    pub fn settle(
        &mut self,
        translations: &Translations,
        expired: Vec<Flow>,
        patience: u64,
        totals: &mut Totals,
    ) -> Vec<Flow> {
        let before = self.halves.len();
        let (halves, mut settled): (Vec<_>, Vec<_>) = expired
            .into_iter()
            .partition(|flow| translations.may_be_half(flow));
        self.halves.extend(halves);
        if self.halves.len() > before {
            let joined = translations.join(&self.halves);
            totals.move_packets(&joined.moved);
            self.halves.clear();
            for whole in joined.flows {
                if whole.joined {
                    settled.push(whole.flow);
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
                settled.push(*half);
            }
            stays
        });
        settled.iter().for_each(|flow| totals.add(flow));
        settled
    }

    /// Live flows and these halves, joined: every flow that is not counted as gone.
    #[must_use]
    pub fn all<'a>(&self, translations: &Translations, live: &'a [Flow]) -> Cow<'a, [Flow]> {
        if translations.is_empty() {
            return Cow::Borrowed(live);
        }
        let joined = translations.join(&[live, &self.halves].concat());
        joined.flows.into_iter().map(|whole| whole.flow).collect()
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
