//! Identifiers: UUIDv7, sixteen bytes in a row, UUID text on the wire. Each kind is its own type.

/// Declares identifier types that know how to be stored in any of our databases.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Binary)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl Id for $name {
            fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }
            fn as_uuid(&self) -> &uuid::Uuid {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::serialize::ToSql<diesel::sql_types::Binary, DB> for $name
        where
            [u8]: diesel::serialize::ToSql<diesel::sql_types::Binary, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                self.0.as_bytes().as_slice().to_sql(out)
            }
        }

        impl<DB: diesel::backend::Backend> diesel::deserialize::FromSql<diesel::sql_types::Binary, DB> for $name
        where
            Vec<u8>: diesel::deserialize::FromSql<diesel::sql_types::Binary, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(Self(uuid::Uuid::from_slice(&Vec::<u8>::from_sql(bytes)?)?))
            }
        }
    )+};
}

/// What every identifier type can do; `House::fresh` makes new ones.
pub trait Id: Copy {
    /// Wraps a UUID.
    fn from_uuid(uuid: uuid::Uuid) -> Self;
    /// The UUID inside.
    fn as_uuid(&self) -> &uuid::Uuid;
}

/// The text is not the canonical form of a UUID: 36 characters, lower case, hyphenated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

fn parse(text: &str) -> Result<uuid::Uuid, NotAnId> {
    let uuid = uuid::Uuid::try_parse(text).ok().ok_or(NotAnId)?;
    let mut buffer = uuid::Uuid::encode_buffer();
    if uuid.hyphenated().encode_lower(&mut buffer) == text { Ok(uuid) } else { Err(NotAnId) }
}

id! {
    /// A department that supervises duty holders.
    DepartmentId
    /// A business, or a natural person, that the law obliges to verify and register.
    HolderId
    /// A place of business of a duty holder.
    OutletId
    /// One numbered series of records of an outlet.
    StreamId
    /// An API client: one business system of a duty holder.
    ClientId
    /// A person who signs in.
    PersonId
    /// An officer as the registry knows him: certificate, department.
    OfficerId
    /// A batch of records.
    BatchId
    /// A leaf of the log, before and after it has a number.
    LeafId
    /// Something that an audit, a check or a visit found.
    FindingId
    /// A form that decides about findings: sent twice, it decides once.
    ActId
    /// A named filter of an officer's work list.
    FilterId
    /// A case: what follows from a confirmed finding.
    CaseId
    /// A request of a business for more time.
    ExtensionId
    /// What a business answered in a case.
    ReplyId
    /// A file that came with a reply.
    EvidenceId
    /// A check of what was corrected.
    RecheckId
    /// A proposal to close a case.
    ClosingId
    /// A proposal of what should follow when a business does not correct.
    EscalationId
    /// What the governance office says to a department.
    MeasureId
    /// A letter to a business or an officer.
    LetterId
    /// The consent of a duty holder to be served electronically by a department.
    ConsentId
    /// A document that needs a printed letter.
    PaperId
    /// What was heard of a letter after it left.
    ProofId
    /// A document as it was made and archived.
    DocumentId
    /// The audit of one duty holder for one period.
    AuditId
    /// A plan of audits of a department for a trade.
    PlanId
    /// A day close or another signed statement of a business.
    CloseId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_text_is_an_id() {
        let text = "0198c0de-0000-7000-8000-00000000002a";
        assert_eq!(text.parse::<HolderId>().unwrap().to_string(), text);
        for bad in ["", "0198C0DE-0000-7000-8000-00000000002A", "0198c0de00007000800000000000002a"]
        {
            assert_eq!(bad.parse::<HolderId>(), Err(NotAnId), "{bad}");
        }
    }
}
