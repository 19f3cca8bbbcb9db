//! Tests of what officers make of signals: over HTTP, and what follows at the next cutoff.

use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::test::TestRequest;
use actix_web::{App, test, web};

use super::console;
use super::error::AuditError;
use super::pages_tests::{city, looked_at, scored};
use super::roster::{Choice, Ground};
use super::signals::{Made, SignalKind};
use super::store::signals::{self, DecisionRow};
use super::testing::{City, at};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::identity::{self, CodePurpose, DemoEntry};
use crate::ledger::LeafKind;
use crate::registry::Chances;
use crate::registry::testing::cipher;

/// Signs `login` in, loads the signals, and submits `reason` to each path in turn.
async fn decide(house: &House, login: &'static str, to: &[(String, &str)]) -> Vec<Seen> {
    let service = test::init_service(
        App::new()
            .app_data(web::Data::new(house.clone()))
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
    let post = |path: &str| {
        TestRequest::post()
            .uri(path)
            .peer_addr("192.0.2.1:40000".parse().unwrap())
            .insert_header(("sec-fetch-site", "same-origin"))
    };
    let entered =
        test::call_service(&service, post("/enter").set_form([("code", code)]).to_request()).await;
    let cookies: Vec<Cookie<'static>> =
        entered.response().cookies().map(Cookie::into_owned).collect();
    let signed_in = |request: TestRequest| {
        cookies.iter().fold(request, |request, cookie| request.cookie(cookie.clone())).to_request()
    };
    let page = test::call_service(&service, signed_in(TestRequest::get().uri("/signals"))).await;
    let page = String::from_utf8_lossy(&test::read_body(page).await).into_owned();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap().to_owned();
    let mut seen = Vec::new();
    for (path, reason) in to {
        assert!(login != "lin.yue" || page.contains(&format!("action=\"{path}\"")), "{page}");
        let form = [("csrf", csrf.as_str()), ("reason", *reason)];
        let answer = test::call_service(&service, signed_in(post(path).set_form(form))).await;
        let (status, to) = (answer.status(), answer.headers().get(LOCATION).cloned());
        let page = String::from_utf8_lossy(&test::read_body(answer).await).into_owned();
        seen.push(Seen { status, to: to.map(|to| to.to_str().unwrap().to_owned()), page });
    }
    seen
}

struct Seen {
    status: StatusCode,
    to: Option<String>,
    page: String,
}

#[actix_web::test]
async fn an_officer_of_the_trade_decides_a_signal_once_and_says_why() {
    let (house, _guard, id) = city().await;
    let holder = scored(&house, id).await;
    looked_at(&house, id).await;
    let find = move |conn: &mut Conn| {
        let plans = super::scoring::plans_of(conn, holder)?;
        Ok::<_, AuditError>(signals::of_holder(conn, holder, plans[0].id, 1)?.pop().unwrap())
    };
    let signal = house.store.read("test", find).await.unwrap();
    let path =
        |to: &str| format!("/signals/{}/{}/{}/{to}", signal.stream_id, signal.period, signal.kind);
    let foreign = decide(&house, "su.he", &[(path("confirm"), "seen")]).await;
    assert_eq!(foreign[0].status, StatusCode::NOT_FOUND);

    let reason = "问过店主，<无法解释>";
    let tries = [(path("confirm"), " "), (path("confirm"), reason), (path("dismiss"), "其实可以")];
    let seen = decide(&house, "lin.yue", &tries).await;
    assert_eq!(seen[0].status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(seen[0].page.contains("请填写理由") && seen[0].page.contains("<details open>"));
    assert_eq!((seen[1].status, seen[1].to.as_deref()), (StatusCode::SEE_OTHER, Some("/signals")));
    assert_eq!(seen[2].status, StatusCode::CONFLICT);
    for told in ["已由他人处理", "其实可以", "已确认", "问过店主，&#60;无法解释&#62;"]
    {
        assert!(seen[2].page.contains(told), "{told}: {}", seen[2].page);
    }
    let stage = move |conn: &mut Conn| Ok::<_, AuditError>(signals::decision(conn, &signal)?);
    assert_eq!(house.store.read("test", stage).await.unwrap().unwrap().stage, Made::Confirmed);
}

impl City {
    /// An officer decides a signal of `holder` at `when`.
    async fn decided(&self, holder: HolderId, made: Made, when: &str) {
        let row = DecisionRow {
            stream_id: self.house().fresh(),
            period: "2026-02-23+7".to_owned(),
            kind: SignalKind::EndOfPeriod,
            plan_id: self.plan.id,
            holder_id: holder,
            stage: made,
            reason: "无法解释".to_owned(),
            salt: vec![0; 16],
            decided_by: self.house().fresh(),
            decided_at: at(when),
            leaf_id: self.house().fresh(),
        };
        self.change(move |tx| signals::decide(tx, &row).map(usize::from)).await;
    }
}

#[tokio::test]
async fn a_confirmed_signal_makes_the_next_audit_one_for_cause() {
    let city = City::planned(|plan| plan.audit_chances = Some(Chances::default())).await;
    let [early, dismissed] = [city.neighbour().await, city.neighbour().await];
    city.decided(city.holder, Made::Confirmed, "2026-03-06T10:00:00+08:00").await;
    // Before the cutoff of the period before, that is in the time of an earlier one.
    city.decided(early, Made::Confirmed, "2026-02-20T10:00:00+08:00").await;
    city.decided(dismissed, Made::Dismissed, "2026-03-06T10:00:00+08:00").await;
    city.cut().await;
    let cause = (Choice::ForCause, Some(Ground::ConfirmedSignal));
    assert_eq!(city.choice(city.holder).await, cause);
    for other in [early, dismissed] {
        assert_eq!(city.choice(other).await, (Choice::Waiting, None));
    }
    let said = city.leaves(LeafKind::Epoch).await.pop().unwrap();
    let line = said["roster"]["for_cause"]["lines"][0].as_str().unwrap().to_owned();
    assert_eq!(line, format!("{} B confirmed_signal 0 0", city.holder));
}

#[tokio::test]
async fn at_the_cap_a_confirmed_signal_counts_as_the_plan_says() {
    for (beyond, choice) in [(true, Choice::ForCause), (false, Choice::CapReached)] {
        let city = City::planned(|plan| {
            plan.audit_chances = Some(Chances::default());
            (plan.audits_per_year, plan.for_cause_beyond_cap) = (Some(1), beyond);
        })
        .await;
        let begun = super::model::AuditState::Done;
        city.elsewhere("2026-02-01T10:00:00+08:00", begun, false).await;
        city.decided(city.holder, Made::Confirmed, "2026-03-06T10:00:00+08:00").await;
        city.cut().await;
        assert_eq!(city.choice(city.holder).await, (choice, Some(Ground::ConfirmedSignal)));
    }
}
