//! The handle that opens audit keys, nonces and evidence keys: only the audit process has one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::files::{self, KeyFileError};
use super::model::AuditKey;
use crate::foundation::crypto::aead::{Aad, DoesNotOpen, WrappingKey};
use crate::foundation::crypto::sealing::OpeningKey;
use crate::foundation::crypto::{LibraryFailure, sha256};
use crate::foundation::ids::{DepartmentId, Id as _};
use crate::foundation::secret::Secret;
use crate::foundation::{House, Random};

/// The root key, and the name under which it wraps.
#[derive(Debug)]
pub struct RootKey {
    key: WrappingKey,
    kid: String,
}

impl RootKey {
    /// The root key with these bytes; its name follows from them.
    #[must_use]
    pub fn new(bytes: &Secret<[u8; 32]>) -> Self {
        bytes.expose(|bytes| {
            let [a, b, c, d, ..] = sha256(&[b"chayan/root-kid/1", bytes.as_slice()].concat());
            let kid = format!("rk-{:08x}", u32::from_be_bytes([a, b, c, d]));
            Self { key: WrappingKey::from_bytes(*bytes), kid }
        })
    }

    /// The name under which it wraps.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// Why an audit key could not be opened; the reason is fit for an operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// No such key in the database.
    #[error("there is no audit key {0}")]
    Unknown(String),
    /// The file of its period key is missing or unfit.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The period key's file was wrapped by another root key, or is another key's.
    #[error("the period key of {0} does not open with the root key at hand")]
    PeriodKey(String),
    /// The stored key was wrapped by another period key, or is another row's.
    #[error("the audit key {0} does not open with its period key")]
    AuditKey(String),
    /// Its private and public halves do not belong together.
    #[error("the audit key {0} is not the one that was published")]
    NotPublished(String),
    /// See [`LibraryFailure`].
    #[error(transparent)]
    Library(#[from] LibraryFailure),
}

/// What a secret that the root key keeps is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The nonce of a draw, until it is revealed.
    Nonce,
    /// The key that seals the evidence of one opened record.
    EvidenceKey,
}

/// Where a secret that the root key keeps stands; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The department whose secret it is.
    pub department: DepartmentId,
    /// The table.
    pub table: &'a str,
    /// The primary key of the row.
    pub row: &'a [u8],
    /// The column.
    pub column: &'a str,
}

/// Opens and keeps secrets with the root key and the period keys under its folder; cheap to clone.
#[derive(Clone, Debug)]
pub struct Opener(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: RootKey,
    folder: PathBuf,
}

impl Opener {
    /// The opener of `root`, whose period keys are under `folder`.
    #[must_use]
    pub fn new(root: RootKey, folder: &Path) -> Self {
        Self(Arc::new(Inner { root, folder: folder.to_owned() }))
    }

    /// The private half of an audit key, 32 bytes big-endian. Reads a file, so call it from a
    /// thread that may block.
    ///
    /// # Errors
    ///
    /// [`KeyFault`], which says which key or file is at fault.
    pub fn unwrap(&self, key: &AuditKey) -> Result<Secret<[u8; 32]>, KeyFault> {
        let kid = || key.kid.clone();
        let blob = files::read(&self.period_file(&key.kid))?;
        let period = self.0.root.key.open(&self.period_aad(key), &blob);
        let period = period.ok().and_then(|bytes| bytes.as_slice().try_into().ok());
        let period = WrappingKey::from_bytes(period.ok_or_else(|| KeyFault::PeriodKey(kid()))?);
        let scalar = period.open(&audit_aad(key), &key.wrapped);
        let scalar: Zeroizing<[u8; 32]> = scalar
            .ok()
            .and_then(|bytes| bytes.as_slice().try_into().ok())
            .map(Zeroizing::new)
            .ok_or_else(|| KeyFault::AuditKey(kid()))?;
        let opening = OpeningKey::from_bytes(&scalar);
        let public = opening.map(|opening| *opening.sealing_key());
        if public.is_none() || public != key.sealing_key() {
            return Err(KeyFault::NotPublished(kid()));
        }
        Ok(Secret::new(*scalar))
    }

    /// Makes the period key of `key`, whose file must not exist, and gives `scalar` wrapped by it.
    pub(super) fn make_period(
        &self,
        key: &AuditKey,
        scalar: &Secret<[u8; 32]>,
        random: &Random,
    ) -> Result<Vec<u8>, KeyFault> {
        let period = WrappingKey::generate(random);
        let aad = self.period_aad(key);
        let blob = period.bytes().expose(|bytes| self.0.root.key.wrap(&aad, bytes, random))?;
        files::write(&self.period_file(&key.kid), &blob)?;
        Ok(scalar.expose(|scalar| period.wrap(&audit_aad(key), scalar, random))?)
    }

    /// Wraps a secret by the root key for its one place.
    ///
    /// # Errors
    ///
    /// [`LibraryFailure`].
    pub fn keep(
        &self,
        house: &House,
        place: &Kept<'_>,
        content: &[u8],
    ) -> Result<Vec<u8>, LibraryFailure> {
        self.0.root.key.wrap(&self.kept_aad(place), content, &house.random)
    }

    /// The secret that was kept for this place.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`], for every cause.
    pub fn fetch(&self, place: &Kept<'_>, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        self.0.root.key.open(&self.kept_aad(place), blob)
    }

    fn period_file(&self, kid: &str) -> PathBuf {
        self.0.folder.join("periods").join(format!("{kid}.key"))
    }

    fn period_aad<'a>(&'a self, key: &'a AuditKey) -> Aad<'a> {
        Aad {
            purpose: "period-key",
            tenant: key.department_id.as_uuid().as_bytes(),
            table: "periods",
            row: key.kid.as_bytes(),
            column: "key",
            kid: &self.0.root.kid,
            version: 1,
        }
    }

    fn kept_aad<'a>(&'a self, place: &'a Kept<'a>) -> Aad<'a> {
        Aad {
            purpose: match place.purpose {
                Purpose::Nonce => "draw-nonce",
                Purpose::EvidenceKey => "evidence-key",
            },
            tenant: place.department.as_uuid().as_bytes(),
            table: place.table,
            row: place.row,
            column: place.column,
            kid: &self.0.root.kid,
            version: 1,
        }
    }
}

fn audit_aad(key: &AuditKey) -> Aad<'_> {
    Aad {
        purpose: "audit-key",
        tenant: key.department_id.as_uuid().as_bytes(),
        table: "keys_audit",
        row: key.kid.as_bytes(),
        column: "wrapped",
        kid: &key.kid,
        version: 1,
    }
}
