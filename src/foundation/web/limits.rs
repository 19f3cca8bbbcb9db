//! Limits of a request body: size, and the time it may take.
//!
//! Source: `security.md` E2, E3.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt as _;

use crate::foundation::problem::Problem;
use crate::foundation::time::Stopwatch;

/// How large a body may be, and how slowly it may come.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    /// Largest body in bytes.
    pub bytes: usize,
    /// Longest time for the whole body.
    pub whole: Duration,
    /// Slowest rate, in bytes a second, averaged over five seconds.
    pub rate: usize,
}

impl BodyLimit {
    /// `bytes` at most, within 60 seconds and no slower than 4 KiB a second.
    pub const fn of(bytes: usize) -> Self {
        Self { bytes, whole: Duration::from_secs(60), rate: 4096 }
    }
}

const WINDOW: Duration = Duration::from_secs(5);

/// Reads the whole body within `limit`.
///
/// # Errors
///
/// 413 `too-large`, unread if the declared length already is; 408 `timeout` if it comes too
/// slowly; 400 `malformed` if it breaks off.
pub async fn read_body(
    req: &HttpRequest,
    mut payload: web::Payload,
    limit: BodyLimit,
) -> Result<web::Bytes, Problem> {
    let declared = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let declared: Option<usize> = declared.and_then(|v| v.parse().ok());
    if declared.is_some_and(|length| length > limit.bytes) {
        return Err(too_large());
    }
    let mut body = web::BytesMut::with_capacity(declared.unwrap_or(8192));
    let (whole, mut window, mut in_window) = (Stopwatch::start(), Stopwatch::start(), 0_usize);
    loop {
        let chunk = match tokio::time::timeout(WINDOW, payload.next()).await {
            Err(_elapsed) => return Err(timeout()),
            Ok(None) => return Ok(body.freeze()),
            Ok(Some(Err(_cause))) => return Err(Problem::malformed("the body broke off")),
            Ok(Some(Ok(chunk))) => chunk,
        };
        if body.len() + chunk.len() > limit.bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
        in_window += chunk.len();
        if whole.elapsed() > limit.whole {
            return Err(timeout());
        }
        if window.elapsed() > WINDOW {
            if in_window < limit.rate * 5 {
                return Err(timeout());
            }
            (window, in_window) = (Stopwatch::start(), 0);
        }
    }
}

fn too_large() -> Problem {
    Problem::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large")
}

fn timeout() -> Problem {
    Problem::of(StatusCode::REQUEST_TIMEOUT, "timeout")
}
