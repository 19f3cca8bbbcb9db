//! What the public is told of drawn audits: a job proposes every result when its period has closed,
//! a lead publishes it, and a lead may withdraw it, which stays visible as such.
//!
//! Nothing of a natural person's name is published but the first character. An audit for cause is
//! not published: it was not drawn.

use serde_json::json;

use super::error::AuditError;
use super::guard::Lead;
use super::store::publications::{self, Change, Publication};
use crate::foundation::House;
use crate::foundation::db::{Conn, text_enum};
use crate::foundation::ids::AuditId;
use crate::foundation::jobs::Tally;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::{self, Calendar, Holder, HolderKind};

/// Working days from the end of an audit until its result is to be published.
pub(super) const WORKING_DAYS: u32 = 20;
/// Audits that are proposed in one transaction.
const AT_ONCE: i64 = 500;

text_enum! {
    /// How far the publication of a result has got.
    pub enum PublicState {
        /// A job proposes it.
        Proposed = "proposed",
        /// A lead has published it.
        Published = "published",
        /// A lead has withdrawn it.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// Why a result was withdrawn.
    pub enum Withdrawal {
        /// What it rests on was revoked.
        Revoked = "revoked",
        /// It was corrected, and the audit says so.
        Corrected = "corrected",
        /// It was published by mistake, or said too much.
        Mistaken = "mistaken",
        /// Its time is over.
        Expired = "expired",
    }
}

/// The name that the public reads: as registered for an organisation, the first character and a
/// star for a natural person.
pub(super) fn public_name(holder: &Holder) -> String {
    match holder.kind {
        HolderKind::Organisation => holder.name.clone(),
        HolderKind::NaturalPerson => {
            holder.name.chars().next().map(|first| format!("{first}*")).unwrap_or_default()
        }
    }
}

/// The last day on which the result of an audit that ended on `day` is to be published.
pub(super) fn due(calendar: &Calendar, day: Day) -> Day {
    calendar.plus_working(day, WORKING_DAYS)
}

/// Proposes the results of drawn audits whose periods have closed. Counts `proposed`.
///
/// # Errors
///
/// Those of the store; what was proposed before stays.
pub async fn propose_publications(house: &House, calendar: &Calendar) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    loop {
        let calendar = calendar.clone();
        let write = move |tx: &mut Conn| {
            let ended = publications::unproposed(tx, AT_ONCE)?;
            for audit in &ended {
                let holder = registry::holder(tx, audit.holder)?.ok_or(AuditError::NotFound)?;
                let done_on = audit.done_at.unwrap_or(now).day();
                let proposal = Publication::proposed(
                    audit,
                    (holder.district, public_name(&holder)),
                    (done_on, due(&calendar, done_on)),
                    now,
                );
                publications::insert(tx, &proposal)?;
            }
            Ok::<_, AuditError>(ended.len())
        };
        let proposed = house.store.write("audits.propose", write).await?;
        tally.add("proposed", u64::try_from(proposed).unwrap_or(0));
        if i64::try_from(proposed).unwrap_or(i64::MAX) < AT_ONCE {
            return Ok(tally);
        }
    }
}

/// Publishes a proposed result.
///
/// # Errors
///
/// 404 for what is not the lead's; 403 without a valid certificate, or against a business in whose
/// affairs he does not act; 409 `case-not-now` if somebody was faster.
pub(super) async fn publish(house: &House, lead: &Lead, id: AuditId) -> Result<(), Problem> {
    change(house, lead, id, None).await
}

/// Withdraws a published result.
///
/// # Errors
///
/// As [`publish`].
pub(super) async fn withdraw(
    house: &House,
    lead: &Lead,
    id: AuditId,
    cause: Withdrawal,
) -> Result<(), Problem> {
    change(house, lead, id, Some(cause)).await
}

async fn change(
    house: &House,
    lead: &Lead,
    id: AuditId,
    cause: Option<Withdrawal>,
) -> Result<(), Problem> {
    let officer = lead.officer().clone();
    officer.must_be_certified()?;
    let state = if cause.is_some() { PublicState::Withdrawn } else { PublicState::Published };
    let mut body = json!({
        "audit": id, "officer": officer.pseudonym().to_string(), "publication": state,
    });
    if let Some(cause) = cause {
        body["cause"] = json!(cause);
    }
    let leaf = NewLeaf::new(house, LeafKind::Export, body);
    let now = house.clock.now();
    let write = move |tx: &mut Conn| {
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let own = publications::find(tx, id)?
            .filter(|row| row.department_id == department && sectors.contains(&row.sector))
            .ok_or(AuditError::NotFound)?;
        let holder = registry::holder(tx, own.holder_id)?.ok_or(AuditError::NotFound)?;
        if officer.is_conflicted_with(holder.id) {
            return Err(AuditError::NotYours);
        }
        let change = Change { at: now, by: officer.row().id, leaf: leaf.id };
        let changed = match cause {
            None => publications::publish(tx, id, &public_name(&holder), &change)?,
            Some(cause) => publications::withdraw(tx, id, cause, &change)?,
        };
        if !changed {
            return Err(AuditError::NotNow);
        }
        Ok(append_in(tx, &leaf)?)
    };
    Ok(house.store.write("audits.publication", write).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::ids::{HolderId, Id as _};
    use crate::registry::HolderState;

    #[test]
    fn a_person_is_a_first_character_and_a_star() {
        let holder = |kind, name: &str| Holder {
            id: HolderId::from_uuid(uuid::Uuid::nil()),
            kind,
            name: name.to_owned(),
            uscc: None,
            district: "410611".parse().unwrap(),
            state: HolderState::Active,
        };
        assert_eq!(public_name(&holder(HolderKind::NaturalPerson, "张小满")), "张*");
        assert_eq!(public_name(&holder(HolderKind::Organisation, "仙鹤宾馆")), "仙鹤宾馆");
    }
}
