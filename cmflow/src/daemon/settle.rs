//! Writing the history whenever somebody wants to read it.

use std::sync::{Mutex, PoisonError, mpsc};

use super::observer::Observer;

/// Writes the history up to now, and waits for it without keeping anybody from counting.
///
/// # Errors
/// Why it is not written.
pub(super) fn settle(observer: &Mutex<Observer>) -> Result<(), String> {
    let (done, written) = mpsc::channel();
    let read = observer
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .record(Some(done));
    let came = match read {
        Ok(_) => written
            .recv()
            .unwrap_or_else(|_| Err("the daemon ends".to_owned())),
        Err(error) => Err(format!("the counters cannot be read: {error}")),
    };
    came.map_err(|why| format!("the history cannot be written: {why}"))
}
