//! The forms that decide about findings: what they say, and what a refused one gives back.

use actix_web::http::StatusCode;

use super::super::decision::{Code, Conditions, Dismissal, Reason, Words};
use super::super::error::CaseError;
use super::super::store::LARGEST_CASE;
use crate::foundation::House;
use crate::foundation::ids::{ActId, FindingId};
use crate::foundation::time::Day;

/// The time that the form offers, in days.
const USUAL_TIME: u32 = 30;

/// The fields of a form or an address, each as often as it was sent.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// The field called `name`; empty if there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(own, _)| own == name);
        field.map_or("", |(_, value)| value.as_str())
    }

    /// What the fields called `name` say, each once; words that are no id are left out.
    pub(super) fn ids(&self, name: &str) -> Vec<FindingId> {
        let mut ids: Vec<FindingId> = Vec::new();
        for (_, value) in self.0.iter().filter(|(own, _)| own == name) {
            if let Ok(id) = value.parse()
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        }
        ids
    }

    /// The findings that are to be decided.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if there are none, or more than one form decides.
    pub(super) fn chosen(&self) -> Result<Vec<FindingId>, CaseError> {
        let chosen = self.ids("finding");
        match i64::try_from(chosen.len()) {
            Ok(1..=LARGEST_CASE) => Ok(chosen),
            _ => Err(CaseError::Words("chosen")),
        }
    }

    /// The name of the form, by which it decides once.
    pub(super) fn act(&self) -> Option<ActId> {
        self.one("act").parse().ok()
    }

    /// The words of a confirmation.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if they are unfit.
    pub(super) fn words(&self, today: Day) -> Result<Words, CaseError> {
        let reason = Reason::parse(self.one("reason"))?;
        let deadline = self.one("deadline").parse().ok().ok_or(CaseError::Words("deadline"))?;
        Words::new(reason, deadline, today)
    }

    /// The words of a dismissal.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if they are unfit.
    pub(super) fn dismissal(&self) -> Result<Dismissal, CaseError> {
        let code = self.one("code").parse().ok().ok_or(CaseError::Words("code"))?;
        let met = self.conditions();
        Dismissal::new(code, Reason::parse(self.one("reason"))?, met)
    }

    fn conditions(&self) -> Conditions {
        let ticked = |name| !self.one(name).is_empty();
        Conditions {
            first: ticked("first"),
            minor: ticked("minor"),
            corrected: ticked("corrected"),
        }
    }

    /// What a refused confirmation gives back.
    pub(super) fn mend_confirm(&self) -> Mend {
        Mend {
            confirm_reason: self.one("reason").to_owned(),
            deadline: self.one("deadline").to_owned(),
            ..Mend::default()
        }
    }

    /// What a refused dismissal gives back.
    pub(super) fn mend_dismiss(&self) -> Mend {
        Mend {
            dismiss_reason: self.one("reason").to_owned(),
            code: self.one("code").parse().ok(),
            met: self.conditions(),
            dismissing: true,
            ..Mend::default()
        }
    }
}

/// What a refused form gives back to be mended.
#[derive(Default)]
pub(super) struct Mend {
    pub(super) fault: Option<String>,
    pub(super) confirm_reason: String,
    pub(super) deadline: String,
    pub(super) dismiss_reason: String,
    pub(super) code: Option<Code>,
    pub(super) met: Conditions,
    pub(super) dismissing: bool,
    pub(super) reopen_reason: String,
}

impl Mend {
    /// What was typed, once it cannot be sent from the page any more.
    pub(super) fn typed(&self) -> &str {
        let typed = [&self.confirm_reason, &self.dismiss_reason, &self.reopen_reason];
        typed.into_iter().find(|text| !text.is_empty()).map_or("", String::as_str)
    }
}

/// How a refusal that the officer can mend is answered: the status, and the Fluent key of what to
/// say.
///
/// # Errors
///
/// Every other error.
pub(super) fn mendable(error: CaseError) -> Result<(StatusCode, String), CaseError> {
    match error {
        CaseError::Words(fault) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, format!("cases-fault-{fault}")))
        }
        CaseError::NotNow => Ok((StatusCode::CONFLICT, "cases-fault-meanwhile".to_owned())),
        CaseError::Altered => Ok((StatusCode::CONFLICT, "cases-bar-altered".to_owned())),
        other => Err(other),
    }
}

/// The two forms that decide about findings.
pub(super) struct Desk {
    /// Below which address they are sent.
    pub(super) at: String,
    /// The findings that they decide about.
    pub(super) chosen: Vec<FindingId>,
    /// The list to go back to, as its address narrows it.
    pub(super) back: String,
    /// Whether an order will be written.
    pub(super) orders: bool,
    /// Whether a letter of advice will be written.
    pub(super) advises: bool,
    pub(super) act: ActId,
    pub(super) mend: Mend,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
}

impl Desk {
    /// The forms as they are laid out now; `mend` is what was typed before.
    pub(super) fn laid(house: &House, at: String, mut mend: Mend) -> Self {
        let today = house.clock.now().day();
        if mend.deadline.is_empty() {
            mend.deadline = today.plus(USUAL_TIME).to_string();
        }
        Self {
            at,
            chosen: Vec::new(),
            back: String::new(),
            orders: false,
            advises: false,
            act: house.fresh(),
            mend,
            first_day: today.next(),
            last_day: today.plus(365),
        }
    }

    /// Every code of a dismissal, its Fluent key, and whether it is chosen.
    pub(super) fn codes(&self) -> Vec<(Code, String, bool)> {
        let codes = Code::ALL.iter();
        codes.map(|code| (*code, code_key(*code), self.mend.code == Some(*code))).collect()
    }
}

/// The Fluent key of a code.
pub(super) fn code_key(code: Code) -> String {
    format!("cases-code-{}", code.as_str().replace('_', "-"))
}
