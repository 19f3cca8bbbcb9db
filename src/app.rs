//! Opens what a role may hold and builds its handles. No room fetches a key: it is handed one here.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Config;
use crate::foundation::crypto::jws::{Algorithm, SigningKey};
use crate::foundation::db::{DatabaseUrl, SchemaFault, Store, StoreError};
use crate::foundation::mail::{Address, LetterFault, Mailer, Relay, RelayFault, Security};
use crate::foundation::secret::Secret;
use crate::foundation::time::Clock;
use crate::foundation::web::TlsFault;
use crate::foundation::{House, Random};
use crate::identity::{FieldCipher, Tokens};
use crate::keys::{KeyFileError, Opener, files};
use crate::ledger::{LogSigner, StartError, VerifierKey};
use crate::notices;
use crate::registry::{Calendar, CalendarFault};
use crate::rules::{Packs, PacksError};

/// Why a role cannot start; the message names the fault.
#[derive(Debug, thiserror::Error)]
pub enum AppFault {
    /// The database cannot be used as it is.
    #[error("database: {0}")]
    Schema(#[from] SchemaFault),
    /// The database cannot be reached.
    #[error("database: {0}")]
    Store(#[from] StoreError),
    /// A key file is missing, unreadable or not private.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A key file holds no key of its kind.
    #[error("{0} holds no usable key")]
    Unusable(PathBuf),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The rule packs do not load.
    #[error("rule packs: {0}")]
    Packs(#[from] PacksError),
    /// The working days do not load.
    #[error(transparent)]
    Calendar(#[from] CalendarFault),
    /// The log cannot be continued.
    #[error("log: {0}")]
    Log(#[from] StartError),
    /// TLS cannot be served.
    #[error("TLS: {0}")]
    Tls(#[from] TlsFault),
    /// The mail server is not named as it should be.
    #[error("SMTP_URL: {0}")]
    Smtp(String),
    /// The mail relay cannot be used.
    #[error(transparent)]
    Relay(#[from] RelayFault),
    /// The sender's address is none.
    #[error("MAIL_FROM: {0}")]
    Sender(#[from] LetterFault),
    /// A listener cannot be bound.
    #[error("cannot listen: {0}")]
    Listen(std::io::Error),
    /// A room refused, in words for the operator.
    #[error("{0}")]
    Refused(String),
}

impl AppFault {
    /// A refusal of a room, in its words.
    pub fn refused(cause: impl std::fmt::Display) -> Self {
        Self::Refused(cause.to_string())
    }
}

/// The store, the clock and randomness. The schema must be that of this program.
///
/// # Errors
///
/// [`AppFault::Schema`] names an older, newer or missing schema and unsafe settings.
pub async fn house(config: &Config, sequences: bool) -> Result<House, AppFault> {
    let house = unverified_house(config, sequences)?;
    house.store.verify().await?;
    Ok(house)
}

/// The house before its schema was looked at; for `init` and `migrate`.
///
/// # Errors
///
/// [`AppFault::Store`] if the database cannot be reached.
pub fn unverified_house(config: &Config, sequences: bool) -> Result<House, AppFault> {
    if let DatabaseUrl::Sqlite(path) = &config.database
        && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        std::fs::create_dir_all(folder).map_err(|e| AppFault::File(folder.to_owned(), e))?;
    }
    let store = Store::open(&config.database, config.durability, sequences)?;
    Ok(House { store, clock: clock(config)?, random: Random::system() })
}

/// The clock that the role goes by.
///
/// # Errors
///
/// [`AppFault::File`] if the shared clock cannot be opened.
pub fn clock(config: &Config) -> Result<Clock, AppFault> {
    match &config.clock_file {
        None => Ok(Clock::System),
        Some(path) => Clock::shared(path).map_err(|e| AppFault::File(path.clone(), e)),
    }
}

/// The rule packs: embedded, or overridden by a folder.
///
/// # Errors
///
/// [`AppFault::Packs`], which names every mistake of the folder.
pub fn packs(config: &Config) -> Result<Arc<Packs>, AppFault> {
    Ok(Arc::new(match &config.rule_packs {
        None => Packs::embedded(),
        Some(folder) => Packs::load(folder)?,
    }))
}

/// The working days: embedded, or overridden by the folder of the rule packs.
///
/// # Errors
///
/// [`AppFault::Calendar`], which names the file and its mistake.
pub fn calendar(config: &Config) -> Result<Calendar, AppFault> {
    Ok(match &config.rule_packs {
        None => Calendar::embedded(),
        Some(folder) => Calendar::load(folder)?,
    })
}

/// Lets this process make documents from the templates of the configuration.
///
/// # Errors
///
/// [`AppFault::Refused`], which names every mistake in a template.
pub fn set_up_press(config: &Config) -> Result<(), AppFault> {
    let folder = config.document_templates.as_deref();
    notices::set_up_press(folder, &config.console_origin).map_err(AppFault::refused)
}

/// Where the log key stands.
pub fn log_key_file(config: &Config) -> PathBuf {
    config.serve_keys.join("log.key")
}

/// Where the token key stands.
pub fn token_key_file(config: &Config) -> PathBuf {
    config.serve_keys.join("token.key")
}

/// Where the root key stands.
pub fn root_key_file(config: &Config) -> PathBuf {
    config.audit_keys.join("root.key")
}

/// Where the key-list key stands.
pub fn list_key_file(config: &Config) -> PathBuf {
    config.offline_keys.join("list.key")
}

/// The handle that signs checkpoints; only the process that sequences has it.
///
/// # Errors
///
/// [`AppFault::Key`] or [`AppFault::Unusable`].
pub fn log_signer(config: &Config) -> Result<LogSigner, AppFault> {
    let path = log_key_file(config);
    let seed = files::load(&path)?;
    LogSigner::from_seed(&config.log_origin, &seed).map_err(|_fault| AppFault::Unusable(path))
}

/// The handle that signs and checks access tokens.
///
/// # Errors
///
/// [`AppFault::Key`] or [`AppFault::Unusable`].
pub fn tokens(config: &Config) -> Result<Tokens, AppFault> {
    let path = token_key_file(config);
    let bytes: Secret<[u8; 32]> = files::load(&path)?;
    let key = bytes.expose(|bytes| SigningKey::from_bytes(Algorithm::EdDsa, bytes));
    let key = key.ok_or(AppFault::Unusable(path))?;
    Ok(Tokens::new(&config.api_origin, &config.api_origin, key))
}

/// The handle that seals and opens contacts and seeds.
///
/// # Errors
///
/// [`AppFault::Key`].
pub fn field_cipher(config: &Config) -> Result<FieldCipher, AppFault> {
    Ok(FieldCipher::new(files::load_field(&config.field_key)?, "fk-1"))
}

/// The handle that unwraps audit keys; only `audit` and the key commands have it.
///
/// # Errors
///
/// [`AppFault::Key`].
pub fn opener(config: &Config) -> Result<Opener, AppFault> {
    let root = files::load_root(&root_key_file(config))?;
    Ok(Opener::new(root, &config.audit_keys))
}

/// The log's public key, by which `audit` believes a checkpoint.
///
/// # Errors
///
/// [`AppFault::File`] or [`AppFault::Unusable`].
pub fn log_public(config: &Config) -> Result<VerifierKey, AppFault> {
    let path = &config.log_public;
    let text = std::fs::read_to_string(path).map_err(|e| AppFault::File(path.clone(), e))?;
    text.trim().parse().map_err(|_fault| AppFault::Unusable(path.clone()))
}

/// The way letters leave, and the sender that they carry.
///
/// # Errors
///
/// [`AppFault::Smtp`], [`AppFault::Relay`], [`AppFault::Sender`], [`AppFault::File`].
pub fn mailer(config: &Config) -> Result<(Mailer, Address), AppFault> {
    let Some(url) = &config.smtp else {
        return Err(AppFault::Smtp("`notify` needs a mail server".to_owned()));
    };
    let mut relay = url.expose(|url| relay(url))?;
    if let Some(path) = &config.smtp_ca {
        let pem = std::fs::read(path).map_err(|e| AppFault::File(path.clone(), e))?;
        relay.extra_root = Some(pem);
    }
    Ok((Mailer::smtp(&relay)?, sender(&config.mail_from)?))
}

/// Reads `name <address>` or an address alone.
fn sender(text: &str) -> Result<Address, LetterFault> {
    match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => Address::parse(address.trim())?.named(name.trim()),
        None => Address::parse(text.trim()),
    }
}

/// Reads `smtps://[user:password@]host[:port]` or `smtp+starttls://…`.
fn relay(url: &str) -> Result<Relay, AppFault> {
    let form =
        || AppFault::Smtp("must be smtps:// or smtp+starttls://, then host[:port]".to_owned());
    let (security, rest) = match url.split_once("://") {
        Some(("smtps", rest)) => (Security::Wrapper, rest),
        Some(("smtp+starttls", rest)) => (Security::StartTls, rest),
        _ => return Err(form()),
    };
    let (credentials, place) = match rest.rsplit_once('@') {
        None => (None, rest),
        Some((who, place)) => {
            let (user, password) = who.split_once(':').ok_or_else(form)?;
            (Some((user.to_owned(), Secret::new(password.to_owned()))), place)
        }
    };
    let (host, port) = match place.trim_end_matches('/').rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().ok_or_else(form)?)),
        None => (place.trim_end_matches('/'), None),
    };
    let usual = if security == Security::Wrapper { 465 } else { 587 };
    Ok(Relay {
        host: host.to_owned(),
        port: port.unwrap_or(usual),
        security,
        credentials,
        extra_root: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_an_address_and_perhaps_a_name() {
        let default = Config::read(|_| None).unwrap().mail_from;
        assert!(sender(&default).is_ok(), "{default}");
        assert!(sender("audit@hebi.example").is_ok());
        assert!(sender("查验").is_err());
    }

    #[test]
    fn a_mail_server_is_named_only_with_tls() {
        let full = relay("smtps://robot:pass:word@mail.invalid:1465").unwrap();
        assert_eq!((full.host.as_str(), full.port), ("mail.invalid", 1465));
        assert!(full.credentials.is_some());
        assert_eq!(relay("smtp+starttls://mail.invalid").unwrap().port, 587);
        for plain in ["smtp://mail.invalid", "mail.invalid:25", "smtps://mail.invalid:mail"] {
            assert!(relay(plain).is_err(), "{plain}");
        }
    }
}
