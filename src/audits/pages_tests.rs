//! The pages of audits as officers see them, and what they do not.

use std::sync::Arc;
use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::{App, test, web};

use super::model::*;
use super::roster::{Choice, Ground};
use super::score::{self, Class, Facts};
use super::signals::SignalKind;
use super::store::roster::RosterRow;
use super::store::signals::SignalRow;
use super::store::standings::{self, Rates, ScoreRow};
use super::{AuditError, console, store};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, DepartmentId, HolderId};
use crate::foundation::web::session::Token;
use crate::identity::{self, CodePurpose, DemoEntry};
use crate::ledger::Hash;
use crate::registry::testing::{EXAMPLE, cipher, imported};
use crate::registry::{self, Sector};
use crate::rules::Packs;

/// `(status, page)` of each path for one who signed in.
pub(super) async fn visit(
    house: &House,
    login: &'static str,
    paths: &[String],
) -> Vec<(StatusCode, String)> {
    let paths: Vec<_> = paths.iter().map(|path| (path.clone(), None)).collect();
    go(house, login, &paths).await
}

/// `(status, answer)` of each form, sent to one path by one who signed in.
pub(super) async fn submit(
    house: &House,
    login: &'static str,
    path: &str,
    forms: &[Vec<(String, String)>],
) -> Vec<(StatusCode, String)> {
    let forms: Vec<_> = forms.iter().map(|form| (path.to_owned(), Some(form.clone()))).collect();
    go(house, login, &forms).await
}

/// A path, and the fields of a form if it is to be posted.
type Wish = (String, Option<Vec<(String, String)>>);

async fn go(house: &House, login: &'static str, wishes: &[Wish]) -> Vec<(StatusCode, String)> {
    let service = test::init_service(
        App::new()
            .app_data(web::Data::new(house.clone()))
            .app_data(web::Data::new(Arc::new(Packs::embedded())))
            .app_data(web::Data::new(cipher()))
            .app_data(DemoEntry(true))
            .configure(identity::console)
            .configure(console),
    )
    .await;
    let person = move |conn: &mut Conn| Ok::<_, AuditError>(identity::person_called(conn, login)?);
    let person = house.store.read("test", person).await.unwrap().unwrap();
    let minute = Duration::from_secs(60);
    let code = identity::mint_code(house, person.id, CodePurpose::Entry, minute).await.unwrap();
    let entry = TestRequest::post()
        .uri("/enter")
        .peer_addr("192.0.2.1:40000".parse().unwrap())
        .insert_header(("sec-fetch-site", "same-origin"))
        .set_form([("code", code)]);
    let entered = test::call_service(&service, entry.to_request()).await;
    let cookies: Vec<Cookie<'static>> =
        entered.response().cookies().map(Cookie::into_owned).collect();
    let with_cookies = |request: TestRequest| {
        cookies.iter().fold(request, |request, cookie| request.cookie(cookie.clone()))
    };
    let mut seen = Vec::new();
    for (path, form) in wishes {
        let request = match form {
            None => TestRequest::get().uri(path),
            Some(form) => {
                let known = with_cookies(TestRequest::get()).to_http_request();
                let csrf = Token::of(&known).unwrap().csrf();
                let mut form = form.clone();
                form.push(("csrf".to_owned(), csrf));
                let request = TestRequest::post().uri(path).set_form(form);
                request.insert_header(("sec-fetch-site", "same-origin"))
            }
        };
        let response = test::call_service(&service, with_cookies(request).to_request()).await;
        let status = response.status();
        let page = test::read_body(response).await;
        seen.push((status, String::from_utf8_lossy(&page).into_owned()));
    }
    seen
}

/// The example registry with one ended audit of a guesthouse, which is drawn up by hand.
pub(super) async fn city() -> (House, impl Sized, AuditId) {
    let (house, guard) = crate::ledger::testing::house().await;
    imported(&house, EXAMPLE).await.unwrap();
    let found = |conn: &mut Conn| {
        for department in registry::departments(conn)? {
            if let Some(plan) = registry::plan_for(conn, department.id, Sector::Lodging)? {
                let holders = registry::holders(conn, department.id)?;
                let inn = holders.iter().find(|holder| holder.name.starts_with("仙鹤"));
                return Ok::<_, AuditError>((plan, inn.unwrap().id));
            }
        }
        Err(AuditError::NotFound)
    };
    let (plan, holder) = house.store.read("test", found).await.unwrap();
    let audit = audit(&house, plan.id, plan.department, holder);
    let (id, period) = (audit.id, period(&house, &plan));
    let openings: Vec<OpeningRow> = (0..3).map(|ordinal| opening(&house, id, ordinal)).collect();
    let write = move |tx: &mut Conn| {
        store::insert_period(tx, &period)?;
        store::set_tree(tx, &period, 42, Hash([2; 32]))?;
        store::mark_cutoff(tx, &period, openings[0].intent_leaf)?;
        store::reveal(tx, &period, Hash([3; 32]), openings[0].intent_leaf)?;
        store::insert_audit(tx, &AuditRow { state: AuditState::Open, ..audit.clone() })?;
        store::set_audit(tx, &audit)?;
        for row in &openings {
            store::insert_opening(tx, row)?;
            store::set_opened(tx, row)?;
        }
        Ok::<_, AuditError>(())
    };
    house.store.write("test", write).await.unwrap();
    (house, guard, id)
}

fn period(house: &House, plan: &registry::Plan) -> PeriodRow {
    let period = plan.period_containing(house.clock.now().day()).unwrap();
    PeriodRow {
        plan_id: plan.id,
        period: period.id,
        department_id: plan.department,
        sector: plan.sector,
        first_day: period.first,
        last_day: period.last,
        cutoff: period.cutoff,
        commitment: Some(Hash([1; 32])),
        nonce: Some(vec![0]),
        commit_leaf: Some(house.fresh()),
        epoch_leaf: None,
        tree_size: None,
        tree_root: None,
        reveal_leaf: None,
        revealed: None,
        state: PeriodState::Committed,
        reason: None,
        made_at: house.clock.now(),
        holders_leaf: None,
    }
}

fn audit(
    house: &House,
    plan_id: crate::foundation::ids::PlanId,
    department_id: DepartmentId,
    holder_id: HolderId,
) -> AuditRow {
    let now = house.clock.now();
    AuditRow {
        id: house.fresh(),
        plan_id,
        period: now.day().month().to_owned(),
        holder_id,
        department_id,
        sector: Sector::Lodging,
        frame_size: 3,
        frame_hash: Hash([4; 32]),
        frame_leaf: house.fresh(),
        opened: 3,
        failing: 2,
        undecided: 0,
        critical: 0,
        lower_bound: 2,
        upper_bound: 2,
        tolerable: 1,
        p0_per_mille: 50,
        alpha_pass_ppm: 50_000,
        alpha_fail_ppm: 10_000,
        cap: 300,
        packs: "lodging/2026.1".into(),
        verdict: Some(Conclusion::NonCompliant),
        state: AuditState::Done,
        reason: None,
        result_leaf: Some(house.fresh()),
        made_at: now,
        done_at: Some(now),
        modes: crate::registry::Modes::Sealed,
        pooled: None,
    }
}

fn opening(house: &House, audit_id: AuditId, ordinal: i64) -> OpeningRow {
    let fails = ordinal > 0;
    let failure = r#"[{"rule":"lodging.room_no.missing","severity":"major","pointer":"/room_no"}]"#;
    OpeningRow {
        audit_id,
        ordinal,
        place: 2 - ordinal,
        stream_id: house.fresh(),
        number: ordinal + 1,
        judged: ordinal + 1,
        batch_id: house.fresh(),
        line: ordinal,
        block: 0,
        intent_leaf: house.fresh(),
        outcome: Some(if fails { Outcome::Fail } else { Outcome::Pass }),
        cause: fails.then_some(if ordinal == 1 { Cause::RecordFailed } else { Cause::Unopenable }),
        failures: Some(if ordinal == 1 { failure.into() } else { "[]".to_owned() }),
        severity: None,
        done_leaf: Some(house.fresh()),
        opened_at: Some(house.clock.now()),
    }
}

#[actix_web::test]
async fn an_officer_sees_the_audits_of_the_own_department_and_no_other() {
    let (house, _guard, id) = city().await;
    let paths = ["/".to_owned(), "/audits".to_owned(), format!("/audits/{id}")];
    let police = visit(&house, "lin.yue", &paths).await;
    for (status, page) in &police {
        assert_eq!(*status, StatusCode::OK, "{page}");
        assert!(!page.contains("audits-") && !page.contains("cases-kind"), "{page}");
    }
    assert!(police[0].1.contains(">1</a>"), "one business above the limit");
    assert!(police[1].1.contains("仙鹤宾馆") && police[1].1.contains("超过容许线"));
    let detail = &police[2].1;
    for text in [
        "结论：本期不合规记录不少于 2 条（66.7%），已超过容许线 1 条。",
        "全部 3 条均已检查，不合规 2 条，没有抽样误差。",
        "房号",
        "记录不能开封",
        "frame_hash",
        "没有独立见证人",
    ] {
        assert!(detail.contains(text), "{text} in {detail}");
    }
    let post = visit(&house, "su.he", &paths).await;
    let statuses: Vec<u16> = post.iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 404]);
    assert!(!post[1].1.contains("仙鹤宾馆"));
}

/// A holder on the roster of the audit's period.
fn listed(
    audit: &AuditRow,
    holder_id: HolderId,
    choice: Choice,
    cause: Option<Ground>,
) -> RosterRow {
    RosterRow {
        plan_id: audit.plan_id,
        period: audit.period.clone(),
        holder_id,
        class: Some(Class::C),
        choice,
        cause,
        missing: 3,
        expected: 120,
        audits_before: 6,
        place: None,
        frame_size: Some(3),
    }
}

#[actix_web::test]
async fn an_officer_sees_who_was_drawn_and_why_and_the_estimate_leaves_causes_out() {
    let (house, _guard, id) = city().await;
    let find = move |conn: &mut Conn| Ok::<_, AuditError>(store::audit(conn, id)?);
    let audit = house.store.read("test", find).await.unwrap().unwrap();
    let cause = Some(Ground::MissingShare);
    let rows = [
        listed(&audit, audit.holder_id, Choice::Drawn, None),
        listed(&audit, house.fresh(), Choice::NotDrawn, None),
        listed(&audit, house.fresh(), Choice::ForCause, cause),
        listed(&audit, house.fresh(), Choice::CapReached, None),
    ];
    let write = move |tx: &mut Conn| Ok::<_, AuditError>(store::roster::insert(tx, &rows)?);
    house.store.write("test", write).await.unwrap();
    let paths = ["/audits".to_owned(), format!("/audits/{id}")];
    let pages = visit(&house, "lin.yue", &paths).await;
    for (status, page) in &pages {
        assert_eq!(*status, StatusCode::OK, "{page}");
        assert!(!page.contains("audits-"), "{page}");
    }
    // Two of three records fail in the only drawn audit of two holders with three records each.
    for told in [
        "1 / 2",
        "抽中",
        "未抽中",
        "有因抽查",
        "应有编号 120 个，缺 3 个",
        "已达频次上限",
        "合计已抽查 6 次",
        "66.67 %",
        "2 家企业提交的 6 条记录",
        "频次上限的 2 家不在其内",
    ] {
        assert!(pages[0].1.contains(told), "{told}: {}", pages[0].1);
    }
    assert!(pages[1].1.contains("抽中"));
}

#[actix_web::test]
async fn what_does_not_exist_is_not_found() {
    let (house, _guard, _id) = city().await;
    let nil = uuid::Uuid::nil();
    let paths = [
        format!("/audits/{nil}"),
        "/audits/x".to_owned(),
        format!("/audits?plan={nil}&period=2026-03"),
    ];
    for (status, _) in visit(&house, "lin.yue", &paths).await {
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

/// Gives the audited guesthouse the rates and the score of its period.
pub(super) async fn scored(house: &House, id: AuditId) -> HolderId {
    let find = move |conn: &mut Conn| Ok::<_, AuditError>(store::audit(conn, id)?);
    let audit = house.store.read("test", find).await.unwrap().unwrap();
    let holder = audit.holder_id;
    let last_day = "2026-03-31".parse().unwrap();
    let facts = Facts { expected: 40, missing: 1, periods: 1, ..Facts::default() };
    let score = score::score(&facts);
    let rates = Rates {
        holder_id: holder,
        plan_id: audit.plan_id,
        period: audit.period.clone(),
        last_day,
        streams: 1,
        expected: 40,
        declared: Some(41),
        received: 39,
        missing: 1,
        late: 0,
        due_days: 31,
        missing_days: 2,
        exempt_days: 3,
        nil_days: 4,
        settled: true,
        checked_at: house.clock.now(),
        refused: 3,
        offered: 20,
    };
    let row = ScoreRow {
        holder_id: holder,
        plan_id: audit.plan_id,
        period: audit.period.clone(),
        last_day,
        facts: serde_json::to_string(&facts).unwrap(),
        parts: serde_json::to_string(&score).unwrap(),
        points: score.points.into(),
        published: score.points.into(),
        class: score.class,
        standing: score.class,
        qualifying: 0,
        audit_id: None,
        scored_at: house.clock.now(),
    };
    let write = move |tx: &mut Conn| {
        standings::put_rates(tx, &rates)?;
        let chosen = listed(&audit, holder, Choice::ForCause, Some(Ground::DropAlarm));
        store::roster::insert(tx, &[chosen])?;
        Ok::<_, AuditError>(standings::put_score(tx, &row)?)
    };
    house.store.write("test", write).await.unwrap();
    holder
}

/// Gives the audited guesthouse a signal, and a measure whose outside figures are damaged.
pub(super) async fn looked_at(house: &House, id: AuditId) {
    let find = move |conn: &mut Conn| Ok::<_, AuditError>(store::audit(conn, id)?);
    let audit = house.store.read("test", find).await.unwrap().unwrap();
    let (holder, last_day) = (audit.holder_id, "2026-03-31".parse().unwrap());
    let find = move |conn: &mut Conn| Ok::<_, AuditError>(registry::streams_of(conn, holder)?);
    let stream = house.store.read("test", find).await.unwrap()[0].stream.id;
    let signal = SignalRow {
        stream_id: stream,
        period: audit.period.clone(),
        kind: SignalKind::RepeatedWeek,
        plan_id: audit.plan_id,
        holder_id: holder,
        department_id: audit.department_id,
        sector: Sector::Lodging,
        last_day,
        part: 7,
        whole: 31,
        chance_ppb: Some(1_234),
        other_stream_id: None,
        seen_at: house.clock.now(),
    };
    let damaged = Measure {
        stream_id: stream,
        period: audit.period,
        plan_id: audit.plan_id,
        holder_id: holder,
        department_id: audit.department_id,
        sector: Sector::Lodging,
        district: "410611".parse().unwrap(),
        last_day,
        last_number: 40,
        expected: 40,
        declared: None,
        received: 39,
        missing: 1,
        late: 0,
        due_days: 31,
        missing_days: 2,
        settled: true,
        checked_at: house.clock.now(),
        exempt_days: 3,
        nil_days: 4,
        delay_p50: None,
        delay_p95: None,
        totals: "{".into(),
        amended: 3,
        outside_declared: Some(45),
        outside_received: Some(39),
        signalled: true,
    };
    let write = move |tx: &mut Conn| {
        super::store::signals::add(tx, &signal)?;
        Ok::<_, AuditError>(store::put_measure(tx, &damaged)?)
    };
    house.store.write("test", write).await.unwrap();
}

#[actix_web::test]
async fn an_officer_sees_the_standing_of_the_own_holders_and_why() {
    let (house, _guard, id) = city().await;
    let holder = scored(&house, id).await;
    looked_at(&house, id).await;
    let paths = [format!("/holders/{holder}/standing"), "/signals".to_owned()];
    let mut pages = visit(&house, "lin.yue", &paths).await;
    let (status, where_to_look) = pages.remove(1);
    assert_eq!(status, StatusCode::OK, "{where_to_look}");
    assert!(!where_to_look.contains("audits-"), "{where_to_look}");
    let (status, page) = pages.remove(0);
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page.contains("audits-"), "{page}");
    for told in ["7 个营业日", "每周固定的团队", "信号不是发现"] {
        assert!(where_to_look.contains(told) && page.contains(told), "{told}: {page}");
    }
    for told in ["存储的数据已损坏", "+6", "7.7 % (3 / 39)"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    // 100 − 7.5 for one missing number of forty − 10 without an audit.
    for told in [
        "为什么是 82 分",
        "−7.5",
        "−10",
        "95.1 % (39 / 41)",
        "+2",
        "15 % (3 / 20)",
        "2 / 31",
        "有因抽查",
        "记录骤减",
        "合计抽查 1 次",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let pages = visit(&house, "su.he", &paths).await;
    assert_eq!(pages[0].0, StatusCode::NOT_FOUND);
    assert!(!pages[1].1.contains("仙鹤宾馆"), "another department's signals");
}
