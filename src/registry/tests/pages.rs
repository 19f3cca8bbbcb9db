//! The console as officers see it, and what they do not.

use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, test, web};

use super::*;
use crate::foundation::problem::Problem;
use crate::identity::{self, CodePurpose, DemoEntry};

/// Answers 200 where the officer covers lodging in the district of the path, and may act.
async fn act(officer: Officer, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let district = path.parse().map_err(Problem::malformed)?;
    officer.must_cover(&Place { sector: Sector::Lodging, district })?;
    officer.must_be_certified()?;
    Ok(HttpResponse::Ok().finish())
}

/// Everything that answers in these tests: `(status, page)` of a path for one who signed in.
async fn visit(house: &House, login: &'static str, paths: &[String]) -> Vec<(StatusCode, String)> {
    let service = test::init_service(
        App::new()
            .app_data(web::Data::new(house.clone()))
            .app_data(web::Data::new(cipher()))
            .app_data(DemoEntry(true))
            .configure(identity::console)
            .configure(console)
            .route("/act/{district}", web::get().to(act)),
    )
    .await;
    let person = read(house, move |conn| Ok(identity::person_called(conn, login))).await;
    let person = person.unwrap().unwrap();
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
    let mut seen = Vec::new();
    for path in paths {
        let mut request = TestRequest::get().uri(path);
        for cookie in &cookies {
            request = request.cookie(cookie.clone());
        }
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status();
        let page = test::read_body(response).await;
        seen.push((status, String::from_utf8_lossy(&page).into_owned()));
    }
    seen
}

#[actix_web::test]
async fn an_officer_sees_the_holders_of_his_trades_and_no_other() {
    let (house, _guard) = city().await;
    let police = visit(&house, "lin.yue", &["/holders".to_owned()]).await;
    assert_eq!(police[0].0, StatusCode::OK);
    assert!(police[0].1.contains("仙鹤宾馆") && !police[0].1.contains("迅达"));
}

#[actix_web::test]
async fn the_list_is_narrowed_by_district_and_trade() {
    let (house, _guard) = city().await;
    let paths =
        ["?district=410621", "?district=410600&sector=lodging", "?sector=courier", "?sector=x"]
            .map(|query| format!("/holders{query}"));
    let seen = visit(&house, "lin.yue", &paths).await;
    let shows = |at: usize, name: &str| seen[at].1.contains(&format!("\">{name}"));
    assert!(shows(0, "示例房东") && !shows(0, "仙鹤宾馆"));
    assert!(shows(1, "示例房东") && shows(1, "仙鹤宾馆"));
    assert!(!shows(2, "示例房东") && !shows(2, "迅达"));
    assert_eq!(seen[3].0, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn the_department_page_names_jurisdiction_certificates_and_plans() {
    let (house, _guard) = city().await;
    let seen = visit(&house, "he.shan", &["/department".to_owned()]).await;
    let (status, page) = &seen[0];
    assert_eq!(*status, StatusCode::OK);
    for text in ["鹤壁市公安局", "HN-0600-1001", "HN-0600-1002", "自然月", "410600", "鹤公"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("HN-0600-2001") && !page.contains("registry-"), "{page}");
}

#[actix_web::test]
async fn an_officer_acts_in_his_trades_and_districts_while_certified() {
    let (house, _guard) = city().await;
    let paths = ["/act/410611", "/act/410671", "/act/410500"].map(str::to_owned);
    let statuses = |seen: Vec<(StatusCode, String)>| {
        seen.iter().map(|(status, _)| status.as_u16()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(visit(&house, "he.shan", &paths).await), [200, 200, 404]);
    assert_eq!(statuses(visit(&house, "su.he", &paths).await), [404, 404, 404]);
    house.clock.set("2031-07-01T10:00:00+08:00".parse().unwrap()).unwrap();
    assert_eq!(statuses(visit(&house, "he.shan", &paths).await), [403, 403, 404]);
}

#[actix_web::test]
async fn a_person_who_is_no_officer_sees_nothing() {
    let (house, _guard) = city().await;
    let (role, lang) = (identity::Role::Governance, crate::foundation::web::Lang::Zh);
    let by = identity::Actor::Command;
    identity::create_person(&house, by, "office", "办公室", role, lang).await.unwrap();
    let seen = visit(&house, "office", &["/holders".into(), "/department".into()]).await;
    assert!(seen.iter().all(|(status, _)| *status == StatusCode::FORBIDDEN));
}
