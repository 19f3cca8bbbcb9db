//! A case as its pages show it: what was found, the clock, what people added, the timeline.

use std::collections::HashMap;

use super::super::error::CaseError;
use super::super::model::{
    Case, Check, Closing, Counting, Escalation, Evidence, Extension, Finding, Happening, Reply,
    State,
};
use super::super::store::{self, flow};
use super::super::words;
use super::Names;
use crate::foundation::db::Conn;
use crate::foundation::ids::{FindingId, LeafId, PersonId};
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::Lang;
use crate::identity;
use crate::ledger;
use crate::notices::{self, Document, Letter, LetterKind};
use crate::registry::Calendar;
use crate::rules::Packs;

/// A finding of the case in words, with the rule in both languages.
pub(super) struct Found {
    pub(super) id: FindingId,
    pub(super) at: Timestamp,
    pub(super) fact: String,
    pub(super) demand: String,
    pub(super) rule: Option<(String, String)>,
}

/// What people added, and the letters.
pub(super) struct Scene {
    pub(super) holder: String,
    pub(super) findings: Vec<Found>,
    pub(super) happenings: Vec<(Happening, Option<u64>)>,
    pub(super) letters: Vec<Letter>,
    pub(super) documents: Vec<Document>,
    pub(super) replies: Vec<(Reply, Vec<Evidence>)>,
    pub(super) extensions: Vec<Extension>,
    pub(super) checks: Vec<Check>,
    pub(super) closings: Vec<Closing>,
    pub(super) escalations: Vec<Escalation>,
    pub(super) people: HashMap<PersonId, String>,
}

impl Scene {
    /// All of `case` in `lang`.
    pub(super) fn of(
        conn: &mut Conn,
        lang: Lang,
        packs: &Packs,
        case: &Case,
    ) -> Result<Self, CaseError> {
        let holder = Names::default().of(conn, case.holder)?;
        let mut findings = Vec::new();
        for finding in store::findings_of_case(conn, case.id)? {
            findings.push(found(conn, lang, packs, &finding, &holder)?);
        }
        let mut happenings = Vec::new();
        for happening in store::timeline(conn, case.id)? {
            let index = number_of(conn, happening.leaf)?;
            happenings.push((happening, index));
        }
        let mut files = flow::evidence(conn, case.id)?;
        let mut replies = Vec::new();
        for reply in flow::replies(conn, case.id)? {
            let own = files.extract_if(.., |file| file.reply == reply.id).collect();
            replies.push((reply, own));
        }
        let mut people = HashMap::new();
        for person in happenings.iter().filter_map(|(happening, _)| happening.person) {
            if let Some(row) = identity::person(conn, person)? {
                people.insert(person, row.name);
            }
        }
        Ok(Self {
            holder,
            findings,
            happenings,
            letters: notices::letters_of(conn, case.id)?,
            documents: notices::documents_of(conn, case.id)?,
            replies,
            extensions: flow::extensions(conn, case.id)?,
            checks: flow::checks(conn, case.id)?,
            closings: flow::closings(conn, case.id)?,
            escalations: flow::escalations(conn, case.id)?,
            people,
        })
    }

    /// The question that nobody has answered.
    pub(super) fn open_extension(&self) -> Option<&Extension> {
        self.extensions.iter().find(|one| one.decided_at.is_none())
    }

    /// The check that is not done.
    pub(super) fn open_check(&self) -> Option<&Check> {
        self.checks.iter().find(|one| one.result.is_none())
    }

    /// The proposal to close that nobody has decided.
    pub(super) fn open_closing(&self) -> Option<&Closing> {
        self.closings.iter().find(|one| one.decided_at.is_none())
    }

    /// The proposal to go further that nobody has decided.
    pub(super) fn open_escalation(&self) -> Option<&Escalation> {
        self.escalations.iter().find(|one| one.decided_at.is_none())
    }
}

fn found(
    conn: &mut Conn,
    lang: Lang,
    packs: &Packs,
    finding: &Finding,
    holder: &str,
) -> Result<Found, CaseError> {
    let scene = words::scene(conn, finding, holder)?;
    let rule = words::rule_of(packs, finding);
    Ok(Found {
        id: finding.id,
        at: finding.found_at,
        fact: words::fact(lang, finding, &scene, rule),
        demand: words::demand(lang, finding, rule),
        rule: rule.map(|rule| (rule.zh.clone(), rule.en.clone())),
    })
}

/// The number of a leaf in the log, once it has one.
fn number_of(conn: &mut Conn, leaf: Option<LeafId>) -> Result<Option<u64>, CaseError> {
    let Some(leaf) = leaf else { return Ok(None) };
    Ok(ledger::leaf(conn, leaf)?.map(|leaf| leaf.index))
}

/// What the clock of a case says: a Fluent key, days for it, and a colour.
pub(super) struct ClockLine {
    pub(super) key: &'static str,
    pub(super) days: i64,
    pub(super) tone: &'static str,
}

impl ClockLine {
    /// The clock of `case` on `today`.
    pub(super) fn of(case: &Case, today: Day, calendar: &Calendar) -> Self {
        let line = |key, days, tone| Self { key, days, tone };
        if case.state.is_final() {
            return line("case-clock-over", 0, "");
        }
        if case.notice == LetterKind::Advice {
            return line("case-clock-advice", 0, "");
        }
        if case.suspended_at.is_some() {
            return line("case-clock-suspended", 0, "warn");
        }
        match case.state {
            State::Opened | State::Undeliverable => {
                line("case-clock-waits", i64::from(case.grace_days), "")
            }
            State::Served | State::Overdue if case.deadline < today => {
                line("case-clock-past", today.days_since(&case.deadline), "bad")
            }
            State::Served => {
                let (key, days) = match case.counting {
                    Counting::Calendar => ("case-clock-left", case.deadline.days_since(&today)),
                    Counting::Working => (
                        "case-clock-left-working",
                        i64::from(calendar.working_between(today, case.deadline)),
                    ),
                };
                line(key, days, if days <= 3 { "warn" } else { "good" })
            }
            State::Overdue => line("case-clock-failed", 0, "bad"),
            _ => line("case-clock-answered", 0, ""),
        }
    }
}

/// The key of what happened.
pub(super) fn moment_key(happening: &Happening) -> String {
    format!("cases-moment-{}", happening.event.as_str().replace('_', "-"))
}
