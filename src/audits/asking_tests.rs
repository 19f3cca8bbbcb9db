//! Tests of draws from attested batches: asked, disclosed, late, missing, altered.

use std::time::Duration;

use diesel::prelude::*;

use super::error::{AuditError, Refusal};
use super::model::{AuditState, Cause, Conclusion};
use super::testing::{City, Planted, day};
use super::{commit_draws, remind, run_audits};
use crate::foundation::crypto::jwe;
use crate::foundation::db::schema::{intake_disclosures, notices_letters};
use crate::foundation::ids::{ClientId, StreamId};
use crate::intake::{self, Disclosure};
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::Modes;

/// A city whose guesthouse attested `count` records, beyond the cutoff, and their plaintexts.
async fn attested(count: u64, planted: Planted) -> (City, Vec<String>) {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    let first = day("2026-03-02");
    let records: Vec<String> = (1..=count).map(|n| city.record(n, first, planted)).collect();
    let lines: Vec<String> =
        records.iter().map(|record| jwe::commitment(record.as_bytes())).collect();
    city.push_lines("attested", first, 1, &lines, &[]).await;
    city.cut().await;
    (city, records)
}

/// What the newest block asks for.
async fn asked(city: &City) -> Vec<(StreamId, i64)> {
    let audit = city.audit().await.id;
    let rows = city.openings(audit).await;
    let block = rows.last().unwrap().block;
    rows.iter().filter(|row| row.block == block).map(|row| (row.stream_id, row.judged)).collect()
}

/// Discloses the records at `places` with the plaintext that `of` gives, as intake would.
async fn disclose(city: &City, places: &[(StreamId, i64)], of: impl Fn(i64) -> (String, String)) {
    let (house, audit) = (city.house(), city.audit().await);
    let (key, now) = (city.key.sealing_key().unwrap(), house.clock.now());
    let client = house.fresh::<ClientId>();
    let mut rows: Vec<Disclosure> = places
        .iter()
        .map(|(stream, seq)| {
            let (stated, sealed) = of(*seq);
            let line = jwe::seal(stated.as_bytes(), &city.key.kid, &key, &house.random).unwrap();
            let line = if stated == sealed {
                line
            } else {
                let (kid, text) = (&city.key.kid, sealed.as_bytes());
                super::block_tests::seal_with_other_commitment(&line, text, kid, &key)
            };
            Disclosure {
                audit_id: audit.id,
                stream_id: *stream,
                seq: *seq,
                holder_id: audit.holder_id,
                client_id: client,
                jwe: line,
                late: false,
                received_at: now,
                leaf_id: house.fresh(),
            }
        })
        .collect();
    let body = intake::disclosure_leaf(&rows.iter().collect::<Vec<_>>());
    let leaf = NewLeaf::new(house, LeafKind::Disclosure, body);
    rows.iter_mut().for_each(|row| row.leaf_id = leaf.id);
    let stored = house.store.write("test.disclose", move |tx| {
        for row in &rows {
            diesel::insert_into(intake_disclosures::table).values(row).execute(tx)?;
        }
        Ok::<_, AuditError>(append_in(tx, &leaf)?)
    });
    stored.await.unwrap();
    city.log.drained().await;
}

fn same(records: &[String]) -> impl Fn(i64) -> (String, String) {
    |seq| {
        let text = records[usize::try_from(seq).unwrap() - 1].clone();
        (text.clone(), text)
    }
}

async fn run(city: &City) -> crate::foundation::jobs::Tally {
    run_audits(city.house(), &city.desk).await.unwrap()
}

#[tokio::test]
async fn blocks_are_asked_for_one_after_the_other_until_the_verdict() {
    let (city, records) = attested(200, Planted::Sound).await;
    assert_eq!(run(&city).await.count("asked"), 1);
    let first = asked(&city).await;
    assert_eq!(first.len(), 20);
    let intent = &city.leaves(LeafKind::OpenIntent).await[0];
    assert_eq!(intent["disclose_by"], "2026-03-13T13:00:00.000+08:00");
    assert_eq!(run(&city).await.count("asked"), 1);
    assert_eq!(asked(&city).await, first);

    disclose(&city, &first[..19], same(&records)).await;
    assert_eq!(run(&city).await.count("asked"), 1);
    disclose(&city, &first[19..], same(&records)).await;
    assert_eq!(run(&city).await.count("asked"), 1);
    for _ in 0..7 {
        let next = asked(&city).await;
        assert_eq!(next.len(), 5);
        disclose(&city, &next, same(&records)).await;
        run(&city).await;
    }
    let audit = city.audit().await;
    assert_eq!((audit.verdict, audit.opened), (Some(Conclusion::Compliant), 55));
    assert_eq!((audit.failing, audit.modes), (0, Modes::Attested));
    assert_eq!(city.findings().await.len(), 0);
    let letters: i64 = city
        .read(|conn| {
            let requests = notices_letters::table.filter(notices_letters::kind.eq("request"));
            requests.count().get_result(conn)
        })
        .await;
    assert_eq!(letters, 8);
    city.log.holds_together().await;
}

#[tokio::test]
async fn what_is_missing_late_or_altered_fails() {
    let (city, records) = attested(6, Planted::Sound).await;
    run(&city).await;
    let places = asked(&city).await;
    disclose(&city, &places[..3], same(&records)).await;
    let (one, other) = (same(&records), same(&records));
    // The header claims the commitment, the content is another.
    disclose(&city, &places[3..4], |seq| (one(seq).0, format!("{} ", other(seq).0))).await;
    city.go_to("2026-03-13T13:00:00.001+08:00");
    disclose(&city, &places[4..5], same(&records)).await;
    assert_eq!(run(&city).await.count("asked"), 1, "what came on the limit may be on its way");
    city.go_to("2026-03-13T13:01:01+08:00");
    assert_eq!(run(&city).await.count("done"), 1);
    let audit = city.audit().await;
    assert_eq!((audit.verdict, audit.failing), (Some(Conclusion::NonCompliant), 3));
    let causes: Vec<Option<Cause>> =
        city.openings(audit.id).await.into_iter().map(|row| row.cause).collect();
    let expected = [
        None,
        None,
        None,
        Some(Cause::CommitmentMismatch),
        Some(Cause::DisclosedLate),
        Some(Cause::NotDisclosed),
    ];
    assert_eq!(causes, expected);
    let findings = city.findings().await;
    let kinds = ["commitment_mismatch", "disclosed_late", "not_disclosed", "non_compliant"];
    assert!(kinds.iter().all(|kind| findings[*kind] == 1), "{findings:?}");
    city.log.holds_together().await;
}

#[tokio::test]
async fn a_disclosure_on_the_limit_is_in_time_and_a_failing_record_fails() {
    let (city, records) = attested(3, Planted::NoRoom).await;
    run(&city).await;
    city.go_to("2026-03-13T13:00:00+08:00");
    disclose(&city, &asked(&city).await, same(&records)).await;
    assert_eq!(run(&city).await.count("done"), 1);
    let audit = city.audit().await;
    assert_eq!(audit.failing, 3);
    let rows = city.openings(audit.id).await;
    assert!(rows.iter().all(|row| row.cause == Some(Cause::RecordFailed)));
}

#[tokio::test]
async fn sealed_and_attested_records_of_one_block_are_judged_together() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    let first = day("2026-03-02");
    city.push(first, 1, &[Planted::Sound; 3], &[]).await;
    let records: Vec<String> = (1..=6).map(|n| city.record(n, first, Planted::Sound)).collect();
    let lines: Vec<String> =
        records[3..].iter().map(|record| jwe::commitment(record.as_bytes())).collect();
    city.push_lines("attested", first, 4, &lines, &[]).await;
    city.cut().await;
    run(&city).await;
    let places: Vec<_> = asked(&city).await.into_iter().filter(|(_, seq)| *seq > 3).collect();
    assert_eq!(places.len(), 3);
    disclose(&city, &places, same(&records)).await;
    assert_eq!(run(&city).await.count("done"), 1);
    let audit = city.audit().await;
    assert_eq!((audit.opened, audit.failing, audit.modes), (6, 0, Modes::Both));
}

#[tokio::test]
async fn a_disclosure_that_the_database_hides_or_makes_up_parks_the_audit() {
    let (city, records) = attested(4, Planted::Sound).await;
    run(&city).await;
    disclose(&city, &asked(&city).await, same(&records)).await;
    let hidden = city
        .read(|conn| {
            intake_disclosures::table.select(Disclosure::as_select()).load::<Disclosure>(conn)
        })
        .await;
    city.change(|tx| diesel::delete(intake_disclosures::table).execute(tx)).await;
    city.go_to("2026-03-20T13:00:00+08:00");
    let tally = run(&city).await;
    assert_eq!(tally.count("parked"), 1, "{tally:?}, {:?}", city.audit().await);
    let reason = Refusal::Leaf { kind: "disclosure" }.to_string();
    assert_eq!(city.audit().await.reason.as_deref(), Some(reason.as_str()));

    let mut altered = hidden.clone();
    altered[0].received_at = altered[0].received_at.plus(Duration::from_secs(1));
    let put = |rows: Vec<Disclosure>| {
        move |tx: &mut crate::foundation::db::Conn| {
            diesel::delete(intake_disclosures::table).execute(tx)?;
            rows.iter().try_fold(0, |count, row| {
                let put = diesel::insert_into(intake_disclosures::table).values(row);
                Ok(count + put.execute(tx)?)
            })
        }
    };
    city.change(put(altered)).await;
    assert_eq!(run(&city).await.count("parked"), 1);
    city.change(put(hidden)).await;
    assert_eq!(run(&city).await.count("done"), 1);
    assert_eq!(city.audit().await.state, AuditState::Done);
}

#[tokio::test]
async fn a_business_is_reminded_halfway_and_before_the_limit_once_each() {
    let (city, records) = attested(200, Planted::Sound).await;
    run(&city).await;
    let places = asked(&city).await;
    let reminded = || async { remind(city.house()).await.unwrap().count("reminded") };
    let hours = ["2026-03-12T00:50:00+08:00", "2026-03-12T01:00:00+08:00"];
    city.go_to(hours[0]);
    assert_eq!(reminded().await, 0);
    city.go_to(hours[1]);
    assert_eq!((reminded().await, reminded().await), (1, 0));
    disclose(&city, &places[..15], same(&records)).await;
    city.go_to("2026-03-13T01:00:00+08:00");
    assert_eq!((reminded().await, reminded().await), (1, 0));
    let letters: Vec<(String, String)> = city
        .read(|conn| {
            use notices_letters as l;
            let reminders = l::table.filter(l::slot.like("reminder-%")).order(l::id);
            reminders.select((l::kind, l::text)).load(conn)
        })
        .await;
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|(kind, _)| kind == "request"));
    assert!(letters[0].1.starts_with("提醒：") && letters[0].1.contains("下列 20 条"));
    assert!(letters[1].1.contains("下列 5 条记录被抽中，尚未收到披露"), "{}", letters[1].1);
}

#[tokio::test]
async fn nobody_is_reminded_of_what_has_come() {
    let (city, records) = attested(6, Planted::Sound).await;
    run(&city).await;
    disclose(&city, &asked(&city).await, same(&records)).await;
    city.go_to("2026-03-13T02:00:00+08:00");
    assert_eq!(remind(city.house()).await.unwrap().count("reminded"), 0);
}
