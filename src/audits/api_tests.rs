//! `GET /v1/score`: a business reads of itself what its officers see on the page, and of no other.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use actix_web::{App, test, web};
use serde_json::Value;

use super::pages_tests::{city, scored, visit};
use super::{AuditError, api};
use crate::foundation::House;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::identity::{self, Actor, OfferedKey, Purpose, Scope, Tokens};
use crate::registry;

const ORIGIN: &str = "https://api.chayan.test";

fn tokens(house: &House) -> Tokens {
    let key = SigningKey::generate(Algorithm::EdDsa, &house.random).unwrap();
    Tokens::new(ORIGIN, ORIGIN, key)
}

/// A token of a new business system of `holder`.
async fn token(house: &House, tokens: &Tokens, holder: HolderId, scopes: &[Scope]) -> String {
    let key = SigningKey::generate(Algorithm::Es256, &house.random).unwrap();
    let mut jwk: Value = serde_json::from_str(key.public().canonical()).unwrap();
    jwk["kid"] = key.public().thumbprint().into();
    let key = OfferedKey::parse(Purpose::Authentication, jwk.to_string().as_bytes()).unwrap();
    let client = identity::register_client(house, Actor::Command, holder, "PMS", vec![key]).await;
    tokens.issue(house, &client.unwrap(), scopes).unwrap()
}

/// Status and body of `path` with each of the `Authorization` fields.
async fn ask(
    house: &House,
    tokens: &Tokens,
    path: &str,
    fields: &[Option<String>],
) -> Vec<(StatusCode, Value)> {
    let app = App::new()
        .app_data(web::Data::new(house.clone()))
        .app_data(web::Data::new(tokens.clone()))
        .configure(api);
    let service = test::init_service(app).await;
    let mut answers = Vec::new();
    for field in fields {
        let mut request = TestRequest::get().uri(path);
        if let Some(token) = field {
            request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
        }
        let response = test::call_service(&service, request.to_request()).await;
        answers.push((response.status(), test::read_body_json(response).await));
    }
    answers
}

/// A holder of the registry that is not `known`.
async fn another(house: &House, known: HolderId) -> HolderId {
    let find = move |conn: &mut Conn| {
        for department in registry::departments(conn)? {
            let holders = registry::holders(conn, department.id)?;
            if let Some(other) = holders.iter().find(|holder| holder.id != known) {
                return Ok::<_, AuditError>(other.id);
            }
        }
        Err(AuditError::NotFound)
    };
    house.store.read("test", find).await.unwrap()
}

#[actix_web::test]
async fn a_business_reads_the_score_that_its_officers_see() {
    let (house, _guard, id) = city().await;
    let holder = scored(&house, id).await;
    let tokens = tokens(&house);
    let own = token(&house, &tokens, holder, &[Scope::Read]).await;
    let (status, told) = ask(&house, &tokens, "/v1/score", &[Some(own)]).await.remove(0);
    assert_eq!(status, StatusCode::OK, "{told}");
    let scores = told["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 1, "{told}");
    let score = &scores[0];
    let paths = [format!("/holders/{holder}/standing")];
    let (_, page) = visit(&house, "lin.yue", &paths).await.remove(0);
    let page = page.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&");
    let why = score["why"].as_array().unwrap();
    assert!(why.len() >= 6, "{score}");
    for line in why {
        let (text, points) = (line["zh"].as_str().unwrap(), line["points"].as_str().unwrap());
        let row = format!("<th scope=\"row\">{text}</th><td class=\"num\">{points}</td>");
        assert!(page.contains(&row), "{row} in {page}");
        let english = line["en"].as_str().unwrap();
        assert!(!english.is_empty() && !english.starts_with("audits-"), "{english}");
    }
    let number = |name: &str| score[name].as_i64().unwrap();
    let shown = format!(
        "{}: <strong>{}</strong> <span class=\"tag \">{}</span>",
        score["period"].as_str().unwrap(),
        number("published"),
        score["class"].as_str().unwrap(),
    );
    assert!(page.contains(&shown), "{shown} in {page}");
    for told in [
        format!("({} / {})", number("received"), number("declared")),
        format!("{} / {}", number("missing_days"), number("due_days")),
        format!("{:+}", number("declared") - number("received")),
    ] {
        assert!(page.contains(&told), "{told} in {page}");
    }
    assert_eq!((number("expected"), number("missing"), number("late")), (40, 1, 0));
    assert_eq!((number("nil_days"), number("exempt_days")), (4, 3));
    assert_eq!((&score["final"], &score["sector"]), (&true.into(), &"lodging".into()));
}

#[actix_web::test]
async fn a_business_reads_its_own_score_only_and_only_with_the_scope() {
    let (house, _guard, id) = city().await;
    let holder = scored(&house, id).await;
    let tokens = tokens(&house);
    let other = another(&house, holder).await;
    let other = token(&house, &tokens, other, &[Scope::Read]).await;
    // Whatever an address says, the token says whose score it is.
    let path = format!("/v1/score?holder={holder}");
    let (status, told) = ask(&house, &tokens, &path, &[Some(other)]).await.remove(0);
    assert_eq!((status, told["scores"].as_array().map(Vec::len)), (StatusCode::OK, Some(0)));

    let pusher = token(&house, &tokens, holder, &[Scope::Push]).await;
    let foreign = self::tokens(&house);
    let forged = token(&house, &foreign, holder, &[Scope::Read]).await;
    let fields = [Some(pusher), Some(forged), Some("x".to_owned()), None];
    let answers = ask(&house, &tokens, "/v1/score", &fields).await;
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [403, 401, 401, 401]);
    for (_, problem) in answers {
        assert!(problem["scores"].is_null() && problem["type"].is_string(), "{problem}");
    }
}
