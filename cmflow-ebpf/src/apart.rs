//! Functions that the verifier checks once by themselves, for whatever they are called with, instead of anew on each
//! way that leads to them: global ones (Documentation/bpf/verifier.rst). They take numbers and plain memory.

use cmflow_common::expectation::{self, Kind};
use cmflow_common::flow::FlowKey;
use cmflow_common::opening::{self, Glimpse, Opening};

use crate::kernel::Kernel;
use crate::settings::Settings;

/// What [`cmflow_meet`] gives where nothing was expected: no detail is that large.
pub const NOT_MET: u64 = u64::MAX;

/// [`expectation::meet`].
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn cmflow_meet(kind: u32, key: *const FlowKey) -> u64 {
    // SAFETY: the verifier gives a global function a pointer to a whole key, or none.
    let (Some(kernel), Some(key)) = (Kernel::read(), unsafe { key.as_ref() }) else {
        return NOT_MET;
    };
    expectation::meet(&kernel, Kind::from_number(kind), key).unwrap_or(NOT_MET)
}

/// [`expectation::make`].
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn cmflow_make(kind: u32, key: *const FlowKey, detail: u64) -> u32 {
    // SAFETY: as above.
    if let (Some(kernel), Some(key)) = (Kernel::read(), unsafe { key.as_ref() }) {
        expectation::make(&kernel, Kind::from_number(kind), key, detail);
    }
    0
}

/// [`opening::first`] by the tables of a generation, as [`opening::Opening::word`].
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn cmflow_first(key: *const FlowKey, glimpse: u32, generation: u64) -> u64 {
    // SAFETY: as above.
    let (Some(kernel), Some(key)) = (Kernel::read(), unsafe { key.as_ref() }) else {
        return 0;
    };
    let glimpse = Glimpse::from_word(glimpse);
    opening::first(&kernel, &Settings, generation, key, glimpse).map_or(0, Opening::word)
}

/// [`opening::again`] by the tables of a generation: a verdict's number.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn cmflow_again(key: *const FlowKey, glimpse: u32, generation: u64, bits: u32) -> u32 {
    // SAFETY: as above.
    let (Some(kernel), Some(key)) = (Kernel::read(), unsafe { key.as_ref() }) else {
        return 0;
    };
    let glimpse = Glimpse::from_word(glimpse);
    opening::again(&kernel, &Settings, generation, key, glimpse, bits as u16)
        .map_or(0, |verdict| verdict.0.into())
}
