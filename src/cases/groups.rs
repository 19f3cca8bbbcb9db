//! Groups of findings, and what a listing of them is narrowed to and ordered by. No I/O, no clock.

use std::cmp::Ordering;
use std::str::FromStr;

use diesel::prelude::*;

use super::model::{Finding, FindingKind, Severity};
use crate::foundation::db::schema::cases_groups;
use crate::foundation::db::text_enum;
use crate::foundation::ids::{DepartmentId, FindingId, HolderId, OfficerId};
use crate::foundation::time::Timestamp;
use crate::registry::{District, Sector};

/// Findings of one duty holder in one trade, district and period about one rule, or of one kind:
/// what an officer looks at together.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases_groups)]
pub(super) struct Group {
    /// The first finding in it.
    pub(super) id: FindingId,
    /// The competent department.
    #[diesel(column_name = department_id)]
    pub(super) department: DepartmentId,
    /// The duty holder.
    #[diesel(column_name = holder_id)]
    pub(super) holder: HolderId,
    /// The trade.
    pub(super) sector: Sector,
    /// The district.
    pub(super) district: District,
    /// The period.
    pub(super) period: String,
    /// What was found.
    pub(super) kind: FindingKind,
    /// The rule that was not kept.
    pub(super) rule: Option<String>,
    pub(super) weight: i32,
    /// All findings in it.
    pub(super) size: i64,
    /// Findings that nobody has decided.
    pub(super) undecided: i64,
    /// Findings that became cases.
    pub(super) confirmed: i64,
    /// Findings that were let go.
    pub(super) dismissed: i64,
    /// Those of them that were a first and minor breach, corrected in time.
    pub(super) lenient: i64,
    /// When the oldest undecided finding was found.
    pub(super) oldest_at: Timestamp,
    /// When the newest finding was found.
    pub(super) newest_at: Timestamp,
}

impl Group {
    /// How much the gravest of them weighs.
    pub(super) fn severity(&self) -> Severity {
        let grave = Severity::ALL.iter().find(|severity| severity.weight() == self.weight);
        grave.copied().unwrap_or(Severity::Critical)
    }

    /// The group after `finding`, which nobody has decided, was added.
    pub(super) fn with(mut self, finding: &Finding) -> Self {
        let first = self.undecided == 0;
        self.oldest_at =
            if first { finding.found_at } else { self.oldest_at.min(finding.found_at) };
        self.newest_at = self.newest_at.max(finding.found_at);
        self.weight = self.weight.max(finding.severity.weight());
        self.undecided += 1;
        self.size += 1;
        self
    }

    /// The group that `finding`, which nobody has decided, begins.
    pub(super) fn begun_by(finding: &Finding) -> Self {
        Self {
            id: finding.id,
            department: finding.department,
            holder: finding.holder,
            sector: finding.sector,
            district: finding.district,
            period: finding.period.clone(),
            kind: finding.kind,
            rule: finding.rule.clone(),
            weight: finding.severity.weight(),
            size: 1,
            undecided: 1,
            confirmed: 0,
            dismissed: 0,
            lenient: 0,
            oldest_at: finding.found_at,
            newest_at: finding.found_at,
        }
    }
}

impl Finding {
    /// The rule that it is about, or else its kind: what a group has in common.
    pub(super) fn subject(&self) -> &str {
        self.rule.as_deref().unwrap_or(self.kind.as_str())
    }
}

impl Severity {
    /// The place among the severities, from 0.
    pub(super) const fn weight(self) -> i32 {
        match self {
            Self::Advice => 0,
            Self::Minor => 1,
            Self::Major => 2,
            Self::Critical => 3,
        }
    }
}

text_enum! {
    /// Which groups a listing shows.
    pub(super) enum Shelf {
        /// Those with findings that nobody has decided.
        Proposed = "proposed",
        /// Those with findings that became cases.
        Confirmed = "confirmed",
        /// Those with findings that were let go.
        Dismissed = "dismissed",
        /// Those with a first and minor breach, corrected in time.
        Lenient = "lenient",
        /// All.
        All = "all",
    }
}

text_enum! {
    /// How a listing of groups is ordered.
    pub(super) enum Sort {
        /// The gravest first, then the newest.
        Severity = "severity",
        /// The newest first.
        Newest = "newest",
        /// The one that waits longest first.
        Oldest = "oldest",
        /// The largest first.
        Size = "size",
        /// Those of one duty holder beside each other.
        Holder = "holder",
    }
}

/// Where a page of a listing ends: the values by which it is ordered, so that the place stands when
/// the row is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// After this number, or after this group beside it.
    Number(i64, FindingId),
    /// The same with two numbers.
    Numbers(i64, i64, FindingId),
    /// After this duty holder, or after this group beside it.
    Holder(HolderId, FindingId),
}

impl Cursor {
    /// The place of `group` in a listing ordered by `sort`.
    pub(super) fn at(sort: Sort, group: &Group) -> Self {
        match sort {
            Sort::Severity => {
                Self::Numbers(group.weight.into(), group.newest_at.micros(), group.id)
            }
            Sort::Newest => Self::Number(group.newest_at.micros(), group.id),
            Sort::Oldest => Self::Number(group.oldest_at.micros(), group.id),
            Sort::Size => Self::Number(group.size, group.id),
            Sort::Holder => Self::Holder(group.holder, group.id),
        }
    }

    /// Reads what [`Display`](std::fmt::Display) wrote, if it belongs to `sort`.
    pub(super) fn parse(sort: Sort, text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let cursor = match sort {
            Sort::Severity => {
                Self::Numbers(next(&mut parts)?, next(&mut parts)?, next(&mut parts)?)
            }
            Sort::Newest | Sort::Oldest | Sort::Size => {
                Self::Number(next(&mut parts)?, next(&mut parts)?)
            }
            Sort::Holder => Self::Holder(next(&mut parts)?, next(&mut parts)?),
        };
        parts.next().is_none().then_some(cursor)
    }
}

impl Cursor {
    /// Which of two places comes first in the order of `sort`.
    fn compare(&self, sort: Sort, other: &Self) -> Ordering {
        let risen = match (self, other) {
            (Self::Number(a, x), Self::Number(b, y)) => (a, x).cmp(&(b, y)),
            (Self::Numbers(a, b, x), Self::Numbers(c, d, y)) => (a, b, x).cmp(&(c, d, y)),
            (Self::Holder(a, x), Self::Holder(b, y)) => (a, x).cmp(&(b, y)),
            _ => Ordering::Equal,
        };
        match sort {
            Sort::Oldest | Sort::Holder => risen,
            Sort::Severity | Sort::Newest | Sort::Size => risen.reverse(),
        }
    }
}

fn next<'a, T: FromStr>(parts: &mut impl Iterator<Item = &'a str>) -> Option<T> {
    parts.next()?.parse().ok()
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(one, id) => write!(f, "{one}.{id}"),
            Self::Numbers(one, two, id) => write!(f, "{one}.{two}.{id}"),
            Self::Holder(holder, id) => write!(f, "{holder}.{id}"),
        }
    }
}

/// What a listing of groups is narrowed to, and how it is ordered.
#[derive(Clone, Debug)]
pub(super) struct Sift {
    pub(super) shelf: Shelf,
    pub(super) sector: Option<Sector>,
    pub(super) district: Option<District>,
    pub(super) severity: Option<Severity>,
    pub(super) kind: Option<FindingKind>,
    pub(super) holder: Option<HolderId>,
    pub(super) period: Option<String>,
    /// Only groups whose oldest undecided finding was found before this moment.
    pub(super) before: Option<Timestamp>,
    /// Only groups in which this officer has decided since then.
    pub(super) decided: Option<(OfficerId, Timestamp)>,
    pub(super) sort: Sort,
    pub(super) after: Option<Cursor>,
}

impl Sift {
    /// Whether it lets `group` through, for what does not depend on who has decided.
    pub(super) fn lets_through(&self, group: &Group) -> bool {
        let on_shelf = match self.shelf {
            Shelf::Proposed => group.undecided > 0,
            Shelf::Confirmed => group.confirmed > 0,
            Shelf::Dismissed => group.dismissed > 0,
            Shelf::Lenient => group.lenient > 0,
            Shelf::All => true,
        };
        on_shelf
            && self.sector.is_none_or(|sector| sector == group.sector)
            && self.district.is_none_or(|district| district == group.district)
            && self.severity.is_none_or(|severity| severity.weight() == group.weight)
            && self.kind.is_none_or(|kind| kind == group.kind)
            && self.period.as_ref().is_none_or(|period| *period == group.period)
            && self.before.is_none_or(|before| group.oldest_at < before)
    }

    /// Which of two groups comes first in its order.
    pub(super) fn order(&self, one: &Group, other: &Group) -> Ordering {
        Cursor::at(self.sort, one).compare(self.sort, &Cursor::at(self.sort, other))
    }

    /// Whether `group` comes after the place at which the page before it ended.
    pub(super) fn follows(&self, group: &Group) -> bool {
        let here = Cursor::at(self.sort, group);
        self.after.is_none_or(|after| after.compare(self.sort, &here) == Ordering::Less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_only_in_its_order() {
        let id: FindingId = "0198c0de-0000-7000-8000-000000000001".parse().unwrap();
        let holder: HolderId = "0198c0de-0000-7000-8000-000000000002".parse().unwrap();
        for (sort, cursor) in [
            (Sort::Severity, Cursor::Numbers(3, 1_700_000, id)),
            (Sort::Size, Cursor::Number(12, id)),
            (Sort::Holder, Cursor::Holder(holder, id)),
        ] {
            let text = cursor.to_string();
            assert_eq!(Cursor::parse(sort, &text), Some(cursor));
            let other = if sort == Sort::Holder { Sort::Size } else { Sort::Holder };
            assert_eq!(Cursor::parse(other, &text), None);
            assert_eq!(Cursor::parse(sort, &format!("{text}.1")), None);
        }
    }

    #[test]
    fn every_severity_has_a_weight_of_its_own() {
        let mut weights: Vec<i32> = Severity::ALL.iter().map(|one| one.weight()).collect();
        weights.dedup();
        assert_eq!(weights, [0, 1, 2, 3]);
    }
}
