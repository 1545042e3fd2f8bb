//! `rpc` and `rpc-lifetime-minutes` under `[options]`: what a flow to a dynamic port counts as (note 6).

use std::time::Duration;

use super::draft::Draft;
use super::general::once;
use super::value::{Entry, choice, number};
use crate::site::Rpc;

/// Key of the choice.
pub(super) const KEY: &str = "rpc";
/// Key of how long an announcement holds.
pub(super) const LIFETIME: &str = "rpc-lifetime-minutes";

/// A day: what is longer is no longer news of a conversation.
const LONGEST_MINUTES: u32 = 1440;

pub(super) fn read(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    let report = &mut draft.report;
    if once(report, &mut draft.general_places, KEY, entry)
        && let Some(choice) = choice(report, entry, &Rpc::ALL, Rpc::name)
    {
        draft.model.rpc = choice;
    }
}

pub(super) fn lifetime(draft: &mut Draft<'_>, entry: &Entry<'_>) {
    let report = &mut draft.report;
    if once(report, &mut draft.general_places, LIFETIME, entry)
        && let Some(minutes) = number(report, entry, 1, LONGEST_MINUTES)
    {
        draft.model.rpc_lifetime = Duration::from_secs(u64::from(minutes) * 60);
    }
}
