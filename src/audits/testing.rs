//! An invented holder with a running log, for tests of audits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::desk::{Child, Desk};
use super::error::AuditError;
use super::model::{AuditRow, OpeningRow, PeriodRow};
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::crypto::{b64u, jwe, sha256};
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{
    cases_findings, intake_batches, intake_closes, intake_parts, registry_departments,
    registry_holders, registry_outlets, registry_plans, registry_scopes, registry_streams,
};
use crate::foundation::ids::{
    AuditId, BatchId, ClientId, CloseId, DepartmentId, HolderId, OutletId, PlanId, StreamId,
};
use crate::foundation::time::{Day, Timestamp};
use crate::intake::MANIFEST_TYP;
use crate::keys::{self, AuditKey, Opener, files};
use crate::ledger::testing::{TestLog, append, started};
use crate::ledger::{LeafKind, NewLeaf, RecordTree, append_in, wait_for};
use crate::registry::{Cut, Plan, Sector};
use crate::rules::Packs;

/// The rule pack that every record is judged by.
pub(super) const PACK: &str = "lodging/2026.1";

/// What is planted in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planted {
    Sound,
    NoRoom,
    OtherNumber,
    OtherContent,
    Garbage,
}

/// A department, one guesthouse with one stream, a plan of seven-day periods, and a running log.
pub(super) struct City {
    pub(super) log: TestLog,
    pub(super) desk: Desk,
    pub(super) plan: Plan,
    pub(super) holder: HolderId,
    pub(super) stream: StreamId,
    pub(super) key: AuditKey,
    signer: SigningKey,
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

impl City {
    /// The city on 2 March 2026, the first day of a period.
    pub(super) async fn new() -> Self {
        crate::foundation::crypto::install_providers();
        let log = started().await;
        let house = log.house.clone();
        let root = log.guard.folder.path().join("root.key");
        let root = files::make_root(&root, &house.random).unwrap();
        let opener = Opener::new(root, log.guard.folder.path());
        let department: DepartmentId = house.fresh();
        let key = keys::make(&house, &opener, department, day("2026-03-02")).await.unwrap();
        let packs = Packs::embedded();
        let digest = b64u::encode(packs.pack(PACK).unwrap().digest());
        let body =
            json!({ "sector": "lodging", "pack": PACK, "from": "2026-01-01", "digest": digest });
        append(&house, &NewLeaf::new(&house, LeafKind::PackActivated, body)).await;
        let desk = Desk {
            opener,
            log: log.key(),
            child: Child::Inside(Arc::new(packs)),
            rule_packs: None,
            daily_budget: 1000,
            patience: Duration::from_secs(10),
        };
        let plan = plan(&house, department);
        let (holder, stream) = (house.fresh(), house.fresh());
        register(&house, &plan, holder, stream).await;
        let signer = SigningKey::generate(Algorithm::Es256, &house.random).unwrap();
        Self { log, desk, plan, holder, stream, key, signer }
    }

    /// A city whose plan is changed, committed to its first period.
    pub(super) async fn planned(change: impl FnOnce(&mut Plan)) -> Self {
        let city = Self::new().await;
        // Leaves of one millisecond have no order, and the newest parameters count.
        city.log.drained().await;
        city.go_to("2026-03-02T12:00:00+08:00");
        let mut plan: Plan = city.plan.clone();
        change(&mut plan);
        let leaf = NewLeaf::new(city.house(), LeafKind::PlanChanged, plan.in_log());
        city.change(move |tx| {
            use registry_plans as p;
            let stored = |number: u32| i32::try_from(number).unwrap();
            append_in(tx, &leaf)?;
            diesel::update(p::table.find(plan.id))
                .set((
                    p::audit_chances.eq(plan.audit_chances.map(|chances| chances.to_string())),
                    p::audits_per_year.eq(plan.audits_per_year.map(stored)),
                    p::for_cause_beyond_cap.eq(plan.for_cause_beyond_cap),
                    p::pool_below.eq(plan.pooling.map(|pooling| stored(pooling.below))),
                    p::pool_holders.eq(plan.pooling.map(|pooling| stored(pooling.holders))),
                ))
                .execute(tx)
        })
        .await;
        super::commit_draws(city.house(), &city.desk.opener).await.unwrap();
        city.log.drained().await;
        city
    }

    pub(super) fn house(&self) -> &House {
        &self.log.house
    }

    pub(super) fn go_to(&self, text: &str) {
        self.house().clock.set(at(text)).unwrap();
    }

    /// The plaintext of `number` of `day`.
    pub(super) fn record(&self, number: u64, day: Day, planted: Planted) -> String {
        self.record_amending(number, None, day, planted)
    }

    /// The plaintext of `number` of `day`, which corrects `old`.
    fn record_amending(&self, number: u64, old: Option<u64>, day: Day, planted: Planted) -> String {
        let stated = if planted == Planted::OtherNumber { number + 1 } else { number };
        let mut record = json!({
            "salt": b64u::encode(&self.house().random.bytes::<16>()),
            "stream": self.stream, "seq": stated,
            "occurred_at": format!("{day}T14:05:00+08:00"),
            "registered_at": format!("{day}T14:07:30+08:00"),
            "event": "check_in", "subject_kind": "person", "subject_name": "林小满",
            "id_doc_type": "111", "id_doc_no": "410699199001120234", "verify_method": "reader",
            "verify_result": "pass", "operator_id": "front-07",
            "source_no": format!("PMS-{number}"), "guests_in_room": 1, "minor": false,
        });
        if planted != Planted::NoRoom {
            record["room_no"] = json!("0806");
        }
        if let Some(old) = old {
            record["amends"] = json!(old);
        }
        record.to_string()
    }

    /// One sealed line for `number` of `day`.
    pub(super) fn line(&self, number: u64, day: Day, planted: Planted) -> String {
        self.sealed(&self.record(number, day, planted), planted)
    }

    /// A sealed line with this plaintext.
    pub(super) fn sealed(&self, text: &str, planted: Planted) -> String {
        let key = self.key.sealing_key().unwrap();
        let line = jwe::seal(text.as_bytes(), &self.key.kid, &key, &self.house().random).unwrap();
        match planted {
            Planted::OtherContent => resealed(&line, text.as_bytes(), self),
            Planted::Garbage => {
                let (head, tag) = line.rsplit_once('.').unwrap();
                let turned: String = tag.chars().rev().collect();
                let fits = b64u::is_canonical(turned.as_bytes());
                format!("{head}.{}", if fits { turned } else { "A".repeat(22) })
            }
            _ => line,
        }
    }

    /// Stores a batch of `planted` records from `first` on, as intake would, with its leaf.
    pub(super) async fn push(
        &self,
        day: Day,
        first: u64,
        planted: &[Planted],
        amends: &[(u64, u64)],
    ) -> BatchId {
        let lines: Vec<String> = (first..)
            .zip(planted)
            .map(|(number, planted)| {
                let old = amends.iter().find(|(new, _)| *new == number).map(|(_, old)| *old);
                self.sealed(&self.record_amending(number, old, day, *planted), *planted)
            })
            .collect();
        self.push_lines("sealed", day, first, &lines, amends).await
    }

    /// Stores a batch of `lines` in `mode`, as intake would, with its leaf.
    pub(super) async fn push_lines(
        &self,
        mode: &'static str,
        day: Day,
        first: u64,
        lines: &[String],
        amends: &[(u64, u64)],
    ) -> BatchId {
        let mut tree = RecordTree::new();
        lines.iter().for_each(|line| tree.push(line.as_bytes()));
        let body = lines.join("\n") + "\n";
        let (house, batch) = (self.house(), self.house().fresh::<BatchId>());
        let mut claims = json!({
            "iss": self.holder, "jti": batch, "iat": house.clock.now().seconds(),
            "stream": self.stream, "day": day, "mode": mode, "pack": PACK,
            "first": first, "count": lines.len(),
            "from": format!("{day}T14:05:00+08:00"), "to": format!("{day}T14:05:00+08:00"),
            "body": b64u::encode(&sha256(body.as_bytes())),
        });
        if !amends.is_empty() {
            claims["amends"] = json!(amends);
        }
        let manifest = self.signer.sign(MANIFEST_TYP, "mk-1", &claims).unwrap();
        let leaf = NewLeaf::new(
            house,
            LeafKind::Batch,
            json!({
                "batch": batch, "count": lines.len(), "late": false, "manifest": manifest,
                "records": tree.root().to_b64u(),
            }),
        );
        let count = i64::try_from(lines.len()).unwrap();
        let first = i64::try_from(first).unwrap();
        let (holder, stream, now) = (self.holder, self.stream, house.clock.now());
        let (client, root) = (house.fresh::<ClientId>(), tree.root());
        house
            .store
            .write("test.push", move |tx| {
                use intake_batches as b;
                diesel::insert_into(b::table)
                    .values((
                        b::id.eq(batch),
                        b::holder_id.eq(holder),
                        b::client_id.eq(client),
                        b::stream_id.eq(stream),
                        b::day.eq(day),
                        b::mode.eq(mode),
                        b::pack.eq(PACK),
                        b::first.eq(first),
                        b::last.eq(first + count - 1),
                        b::count.eq(count),
                        b::size_bytes.eq(i64::try_from(body.len()).unwrap()),
                        b::manifest.eq(&manifest),
                        b::body_digest.eq(sha256(body.as_bytes()).as_slice()),
                        b::record_root.eq(root),
                        b::late.eq(now >= day.end().plus(Duration::from_secs(86_400))),
                        b::received_at.eq(now),
                        b::leaf_id.eq(leaf.id),
                    ))
                    .execute(tx)?;
                diesel::insert_into(intake_parts::table)
                    .values((
                        intake_parts::batch_id.eq(batch),
                        intake_parts::first_position.eq(0_i64),
                        intake_parts::lines.eq(body.as_bytes()),
                    ))
                    .execute(tx)?;
                Ok::<_, AuditError>(append_in(tx, &leaf)?)
            })
            .await
            .unwrap();
        batch
    }

    /// Stores a day close, as intake would, without its leaf.
    pub(super) async fn close(&self, day: Day, numbers: Option<(i64, i64)>, count: i64) {
        let (house, holder, stream) = (self.house(), self.holder, self.stream);
        let (id, client) = (house.fresh::<CloseId>(), house.fresh::<ClientId>());
        let (leaf, now) = (house.fresh::<crate::foundation::ids::LeafId>(), house.clock.now());
        house
            .store
            .write("test.close", move |tx| {
                use intake_closes as c;
                diesel::insert_into(c::table)
                    .values((
                        c::id.eq(id),
                        c::holder_id.eq(holder),
                        c::client_id.eq(client),
                        c::stream_id.eq(stream),
                        c::day.eq(day),
                        c::first.eq(numbers.map(|(first, _)| first)),
                        c::last.eq(numbers.map(|(_, last)| last)),
                        c::count.eq(count),
                        c::totals.eq("{}"),
                        c::statement.eq("a.b.c"),
                        c::late.eq(false),
                        c::current.eq(true),
                        c::received_at.eq(now),
                        c::leaf_id.eq(leaf),
                    ))
                    .execute(tx)?;
                Ok::<_, AuditError>(())
            })
            .await
            .unwrap();
    }

    /// Commits, pushes `planted` on the first day, and goes beyond the cutoff.
    pub(super) async fn played(planted: &[Planted]) -> Self {
        let city = Self::new().await;
        super::commit_draws(city.house(), &city.desk.opener).await.unwrap();
        city.log.drained().await;
        city.push(day("2026-03-02"), 1, planted, &[]).await;
        city.cut().await;
        city
    }

    /// Goes beyond the cutoff and logs it.
    pub(super) async fn cut(&self) {
        self.log.drained().await;
        self.go_to("2026-03-10T13:00:00+08:00");
        assert_eq!(super::mark_cutoffs(self.house()).await.unwrap().count("cut"), 1);
        let epoch = self.period().await.epoch_leaf.unwrap();
        wait_for(self.house(), epoch, Duration::from_secs(10)).await.unwrap();
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> T {
        let read = move |conn: &mut Conn| f(conn).map_err(AuditError::from);
        self.house().store.read("test.read", read).await.unwrap()
    }

    pub(super) async fn change(
        &self,
        f: impl Fn(&mut Conn) -> QueryResult<usize> + Send + 'static,
    ) {
        let write = move |tx: &mut Conn| f(tx).map_err(AuditError::from);
        assert!(self.house().store.write("test.change", write).await.unwrap() > 0);
    }

    pub(super) async fn period(&self) -> PeriodRow {
        let plan = self.plan.id;
        self.read(move |conn| store::period(conn, plan, "2026-03-02+7")).await.unwrap()
    }

    pub(super) async fn audit(&self) -> AuditRow {
        let plan = self.plan.id;
        self.read(move |conn| store::audits_of(conn, plan, "2026-03-02+7")).await.pop().unwrap()
    }

    pub(super) async fn openings(&self, audit: AuditId) -> Vec<OpeningRow> {
        self.read(move |conn| store::openings_of(conn, audit)).await
    }

    /// How many findings there are of each kind.
    pub(super) async fn findings(&self) -> BTreeMap<String, usize> {
        let kinds: Vec<String> =
            self.read(|conn| cases_findings::table.select(cases_findings::kind).load(conn)).await;
        let mut count = BTreeMap::new();
        kinds.into_iter().for_each(|kind| *count.entry(kind).or_default() += 1);
        count
    }

    /// The bodies of the leaves of one type.
    pub(super) async fn leaves(&self, kind: LeafKind) -> Vec<Value> {
        self.log.drained().await;
        let leaves = self.read(move |conn| crate::ledger::leaves_of(conn, kind, 0, 1000)).await;
        leaves.iter().map(crate::ledger::Leaf::body).collect()
    }
}

/// The same header over other bytes: the tag fits, the commitment does not. Stands in for a
/// ciphertext with two openings.
fn resealed(line: &str, plaintext: &[u8], city: &City) -> String {
    let mut other = plaintext.to_vec();
    other.push(b' ');
    let key = city.key.sealing_key().unwrap();
    super::block_tests::seal_with_other_commitment(line, &other, &city.key.kid, &key)
}

fn plan(house: &House, department: DepartmentId) -> Plan {
    let leaf = house.fresh();
    Plan {
        id: house.fresh::<PlanId>(),
        department,
        sector: Sector::Lodging,
        cut: Cut::Days { days: 7, from: day("2026-03-02") },
        cutoff_hours: 36,
        p0_per_mille: 50,
        alpha_pass_ppm: 50_000,
        alpha_fail_ppm: 10_000,
        cap: 300,
        first_block: 20,
        block: 5,
        holders_per_period: None,
        audit_chances: None,
        audits_per_year: None,
        for_cause_beyond_cap: false,
        pooling: None,
        close_due_hours: 24,
        contributors: 1,
        disclosure_hours: 72,
        leaf,
    }
}

async fn register(house: &House, plan: &Plan, holder: HolderId, stream: StreamId) {
    let (plan, outlet) = (plan.clone(), house.fresh::<OutletId>());
    let leaf = NewLeaf::new(house, LeafKind::PlanChanged, plan.in_log());
    house
        .store
        .write("test.register", move |tx| {
            insert_registry(tx, &plan, (holder, outlet, stream))?;
            Ok::<_, AuditError>(append_in(tx, &leaf)?)
        })
        .await
        .unwrap();
}

fn insert_registry(
    tx: &mut Conn,
    plan: &Plan,
    (holder, outlet, stream): (HolderId, OutletId, StreamId),
) -> QueryResult<()> {
    use {
        registry_departments as d, registry_holders as h, registry_outlets as o,
        registry_plans as p, registry_scopes as c, registry_streams as s,
    };
    diesel::insert_into(d::table)
        .values((
            d::id.eq(plan.department),
            d::code.eq("psb"),
            d::name_zh.eq("鹤壁市公安局"),
            d::name_en.eq("Hebi Public Security Bureau"),
            d::organ.eq("鹤公"),
            d::email.eq([0_u8].as_slice()),
        ))
        .execute(tx)?;
    diesel::insert_into(c::table)
        .values((
            c::sector.eq("lodging"),
            c::district.eq("410600"),
            c::department_id.eq(plan.department),
        ))
        .execute(tx)?;
    diesel::insert_into(h::table)
        .values((
            h::id.eq(holder),
            h::kind.eq("organisation"),
            h::name.eq("淇滨客栈"),
            h::district.eq("410611"),
            h::state.eq("active"),
        ))
        .execute(tx)?;
    diesel::insert_into(o::table)
        .values((
            o::id.eq(outlet),
            o::holder_id.eq(holder),
            o::name.eq("淇滨客栈"),
            o::district.eq("410611"),
        ))
        .execute(tx)?;
    diesel::insert_into(s::table)
        .values((
            s::id.eq(stream),
            s::outlet_id.eq(outlet),
            s::department_id.eq(Some(plan.department)),
            s::sector.eq("lodging"),
            s::modes.eq("sealed"),
            s::opened_on.eq(day("2026-03-02")),
            s::open_weekdays.eq(127),
        ))
        .execute(tx)?;
    diesel::insert_into(p::table)
        .values((
            (
                p::id.eq(plan.id),
                p::department_id.eq(plan.department),
                p::sector.eq(plan.sector),
                p::span_days.eq(Some(7)),
                p::span_from.eq(Some(day("2026-03-02"))),
                p::cutoff_hours.eq(36),
                p::p0_per_mille.eq(50),
                p::alpha_pass_ppm.eq(50_000),
            ),
            (
                p::alpha_fail_ppm.eq(10_000),
                p::cap.eq(300),
                p::first_block.eq(20),
                p::block.eq(5),
                p::close_due_hours.eq(24),
                p::contributors.eq(1),
                p::leaf_id.eq(plan.leaf),
            ),
        ))
        .execute(tx)?;
    Ok(())
}
