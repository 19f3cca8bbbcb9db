//! Reminders of requests to disclose: one halfway to the limit and one twelve hours before it,
//! while records are missing. A limit below a day has the first one only.

use std::collections::BTreeSet;
use std::time::Duration;

use super::asking;
use super::error::AuditError;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::jobs::Tally;
use crate::foundation::time::Timestamp;
use crate::intake::{self, DisclosureRequest};
use crate::notices::{self, Reminder};

/// The last reminder comes so long before the limit.
const LAST: Duration = Duration::from_secs(12 * 3600);

/// Writes the reminders that are due; each is written once, however often this runs. Counts
/// `reminded`, by letters.
///
/// # Errors
///
/// Those of the store and of the letters.
pub async fn remind(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(intake::requests_running(conn, now)?);
    for request in house.store.read("audits.requests", read).await? {
        let Some(which) = due(&request, now) else { continue };
        let inner = house.clone();
        let write = move |tx: &mut Conn| reminded(tx, &inner, &request, which);
        tally.add("reminded", house.store.write("audits.remind", write).await?);
    }
    Ok(tally)
}

/// The newest reminder of `request` that is due at `now`.
fn due(request: &DisclosureRequest, now: Timestamp) -> Option<Reminder> {
    let half = request.due.since(request.asked_at) / 2;
    let halfway = request.asked_at.plus(half);
    let last = request.due.minus(LAST);
    if now >= request.due {
        return None;
    }
    if now >= last && last > halfway {
        return Some(Reminder::Last);
    }
    (now >= halfway).then_some(Reminder::Halfway)
}

/// Writes one reminder of the records that have not come; gives how many letters.
fn reminded(
    tx: &mut Conn,
    house: &House,
    request: &DisclosureRequest,
    which: Reminder,
) -> Result<u64, AuditError> {
    let audit = request.audit_id;
    let came: BTreeSet<_> = intake::disclosures_of(tx, audit)?
        .into_iter()
        .map(|row| (row.stream_id, row.seq))
        .collect();
    let asked = intake::asked_of(tx, audit, request.block)?.into_iter();
    let mut missing: Vec<_> = asked.map(|row| (row.stream_id, row.seq)).collect();
    missing.retain(|place| !came.contains(place));
    if missing.is_empty() {
        return Ok(0);
    }
    let Some(letter) = asking::letter(tx, request, &missing, Some(which))? else { return Ok(0) };
    let queued = notices::enqueue_in(tx, house, &letter).map_err(AuditError::letter)?;
    Ok(queued.letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::ids::Id as _;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn asked(hours: u64) -> DisclosureRequest {
        let asked_at = at("2026-03-10T00:00:00Z");
        DisclosureRequest {
            audit_id: crate::foundation::ids::AuditId::from_uuid(uuid::Uuid::nil()),
            block: 0,
            holder_id: crate::foundation::ids::HolderId::from_uuid(uuid::Uuid::nil()),
            department_id: crate::foundation::ids::DepartmentId::from_uuid(uuid::Uuid::nil()),
            period: "2026-03".into(),
            due: asked_at.plus(Duration::from_secs(hours * 3600)),
            asked_at,
            leaf_id: crate::foundation::ids::LeafId::from_uuid(uuid::Uuid::nil()),
        }
    }

    #[test]
    fn a_reminder_comes_halfway_and_twelve_hours_before_the_limit() {
        let day = |hours: u64| asked(72).asked_at.plus(Duration::from_secs(hours * 3600));
        assert_eq!(due(&asked(72), day(35)), None);
        assert_eq!(due(&asked(72), day(36)), Some(Reminder::Halfway));
        assert_eq!(due(&asked(72), day(60)), Some(Reminder::Last));
        assert_eq!(due(&asked(72), day(72)), None);
        assert_eq!(due(&asked(24), day(12)), Some(Reminder::Halfway));
        assert_eq!(due(&asked(10), day(2)), None, "not at once");
        assert_eq!(due(&asked(10), day(9)), Some(Reminder::Halfway));
    }
}
