//! The token endpoint and the tokens it gives (acceptance 10 to 18 and 20).

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::json;
use tokio::task::LocalSet;

use super::*;
use crate::foundation::db::{Durability, Store};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Registered {
    stage: Stage,
    key: SigningKey,
    client: Client,
}

async fn registered() -> Registered {
    let stage = stage().await;
    let (key, a1) = offered(Purpose::Authentication, "a1");
    let client = register_client(&stage.house, Actor::Command, stage.holder(), "Desk", vec![a1]);
    let client = client.await.unwrap();
    Registered { stage, key, client }
}

impl Registered {
    fn claims(&self, jti: &str) -> Value {
        let id = &self.client.client_id;
        json!({ "iss": id, "sub": id, "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": jti })
    }

    fn assertion(&self, jti: &str) -> String {
        self.key.sign(ASSERTION_TYP, "a1", &self.claims(jti)).unwrap()
    }

    fn form(&self, jti: &str) -> String {
        form(&self.assertion(jti))
    }

    /// A good token, got as businesses get theirs.
    async fn token(&self, jti: &str) -> String {
        let app = self.stage.app(false).await;
        let (status, body) = ask(&app, self.form(jti)).await;
        assert_eq!(status, StatusCode::OK);
        body["access_token"].as_str().unwrap().to_owned()
    }
}

fn form(assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&client_assertion_type={TYPE}&client_assertion={assertion}"
    )
}

async fn ask(app: &Application, form: String) -> (StatusCode, Value) {
    let request = TestRequest::post()
        .uri("/oauth2/token")
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(form);
    let response = app.call(request).await;
    assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "no-store");
    let status = response.status();
    (status, test::read_body_json(response).await)
}

async fn who(app: &Application, authorization: &str) -> (StatusCode, Option<String>) {
    let request =
        TestRequest::get().uri("/v1/who").insert_header((AUTHORIZATION, authorization.to_owned()));
    let response = app.call(request).await;
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    (response.status(), challenge)
}

#[actix_web::test]
async fn an_assertion_becomes_a_token_that_opens_the_api() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let (status, body) = ask(&app, known.form("0123456789abcdef")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 300);
    assert_eq!(body["scope"], "push read");
    let token = body["access_token"].as_str().unwrap();
    let request =
        TestRequest::get().uri("/v1/who").insert_header((AUTHORIZATION, format!("Bearer {token}")));
    let answer = test::read_body(app.call(request).await).await;
    assert_eq!(answer, known.client.holder_id.to_string());
}

#[actix_web::test]
async fn every_failure_to_authenticate_looks_alike() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let sign =
        |typ: &str, kid: &str, claims: Value| form(&known.key.sign(typ, kid, &claims).unwrap());
    let with = |name: &str, value: Value| {
        let mut claims = known.claims("0123456789abcdef");
        claims[name] = value;
        sign(ASSERTION_TYP, "a1", claims)
    };
    let stranger = SigningKey::generate(Algorithm::Es256, &Random::system()).unwrap();
    let claims = known.claims("0123456789abcdef");
    let good = known.form("0123456789abcdef");
    let mut unknown = claims.clone();
    unknown["iss"] = "nobody".into();
    unknown["sub"] = "nobody".into();
    for form in [
        with("aud", json!(format!("{ISSUER}/oauth2/token"))),
        with("aud", json!([ISSUER])),
        with("exp", json!(NOW + 301)),
        with("iat", json!((NOW).to_string())),
        with("jti", json!("short")),
        sign(ASSERTION_TYP, "a2", claims.clone()),
        sign(ASSERTION_TYP, "../a1", claims.clone()),
        sign(ASSERTION_TYP, "' OR '1'='1", claims.clone()),
        sign("at+jwt", "a1", claims.clone()),
        sign("JWT", "a1", claims.clone()),
        sign(ASSERTION_TYP, "a1", unknown),
        form(&stranger.sign(ASSERTION_TYP, "a1", &claims).unwrap()),
        form("e30.e30.e30"),
        form("nonsense"),
        format!("{good}&client_id=another"),
        good.replace("jwt-bearer", "saml2-bearer"),
        "grant_type=client_credentials".to_owned(),
    ] {
        let (status, body) = ask(&app, form.clone()).await;
        assert_eq!(
            (status, &body),
            (StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" })),
            "{form}"
        );
    }
    assert_eq!(ask(&app, good).await.0, StatusCode::OK, "none of them spent the assertion");
}

#[actix_web::test]
async fn faults_of_the_request_are_named() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let good = known.form("0123456789abcdef");
    for (form, error) in [
        (format!("{good}&grant_type=client_credentials"), "invalid_request"),
        (format!("{good}&scope=push&scope=push"), "invalid_request"),
        (format!("{good}&client_secret=x"), "invalid_request"),
        (good.replace("grant_type=client_credentials&", ""), "invalid_request"),
        (good.replace("client_credentials", "password"), "unsupported_grant_type"),
        (format!("{good}&scope=admin"), "invalid_scope"),
        (format!("{good}&scope=push%20%20read"), "invalid_scope"),
        ("a".repeat(17 * 1024), "invalid_request"),
    ] {
        let (status, body) = ask(&app, form).await;
        assert_eq!((status, &body), (StatusCode::BAD_REQUEST, &json!({ "error": error })));
    }
    let json = TestRequest::post().uri("/oauth2/token").set_json(json!({}));
    assert_eq!(app.call(json).await.status(), StatusCode::BAD_REQUEST);
    let (status, body) = ask(&app, format!("{good}&scope=read")).await;
    assert_eq!((status, &body["scope"]), (StatusCode::OK, &json!("read")));
    let token = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let (status, challenge) = who(&app, &token).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a token to read does not push");
    assert!(challenge.unwrap().contains("insufficient_scope"));
}

#[actix_web::test]
async fn one_assertion_gives_one_token_of_a_hundred_asked_for_at_once() {
    let known = registered().await;
    let app = std::rc::Rc::new(known.stage.app(false).await);
    let form = known.form("0123456789abcdef");
    let local = LocalSet::new();
    let asked: Vec<_> = (0..100)
        .map(|_| {
            let (app, form) = (app.clone(), form.clone());
            local.spawn_local(async move { ask(&app, form).await.0 })
        })
        .collect();
    local.await;
    let mut granted = 0;
    for status in asked {
        match status.await.unwrap() {
            StatusCode::OK => granted += 1,
            status => assert_eq!(status, StatusCode::UNAUTHORIZED),
        }
    }
    assert_eq!(granted, 1);
}

#[actix_web::test]
async fn a_spent_assertion_stays_spent_after_a_restart() {
    let mut known = registered().await;
    known.token("0123456789abcdef").await;
    known.stage.house.store =
        Store::open(&known.stage.guard.url, Durability::SingleNode, true).unwrap();
    let app = known.stage.app(false).await;
    assert_eq!(ask(&app, known.form("0123456789abcdef")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&app, known.form("another-assertion")).await.0, StatusCode::OK);
}

#[actix_web::test]
async fn spent_assertions_are_forgotten_once_they_are_worthless() {
    let known = registered().await;
    known.token("0123456789abcdef").await;
    let forget = || crate::foundation::jobs::run_due(&known.stage.house, ForgetCredentials);
    let count = || async {
        use crate::foundation::db::schema::identity_assertions::table;
        let count = known.stage.house.store.read("test.count", |conn| {
            table.count().get_result::<i64>(conn).map_err(StoreError::from)
        });
        count.await.unwrap()
    };
    forget().await.unwrap();
    assert_eq!(count().await, 1);
    known.stage.house.clock.advance(std::time::Duration::from_secs(1200)).unwrap();
    forget().await.unwrap();
    assert_eq!(count().await, 0);
}

#[actix_web::test]
async fn only_an_access_token_of_ours_opens_the_api() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let token = known.token("0123456789abcdef").await;
    let assertion = known.assertion("another-assertion");
    let manifest = known.key.sign("chayan-batch+jwt", "a1", &known.claims("x")).unwrap();
    let other = Tokens::new(
        ISSUER,
        ISSUER,
        SigningKey::generate(Algorithm::EdDsa, &Random::system()).unwrap(),
    );
    let foreign = other.issue(&known.stage.house, &known.client, Scope::ALL).unwrap();
    let flipped = format!("{}{}", &token[..token.len() - 4], "AAAA");
    for bad in [assertion, manifest, foreign, flipped, "x".into(), String::new()] {
        let (status, challenge) = who(&app, &format!("Bearer {bad}")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{bad}");
        assert!(challenge.unwrap().starts_with("Bearer realm"));
    }
    assert_eq!(who(&app, &format!("bearer {token}")).await.0, StatusCode::OK);
    assert_eq!(who(&app, &format!("DPoP {token}")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&app, form(&token)).await.0, StatusCode::UNAUTHORIZED, "nor is it an assertion");
}

#[actix_web::test]
async fn a_token_belongs_into_one_authorization_field() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let token = known.token("0123456789abcdef").await;
    let status = async |request: TestRequest| app.call(request).await.status();
    let get = |uri: &str| TestRequest::get().uri(uri);
    assert_eq!(status(get("/v1/who")).await, StatusCode::UNAUTHORIZED);
    let in_query = format!("/v1/who?access_token={token}");
    assert_eq!(status(get(&in_query)).await, StatusCode::BAD_REQUEST);
    let field = (AUTHORIZATION, format!("Bearer {token}"));
    let twice = get("/v1/who").append_header(field.clone()).append_header(field);
    assert_eq!(status(twice).await, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn a_token_ends_after_five_minutes() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let token = format!("Bearer {}", known.token("0123456789abcdef").await);
    let clock = &known.stage.house.clock;
    clock.advance(std::time::Duration::from_secs(299)).unwrap();
    assert_eq!(who(&app, &token).await.0, StatusCode::OK);
    clock.advance(std::time::Duration::from_secs(1)).unwrap();
    assert_eq!(who(&app, &token).await.0, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_revoked_client_and_a_retired_key_end_tokens() {
    let known = registered().await;
    let app = known.stage.app(false).await;
    let (house, tokens) = (&known.stage.house, &known.stage.tokens);
    let (_, a2) = offered(Purpose::Authentication, "a2");
    add_key(house, Actor::Command, known.client.id, a2).await.unwrap();
    let token = format!("Bearer {}", known.token("0123456789abcdef").await);
    assert_eq!(who(&app, &token).await.0, StatusCode::OK);
    retire_key(house, Actor::Command, known.client.id, "a1").await.unwrap();
    tokens.forget();
    assert_eq!(who(&app, &token).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&app, known.form("another-assertion")).await.0, StatusCode::UNAUTHORIZED);

    let client = house.store.read("test.client", {
        let holder = known.client.holder_id;
        move |conn| clients_of(conn, holder)
    });
    let client = client.await.unwrap().remove(0);
    let token = tokens.issue(house, &client, Scope::ALL).unwrap();
    assert_eq!(who(&app, &format!("Bearer {token}")).await.0, StatusCode::OK);
    revoke_client(house, Actor::Command, client.id).await.unwrap();
    tokens.forget();
    assert_eq!(who(&app, &format!("Bearer {token}")).await.0, StatusCode::UNAUTHORIZED);
    assert!(revoke_client(house, Actor::Command, client.id).await.is_err());
}
