//! RFC 9457 problems: what a caller is told when something is wrong.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value};

tokio::task_local! {
    /// The id of the request being served, set by `foundation::web`.
    pub static REQUEST: String;
}

/// The constant prefix of problem types.
pub const TYPE_PREFIX: &str = "https://chayan.invalid/problems/";

/// What a caller is told: a stable name, a status, and what may be said of the cause.
///
/// Source: RFC 9457; names in `security.md` 3.8.
#[derive(Clone, Debug)]
pub struct Problem(Box<Told>);

#[derive(Clone, Debug)]
struct Told {
    status: StatusCode,
    name: &'static str,
    detail: Option<String>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem called `name`.
    pub fn of(status: StatusCode, name: &'static str) -> Self {
        let (members, headers) = (Map::new(), Vec::new());
        Self(Box::new(Told { status, name, detail: None, members, headers }))
    }

    /// No such thing, or none that this caller may know of.
    pub fn not_found() -> Self {
        Self::of(StatusCode::NOT_FOUND, "not-found")
    }

    /// The request has not the form that it should have.
    pub fn malformed(detail: impl fmt::Display) -> Self {
        Self::of(StatusCode::BAD_REQUEST, "malformed").says(&detail)
    }

    /// The caller is not known, or no longer.
    pub fn unauthorized() -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "unauthorized")
    }

    /// The caller is known and may not do this.
    pub fn forbidden() -> Self {
        Self::of(StatusCode::FORBIDDEN, "forbidden")
    }

    /// Our fault: logs the cause once and tells the caller nothing.
    pub fn ours(cause: impl fmt::Display) -> Self {
        tracing::error!(cause = %cause, "request failed: {cause}");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// Ours to heal: the same bytes may be sent again after `seconds`.
    pub fn later(name: &'static str, seconds: u32) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE, name)
            .header(header::RETRY_AFTER, &seconds.to_string())
    }

    /// Adds what may be said of the cause.
    #[must_use]
    pub fn says(mut self, detail: &impl fmt::Display) -> Self {
        self.0.detail = Some(detail.to_string());
        self
    }

    /// Adds a member of the problem document.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a response header; a value that no header can carry is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable name, the last part of `type`.
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// What was said of the cause.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    fn document(&self) -> Value {
        let mut doc = self.0.members.clone();
        doc.insert("type".into(), format!("{TYPE_PREFIX}{}", self.0.name).into());
        doc.insert("title".into(), self.0.name.replace('-', " ").into());
        doc.insert("status".into(), self.0.status.as_u16().into());
        if let Some(detail) = &self.0.detail {
            doc.insert("detail".into(), detail.clone().into());
        }
        if let Ok(id) = REQUEST.try_with(Clone::clone) {
            doc.insert("instance".into(), format!("urn:uuid:{id}").into());
        }
        Value::Object(doc)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.0.name)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        let mut response = response.body(self.document().to_string());
        response.extensions_mut().insert(self.clone());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_ours_tells_nothing_of_its_cause() {
        let problem = Problem::ours("secret table is broken");
        assert!(!problem.document().to_string().contains("secret"));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
