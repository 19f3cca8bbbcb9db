//! The case as officers and the business meet it in a browser: rights, files, stale forms.

use actix_web::http::header;
use actix_web::test::TestRequest;

use super::flow::{Affair, affair};
use super::pages::{Answer, Browser, browser, text};
use super::*;
use crate::cases::evidence::tests::container;
use crate::foundation::ids::HolderId;
use crate::foundation::web::Lang;
use crate::foundation::web::session::Token;
use crate::identity::{self, Actor, Invitation, Role};

/// A person of the business called `name`, signed in.
async fn person_of(city: &City, name: &'static str, login: &'static str) -> Browser {
    let holder: HolderId = city.read(move |conn| holder_called(conn, name)).await.id;
    let invitation = Invitation {
        login: login.into(),
        name: "周静".into(),
        administrator: false,
        lang: Lang::Zh,
    };
    identity::represent(&city.house, Actor::Command, holder, &invitation).await.unwrap();
    browser(city, login).await
}

const EDGE: &str = "edge-of-a-part";

/// One part of a form with files: name, file name and type, content.
type Part<'a> = (&'a str, Option<(&'a str, &'a str)>, &'a [u8]);

async fn send(browser: &Browser, path: &str, parts: &[Part<'_>], csrf: bool) -> (u16, String) {
    let token = Token::of(&browser.request(TestRequest::get(), "/").to_http_request()).unwrap();
    let token = token.csrf();
    let mut body = Vec::new();
    let first: Part<'_> = ("csrf", None, token.as_bytes());
    for (name, file, content) in csrf.then_some(&first).into_iter().chain(parts) {
        body.extend_from_slice(
            format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        if let Some((called, media)) = file {
            let more = format!("; filename=\"{called}\"\r\nContent-Type: {media}");
            body.extend_from_slice(more.as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
    let media = format!("multipart/form-data; boundary={EDGE}");
    let request = browser.request(TestRequest::post(), path);
    let request = request.insert_header((header::CONTENT_TYPE, media)).set_payload(body);
    told((browser.call)(request).await).await
}

/// Status, and where to go or what is said.
async fn told(answer: Answer) -> (u16, String) {
    match answer.headers().get(header::LOCATION).cloned() {
        Some(place) => (answer.status().as_u16(), place.to_str().unwrap().to_owned()),
        None => text(answer).await,
    }
}

async fn version(it: &Affair) -> String {
    it.case().await.version.to_string()
}

#[actix_web::test]
async fn a_business_reads_answers_with_a_file_and_gets_it_back_as_a_download_only() {
    let it = affair(true).await;
    let clerk = person_of(&it.city, "仙鹤宾馆", "crane.clerk").await;
    let path = format!("/portal/cases/{}", it.id);
    let (_, list) = clerk.get("/portal/cases").await;
    assert!(list.contains(&path), "{list}");
    let (status, page) = clerk.get(&path).await;
    assert_eq!(status, 200);
    for word in ["第 1 号", "未成年人保护法", "我已阅读", "提交回复"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    for inside in ["核对无误", "林月"] {
        assert!(!page.contains(inside), "{inside} stays inside");
    }
    assert_eq!(clerk.post(&format!("{path}/acknowledge"), &[], true).await.0, 303);
    let seen = version(&it).await;
    let parts: &[Part<'_>] = &[
        ("version", None, seen.as_bytes()),
        ("text", None, "已补登记<script>".as_bytes()),
        ("files", Some(("证明.pdf", "application/pdf")), b"%PDF-1.7 secret"),
        ("files", Some(("", "application/octet-stream")), b""),
    ];
    let reply = format!("{path}/reply");
    assert_eq!(send(&clerk, &reply, parts, false).await.0, 403, "no form token");
    assert_eq!(send(&clerk, &reply, parts, true).await, (303, path.clone()));
    let (status, page) = send(&clerk, &reply, parts, true).await;
    assert_eq!(status, 409, "sent twice");
    assert!(page.contains("已补登记&#60;script&#62;"), "the text is not lost: {page}");

    let officer = browser(&it.city, "lin.yue").await;
    let (_, page) = officer.get(&format!("/cases/{}", it.id)).await;
    assert!(page.contains("企业已回复") && page.contains("证明.pdf"), "{page}");
    assert!(!page.contains("<script>") && page.matches("evidence/").count() == 1);
    let file = page.split("/evidence/").nth(1).unwrap().split('"').next().unwrap();
    for (who, at) in [
        (&officer, format!("/cases/{}/evidence/{file}", it.id)),
        (&clerk, format!("{path}/evidence/{file}")),
    ] {
        let answer = (who.call)(who.request(TestRequest::get(), &at)).await;
        assert_eq!(answer.status().as_u16(), 200, "{at}");
        let named = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert!(named("content-disposition").starts_with("attachment; "), "{at}");
        assert!(named("content-disposition").is_ascii());
        assert_eq!(named("x-content-type-options"), "nosniff");
        assert_eq!(text(answer).await.1, "%PDF-1.7 secret");
    }
}

#[actix_web::test]
async fn a_business_sees_its_own_and_an_officer_his_scope() {
    let it = affair(true).await;
    let rival = person_of(&it.city, "无名旅馆", "mute.clerk").await;
    let clerk = person_of(&it.city, "仙鹤宾馆", "crane.clerk").await;
    let path = format!("/portal/cases/{}", it.id);
    let seen = version(&it).await;
    assert_eq!(rival.get(&path).await.0, 404);
    assert_eq!(rival.post(&format!("{path}/acknowledge"), &[], true).await.0, 404);
    let ask = [("version", seen.as_str()), ("until", "2026-05-01"), ("reason", "x")];
    assert_eq!(rival.post(&format!("{path}/extension"), &ask, true).await.0, 404);
    let parts: &[Part<'_>] = &[("version", None, seen.as_bytes()), ("text", None, b"x")];
    assert_eq!(send(&rival, &format!("{path}/reply"), parts, true).await.0, 404);
    assert!(!rival.get("/portal/cases").await.1.contains(&path));
    // Neither side reaches the pages of the other.
    let officer = browser(&it.city, "lin.yue").await;
    assert_ne!(officer.get(&path).await.0, 200);
    assert_ne!(clerk.get(&format!("/cases/{}", it.id)).await.0, 200);
    let closing = [("version", seen.as_str()), ("result", "withdrawn"), ("reason", "x")];
    let close = format!("/cases/{}/closing", it.id);
    assert!(clerk.post(&close, &closing, true).await.0 >= 400);
    // He Shan has a conflict and no valid certificate.
    let barred = browser(&it.city, "he.shan").await;
    assert_eq!(barred.post(&close, &closing, true).await.0, 403);
    assert_eq!(officer.post(&close, &closing, true).await.0, 303);
    let decision = format!("/cases/{}/closing/decision", it.id);
    assert_eq!(officer.post(&decision, &closing, true).await.0, 403, "he does not lead");
    assert_eq!(it.case().await.state, State::Opened);
}

#[actix_web::test]
async fn a_stale_form_keeps_what_was_typed() {
    let it = affair(true).await;
    let officer = browser(&it.city, "lin.yue").await;
    let close = format!("/cases/{}/closing", it.id);
    let stale = [("version", "7"), ("result", "withdrawn"), ("reason", "文书有误")];
    let (status, page) = officer.post(&close, &stale, true).await;
    assert_eq!(status, 409);
    assert!(page.contains("文书有误") && page.contains("已有变化"), "{page}");
    let seen = version(&it).await;
    let empty = [("version", seen.as_str()), ("result", "withdrawn"), ("reason", " ")];
    let (status, page) = officer.post(&close, &empty, true).await;
    assert_eq!(status, 422);
    assert!(page.contains("请填写理由"), "{page}");
}

#[actix_web::test]
async fn files_that_are_not_what_they_should_be_are_refused_and_the_text_is_kept() {
    let it = affair(true).await;
    let clerk = person_of(&it.city, "仙鹤宾馆", "crane.clerk").await;
    let path = format!("/portal/cases/{}/reply", it.id);
    let seen = version(&it).await;
    let large = vec![b'a'; 10 * 1024 * 1024 + 1];
    let bomb =
        container(&[("[Content_Types].xml", 300, 900), ("xl/workbook.xml", 1_000, 2_000_000_000)]);
    let pdf: &[u8] = b"%PDF-1.7";
    for (name, media, content, status) in [
        ("a.pdf", "application/pdf", b"MZ\x90\0".as_slice(), 422),
        ("a.exe", "application/octet-stream", pdf, 422),
        ("a.txt", "text/plain", large.as_slice(), 413),
        ("a.xlsx", "application/octet-stream", bomb.as_slice(), 422),
        ("a\u{202E}fdp.pdf", "application/pdf", pdf, 422),
        ("=cmd.pdf", "application/pdf", pdf, 422),
    ] {
        let parts: &[Part<'_>] = &[
            ("version", None, seen.as_bytes()),
            ("text", None, "已补登记".as_bytes()),
            ("files", Some((name, media)), content),
        ];
        let (found, page) = send(&clerk, &path, parts, true).await;
        assert_eq!(found, status, "{name}: {page}");
        assert!(page.contains("已补登记") && page.contains("role=\"alert\""), "{name}");
        assert!(!page.contains("case-fault"), "{name} is told in words");
    }
    let mut many: Vec<Part<'_>> = vec![("version", None, seen.as_bytes()), ("text", None, b"x")];
    many.extend((0..11).map(|_| ("files", Some(("a.pdf", "application/pdf")), pdf)));
    assert_eq!(send(&clerk, &path, &many, true).await.0, 413, "eleven files");
    assert_eq!(it.case().await.state, State::Opened, "nothing was kept");

    let request = clerk.request(TestRequest::post(), &path);
    let media = format!("multipart/form-data; boundary={EDGE}");
    let request = request
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_LENGTH, "209715200"));
    assert_eq!((clerk.call)(request).await.status().as_u16(), 413, "200 MB, unread");
}

/// What the page says to a step towards a department.
async fn step(office: &Browser, department: &str, kind: &str, words: &str) -> u16 {
    let fields = [("department", department), ("kind", kind), ("reason", words)];
    office.post("/governance", &fields, true).await.0
}

#[actix_web::test]
async fn the_governance_office_sees_totals_and_no_case_and_gives_no_penalty() {
    let it = affair(true).await;
    let city = &it.city;
    let (role, by) = (Role::Governance, Actor::Command);
    let made = identity::create_person(&city.house, by, "zong.zhi", "综治办", role, Lang::Zh);
    made.await.unwrap();
    let office = browser(city, "zong.zhi").await;
    for path in [format!("/cases/{}", it.id), "/cases".into(), "/findings".into()] {
        assert_eq!(office.get(&path).await.0, 403, "{path}");
    }
    let officer = browser(city, "lin.yue").await;
    assert_eq!(officer.get("/governance").await.0, 403);
    let (status, page) = office.get("/governance").await;
    assert_eq!(status, 200);
    assert!(!page.contains("第 1 号") && !page.contains("仙鹤"), "{page}");

    let police = city.case(it.id).await.department.to_string();
    assert_eq!(step(&office, &police, "circular", "请尽快办结").await, 409, "nothing is overdue");
    it.stands(State::Overdue).await;
    clear(&city.house).await;
    let disguised = step(&office, &police, "circular", "予以通报批评").await;
    assert_eq!(disguised, 422, "a penalty in disguise");
    assert_eq!(step(&office, &police, "interview", "请说明情况").await, 409, "left one out");
    assert_eq!(city.leaves().await, Vec::<String>::new());
    assert_eq!(step(&office, &police, "circular", "请尽快办结").await, 303);
    assert_eq!(city.leaves().await, ["case_state"]);
    assert_eq!(step(&office, &police, "circular", "请尽快办结").await, 409, "sent twice");
    let told = json!(city.bodies().await).to_string();
    assert!(!told.contains(&it.id.to_string()) && told.contains("\"overdue\":1"), "{told}");
    let (_, page) = office.get("/governance").await;
    let end = page.split("action=\"/governance/").nth(1).unwrap().split('"').next().unwrap();
    let end = format!("/governance/{end}");
    assert_eq!(office.post(&end, &[("reason", "已办结")], true).await.0, 303);
    assert_eq!(office.post(&end, &[("reason", "已办结")], true).await.0, 409);
}
