//! Tests of who is audited: classes, causes and caps, on a database.

use std::collections::BTreeMap;

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::model::{AuditState, PeriodRow, PeriodState};
use super::roster::{Choice, Ground};
use super::score::Class;
use super::store::roster::{self, RosterRow};
use super::store::standings::{self, ScoreRow};
use super::testing::{City, Planted, at, day};
use super::{mark_cutoffs, recompute_holders, run_audits, store};
use crate::cases::{self, FindingKind, NewFinding, Observation, Severity};
use crate::foundation::db::schema::{
    audits_audits, audits_periods, audits_roster, cases_findings, registry_holders,
    registry_outlets, registry_streams,
};
use crate::foundation::ids::{AuditId, HolderId, LeafId, OutletId, PlanId, StreamId};
use crate::foundation::time::Timestamp;
use crate::ledger::LeafKind;
use crate::registry::Chances;

const SOUND: Planted = Planted::Sound;
const PERIOD: &str = "2026-03-02+7";

impl City {
    /// A city whose plan has chances and a cap, committed to its first period.
    async fn choosing(chances: bool, cap: Option<u32>, beyond: bool) -> Self {
        Self::planned(|plan| {
            plan.audit_chances = chances.then(Chances::default);
            (plan.audits_per_year, plan.for_cause_beyond_cap) = (cap, beyond);
        })
        .await
    }

    /// Another guesthouse without records.
    pub(super) async fn neighbour(&self) -> HolderId {
        let house = self.house();
        let (holder, outlet, stream) =
            (house.fresh::<HolderId>(), house.fresh::<OutletId>(), house.fresh::<StreamId>());
        let department = self.plan.department;
        self.change(move |tx| {
            use {registry_holders as h, registry_outlets as o, registry_streams as s};
            diesel::insert_into(h::table)
                .values((
                    h::id.eq(holder),
                    h::kind.eq("organisation"),
                    h::name.eq("山城民宿"),
                    h::district.eq("410611"),
                    h::state.eq("active"),
                ))
                .execute(tx)?;
            diesel::insert_into(o::table)
                .values((
                    o::id.eq(outlet),
                    o::holder_id.eq(holder),
                    o::name.eq("山城民宿"),
                    o::district.eq("410611"),
                ))
                .execute(tx)?;
            diesel::insert_into(s::table)
                .values((
                    s::id.eq(stream),
                    s::outlet_id.eq(outlet),
                    s::department_id.eq(Some(department)),
                    s::sector.eq("lodging"),
                    s::modes.eq("sealed"),
                    s::opened_on.eq(day("2026-03-02")),
                    s::open_weekdays.eq(127),
                ))
                .execute(tx)
        })
        .await;
        holder
    }

    /// Keeps a score that leaves a holder in `class` in the period before, or in that of `last`.
    pub(super) async fn scored(&self, holder: HolderId, class: Class, last: &str) {
        let row = ScoreRow {
            holder_id: holder,
            plan_id: self.plan.id,
            period: format!("to {last}"),
            last_day: day(last),
            facts: "{}".to_owned(),
            parts: "{}".to_owned(),
            points: 0,
            published: 0,
            class: Class::D,
            standing: class,
            qualifying: 0,
            audit_id: None,
            scored_at: self.house().clock.now(),
        };
        self.change(move |tx| standings::put_score(tx, &row).map(|()| 1)).await;
    }

    async fn roster(&self) -> Vec<RosterRow> {
        let plan = self.plan.id;
        self.read(move |conn| roster::of_period(conn, plan, PERIOD)).await
    }

    pub(super) async fn choice(&self, holder: HolderId) -> (Choice, Option<Ground>) {
        let rows = self.roster().await;
        let row = rows.iter().find(|row| row.holder_id == holder).unwrap();
        (row.choice, row.cause)
    }

    /// Who has an audit in the period.
    async fn audited(&self) -> Vec<HolderId> {
        let plan = self.plan.id;
        let audits = self.read(move |conn| store::audits_of(conn, plan, PERIOD)).await;
        audits.into_iter().map(|audit| audit.holder_id).collect()
    }

    /// Raises a drop alarm, and lets an officer decide it at `decided`.
    pub(super) async fn alarm(&self, raised: &str, stage: &'static str, decided: Option<&str>) {
        let observed = Observation {
            key: format!("alarm {raised}"),
            department: self.plan.department,
            holder: self.holder,
            sector: self.plan.sector,
            district: "410611".parse().unwrap(),
            period: "whatever".to_owned(),
            kind: FindingKind::SuddenDrop,
            rule: None,
            severity: Severity::Advice,
            stream: None,
            day: None,
            numbers: None,
            count: 1,
            audit: None,
            facts: serde_json::json!({}),
        };
        let finding = NewFinding::new(self.house(), observed);
        let (raised, decided): (Timestamp, Option<Timestamp>) = (at(raised), decided.map(at));
        self.change(move |tx| {
            cases::raise_in(tx, &finding)?;
            let own = cases_findings::table.find(finding.id());
            diesel::update(own)
                .set((
                    cases_findings::found_at.eq(raised),
                    cases_findings::stage.eq(stage),
                    cases_findings::decided_at.eq(decided),
                ))
                .execute(tx)
        })
        .await;
    }

    /// Another department's audit of the holder, begun at `begun`, or still to come.
    pub(super) async fn elsewhere(&self, begun: &str, state: AuditState, to_come: bool) {
        let (house, holder) = (self.house().clone(), self.holder);
        let (plan, audit) = (house.fresh::<PlanId>(), house.fresh::<AuditId>());
        let (begun, leaf) = (at(begun), house.fresh::<LeafId>());
        let period = PeriodRow { plan_id: plan, ..self.period().await };
        self.change(move |tx| {
            store::insert_period(
                tx,
                &PeriodRow { state: PeriodState::Committed, ..period.clone() },
            )?;
            store::mark_cutoff(tx, &period, leaf)?;
            use audits_audits as a;
            if to_come {
                let row = RosterRow {
                    plan_id: plan,
                    period: period.period.clone(),
                    holder_id: holder,
                    class: None,
                    choice: Choice::Waiting,
                    cause: None,
                    missing: 0,
                    expected: 0,
                    audits_before: 0,
                    place: None,
                    frame_size: None,
                };
                return roster::insert(tx, &[row]).map(|()| 1);
            }
            diesel::insert_into(a::table)
                .values((
                    (
                        a::id.eq(audit),
                        a::plan_id.eq(plan),
                        a::period.eq(&period.period),
                        a::holder_id.eq(holder),
                        a::department_id.eq(period.department_id),
                        a::sector.eq(period.sector),
                        a::frame_size.eq(1_i64),
                        a::frame_hash.eq(crate::ledger::Hash([0; 32])),
                        a::frame_leaf.eq(leaf),
                        a::opened.eq(0_i64),
                        a::failing.eq(0_i64),
                        a::undecided.eq(0_i64),
                    ),
                    (
                        a::critical.eq(0_i64),
                        a::lower_bound.eq(0_i64),
                        a::upper_bound.eq(1_i64),
                        a::tolerable.eq(0_i64),
                        a::p0_per_mille.eq(50_i64),
                        a::alpha_pass_ppm.eq(50_000_i64),
                        a::alpha_fail_ppm.eq(10_000_i64),
                        a::cap.eq(300_i64),
                        a::packs.eq(""),
                        a::state.eq(state),
                        a::made_at.eq(begun),
                    ),
                ))
                .execute(tx)
        })
        .await;
    }
}

fn lp(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// The order of a class, from the words of the specification alone.
fn from_scratch(nonce: &[u8], root: &[u8], class: &str, ids: &[String]) -> Vec<String> {
    let hash = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    let mut sorted = ids.to_vec();
    sorted.sort();
    let mut list = u64::try_from(sorted.len()).unwrap().to_be_bytes().to_vec();
    sorted.iter().for_each(|id| list.extend(lp(id.as_bytes())));
    let seed = hash(
        &[
            lp(b"audit-draw/1/holders"),
            1_u64.to_be_bytes().to_vec(),
            lp(nonce),
            lp(root),
            lp(class.as_bytes()),
            lp(PERIOD.as_bytes()),
            lp(&hash(&list)),
            lp(b""),
        ]
        .concat(),
    );
    // Picking the r-th of what is left is the same shuffle only if what is skipped swaps in place.
    let mut places = sorted.clone();
    for j in 0..places.len() {
        let left = u128::try_from(places.len() - j).unwrap();
        let limit = (1_u128 << 64) / left * left;
        let value = (0_u32..)
            .map(|attempt| {
                let step = u64::try_from(j).unwrap().to_be_bytes();
                let label = lp(b"audit-draw/1/index");
                let digest = hash(&[&label[..], &seed, &step, &attempt.to_be_bytes()].concat());
                u128::from(u64::from_be_bytes(digest[..8].try_into().unwrap()))
            })
            .find(|value| *value < limit)
            .unwrap();
        places.swap(j, j + usize::try_from(value % left).unwrap());
    }
    places
}

#[tokio::test]
async fn each_class_is_drawn_by_its_chance_and_anyone_can_repeat_it() {
    let city = City::choosing(true, None, false).await;
    let classes = [Class::A; 7].into_iter().chain([Class::C; 2]).chain([Class::D]);
    for class in classes {
        let holder = city.neighbour().await;
        city.scored(holder, class, "2026-03-01").await;
        city.scored(holder, Class::C, "2026-02-22").await;
    }
    for _ in 0..3 {
        // Nobody has scored these yet, or only for the running period: they begin in B.
        let holder = city.neighbour().await;
        city.scored(holder, Class::D, "2026-03-08").await;
    }
    city.cut().await;
    let waiting = city.roster().await;
    assert!(waiting.iter().all(|row| row.choice == Choice::Waiting));
    run_audits(city.house(), &city.desk).await.unwrap();

    let rows = city.roster().await;
    let mut drawn: BTreeMap<Class, (usize, usize)> = BTreeMap::new();
    for row in &rows {
        let (chosen, all) = drawn.entry(row.class.unwrap()).or_default();
        *all += 1;
        *chosen += usize::from(row.choice == Choice::Drawn);
    }
    let expected = [(Class::D, (1, 1)), (Class::C, (2, 2)), (Class::B, (2, 4)), (Class::A, (2, 7))];
    assert_eq!(drawn.into_iter().collect::<Vec<_>>(), expected);
    let audited: Vec<HolderId> =
        rows.iter().filter(|row| row.is_audited()).map(|row| row.holder_id).collect();
    assert_eq!(city.audited().await, audited);

    // What was chosen follows from the leaves and the revealed secret alone.
    let period = city.period().await;
    assert_eq!(period.state, PeriodState::Closed);
    let (nonce, root) = (period.revealed.unwrap().0, period.tree_root.unwrap().0);
    let stated = city.leaves(LeafKind::Epoch).await.pop().unwrap();
    let said = city.leaves(LeafKind::DrawFrame).await;
    let said = said.iter().find(|leaf| leaf.get("classes").is_some()).unwrap();
    for (class, count) in [("A", 2), ("B", 2), ("C", 2), ("D", 1)] {
        let lines = stated["roster"]["classes"][class]["lines"].as_array().unwrap();
        let ids: Vec<String> = lines.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        let mut order = from_scratch(&nonce, &root, class, &ids);
        order.truncate(count);
        assert_eq!(recompute_holders(&[nonce], &root, class, PERIOD, &ids, count), order);
        let told = said["classes"][class]["drawn"].as_array().unwrap();
        assert_eq!(told.iter().map(|id| id.as_str().unwrap()).collect::<Vec<_>>(), order);
    }
    let chances = ["A", "B", "C", "D"].map(|class| said["classes"][class]["chance"].to_string());
    assert_eq!(chances, ["[1,6]", "[1,3]", "[1,1]", "[1,1]"]);
}

#[tokio::test]
async fn a_plan_without_chances_audits_everybody_and_says_nothing_of_classes() {
    let city = City::choosing(false, None, false).await;
    let neighbour = city.neighbour().await;
    city.scored(neighbour, Class::A, "2026-03-01").await;
    city.cut().await;
    run_audits(city.house(), &city.desk).await.unwrap();
    let mut both = vec![city.holder, neighbour];
    both.sort();
    assert_eq!(city.audited().await, both);
    assert_eq!(city.leaves(LeafKind::DrawFrame).await.len(), 2);
    assert!(city.leaves(LeafKind::Epoch).await[0].get("roster").is_none());
    assert_eq!(city.choice(neighbour).await, (Choice::Drawn, None));
}

#[tokio::test]
async fn a_roster_that_was_changed_after_the_cutoff_opens_nothing() {
    for (choice, class) in [("waiting", Some("A")), ("cap_reached", Some("B"))] {
        let city = City::choosing(true, None, false).await;
        city.push(day("2026-03-02"), 1, &[SOUND; 3], &[]).await;
        city.cut().await;
        city.change(move |tx| {
            diesel::update(audits_roster::table)
                .set((audits_roster::choice.eq(choice), audits_roster::class.eq(class)))
                .execute(tx)
        })
        .await;
        let tally = run_audits(city.house(), &city.desk).await.unwrap();
        assert_eq!(tally.count("refused"), 1, "{choice}");
        assert!(city.audited().await.is_empty());
    }
}

#[tokio::test]
async fn more_than_two_in_a_hundred_missing_numbers_are_a_cause_and_two_are_none() {
    for (missing, cause) in [(2_usize, None), (3, Some(Ground::MissingShare))] {
        let city = City::choosing(true, None, false).await;
        for _ in 0..9 {
            city.neighbour().await;
        }
        city.push(day("2026-03-02"), 1, &vec![SOUND; 50 - missing], &[]).await;
        city.push(day("2026-03-03"), 51, &[SOUND; 50], &[]).await;
        city.cut().await;
        run_audits(city.house(), &city.desk).await.unwrap();
        let (choice, ground) = city.choice(city.holder).await;
        assert_eq!(ground, cause);
        assert_eq!(choice == Choice::ForCause, cause.is_some());
        let row = city.roster().await.into_iter().find(|row| row.holder_id == city.holder).unwrap();
        assert_eq!((row.missing, row.expected), (i64::try_from(missing).unwrap(), 100));
        let others = if cause.is_some() { 9 } else { 10 };
        let said = city.leaves(LeafKind::DrawFrame).await;
        let said = said.iter().find(|leaf| leaf.get("classes").is_some()).unwrap();
        assert_eq!(said["classes"]["B"]["size"], others, "a cause takes it out of the draw");
        if cause.is_some() {
            assert!(city.audited().await.contains(&city.holder));
        }
    }
}

#[tokio::test]
async fn a_drop_alarm_is_a_cause_unless_it_was_dismissed_or_belongs_to_another_time() {
    let cause = async |raised, stage, decided| {
        let city = City::choosing(true, None, false).await;
        city.alarm(raised, stage, decided).await;
        city.cut().await;
        city.choice(city.holder).await.1
    };
    let within = "2026-03-05T02:30:00+08:00";
    let confirmed = Some("2026-03-06T10:00:00+08:00");
    assert_eq!(cause(within, "proposed", None).await, Some(Ground::DropAlarm));
    assert_eq!(cause(within, "confirmed", confirmed).await, Some(Ground::DropAlarm));
    assert_eq!(cause(within, "dismissed", confirmed).await, None);
    // Raised before the time of the period began: a cause only if an officer confirms it within.
    let before = "2026-03-01T23:30:00+08:00";
    assert_eq!(cause(before, "proposed", None).await, None);
    assert_eq!(cause(before, "confirmed", confirmed).await, Some(Ground::ConfirmedSignal));
}

#[tokio::test]
async fn audits_of_every_department_count_against_the_cap_of_the_year() {
    for (cap, capped) in [(3, true), (4, false)] {
        let city = City::choosing(true, Some(cap), false).await;
        city.elsewhere("2026-01-01T00:00:00+08:00", AuditState::Done, false).await;
        city.elsewhere("2026-02-03T09:00:00+08:00", AuditState::Open, false).await;
        city.elsewhere("2026-03-01T09:00:00+08:00", AuditState::Open, true).await;
        city.elsewhere("2025-12-31T23:59:00+08:00", AuditState::Done, false).await;
        city.elsewhere("2026-02-05T09:00:00+08:00", AuditState::Empty, false).await;
        city.push(day("2026-03-02"), 1, &[SOUND; 3], &[]).await;
        city.cut().await;
        let row = city.roster().await.pop().unwrap();
        assert_eq!((row.audits_before, row.choice == Choice::CapReached), (3, capped));
        let own = city.plan.id;
        city.change(move |tx| {
            // What only stands for other departments has no log of its own.
            diesel::update(audits_periods::table.filter(audits_periods::plan_id.ne(own)))
                .set(audits_periods::state.eq(PeriodState::Closed))
                .execute(tx)
        })
        .await;
        run_audits(city.house(), &city.desk).await.unwrap();
        assert_eq!(city.audited().await.is_empty(), capped);
        let stated = city.leaves(LeafKind::Epoch).await.pop().unwrap();
        let line = format!("{} B - 3", city.holder);
        let lines = stated["roster"]["cap_reached"]["lines"].as_array().unwrap().clone();
        assert_eq!(lines, if capped { vec![serde_json::json!(line)] } else { vec![] });
    }
}

#[tokio::test]
async fn a_cause_goes_beyond_the_cap_only_if_the_plan_says_so() {
    for beyond in [false, true] {
        let city = City::choosing(true, Some(1), beyond).await;
        city.elsewhere("2026-02-03T09:00:00+08:00", AuditState::Done, false).await;
        city.alarm("2026-03-05T02:30:00+08:00", "proposed", None).await;
        city.go_to("2026-03-10T13:00:00+08:00");
        mark_cutoffs(city.house()).await.unwrap();
        let expected = if beyond { Choice::ForCause } else { Choice::CapReached };
        assert_eq!(city.choice(city.holder).await, (expected, Some(Ground::DropAlarm)));
    }
}

#[tokio::test]
async fn two_draws_of_one_minute_do_not_pass_the_cap_together() {
    let city = City::choosing(false, Some(1), false).await;
    city.elsewhere("2026-03-01T09:00:00+08:00", AuditState::Open, true).await;
    city.go_to("2026-03-10T13:00:00+08:00");
    mark_cutoffs(city.house()).await.unwrap();
    assert_eq!(city.choice(city.holder).await, (Choice::CapReached, None));
}
