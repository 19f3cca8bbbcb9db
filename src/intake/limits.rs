//! How much a business may push, and how much a process takes in at a time.
//!
//! Three gates before a body is read: the client's daily records, the client's concurrent
//! requests, and the memory that all bodies of the process may hold together. The first two are
//! the client's (429), the third is ours (503).
//!
//! Source: `security.md` 3.2, 3.8, 3.9; draft-ietf-httpapi-ratelimit-headers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::foundation::ids::ClientId;
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};

/// How much a business may push, and how much a process takes in at a time.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Largest batch, in bytes.
    pub bytes: usize,
    /// Records a client may push on one civil day.
    pub daily_records: u64,
    /// Requests of a client that may run at a time.
    pub concurrent: u32,
    /// Bytes of bodies that the process may hold at a time.
    pub held_bytes: u32,
}

impl Default for BatchLimits {
    fn default() -> BatchLimits {
        BatchLimits {
            bytes: 16 * 1024 * 1024,
            daily_records: 5_000_000,
            concurrent: 4,
            held_bytes: 128 * 1024 * 1024,
        }
    }
}

/// How long a request may wait for memory.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bodies are admitted in steps of so many bytes.
const STEP: usize = 1024;

/// The gates of one process.
#[derive(Clone, Debug)]
pub struct Gates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: BatchLimits,
    memory: Arc<Semaphore>,
    clients: Mutex<HashMap<ClientId, Usage>>,
}

#[derive(Debug, Default)]
struct Usage {
    running: u32,
    /// The day that `records` counts, and how many were accepted on it.
    counted: Option<(Day, u64)>,
}

/// A request that has passed the gates; dropping it frees its place.
#[derive(Debug)]
pub struct Admitted {
    gates: Gates,
    client: ClientId,
    _memory: Option<OwnedSemaphorePermit>,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.gates.with(self.client, |usage| usage.running = usage.running.saturating_sub(1));
    }
}

impl Gates {
    /// Gates with these limits.
    #[must_use]
    pub fn new(limits: BatchLimits) -> Gates {
        let steps = usize::try_from(limits.held_bytes).unwrap_or(usize::MAX) / STEP;
        let memory = Arc::new(Semaphore::new(steps.min(Semaphore::MAX_PERMITS)));
        Gates(Arc::new(Inner { limits, memory, clients: Mutex::default() }))
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &BatchLimits {
        &self.0.limits
    }

    /// Lets one request of `client` in, whose body is `declared` bytes long, or unknown.
    ///
    /// # Errors
    ///
    /// 429 `quota-exceeded` where too many run already; 503 `temporary-reduced-capacity` where
    /// there is no memory within five seconds.
    pub async fn admit(
        &self,
        client: ClientId,
        declared: Option<usize>,
        now: Timestamp,
    ) -> Result<Admitted, Problem> {
        self.admit_within(PATIENCE, client, declared, now).await
    }

    async fn admit_within(
        &self,
        patience: Duration,
        client: ClientId,
        declared: Option<usize>,
        now: Timestamp,
    ) -> Result<Admitted, Problem> {
        let limit = self.0.limits.concurrent;
        let entered = self.with(client, |usage| {
            let room = usage.running < limit;
            usage.running += u32::from(room);
            room
        });
        if !entered {
            return Err(self.exceeded("conc", 1, now));
        }
        let mut admitted = Admitted { gates: self.clone(), client, _memory: None };
        let steps = declared.unwrap_or(self.0.limits.bytes).div_ceil(STEP).max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let wait = self.0.memory.clone().acquire_many_owned(steps);
        match tokio::time::timeout(patience, wait).await {
            Ok(Ok(permit)) => admitted._memory = Some(permit),
            _ => return Err(Problem::later("temporary-reduced-capacity", 30)),
        }
        Ok(admitted)
    }

    /// Whether the process still has to be told how much `client` pushed on `today`.
    pub(super) fn forgets(&self, client: ClientId, today: Day) -> bool {
        self.with(client, |usage| usage.counted.is_none_or(|(day, _)| day != today))
    }

    /// Tells how many records of `client` the store has of `today`.
    pub(super) fn recall(&self, client: ClientId, today: Day, records: u64) {
        self.with(client, |usage| {
            if usage.counted.is_none_or(|(day, _)| day != today) {
                usage.counted = Some((today, records));
            }
        });
    }

    /// Refuses `count` more records of `client` where they are beyond its day.
    pub(super) fn check(
        &self,
        client: ClientId,
        count: u64,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let used = self.with(client, |usage| match usage.counted {
            Some((day, used)) if day == now.day() => used,
            _ => 0,
        });
        if used.saturating_add(count) > self.0.limits.daily_records {
            let until_midnight = now.day().end().since(now).as_secs().max(1);
            return Err(self.exceeded("rec", until_midnight, now));
        }
        Ok(())
    }

    /// Counts accepted records.
    pub(super) fn accepted(&self, client: ClientId, count: u64, now: Timestamp) {
        self.with(client, |usage| {
            let used = match usage.counted {
                Some((day, used)) if day == now.day() => used,
                _ => 0,
            };
            usage.counted = Some((now.day(), used.saturating_add(count)));
        });
    }

    fn with<R>(&self, client: ClientId, f: impl FnOnce(&mut Usage) -> R) -> R {
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        f(clients.entry(client).or_default())
    }

    fn exceeded(&self, policy: &str, seconds: u64, now: Timestamp) -> Problem {
        let limits = &self.0.limits;
        let policies = format!(
            "\"rec\";q={};w=86400, \"conc\";q={};qu=\"concurrent-requests\"",
            limits.daily_records, limits.concurrent
        );
        tracing::info!(policy, at = %now, "quota exceeded");
        Problem::of(StatusCode::TOO_MANY_REQUESTS, "quota-exceeded")
            .with("violated-policies", vec![policy])
            .header(HeaderName::from_static("ratelimit-policy"), &policies)
            .header(HeaderName::from_static("ratelimit"), &format!("\"{policy}\";r=0;t={seconds}"))
            .header(header::RETRY_AFTER, &seconds.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: BatchLimits =
        BatchLimits { bytes: 4096, daily_records: 100, concurrent: 2, held_bytes: 8192 };

    fn client(n: u8) -> ClientId {
        format!("0198c0de-0000-7000-8000-0000000000{n:02}").parse().unwrap()
    }

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00+08:00".parse().unwrap()
    }

    #[tokio::test]
    async fn the_third_request_of_a_client_waits_for_a_place_and_others_do_not() {
        let gates = Gates::new(SMALL);
        let first = gates.admit(client(1), Some(10), noon()).await.unwrap();
        let _second = gates.admit(client(1), Some(10), noon()).await.unwrap();
        let refused = gates.admit(client(1), Some(10), noon()).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.name()), (429, "quota-exceeded"));
        let _other = gates.admit(client(2), Some(10), noon()).await.unwrap();
        drop(first);
        assert!(gates.admit(client(1), Some(10), noon()).await.is_ok());
    }

    #[tokio::test]
    async fn without_memory_a_request_is_sent_away_and_frees_its_place() {
        let gates = Gates::new(SMALL);
        let first = gates.admit(client(1), None, noon()).await.unwrap();
        let _second = gates.admit(client(2), Some(4096), noon()).await.unwrap();
        let patience = Duration::from_millis(5);
        let refused = gates.admit_within(patience, client(3), Some(1), noon()).await.unwrap_err();
        assert_eq!(refused.name(), "temporary-reduced-capacity");
        drop(first);
        let _a = gates.admit(client(3), Some(1), noon()).await.unwrap();
        let _b = gates.admit(client(3), Some(1), noon()).await.unwrap();
    }

    #[test]
    fn a_day_has_so_many_records_and_the_next_day_again() {
        let gates = Gates::new(SMALL);
        assert!(gates.forgets(client(1), noon().day()));
        gates.recall(client(1), noon().day(), 60);
        assert!(!gates.forgets(client(1), noon().day()));
        assert!(gates.check(client(1), 40, noon()).is_ok());
        gates.accepted(client(1), 40, noon());
        assert_eq!(gates.check(client(1), 1, noon()).unwrap_err().name(), "quota-exceeded");
        assert!(gates.check(client(2), 100, noon()).is_ok());
        assert!(gates.check(client(1), 100, noon().day().end()).is_ok());
    }
}
