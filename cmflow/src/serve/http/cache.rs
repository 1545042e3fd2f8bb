//! Answers that several ask for within one snapshot: each is made once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::Problem;
use super::page::Written;

/// Different answers of a snapshot that are kept at most.
const MOST: usize = 64;

type Answer = Arc<OnceCell<Result<Written, Problem>>>;

/// Answers of the newest snapshot.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<(u64, HashMap<String, Answer>)>);

impl Cache {
    /// The answer at that address, made by `make` where nobody did.
    pub(super) async fn answer(
        &self,
        number: u64,
        address: &str,
        make: impl Future<Output = Result<Written, Problem>>,
    ) -> Result<Written, Problem> {
        self.place(number, address).get_or_init(|| make).await.clone()
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
