//! Tests of closures, scores and the watch for drops, on a database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::check::check_all;
use super::error::AuditError;
use super::explain::lines;
use super::model::{Conclusion, Measure};
use super::score::{Class, Facts};
use super::store::standings::{self, Rates, ScoreRow};
use super::testing::{City, Planted, at, day};
use super::{check_population, note_repairs, run_audits, score_holders, store, watch_drops};
use crate::cases::Severity;
use crate::foundation::db::schema::{
    cases_findings, intake_batches, intake_closes, intake_closures,
};
use crate::foundation::ids::{BatchId, ClientId, CloseId, LeafId};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::rules::Packs;

const SOUND: Planted = Planted::Sound;
const DAWN: &str = "2026-01-01T00:00:00+08:00";
const PERIOD: &str = "2026-03-02+7";

impl City {
    /// Stores a declared closure or outage, as intake would, without its leaf.
    pub(super) async fn declare(&self, from: &str, to: &str, kind: &'static str) {
        let (house, holder, stream) = (self.house(), self.holder, self.stream);
        let (id, client) = (house.fresh::<CloseId>(), house.fresh::<ClientId>());
        let (leaf, now) = (house.fresh::<LeafId>(), house.clock.now());
        let (from, to) = (day(from), day(to));
        self.change(move |conn| {
            use intake_closures as c;
            diesel::insert_into(c::table)
                .values((
                    c::id.eq(id),
                    c::holder_id.eq(holder),
                    c::client_id.eq(client),
                    c::stream_id.eq(stream),
                    c::from_day.eq(from),
                    c::to_day.eq(to),
                    c::kind.eq(kind),
                    c::statement.eq("a.b.c"),
                    c::late.eq(false),
                    c::received_at.eq(now),
                    c::leaf_id.eq(leaf),
                ))
                .execute(conn)
        })
        .await;
    }

    /// Stores batches of 20 records a day for `days` days, without lines or leaves.
    async fn history(&self, days: i64) {
        let (house, holder, stream) = (self.house().clone(), self.holder, self.stream);
        let ids: Vec<(BatchId, LeafId)> =
            (0..days).map(|_| (house.fresh(), house.fresh())).collect();
        let client = house.fresh::<ClientId>();
        self.change(move |conn| {
            use intake_batches as b;
            let mut at = day("2026-03-02");
            for (first, (batch, leaf)) in (0..).zip(&ids) {
                let values = (
                    (
                        b::id.eq(*batch),
                        b::holder_id.eq(holder),
                        b::client_id.eq(client),
                        b::stream_id.eq(stream),
                        b::day.eq(at),
                        b::mode.eq("sealed"),
                        b::pack.eq("lodging/2026.1"),
                        b::first.eq(first * 20 + 1),
                        b::last.eq(first * 20 + 20),
                        b::count.eq(20_i64),
                    ),
                    (
                        b::size_bytes.eq(1_i64),
                        b::manifest.eq("a.b.c"),
                        b::body_digest.eq([0_u8; 32].as_slice()),
                        b::record_root.eq([0_u8; 32].as_slice()),
                        b::late.eq(false),
                        b::received_at.eq(at.end()),
                        b::leaf_id.eq(*leaf),
                    ),
                );
                diesel::insert_into(b::table).values(values).execute(conn)?;
                at = at.next();
            }
            Ok(1)
        })
        .await;
    }

    /// Writes figures from outside the register into every close.
    async fn figures(&self, totals: &'static str) {
        self.change(move |conn| {
            diesel::update(intake_closes::table).set(intake_closes::totals.eq(totals)).execute(conn)
        })
        .await;
    }

    async fn measure(&self) -> Measure {
        let stream = self.stream;
        self.read(move |conn| store::measure(conn, stream, PERIOD)).await.unwrap()
    }

    async fn standing(&self) -> (Vec<Rates>, Option<ScoreRow>) {
        let (holder, plan) = (self.holder, self.plan.id);
        let rates = move |conn: &mut _| standings::newest_rates(conn, holder, plan, 10);
        let score = move |conn: &mut _| standings::score(conn, holder, plan, PERIOD);
        (self.read(rates).await, self.read(score).await)
    }

    /// Goes to the night after the deadline of `day` and watches; gives the alarms.
    async fn watch(&self, day: Day) -> (u64, u64) {
        let night = format!("{}T02:30:00+08:00", day.plus(2));
        self.go_to(&night);
        let tally = watch_drops(self.house()).await.unwrap();
        (tally.count("observed"), tally.count("alarms"))
    }
}

#[tokio::test]
async fn a_declared_closure_exempts_its_days_and_records_on_them_are_found() {
    let city = City::new().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 3], &[]).await;
    city.close(day("2026-03-02"), Some((1, 3)), 3).await;
    city.declare("2026-03-03", "2026-03-08", "closure").await;
    city.push(day("2026-03-04"), 4, &[SOUND; 2], &[]).await;
    city.go_to("2026-03-10T23:00:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let seen = city.measure().await;
    assert_eq!((seen.exempt_days, seen.due_days, seen.missing_days), (6, 1, 0));
    let found = city.findings().await;
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("close_mismatch".to_owned(), 1)]);
}

#[tokio::test]
async fn an_outage_lets_records_come_later_and_a_late_declaration_exempts_nothing() {
    let city = City::new().await;
    city.declare("2026-03-03", "2026-03-03", "outage").await;
    city.go_to("2026-03-05T08:00:00+08:00");
    city.push(day("2026-03-03"), 1, &[SOUND; 2], &[]).await;
    city.declare("2026-03-02", "2026-03-02", "closure").await;
    city.go_to("2026-03-05T09:00:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let seen = city.measure().await;
    assert_eq!((seen.exempt_days, seen.late, seen.missing_days), (1, 0, 1));
    assert_eq!((seen.delay_p50, seen.delay_p95), (Some(32), Some(32)));
    let found = city.findings().await;
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("missing_day".to_owned(), 1)]);
}

#[tokio::test]
async fn a_final_period_has_rates_a_score_and_its_reasons() {
    let city = City::played(&[SOUND; 200]).await;
    run_audits(city.house(), &city.desk).await.unwrap();
    city.go_to("2026-03-11T02:15:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let tally = score_holders(city.house()).await.unwrap();
    assert_eq!((tally.count("rated"), tally.count("scored")), (2, 1));
    let (rates, score) = city.standing().await;
    let own = rates.iter().find(|row| row.period == PERIOD).unwrap();
    assert_eq!((own.expected, own.received, own.missing, own.late), (200, 200, 0, 0));
    assert_eq!((own.due_days, own.missing_days, own.settled), (7, 6, true));
    let score = score.unwrap();
    assert_eq!((score.points, score.published, score.class), (89, 89, Class::B));
    let facts: Facts = serde_json::from_str(&score.facts).unwrap();
    assert!(facts.audited_lately && facts.audit.is_some() && facts.periods == 1);
    for lang in [Lang::Zh, Lang::En] {
        let told = lines(lang, &score, own).unwrap();
        let points: Vec<&str> = told.iter().map(|line| line.points.as_str()).collect();
        assert_eq!(points, ["100", "0", "0", "0", "0", "0", "≤ 89", "89", "B"]);
        assert!(told.iter().all(|line| !line.text.starts_with("audits-")), "{told:?}");
    }
    let again = score_holders(city.house()).await.unwrap();
    assert_eq!(again.count("scored"), 1);
    assert_eq!(city.standing().await.1.unwrap().points, 89);
}

#[tokio::test]
async fn a_silent_period_caps_the_score_and_a_nil_return_for_each_day_does_not() {
    for silent in [true, false] {
        let city = City::new().await;
        if !silent {
            let days = std::iter::successors(Some(day("2026-03-02")), |day| Some(day.next()));
            for open in days.take(7) {
                city.close(open, None, 0).await;
            }
        }
        city.go_to("2026-03-11T02:15:00+08:00");
        check_population(city.house(), &Packs::embedded()).await.unwrap();
        score_holders(city.house()).await.unwrap();
        let (_, score) = city.standing().await;
        let points = score.map(|row| row.points);
        assert_eq!(points, Some(if silent { 74 } else { 89 }), "{silent}");
    }
}

#[tokio::test]
async fn a_record_corrected_only_after_the_cutoff_is_judged_as_it_was() {
    let city = City::played(&[Planted::NoRoom; 4]).await;
    let amends = [(5, 1), (6, 2), (7, 3), (8, 4)];
    city.push(day("2026-03-08"), 5, &[SOUND; 4], &amends).await;
    city.log.drained().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let audit = city.audit().await;
    assert_eq!((audit.frame_size, audit.verdict), (4, Some(Conclusion::NonCompliant)));
    assert!(city.openings(audit.id).await.iter().all(|row| row.judged == row.number));

    // The correction is shown as a repair, and changes nothing that was found.
    let repaired = || async {
        let rows = city.read(|conn| crate::cases::findings_about_records(conn, at(DAWN))).await;
        let numbers = rows.iter().map(|row| (row.first_number, row.repaired_number));
        numbers.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(note_repairs(city.house()).await.unwrap().count("repaired"), 4);
    assert_eq!(repaired().await, (1..=4).map(|n| (Some(n), Some(n + 4))).collect());
    assert_eq!(note_repairs(city.house()).await.unwrap().count("repaired"), 0);
    city.push(day("2026-03-08"), 9, &[SOUND], &[(9, 5)]).await;
    assert_eq!(note_repairs(city.house()).await.unwrap().count("repaired"), 1);
    assert_eq!(repaired().await[&Some(1)], Some(9));
    assert_eq!(city.audit().await.failing, 4);
}

#[tokio::test]
async fn a_correction_counts_in_the_numbers_only_if_it_came_before_the_cutoff() {
    let city = City::new().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 4], &[]).await;
    city.close(day("2026-03-02"), Some((1, 4)), 4).await;
    // Long after the deadline of the day, and before the cutoff.
    city.go_to("2026-03-09T08:00:00+08:00");
    city.push(day("2026-03-02"), 5, &[SOUND; 3], &[(5, 2), (6, 5)]).await;
    city.go_to("2026-03-10T12:00:01+08:00");
    city.push(day("2026-03-02"), 8, &[SOUND], &[(8, 1)]).await;
    city.go_to("2026-03-11T02:15:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let seen = city.measure().await;
    assert_eq!((seen.received, seen.amended, seen.late), (7, 2, 1), "7 is new and late");
    assert_eq!(seen.declared, None, "six days are open");
    let found = city.findings().await;
    assert_eq!((found["late_day"], found["close_mismatch"]), (1, 1), "{found:?}");
}

#[tokio::test]
async fn an_honest_correction_after_the_deadline_raises_nothing() {
    let city = City::new().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 4], &[]).await;
    city.close(day("2026-03-02"), Some((1, 4)), 4).await;
    city.declare("2026-03-03", "2026-03-08", "closure").await;
    city.go_to("2026-03-09T08:00:00+08:00");
    city.push(day("2026-03-02"), 5, &[SOUND; 2], &[(5, 2), (6, 5)]).await;
    city.go_to("2026-03-10T23:00:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    let seen = city.measure().await;
    assert_eq!((seen.received, seen.amended, seen.late, seen.declared), (6, 2, 0, Some(6)));
    assert_eq!(city.findings().await.len(), 0);
}

#[tokio::test]
async fn outside_figures_against_records_are_a_finding_of_their_own() {
    let counted = |_| BTreeSet::from(["room_nights_sold".to_owned()]);
    let city = City::new().await;
    city.push(day("2026-03-02"), 1, &[SOUND; 4], &[]).await;
    city.close(day("2026-03-02"), Some((1, 4)), 4).await;
    city.declare("2026-03-03", "2026-03-08", "closure").await;
    city.figures(r#"{"room_nights_sold":7}"#).await;
    city.go_to("2026-03-09T02:15:00+08:00");
    check_all(city.house(), counted).await.unwrap();
    assert_eq!(city.findings().await.len(), 0, "it may be mended until the cutoff");
    city.go_to("2026-03-10T23:00:00+08:00");
    check_all(city.house(), counted).await.unwrap();
    let seen = city.measure().await;
    assert_eq!((seen.outside_declared, seen.outside_received), (Some(7), Some(4)));
    let found = city.findings().await;
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("outside_gap".to_owned(), 1)]);
}

#[tokio::test]
async fn damaged_figures_are_an_error_and_no_absence_of_figures() {
    let city = City::new().await;
    city.close(day("2026-03-02"), None, 0).await;
    city.figures(r#"{"room_nights_sold":"#).await;
    city.go_to("2026-03-11T02:15:00+08:00");
    let tally = check_population(city.house(), &Packs::embedded()).await.unwrap();
    assert_eq!((tally.count("damaged"), tally.count("settled")), (1, 0));
    let stream = city.stream;
    assert_eq!(city.read(move |conn| store::measure(conn, stream, PERIOD)).await, None);
}

#[tokio::test]
async fn a_full_stop_alarms_once_and_says_only_where_to_look() {
    let city = City::new().await;
    city.history(76).await;
    let start = day("2026-03-02");
    assert_eq!(city.watch(start.plus(69)).await, (0, 0), "too little history");
    assert_eq!(city.watch(start.plus(75)).await, (1, 0));
    let mut alarms = 0;
    for silent in 76..84 {
        let (observed, alarm) = city.watch(start.plus(silent)).await;
        assert_eq!(observed, 1);
        alarms += alarm;
    }
    assert_eq!(alarms, 1, "it rests until somebody has decided");
    let severities: Vec<Severity> = city
        .read(|conn| {
            cases_findings::table
                .filter(cases_findings::kind.eq("sudden_drop"))
                .select(cases_findings::severity)
                .load(conn)
        })
        .await;
    assert_eq!(severities, [Severity::Advice]);
}

#[tokio::test]
async fn days_of_a_declared_closure_raise_no_alarm() {
    let city = City::new().await;
    city.history(76).await;
    let start = day("2026-03-02");
    city.declare("2026-05-17", "2026-06-30", "closure").await;
    assert_eq!(city.watch(start.plus(75)).await, (1, 0));
    for silent in 76..84 {
        assert_eq!(city.watch(start.plus(silent)).await.1, 0);
    }
    let plan = city.plan.id;
    let read = move |conn: &mut _| Ok::<_, AuditError>(standings::drops(conn, plan)?);
    let rows = city.house().store.read("test.drops", read).await.unwrap();
    assert_eq!((rows.len(), rows[0].alarm_day), (1, None));
}
