//! What the address of the work list says: which groups, in which order, from where on. Words that
//! mean nothing narrow nothing, and what is written back is only what was understood.

use std::time::Duration;

use serde::Deserialize;

use super::super::groups::{Cursor, Shelf, Sift, Sort};
use super::super::model::{FindingKind, Severity};
use crate::foundation::ids::{HolderId, OfficerId};
use crate::foundation::time::Timestamp;
use crate::registry::{District, Sector};

/// The longest time that a filter looks back, in days.
const LONGEST: u32 = 3_660;

/// The views that every officer has: name of the Fluent text, and what the address says.
pub(super) const VIEWS: &[(&str, &str)] = &[
    ("cases-view-undecided", ""),
    ("cases-view-critical", "severity=critical"),
    ("cases-view-waiting", "older=7&sort=oldest"),
    ("cases-view-mine", "stage=all&mine=7"),
    ("cases-view-confirmed", "stage=confirmed"),
    ("cases-view-dismissed", "stage=dismissed"),
    ("cases-view-lenient", "stage=lenient"),
    ("cases-view-all", "stage=all"),
];

/// The address as it came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Came {
    stage: String,
    sector: String,
    district: String,
    severity: String,
    kind: String,
    holder: String,
    period: String,
    older: String,
    mine: String,
    sort: String,
    after: String,
}

/// The address as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) shelf: Shelf,
    pub(super) sector: Option<Sector>,
    pub(super) district: Option<District>,
    pub(super) severity: Option<Severity>,
    pub(super) kind: Option<FindingKind>,
    pub(super) holder: Option<HolderId>,
    pub(super) period: Option<String>,
    /// Undecided for more than so many days.
    pub(super) older: Option<u32>,
    /// Decided by the officer within so many days.
    pub(super) mine: Option<u32>,
    pub(super) sort: Sort,
    pub(super) after: Option<Cursor>,
}

impl Asked {
    /// Reads the part of an address that follows the question mark.
    pub(super) fn parse(query: &str) -> Self {
        let came = actix_web::web::Query::<Came>::from_query(query);
        let came = came.map(actix_web::web::Query::into_inner).unwrap_or_default();
        let shelf = came.stage.parse().unwrap_or(Shelf::Proposed);
        let sort = came.sort.parse().unwrap_or(Self::usual(shelf));
        let days = |text: &str| text.parse().ok().filter(|days| (1..=LONGEST).contains(days));
        let plain = |text: &str| {
            let fits = (1..=10).contains(&text.len());
            fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        Self {
            shelf,
            sector: came.sector.parse().ok(),
            district: came.district.parse().ok(),
            severity: came.severity.parse().ok(),
            kind: came.kind.parse().ok(),
            holder: came.holder.parse().ok(),
            period: Some(came.period).filter(|period| plain(period)),
            older: days(&came.older),
            mine: days(&came.mine),
            sort,
            after: Cursor::parse(sort, &came.after),
        }
    }

    /// The order of a shelf when none is asked for.
    const fn usual(shelf: Shelf) -> Sort {
        if matches!(shelf, Shelf::Proposed) { Sort::Severity } else { Sort::Newest }
    }

    /// What narrows and orders the list, as an address says it; without the place.
    pub(super) fn query(&self) -> String {
        let usual = Self::usual(self.shelf);
        let parts = [
            (self.shelf != Shelf::Proposed).then(|| format!("stage={}", self.shelf)),
            self.sector.map(|sector| format!("sector={sector}")),
            self.district.map(|district| format!("district={district}")),
            self.severity.map(|severity| format!("severity={severity}")),
            self.kind.map(|kind| format!("kind={kind}")),
            self.holder.map(|holder| format!("holder={holder}")),
            self.period.as_ref().map(|period| format!("period={period}")),
            self.older.map(|days| format!("older={days}")),
            self.mine.map(|days| format!("mine={days}")),
            (self.sort != usual).then(|| format!("sort={}", self.sort)),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("&")
    }

    /// The same with the place.
    pub(super) fn place(&self) -> String {
        let (query, after) = (self.query(), self.after.map(|after| format!("after={after}")));
        let parts = [Some(query).filter(|query| !query.is_empty()), after];
        parts.into_iter().flatten().collect::<Vec<_>>().join("&")
    }

    /// The same list in another order, from its beginning.
    pub(super) fn sorted(&self, sort: Sort) -> String {
        Self { sort, after: None, ..self.clone() }.query()
    }

    /// The same list of one duty holder.
    pub(super) fn of_holder(&self, holder: HolderId) -> String {
        Self { holder: Some(holder), after: None, ..self.clone() }.query()
    }

    /// The same list of every duty holder.
    pub(super) fn of_all_holders(&self) -> String {
        Self { holder: None, after: None, ..self.clone() }.query()
    }

    /// The same for the database.
    pub(super) fn sift(&self, officer: OfficerId, now: Timestamp) -> Sift {
        let ago = |days: u32| now.minus(Duration::from_secs(u64::from(days) * 86_400));
        Sift {
            shelf: self.shelf,
            sector: self.sector,
            district: self.district,
            severity: self.severity,
            kind: self.kind,
            holder: self.holder,
            period: self.period.clone(),
            before: self.older.map(ago),
            decided: self.mine.map(|days| (officer, ago(days))),
            sort: self.sort,
            after: self.after,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_views_of_every_officer_are_written_as_they_are_read() {
        for (name, query) in VIEWS {
            assert_eq!(Asked::parse(query).query(), *query, "{name}");
        }
        assert_eq!(Asked::parse("stage=&kind=gap").query(), "kind=gap");
    }

    proptest! {
        #[test]
        fn whatever_an_address_says_only_harmless_signs_come_back(query in "[ -~]{0,80}") {
            let asked = Asked::parse(&query);
            let place = asked.place();
            prop_assert!(place.bytes().all(|b| b.is_ascii_alphanumeric() || b"=&-_.".contains(&b)));
            prop_assert_eq!(Asked::parse(&place), asked);
        }

        #[test]
        fn what_was_understood_is_understood_again(
            stage in proptest::sample::select(Shelf::ALL),
            sort in proptest::sample::select(Sort::ALL),
            older in 0_u32..5_000,
            period in "[0-9]{4}-[0-9]{2}",
        ) {
            let query = format!("stage={stage}&sort={sort}&older={older}&period={period}");
            let asked = Asked::parse(&query);
            prop_assert_eq!((asked.shelf, asked.sort), (stage, sort));
            prop_assert_eq!(Asked::parse(&asked.query()), asked);
        }
    }
}
