//! Mail: letters with checked parts, and the ways in which they leave the house.
//!
//! A letter cannot be built with a line break or another control character in a header, and it has
//! one recipient. SMTP is spoken over verified TLS or not at all. What a mail server says is
//! reported as a status code only: its words may repeat an address.
//!
//! Source: `security.md` N1, N2, 6.3.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::foundation::secret::Secret;
use crate::foundation::time::Timestamp;

/// How long one letter may take, from the connection to the server's last answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many letters may be on their way at once, each on a connection of its own.
pub const PARALLEL: u32 = 4;
/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 150;
/// The longest display name, in characters.
const LONGEST_NAME: usize = 100;

/// A part of a letter that must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterFault {
    /// Not one plain ASCII address.
    #[error("not an e-mail address")]
    Address,
    /// A name with a control character, or too long.
    #[error("not a display name")]
    Name,
    /// A subject that is empty, too long or has a control character.
    #[error("not a subject")]
    Subject,
    /// A message id that is not letters, digits, dots and hyphens on both sides of one `@`.
    #[error("not a message id")]
    MessageId,
    /// A place to unsubscribe that is not one plain ASCII address.
    #[error("not a place to unsubscribe")]
    Unsubscribe,
    /// A file whose name or type no header can carry.
    #[error("not a file that a letter can take along")]
    Enclosure,
    /// The message could not be put together.
    #[error("the message cannot be put together")]
    Message,
}

/// One mail address with an optional name, fit for a header.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Mailbox);

impl Address {
    /// `address` alone.
    ///
    /// # Errors
    ///
    /// [`LetterFault::Address`] unless it is one plain ASCII address of at most 254 characters.
    pub fn parse(address: &str) -> Result<Self, LetterFault> {
        let plain = address.len() <= 254
            && address.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\(),:;<>[]".contains(&b));
        let parsed = address.parse::<lettre::Address>().ok().filter(|_| plain);
        parsed.map(|email| Self(Mailbox::new(None, email))).ok_or(LetterFault::Address)
    }

    /// This address with a display name.
    ///
    /// # Errors
    ///
    /// [`LetterFault::Name`] for an empty or long name, and one with a control character.
    pub fn named(self, name: &str) -> Result<Self, LetterFault> {
        let name = one_line(name, LONGEST_NAME).ok_or(LetterFault::Name)?;
        Ok(Self(Mailbox::new(Some(name.to_owned()), self.0.email)))
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

/// `text` if it is one line without control characters, not blank and at most `longest` characters.
fn one_line(text: &str, longest: usize) -> Option<&str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    (!text.trim().is_empty() && text.chars().count() <= longest && !text.contains(breaks))
        .then_some(text)
}

/// One letter to one recipient, in plain text and HTML. Sent twice it is the same message: its id,
/// date and boundary follow from what it is built from.
#[derive(Clone)]
pub struct Letter {
    to: Address,
    message: Message,
}

/// What a letter is built from.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// Without angle brackets; the same for every attempt.
    pub message_id: &'a str,
    /// The house.
    pub from: Address,
    /// The one recipient.
    pub to: Address,
    /// When it was written.
    pub date: Timestamp,
    /// One line.
    pub subject: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
    /// Where the recipient can end letters of this kind; only where he may.
    pub unsubscribe: Option<&'a str>,
    /// Files that it takes along.
    pub enclosed: &'a [Enclosure],
}

/// A file that a letter takes along.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// Its name: ASCII letters, digits, dots, hyphens and underscores.
    pub name: String,
    /// What it is, such as `application/pdf`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Enclosure {
    fn part(&self) -> Result<SinglePart, LetterFault> {
        let sign = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        let fits = (1..=100).contains(&self.name.len()) && self.name.bytes().all(sign);
        let media_type = ContentType::parse(self.media_type).ok().filter(|_| fits);
        let media_type = media_type.ok_or(LetterFault::Enclosure)?;
        Ok(Attachment::new(self.name.clone()).body(self.bytes.clone(), media_type))
    }
}

impl Letter {
    /// The letter made of `parts`.
    ///
    /// # Errors
    ///
    /// [`LetterFault`], which names the part.
    pub fn build(parts: &Parts<'_>) -> Result<Self, LetterFault> {
        let subject = one_line(parts.subject, LONGEST_SUBJECT).ok_or(LetterFault::Subject)?;
        let word = |side: &str| {
            (1..=100).contains(&side.len())
                && side.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        };
        let sides = parts.message_id.split_once('@');
        let (local, _) = sides.filter(|(l, r)| word(l) && word(r)).ok_or(LetterFault::MessageId)?;
        let micros = u64::try_from(parts.date.micros()).unwrap_or_default();
        let body = MultiPart::alternative()
            .boundary(format!("chayan-{local}"))
            .singlepart(SinglePart::plain(parts.text.to_owned()))
            .singlepart(SinglePart::html(parts.html.to_owned()));
        let body = match parts.enclosed {
            [] => body,
            files => {
                let outer = MultiPart::mixed().boundary(format!("chayan-files-{local}"));
                let mut outer = outer.multipart(body);
                for file in files {
                    outer = outer.singlepart(file.part()?);
                }
                outer
            }
        };
        let mut message = Message::builder()
            .header(AutoSubmitted)
            .from(parts.from.0.clone())
            .to(parts.to.0.clone())
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{}>", parts.message_id)))
            .subject(subject);
        if let Some(place) = parts.unsubscribe {
            let plain = place.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
            let place = Some(place).filter(|_| plain).ok_or(LetterFault::Unsubscribe)?;
            message = message.header(ListUnsubscribe(format!("<{place}>")));
        }
        let message = message.multipart(body).ok().ok_or(LetterFault::Message)?;
        Ok(Self { to: parts.to.clone(), message })
    }

    /// The message as it travels.
    pub fn bytes(&self) -> Vec<u8> {
        self.message.formatted()
    }
}

/// That nobody typed the message, so that nobody's automatic answer comes back.
///
/// Source: RFC 3834, section 5.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Where letters of this kind can be ended.
///
/// Source: RFC 2369, section 3.2.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// What became of an attempt. Reasons are short words and status codes, never a server's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A server has taken charge of the letter.
    Sent,
    /// Not taken; try again later.
    Transient(String),
    /// Not taken, and never will be.
    Permanent(String),
    /// The letter went out and no answer came: send it again under the same id.
    Unknown,
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, usually port 465.
    Wrapper,
    /// STARTTLS before anything else, usually port 587; without it nothing is sent.
    StartTls,
}

/// The mail server that takes our letters.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Host name; the certificate must carry it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How TLS begins.
    pub security: Security,
    /// User name and password.
    pub credentials: Option<(String, Secret<String>)>,
    /// A certificate, in PEM, that is trusted beside those of the system.
    pub extra_root: Option<Vec<u8>>,
}

/// The relay cannot be used as configured.
#[derive(Debug, thiserror::Error)]
#[error("the mail relay cannot be used: {0}")]
pub struct RelayFault(String);

/// The way letters leave the house.
#[derive(Clone)]
pub enum Mailer {
    /// To a mail server, over verified TLS.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into a folder, one `.eml` file a letter.
    File(PathBuf),
    /// Into memory.
    Memory(Postbox),
}

impl Mailer {
    /// A mailer that speaks to `relay`.
    ///
    /// # Errors
    ///
    /// [`RelayFault`] if the certificate or the TLS settings cannot be used.
    pub fn smtp(relay: &Relay) -> Result<Self, RelayFault> {
        let fault = |cause: lettre::transport::smtp::Error| RelayFault(cause.to_string());
        let mut tls = TlsParameters::builder(relay.host.clone());
        if let Some(pem) = &relay.extra_root {
            tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(fault)?);
        }
        let tls = tls.build_rustls().map_err(fault)?;
        let tls = match relay.security {
            Security::Wrapper => Tls::Wrapper(tls),
            Security::StartTls => Tls::Required(tls),
        };
        // "Dangerous" is the builder without TLS; the line after it requires TLS.
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(relay.host.clone())
                .port(relay.port)
                .tls(tls)
                .timeout(Some(PATIENCE))
                .pool_config(
                    PoolConfig::new().max_size(PARALLEL).idle_timeout(Duration::from_secs(30)),
                );
        if let Some((user, password)) = &relay.credentials {
            let password = password.expose(Clone::clone);
            transport = transport.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self::Smtp(transport.build()))
    }

    /// Sends `letter` and says what became of it, within a minute.
    pub async fn send(&self, letter: &Letter) -> Outcome {
        self.attempt(letter).await.0
    }

    /// As [`Mailer::send`], with the status code of the server's last answer, if it gave one.
    pub async fn attempt(&self, letter: &Letter) -> (Outcome, Option<u16>) {
        match self {
            Self::Smtp(transport) => {
                let attempt = transport.send(letter.message.clone());
                match tokio::time::timeout(PATIENCE, attempt).await {
                    Ok(Ok(answer)) => (Outcome::Sent, Some(answer.code().into())),
                    Ok(Err(error)) => (judge(&error), error.status().map(u16::from)),
                    Err(_) => (Outcome::Unknown, None),
                }
            }
            Self::File(folder) => (drop_into(folder, letter).await, None),
            Self::Memory(postbox) => (postbox.take(letter), None),
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smtp(_) => "smtp",
            Self::File(_) => "file",
            Self::Memory(_) => "memory",
        })
    }
}

/// Only a final refusal of this letter is permanent. A refusal of us (53x: authentication,
/// encryption) or a fault of the way there is mended by an operator, and the letter waits.
fn judge(error: &lettre::transport::smtp::Error) -> Outcome {
    match error.status() {
        Some(code) => {
            let code = u16::from(code);
            let ours = (530..540).contains(&code);
            let reason = format!("smtp {code}");
            if code >= 500 && !ours {
                Outcome::Permanent(reason)
            } else {
                Outcome::Transient(reason)
            }
        }
        None if error.is_timeout() => Outcome::Unknown,
        None if error.is_tls() => Outcome::Transient("tls".to_owned()),
        None if error.is_response() => Outcome::Transient("unreadable answer".to_owned()),
        None if error.is_client() => Outcome::Transient("client".to_owned()),
        None => Outcome::Transient("no connection".to_owned()),
    }
}

/// Writes the letter beside its place and renames it, so that a reader sees whole letters only.
async fn drop_into(folder: &std::path::Path, letter: &Letter) -> Outcome {
    let id = letter.message.headers().get_raw("Message-ID").unwrap_or_default();
    let name = id.trim_matches(['<', '>']).split('@').next().unwrap_or("letter");
    let (part, whole) = (folder.join(format!("{name}.part")), folder.join(format!("{name}.eml")));
    let written = async {
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&part, letter.bytes()).await?;
        tokio::fs::rename(&part, &whole).await
    };
    match written.await {
        Ok(()) => Outcome::Sent,
        Err(cause) => Outcome::Transient(format!("file: {}", cause.kind())),
    }
}

/// A postbox in memory, whose answer can be chosen: what a mail server might say.
#[derive(Clone, Default)]
pub struct Postbox(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    answers: Option<Outcome>,
    letters: Vec<Posted>,
}

/// A letter as the postbox got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The recipient's address of the envelope.
    pub to: String,
    /// The message, headers and body.
    pub message: Vec<u8>,
}

impl Postbox {
    /// Every letter taken so far, in order.
    pub fn letters(&self) -> Vec<Posted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).letters.clone()
    }

    /// From now on every attempt ends like this; `None` takes letters again. After an unknown
    /// outcome the letter is here all the same, as it would be at a real server.
    pub fn answer(&self, outcome: Option<Outcome>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).answers = outcome;
    }

    fn take(&self, letter: &Letter) -> Outcome {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = inside.answers.clone().unwrap_or(Outcome::Sent);
        if matches!(outcome, Outcome::Sent | Outcome::Unknown) {
            let to = letter.to.0.email.to_string();
            inside.letters.push(Posted { to, message: letter.bytes() });
        }
        outcome
    }
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
