//! What is done with findings: raise, confirm, dismiss. Each is one transaction with its leaves.

use std::sync::Arc;

use serde_json::json;

use super::error::CaseError;
use super::guard::Confirmer;
use super::integrity;
use super::model::{
    Case, Counting, Event, Finding, Happening, Integrity, NewFinding, Stage, State,
};
use super::store::{self, Decision};
use super::words;
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::CaseId;
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;
use crate::ledger::{self, LeafKind, NewLeaf, append_in};
use crate::notices::{CheckpointLine, Draft, FrozenBasis, Notice, Recipient, Wording, enqueue_in};
use crate::registry;
use crate::rules::Packs;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 1_000;
/// The longest time that an officer may set, in days.
const LONGEST_TIME: i64 = 365;

/// Raises `new` unless a finding with its key was raised before; gives whether it was raised. The
/// `finding` leaf is left in the same transaction.
///
/// # Errors
///
/// Those of the database.
pub fn raise_in(tx: &mut Conn, new: &NewFinding) -> diesel::QueryResult<bool> {
    let raised = store::insert_finding(tx, new)?;
    if raised {
        append_in(tx, &new.leaf)?;
    }
    Ok(raised)
}

/// An officer's reason, fit to be kept.
#[derive(Clone, Debug)]
pub struct Reason(String);

impl Reason {
    /// `text` without the white space around it.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if it is empty, longer than 1,000 characters or has control characters
    /// other than line breaks.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(CaseError::Words("reason-missing"));
        }
        if text.chars().count() > LONGEST_REASON {
            return Err(CaseError::Words("reason-long"));
        }
        if text.contains(|c: char| c.is_control() && c != '\n') {
            return Err(CaseError::Words("reason-signs"));
        }
        Ok(Self(text))
    }
}

/// The words with which an officer confirms a finding.
#[derive(Clone, Debug)]
pub struct Words {
    reason: Reason,
    deadline: Day,
    days: u32,
}

impl Words {
    /// `reason`, and the last day that the duty holder has if the notice is served on `today`.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if the day is not within a year after today.
    pub fn new(reason: Reason, deadline: Day, today: Day) -> Result<Self, CaseError> {
        let days = deadline.days_since(&today);
        let fits = (1..=LONGEST_TIME).contains(&days);
        let days = u32::try_from(days).ok().filter(|_| fits);
        let days = days.ok_or(CaseError::Words("deadline"))?;
        Ok(Self { reason, deadline, days })
    }
}

/// Takes a finding out of the department: one case, its notice to every contact of the duty holder,
/// and the leaves `finding_confirmed`, `case_state` and one `notice_queued` a letter.
///
/// # Errors
///
/// [`CaseError::NotNow`] if somebody has decided; [`CaseError::Altered`] if the row does not match
/// the log; those of letters and of the store.
pub async fn confirm(
    house: &House,
    packs: &Arc<Packs>,
    cipher: &FieldCipher,
    right: Confirmer,
    words: Words,
) -> Result<CaseId, CaseError> {
    let (packs, cipher, inside) = (packs.clone(), cipher.clone(), house.clone());
    let id: CaseId = house.fresh();
    house
        .store
        .write("cases.confirm", move |tx| {
            let (house, by) = (&inside, &right.by);
            let finding = undecided(tx, &right)?;
            let case = notify(tx, house, (&packs, &cipher), &right, &words, &finding, id)?;
            store::insert_case(tx, &case, finding.id)?;
            let leaf = state_leaf(house, &case, Some(&by.pseudonym));
            let opened = Happening {
                officer: Some(by.id),
                note: Some(words.reason.0.clone()),
                leaf: Some(leaf.id),
                ..Happening::of_itself(case.opened_at, Event::Open)
            };
            store::happen(tx, id, &opened)?;
            decide(tx, house, &right, &finding, (Stage::Confirmed, Some(id)), &words.reason)?;
            append_in(tx, &leaf)?;
            Ok(id)
        })
        .await
}

/// Lets a finding go, with the officer's reason and the leaf `finding_dismissed`.
///
/// # Errors
///
/// As [`confirm`].
pub async fn dismiss(house: &House, right: Confirmer, reason: Reason) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.dismiss", move |tx| {
            let finding = undecided(tx, &right)?;
            decide(tx, &inside, &right, &finding, (Stage::Dismissed, None), &reason)
        })
        .await
}

/// The finding of `right` as it stands now, if it may still be decided.
fn undecided(tx: &mut Conn, right: &Confirmer) -> Result<Finding, CaseError> {
    let finding = store::finding(tx, right.finding.id)?.ok_or(CaseError::NotFound)?;
    if finding.stage != Stage::Proposed {
        return Err(CaseError::NotNow);
    }
    if integrity::of_finding(tx, &finding)? == Integrity::Differs {
        return Err(CaseError::Altered);
    }
    Ok(finding)
}

/// Writes a decision and its leaf. The leaf holds a salted hash of the words.
fn decide(
    tx: &mut Conn,
    house: &House,
    right: &Confirmer,
    finding: &Finding,
    (stage, case): (Stage, Option<CaseId>),
    reason: &Reason,
) -> Result<(), CaseError> {
    let by = &right.by;
    let hash = finding.decision_hash(stage, by.id, &reason.0);
    let mut body = json!({
        "finding": finding.id,
        "officer": by.pseudonym,
        "words": b64u::encode(&hash),
    });
    if let Some(case) = case {
        body["case"] = json!(case);
    }
    let kind = match stage {
        Stage::Confirmed => LeafKind::FindingConfirmed,
        Stage::Dismissed | Stage::Proposed => LeafKind::FindingDismissed,
    };
    let leaf = NewLeaf::new(house, kind, body);
    let decision =
        Decision { stage, at: house.clock.now(), by: by.id, reason: &reason.0, leaf: leaf.id };
    if !store::decide(tx, finding.id, &decision)? {
        return Err(CaseError::NotNow);
    }
    append_in(tx, &leaf)?;
    Ok(())
}

/// Writes the notice of a confirmed finding and gives the case that it belongs to.
fn notify(
    tx: &mut Conn,
    house: &House,
    (packs, cipher): (&Packs, &FieldCipher),
    right: &Confirmer,
    words: &Words,
    finding: &Finding,
    id: CaseId,
) -> Result<Case, CaseError> {
    let now = house.clock.now();
    let department = registry::department(tx, finding.department)?.ok_or(CaseError::NotFound)?;
    let holder = registry::holder(tx, finding.holder)?.ok_or(CaseError::NotFound)?;
    let rule = words::rule_of(packs, finding);
    let duties = rule.map(|rule| rule.basis.clone()).unwrap_or_default();
    let sector = finding.sector.as_str();
    let basis = FrozenBasis::freeze(packs.catalogue(), sector, &duties, &now.day());
    let scene = words::scene(tx, finding, &holder.name)?;
    let wording = |lang: Lang| Wording {
        facts: vec![words::fact(lang, finding, &scene, rule)],
        demands: vec![words::demand(lang, finding, rule)],
    };
    let contacts = registry::contacts_of(tx, cipher, finding.holder)?;
    let places = (0..).zip(&contacts);
    let notice = Notice {
        case: id,
        organ: (&department).into(),
        holder: holder.id,
        addressee: holder.name,
        certificates: vec![right.by.certificate.clone()],
        zh: wording(Lang::Zh),
        en: wording(Lang::En),
        basis: basis.clone(),
        days: words.days,
        deadline: words.deadline,
        checkpoint: checkpoint_line(tx)?,
        recipients: places.map(|(at, one)| (Recipient::Contact(at), one.lang)).collect(),
    };
    let draft = Draft::notice(notice)?;
    let queued = enqueue_in(tx, house, &draft)?;
    Ok(Case {
        id,
        number: queued.number,
        department: finding.department,
        holder: finding.holder,
        sector: finding.sector,
        district: finding.district,
        notice: draft.kind(),
        state: State::Opened,
        opened_at: now,
        grace_days: i32::try_from(words.days).unwrap_or(i32::MAX),
        deadline: words.deadline,
        served_at: None,
        basis: json!(basis).to_string(),
        code: queued.code,
        result: None,
        counting: Counting::Calendar,
        suspended_at: None,
        acknowledged_at: None,
        version: 0,
    })
}

/// What the log holds now, short enough to be printed.
fn checkpoint_line(conn: &mut Conn) -> diesel::QueryResult<Option<CheckpointLine>> {
    let latest = ledger::latest_checkpoint(conn)?;
    Ok(latest.map(|checkpoint| {
        let root: String = checkpoint.root.0.iter().take(8).map(|b| format!("{b:02x}")).collect();
        CheckpointLine { size: checkpoint.size, root }
    }))
}

/// The leaf that says where a case stands, and by whose hand if an officer's.
pub(super) fn state_leaf(house: &House, case: &Case, officer: Option<&str>) -> NewLeaf {
    let mut body = json!({
        "case": case.id,
        "state": case.state,
        "notice": case.notice,
        "deadline": case.deadline,
    });
    if let Some(officer) = officer {
        body["officer"] = json!(officer);
    }
    NewLeaf::new(house, LeafKind::CaseState, body)
}
