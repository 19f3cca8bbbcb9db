//! The other track: what the governance office says to a department whose cases are left lying, on
//! totals only. No case is in it, and nothing here is a penalty: the ladder of HBR 21 reaches
//! departments, and 通报批评 is a penalty of APL 9 that this track cannot give.

use diesel::prelude::*;
use serde_json::json;

use super::decision::Reason;
use super::error::CaseError;
use super::guard::GovernanceOffice;
use super::model::State;
use super::store::{self, flow};
use crate::foundation::House;
use crate::foundation::db::schema::cases_measures;
use crate::foundation::db::{Conn, text_enum};
use crate::foundation::ids::{DepartmentId, LeafId, MeasureId, PersonId};
use crate::foundation::time::Timestamp;
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// Fewer cases than this are not told apart: a total of few would be a case.
const FEW: i64 = 5;

/// Words of penalties (APL 9), which this track cannot give.
const PENALTIES: &[&str] = &[
    "通报批评",
    "警告",
    "罚款",
    "没收",
    "暂扣",
    "吊销",
    "降低资质",
    "停产",
    "停业",
    "关闭",
    "拘留",
    "处罚",
];

text_enum! {
    /// A step of the ladder, mildest first.
    pub(super) enum MeasureKind {
        /// The figures are told to all departments.
        Circular = "circular",
        /// The head of the department is called in.
        Interview = "interview",
        /// The department is put on a list until it has caught up.
        ListedSupervision = "listed_supervision",
    }
}

impl MeasureKind {
    /// The step that comes before it.
    const fn before(self) -> Option<Self> {
        match self {
            Self::Circular => None,
            Self::Interview => Some(Self::Circular),
            Self::ListedSupervision => Some(Self::Interview),
        }
    }
}

/// A step as it was taken.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_measures)]
pub(super) struct Measure {
    pub(super) id: MeasureId,
    #[diesel(column_name = department_id)]
    pub(super) department: DepartmentId,
    pub(super) kind: MeasureKind,
    figures: String,
    pub(super) words: String,
    pub(super) taken_at: Timestamp,
    pub(super) taken_by: PersonId,
    #[diesel(column_name = leaf_id)]
    pub(super) leaf: LeafId,
    pub(super) ended_at: Option<Timestamp>,
}

impl Measure {
    /// The totals when it was taken.
    pub(super) fn figures(&self) -> Figures {
        serde_json::from_str(&self.figures).unwrap_or_default()
    }
}

/// The totals of a department.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Figures {
    /// Cases that are not over.
    pub(super) open: i64,
    /// Those of them whose time is over or that went further.
    pub(super) overdue: i64,
    /// Cases that are over.
    pub(super) done: i64,
}

impl Figures {
    /// Overdue cases in a hundred open ones; `None` where there are so few that a share would tell of
    /// single ones.
    pub(super) fn percent(&self) -> Option<i64> {
        (self.open >= FEW).then(|| self.overdue * 100 / self.open)
    }
}

/// The totals of `department` now.
pub(super) fn figures(conn: &mut Conn, department: DepartmentId) -> QueryResult<Figures> {
    let mut figures = Figures::default();
    for (state, count) in flow::count_states(conn, department)? {
        if state.is_final() {
            figures.done += count;
            continue;
        }
        figures.open += count;
        if matches!(state, State::Overdue | State::Escalated) {
            figures.overdue += count;
        }
    }
    Ok(figures)
}

/// Whether `words` speak of a penalty.
fn speaks_of_penalty(words: &str) -> bool {
    let plain: String = words.chars().filter(|c| !c.is_whitespace()).collect();
    PENALTIES.iter().any(|word| plain.contains(word))
}

/// Takes a step towards a department, with its totals as they are now and the leaf `case_state`.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the same step is open, the step before it was not taken, or nothing is
/// overdue; [`CaseError::Words`] if the words speak of a penalty.
pub(super) async fn take(
    house: &House,
    right: GovernanceOffice,
    department: DepartmentId,
    kind: MeasureKind,
    words: Reason,
) -> Result<(), CaseError> {
    if speaks_of_penalty(words.text()) {
        return Err(CaseError::Words("penalty"));
    }
    let (inside, id): (_, MeasureId) = (house.clone(), house.fresh());
    house
        .store
        .write("cases.take_measure", move |tx| {
            let figures = figures(tx, department)?;
            let taken = store::governance::measures_of(tx, department)?;
            let climbs = kind.before().is_none_or(|step| taken.iter().any(|it| it.kind == step));
            if figures.overdue == 0 || !climbs {
                return Err(CaseError::NotNow);
            }
            let leaf = leaf(&inside, id, &right, "take", |body| {
                body["department"] = json!(department);
                body["step"] = json!(kind);
                body["figures"] = json!(figures);
            });
            let measure = Measure {
                id,
                department,
                kind,
                figures: json!(figures).to_string(),
                words: words.text().to_owned(),
                taken_at: inside.clock.now(),
                taken_by: right.person,
                leaf: leaf.id,
                ended_at: None,
            };
            if !store::governance::insert(tx, &measure, &measure.figures)? {
                return Err(CaseError::NotNow);
            }
            append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// Ends a step, with the leaf `case_state`.
///
/// # Errors
///
/// [`CaseError::NotNow`] if it has ended; [`CaseError::Words`] if the words speak of a penalty.
pub(super) async fn end(
    house: &House,
    right: GovernanceOffice,
    id: MeasureId,
    words: Reason,
) -> Result<(), CaseError> {
    if speaks_of_penalty(words.text()) {
        return Err(CaseError::Words("penalty"));
    }
    let inside = house.clone();
    house
        .store
        .write("cases.end_measure", move |tx| {
            let leaf = leaf(&inside, id, &right, "end", |_| {});
            let at = inside.clock.now();
            if !store::governance::end(tx, id, (at, right.person), leaf.id)? {
                return Err(CaseError::NotNow);
            }
            append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// The leaf of a step: totals and no words.
fn leaf(
    house: &House,
    id: MeasureId,
    right: &GovernanceOffice,
    act: &str,
    add: impl FnOnce(&mut serde_json::Value),
) -> NewLeaf {
    let mut body = json!({
        "measure": id,
        "act": act,
        "person": right.pseudonym,
    });
    add(&mut body);
    NewLeaf::new(house, LeafKind::CaseState, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_penalty_in_disguise_is_seen() {
        for words in ["对该部门予以通报批评", "通报 批评", "处以罚款", "责令停业"]
        {
            assert!(speaks_of_penalty(words), "{words}");
        }
        assert!(!speaks_of_penalty("逾期案件较多，请于本月内办结"));
    }

    #[test]
    fn few_cases_have_no_share() {
        let few = Figures { open: 4, overdue: 2, done: 9 };
        assert_eq!(few.percent(), None);
        assert_eq!(Figures { open: 8, ..few }.percent(), Some(25));
    }
}
