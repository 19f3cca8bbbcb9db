//! The token endpoint: `POST /oauth2/token`.
//!
//! Source: RFC 6749, section 4.4; RFC 7523; `security.md` 3.3.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::assertion::{self, Refused};
use super::error::IdentityError;
use super::heavy::heavy;
use super::model::{Client, ClientKey, Scope};
use super::store;
use super::tokens::{self, LIFETIME, Tokens};
use crate::foundation::House;
use crate::foundation::crypto::jws::PublicJwk;
use crate::foundation::problem::Problem;

/// The largest request of the token endpoint, in bytes.
const LARGEST: usize = 16 * 1024;

const GRANT: &str = "client_credentials";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a token request says, each parameter at most once.
struct TokenRequest {
    assertion: String,
    client_id: Option<String>,
    scope: Option<String>,
}

/// Why no token is given, in the words of RFC 6749, section 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Denied {
    Client,
    Request,
    Grant,
    Scope,
}

impl Denied {
    fn answer(self) -> HttpResponse {
        let (status, error) = match self {
            Self::Client => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::Request => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::Grant => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Scope => (StatusCode::BAD_REQUEST, "invalid_scope"),
        };
        answer(status, &json!({ "error": error }))
    }
}

fn answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(body)
}

/// `POST /oauth2/token`: an assertion for an access token.
pub(super) async fn token(
    req: HttpRequest,
    body: Result<web::Bytes, Error>,
    tokens: web::Data<Tokens>,
) -> Result<HttpResponse, Problem> {
    let asked = match body.ok().and_then(|body| form(&req, &body)) {
        Some(form) => read(form),
        None => Err(Denied::Request),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(denied) => return Ok(denied.answer()),
    };
    match grant(House::of(&req), &tokens, asked).await? {
        Err(denied) => Ok(denied.answer()),
        Ok((client, scopes)) => {
            let token = tokens.issue(House::of(&req), &client, &scopes).map_err(Problem::ours)?;
            let body = json!({
                "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME,
                "scope": tokens::scope_text(&scopes),
            });
            Ok(answer(StatusCode::OK, &body))
        }
    }
}

/// The parameters of the form; `None` if it is no form or names one twice.
fn form(req: &HttpRequest, body: &[u8]) -> Option<Vec<(String, String)>> {
    let second_way = req.headers().contains_key(header::AUTHORIZATION);
    let typed = req.content_type() == "application/x-www-form-urlencoded";
    if second_way || !typed || body.len() > LARGEST || !req.query_string().is_empty() {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).ok()?.into_inner();
    let mut names: Vec<&String> = pairs.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let once = names.windows(2).all(|pair| pair[0] != pair[1]);
    once.then_some(pairs)
}

fn read(form: Vec<(String, String)>) -> Result<TokenRequest, Denied> {
    let take = |name: &str| {
        let mut values = form.iter().filter(|(found, value)| found == name && !value.is_empty());
        values.next().map(|(_, value)| value.clone())
    };
    match take("grant_type").as_deref() {
        Some(GRANT) => {}
        Some(_) => return Err(Denied::Grant),
        None => return Err(Denied::Request),
    }
    if take("client_secret").is_some() {
        return Err(Denied::Request);
    }
    let typed = take("client_assertion_type").is_some_and(|found| found == ASSERTION_TYPE);
    match take("client_assertion") {
        Some(assertion) if typed => {
            Ok(TokenRequest { assertion, client_id: take("client_id"), scope: take("scope") })
        }
        _ => Err(Denied::Client),
    }
}

/// Authenticates the client, and spends its assertion in the transaction that grants the token.
async fn grant(
    house: &House,
    tokens: &Tokens,
    asked: TokenRequest,
) -> Result<Result<(Client, Vec<Scope>), Denied>, IdentityError> {
    let TokenRequest { assertion, client_id, scope } = asked;
    let key = key_of(house, &assertion).await?;
    let (issuer, now) = (tokens.issuer().to_owned(), house.clock.now());
    let checked = heavy(move || {
        let key = key.and_then(|key| PublicJwk::parse(key.jwk.as_bytes()).ok());
        assertion::check(&assertion, key.as_ref(), &issuer, now)
    });
    let accepted = match checked.await? {
        Ok(accepted) if client_id.is_none_or(|id| id == accepted.client_id) => accepted,
        Ok(_) => return Ok(deny(&Refused::Subject)),
        Err(refused) => return Ok(deny(&refused)),
    };
    let Some(scopes) =
        scope.map_or_else(|| Some(Scope::ALL.to_vec()), |text| tokens::scopes(&text))
    else {
        return Ok(Err(Denied::Scope));
    };
    let client = house
        .store
        .write("identity.grant", move |tx| {
            let found = store::authentication_key(tx, &accepted.client_id, &accepted.kid)?;
            let Some((client, _)) = found else { return Ok::<_, IdentityError>(None) };
            let first = store::spend_assertion(tx, &accepted.hash, accepted.keep_until)?;
            Ok(first.then_some(client))
        })
        .await?;
    Ok(client.map(|client| (client, scopes)).ok_or(Denied::Client))
}

fn deny<T>(refused: &Refused) -> Result<T, Denied> {
    tracing::info!(cause = %refused, "client assertion refused: {refused}");
    Err(Denied::Client)
}

/// The active key that the assertion claims to be signed by.
async fn key_of(house: &House, assertion: &str) -> Result<Option<ClientKey>, IdentityError> {
    let Some(claimed) = assertion::claimed(assertion) else { return Ok(None) };
    house
        .store
        .read("identity.authentication_key", move |conn| {
            let found = store::authentication_key(conn, &claimed.client_id, &claimed.kid)?;
            Ok::<_, IdentityError>(found.map(|(_, key)| key))
        })
        .await
}
