//! Tables that officers take out of the console: what a page covers, all of it, with a leaf.

use serde::Deserialize;
use serde_json::json;

use super::error::AuditError;
use super::following::names;
use super::scoring::{Rates, history, plans_of};
use super::store::console::{self, Standing};
use super::store::deeds::{self, Narrow};
use super::tallying::{Oversight, oversight_board};
use crate::foundation::House;
use crate::foundation::db::{Conn, text_enum};
use crate::foundation::ids::{CaseId, HolderId, PlanId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Cell, FileForm, Lang, MOST_ROWS, Row, Rows, Sheet};
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::{self, District, Officer, Sector};

/// Rows that are read at once.
const AT_ONCE: i64 = 500;
/// Periods of a business that are exported.
const PERIODS: i64 = 120;

text_enum! {
    /// A table that can be taken out.
    pub(super) enum Table {
        /// Duty holders.
        Holders = "holders",
        /// The audits of a period.
        Audits = "audits",
        /// Who is audited in a period.
        Roster = "roster",
        /// The periods of a business.
        Rates = "rates",
        /// Trades and districts by period.
        Trends = "trends",
        /// How often businesses were audited; for leads.
        Caps = "caps",
        /// Who decided what; for leads.
        Decisions = "decisions",
        /// Who did what; for leads.
        Log = "log",
    }
}

/// The columns of a table: the name in JSON and the Fluent key of the heading.
type Columns = &'static [(&'static str, &'static str)];

const OF_HOLDERS: Columns = &[
    ("id", "registry-number"),
    ("name", "registry-name"),
    ("uscc", "registry-uscc"),
    ("district", "registry-seat"),
    ("state", "registry-state"),
    ("sectors", "registry-sector"),
    ("outlets", "registry-outlets"),
    ("streams", "registry-streams"),
];

const OF_AUDITS: Columns = &[
    ("id", "audits-audit"),
    ("holder", "audits-holder"),
    ("sector", "audits-sector"),
    ("period", "audits-period"),
    ("size", "audits-size"),
    ("opened", "audits-opened"),
    ("failing", "audits-failing"),
    ("lower", "audits-lower"),
    ("upper", "audits-upper"),
    ("tolerable", "audits-tolerable"),
    ("state", "audits-state"),
    ("verdict", "audits-verdict"),
    ("done_at", "audits-done-at"),
];

impl Table {
    /// Whether only a lead may take it out.
    const fn is_for_leads(self) -> bool {
        matches!(self, Self::Caps | Self::Decisions | Self::Log)
    }

    const fn columns(self) -> Columns {
        match self {
            Self::Holders => OF_HOLDERS,
            Self::Audits => OF_AUDITS,
            Self::Roster => &[
                ("holder", "audits-holder"),
                ("period", "audits-period"),
                ("class", "audits-class"),
                ("choice", "audits-chosen"),
                ("cause", "audits-chosen-why"),
                ("missing", "audits-missing"),
                ("expected", "audits-expected"),
                ("audits_before", "audits-caps-used"),
            ],
            Self::Rates => &[
                ("sector", "audits-sector"),
                ("period", "audits-period"),
                ("expected", "audits-expected"),
                ("received", "audits-received"),
                ("missing", "audits-missing"),
                ("late", "audits-late"),
                ("missing_days", "audits-day-missing"),
                ("nil_days", "audits-nil-days"),
                ("exempt_days", "audits-exempt-days"),
                ("score", "audits-score"),
                ("class", "audits-class"),
            ],
            Self::Trends => &[
                ("sector", "audits-sector"),
                ("district", "audits-district"),
                ("period", "audits-period"),
                ("streams", "audits-streams"),
                ("silent", "audits-silent"),
                ("expected", "audits-expected"),
                ("received", "audits-received"),
                ("missing", "audits-missing"),
                ("late", "audits-late"),
                ("compliant", "audits-compliant"),
                ("non_compliant", "audits-non-compliant"),
                ("undecided", "audits-undecided"),
            ],
            Self::Caps => &[
                ("holder", "audits-holder"),
                ("sector", "audits-sector"),
                ("audits", "audits-caps-used"),
                ("cap", "audits-caps-cap"),
            ],
            Self::Decisions => &[
                ("officer", "audits-officer"),
                ("sector", "audits-sector"),
                ("decided", "audits-decided"),
                ("dismissed", "audits-dismissed"),
                ("overridden", "audits-overridden"),
            ],
            Self::Log => &[
                ("leaf", "audits-log-leaf"),
                ("at", "audits-log-at"),
                ("who", "audits-log-who"),
                ("kind", "audits-log-what"),
                ("case", "audits-log-the-case"),
                ("finding", "audits-log-the-finding"),
            ],
        }
    }
}

/// What is taken out, and what it is narrowed to; words that mean nothing narrow nothing.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    table: String,
    #[serde(default)]
    form: String,
    #[serde(default)]
    sector: String,
    #[serde(default)]
    district: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    period: String,
    #[serde(default)]
    holder: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    case: String,
}

/// How far a table has been read.
#[derive(Clone, Debug)]
enum Place {
    Start,
    After(String),
    End,
}

impl Place {
    fn key<T: std::str::FromStr>(&self) -> Option<T> {
        match self {
            Self::After(key) => key.parse().ok(),
            Self::Start | Self::End => None,
        }
    }
}

/// A table on its way out of the house.
pub(super) struct Source {
    house: House,
    officer: Officer,
    lang: Lang,
    table: Table,
    wish: Wish,
    place: Place,
}

/// Logs that `officer` takes a table out, and gives its head and its rows.
///
/// # Errors
///
/// 400 `malformed` for a table or form that is none; 403 `forbidden` for a table of leads; 404 `not-found` for what is not the officer's; those of the
/// store.
pub(super) async fn take(
    house: &House,
    officer: Officer,
    lang: Lang,
    wish: Wish,
) -> Result<(FileForm, Sheet, Source), Problem> {
    let known = Table::ALL.iter().copied().find(|table| table.as_str() == wish.table);
    let table = known.ok_or_else(|| Problem::malformed("no such table"))?;
    let form: FileForm = wish.form.parse().map_err(Problem::malformed)?;
    if table.is_for_leads() && !officer.leads() {
        return Err(Problem::forbidden());
    }
    let body = json!({
        "form": form, "officer": officer.pseudonym().to_string(), "table": table,
    });
    let leaf = NewLeaf::new(house, LeafKind::Export, body);
    let (who, asked) = (officer.clone(), wish.clone());
    let write = move |tx: &mut Conn| {
        asked.must_be_of(tx, table, &who)?;
        Ok::<_, AuditError>(append_in(tx, &leaf)?)
    };
    house.store.write("audits.export", write).await?;
    let sheet = Sheet {
        name: format!("chayan-{table}"),
        columns: table.columns().iter().map(|(key, title)| (*key, lang.text(title))).collect(),
        truncated: lang.text_with("download-truncated", &[("rows", &MOST_ROWS)]),
    };
    let place = Place::Start;
    Ok((form, sheet, Source { house: house.clone(), officer, lang, table, wish, place }))
}

impl Wish {
    /// Refuses a period or a holder that is not the officer's as if it did not exist.
    fn must_be_of(
        &self,
        conn: &mut Conn,
        table: Table,
        officer: &Officer,
    ) -> Result<(), AuditError> {
        let own = match table {
            Table::Audits | Table::Roster => match self.plan.parse() {
                Ok(plan) => registry::plan(conn, plan)?.is_some_and(|plan| {
                    plan.department == officer.department_id()
                        && officer.sectors().contains(&plan.sector)
                }),
                Err(_) => false,
            },
            Table::Rates => match self.holder.parse() {
                Ok(holder) => officer.sees(conn, holder)?,
                Err(_) => false,
            },
            _ => true,
        };
        if own { Ok(()) } else { Err(AuditError::NotFound) }
    }
}

impl Rows for Source {
    async fn next(mut self) -> Result<(Vec<Row>, Self), Problem> {
        if matches!(self.place, Place::End) {
            return Ok((Vec::new(), self));
        }
        let store = self.house.store.clone();
        let read = move |conn: &mut Conn| {
            let (rows, place) = self.read(conn)?;
            self.place = place;
            Ok::<_, AuditError>((rows, self))
        };
        Ok(store.read("audits.export_rows", read).await?)
    }
}

/// The last of some rows, if there may be more.
fn after<T>(rows: &[T], key: impl Fn(&T) -> String) -> Place {
    let full = i64::try_from(rows.len()).is_ok_and(|count| count >= AT_ONCE);
    match rows.last().filter(|_| full) {
        Some(last) => Place::After(key(last)),
        None => Place::End,
    }
}

impl Source {
    fn text(&self, key: impl AsRef<str>) -> Cell {
        self.lang.text(key.as_ref()).into()
    }

    fn read(&self, conn: &mut Conn) -> Result<(Vec<Row>, Place), AuditError> {
        match self.table {
            Table::Holders => self.holders(conn),
            Table::Audits => self.audits(conn),
            Table::Roster => self.roster(conn),
            Table::Rates => Ok((self.rates(conn)?, Place::End)),
            Table::Trends => Ok((self.trends(conn)?, Place::End)),
            Table::Caps | Table::Decisions => Ok((self.board(conn)?, Place::End)),
            Table::Log => self.log(conn),
        }
    }

    fn name(conn: &mut Conn, id: HolderId) -> Result<Cell, AuditError> {
        Ok(registry::holder(conn, id)?.map(|holder| holder.name).into())
    }

    fn holders(&self, conn: &mut Conn) -> Result<(Vec<Row>, Place), AuditError> {
        let sector: Option<Sector> = self.wish.sector.parse().ok();
        let district: Option<District> = self.wish.district.parse().ok();
        let mut sectors = self.officer.sectors();
        sectors.retain(|own| sector.is_none_or(|sector| sector == *own));
        let (department, narrow) = (self.officer.department_id(), (sectors.as_slice(), district));
        let found = registry::holders_after(conn, department, narrow, self.place.key(), AT_ONCE)?;
        let place = after(&found, |holder| holder.id.to_string());
        let mut rows = Vec::with_capacity(found.len());
        for holder in found {
            let mut streams = registry::streams_of(conn, holder.id)?;
            streams.retain(|facts| self.officer.must_cover(&facts.place()).is_ok());
            let mut sectors: Vec<Sector> = streams.iter().map(|f| f.stream.sector).collect();
            sectors.sort();
            sectors.dedup();
            let sectors: Vec<String> =
                sectors.into_iter().map(|sector| self.lang.text(&sector.key())).collect();
            let mut outlets: Vec<_> = streams.iter().map(|facts| facts.outlet.id).collect();
            outlets.sort();
            outlets.dedup();
            rows.push(vec![
                holder.id.to_string().into(),
                holder.name.into(),
                holder.uscc.into(),
                self.text(holder.district.key()),
                self.text(format!("registry-state-{}", holder.state)),
                sectors.join(" ").into(),
                count(outlets.len()),
                count(streams.len()),
            ]);
        }
        Ok((rows, place))
    }

    fn audits(&self, conn: &mut Conn) -> Result<(Vec<Row>, Place), AuditError> {
        let Ok(plan) = self.wish.plan.parse::<PlanId>() else { return Ok((vec![], Place::End)) };
        let period = (plan, self.wish.period.as_str());
        let (all, from): (Option<Standing>, _) = (None, self.place.key());
        let found = console::audits_after(conn, period, all, from, AT_ONCE - 1)?;
        let place = after(&found, |audit| audit.holder_id.to_string());
        let mut rows = Vec::with_capacity(found.len());
        for audit in found {
            rows.push(vec![
                audit.id.to_string().into(),
                match audit.pooled {
                    Some(_) => self.text("audits-pooled"),
                    None => Self::name(conn, audit.holder_id)?,
                },
                self.text(audit.sector.key()),
                audit.period.into(),
                audit.frame_size.into(),
                audit.opened.into(),
                audit.failing.into(),
                audit.lower_bound.into(),
                audit.upper_bound.into(),
                audit.tolerable.into(),
                audit.state.as_str().into(),
                audit.verdict.map(|verdict| verdict.as_str()).into(),
                audit.done_at.map(|at| at.to_string()).into(),
            ]);
        }
        Ok((rows, place))
    }

    fn roster(&self, conn: &mut Conn) -> Result<(Vec<Row>, Place), AuditError> {
        let Ok(plan) = self.wish.plan.parse::<PlanId>() else { return Ok((vec![], Place::End)) };
        let period = (plan, self.wish.period.as_str());
        let found = console::roster_after(conn, period, None, self.place.key(), AT_ONCE - 1)?;
        let place = after(&found, |row| row.holder_id.to_string());
        let mut rows = Vec::with_capacity(found.len());
        for row in found {
            rows.push(vec![
                Self::name(conn, row.holder_id)?,
                row.period.into(),
                row.class.map(|class| class.as_str()).into(),
                row.choice.as_str().into(),
                row.cause.map(|cause| cause.as_str()).into(),
                row.missing.into(),
                row.expected.into(),
                row.audits_before.into(),
            ]);
        }
        Ok((rows, place))
    }

    fn rates(&self, conn: &mut Conn) -> Result<Vec<Row>, AuditError> {
        let Ok(holder) = self.wish.holder.parse::<HolderId>() else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        for plan in plans_of(conn, holder)? {
            let own = plan.department == self.officer.department_id();
            if !own || !self.officer.sectors().contains(&plan.sector) {
                continue;
            }
            for (
                Rates {
                    period,
                    expected,
                    received,
                    missing,
                    late,
                    missing_days,
                    nil_days,
                    exempt_days,
                    ..
                },
                score,
            ) in history(conn, holder, &plan, PERIODS)?
            {
                rows.push(vec![
                    self.text(plan.sector.key()),
                    period.into(),
                    expected.into(),
                    received.into(),
                    missing.into(),
                    late.into(),
                    missing_days.into(),
                    nil_days.into(),
                    exempt_days.into(),
                    score.as_ref().map(|score| score.published).into(),
                    score.map(|score| score.class.as_str()).into(),
                ]);
            }
        }
        Ok(rows)
    }

    fn trends(&self, conn: &mut Conn) -> Result<Vec<Row>, AuditError> {
        let mut rows = Vec::new();
        for plan in registry::plans(conn)? {
            let own = plan.department == self.officer.department_id();
            if !own || !self.officer.sectors().contains(&plan.sector) {
                continue;
            }
            for row in console::trends_of(conn, plan.id, 5_000)? {
                rows.push(vec![
                    self.text(row.sector.key()),
                    self.text(row.district.key()),
                    row.period.into(),
                    row.streams.into(),
                    row.silent.into(),
                    row.expected.into(),
                    row.received.into(),
                    row.missing.into(),
                    row.late.into(),
                    row.compliant.into(),
                    row.non_compliant.into(),
                    row.undecided.into(),
                ]);
            }
        }
        Ok(rows)
    }

    fn board(&self, conn: &mut Conn) -> Result<Vec<Row>, AuditError> {
        let name = oversight_board(self.officer.department_id());
        let Some((facts, _)) = console::board(conn, &name)? else { return Ok(Vec::new()) };
        let board: Oversight = serde_json::from_str(&facts).map_err(AuditError::Json)?;
        let sectors = self.officer.sectors();
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        if self.table == Table::Caps {
            let own = board.caps.into_iter().filter(|row| sectors.contains(&row.sector));
            let row = |row: super::tallying::Used| {
                let sector = self.text(row.sector.key());
                vec![row.name.into(), sector, row.audits.into(), row.cap.map(i64::from).into()]
            };
            return Ok(own.map(row).collect());
        }
        let own = board.officers.into_iter().filter(|row| sectors.contains(&row.sector));
        let row = |row: super::tallying::Decisions| {
            let sector = self.text(row.sector.key());
            let counts = [row.decided, row.dismissed, row.overridden].map(number);
            let [decided, dismissed, overridden] = counts.map(Cell::from);
            vec![row.name.into(), sector, decided, dismissed, overridden]
        };
        Ok(own.map(row).collect())
    }

    fn log(&self, conn: &mut Conn) -> Result<(Vec<Row>, Place), AuditError> {
        let department = self.officer.department_id();
        let day: Option<Day> = self.wish.day.parse().ok();
        let narrow = Narrow {
            department: Some(department),
            kind: self.wish.kind.parse().ok(),
            case: self.wish.case.parse::<CaseId>().ok(),
            span: day.map(|day| (day.start(), day.end())),
            before: self.place.key(),
        };
        let names = names(conn, department)?;
        let found = deeds::newest(conn, narrow, AT_ONCE - 1)?;
        let place = after(&found, |deed| deed.idx.to_string());
        let row = |deed: deeds::Deed| {
            vec![
                deed.idx.into(),
                deed.at.to_string().into(),
                names.get(&deed.actor).unwrap_or(&deed.actor).clone().into(),
                deed.kind.as_str().into(),
                deed.case_id.map(|id| id.to_string()).into(),
                deed.finding_id.map(|id| id.to_string()).into(),
            ]
        };
        Ok((found.into_iter().map(row).collect(), place))
    }
}

fn count(number: usize) -> Cell {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}
