//! The pages, over HTTP, as an officer's browser meets them.

use std::rc::Rc;

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::test::TestRequest;
use actix_web::{App, test, web};
use futures_util::future::LocalBoxFuture;

use super::*;
use crate::foundation::web::session::{COOKIE, Token};
use crate::identity::{self, CodePurpose, DemoEntry};

pub(super) type Answer = ServiceResponse<BoxBody>;

/// A console and who is signed in.
pub(super) struct Browser {
    pub(super) call: Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>,
    session: String,
}

pub(super) async fn browser(city: &City, login: &'static str) -> Browser {
    let app = App::new()
        .app_data(web::Data::new(city.house.clone()))
        .app_data(web::Data::new(city.packs.clone()))
        .app_data(web::Data::new(city.cipher.clone()))
        .app_data(DemoEntry(true))
        .configure(identity::console)
        .configure(console);
    let service = Rc::new(test::init_service(app).await);
    let call = Rc::new(move |request: TestRequest| -> LocalBoxFuture<'static, Answer> {
        let service = service.clone();
        Box::pin(async move {
            test::call_service(&*service, request.to_request()).await.map_into_boxed_body()
        })
    });
    let person = city
        .house
        .store
        .read("test.person", move |conn| identity::person_called(conn, login))
        .await
        .unwrap()
        .unwrap();
    let life = Duration::from_secs(600);
    let code = identity::mint_code(&city.house, person.id, CodePurpose::Entry, life).await.unwrap();
    let enter = TestRequest::post().uri("/enter").insert_header(("host", "localhost"));
    let answer = call(enter.set_form([("code", code)])).await;
    let cookies = answer.response().cookies();
    let session = cookies.into_iter().find(|cookie| cookie.name() == COOKIE).unwrap();
    let session = session.value().to_owned();
    Browser { call, session }
}

impl Browser {
    pub(super) fn request(&self, request: TestRequest, path: &str) -> TestRequest {
        let cookie = format!("{COOKIE}={}", self.session);
        request
            .uri(path)
            .insert_header((header::COOKIE, cookie))
            .insert_header(("host", "localhost"))
    }

    pub(super) async fn get(&self, path: &str) -> (u16, String) {
        text((self.call)(self.request(TestRequest::get(), path)).await).await
    }

    pub(super) async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        csrf: bool,
    ) -> (u16, String) {
        let request = self.request(TestRequest::post(), path);
        let token = Token::of(&self.request(TestRequest::get(), "/").to_http_request()).unwrap();
        let mut fields = fields.to_vec();
        let token = token.csrf();
        if csrf {
            fields.push(("csrf", &token));
        }
        let answer = (self.call)(request.set_form(fields)).await;
        let place = answer.headers().get(header::LOCATION).cloned();
        match place {
            Some(place) => (answer.status().as_u16(), place.to_str().unwrap().to_owned()),
            None => text(answer).await,
        }
    }
}

pub(super) async fn text(answer: Answer) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body()).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[actix_web::test]
async fn an_officer_confirms_a_finding_and_sees_its_case() {
    let city = city().await;
    let finding = city.gap("gap/1").await;
    let officer = browser(&city, "lin.yue").await;
    let path = format!("/findings/{}", finding.id);

    let (status, list) = officer.get("/findings").await;
    assert_eq!(status, 200);
    assert!(list.contains(&path) && list.contains("编号缺失"), "{list}");
    for narrowed in ["/findings?stage=confirmed", "/findings?kind=late_day"] {
        assert!(!officer.get(narrowed).await.1.contains(&path), "{narrowed}");
    }
    let (status, page) = officer.get(&path).await;
    assert_eq!(status, 200);
    assert!(page.contains("只发建议书") && page.contains("2026-04-01"), "{page}");

    let confirm = format!("{path}/confirm");
    let good = [("reason", "<script>alert(1)</script>"), ("deadline", "2026-03-20")];
    assert_eq!(officer.post(&confirm, &good, false).await.0, 403, "no form token");
    let (status, page) = officer.post(&confirm, &[("deadline", "2026-03-20")], true).await;
    assert_eq!(status, 422);
    assert!(page.contains("请填写理由") && page.contains("2026-03-20"), "{page}");
    let (status, case) = officer.post(&confirm, &good, true).await;
    assert_eq!(status, 303);
    assert!(case.starts_with("/cases/"));
    let (status, page) = officer.post(&confirm, &good, true).await;
    assert_eq!(status, 409);
    assert!(page.contains("其间已有人作出决定") && page.contains("&#60;script&#62;"), "{page}");
    assert!(!page.contains("<script>alert"), "typed text is not markup");

    let (status, page) = officer.get(&case).await;
    assert_eq!(status, 200);
    for word in ["第 1 号", "仙鹤宾馆 高铁站店", "整改建议书", "发现问题", "林月"]
    {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains("<script>alert"), "typed text is not markup");
    assert!(!page.contains(" style=") && !page.contains("onclick"));
    let (_, list) = officer.get("/cases").await;
    assert!(list.contains(&case));
    assert!(officer.get(&path).await.1.contains("已确认"));
}

#[actix_web::test]
async fn an_officer_with_a_conflict_or_an_old_certificate_looks_and_does_not_decide() {
    let city = city().await;
    let finding = city.gap("gap/1").await;
    let officer = browser(&city, "he.shan").await;
    let path = format!("/findings/{}", finding.id);
    let (status, page) = officer.get(&path).await;
    assert_eq!(status, 200);
    assert!(!page.contains(&format!("{path}/confirm")), "{page}");
    let form = [("reason", "x"), ("deadline", "2026-03-20")];
    for deed in ["confirm", "dismiss", "reopen"] {
        assert_eq!(officer.post(&format!("{path}/{deed}"), &form, true).await.0, 403, "{deed}");
    }
    assert_eq!(city.finding(finding.id).await.stage, Stage::Proposed);
}

#[actix_web::test]
async fn what_is_not_the_officers_does_not_exist() {
    let city = city().await;
    let mut seen = city.seen("仙鹤宾馆", "gas/1", FindingKind::Gap).await;
    seen.sector = Sector::Gasoline;
    let gas = city.raise(seen).await;
    let mut seen = city.seen("仙鹤宾馆", "far/1", FindingKind::Gap).await;
    seen.department = city.house.fresh();
    let elsewhere = city.raise(seen).await;
    let case = city.confirm(&gas).await.unwrap();

    let officer = browser(&city, "he.shan").await;
    for path in [
        format!("/findings/{}", gas.id),
        format!("/findings/{}", elsewhere.id),
        format!("/cases/{case}"),
        format!("/findings/{}", city.house.fresh::<FindingId>()),
        "/findings/x".to_owned(),
    ] {
        assert_eq!(officer.get(&path).await.0, 404, "{path}");
        assert_eq!(officer.post(&format!("{path}/dismiss"), &[("reason", "x")], true).await.0, 404);
    }
    for list in ["/findings", "/cases"] {
        let (_, page) = officer.get(list).await;
        assert!(!page.contains(&gas.id.to_string()) && !page.contains(&case.to_string()));
    }
    let nobody = Browser { session: "x".repeat(43), ..browser(&city, "lin.yue").await };
    assert_eq!(nobody.get("/findings").await.0, 303);
}

#[actix_web::test]
async fn a_long_list_goes_on_where_it_stopped() {
    let city = city().await;
    for n in 0..53 {
        let mut seen = city.seen("仙鹤宾馆", &format!("gap/{n}"), FindingKind::Gap).await;
        seen.period = format!("2026-{n:02}");
        city.raise(seen).await;
    }
    let officer = browser(&city, "lin.yue").await;
    let (_, first) = officer.get("/findings?stage=&kind=gap").await;
    let next = first.split("rel=\"next\"").next().unwrap();
    let next = next.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
    let (_, second) = officer.get(&next.replace("&amp;", "&").replace("&#38;", "&")).await;
    let rows = |page: &str| page.matches("<th scope=\"row\">").count();
    assert_eq!((rows(&first), rows(&second)), (50, 3));
}
