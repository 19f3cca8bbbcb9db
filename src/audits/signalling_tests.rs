//! Tests of signals on a database: what is kept, who sees it, and what it does not touch.

use diesel::prelude::*;

use super::signals::SignalKind;
use super::store::signals::{SignalRow, of_holder};
use super::store::standings;
use super::testing::{City, Planted, day};
use super::{check_population, commit_draws, find_signals, run_audits, score_holders};
use crate::audits::model::Conclusion;
use crate::foundation::db::schema::audits_signals;
use crate::ledger::LeafKind;
use crate::rules::Packs;

const SOUND: Planted = Planted::Sound;
const PERIOD: &str = "2026-03-02+7";

impl City {
    async fn signals(&self) -> Vec<SignalRow> {
        let (holder, plan) = (self.holder, self.plan.id);
        self.read(move |conn| of_holder(conn, holder, plan, 10)).await
    }

    async fn score(&self) -> Option<standings::ScoreRow> {
        let (holder, plan) = (self.holder, self.plan.id);
        score_holders(self.house()).await.unwrap();
        self.read(move |conn| standings::score(conn, holder, plan, PERIOD)).await
    }
}

#[tokio::test]
async fn a_signal_is_kept_once_and_changes_neither_score_nor_class_nor_findings() {
    let city = City::new().await;
    city.go_to("2026-03-08T20:00:00+08:00");
    city.push(day("2026-03-02"), 1, &[SOUND; 60], &[]).await;
    city.go_to("2026-03-09T02:50:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    assert_eq!(find_signals(city.house()).await.unwrap().count("signals"), 1);
    assert_eq!(find_signals(city.house()).await.unwrap().count("signals"), 1, "not final yet");
    city.go_to("2026-03-11T02:50:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    find_signals(city.house()).await.unwrap();
    assert_eq!(find_signals(city.house()).await.unwrap().count("streams"), 0, "final");
    let kept = city.signals().await;
    assert_eq!((kept.len(), kept[0].kind), (1, SignalKind::EndOfPeriod));
    assert_eq!((kept[0].part, kept[0].whole, kept[0].chance_ppb), (60, 60, None));

    let (with, findings) = (city.score().await.unwrap(), city.findings().await);
    city.change(|conn| diesel::delete(audits_signals::table).execute(conn)).await;
    assert_eq!(city.score().await.unwrap(), with);
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    assert_eq!(city.findings().await, findings);
}

#[tokio::test]
async fn a_backlog_after_a_declared_outage_is_no_signal() {
    let city = City::new().await;
    city.declare("2026-03-02", "2026-03-07", "outage").await;
    city.go_to("2026-03-08T20:00:00+08:00");
    city.push(day("2026-03-02"), 1, &[SOUND; 60], &[]).await;
    city.go_to("2026-03-11T02:50:00+08:00");
    check_population(city.house(), &Packs::embedded()).await.unwrap();
    assert_eq!(find_signals(city.house()).await.unwrap().count("signals"), 0);
}

#[tokio::test]
async fn opened_records_with_one_salt_are_counted_and_pass_all_the_same() {
    let city = City::new().await;
    commit_draws(city.house(), &city.desk.opener).await.unwrap();
    city.log.drained().await;
    let first = day("2026-03-02");
    let record = |number: u64| {
        let mut record: serde_json::Value =
            serde_json::from_str(&city.record(number, first, SOUND)).unwrap();
        if number <= 2 {
            record["salt"] = "AAAAAAAAAAAAAAAAAAAAAA".into();
        }
        city.sealed(&record.to_string(), SOUND)
    };
    let lines: Vec<String> = (1..=5).map(record).collect();
    city.push_lines("sealed", first, 1, &lines, &[]).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let kept = city.signals().await;
    assert_eq!((kept.len(), kept[0].kind), (1, SignalKind::ReusedSalt));
    assert_eq!((kept[0].part, kept[0].whole), (2, 5));
    let audit = city.audit().await;
    assert_eq!((audit.verdict, audit.failing), (Some(Conclusion::Compliant), 0));
    assert_eq!(city.findings().await.len(), 0);
    let done = city.leaves(LeafKind::OpenDone).await[0].to_string();
    assert!(!done.contains("salt"), "{done}");
}
