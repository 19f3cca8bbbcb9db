//! The console beyond the work list: what officers and leads see, and what they do not.

use actix_web::http::StatusCode;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::error::AuditError;
use super::pages_tests::{city, looked_at, scored, submit, visit};
use super::store::deeds::{self, Deed, Narrow};
use super::{follow_log, store, tally_console};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, CaseId, DepartmentId, HolderId, Id as _};
use crate::identity;
use crate::ledger::{LeafKind, NewLeaf};
use crate::registry;

async fn pseudonym(house: &House, login: &'static str) -> String {
    let find = move |conn: &mut Conn| Ok::<_, AuditError>(identity::person_called(conn, login)?);
    house.store.read("test", find).await.unwrap().unwrap().pseudonym().to_string()
}

async fn department(house: &House, code: &'static str) -> DepartmentId {
    let find = |conn: &mut Conn| Ok::<_, AuditError>(registry::departments(conn)?);
    let all = house.store.read("test", find).await.unwrap();
    all.into_iter().find(|department| department.code == code).unwrap().id
}

/// The businesses of the city by the beginning of their names.
async fn holder_called(house: &House, name: &'static str) -> HolderId {
    let find = move |conn: &mut Conn| {
        let mut all = Vec::new();
        for department in registry::departments(conn)? {
            all.extend(registry::holders(conn, department.id)?);
        }
        Ok::<_, AuditError>(all)
    };
    let all = house.store.read("test", find).await.unwrap();
    all.iter().find(|holder| holder.name.starts_with(name)).unwrap().id
}

#[actix_web::test]
async fn the_page_of_a_business_tells_its_days_verdicts_and_score() {
    let (house, _guard, id) = city().await;
    let holder = scored(&house, id).await;
    let paths = [format!("/holders/{holder}")];
    let (status, page) = visit(&house, "lin.yue", &paths).await.remove(0);
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page.contains("audits-") && !page.contains("registry-"), "{page}");
    for told in [
        "仙鹤宾馆",
        "lodging/2026.1",
        "91410699900000014J",
        "82",
        "为什么是",
        "逐日报送日历",
        "class=\"day-missing\"",
        "历次抽查结论",
        "<svg viewBox=\"0 0 640 240\" role=\"img\"",
        "2 (66.7 %)",
        "2 / 31",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("周静") && !page.contains("front-desk") && !page.contains(" style="));
}

#[actix_web::test]
async fn a_business_is_seen_by_its_departments_only() {
    let (house, _guard, _id) = city().await;
    let inn = format!("/holders/{}", holder_called(&house, "仙鹤宾馆").await);
    let parcels = format!("/holders/{}", holder_called(&house, "迅达").await);
    let nobody = format!("/holders/{}", HolderId::from_uuid(uuid::Uuid::nil()));
    let paths = [inn, parcels, nobody, "/holders/x".to_owned()];
    let statuses = |seen: Vec<(StatusCode, String)>| {
        seen.iter().map(|(status, _)| status.as_u16()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(visit(&house, "lin.yue", &paths).await), [200, 404, 404, 404]);
    assert_eq!(statuses(visit(&house, "su.he", &paths).await), [404, 200, 404, 404]);
}

#[actix_web::test]
async fn an_audit_is_drawn_as_a_walk_between_its_limits_with_a_table() {
    let (house, _guard, id) = city().await;
    let (status, page) = visit(&house, "lin.yue", &[format!("/audits/{id}")]).await.remove(0);
    assert_eq!(status, StatusCode::OK, "{page}");
    for told in ["<polyline class=\"passes\"", "<polyline class=\"fails\"", "≥ 2", "结论的形成过程"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
}

/// Gives the audited guesthouse what a check saw, and adds everything up.
async fn tallied(house: &House, id: AuditId) -> HolderId {
    let holder = scored(house, id).await;
    looked_at(house, id).await;
    tally_console(house).await.unwrap();
    holder
}

#[actix_web::test]
async fn the_overview_tells_what_came_and_how_it_went_lately() {
    let (house, _guard, id) = city().await;
    tallied(&house, id).await;
    let (status, page) = visit(&house, "lin.yue", &["/".to_owned()]).await.remove(0);
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(!page.contains("audits-") && !page.contains("registry-"), "{page}");
    for told in ["各行业走势", "各区县走势", "淇滨区", "2.5 %", "1 / 1", "class=\"spark\""]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let (_, page) = visit(&house, "su.he", &["/".to_owned()]).await.remove(0);
    assert!(!page.contains("2.5 %"), "{page}");
}

#[actix_web::test]
async fn leads_see_the_board_of_their_own_department_and_nobody_else_does() {
    let (house, _guard, id) = city().await;
    tallied(&house, id).await;
    let paths = ["/oversight".to_owned(), "/log".to_owned()];
    let lead = visit(&house, "lin.yue", &paths).await;
    for (status, page) in &lead {
        assert_eq!(*status, StatusCode::OK, "{page}");
        assert!(!page.contains("audits-"), "{page}");
    }
    assert!(lead[0].1.contains("仙鹤宾馆") && lead[0].1.contains("抽查 1 次的企业 1 家"));
    let other = visit(&house, "su.he", &paths).await;
    assert_eq!(other[0].0, StatusCode::OK);
    assert!(!other[0].1.contains("仙鹤宾馆"), "another department's board");
    let officer = visit(&house, "he.shan", &paths).await;
    assert!(officer.iter().all(|(status, _)| *status == StatusCode::FORBIDDEN));
}

#[actix_web::test]
async fn the_log_names_officers_of_the_own_department_only_and_is_narrowed() {
    let (house, _guard, _id) = city().await;
    let (by, case) = (pseudonym(&house, "he.shan").await, house.fresh::<CaseId>());
    let now = house.clock.now();
    let police = department(&house, "police").await;
    let deed = move |idx, kind, actor: &str, department_id| Deed {
        idx,
        kind,
        actor: actor.to_owned(),
        department_id,
        case_id: (idx == 7).then_some(case),
        finding_id: None,
        at: now,
    };
    let write = move |tx: &mut Conn| {
        deeds::insert(tx, &deed(7, LeafKind::CaseState, &by, Some(police)))?;
        deeds::insert(tx, &deed(8, LeafKind::FindingDismissed, &by, Some(police)))?;
        Ok::<_, AuditError>(deeds::insert(tx, &deed(9, LeafKind::RoleChanged, "elsewhere", None))?)
    };
    house.store.write("test", write).await.unwrap();
    let today = now.day();
    let paths = [
        "/log".to_owned(),
        "/log?kind=case_state".to_owned(),
        format!("/log?case={case}"),
        format!("/log?day={today}&before=8"),
        "/log?day=2020-01-01".to_owned(),
    ];
    let lead: Vec<String> =
        visit(&house, "lin.yue", &paths).await.into_iter().map(|(_, page)| page).collect();
    assert!(lead[0].contains("何山") && lead[0].contains("驳回发现</td>"), "{}", lead[0]);
    assert!(!lead[0].contains("elsewhere"));
    let rows = |page: &String| page.matches("<th scope=\"row\" class=\"num\">").count();
    assert_eq!(lead.iter().map(rows).collect::<Vec<_>>(), [2, 1, 1, 1, 0]);
    let (role, lang) = (identity::Role::AuditAdministrator, crate::foundation::web::Lang::Zh);
    let by = identity::Actor::Command;
    identity::create_person(&house, by, "auditor", "审计员", role, lang).await.unwrap();
    let (status, page) = visit(&house, "auditor", &paths[..1]).await.remove(0);
    assert_eq!((status, rows(&page)), (StatusCode::OK, 3));
    assert!(page.contains("elsewhere") && !page.contains("何山"), "{page}");
}

#[actix_web::test]
async fn what_people_write_into_the_log_is_found_again() {
    let log = crate::ledger::testing::started().await;
    let house = &log.house;
    let case: CaseId = house.fresh();
    let body = json!({ "case": case, "officer": "ab", "state": "opened" });
    crate::ledger::testing::append(house, &NewLeaf::new(house, LeafKind::CaseState, body)).await;
    let body = json!({ "case": case, "state": "served" });
    crate::ledger::testing::append(house, &NewLeaf::new(house, LeafKind::CaseState, body)).await;
    log.drained().await;
    assert_eq!(follow_log(house).await.unwrap().count("deeds"), 1);
    assert_eq!(follow_log(house).await.unwrap().count("deeds"), 0);
    let narrow = Narrow { case: Some(case), ..Narrow::default() };
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(deeds::newest(conn, narrow, 10)?);
    let found = house.store.read("test", read).await.unwrap();
    assert_eq!((found.len(), found[0].actor.as_str()), (1, "ab"));
}

#[actix_web::test]
async fn an_export_holds_what_the_page_covers_and_leaves_a_leaf() {
    let (house, _guard, id) = city().await;
    let holder = tallied(&house, id).await;
    let audit = house
        .store
        .read("test", move |conn| Ok::<_, AuditError>(store::audit(conn, id)?))
        .await
        .unwrap()
        .unwrap();
    let plan = audit.plan_id.to_string();
    let fields = |table: &str, more: &[(&str, String)]| {
        let mut fields =
            vec![("table".to_owned(), table.to_owned()), ("form".into(), "json".into())];
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        fields
    };
    let own = [("plan", plan.clone()), ("period", audit.period.clone())];
    let wishes = [
        fields("holders", &[]),
        fields("audits", &own),
        fields("roster", &own),
        fields("rates", &[("holder", holder.to_string())]),
        fields("trends", &[]),
        fields("caps", &[]),
        fields("decisions", &[]),
        fields("log", &[]),
        fields("nothing", &[]),
    ];
    let lead = submit(&house, "lin.yue", "/tables", &wishes).await;
    let statuses = |seen: &[(StatusCode, String)]| {
        seen.iter().map(|(status, _)| status.as_u16()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&lead), [200, 200, 200, 200, 200, 200, 200, 200, 400]);
    for (_, text) in &lead[..8] {
        let rows: Value = serde_json::from_str(text).unwrap();
        assert!(rows["rows"].is_array(), "{text}");
    }
    assert!(lead[0].1.contains("仙鹤宾馆") && !lead[0].1.contains("迅达"), "{}", lead[0].1);
    assert!(lead[1].1.contains("non_compliant") && lead[3].1.contains("\"missing\":1"));
    let officer = submit(&house, "he.shan", "/tables", &wishes).await;
    assert_eq!(statuses(&officer), [200, 200, 200, 200, 200, 403, 403, 403, 400]);
    let other = submit(&house, "su.he", "/tables", &wishes).await;
    assert_eq!(statuses(&other), [200, 404, 404, 404, 200, 200, 200, 200, 400]);
    assert!(other.iter().all(|(_, text)| !text.contains("仙鹤宾馆")));
    let kept = house
        .store
        .read("test", |conn| {
            use crate::foundation::db::schema::ledger_pending as pending;
            let own = pending::table.filter(pending::kind.eq(LeafKind::Export));
            Ok::<_, AuditError>(own.select(pending::body).load::<String>(conn)?)
        })
        .await
        .unwrap();
    assert_eq!(kept.len(), 8 + 5 + 5);
    let of = |table: &str| kept.iter().filter(|body| body.contains(table)).count();
    assert_eq!((of("\"table\":\"holders\""), of("\"table\":\"log\"")), (3, 2));
    assert_eq!(of("林月"), 0);
}
