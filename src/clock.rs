//! The clock: the system's, and a fake for tests.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Where the time comes from.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fake(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is told to go on; clones share the time.
    #[must_use]
    pub fn fake(start: Timestamp) -> Self {
        Self(Source::Fake(Arc::new(Mutex::new(start))))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
            Source::System => Timestamp::now(),
            Source::Fake(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fake clock on; the system's goes by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Fake(time) = &self.0 {
            let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
            *time = time.saturating_add(by).unwrap_or(Timestamp::MAX);
        }
    }

    /// The date in Japan.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now().to_zoned(japan()).date()
    }
}

/// Japan's time zone, as a fixed offset: there is no summer time, and the machine may have no time zone data.
#[must_use]
pub fn japan() -> TimeZone {
    TimeZone::fixed(tz::offset(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_japans() {
        let clock = Clock::fake("2026-03-31T14:59:00Z".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2026-03-31");
        clock.advance(SignedDuration::from_mins(1));
        assert_eq!(clock.today().to_string(), "2026-04-01");
    }
}
