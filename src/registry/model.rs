//! Departments, duty holders, outlets, streams, officers: no I/O, no clock.

use diesel::prelude::*;

use super::place::{District, Place, Sector};
use super::sealed;
use crate::foundation::crypto::aead::DoesNotOpen;
use crate::foundation::db::schema::{
    registry_departments, registry_holders, registry_officers, registry_outlets, registry_packs,
    registry_streams,
};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{
    DepartmentId, HolderId, LeafId, OfficerId, OutletId, PersonId, StreamId,
};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;

text_enum! {
    /// What a duty holder is.
    pub enum HolderKind {
        /// A company, a sole trader, a body.
        Organisation = "organisation",
        /// A person, such as a landlord.
        NaturalPerson = "natural_person",
    }
}

text_enum! {
    /// Whether a duty holder is in business.
    pub enum HolderState {
        /// It is.
        Active = "active",
        /// Not any more.
        Closed = "closed",
    }
}

text_enum! {
    /// How records of a stream are submitted (`protocol.md` 2).
    pub enum Mode {
        /// As ciphertexts to the audit key.
        Sealed = "sealed",
        /// As commitments; the business keeps the records.
        Attested = "attested",
    }
}

text_enum! {
    /// The modes that a stream may use.
    pub enum Modes {
        /// Sealed only.
        Sealed = "sealed",
        /// Attested only.
        Attested = "attested",
        /// Either.
        Both = "sealed attested",
    }
}

impl Modes {
    /// Whether `mode` may be used.
    pub const fn allow(self, mode: Mode) -> bool {
        matches!(
            (self, mode),
            (Self::Both, _) | (Self::Sealed, Mode::Sealed) | (Self::Attested, Mode::Attested)
        )
    }

    /// The modes one by one.
    pub fn each(self) -> impl Iterator<Item = Mode> {
        Mode::ALL.iter().copied().filter(move |mode| self.allow(*mode))
    }
}

/// A department that supervises duty holders.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registry_departments, treat_none_as_null = true)]
pub struct Department {
    /// Our own id.
    pub id: DepartmentId,
    /// A short name for files and addresses.
    pub code: String,
    /// The name in Chinese.
    pub name_zh: String,
    /// The name in English.
    pub name_en: String,
    /// The word for the organ in document numbers (机关代字).
    pub organ: String,
    pub(super) email: Vec<u8>,
    /// How it can be reached, in one line, as its documents print it.
    pub contact: Option<String>,
}

impl Department {
    /// The address of the department's mail.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`].
    pub fn email(&self, cipher: &FieldCipher) -> Result<String, DoesNotOpen> {
        sealed::open(cipher, sealed::department_email(&self.id), &self.email)
    }
}

/// A business, or a natural person, that the law obliges to verify and register.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registry_holders, treat_none_as_null = true)]
pub struct Holder {
    /// The id that the business uses as `iss`.
    pub id: HolderId,
    /// What it is.
    pub kind: HolderKind,
    /// Its name.
    pub name: String,
    /// Its unified social credit code; its check character may be wrong lawfully.
    pub uscc: Option<String>,
    /// The district of its seat.
    pub district: District,
    /// Whether it is in business.
    pub state: HolderState,
}

/// A place of business of a duty holder.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registry_outlets, treat_none_as_null = true)]
pub struct Outlet {
    /// Our own id.
    pub id: OutletId,
    /// The duty holder.
    #[diesel(column_name = holder_id)]
    pub holder: HolderId,
    /// What the outlet is called.
    pub name: String,
    /// The district where it is: this decides which department is competent.
    pub district: District,
    /// Its address.
    pub address: Option<String>,
}

/// One numbered series of records of an outlet.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registry_streams, treat_none_as_null = true)]
pub struct Stream {
    /// The id that manifests carry.
    pub id: StreamId,
    /// The outlet.
    #[diesel(column_name = outlet_id)]
    pub outlet: OutletId,
    /// The competent department; `None` where no department has the trade and district.
    #[diesel(column_name = department_id)]
    pub department: Option<DepartmentId>,
    /// The trade.
    pub sector: Sector,
    /// A kind within the trade, such as `homestay`.
    pub subtype: Option<String>,
    /// The modes that it may use.
    pub modes: Modes,
    /// The first day with records.
    pub opened_on: Day,
    /// The last day with records.
    pub closed_on: Option<Day>,
    pub(super) open_weekdays: i32,
}

impl Stream {
    /// Whether the stream exists on `day`: opened, and not yet closed for good.
    pub fn exists_on(&self, day: Day) -> bool {
        self.opened_on <= day && self.closed_on.is_none_or(|closed| day <= closed)
    }

    /// Whether `day` is a day of business, on which records or a close are due.
    pub fn is_open_on(&self, day: Day) -> bool {
        self.exists_on(day) && self.open_weekdays & (1 << day.weekday()) != 0
    }

    /// Whether the stream exists on any day from `first` to `last`.
    pub fn exists_between(&self, first: Day, last: Day) -> bool {
        self.opened_on <= last && self.closed_on.is_none_or(|closed| first <= closed)
    }
}

/// The rule pack of a trade from a day on, until the next one begins.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = registry_packs)]
pub struct PackInForce {
    /// The trade.
    pub sector: Sector,
    /// The first day.
    pub from_day: Day,
    /// Pack and version, such as `lodging/2026.1`.
    pub pack: String,
    pub(super) digest: Vec<u8>,
    /// The leaf that says so.
    #[diesel(column_name = leaf_id)]
    pub leaf: LeafId,
}

impl PackInForce {
    /// SHA-256 of the files that decide.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

/// A stream with all that a push or an audit asks of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamFacts {
    /// The stream.
    pub stream: Stream,
    /// Its outlet.
    pub outlet: Outlet,
    /// Whether its duty holder is in business.
    pub state: HolderState,
    /// The packs of its trade, oldest first.
    pub packs: Vec<PackInForce>,
}

impl StreamFacts {
    /// The duty holder.
    pub fn holder(&self) -> HolderId {
        self.outlet.holder
    }

    /// Trade and district.
    pub fn place(&self) -> Place {
        Place { sector: self.stream.sector, district: self.outlet.district }
    }

    /// The pack in force on `day`.
    pub fn pack_on(&self, day: Day) -> Option<&PackInForce> {
        pack_on(&self.packs, day)
    }
}

/// The pack in force on `day`, of `packs` of one trade, oldest first.
pub(super) fn pack_on(packs: &[PackInForce], day: Day) -> Option<&PackInForce> {
    packs.iter().rev().find(|pack| pack.from_day <= day)
}

/// A person of a duty holder who gets its letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Name for the letter.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Language of the letter.
    pub lang: Lang,
}

/// An officer as the registry knows him.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registry_officers)]
pub struct RegisteredOfficer {
    /// Our own id.
    pub id: OfficerId,
    /// Who signs in.
    #[diesel(column_name = person_id)]
    pub person: PersonId,
    /// The department.
    #[diesel(column_name = department_id)]
    pub department: DepartmentId,
    /// The name in documents.
    pub name: String,
    /// Number of the enforcement certificate.
    pub certificate_no: String,
    /// The last day on which it is valid.
    pub certificate_until: Day,
    pub(super) sectors: String,
    pub(super) email: Vec<u8>,
    /// Whether he leads the department.
    pub lead: bool,
}

impl RegisteredOfficer {
    /// The trades that the certificate names.
    pub fn sectors(&self) -> impl Iterator<Item = Sector> {
        self.sectors.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }

    /// Whether the certificate is valid on `day`.
    pub fn certified_on(&self, day: Day) -> bool {
        day <= self.certificate_until
    }

    /// The officer's mail address.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`].
    pub fn email(&self, cipher: &FieldCipher) -> Result<String, DoesNotOpen> {
        sealed::open(cipher, sealed::officer_email(&self.id), &self.email)
    }
}
