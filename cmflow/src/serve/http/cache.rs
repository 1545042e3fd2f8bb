//! Answers that several ask for within one snapshot: each is made once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::Problem;
use super::page::Written;
use crate::snapshot::Snapshot;

/// Different answers of a snapshot that are kept at most.
const MOST: usize = 64;

type Answer = Arc<OnceCell<Result<Written, Problem>>>;

/// Answers of the newest snapshot.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<(u64, HashMap<String, Answer>)>);

impl Cache {
    /// The answer at that address, made by `make` where nobody did. It runs where it may take long.
    pub(super) async fn answer(
        &self,
        snapshot: Arc<Snapshot>,
        address: &str,
        make: impl FnOnce(&Snapshot) -> Result<Written, Problem> + Send + 'static,
    ) -> Result<Written, Problem> {
        let answer = self.place(snapshot.number, address);
        let made = answer.get_or_init(|| async {
            let made = tokio::task::spawn_blocking(move || make(&snapshot)).await;
            made.unwrap_or_else(|error| {
                Err(Problem::unavailable(&format!("no answer could be made: {error}")))
            })
        });
        made.await.clone()
    }

    fn place(&self, number: u64, address: &str) -> Answer {
        let Self(kept) = self;
        let (of, answers) = &mut *kept.lock().unwrap_or_else(PoisonError::into_inner);
        if *of < number {
            *of = number;
            answers.clear();
        }
        // Who asks of an older one, or asks for yet another answer, gets one of their own.
        if *of > number || answers.len() >= MOST && !answers.contains_key(address) {
            return Answer::default();
        }
        Arc::clone(answers.entry(address.to_owned()).or_default())
    }
}
