//! Identity as its callers meet it: over HTTP, on a fresh database.

mod business;
mod clients;
mod people;
mod timing;
mod token;

use std::rc::Rc;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, test, web};
use diesel::prelude::*;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::*;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::crypto::install_providers;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::db::schema::ledger_pending;
use crate::foundation::db::{StoreError, testing};
use crate::foundation::ids::HolderId;
use crate::foundation::problem::Problem;
use crate::foundation::time::{Clock, Timestamp};
use crate::foundation::{House, Random};

const ISSUER: &str = "https://api.chayan.test";
const NOW: i64 = 1_800_000_000;

/// A house with its handles.
struct Stage {
    house: House,
    tokens: Tokens,
    cipher: FieldCipher,
    guard: testing::Guard,
}

async fn stage() -> Stage {
    install_providers();
    let (store, guard) = testing::store().await;
    let random = Random::system();
    let clock = Clock::manual(Timestamp::from_seconds(NOW));
    let key = SigningKey::generate(Algorithm::EdDsa, &random).unwrap();
    Stage {
        tokens: Tokens::new(ISSUER, ISSUER, key),
        cipher: FieldCipher::new(WrappingKey::generate(&random), "fk-1"),
        house: House { store, clock, random },
        guard,
    }
}

impl Stage {
    fn holder(&self) -> HolderId {
        self.house.fresh()
    }

    /// The types and bodies of the leaves that wait for their numbers, oldest first.
    async fn leaves(&self) -> Vec<(String, Value)> {
        let rows: Vec<(String, String)> = self
            .house
            .store
            .read("test.leaves", |conn| {
                ledger_pending::table
                    .order((ledger_pending::made_at, ledger_pending::id))
                    .select((ledger_pending::kind, ledger_pending::body))
                    .load(conn)
                    .map_err(StoreError::from)
            })
            .await
            .unwrap();
        rows.into_iter().map(|(kind, body)| (kind, serde_json::from_str(&body).unwrap())).collect()
    }

    /// The application with all routes of the room, and a few that ask for its rights.
    async fn app(&self, demo: bool) -> Application {
        async fn who(caller: Caller) -> Result<HttpResponse, Problem> {
            caller.must(Scope::Push)?;
            Ok(HttpResponse::Ok().body(caller.holder().to_string()))
        }
        async fn home(person: Person) -> HttpResponse {
            HttpResponse::Ok().body(person.name().to_owned())
        }
        async fn administration(right: Administrator) -> HttpResponse {
            HttpResponse::Ok().body(right.person().name().to_owned())
        }
        let service = test::init_service(
            App::new()
                .app_data(web::Data::new(self.house.clone()))
                .app_data(web::Data::new(self.tokens.clone()))
                .app_data(web::Data::new(self.cipher.clone()))
                .app_data(DemoEntry(demo))
                .configure(api)
                .configure(console)
                .route("/v1/who", web::get().to(who))
                .route("/", web::get().to(home))
                .route("/", web::post().to(home))
                .route("/administration", web::get().to(administration)),
        )
        .await;
        let service = Rc::new(service);
        Application(Box::new(move |request| {
            let service = service.clone();
            Box::pin(async move {
                test::call_service(&*service, request.to_request()).await.map_into_boxed_body()
            })
        }))
    }
}

type Answer = ServiceResponse<BoxBody>;

/// A running application.
struct Application(Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>);

impl Application {
    async fn call(&self, request: TestRequest) -> Answer {
        (self.0)(request).await
    }
}

/// A key with its JWK as a business would send it.
fn offered(purpose: Purpose, kid: &str) -> (SigningKey, OfferedKey) {
    install_providers();
    let key = SigningKey::generate(Algorithm::Es256, &Random::system()).unwrap();
    let mut jwk: Value = serde_json::from_str(key.public().canonical()).unwrap();
    jwk["kid"] = kid.into();
    let offered = OfferedKey::parse(purpose, jwk.to_string().as_bytes()).unwrap();
    (key, offered)
}
