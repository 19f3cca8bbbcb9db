//! Decisions about findings: confirm, dismiss, reopen; of one finding or of many by one rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::state_leaf;
use crate::cases::bundles::{Bundle, bundles};
use crate::cases::decision::{Code, Decision, Dismissal, Reason, Verdict, Words};
use crate::cases::error::CaseError;
use crate::cases::guard::{Confirmer, Decider};
use crate::cases::model::{
    Case, Counting, Event, Finding, Happening, Integrity, Severity, Stage, State,
};
use crate::cases::{integrity, store};
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, FindingId};
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;
use crate::ledger::{self, NewLeaf, append_in};
use crate::notices::{CheckpointLine, Draft, Notice, Recipient, Wording, enqueue_in};
use crate::registry;
use crate::rules::Packs;

/// What a form has decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The findings.
    pub findings: Vec<FindingId>,
    /// The cases that were opened.
    pub cases: Vec<CaseId>,
}

impl Done {
    fn add(&mut self, decision: &Decision) {
        self.findings.push(decision.finding);
        if let Some(case) = decision.case.filter(|case| !self.cases.contains(case)) {
            self.cases.push(case);
        }
    }
}

/// Takes findings out of the department. What one duty holder has to correct in one trade and
/// district is one case, with a notice to every contact of the duty holder; what an article empowers
/// to order is a case apart from what none does. All of it or nothing: with the leaves
/// `finding_confirmed` a finding, `case_state` a case and `notice_queued` a letter. A form that comes
/// again decides nothing again.
///
/// # Errors
///
/// [`CaseError::NotNow`] if somebody has decided one of them; [`CaseError::Altered`] if a row does
/// not match the log; those of letters and of the store.
pub async fn confirm(
    house: &House,
    packs: &Arc<Packs>,
    cipher: &FieldCipher,
    right: Confirmer,
    words: Words,
) -> Result<Done, CaseError> {
    let (packs, cipher, inside) = (packs.clone(), cipher.clone(), house.clone());
    house
        .store
        .write("cases.confirm", move |tx| {
            let house = &inside;
            if let Some(done) = done_before(tx, &right)? {
                return Ok(done);
            }
            let tools = Tools { packs: &packs, cipher: &cipher, follows: None };
            let (findings, mut done) = (undecided(tx, &right)?, Done::default());
            for bundle in bundles(&packs, findings, house.clock.now().day()) {
                let case = open(tx, house, &tools, &right.by, &words, &bundle)?;
                for finding in &bundle.findings {
                    let ruling =
                        Ruling { verdict: Verdict::Confirmed, code: None, case: Some(case) };
                    done.add(&decide(tx, house, &right, finding, ruling, &words.reason)?);
                }
            }
            recount(tx, &right)?;
            Ok(done)
        })
        .await
}

/// Lets findings go, with the officer's reason and a leaf `finding_dismissed` each. Leniency leaves
/// a record that the business was taught.
///
/// # Errors
///
/// As [`confirm`]; [`CaseError::Words`] if leniency is given for a critical finding, or to a business
/// that has breached the same rule before.
pub async fn dismiss(
    house: &House,
    right: Confirmer,
    dismissal: Dismissal,
) -> Result<Done, CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.dismiss", move |tx| {
            if let Some(done) = done_before(tx, &right)? {
                return Ok(done);
            }
            let (findings, mut done) = (undecided(tx, &right)?, Done::default());
            let Dismissal { code, reason } = &dismissal;
            if *code == Code::Lenient {
                for finding in &findings {
                    may_be_lenient(tx, finding)?;
                }
            }
            for finding in &findings {
                let ruling = Ruling { verdict: Verdict::Dismissed, code: Some(*code), case: None };
                done.add(&decide(tx, &inside, &right, finding, ruling, reason)?);
            }
            recount(tx, &right)?;
            Ok(done)
        })
        .await
}

/// Takes a dismissal back: the finding waits for a decision again, and what was decided stays on
/// record. Leaves a leaf `finding`.
///
/// # Errors
///
/// [`CaseError::NotNow`] if a finding is not dismissed; those of [`confirm`].
pub async fn reopen(house: &House, right: Confirmer, reason: Reason) -> Result<Done, CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.reopen", move |tx| {
            if let Some(done) = done_before(tx, &right)? {
                return Ok(done);
            }
            let mut done = Done::default();
            for finding in standing(tx, &right, Stage::Dismissed)? {
                let ruling = Ruling { verdict: Verdict::Reopened, code: None, case: None };
                done.add(&decide(tx, &inside, &right, &finding, ruling, &reason)?);
            }
            recount(tx, &right)?;
            Ok(done)
        })
        .await
}

/// What the form of `right` has decided before; `None` if it comes for the first time.
fn done_before(tx: &mut Conn, right: &Confirmer) -> Result<Option<Done>, CaseError> {
    let Some(act) = right.act else { return Ok(None) };
    let mut done = Done::default();
    for decision in store::decisions_of_act(tx, act, right.by.id)? {
        done.add(&decision);
    }
    Ok((!done.findings.is_empty()).then_some(done))
}

/// The findings of `right` as they stand now, if all may still be decided.
fn undecided(tx: &mut Conn, right: &Confirmer) -> Result<Vec<Finding>, CaseError> {
    standing(tx, right, Stage::Proposed)
}

/// The findings of `right` as they stand now, if all are in `stage`.
fn standing(tx: &mut Conn, right: &Confirmer, stage: Stage) -> Result<Vec<Finding>, CaseError> {
    let ids: Vec<FindingId> = right.findings.iter().map(|finding| finding.id).collect();
    let findings = store::findings(tx, &ids)?;
    if findings.len() != ids.len() {
        return Err(CaseError::NotFound);
    }
    if findings.iter().any(|finding| finding.stage != stage) {
        return Err(CaseError::NotNow);
    }
    for finding in &findings {
        if integrity::of_finding(tx, finding)? == Integrity::Differs {
            return Err(CaseError::Altered);
        }
    }
    Ok(findings)
}

/// Refuses leniency where what is on record contradicts its conditions.
fn may_be_lenient(tx: &mut Conn, finding: &Finding) -> Result<(), CaseError> {
    if finding.severity == Severity::Critical {
        return Err(CaseError::Words("lenient-critical"));
    }
    if store::earlier_breaches(tx, finding)? > 0 {
        return Err(CaseError::Words("lenient-again"));
    }
    Ok(())
}

/// What is decided about a finding.
struct Ruling {
    verdict: Verdict,
    code: Option<Code>,
    case: Option<CaseId>,
}

/// Writes a decision and its leaf. The leaf holds a salted hash of the words.
fn decide(
    tx: &mut Conn,
    house: &House,
    right: &Confirmer,
    finding: &Finding,
    ruling: Ruling,
    reason: &Reason,
) -> Result<Decision, CaseError> {
    let by = &right.by;
    let before = store::decisions_of(tx, finding.id)?.len();
    let mut decision = Decision {
        finding: finding.id,
        seq: i32::try_from(before).unwrap_or(i32::MAX),
        verdict: ruling.verdict,
        code: ruling.code,
        at: house.clock.now(),
        officer: by.id,
        reason: reason.text().to_owned(),
        leaf: finding.leaf,
        group: finding.group,
        case: ruling.case,
        act: right.act,
    };
    let mut body = decision.told();
    body["finding"] = json!(finding.id);
    body["officer"] = json!(by.pseudonym);
    body["words"] = json!(b64u::encode(&decision.hash(finding)));
    if ruling.verdict == Verdict::Reopened {
        body["hash"] = json!(b64u::encode(&finding.hash()));
    }
    let leaf = NewLeaf::new(house, ruling.verdict.leaf(), body);
    decision.leaf = leaf.id;
    if !store::decide(tx, &decision)? {
        return Err(CaseError::NotNow);
    }
    append_in(tx, &leaf)?;
    Ok(decision)
}

/// Brings the groups of what `right` decided up to date.
fn recount(tx: &mut Conn, right: &Confirmer) -> Result<(), CaseError> {
    let groups: BTreeSet<FindingId> =
        right.findings.iter().filter_map(|finding| finding.group).collect();
    for group in groups {
        store::recount(tx, group)?;
    }
    Ok(())
}

/// What it takes to write a notice.
pub(super) struct Tools<'a> {
    pub(super) packs: &'a Packs,
    pub(super) cipher: &'a FieldCipher,
    /// The notice in which the same matter stood before, by its number.
    pub(super) follows: Option<&'a str>,
}

/// Opens the case of `bundle` with its notice, timeline and leaf.
pub(super) fn open(
    tx: &mut Conn,
    house: &House,
    tools: &Tools<'_>,
    by: &Decider,
    words: &Words,
    bundle: &Bundle,
) -> Result<CaseId, CaseError> {
    let case = notify(tx, house, tools, by, words, bundle)?;
    let findings: Vec<FindingId> = bundle.findings.iter().map(|finding| finding.id).collect();
    store::insert_case(tx, &case, &findings)?;
    let leaf = state_leaf(house, &case, Some(&by.pseudonym));
    let opened = Happening {
        officer: Some(by.id),
        note: Some(words.reason.text().to_owned()),
        leaf: Some(leaf.id),
        ..Happening::of_itself(case.opened_at, Event::Open)
    };
    store::happen(tx, case.id, &opened)?;
    append_in(tx, &leaf)?;
    Ok(case.id)
}

/// Writes the notice of `bundle` and gives the case that it belongs to.
fn notify(
    tx: &mut Conn,
    house: &House,
    tools: &Tools<'_>,
    by: &Decider,
    words: &Words,
    bundle: &Bundle,
) -> Result<Case, CaseError> {
    let (now, id) = (house.clock.now(), house.fresh());
    let first = bundle.findings.first().ok_or(CaseError::NotFound)?;
    let department = registry::department(tx, first.department)?.ok_or(CaseError::NotFound)?;
    let holder = registry::holder(tx, bundle.holder)?.ok_or(CaseError::NotFound)?;
    let zh = wording(tx, tools, bundle, (Lang::Zh, &holder.name))?;
    let en = wording(tx, tools, bundle, (Lang::En, &holder.name))?;
    let contacts = registry::contacts_of(tx, tools.cipher, bundle.holder)?;
    let places = (0..).zip(&contacts);
    let notice = Notice {
        case: id,
        organ: (&department).into(),
        holder: holder.id,
        addressee: holder.name,
        certificates: vec![by.certificate.clone()],
        zh,
        en,
        basis: bundle.basis.clone(),
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
        department: department.id,
        holder: bundle.holder,
        sector: bundle.sector,
        district: bundle.district,
        notice: draft.kind(),
        state: State::Opened,
        opened_at: now,
        grace_days: i32::try_from(words.days).unwrap_or(i32::MAX),
        deadline: words.deadline,
        served_at: None,
        basis: json!(bundle.basis).to_string(),
        code: queued.code,
        result: None,
        counting: Counting::Calendar,
        suspended_at: None,
        acknowledged_at: None,
        version: 0,
    })
}

/// The words of the notice; first, where the same matter stood before.
fn wording(
    conn: &mut Conn,
    tools: &Tools<'_>,
    bundle: &Bundle,
    (lang, holder): (Lang, &str),
) -> diesel::QueryResult<Wording> {
    let mut wording = bundle.wording(conn, tools.packs, lang, holder)?;
    if let Some(number) = tools.follows {
        wording.facts.insert(0, lang.text_with("cases-split-follows", &[("number", &number)]));
    }
    Ok(wording)
}

/// What the log holds now, short enough to be printed.
pub(super) fn checkpoint_line(conn: &mut Conn) -> diesel::QueryResult<Option<CheckpointLine>> {
    let latest = ledger::latest_checkpoint(conn)?;
    Ok(latest.map(|checkpoint| {
        let root: String = checkpoint.root.0.iter().take(8).map(|b| format!("{b:02x}")).collect();
        CheckpointLine { size: checkpoint.size, root }
    }))
}
