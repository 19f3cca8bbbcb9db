//! Time as an argument: instants, civil days of Asia/Shanghai, and the clock that a role holds.

use std::fmt;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate, SecondsFormat, TimeZone as _};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Text};
use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970 in UTC. Text form is RFC 3339 with +08:00.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Timestamp(i64);

/// China Standard Time, without daylight saving since 1991.
fn shanghai() -> FixedOffset {
    #[expect(clippy::expect_used, reason = "eight hours is a valid offset")]
    FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset")
}

impl Timestamp {
    /// The instant `micros` microseconds after 1970 began in UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `seconds` seconds after 1970 began in UTC.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since 1970, rounded down, as JWTs count.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant and `span` later; stays at the end of time instead of overflowing.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This instant and `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The civil day in Shanghai.
    pub fn day(self) -> Day {
        Day::of(self.local().date_naive())
    }

    /// Wall time in Shanghai.
    pub fn local(self) -> DateTime<FixedOffset> {
        let utc = DateTime::from_timestamp_micros(self.0).unwrap_or_default();
        utc.with_timezone(&shanghai())
    }

    /// `2026-03-02 10:05`, for people.
    pub fn minute(self) -> String {
        self.local().format("%Y-%m-%d %H:%M").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.local().to_rfc3339_opts(SecondsFormat::Millis, false))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an RFC 3339 instant with an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with an offset")]
pub struct NotATime;

impl FromStr for Timestamp {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let parsed = DateTime::parse_from_rfc3339(text).ok().ok_or(NotATime)?;
        Ok(Self(parsed.timestamp_micros()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for Timestamp
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for Timestamp
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

/// A civil day of Asia/Shanghai, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Day {
    date: NaiveDate,
    text: [u8; 10],
}

impl Day {
    fn of(date: NaiveDate) -> Self {
        let mut text = *b"0000-00-00";
        // Years beyond four digits do not occur: parsing refuses them and clocks do not reach them.
        let written = date.format("%Y-%m-%d").to_string();
        if written.len() == text.len() {
            text.copy_from_slice(written.as_bytes());
        }
        Self { date, text }
    }

    /// `2026-03-02`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The first instant of the day.
    pub fn start(&self) -> Timestamp {
        let midnight = self.date.and_time(chrono::NaiveTime::MIN);
        let local = shanghai().from_local_datetime(&midnight).single().unwrap_or_default();
        Timestamp(local.timestamp_micros())
    }

    /// The first instant after the day.
    pub fn end(&self) -> Timestamp {
        self.next().start()
    }

    /// The day after.
    #[must_use]
    pub fn next(&self) -> Self {
        self.plus(1)
    }

    /// The day before.
    #[must_use]
    pub fn previous(&self) -> Self {
        Self::of(self.date.checked_sub_days(Days::new(1)).unwrap_or(self.date))
    }

    /// The day `days` later.
    #[must_use]
    pub fn plus(&self, days: u32) -> Self {
        Self::of(self.date.checked_add_days(Days::new(days.into())).unwrap_or(self.date))
    }

    /// Days from `earlier` to here; negative if `earlier` is later.
    pub fn days_since(&self, earlier: &Self) -> i64 {
        (self.date - earlier.date).num_days()
    }

    /// The month, `2026-03`.
    pub fn month(&self) -> &str {
        self.as_str().get(..7).unwrap_or_default()
    }

    /// The first day of the month.
    #[must_use]
    pub fn first_of_month(&self) -> Self {
        Self::of(self.date.with_day(1).unwrap_or(self.date))
    }

    /// The last day of the month.
    #[must_use]
    pub fn last_of_month(&self) -> Self {
        let days = u32::from(self.date.num_days_in_month());
        Self::of(self.date.with_day(days).unwrap_or(self.date))
    }

    /// Monday is 0, Sunday 6.
    pub fn weekday(&self) -> u32 {
        self.date.weekday().num_days_from_monday()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a civil day, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a civil day, YYYY-MM-DD")]
pub struct NotADay;

impl FromStr for Day {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let day = Self::of(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().ok_or(NotADay)?);
        if day.as_str() == text { Ok(day) } else { Err(NotADay) }
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<DB: Backend> ToSql<Text, DB> for Day
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Day
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(String::from_sql(bytes)?.parse()?)
    }
}

/// Where a role takes the time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The machine's clock plus an offset that several processes share through a file. A
    /// simulated city moves time forward by writing a new offset.
    Shared(Arc<std::fs::File>),
    /// A clock that moves only when told to; for tests.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at` until [`Clock::set`].
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.0)))
    }

    /// A clock shared through the file at `path`, which is made with offset zero if absent.
    ///
    /// # Errors
    ///
    /// Those of opening the file.
    pub fn shared(path: &Path) -> std::io::Result<Self> {
        let options = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        if options.metadata()?.len() < 8 {
            options.write_all_at(&0_i64.to_le_bytes(), 0)?;
        }
        Ok(Self::Shared(Arc::new(options)))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_now(),
            Self::Shared(file) => {
                let mut offset = [0; 8];
                match file.read_exact_at(&mut offset, 0) {
                    Ok(()) => Timestamp(system_now().0 + i64::from_le_bytes(offset)),
                    Err(_) => system_now(),
                }
            }
            Self::Manual(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual or shared clock to `at`; the machine's clock is not moved.
    ///
    /// # Errors
    ///
    /// Those of writing the shared file.
    pub fn set(&self, at: Timestamp) -> std::io::Result<()> {
        match self {
            Self::System => Ok(()),
            Self::Shared(file) => file.write_all_at(&(at.0 - system_now().0).to_le_bytes(), 0),
            Self::Manual(now) => {
                now.store(at.0, Ordering::SeqCst);
                Ok(())
            }
        }
    }

    /// Moves a manual or shared clock forward by `span`.
    ///
    /// # Errors
    ///
    /// Those of writing the shared file.
    pub fn advance(&self, span: Duration) -> std::io::Result<()> {
        self.set(self.now().plus(span))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(i64::MAX))
}

/// A measure of elapsed real time, for spans and progress; never for facts.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Real time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_civil_day_begins_at_sixteen_hours_utc() {
        let before: Timestamp = "2026-03-01T15:59:59Z".parse().unwrap();
        assert_eq!(before.day().as_str(), "2026-03-01");
        assert_eq!(before.plus(Duration::from_secs(1)), before.day().end());
        assert_eq!(before.day().end().to_string(), "2026-03-02T00:00:00.000+08:00");
    }

    #[test]
    fn days_are_parsed_only_in_one_form() {
        assert!("2026-02-29".parse::<Day>().is_err());
        assert!("2026-3-2".parse::<Day>().is_err());
        let day: Day = "2026-02-28".parse().unwrap();
        assert_eq!(day.next().as_str(), "2026-03-01");
        assert_eq!(day.last_of_month(), day);
        assert_eq!(day.first_of_month().as_str(), "2026-02-01");
    }

    #[test]
    fn a_shared_clock_moves_for_everyone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        let (one, two) = (Clock::shared(&path).unwrap(), Clock::shared(&path).unwrap());
        one.advance(Duration::from_secs(86_400)).unwrap();
        assert!(two.now().since(system_now()) > Duration::from_secs(86_000));
    }
}
