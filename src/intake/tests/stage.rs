//! A server with three businesses, for the tests of intake: routes, log, registry, keys, tokens.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Bytes;
use actix_web::{App, web};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::foundation::Random;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::crypto::sealing::SealingKey;
use crate::foundation::crypto::{b64u, install_providers, jwe, sha256};
use crate::foundation::ids::{HolderId, StreamId};
use crate::identity::{
    self, Actor, Client, FieldCipher, OfferedKey, Purpose, Scope, Tokens, register_client,
};
use crate::intake::{BatchLimits, Gates};
use crate::keys::{self, Opener, files};
use crate::ledger::testing::{TestLog, started};
use crate::registry;
use crate::rules::Packs;

const ORIGIN: &str = "https://api.chayan.test";

const REGISTRY: &str = r#"
[[department]]
code = "police"
name_zh = "示例公安局"
name_en = "Example Bureau"
organ = "示公"
email = "police@example.test"
[[department.scope]]
sectors = ["lodging"]
districts = ["410600"]
[[department]]
code = "post"
name_zh = "示例邮政管理局"
name_en = "Example Postal Administration"
organ = "示邮"
email = "post@example.test"
[[department.scope]]
sectors = ["courier"]
districts = ["410600"]
[[pack]]
sector = "lodging"
pack = "lodging/2026.1"
from = 2026-01-01
[[pack]]
sector = "courier"
pack = "courier/2026.1"
from = 2026-01-01
[[holder]]
id = "0198c0de-0000-7000-8000-0000000000c0"
kind = "organisation"
name = "Swift Parcel"
district = "410611"
[[outlet]]
key = "swift"
holder = "0198c0de-0000-7000-8000-0000000000c0"
name = "Swift Parcel"
district = "410611"
[[stream]]
id = "0198c0de-0000-7000-8000-0000000000c1"
outlet = "swift"
sector = "courier"
modes = ["sealed", "attested"]
opened_on = 2026-01-01
[[holder]]
id = "0198c0de-0000-7000-8000-0000000000a0"
kind = "organisation"
name = "Crane Inn"
district = "410611"
[[outlet]]
key = "crane"
holder = "0198c0de-0000-7000-8000-0000000000a0"
name = "Crane Inn"
district = "410611"
[[stream]]
id = "0198c0de-0000-7000-8000-0000000000a1"
outlet = "crane"
sector = "lodging"
opened_on = 2026-01-01
[[holder]]
id = "0198c0de-0000-7000-8000-0000000000b0"
kind = "organisation"
name = "Heron Inn"
district = "410611"
[[outlet]]
key = "heron"
holder = "0198c0de-0000-7000-8000-0000000000b0"
name = "Heron Inn"
district = "410611"
[[stream]]
id = "0198c0de-0000-7000-8000-0000000000b1"
outlet = "heron"
sector = "lodging"
opened_on = 2026-01-01
"#;

/// What a request gets.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and problem name.
    pub(super) fn problem(&self) -> (u16, String) {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        (self.status, kind.rsplit('/').next().unwrap().to_owned())
    }

    /// The codes and pointers of the faults, without details.
    pub(super) fn faults(&self) -> Vec<(String, String)> {
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let faults = self.json()["faults"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|fault| (text(fault, "code"), text(fault, "pointer"))).collect()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

type Service = Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// The running server.
pub(super) struct Stage {
    pub(super) log: TestLog,
    tokens: Tokens,
    service: Service,
}

/// One business: its client, its keys, its stream, and the audit key it seals to.
#[derive(Clone)]
pub(super) struct Business {
    pub(super) client: Client,
    pub(super) stream: StreamId,
    pub(super) manifest_key: Arc<SigningKey>,
    pub(super) authentication_key: Arc<SigningKey>,
    pub(super) kid: String,
    pub(super) audit_key: SealingKey,
    pub(super) token: String,
    pub(super) random: Random,
}

impl Stage {
    pub(super) async fn new() -> Stage {
        Stage::with(BatchLimits::default()).await
    }

    pub(super) async fn with(limits: BatchLimits) -> Stage {
        install_providers();
        let log = started().await;
        let house = log.house.clone();
        let packs = Arc::new(Packs::embedded());
        let cipher = FieldCipher::new(WrappingKey::generate(&house.random), "fk-1");
        registry::import(&house, &packs, &cipher, REGISTRY).await.unwrap();
        let key = SigningKey::generate(Algorithm::EdDsa, &house.random).unwrap();
        let tokens = Tokens::new(ORIGIN, ORIGIN, key);
        let app = App::new()
            .app_data(web::Data::new(house))
            .app_data(web::Data::new(log.sequencer.clone()))
            .app_data(web::Data::new(packs))
            .app_data(web::Data::new(Gates::new(limits)))
            .app_data(web::Data::new(tokens.clone()))
            .configure(crate::intake::api);
        let app = Rc::new(init_service(app).await);
        let service: Service = Rc::new(move |request| {
            let app = app.clone();
            Box::pin(async move {
                let response = call_service(&*app, request.to_request()).await;
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                let body = to_bytes(response.into_body()).await.ok().unwrap_or_default();
                Answer { status, headers, body }
            })
        });
        Stage { log, tokens, service }
    }

    /// Registers the keys of a business: the inns `'a'` and `'b'`, or the parcel shop `'c'`, whose
    /// stream may be attested.
    pub(super) async fn business(&self, which: char) -> Business {
        let (house, random) = (&self.log.house, self.log.house.random.clone());
        let id = |n: u8| format!("0198c0de-0000-7000-8000-0000000000{which}{n}");
        let holder: HolderId = id(0).parse().unwrap();
        let key = || Arc::new(SigningKey::generate(Algorithm::Es256, &random).unwrap());
        let (manifest_key, authentication_key) = (key(), key());
        let offer = |purpose, key: &SigningKey, kid: &str| {
            let mut jwk: Value = serde_json::from_str(key.public().canonical()).unwrap();
            jwk["kid"] = kid.into();
            OfferedKey::parse(purpose, jwk.to_string().as_bytes()).unwrap()
        };
        let keys = vec![
            offer(Purpose::Manifest, &manifest_key, "m1"),
            offer(Purpose::Authentication, &authentication_key, "a1"),
        ];
        let client = register_client(house, Actor::Command, holder, "PMS", keys).await.unwrap();
        let stream: StreamId = id(1).parse().unwrap();
        let read = move |conn: &mut _| registry::stream_for_push(conn, stream).map_err(Into::into);
        let facts: Result<_, crate::foundation::db::StoreError> =
            house.store.read("test.stream", read).await;
        let department = facts.unwrap().unwrap().stream.department.unwrap();
        let root = self.log.guard.folder.path().join("root.key");
        let root = match files::load_root(&root) {
            Ok(root) => root,
            Err(_) => files::make_root(&root, &random).unwrap(),
        };
        let opener = Opener::new(root, self.log.guard.folder.path());
        let day = house.clock.now().day();
        let audit_key = keys::make(house, &opener, department, day).await.unwrap();
        let token = self.tokens.issue(house, &client, &[Scope::Push, Scope::Read]).unwrap();
        let (kid, audit_key) = (audit_key.kid.clone(), audit_key.sealing_key().unwrap());
        Business { client, stream, manifest_key, authentication_key, kid, audit_key, token, random }
    }

    /// A token that allows `scopes` only.
    pub(super) fn token(&self, business: &Business, scopes: &[Scope]) -> String {
        self.tokens.issue(&self.log.house, &business.client, scopes).unwrap()
    }

    pub(super) async fn call(&self, request: TestRequest) -> Answer {
        (self.service)(request).await
    }

    /// Pushes `body` as `business`.
    pub(super) async fn push(&self, business: &Business, body: &[u8]) -> Answer {
        self.call(push_request(business, body)).await
    }

    pub(super) async fn get(&self, business: &Business, path: &str) -> Answer {
        let request = TestRequest::get().uri(path);
        self.call(request.insert_header(bearer(&business.token))).await
    }

    /// Closes the day that `claims` name, at that address.
    pub(super) async fn close(&self, business: &Business, claims: &Value) -> Answer {
        let statement = business.sign("chayan-close+jwt", claims);
        let text = |claim: &str| claims[claim].as_str().unwrap();
        let path = format!("/v1/streams/{}/days/{}", text("stream"), text("day"));
        self.put_close(business, &path, statement.into()).await
    }

    pub(super) async fn put_close(&self, business: &Business, path: &str, body: Bytes) -> Answer {
        let request = TestRequest::put().uri(path).insert_header(bearer(&business.token));
        self.call(request.insert_header(("content-type", "application/jose")).set_payload(body))
            .await
    }

    /// Discloses `body` as `business`.
    pub(super) async fn disclose(&self, business: &Business, body: &Value) -> Answer {
        let request = TestRequest::post().uri("/v1/disclosures");
        let request = request.insert_header(bearer(&business.token));
        self.call(request.set_json(body)).await
    }

    /// How many leaves of a type the log has.
    pub(super) async fn leaves(&self, kind: crate::ledger::LeafKind) -> Vec<Value> {
        self.log.drained().await;
        let read = move |conn: &mut _| {
            crate::ledger::leaves_of(conn, kind, 0, 1000)
                .map_err(crate::foundation::db::StoreError::from)
        };
        let leaves = self.log.house.store.read("test.leaves", read).await.unwrap();
        leaves.iter().map(crate::ledger::Leaf::body).collect()
    }

    pub(super) async fn refusals(&self, business: &Business) -> i64 {
        let (client, day) = (business.client.id, self.log.house.clock.now().day());
        let read = move |conn: &mut _| crate::intake::refusals_of(conn, client, day);
        self.log.house.store.read("test.refusals", read).await.unwrap()
    }

    /// Revokes the manifest key of `business`.
    pub(super) async fn retire_manifest_key(&self, business: &Business) {
        let client = business.client.id;
        identity::retire_key(&self.log.house, Actor::Command, client, "m1").await.unwrap();
    }
}

pub(super) fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

pub(super) fn push_request(business: &Business, body: &[u8]) -> TestRequest {
    TestRequest::post()
        .uri("/v1/batches")
        .insert_header(bearer(&business.token))
        .insert_header(("content-type", "application/vnd.chayan.batch"))
        .set_payload(body.to_vec())
}

impl Business {
    pub(super) fn uuid(&self) -> String {
        let bytes = self.random.bytes();
        uuid::Builder::from_unix_timestamp_millis(1_772_416_800_000, &bytes).into_uuid().to_string()
    }

    pub(super) fn seal(&self, plaintext: &[u8]) -> String {
        jwe::seal(plaintext, &self.kid, &self.audit_key, &self.random).unwrap()
    }

    /// `count` sealed lines, with a final line feed.
    pub(super) fn lines(&self, count: usize) -> String {
        (0..count).map(|n| self.seal(&n.to_be_bytes()) + "\n").collect()
    }

    /// The claims of a manifest over `lines`, numbered from `first`.
    pub(super) fn claims(&self, first: u64, lines: &str) -> Value {
        json!({
            "iss": self.client.holder_id, "jti": self.uuid(), "iat": 1_772_416_000,
            "stream": self.stream, "day": "2026-03-02", "mode": "sealed",
            "pack": "lodging/2026.1", "first": first, "count": lines.lines().count(),
            "from": "2026-03-02T00:10:00+08:00", "to": "2026-03-02T09:50:00+08:00",
            "body": b64u::encode(&sha256(lines.as_bytes())),
        })
    }

    pub(super) fn sign(&self, typ: &str, claims: &Value) -> String {
        self.manifest_key.sign(typ, "m1", claims).unwrap()
    }

    /// The claims of an attested batch of the parcel shop over `lines`.
    pub(super) fn attested_claims(&self, first: u64, lines: &str) -> Value {
        let mut claims = self.claims(first, lines);
        claims["mode"] = "attested".into();
        claims["pack"] = "courier/2026.1".into();
        claims
    }

    /// The bytes of a batch.
    pub(super) fn batch_of(&self, claims: &Value, lines: &str) -> Vec<u8> {
        format!("{}\n{lines}", self.sign("chayan-batch+jwt", claims)).into_bytes()
    }

    /// A batch of `count` new records from number `first` on.
    pub(super) fn batch(&self, first: u64, count: usize) -> Vec<u8> {
        let lines = self.lines(count);
        self.batch_of(&self.claims(first, &lines), &lines)
    }

    /// The claims of a day close.
    pub(super) fn close_claims(&self, count: u64) -> Value {
        json!({
            "iss": self.client.holder_id, "jti": self.uuid(), "iat": 1_772_416_000,
            "stream": self.stream, "day": "2026-03-02", "first": 1, "last": count,
            "count": count, "totals": { "room_nights_sold": 38 },
        })
    }
}
