//! Forms: parsed only when they come from a page of the same session.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::session::Token;
use crate::foundation::problem::Problem;

/// The header in which scripts carry the form's token.
const SCRIPT_TOKEN: &str = "chayan-form";

/// The largest form, in bytes.
const LARGEST: usize = 64 * 1024;

/// A submitted form. Extraction refuses a request from another site and one without the session's
/// form token (`security.md` W3); before sign-in there is no session, and the site check stands
/// alone.
pub struct Form<T>(pub T);

#[derive(Deserialize)]
struct Guarded {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let same_site = comes_from_here(req);
        let session = Token::of(req);
        let typed = req.content_type() == "application/x-www-form-urlencoded";
        let body = web::Bytes::from_request(req, payload);
        Box::pin(async move {
            if !same_site || !typed {
                return Err(Problem::forbidden().says(&"the form comes from another site"));
            }
            let body = body.await.map_err(|_cause| Problem::malformed("unreadable form"))?;
            if body.len() > LARGEST {
                return Err(Problem::of(
                    actix_web::http::StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                ));
            }
            let guarded: Guarded = parse(&body)?;
            if session.is_some_and(|token| !token.knows(&guarded.csrf)) {
                return Err(Problem::forbidden().says(&"the form is stale: load the page again"));
            }
            parse(&body).map(Self)
        })
    }
}

/// Proves that a script of a page of this session sent the request (`security.md` W3): the form's
/// token comes in a header, which no page of another site can set.
///
/// # Errors
///
/// 403 `forbidden`.
pub fn must_be_scripted(req: &HttpRequest) -> Result<(), Problem> {
    let said = req.headers().get(SCRIPT_TOKEN).and_then(|value| value.to_str().ok());
    let known = Token::of(req).zip(said).is_some_and(|(token, said)| token.knows(said));
    if comes_from_here(req) && known {
        return Ok(());
    }
    Err(Problem::forbidden().says(&"the page is stale: load it again"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).ok().ok_or_else(|| Problem::malformed("not UTF-8"))?;
    web::Query::<T>::from_query(text)
        .map(web::Query::into_inner)
        .map_err(|cause| Problem::malformed(format!("unreadable form: {cause}")))
}

/// Whether the browser says that the request was made by a page of ours.
pub(super) fn comes_from_here(req: &HttpRequest) -> bool {
    let header = |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok());
    match header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => match (header("origin"), header("host")) {
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, o)| o == host),
            (None, Some(_)) => true,
            _ => false,
        },
    }
}
