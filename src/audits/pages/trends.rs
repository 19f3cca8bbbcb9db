//! How submissions and verdicts went lately, by trade and by district.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::AuditError;
use super::super::findings::percent;
use super::super::model::from_row;
use super::super::store::console::{self, TrendRow};
use super::super::tallying::PERIODS;
use super::chart::sparkline;
use crate::foundation::db::Conn;
use crate::foundation::ids::DepartmentId;
use crate::foundation::time::Day;
use crate::registry::{self, District, Sector};

/// More districts than the registry knows.
const DISTRICTS: usize = 16;

/// What came in of a trade in its newest period: full counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) period: String,
    pub(super) streams: i64,
    pub(super) silent: i64,
    pub(super) expected: i64,
    pub(super) received: i64,
    pub(super) missing: i64,
    pub(super) late: i64,
    pub(super) audited: i64,
    pub(super) above: i64,
}

impl Came {
    fn add(&mut self, row: &TrendRow) {
        self.period.clone_from(&row.period);
        self.streams += row.streams;
        self.silent += row.silent;
        self.expected += row.expected;
        self.received += row.received;
        self.missing += row.missing;
        self.late += row.late;
        self.audited += row.compliant + row.non_compliant + row.undecided;
        self.above += row.non_compliant;
    }

    /// Missing numbers ÷ numbers that should exist.
    pub(super) fn missing_share(&self) -> String {
        percent(from_row(self.missing), from_row(self.expected))
    }

    /// Late records ÷ records.
    pub(super) fn late_share(&self) -> String {
        percent(from_row(self.late), from_row(self.received))
    }
}

/// One figure over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// As points of a drawing.
    pub(super) points: String,
    /// As words, oldest first.
    pub(super) words: String,
    /// The newest one.
    pub(super) newest: String,
}

/// A trade or a district over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trend {
    /// The Fluent key of its name.
    pub(super) key: String,
    /// The first and the last period or month.
    pub(super) first: String,
    pub(super) last: String,
    pub(super) missing: Line,
    pub(super) late: Line,
    pub(super) above: Line,
}

/// The newest counts of the trades of a department.
pub(super) fn rows(
    conn: &mut Conn,
    department: DepartmentId,
    sectors: &[Sector],
) -> Result<Vec<TrendRow>, AuditError> {
    let limit = i64::try_from(PERIODS * DISTRICTS).unwrap_or(i64::MAX);
    let mut rows = Vec::new();
    for plan in registry::plans(conn)? {
        if plan.department != department || !sectors.contains(&plan.sector) {
            continue;
        }
        let own = console::trends_of(conn, plan.id, limit)?;
        let days: BTreeSet<Day> = own.iter().map(|row| row.last_day).collect();
        let from = days.into_iter().rev().take(PERIODS).next_back();
        rows.extend(own.into_iter().filter(|row| Some(row.last_day) >= from));
    }
    Ok(rows)
}

/// What came in of each trade in its newest period.
pub(super) fn came(rows: &[TrendRow]) -> Vec<(Sector, Came)> {
    let mut newest: BTreeMap<Sector, (Day, Came)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.streams > 0) {
        let (day, came) = newest.entry(row.sector).or_insert((row.last_day, Came::default()));
        if *day < row.last_day {
            (*day, *came) = (row.last_day, Came::default());
        }
        if *day == row.last_day {
            came.add(row);
        }
    }
    newest.into_iter().map(|(sector, (_, came))| (sector, came)).collect()
}

/// Each trade over its newest periods.
pub(super) fn by_sector(rows: &[TrendRow]) -> Vec<Trend> {
    let mut all: BTreeMap<Sector, BTreeMap<Day, Came>> = BTreeMap::new();
    for row in rows {
        all.entry(row.sector).or_default().entry(row.last_day).or_default().add(row);
    }
    let trend = |(sector, came): (Sector, BTreeMap<Day, Came>)| {
        let came: Vec<Came> = came.into_values().collect();
        let name = |came: Option<&Came>| came.map(|came| came.period.clone()).unwrap_or_default();
        Trend::of(sector.key(), (name(came.first()), name(came.last())), &came)
    };
    all.into_iter().map(trend).collect()
}

/// Each district over its newest months, whatever the trades.
pub(super) fn by_district(rows: &[TrendRow]) -> Vec<Trend> {
    let mut all: BTreeMap<District, BTreeMap<String, Came>> = BTreeMap::new();
    for row in rows {
        let month = row.last_day.month().to_owned();
        all.entry(row.district).or_default().entry(month).or_default().add(row);
    }
    let trend = |(district, months): (District, BTreeMap<String, Came>)| {
        let skip = months.len().saturating_sub(PERIODS);
        let months: Vec<(String, Came)> = months.into_iter().skip(skip).collect();
        let name = |month: Option<&(String, Came)>| month.map(|m| m.0.clone()).unwrap_or_default();
        let ends = (name(months.first()), name(months.last()));
        let came: Vec<Came> = months.into_iter().map(|(_, came)| came).collect();
        Trend::of(district.key(), ends, &came)
    };
    all.into_iter().map(trend).collect()
}

impl Trend {
    /// Its figures in the order of the table.
    pub(super) const fn lines(&self) -> [&Line; 3] {
        [&self.missing, &self.late, &self.above]
    }

    fn of(key: String, (first, last): (String, String), came: &[Came]) -> Self {
        let mille = |part: i64, whole: i64| from_row(part) * 1000 / from_row(whole).max(1);
        let line = |figure: &dyn Fn(&Came) -> u64, word: &dyn Fn(&Came) -> String| {
            let words: Vec<String> = came.iter().map(word).collect();
            Line {
                points: sparkline(&came.iter().map(figure).collect::<Vec<u64>>()),
                newest: words.last().cloned().unwrap_or_default(),
                words: words.join(", "),
            }
        };
        Self {
            key,
            first,
            last,
            missing: line(&|came| mille(came.missing, came.expected), &Came::missing_share),
            late: line(&|came| mille(came.late, came.received), &Came::late_share),
            above: line(&|came| from_row(came.above), &|came| {
                format!("{} / {}", came.above, came.audited)
            }),
        }
    }
}
