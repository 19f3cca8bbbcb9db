//! What is kept as proof of a letter: attempts, what was heard afterwards, and printed letters.

use diesel::prelude::*;

use crate::foundation::crypto::aead::DoesNotOpen;
use crate::foundation::db::schema::{notices_attempts, notices_papers, notices_proofs};
use crate::foundation::db::text_enum;
use crate::foundation::ids::{
    CaseId, DepartmentId, HolderId, Id as _, LetterId, OfficerId, PaperId, PersonId, ProofId,
};
use crate::foundation::time::{Day, Timestamp};
use crate::identity::{Cell, FieldCipher};

text_enum! {
    /// How an attempt to hand a letter to a mail server ended.
    pub enum AttemptEnd {
        /// The server took charge of it.
        Sent = "sent",
        /// It was not taken this time.
        Transient = "transient",
        /// It was refused for good.
        Permanent = "permanent",
        /// It went out and no answer came.
        Unknown = "unknown",
    }
}

/// One attempt to hand a letter to a mail server.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices_attempts)]
pub struct Attempt {
    /// The letter.
    #[diesel(column_name = letter_id)]
    pub letter: LetterId,
    /// Which attempt, from 1.
    pub seq: i32,
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: AttemptEnd,
    /// The status code of the server's answer, if it gave one.
    pub code: Option<i32>,
    /// Why it was not taken, in a few words; never the server's.
    pub reason: Option<String>,
    /// Whether the recipient had consented to be served at the address.
    pub consented: bool,
}

text_enum! {
    /// What was heard of a letter after a mail server took it.
    pub enum ProofKind {
        /// A delivery report says that it could not be delivered.
        Bounced = "bounced",
        /// A delivery report says that it was delivered.
        Delivered = "delivered",
        /// Somebody of the duty holder read it in the portal.
        Read = "read",
        /// Somebody of the duty holder confirmed in the portal that it was received.
        Confirmed = "confirmed",
    }
}

/// Something that was heard of a letter; the first of its kind is kept.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices_proofs)]
pub struct Proof {
    pub(super) id: ProofId,
    /// The letter.
    #[diesel(column_name = letter_id)]
    pub letter: LetterId,
    /// What.
    pub kind: ProofKind,
    /// When.
    pub at: Timestamp,
    /// The status of a delivery report, such as `5.1.1` (RFC 3463).
    pub status: Option<String>,
    #[diesel(column_name = person_id)]
    pub(super) person: Option<PersonId>,
    /// Whether a consent to electronic service counted then.
    pub consented: bool,
}

text_enum! {
    /// Why a document needs a printed letter.
    pub enum PaperReason {
        /// The duty holder has not consented to be served electronically at that address.
        NoConsent = "no_consent",
        /// There is no address.
        NoAddress = "no_address",
        /// Every mail was refused for good.
        Refused = "refused",
        /// A mail was taken and came back.
        Bounced = "bounced",
        /// For 72 hours nobody took a mail, or confirmed it where only that counts.
        Waited = "waited",
    }
}

text_enum! {
    /// Where a printed letter is on its way.
    pub enum PaperState {
        /// It is to be printed.
        Waiting = "waiting",
        /// It was handed over or posted.
        Posted = "posted",
        /// The return receipt is there.
        Received = "received",
        /// It is not needed any more: the document was served electronically meanwhile.
        Served = "served",
    }
}

text_enum! {
    /// How a printed letter left.
    pub enum PostedHow {
        /// Taken there by officers.
        Handed = "handed",
        /// By registered post.
        Registered = "registered",
        /// By a courier.
        Courier = "courier",
    }
}

text_enum! {
    /// How a printed letter was received, as the return receipt has it.
    pub enum ReceivedHow {
        /// The recipient, or somebody who may receive for it, signed.
        Signed = "signed",
        /// It was left before witnesses, because the recipient refused it.
        Left = "left",
        /// The post's own receipt says that it was delivered.
        Mailbox = "mailbox",
    }
}

/// A document that needs a printed letter.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices_papers)]
pub struct PaperCopy {
    /// Our own id.
    pub id: PaperId,
    /// The word by which the document can be confirmed; letters of one document share it.
    pub code: String,
    /// The letter that is printed.
    #[diesel(column_name = letter_id)]
    pub letter: LetterId,
    /// The case that it tells of.
    #[diesel(column_name = case_id)]
    pub case: Option<CaseId>,
    /// The department that writes.
    #[diesel(column_name = department_id)]
    pub department: DepartmentId,
    /// The duty holder who is written to.
    #[diesel(column_name = holder_id)]
    pub holder: HolderId,
    /// Why it needs paper.
    pub reason: PaperReason,
    /// Where it is on its way.
    pub state: PaperState,
    /// Since when it waits.
    pub queued_at: Timestamp,
    /// When it was marked as posted.
    pub posted_at: Option<Timestamp>,
    pub(super) posted_by: Option<OfficerId>,
    /// How it left.
    pub posted_how: Option<PostedHow>,
    /// The number of the consignment.
    pub posted_number: Option<String>,
    /// The day of the return receipt.
    pub received_on: Option<Day>,
    /// How it was received.
    pub received_how: Option<ReceivedHow>,
    pub(super) received_by: Option<Vec<u8>>,
    /// When the return receipt was entered.
    pub received_at: Option<Timestamp>,
    pub(super) entered_by: Option<OfficerId>,
}

impl PaperCopy {
    /// The name of whoever received it; empty if nobody did.
    ///
    /// # Errors
    ///
    /// [`DoesNotOpen`] if the field key is another one.
    pub fn receiver(&self, cipher: &FieldCipher) -> Result<String, DoesNotOpen> {
        let Some(blob) = &self.received_by else { return Ok(String::new()) };
        let name = cipher.open(receiver(&self.id, &self.holder), blob)?;
        std::str::from_utf8(&name).map(str::to_owned).ok().ok_or(DoesNotOpen)
    }
}

/// The cell of the name of whoever received the printed letter.
pub(super) fn receiver<'a>(id: &'a PaperId, holder: &'a HolderId) -> Cell<'a> {
    let (row, tenant) = (id.as_uuid().as_bytes(), holder.as_uuid().as_bytes());
    Cell { table: "notices_papers", column: "received_by", row, tenant }
}
