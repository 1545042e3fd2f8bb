//! Takes the letters of one channel there, in a thread of its own: whatever hangs there delays nothing else.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::channel::Channel;
use super::letter::{Letter, Message, Sender};

/// Pauses between tries: the first, and the longest that it grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How long a channel may take over a letter.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a channel does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Letters that wait.
    pub queued: u64,
    /// Letters that arrived, since this daemon runs.
    pub delivered: u64,
    /// Letters that were given up, since this daemon runs: refused for good, or without room in the queue.
    pub failed: u64,
    /// Why the first one that waits does not arrive.
    pub problem: Option<String>,
}

struct Queue {
    channel: Channel,
    letters: VecDeque<Letter>,
    load: Load,
    /// Letters that found no room, and that no letter has said yet.
    dropped: u64,
    has_ended: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One channel's.
pub struct Courier {
    shared: Arc<Shared>,
}

impl Courier {
    /// Letters that may wait.
    pub const QUEUE: usize = 100;

    /// Starts one, with letters that an earlier daemon could not deliver.
    #[must_use]
    pub fn start(channel: Channel, sender: Sender, letters: Vec<Letter>) -> Self {
        let queue = Queue {
            channel,
            letters: letters.into(),
            load: Load::default(),
            dropped: 0,
            has_ended: false,
        };
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        // Nobody waits for its end: it may be in the middle of something that hangs.
        std::thread::spawn(move || run(&own, &sender));
        Self { shared }
    }

    /// Goes another way from now on, and at once.
    pub fn go_by(&self, channel: Channel) {
        let mut queue = self.shared.queue();
        if queue.channel != channel {
            queue.channel = channel;
            self.shared.changed.notify_all();
        }
    }

    /// Takes letters along. What finds no room is counted, and the next letter that arrives says so.
    pub fn take(&self, letters: &[Letter]) {
        let mut queue = self.shared.queue();
        for letter in letters {
            if queue.letters.len() < Self::QUEUE {
                queue.letters.push_back(letter.clone());
                continue;
            }
            if queue.dropped == 0 {
                log::error!(
                    "{}: {} letters wait already, and more find no room; the next one that arrives says how many",
                    queue.channel.name(),
                    Self::QUEUE
                );
            }
            queue.dropped += 1;
            queue.load.failed += 1;
        }
        self.shared.changed.notify_all();
    }

    /// Letters that have not arrived yet.
    #[must_use]
    pub fn waiting(&self) -> Vec<Letter> {
        self.shared.queue().letters.iter().cloned().collect()
    }

    /// How it does.
    #[must_use]
    pub fn load(&self) -> Load {
        let queue = self.shared.queue();
        Load {
            queued: queue.letters.len() as u64,
            ..queue.load.clone()
        }
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.shared.queue().has_ended = true;
        self.shared.changed.notify_all();
    }
}

fn run(shared: &Shared, sender: &Sender) {
    let mut pause = FIRST_PAUSE;
    let mut queue = shared.queue();
    while !queue.has_ended {
        let Some(letter) = queue.letters.front().cloned() else {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let (channel, dropped) = (queue.channel.clone(), queue.dropped);
        drop(queue);
        let came = channel.deliver(&Message::new(sender, &letter, dropped), PATIENCE);
        queue = shared.queue();
        let failure = match came {
            Ok(()) => {
                if queue.load.problem.take().is_some() {
                    log::info!("{}: letters arrive again", channel.name());
                }
                queue.letters.pop_front();
                queue.load.delivered += 1;
                queue.dropped -= dropped;
                pause = FIRST_PAUSE;
                continue;
            }
            Err(failure) => failure,
        };
        if failure.is_final {
            log::error!(
                "{}: letter {} is given up: {}",
                channel.name(),
                letter.number,
                failure.why
            );
            queue.letters.pop_front();
            queue.load.failed += 1;
            continue;
        }
        if queue.load.problem.as_ref() != Some(&failure.why) {
            log::warn!(
                "{}: letter {} did not arrive and is tried again: {}",
                channel.name(),
                letter.number,
                failure.why
            );
        }
        queue.load.problem = Some(failure.why);
        let same = |queue: &mut Queue| !queue.has_ended && queue.channel == channel;
        queue = shared
            .changed
            .wait_timeout_while(queue, pause, same)
            .map_or_else(|poisoned| poisoned.into_inner().0, |(queue, _)| queue);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
