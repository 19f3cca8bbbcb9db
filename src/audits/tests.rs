//! Tests of the whole way from a commitment to a verdict.

use std::time::Duration;

use diesel::prelude::*;

use super::error::Refusal;
use super::model::{AuditState, Conclusion, Outcome, PeriodState};
use super::testing::{City, Planted, day};
use super::{check_population, commit_draws, mark_cutoffs, recompute, run_audits};
use crate::audits::draw::{Frame, Interval};
use crate::foundation::db::schema::{
    audits_audits, audits_openings, audits_periods, intake_parts, keys_audit,
};
use crate::foundation::ids::LeafId;
use crate::ledger::{LeafKind, NewLeaf};
use crate::rules::Packs;

const SOUND: Planted = Planted::Sound;

#[tokio::test]
async fn a_clean_holder_passes_and_anyone_can_repeat_the_draw() {
    let city = City::played(&[SOUND; 200]).await;
    let tally = run_audits(city.house(), &city.desk).await.unwrap();
    assert_eq!((tally.count("done"), tally.count("revealed")), (1, 1));
    let audit = city.audit().await;
    assert_eq!((audit.verdict, audit.failing), (Some(Conclusion::Compliant), 0));
    assert_eq!((audit.frame_size, audit.opened), (200, 55));
    assert!(audit.upper_bound <= audit.tolerable);

    let period = city.period().await;
    assert_eq!(period.state, PeriodState::Closed);
    let stream = city.stream.to_string();
    let frame = Frame::new([Interval { stream, first: 1, last: 200 }]).unwrap();
    let repeated = recompute(
        &[period.revealed.unwrap().0],
        &period.tree_root.unwrap().0,
        &city.holder.to_string(),
        "2026-03-02+7",
        &frame,
        55,
    );
    let openings = city.openings(audit.id).await;
    let opened: Vec<_> = openings
        .iter()
        .map(|row| (row.stream_id.to_string(), u64::try_from(row.number).unwrap()))
        .collect();
    assert_eq!(opened, repeated);
    assert_eq!(city.findings().await.len(), 0);
    city.log.holds_together().await;
}

#[tokio::test]
async fn a_bad_holder_fails_with_a_finding_for_each_record_that_was_opened() {
    let mut planted = [SOUND; 200];
    planted.iter_mut().step_by(2).for_each(|record| *record = Planted::NoRoom);
    let city = City::played(&planted).await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!((audit.verdict, audit.opened), (Some(Conclusion::NonCompliant), 20));
    assert!(audit.lower_bound > audit.tolerable);
    let findings = city.findings().await;
    assert_eq!(findings["non_compliant"], 1);
    assert_eq!(i64::try_from(findings["record_failed"]).unwrap(), audit.failing);
    let openings = city.openings(audit.id).await;
    let failed = openings.iter().find(|row| row.outcome == Some(Outcome::Fail)).unwrap();
    assert_eq!(failed.failures().unwrap()[0].rule, "lodging.room_no.missing");
    assert_eq!(failed.number % 2, 1);
}

#[tokio::test]
async fn unopenable_and_mismatched_records_fail_and_are_never_redrawn() {
    let planted = [Planted::Garbage, Planted::OtherContent, Planted::OtherNumber, SOUND, SOUND];
    let city = City::played(&planted).await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    let openings = city.openings(audit.id).await;
    assert_eq!((openings.len(), audit.opened, audit.failing), (5, 5, 3));
    assert_eq!(audit.verdict, Some(Conclusion::NonCompliant));
    let findings = city.findings().await;
    let kinds = ["unopenable", "commitment_mismatch", "record_failed", "non_compliant"];
    assert!(kinds.iter().all(|kind| findings[*kind] == 1), "{findings:?}");
}

#[tokio::test]
async fn a_record_amended_before_the_cutoff_is_judged_by_its_latest_amendment() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    city.push(day("2026-03-02"), 1, &[Planted::NoRoom; 4], &[]).await;
    let amends = [(5, 1), (6, 2), (7, 3), (8, 4), (9, 5)];
    let corrections = [Planted::NoRoom, SOUND, SOUND, SOUND, SOUND];
    city.push(day("2026-03-03"), 5, &corrections, &amends).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!((audit.verdict, audit.failing), (Some(Conclusion::Compliant), 0));
    for row in city.openings(audit.id).await {
        let latest = [9, 6, 7, 8, 9, 6, 7, 8, 9][usize::try_from(row.number).unwrap() - 1];
        assert_eq!(row.judged, latest);
    }
}

#[tokio::test]
async fn a_correction_that_names_another_record_than_its_batch_fails() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 2], &[]).await;
    // The records inside say nothing of a correction.
    let lines = [3, 4].map(|number| city.line(number, day("2026-03-03"), SOUND));
    city.push_lines("sealed", day("2026-03-03"), 3, &lines, &[(3, 1)]).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let openings = city.openings(city.audit().await.id).await;
    let failed: Vec<_> = openings.iter().filter(|row| row.outcome == Some(Outcome::Fail)).collect();
    assert_eq!(failed.len(), 2, "number 1 and its correction");
    assert!(
        failed
            .iter()
            .all(|row| row.judged == 3 && row.failures().unwrap()[0].rule == "lodging.record.place")
    );
}

#[tokio::test]
async fn a_holder_without_records_has_an_empty_audit() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.cut().await;
    let tally = run_audits(city.house(), &city.desk).await.unwrap();
    assert_eq!((tally.count("empty"), tally.count("revealed")), (1, 1));
    assert_eq!(city.audit().await.state, AuditState::Empty);
}

#[tokio::test]
async fn records_after_the_cutoff_are_outside_the_frame() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    city.push(day("2026-03-08"), 1, &[SOUND; 30], &[]).await;
    city.log.drained().await;
    city.go_to("2026-03-10T12:00:00+08:00");
    city.push(day("2026-03-08"), 31, &[Planted::NoRoom; 30], &[]).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!((audit.frame_size, audit.verdict), (30, Some(Conclusion::Compliant)));
}

#[tokio::test]
async fn every_opening_has_its_intent_in_an_earlier_checkpoint_than_its_result() {
    let city = City::played(&[SOUND; 60]).await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    city.log.drained().await;
    for row in city.openings(audit.id).await {
        let (intent, done) = (row.intent_leaf, row.done_leaf.unwrap());
        let index = move |id: LeafId| {
            move |conn: &mut _| crate::ledger::leaf(conn, id).map(|leaf| leaf.unwrap().index)
        };
        let (intent, done) = (city.read(index(intent)).await, city.read(index(done)).await);
        let signed = city.read(move |conn| crate::ledger::checkpoint_over(conn, intent)).await;
        assert!(signed.unwrap().size <= done);
    }
}

#[tokio::test]
async fn nothing_is_opened_while_the_intent_is_in_no_signed_checkpoint() {
    let city = City::played(&[SOUND; 60]).await;
    let City { log, mut desk, .. } = city;
    desk.patience = Duration::from_millis(150);
    let house = log.house.clone();
    log.running.stop().await.unwrap();
    let tally = run_audits(&house, &desk).await.unwrap();
    assert_eq!(tally.count("waiting"), 1);
    let read = |conn: &mut _| {
        let opened: i64 = audits_openings::table
            .filter(audits_openings::outcome.is_not_null())
            .count()
            .get_result(conn)?;
        let intended: i64 = audits_openings::table.count().get_result(conn)?;
        Ok::<_, super::AuditError>((opened, intended))
    };
    assert_eq!(house.store.read("test", read).await.unwrap(), (0, 20));

    // The sequencer comes back, and the same block is opened.
    let log = crate::ledger::testing::resumed(house.clone(), log.guard).await.unwrap();
    desk.patience = Duration::from_secs(10);
    assert_eq!(run_audits(&house, &desk).await.unwrap().count("done"), 1);
    log.holds_together().await;
}

#[tokio::test]
async fn a_run_cut_short_at_any_point_ends_with_the_same_verdict() {
    let mut planted = [SOUND; 120];
    planted[7] = Planted::NoRoom;
    let city = City::played(&planted).await;
    for millis in [5, 20, 40, 60, 80, 100, 120, 150] {
        let run = run_audits(city.house(), &city.desk);
        if let Ok(done) = tokio::time::timeout(Duration::from_millis(millis), run).await {
            done.unwrap();
        }
    }
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!((audit.state, audit.verdict), (AuditState::Done, Some(Conclusion::Compliant)));
    let openings = city.openings(audit.id).await;
    assert!(openings.iter().all(|row| row.outcome.is_some()));
    assert_eq!(i64::try_from(openings.len()).unwrap(), audit.opened);
    assert_eq!(city.leaves(LeafKind::DrawResult).await.len(), 1);
    assert_eq!(city.leaves(LeafKind::DrawFrame).await.len(), 1);
}

#[tokio::test]
async fn a_forged_work_order_opens_nothing() {
    // A block that the draw does not put there.
    let city = City::played(&[SOUND; 200]).await;
    let City { desk, .. } = &city;
    let slow = super::Desk { patience: Duration::ZERO, ..desk.clone() };
    run_audits(city.house(), &slow).await.unwrap();
    city.change(|conn| {
        let first = audits_openings::table.filter(audits_openings::ordinal.eq(3));
        diesel::update(first)
            .set((audits_openings::number.eq(77), audits_openings::judged.eq(77)))
            .execute(conn)
    })
    .await;
    let tally = run_audits(city.house(), &city.desk).await.unwrap();
    assert_eq!(tally.count("parked"), 1, "{tally:?}");
    let audit = city.audit().await;
    assert_eq!(audit.reason, Some(Refusal::Draw.to_string()));
    assert!(city.openings(audit.id).await.iter().all(|row| row.outcome.is_none()));
}

#[tokio::test]
async fn a_forged_outcome_is_found_before_anything_follows_from_it() {
    let city = City::played(&[SOUND; 200]).await;
    run_audits(city.house(), &city.desk).await.unwrap();
    city.change(|conn| {
        diesel::update(audits_audits::table)
            .set((audits_audits::state.eq("open"), audits_audits::verdict.eq(None::<String>)))
            .execute(conn)
    })
    .await;
    city.change(|conn| {
        diesel::update(audits_periods::table).set(audits_periods::state.eq("cut")).execute(conn)
    })
    .await;
    city.change(|conn| {
        let first = audits_openings::table.filter(audits_openings::ordinal.eq(0));
        diesel::update(first).set(audits_openings::outcome.eq("fail")).execute(conn)
    })
    .await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!(audit.state, AuditState::Parked);
    assert!(audit.reason.unwrap().contains("open_done"));
}

#[tokio::test]
async fn exchanged_lines_are_not_opened() {
    let city = City::played(&[SOUND; 30]).await;
    let other = city.line(1, day("2026-03-02"), SOUND);
    city.change(move |conn| {
        let lines = format!("{other}\n");
        diesel::update(intake_parts::table)
            .set(intake_parts::lines.eq(lines.as_bytes()))
            .execute(conn)
    })
    .await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert!(audit.reason.unwrap().contains("are not those that the log commits to"));
    assert!(city.openings(audit.id).await.iter().all(|row| row.outcome.is_none()));
}

#[tokio::test]
async fn a_commitment_after_the_period_closed_is_refused() {
    let city = City::new().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 30], &[]).await;
    city.log.drained().await;
    // The row is made in time and its leaf is numbered only after the last day.
    let City { log, desk, plan, .. } = city;
    log.running.stop().await.unwrap();
    commit_draws(&log.house, &desk.opener).await.unwrap();
    log.house.clock.set("2026-03-09T00:00:00+08:00".parse().unwrap()).unwrap();
    let log = crate::ledger::testing::resumed(log.house.clone(), log.guard).await.unwrap();
    log.drained().await;
    log.house.clock.set("2026-03-10T13:00:00+08:00".parse().unwrap()).unwrap();
    mark_cutoffs(&log.house).await.unwrap();
    let read = move |conn: &mut _| {
        Ok::<_, super::AuditError>(super::store::period(conn, plan.id, "2026-03-02+7")?)
    };
    let row = log.house.store.read("test", read).await.unwrap().unwrap();
    let limit = Duration::from_secs(10);
    crate::ledger::wait_for(&log.house, row.epoch_leaf.unwrap(), limit).await.unwrap();
    let tally = run_audits(&log.house, &desk).await.unwrap();
    assert_eq!(tally.count("refused"), 1);
    let row = log.house.store.read("test", read).await.unwrap().unwrap();
    assert_eq!(row.reason, Some(Refusal::CommittedLate.to_string()));
}

#[tokio::test]
async fn a_period_without_a_commitment_is_a_failed_draw() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.go_to("2026-03-24T10:00:00+08:00");
    let tally = commit_draws(city.house(), &city.desk.opener).await.unwrap();
    assert_eq!((tally.count("failed"), tally.count("committed")), (2, 1));
    let failed = city.leaves(LeafKind::DrawFailed).await;
    let mut periods: Vec<_> = failed.iter().map(|leaf| leaf["period"].to_string()).collect();
    periods.sort();
    assert_eq!(periods, ["\"2026-03-09+7\"", "\"2026-03-16+7\""]);
    let again = commit_draws(city.house(), &city.desk.opener).await.unwrap();
    assert_eq!((again.count("failed"), again.count("committed")), (0, 0));
}

#[tokio::test]
async fn a_second_commitment_is_refused() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    let mut body = city.leaves(LeafKind::DrawCommit).await.remove(0);
    body.as_object_mut().unwrap().remove("at");
    let leaf = NewLeaf::new(city.house(), LeafKind::DrawCommit, body);
    crate::ledger::testing::append(city.house(), &leaf).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    assert_eq!(city.period().await.reason, Some(Refusal::CommittedTwice.to_string()));
}

#[tokio::test]
async fn another_secret_than_the_committed_one_is_refused() {
    let city = City::played(&[SOUND; 30]).await;
    let row = city.period().await;
    let other = super::trust::keep_nonce(city.house(), &city.desk.opener, &row, &[7; 32]).unwrap();
    city.change(move |conn| {
        diesel::update(audits_periods::table)
            .set(audits_periods::nonce.eq(Some(&other)))
            .execute(conn)
    })
    .await;
    run_audits(city.house(), &city.desk).await.unwrap();
    assert_eq!(city.period().await.reason, Some(Refusal::Nonce.to_string()));
}

#[tokio::test]
async fn a_tree_that_is_not_the_signed_one_is_refused() {
    let city = City::played(&[SOUND; 30]).await;
    let mut desk = city.desk.clone();
    let other = crate::ledger::LogSigner::generate(&city.house().random);
    let other = crate::ledger::LogSigner::from_seed("log.test/hebi", &other).unwrap();
    desk.log = other.verifier().clone();
    run_audits(city.house(), &desk).await.unwrap();
    assert!(city.period().await.reason.unwrap().contains("not to be believed"));
}

#[tokio::test]
async fn a_missing_key_file_parks_the_audit_until_it_is_back() {
    let city = City::played(&[SOUND; 30]).await;
    let file = city.log.guard.folder.path().join(format!("periods/{}.key", city.key.kid));
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).unwrap();
    let tally = run_audits(city.house(), &city.desk).await.unwrap();
    assert_eq!((tally.count("parked"), tally.count("revealed")), (1, 0));
    let audit = city.audit().await;
    assert_eq!(audit.state, AuditState::Parked);
    assert!(audit.reason.unwrap().contains("is missing"));
    assert_eq!(city.findings().await.len(), 0);
    std::fs::rename(&away, &file).unwrap();
    assert_eq!(run_audits(city.house(), &city.desk).await.unwrap().count("done"), 1);
    assert_eq!(city.audit().await.reason, None);
}

#[tokio::test]
async fn a_wrong_key_parks_the_audit() {
    let city = City::played(&[SOUND; 30]).await;
    city.change(|conn| {
        diesel::update(keys_audit::table)
            .set(keys_audit::wrapped.eq([0_u8; 130].as_slice()))
            .execute(conn)
    })
    .await;
    run_audits(city.house(), &city.desk).await.unwrap();
    assert!(city.audit().await.reason.unwrap().contains("does not open"));
}

#[tokio::test]
async fn the_daily_budget_parks_the_rest_until_the_next_day() {
    let city = City::played(&[SOUND; 200]).await;
    let desk = super::Desk { daily_budget: 32, ..city.desk.clone() };
    run_audits(city.house(), &desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!((audit.state, audit.opened), (AuditState::Parked, 30));
    assert!(audit.reason.unwrap().contains("budget"));
    run_audits(city.house(), &desk).await.unwrap();
    assert_eq!(city.audit().await.opened, 30);
    city.go_to("2026-03-11T10:00:00+08:00");
    run_audits(city.house(), &desk).await.unwrap();
    assert_eq!(city.audit().await.state, AuditState::Done);
}

#[tokio::test]
async fn gaps_missing_days_and_wrong_counts_are_found_once() {
    let city = City::new().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 3], &[]).await;
    city.close(day("2026-03-02"), Some((1, 3)), 3).await;
    city.push(day("2026-03-04"), 6, &[SOUND; 2], &[]).await;
    city.close(day("2026-03-04"), Some((6, 8)), 3).await;
    for open in ["2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08"] {
        city.close(day(open), None, 0).await;
    }
    city.go_to("2026-03-05T02:15:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let found = city.findings().await;
    assert_eq!(found.get("missing_day"), Some(&1), "{found:?}");
    assert_eq!(found.get("gap"), None, "a gap may be filled until the cutoff");
    city.go_to("2026-03-11T02:15:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let found = city.findings().await;
    assert_eq!((found["gap"], found["missing_day"], found["close_mismatch"]), (2, 1 + 1, 1));
    let again = check_population(city.house(), &Packs::embedded()).await.unwrap();
    assert_eq!(again.count("findings"), 0);
}
