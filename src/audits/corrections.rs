//! Corrections: which number corrects which, and on which side of the cutoff.
//!
//! A record that was corrected before the cutoff is judged by its correction. After the cutoff it
//! counts as it was; the correction is shown as a repair, and nobody opens it for that.
//!
//! Source: `protocol.md` §5 (`amends`), `security.md` B23.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::error::AuditError;
use super::model::from_row;
use super::population::{Batch, Span};
use super::store;
use crate::cases::{self, Finding};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, FindingId, StreamId};
use crate::foundation::jobs::Tally;
use crate::foundation::time::Timestamp;
use crate::intake::{self, Manifest};

/// So long after a finding a correction of its record is looked for.
const WATCHED: Duration = Duration::from_secs(180 * 86_400);

/// The amendments of a stored batch as (new, old).
pub(super) fn amends_of(batch: &intake::Batch) -> Result<Vec<(u64, u64)>, AuditError> {
    Manifest::amends_in(&batch.manifest).map_err(|cause| AuditError::Damaged {
        what: "manifest of a batch",
        id: batch.id.to_string(),
        cause: cause.to_string(),
    })
}

/// The batches of one stream as the population check sees them: numbers that correct others apart
/// from those that do not. A correction is as late as what it corrects, so that mending a record
/// after its day makes nobody late. `late` says whether a batch came too late.
pub(super) fn split<'a>(
    batches: &'a [intake::Batch],
    late: impl Fn(&intake::Batch) -> bool,
) -> Result<Vec<Batch<'a>>, AuditError> {
    let amends: Vec<Vec<(u64, u64)>> = batches.iter().map(amends_of).collect::<Result<_, _>>()?;
    let corrected: HashMap<u64, u64> = amends.iter().flatten().copied().collect();
    let mut timely: Vec<Span> = batches.iter().filter(|batch| !late(batch)).map(numbers).collect();
    timely.sort_unstable();
    let was_timely = |number: u64| {
        let mut at = number;
        // What is corrected has a lower number, so this ends.
        while let Some(old) = corrected.get(&at) {
            at = *old;
        }
        let behind = timely.partition_point(|span| span.first <= at);
        behind.checked_sub(1).is_some_and(|place| at <= timely[place].last)
    };
    let mut parts = Vec::with_capacity(batches.len());
    for (batch, mut amends) in batches.iter().zip(amends) {
        let (day, Span { first, last }, late) = (batch.day.as_str(), numbers(batch), late(batch));
        let mut next = first;
        amends.sort_unstable();
        for (new, old) in amends {
            if next < new {
                let numbers = Span::new(next, new - 1);
                parts.push(Batch { day, numbers, late, corrects: false });
            }
            let late = late && !was_timely(old);
            parts.push(Batch { day, numbers: Span::new(new, new), late, corrects: true });
            next = new + 1;
        }
        if next <= last {
            parts.push(Batch { day, numbers: Span::new(next, last), late, corrects: false });
        }
    }
    Ok(parts)
}

fn numbers(batch: &intake::Batch) -> Span {
    Span::new(from_row(batch.first), from_row(batch.last))
}

/// A number that corrects another, and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Correction {
    new: u64,
    old: u64,
    at: Timestamp,
}

/// The newest correction of any of `numbers` that came at `cutoff` or after it, and when.
fn repair(
    corrections: &[Correction],
    numbers: &BTreeSet<u64>,
    cutoff: Timestamp,
) -> Option<(u64, Timestamp)> {
    let mut reached = numbers.clone();
    let mut newest = None;
    // Ascending, so that a correction of a correction finds it there.
    for it in corrections.iter().filter(|it| it.at >= cutoff) {
        if reached.contains(&it.old) {
            reached.insert(it.new);
            newest = newest.max(Some((it.new, it.at)));
        }
    }
    newest
}

/// Notes beside each finding about a drawn record whether a correction came after the cutoff, for
/// 180 days. A stream with a damaged row is left out, with an error in the operator's log. Counts
/// `repaired` and `damaged`.
///
/// # Errors
///
/// Those of the store; what was noted before stays noted.
pub async fn note_repairs(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let since = house.clock.now().minus(WATCHED);
    let read = move |conn: &mut Conn| {
        let mut streams: BTreeMap<StreamId, Vec<Finding>> = BTreeMap::new();
        for finding in cases::findings_about_records(conn, since)? {
            if let Some(stream) = finding.stream {
                streams.entry(stream).or_default().push(finding);
            }
        }
        Ok::<_, AuditError>(streams)
    };
    for (stream, findings) in house.store.read("audits.unrepaired", read).await? {
        let read = move |conn: &mut Conn| repairs(conn, stream, &findings);
        let found = match house.store.read("audits.repairs", read).await {
            Err(AuditError::Damaged { what, id, cause }) => {
                tracing::error!(%stream, what, id, cause, "repairs of {stream} are not looked for");
                tally.add("damaged", 1);
                continue;
            }
            found => found?,
        };
        for (finding, number, at) in found {
            let write = move |tx: &mut Conn| {
                Ok::<_, AuditError>(cases::note_repair_in(tx, finding, number, at)?)
            };
            let noted = house.store.write("audits.note_repair", write).await?;
            tally.add("repaired", noted.into());
        }
    }
    Ok(tally)
}

/// The repairs of the records that `findings` about `stream` are about.
fn repairs(
    conn: &mut Conn,
    stream: StreamId,
    findings: &[Finding],
) -> Result<Vec<(FindingId, u64, Timestamp)>, AuditError> {
    let mut wanted = Vec::with_capacity(findings.len());
    for finding in findings {
        let (Some(audit), Some(judged)) = (finding.audit, finding.first_number) else { continue };
        if let Some((cutoff, numbers)) = drawn_as(conn, audit, stream, judged)? {
            wanted.push((finding.id, cutoff, numbers));
        }
    }
    let Some(first) = wanted.iter().map(|(_, cutoff, _)| *cutoff).min() else {
        return Ok(Vec::new());
    };
    let mut corrections = Vec::new();
    for batch in intake::batches_since(conn, stream, first)? {
        let at = batch.received_at;
        let pairs = amends_of(&batch)?.into_iter();
        corrections.extend(pairs.map(|(new, old)| Correction { new, old, at }));
    }
    corrections.sort_unstable_by_key(|it| it.new);
    let found = wanted.into_iter().filter_map(|(finding, cutoff, numbers)| {
        repair(&corrections, &numbers, cutoff).map(|(number, at)| (finding, number, at))
    });
    Ok(found.collect())
}

/// The cutoff of an audit, and the numbers that were drawn and judged by `judged`, itself among
/// them.
fn drawn_as(
    conn: &mut Conn,
    audit: AuditId,
    stream: StreamId,
    judged: i64,
) -> Result<Option<(Timestamp, BTreeSet<u64>)>, AuditError> {
    let Some(audit) = store::audit(conn, audit)? else { return Ok(None) };
    let Some(period) = store::period(conn, audit.plan_id, &audit.period)? else { return Ok(None) };
    let rows = store::openings_of(conn, audit.id)?.into_iter();
    let own = rows.filter(|row| row.stream_id == stream && row.judged == judged);
    let numbers = own.flat_map(|row| [from_row(row.number), from_row(row.judged)]).collect();
    Ok(Some((period.cutoff, numbers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correction(new: u64, old: u64, at: &str) -> Correction {
        Correction { new, old, at: at.parse().unwrap() }
    }

    #[test]
    fn a_repair_is_the_newest_of_a_chain_that_came_after_the_cutoff() {
        let corrections = [
            correction(9, 4, "2026-03-01T00:00:00Z"),
            correction(10, 4, "2026-03-03T00:00:00Z"),
            correction(11, 10, "2026-03-04T00:00:00Z"),
            correction(12, 9, "2026-03-05T00:00:00Z"),
        ];
        let of = |numbers: &[u64], cutoff: &str| {
            let numbers = numbers.iter().copied().collect();
            repair(&corrections, &numbers, cutoff.parse().unwrap()).map(|(number, _)| number)
        };
        assert_eq!(of(&[4], "2026-03-02T00:00:00Z"), Some(11));
        assert_eq!(of(&[4, 9], "2026-03-02T00:00:00Z"), Some(12), "drawn as 4, judged by 9");
        assert_eq!(of(&[4], "2026-03-03T12:00:00Z"), None);
        assert_eq!(of(&[5], "2026-03-02T00:00:00Z"), None);
    }
}
