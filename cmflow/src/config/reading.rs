//! What reading a site file needs to know beside the file.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What becomes of a rule of the user's own whose end has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is a mistake of the file.
    Refused,
    /// It is left out, with a warning: a gateway that restarts at night goes on counting.
    LeftOut,
}

/// The day on which a site file is read, and how strictly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The day.
    pub today: Date,
    /// What becomes of rules that ended before it.
    pub ended: Ended,
}

impl Reading {
    /// Today, in UTC.
    #[must_use]
    pub fn now(ended: Ended) -> Self {
        Self {
            today: Timestamp::now().to_zoned(TimeZone::UTC).date(),
            ended,
        }
    }
}
