//! Who has shown the token already and may read on: sessions, kept in memory alone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use tokio_rustls::rustls::crypto::ring;

use super::Token;

/// A session ends after that time, used or not.
pub(super) const LENGTH: Duration = Duration::from_secs(12 * 3600);
/// Sessions at a time. One more ends the oldest.
const MOST: usize = 64;

#[derive(Debug)]
struct Session {
    /// Its id, which whoever reads this memory shall not be able to use.
    id: Token,
    ends: Instant,
}

/// Sessions, oldest first, and the cookie that names them.
#[derive(Debug)]
pub(super) struct Sessions {
    cookie: String,
    secure: bool,
    all: Mutex<Vec<Session>>,
}

impl Sessions {
    /// None yet. Cookies know no ports: each daemon of a machine has its own name for them.
    pub(super) fn new(port: u16, secure: bool) -> Self {
        Self {
            cookie: format!("cmflow-session-{port}"),
            secure,
            all: Mutex::default(),
        }
    }

    /// Begins one; the cookie that names it.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub(super) fn begin(&self, now: Instant) -> Result<String, String> {
        let mut id = [0; 32];
        let random = ring::default_provider().secure_random;
        random
            .fill(&mut id)
            .map_err(|_| "the system gives no random bytes".to_owned())?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut all = self.all();
        all.retain(|one| one.ends > now);
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push(Session {
            id: Token::of(&id),
            ends: now + LENGTH,
        });
        Ok(self.set(&id, LENGTH.as_secs()))
    }

    /// Whether a request belongs to one.
    pub(super) fn know(&self, headers: &HeaderMap, now: Instant) -> bool {
        let shown = self.shown(headers);
        let all = self.all();
        let known = |id: &str| all.iter().any(|one| one.ends > now && one.id.is(id));
        shown.into_iter().any(known)
    }

    /// Ends that of a request; the cookie that takes it away, and whether there was one.
    pub(super) fn end(&self, headers: &HeaderMap, now: Instant) -> (String, bool) {
        let shown = self.shown(headers);
        let mut all = self.all();
        all.retain(|one| one.ends > now);
        let before = all.len();
        all.retain(|one| !shown.iter().any(|id| one.id.is(id)));
        (self.set("", 0), all.len() < before)
    }

    fn set(&self, id: &str, seconds: u64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!(
            "{}={id}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}",
            self.cookie
        )
    }

    fn shown<'a>(&self, headers: &'a HeaderMap) -> Vec<&'a str> {
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .filter(|(name, _)| *name == self.cookie)
            .map(|(_, id)| id)
            .collect()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Session>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn sent(cookie: &str) -> HeaderMap {
        let pair = cookie.split(';').next().unwrap_or_default();
        let value = HeaderValue::try_from(format!("cmflow-theme=dark; {pair}")).expect("a header");
        HeaderMap::from_iter([(header::COOKIE, value)])
    }

    #[test]
    fn a_session_ends_by_time_by_wish_and_by_many_others() {
        let (sessions, begin) = (Sessions::new(8077, true), Instant::now());
        let first = sessions.begin(begin).expect("random bytes");
        assert!(
            first.starts_with("cmflow-session-8077=") && first.ends_with("; Secure"),
            "{first}"
        );
        assert!(sessions.know(&sent(&first), begin));
        let nearly = begin + LENGTH - Duration::from_secs(1);
        assert!(sessions.know(&sent(&first), nearly));
        assert!(!sessions.know(&sent(&first), begin + LENGTH));
        for stranger in ["", "cmflow-session-8077=", "cmflow-session-8077=00", "other=1"] {
            assert!(!sessions.know(&sent(stranger), begin), "{stranger}");
        }
        assert!(!sessions.know(&HeaderMap::new(), begin));

        let second = sessions.begin(begin).expect("random bytes");
        assert_ne!(first, second);
        let (gone, was) = sessions.end(&sent(&first), begin);
        assert!(was && gone.contains("Max-Age=0"), "{gone}");
        assert!(!sessions.know(&sent(&first), begin) && sessions.know(&sent(&second), begin));
        assert!(!sessions.end(&sent(&first), begin).1);

        for _ in 0..MOST {
            sessions.begin(begin).expect("random bytes");
        }
        assert!(!sessions.know(&sent(&second), begin));
        assert_eq!(sessions.all().len(), MOST);
    }

    #[test]
    fn ids_are_not_kept_and_no_plain_connection_is_promised_to_be_secure() {
        let sessions = Sessions::new(1, false);
        let cookie = sessions.begin(Instant::now()).expect("random bytes");
        let id = cookie.split(['=', ';']).nth(1).expect("an id");
        assert!(id.len() == 64 && !format!("{sessions:?}").contains(id));
        assert!(!cookie.contains("Secure") && cookie.contains("; HttpOnly; SameSite=Strict"));
    }
}
