//! The HTTPS side of a business: a token for a signed assertion, then pushes with exact bytes.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use reqwest::header::{self, HeaderMap};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use super::batch::{ClosureDays, DayTotals, Signed, Workshop};
use crate::foundation::crypto::jws::SignError;
use crate::foundation::ids::{BatchId, CloseId, StreamId};
use crate::foundation::time::{Clock, Day, Timestamp};

/// How often the same bytes are sent before giving up.
const TRIES: u32 = 8;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest pause between two tries; a server that asks for more is not obeyed further.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long before its end a token is no longer used.
const MARGIN: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Where the server is and how to know it.
#[derive(Clone, Debug)]
pub struct Access {
    /// Origin of the API, without a slash at its end; also the issuer of tokens.
    pub origin: String,
    /// The id under which the client is registered.
    pub client_id: String,
    /// PEM of the only roots to trust; `None` for those of the system.
    pub roots: Option<Vec<u8>>,
}

/// An accepted statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The body, byte for byte: the receipt.
    pub body: Bytes,
    /// Whether this very request stored it (201), or an earlier one had (200).
    pub created: bool,
}

/// Why something was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The server says no (4xx): nothing is stored, and the same bytes will not be accepted.
    #[error("refused: {status} {name}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable name of the problem, the last part of its `type`.
        name: String,
        /// The problem document (RFC 9457), or what came instead.
        problem: Value,
    },
    /// No token: the client or its key is not known, or the clock is wrong.
    #[error("no token: {0}")]
    Token(String),
    /// No answer after several tries: unknown whether it is stored; send the same bytes later.
    #[error("no answer after several tries: {0}")]
    Unknown(String),
    /// The answer cannot be read.
    #[error("unreadable answer: {0}")]
    Answer(String),
    /// The statement could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The client could not be set up.
    #[error("cannot set up the connection: {0}")]
    Setup(String),
}

struct Token {
    text: Arc<str>,
    until: Timestamp,
}

/// One registered business system. Cheap to share behind an `Arc`; requests may run in parallel.
pub struct Client {
    http: reqwest::Client,
    access: Access,
    shop: Workshop,
    clock: Clock,
    token: Mutex<Option<Token>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[client {}]", self.access.client_id)
    }
}

/// The connection pool that several clients of one process share.
///
/// # Errors
///
/// [`Refusal::Setup`] where a root is no PEM certificate.
pub fn connections(roots: Option<&[u8]>) -> Result<reqwest::Client, Refusal> {
    let setup = |cause: reqwest::Error| Refusal::Setup(cause.to_string());
    let mut builder = reqwest::Client::builder()
        .http1_only()
        .https_only(true)
        .timeout(PATIENCE)
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    if let Some(pem) = roots {
        builder =
            builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?);
    }
    builder.build().map_err(setup)
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Client {
    /// A client that signs in `shop` and connects directly, without a proxy, over HTTP/1.1.
    ///
    /// # Errors
    ///
    /// [`Refusal::Setup`].
    pub fn new(access: Access, shop: Workshop, clock: Clock) -> Result<Client, Refusal> {
        let http = connections(access.roots.as_deref())?;
        Ok(Client::over(http, access, shop, clock))
    }

    /// A client over connections that it shares with others.
    #[must_use]
    pub fn over(http: reqwest::Client, access: Access, shop: Workshop, clock: Clock) -> Client {
        Client { http, access, shop, clock, token: Mutex::new(None) }
    }

    /// Where this client signs.
    #[must_use]
    pub const fn shop(&self) -> &Workshop {
        &self.shop
    }

    /// An access token: the one at hand, or a new one for a signed assertion (RFC 7523).
    ///
    /// # Errors
    ///
    /// [`Refusal::Token`] and [`Refusal::Unknown`].
    pub async fn token(&self) -> Result<Arc<str>, Refusal> {
        let mut held = self.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = held.as_ref().filter(|token| now.plus(MARGIN) < token.until) {
            return Ok(Arc::clone(&token.text));
        }
        let granted = self.ask_for_token().await?;
        let text: Arc<str> = granted.access_token.into();
        let until = now.plus(Duration::from_secs(granted.expires_in));
        *held = Some(Token { text: Arc::clone(&text), until });
        Ok(text)
    }

    /// A new assertion for every try: its `jti` is spent with the first that arrives.
    async fn ask_for_token(&self) -> Result<Granted, Refusal> {
        let Access { origin, client_id, .. } = &self.access;
        let mut last = String::new();
        for attempt in 0..TRIES {
            let assertion = self.shop.assertion(client_id, origin, self.clock.now())?;
            let form = format!(
                "grant_type=client_credentials&client_assertion_type=\
                 urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                 &client_assertion={assertion}"
            );
            let request = self
                .http
                .post(format!("{origin}/oauth2/token"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form);
            match request.send().await {
                Ok(answer) if answer.status().is_server_error() => {
                    last = answer.status().to_string();
                    pause(attempt, Some(answer.headers())).await;
                }
                Ok(answer) => {
                    let status = answer.status();
                    let body = limited(answer).await?;
                    if status != StatusCode::OK {
                        let said = serde_json::from_slice::<Value>(&body).unwrap_or_default();
                        let error = said.get("error").and_then(Value::as_str).unwrap_or("?");
                        return Err(Refusal::Token(format!("{} {error}", status.as_u16())));
                    }
                    return serde_json::from_slice(&body)
                        .map_err(|cause| Refusal::Answer(cause.to_string()));
                }
                Err(cause) => {
                    last = told(&cause);
                    pause(attempt, None).await;
                }
            }
        }
        Err(Refusal::Unknown(last))
    }

    /// Pushes a batch. On silence or 5xx the same bytes go out again, with growing pauses.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; after [`Refusal::Unknown`] the same batch may be pushed again at any time.
    pub async fn push(&self, batch: &Signed<BatchId>) -> Result<Answer, Refusal> {
        let url = format!("{}/v1/batches", self.access.origin);
        self.send(Method::POST, &url, "application/vnd.chayan.batch", &batch.body).await
    }

    /// Signs and sends the close of a day.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn close(&self, day: &DayTotals) -> Result<Answer, Refusal> {
        let close = self.shop.close(day, self.clock.now())?;
        self.put_close(day.stream, day.day, &close).await
    }

    /// What `GET` at `path` answers.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refusal> {
        let token = self.token().await?;
        let url = format!("{}{path}", self.access.origin);
        let sent = self.http.get(url).bearer_auth(&token).send().await;
        let answer = sent.map_err(|cause| Refusal::Unknown(told(&cause)))?;
        let answer = settle(answer.status(), limited(answer).await?)?;
        serde_json::from_slice(&answer.body).map_err(|cause| Refusal::Answer(cause.to_string()))
    }

    /// Sends a disclosure, again with the same bytes where need be.
    ///
    /// # Errors
    ///
    /// [`Refusal`]. A record that is refused beside others that are taken is in the answer.
    pub async fn disclose(&self, disclosure: &Bytes) -> Result<Answer, Refusal> {
        let url = format!("{}/v1/disclosures", self.access.origin);
        self.send(Method::POST, &url, "application/json", disclosure).await
    }

    /// Sends a signed close, again with the same bytes where need be.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn put_close(
        &self,
        stream: StreamId,
        day: Day,
        close: &Signed<CloseId>,
    ) -> Result<Answer, Refusal> {
        let url = format!("{}/v1/streams/{stream}/days/{day}", self.access.origin);
        self.send(Method::PUT, &url, "application/jose", &close.body).await
    }

    /// Signs and sends the declaration that a stream is closed, or cannot report, for some days.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn declare(&self, closure: &ClosureDays) -> Result<Answer, Refusal> {
        let (stream, from) = (closure.stream, &closure.from);
        let url = format!("{}/v1/streams/{stream}/closures/{from}", self.access.origin);
        let signed = self.shop.closure(closure, self.clock.now())?;
        self.send(Method::PUT, &url, "application/jose", &signed.body).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        media_type: &str,
        body: &Bytes,
    ) -> Result<Answer, Refusal> {
        let mut last = String::new();
        let mut renewed = false;
        for attempt in 0..TRIES {
            let token = self.token().await?;
            let request = self
                .http
                .request(method.clone(), url)
                .bearer_auth(&token)
                .header(header::CONTENT_TYPE, media_type)
                .body(body.clone());
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(cause) => {
                    last = told(&cause);
                    pause(attempt, None).await;
                    continue;
                }
            };
            let status = answer.status();
            match status {
                StatusCode::UNAUTHORIZED if !renewed => {
                    renewed = true;
                    *self.token.lock().await = None;
                }
                StatusCode::TOO_MANY_REQUESTS => {
                    last = status.to_string();
                    pause(attempt, Some(answer.headers())).await;
                }
                _ if status.is_server_error() => {
                    last = status.to_string();
                    pause(attempt, Some(answer.headers())).await;
                }
                _ => match limited(answer).await {
                    Ok(body) => return settle(status, body),
                    Err(cause) => {
                        last = cause.to_string();
                        pause(attempt, None).await;
                    }
                },
            }
        }
        Err(Refusal::Unknown(last))
    }
}

fn settle(status: StatusCode, body: Bytes) -> Result<Answer, Refusal> {
    if status.is_success() {
        return Ok(Answer { body, created: status == StatusCode::CREATED });
    }
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let kind = problem.get("type").and_then(Value::as_str).unwrap_or_default();
    let name = kind.rsplit('/').next().unwrap_or_default().to_owned();
    Err(Refusal::Refused { status: status.as_u16(), name, problem })
}

/// The body of an answer, as far as it is not absurdly large.
pub(super) async fn limited(mut answer: reqwest::Response) -> Result<Bytes, Refusal> {
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST => body.extend(chunk),
            Ok(Some(_)) => return Err(Refusal::Answer("too large".to_owned())),
            Ok(None) => return Ok(body.into()),
            Err(cause) => return Err(Refusal::Answer(told(&cause))),
        }
    }
}

/// What went wrong, with its innermost cause; addresses only.
pub(super) fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Waits as long as the server asks, else 0.1 s, 0.2 s, 0.4 s …
async fn pause(attempt: u32, headers: Option<&HeaderMap>) {
    let asked = headers
        .and_then(|headers| headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let grown = Duration::from_millis(100 << attempt.min(7));
    tokio::time::sleep(asked.unwrap_or(grown).min(LONGEST_PAUSE)).await;
}
