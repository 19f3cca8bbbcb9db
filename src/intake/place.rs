//! Where a batch or a day close belongs, and whether it may go there.
//!
//! What the registry and the keys say comes in as [`Facts`], faults go out.

use std::collections::HashMap;
use std::time::Duration;

use super::close::Close;
use super::closure::Closure;
use super::error::Fault;
use super::manifest::Manifest;
use crate::foundation::crypto::jwe::Code;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{DepartmentId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::keys;
use crate::registry::{self, StreamFacts};
use crate::rules::{Pack, Packs};

/// What the house knows of a stream when something comes in for it.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// What the registry says.
    pub(super) stream: StreamFacts,
    /// The audit keys of the competent department.
    pub(super) keys: SealingKeys,
}

/// What the house knows of `stream` at `now`; `None` where there is no such stream.
pub(super) fn facts(
    conn: &mut Conn,
    stream: StreamId,
    now: Timestamp,
) -> Result<Option<Facts>, StoreError> {
    let Some(stream) = registry::stream_for_push(conn, stream)? else { return Ok(None) };
    let keys = match stream.stream.department {
        Some(department) => sealing_keys(conn, department, now)?,
        None => SealingKeys::default(),
    };
    Ok(Some(Facts { stream, keys }))
}

/// The audit keys of `department`, and which of them are open at `now`.
pub(super) fn sealing_keys(
    conn: &mut Conn,
    department: DepartmentId,
    now: Timestamp,
) -> Result<SealingKeys, StoreError> {
    let keys = keys::list(conn, department)?.into_iter();
    Ok(SealingKeys(keys.map(|key| (key.kid.clone(), key.is_open(now))).collect()))
}

/// The pack in force for the records of `day`, or why there is none.
pub(super) fn pack_on<'a>(
    stream: &StreamFacts,
    packs: &'a Packs,
    day: Day,
) -> Result<&'a Pack, Fault> {
    let in_force = stream.pack_on(day).and_then(|in_force| packs.pack(&in_force.pack));
    match in_force.filter(|pack| pack.in_force(day.as_str())) {
        Some(pack) => Ok(pack),
        None => Err(Fault::new("claims", "day", "no rule pack is in force on this day")),
    }
}

fn day_fault(stream: &StreamFacts, day: Day) -> Option<Fault> {
    let why = "the stream is not open on this day";
    (!stream.stream.exists_on(day)).then(|| Fault::new("claims", "day", why))
}

/// Checks what a manifest says against the stream; tells whether the batch is late.
///
/// # Errors
///
/// Everything that keeps the batch out.
pub(super) fn check_batch(
    stream: &StreamFacts,
    packs: &Packs,
    manifest: &Manifest,
    now: Timestamp,
) -> Result<bool, Vec<Fault>> {
    let untimely = manifest.untimely(now).into_iter();
    let mut faults: Vec<Fault> =
        untimely.map(|fault| Fault::new("claims", fault.claim, fault.why)).collect();
    if !stream.stream.modes.allow(manifest.mode) {
        faults.push(Fault::new("mode", "mode", "the registry does not allow this mode"));
    }
    faults.extend(day_fault(stream, manifest.day));
    let pack = pack_on(stream, packs, manifest.day);
    match pack {
        Err(fault) => faults.push(fault),
        Ok(pack) if pack.id() != manifest.pack => {
            let why = format!("the rule pack in force is {}", pack.id());
            faults.push(Fault::new("claims", "pack", why));
        }
        Ok(pack) if faults.is_empty() && !pack.allows(manifest.mode.as_str()) => {
            faults.push(Fault::new("mode", "mode", "the rule pack does not allow this mode"));
        }
        Ok(pack) if faults.is_empty() => return Ok(is_late(manifest.day, pack, now)),
        Ok(_) => {}
    }
    Err(faults)
}

/// Checks what a day close says against its address and the stream; tells whether it is late.
///
/// # Errors
///
/// Everything that keeps the statement out.
pub(super) fn check_close(
    stream: &StreamFacts,
    packs: &Packs,
    close: &Close,
    address: (StreamId, Day),
    now: Timestamp,
) -> Result<bool, Vec<Fault>> {
    let untimely = close.untimely(now).into_iter();
    let mut faults: Vec<Fault> =
        untimely.map(|fault| Fault::new("claims", fault.claim, fault.why)).collect();
    if close.stream != address.0 {
        faults.push(Fault::new("claims", "stream", "is not the stream of the address"));
    }
    if close.day != address.1 {
        faults.push(Fault::new("claims", "day", "is not the day of the address"));
    }
    faults.extend(day_fault(stream, close.day));
    match pack_on(stream, packs, close.day) {
        Err(fault) => faults.push(fault),
        Ok(pack) => {
            let asked = pack.totals().iter().map(|total| total.name.as_str());
            if !close.states(asked.clone()) {
                let why = format!("states exactly: {}", asked.collect::<Vec<_>>().join(", "));
                faults.push(Fault::new("claims", "totals", why));
            }
            if faults.is_empty() {
                return Ok(is_late(close.day, pack, now));
            }
        }
    }
    Err(faults)
}

/// Checks what a declared closure says against its address and the stream; tells whether it came
/// after the deadline of its first day.
///
/// # Errors
///
/// Everything that keeps the statement out.
pub(super) fn check_closure(
    stream: &StreamFacts,
    packs: &Packs,
    closure: &Closure,
    address: (StreamId, Day),
    now: Timestamp,
) -> Result<bool, Vec<Fault>> {
    let untimely = closure.untimely(now).into_iter();
    let mut faults: Vec<Fault> =
        untimely.map(|fault| Fault::new("claims", fault.claim, fault.why)).collect();
    if closure.stream != address.0 {
        faults.push(Fault::new("claims", "stream", "is not the stream of the address"));
    }
    if closure.from != address.1 {
        faults.push(Fault::new("claims", "from", "is not the day of the address"));
    }
    if !stream.stream.exists_on(closure.from) {
        faults.push(Fault::new("claims", "from", "the stream is not open on this day"));
    }
    match pack_on(stream, packs, closure.from) {
        Err(_) => faults.push(Fault::new("claims", "from", "no rule pack is in force on this day")),
        Ok(pack) if faults.is_empty() => return Ok(is_late(closure.from, pack, now)),
        Ok(_) => {}
    }
    Err(faults)
}

/// Whether something that comes in at `now` for `day` is late under the rules of `pack`.
fn is_late(day: Day, pack: &Pack, now: Timestamp) -> bool {
    let hours = u64::from(pack.day_deadline_hours());
    now > day.end().plus(Duration::from_secs(hours * 3600))
}

/// Whether each audit key of a department is open for sealing, by `kid`.
#[derive(Clone, Debug, Default)]
pub(super) struct SealingKeys(HashMap<String, bool>);

impl SealingKeys {
    /// Whether a record may be sealed to the key `kid`.
    pub(super) fn allow(&self, kid: &str) -> Result<(), Code> {
        match self.0.get(kid) {
            Some(true) => Ok(()),
            Some(false) => Err(Code::KidClosed),
            None => Err(Code::Kid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_key_is_told_from_an_unknown_one() {
        let keys = [("ak-1".to_owned(), true), ("ak-0".to_owned(), false)];
        let keys = SealingKeys(keys.into_iter().collect());
        assert_eq!(keys.allow("ak-1"), Ok(()));
        assert_eq!(keys.allow("ak-0"), Err(Code::KidClosed));
        assert_eq!(keys.allow("ak-2"), Err(Code::Kid));
    }

    #[test]
    fn a_day_is_late_after_its_deadline() {
        let packs = Packs::embedded();
        let pack = packs.pack("lodging/2026.1").unwrap();
        let day: Day = "2026-03-02".parse().unwrap();
        let hours = u64::from(pack.day_deadline_hours());
        let deadline = day.end().plus(Duration::from_secs(hours * 3600));
        assert!(!is_late(day, pack, deadline));
        assert!(is_late(day, pack, deadline.plus(Duration::from_secs(1))));
    }
}
