//! Forms with files: read part by part, and no further than a limit.
//!
//! Source: `security.md` E2, E3, W3; ASVS 5.0, 5.2.1.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, web};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;

use super::form::comes_from_here;
use super::session::Token;
use crate::foundation::problem::Problem;
use crate::foundation::time::Stopwatch;

/// How many forms with files are read at once; each is held in memory.
static PLACES: Semaphore = Semaphore::const_new(4);
/// The largest field that is no file, in bytes.
const LARGEST_FIELD: usize = 64 * 1024;
/// The most fields that are no files.
const MOST_FIELDS: usize = 32;
/// The longest wait for the next bytes.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest time for all.
const WHOLE: Duration = Duration::from_secs(180);

/// How much a form may bring.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimit {
    /// The most files.
    pub files: usize,
    /// The largest file, in bytes.
    pub file: usize,
    /// All files together, in bytes.
    pub whole: usize,
}

/// A file as it came; its name and type are the sender's words.
#[derive(Clone, Debug)]
pub struct UploadedFile {
    /// What the sender calls it.
    pub name: String,
    /// What the sender says that it is; may be empty.
    pub media: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What a form brought.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
    /// Its files, in order; fields for files that were left empty bring none.
    pub files: Vec<UploadedFile>,
}

/// Why a form with files was not read to its end.
#[derive(Debug)]
pub enum UploadFault {
    /// It brings more than the limit; these fields came before.
    Excess(Vec<(String, String)>),
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for UploadFault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Reads a form with files. Its first field is the session's form token; without it nothing else is
/// read.
///
/// # Errors
///
/// [`UploadFault`]: 403 `forbidden` for a form from elsewhere, 413 `too-large` for a declared length
/// beyond the limit, unread; 408 `timeout` if it comes too slowly; 503 if too many are read.
pub async fn read_upload(
    req: &HttpRequest,
    payload: web::Payload,
    limit: UploadLimit,
) -> Result<Upload, UploadFault> {
    if !comes_from_here(req) || req.content_type() != "multipart/form-data" {
        return Err(Problem::forbidden().says(&"the form comes from another site").into());
    }
    let declared = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let declared: Option<usize> = declared.and_then(|text| text.parse().ok());
    if declared.is_some_and(|length| length > limit.whole + MOST_FIELDS * LARGEST_FIELD) {
        return Err(Problem::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large").into());
    }
    let _place =
        PLACES.try_acquire().ok().ok_or_else(|| Problem::later("temporary-reduced-capacity", 5))?;
    let mut parts = Multipart::new(req.headers(), payload);
    let mut reading =
        Reading { limit, clock: Stopwatch::start(), whole: 0, got: Upload::default() };
    let mut proven = false;
    while let Some(part) = reading.in_time(parts.next()).await? {
        let mut part = part.map_err(|cause| Problem::malformed(cause.to_string()))?;
        if proven {
            reading.take(&mut part).await?;
            continue;
        }
        let token = reading.bytes(&mut part, LARGEST_FIELD).await?.unwrap_or_default();
        let said = String::from_utf8(token).unwrap_or_default();
        let known = Token::of(req).is_some_and(|token| token.knows(&said));
        if part.name() != Some("csrf") || !known {
            return Err(Problem::forbidden()
                .says(&"the form is stale: load the page again")
                .into());
        }
        proven = true;
    }
    if proven {
        return Ok(reading.got);
    }
    Err(Problem::forbidden().says(&"the form is stale: load the page again").into())
}

/// A form on its way.
struct Reading {
    limit: UploadLimit,
    clock: Stopwatch,
    whole: usize,
    got: Upload,
}

impl Reading {
    async fn in_time<T>(&self, next: impl Future<Output = T>) -> Result<T, Problem> {
        let timeout = || Problem::of(StatusCode::REQUEST_TIMEOUT, "timeout");
        if self.clock.elapsed() > WHOLE {
            return Err(timeout());
        }
        tokio::time::timeout(PATIENCE, next).await.ok().ok_or_else(timeout)
    }

    /// The bytes of `part`; `None` if there are more than `most`.
    async fn bytes(&self, part: &mut Field, most: usize) -> Result<Option<Vec<u8>>, Problem> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.in_time(part.next()).await? {
            let chunk = chunk.map_err(|cause| Problem::malformed(cause.to_string()))?;
            if bytes.len() + chunk.len() > most {
                return Ok(None);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes))
    }

    async fn take(&mut self, part: &mut Field) -> Result<(), UploadFault> {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.content_disposition().and_then(|it| it.get_filename().map(str::to_owned));
        let Some(file) = file else {
            let bytes = self.bytes(part, LARGEST_FIELD).await?;
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let text =
                text.ok_or_else(|| Problem::malformed("a field is too long, or no UTF-8"))?;
            if self.got.fields.len() == MOST_FIELDS {
                return Err(Problem::malformed("too many fields").into());
            }
            self.got.fields.push((name, text));
            return Ok(());
        };
        let media = part.content_type().map(ToString::to_string).unwrap_or_default();
        let most = self.limit.file.min(self.limit.whole - self.whole);
        let bytes = self.bytes(part, most).await?;
        let excess = |got: &Self| UploadFault::Excess(got.got.fields.clone());
        let bytes = bytes.ok_or_else(|| excess(self))?;
        if file.is_empty() && bytes.is_empty() {
            return Ok(());
        }
        if self.got.files.len() == self.limit.files {
            return Err(excess(self));
        }
        self.whole += bytes.len();
        self.got.files.push(UploadedFile { name: file, media, bytes });
        Ok(())
    }
}
