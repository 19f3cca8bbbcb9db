//! Who did what: the leaves that people wrote, newest first, each with its number in the log.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::following::{self, KINDS};
use super::super::guard::Reader;
use super::super::store::deeds::{self, Deed, Narrow};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{Frame, page};
use crate::ledger::LeafKind;

/// What the log is narrowed to; words that mean nothing narrow nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    before: String,
}

impl Asked {
    /// What of it narrows the log for `reader`.
    pub(super) fn narrow(&self, reader: &Reader) -> Narrow {
        let day: Option<Day> = self.day.trim().parse().ok();
        Narrow {
            department: match reader {
                Reader::Lead(officer) => Some(officer.department_id()),
                Reader::Administrator => None,
            },
            kind: self.kind.parse().ok().filter(|kind| KINDS.contains(kind)),
            case: self.case.trim().parse().ok(),
            span: day.map(|day| (day.start(), day.end())),
            before: self.before.parse().ok(),
        }
    }
}

/// The names that a reader may see, by pseudonym.
pub(super) fn names(
    conn: &mut Conn,
    reader: &Reader,
) -> Result<HashMap<String, String>, AuditError> {
    match reader {
        Reader::Lead(officer) => following::names(conn, officer.department_id()),
        Reader::Administrator => Ok(HashMap::new()),
    }
}

/// The Fluent key of a type of leaf.
pub(super) fn word(kind: LeafKind) -> String {
    format!("audits-deed-{}", kind.as_str().replace('_', "-"))
}

struct Line {
    deed: Deed,
    /// The officer's name, where the reader may know it.
    name: Option<String>,
    what: String,
}

#[derive(Template)]
#[template(path = "audits/pages/log.html")]
struct LogPage {
    f: Frame,
    kinds: Vec<(LeafKind, String)>,
    asked: Asked,
    /// Whether the lines lead to cases and findings.
    opens: bool,
    page: Page<Line>,
}

impl LogPage {
    fn is_asked(&self, kind: &LeafKind) -> bool {
        self.asked.kind == kind.as_str()
    }

    /// The address of the same list from another place on.
    fn at(&self, before: &str) -> String {
        let Asked { kind, day, case, .. } = &self.asked;
        let clean = |text: &str| {
            let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            text.chars().filter(fits).collect::<String>()
        };
        let (kind, day, case) = (clean(kind), clean(day), clean(case));
        format!("/log?kind={kind}&day={day}&case={case}&before={before}")
    }
}

/// `GET /log`.
pub(super) async fn show(
    req: HttpRequest,
    reader: Reader,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Problem> {
    let (f, asked) = (Frame::of(&req, "audits-log"), asked.into_inner());
    let narrow = asked.narrow(&reader);
    let opens = matches!(reader, Reader::Lead(_));
    let lang = f.lang;
    let read = House::of(&req).store.read("audits.log", move |conn| {
        let names = names(conn, &reader)?;
        let deeds = Page::cut(deeds::newest(conn, narrow, PAGE)?, |deed| deed.idx.to_string());
        let lines = deeds.rows.into_iter().map(|deed| Line {
            name: names.get(&deed.actor).cloned(),
            what: lang.text(&word(deed.kind)),
            deed,
        });
        Ok::<_, AuditError>(Page { rows: lines.collect(), next: deeds.next })
    });
    let lines = read.await?;
    let kinds = KINDS.iter().map(|kind| (*kind, f.t(&word(*kind)))).collect();
    page(&LogPage { f, kinds, asked, opens, page: lines })
}
