//! Tests of small holders that are audited together, on a database.

use std::collections::BTreeSet;

use super::draw::{self, Frame, Interval};
use super::model::{AuditRow, AuditState, Conclusion};
use super::score::Class;
use super::store::{pools, roster, standings};
use super::testing::{City, Planted, at, day};
use super::{recompute, run_audits, store};
use crate::foundation::crypto::jwe;
use crate::foundation::ids::{HolderId, Id as _, StreamId};
use crate::ledger::LeafKind;
use crate::registry::{self, Chances, Plan, Pooling};

const SOUND: Planted = Planted::Sound;
const PERIOD: &str = "2026-03-02+7";
const POOLING: Option<Pooling> = Some(Pooling { below: 60, holders: 20 });

impl City {
    /// A city where small guesthouses are pooled.
    async fn pooling(change: impl FnOnce(&mut Plan)) -> Self {
        Self::planned(|plan| {
            plan.pooling = POOLING;
            change(plan);
        })
        .await
    }

    /// From now on `holder` pushes.
    async fn speak_for(&mut self, holder: HolderId) -> StreamId {
        let streams = self.read(move |conn| registry::streams_of(conn, holder)).await;
        (self.holder, self.stream) = (holder, streams[0].stream.id);
        self.stream
    }

    /// Another guesthouse that has pushed `planted`.
    async fn with(&mut self, planted: &[Planted]) -> (HolderId, StreamId) {
        let holder = self.neighbour().await;
        let stream = self.speak_for(holder).await;
        self.push(day("2026-03-03"), 1, planted, &[]).await;
        (holder, stream)
    }

    async fn all_audits(&self) -> Vec<AuditRow> {
        let plan = self.plan.id;
        self.read(move |conn| store::audits_of(conn, plan, PERIOD)).await
    }

    async fn pooled(&self) -> BTreeSet<HolderId> {
        let plan = self.plan.id;
        let rows = self.read(move |conn| pools::of_period(conn, plan, PERIOD)).await;
        rows.into_iter().map(|row| row.holder_id).collect()
    }
}

#[tokio::test]
async fn small_holders_are_one_population_and_anyone_can_repeat_its_draw() {
    let mut city = City::pooling(|_| {}).await;
    let large = city.holder;
    city.push(day("2026-03-02"), 1, &[SOUND; 60], &[]).await;
    let (one, first) = city.with(&[SOUND; 30]).await;
    let (two, second) = city.with(&[SOUND; 20]).await;
    let silent = city.neighbour().await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();

    let audits = city.all_audits().await;
    let pool = audits.iter().find(|audit| audit.pooled == Some(2)).unwrap();
    let alone: BTreeSet<HolderId> =
        audits.iter().filter(|audit| audit.pooled.is_none()).map(|audit| audit.holder_id).collect();
    assert_eq!(alone, [large, silent].into());
    assert_eq!(city.pooled().await, [one, two].into());
    assert_eq!((pool.frame_size, pool.verdict), (50, Some(Conclusion::Compliant)));
    let id = draw::pool_id(&city.plan.id.to_string(), PERIOD, 0);
    assert_eq!(pool.holder_id, HolderId::from_uuid(id));

    let frame = Frame::new([(first, 30), (second, 20)].map(|(stream, last)| Interval {
        stream: stream.to_string(),
        first: 1,
        last,
    }));
    let period = city.period().await;
    let repeated = recompute(
        &[period.revealed.unwrap().0],
        &period.tree_root.unwrap().0,
        &id.to_string(),
        PERIOD,
        &frame.unwrap(),
        usize::try_from(pool.opened).unwrap(),
    );
    let opened: Vec<_> = city
        .openings(pool.id)
        .await
        .iter()
        .map(|row| (row.stream_id.to_string(), u64::try_from(row.number).unwrap()))
        .collect();
    assert_eq!(opened, repeated);
    let frames = city.leaves(LeafKind::DrawFrame).await;
    let said = frames.iter().find(|leaf| leaf.get("pool").is_some()).unwrap();
    let mut members = [(one.to_string(), 30), (two.to_string(), 20)];
    members.sort();
    assert_eq!(said["pool"], serde_json::json!(members));
    city.log.holds_together().await;
}

#[tokio::test]
async fn a_failing_record_is_its_holders_case_and_the_verdict_is_nobodys() {
    let mut city = City::pooling(|_| {}).await;
    city.push(day("2026-03-02"), 1, &[SOUND; 10], &[]).await;
    let (careless, _) = city.with(&[Planted::NoRoom; 30]).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let pool = city.all_audits().await.pop().unwrap();
    assert_eq!((pool.pooled, pool.verdict), (Some(2), Some(Conclusion::NonCompliant)));
    let findings = city.findings().await;
    assert_eq!(findings.keys().collect::<Vec<_>>(), ["record_failed"]);
    let about = city.read(move |conn| crate::cases::findings_of_audit(conn, pool.id)).await;
    assert!(about.iter().all(|finding| finding.holder == careless));

    // No score of either knows of it, and the year of both does.
    for holder in [city.holder, careless] {
        let plan = city.plan.id;
        let latest = move |conn: &mut _| standings::latest_audit(conn, holder, plan, PERIOD);
        assert_eq!(city.read(latest).await, None);
        let year = at("2026-01-01T00:00:00+08:00");
        assert_eq!(city.read(move |conn| roster::audits_since(conn, holder, year)).await, 1);
    }
}

#[tokio::test]
async fn who_has_a_cause_or_a_way_back_up_is_audited_alone() {
    let mut city = City::pooling(|plan| plan.audit_chances = Some(Chances::default())).await;
    city.push(day("2026-03-02"), 1, &[SOUND; 12], &[]).await;
    city.alarm("2026-03-05T10:00:00+08:00", "proposed", None).await;
    let for_cause = city.holder;
    let (failed, _) = city.with(&[SOUND; 12]).await;
    city.scored(failed, Class::C, "2026-03-01").await;
    let mut plain = BTreeSet::new();
    for _ in 0..6 {
        plain.insert(city.with(&[SOUND; 12]).await.0);
    }
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    // Two of the six of class B are drawn; they make the pool.
    let pooled = city.pooled().await;
    assert_eq!(pooled.len(), 2);
    assert!(pooled.is_subset(&plain));
    let alone: BTreeSet<HolderId> = city
        .all_audits()
        .await
        .iter()
        .filter(|audit| audit.pooled.is_none())
        .map(|audit| audit.holder_id)
        .collect();
    assert_eq!(alone, [for_cause, failed].into());
}

#[tokio::test]
async fn who_attested_records_is_asked_alone() {
    let mut city = City::pooling(|_| {}).await;
    city.push(day("2026-03-02"), 1, &[SOUND; 12], &[]).await;
    let (other, _) = city.with(&[SOUND; 12]).await;
    let attesting = city.neighbour().await;
    city.speak_for(attesting).await;
    let lines: Vec<String> = (1..=12)
        .map(|n| jwe::commitment(city.record(n, day("2026-03-03"), SOUND).as_bytes()))
        .collect();
    city.push_lines("attested", day("2026-03-03"), 1, &lines, &[]).await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let pooled = city.pooled().await;
    assert_eq!(pooled.len(), 2);
    assert!(pooled.contains(&other) && !pooled.contains(&attesting));
    let audits = city.all_audits().await;
    let waiting: Vec<_> = audits.iter().filter(|audit| audit.state == AuditState::Open).collect();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].holder_id, attesting);
}
