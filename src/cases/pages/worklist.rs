//! The work list: groups of findings, filters, counts, and filters that officers have named.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::error::CaseError;
use super::super::groups::{Cursor, Group, Shelf, Sort};
use super::super::model::{FindingKind, Severity};
use super::super::store::{self, COUNTED, Filter, MOST, Scope};
use super::super::words;
use super::asked::{Asked, VIEWS};
use super::deciding::Fields;
use super::{Names, Tag, kind_text, see};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{ActId, CaseId, FilterId};
use crate::foundation::paging::Page;
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Form, Frame, Lang, page};
use crate::notices::FrozenBasis;
use crate::registry::{District, Officer, Sector};
use crate::rules::Packs;

/// The longest name of a filter, in characters.
const LONGEST_NAME: usize = 40;

/// A view of the list: its name, the address, and how many groups it shows.
struct View {
    name: String,
    query: String,
    count: String,
    here: bool,
    /// The officer's own, which he can forget.
    own: Option<FilterId>,
}

/// One line of the list.
struct Row {
    group: Group,
    /// The finding if it is alone, or else the group.
    path: String,
    title: String,
    rule: String,
    holder: String,
    only_holder: String,
    severity: Tag,
    order: bool,
    newest: String,
    waits: i64,
}

/// What a form has just done.
struct Done {
    findings: usize,
    cases: Vec<(CaseId, String)>,
}

/// A column by which the list can be ordered.
struct Column {
    key: String,
    sort: Sort,
    query: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "cases/pages/worklist.html")]
struct ListPage {
    f: Frame,
    asked: Asked,
    views: Vec<View>,
    columns: Vec<Column>,
    sectors: Vec<Sector>,
    page: Page<Row>,
    done: Option<Done>,
    holder: Option<String>,
    fault: Option<String>,
    name: String,
    full: bool,
}

impl ListPage {
    fn shelves(&self) -> impl Iterator<Item = (Shelf, String, bool)> + '_ {
        Shelf::ALL.iter().map(|shelf| {
            (*shelf, self.f.t(&format!("cases-shelf-{shelf}")), *shelf == self.asked.shelf)
        })
    }

    fn trades(&self) -> impl Iterator<Item = (Sector, String, bool)> + '_ {
        self.sectors.iter().map(|one| (*one, self.f.t(&one.key()), self.asked.sector == Some(*one)))
    }

    fn districts(&self) -> impl Iterator<Item = (District, String, bool)> + '_ {
        District::known()
            .into_iter()
            .map(|one| (one, self.f.t(&one.key()), self.asked.district == Some(one)))
    }

    fn severities(&self) -> impl Iterator<Item = (Severity, String, bool)> + '_ {
        Severity::ALL
            .iter()
            .map(|one| (*one, self.f.t(&Tag::from(*one).key), self.asked.severity == Some(*one)))
    }

    fn kinds(&self) -> impl Iterator<Item = (FindingKind, String, bool)> + '_ {
        FindingKind::ALL
            .iter()
            .map(|one| (*one, kind_text(self.f.lang, *one), self.asked.kind == Some(*one)))
    }

    fn sorts(&self) -> impl Iterator<Item = (Sort, String, bool)> + '_ {
        Sort::ALL
            .iter()
            .map(|one| (*one, self.f.t(&format!("cases-sort-{one}")), self.asked.sort == *one))
    }

    /// The address that looks at every group of this page that waits for a decision.
    fn whole(&self) -> Option<String> {
        let waiting = self.page.rows.iter().filter(|row| row.group.undecided > 0);
        let groups: Vec<String> = waiting.map(|row| format!("group={}", row.group.id)).collect();
        (!groups.is_empty()).then(|| format!("{}&back={}", groups.join("&"), self.back()))
    }

    /// The place of this page, fit to be a value in an address.
    fn back(&self) -> String {
        self.asked.place().replace('&', "%26").replace('=', "%3D")
    }

    fn open(&self) -> bool {
        self.page.rows.iter().any(|row| row.group.undecided > 0)
    }
}

/// `GET /findings`.
pub(super) async fn list(
    req: HttpRequest,
    officer: Officer,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::parse(req.query_string());
    page(&list_page(&req, &officer, &packs, asked).await?)
}

async fn list_page(
    req: &HttpRequest,
    officer: &Officer,
    packs: &std::sync::Arc<Packs>,
    asked: Asked,
) -> Result<ListPage, Problem> {
    let f = Frame::of(req, "cases-findings");
    let house = House::of(req);
    let (now, lang, me) = (house.clock.now(), f.lang, officer.row().id);
    let (scope, packs, narrow) = (Scope::from(officer), packs.clone(), asked.clone());
    let act = web::Query::<Vec<(String, String)>>::from_query(req.query_string());
    let act: Option<ActId> =
        act.ok().and_then(|fields| Fields(fields.into_inner()).one("done").parse().ok());
    let (rows, filters, counts, done, holder) = house
        .store
        .read("cases.worklist", move |conn| -> Result<_, CaseError> {
            let groups = store::groups_of(conn, &scope, &narrow.sift(me, now))?;
            let sort = narrow.sort;
            let groups = Page::cut(groups, |group| Cursor::at(sort, group).to_string());
            let next = groups.next;
            let rows = rows(conn, (lang, &packs, now), &narrow, groups.rows)?;
            let filters = store::filters_of(conn, me)?;
            let own = filters.iter().map(|filter| filter.query.as_str());
            let mut counts = Vec::new();
            for query in VIEWS.iter().map(|(_, query)| *query).chain(own) {
                let sift = Asked::parse(query).sift(me, now);
                counts.push(store::count_groups(conn, &scope, &sift)?);
            }
            let done = act.map(|act| store::decisions_of_act(conn, act, me)).transpose()?;
            let done = done.map(|decisions| done_with(conn, decisions)).transpose()?;
            let holder = match narrow.holder {
                // A name is told only with a group of that duty holder that the officer sees.
                Some(_) => rows.first().map(|row| row.holder.clone()),
                None => None,
            };
            Ok((Page { rows, next }, filters, counts, done, holder))
        })
        .await?;
    let full = i64::try_from(filters.len()).is_ok_and(|own| own >= MOST);
    let columns = columns(&asked);
    Ok(ListPage {
        views: views(lang, &asked, filters, counts),
        columns,
        sectors: officer.sectors(),
        page: rows,
        done: done.filter(|done| done.findings > 0),
        holder,
        fault: None,
        name: String::new(),
        full,
        asked,
        f,
    })
}

fn done_with(
    conn: &mut Conn,
    decisions: Vec<super::super::decision::Decision>,
) -> Result<Done, CaseError> {
    let mut cases: Vec<(CaseId, String)> = Vec::new();
    for id in decisions.iter().filter_map(|decision| decision.case) {
        if !cases.iter().any(|(own, _)| *own == id)
            && let Some(case) = store::case(conn, id)?
        {
            cases.push((id, case.number));
        }
    }
    Ok(Done { findings: decisions.len(), cases })
}

fn views(lang: Lang, asked: &Asked, filters: Vec<Filter>, counts: Vec<i64>) -> Vec<View> {
    let here = asked.query();
    let built_in = VIEWS.iter().map(|(key, query)| (lang.text(key), (*query).to_owned(), None));
    let own = filters.into_iter().map(|filter| (filter.name, filter.query, Some(filter.id)));
    let count = |count: i64| {
        if count > COUNTED { format!("{COUNTED}+") } else { count.to_string() }
    };
    built_in
        .chain(own)
        .zip(counts)
        .map(|((name, query, own), number)| View {
            here: query == here,
            count: count(number),
            name,
            query,
            own,
        })
        .collect()
}

/// The columns of the table, in order; the last of the words of a sort says which one it orders.
fn columns(asked: &Asked) -> Vec<Column> {
    let column = |(key, sort): (&str, Sort)| Column {
        key: key.to_owned(),
        sort,
        query: asked.sorted(sort),
        here: asked.sort == sort,
    };
    [
        ("cases-holder", Sort::Holder),
        ("cases-severity", Sort::Severity),
        ("cases-how-many", Sort::Size),
        ("cases-newest", Sort::Newest),
        ("cases-waits", Sort::Oldest),
    ]
    .map(column)
    .into()
}

fn rows(
    conn: &mut Conn,
    (lang, packs, now): (Lang, &Packs, Timestamp),
    asked: &Asked,
    groups: Vec<Group>,
) -> Result<Vec<Row>, CaseError> {
    let (mut names, mut rows) = (Names::default(), Vec::with_capacity(groups.len()));
    for group in groups {
        let rule = words::rule_called(packs, group.sector, group.rule.as_deref());
        let duties = rule.map(|rule| rule.basis.clone()).unwrap_or_default();
        let sector = group.sector.as_str();
        let basis = FrozenBasis::freeze(packs.catalogue(), sector, &duties, &now.day());
        let text = rule.map(|rule| match lang {
            Lang::Zh => rule.zh.clone(),
            Lang::En => rule.en.clone(),
        });
        let days = now.since(group.oldest_at).as_secs() / 86_400;
        rows.push(Row {
            path: if group.size == 1 {
                format!("/findings/{}", group.id)
            } else {
                format!("/findings/groups/{}", group.id)
            },
            title: kind_text(lang, group.kind),
            rule: text.unwrap_or_default(),
            holder: names.of(conn, group.holder)?,
            only_holder: asked.of_holder(group.holder),
            severity: group.severity().into(),
            order: basis.order().is_some(),
            newest: group.newest_at.minute(),
            waits: i64::try_from(days).unwrap_or(i64::MAX),
            group,
        });
    }
    Ok(rows)
}

/// `POST /findings/filters`: keeps what narrows the list under a name.
pub(super) async fn name_filter(
    req: HttpRequest,
    officer: Officer,
    form: Form<Vec<(String, String)>>,
    packs: web::Data<std::sync::Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let (fields, house) = (Fields(form.0), House::of(&req));
    let asked = Asked { after: None, ..Asked::parse(fields.one("query")) };
    let name = fields.one("name").trim().to_owned();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count());
    let mut kept = false;
    if fits && !name.contains(char::is_control) {
        let filter = Filter {
            id: house.fresh(),
            officer: officer.row().id,
            name: name.clone(),
            query: asked.query(),
            made_at: house.clock.now(),
        };
        kept = house
            .store
            .write("cases.name_filter", move |tx| {
                store::insert_filter(tx, &filter).map_err(CaseError::from)
            })
            .await?;
    }
    if kept {
        return Ok(see(&format!("/findings?{}", asked.query())));
    }
    let mut list = list_page(&req, &officer, &packs, asked).await?;
    list.fault = Some("cases-fault-filter".to_owned());
    list.name = name;
    let mut answer = page(&list)?;
    *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(answer)
}

/// `POST /findings/filters/{filter}/forget`.
pub(super) async fn forget_filter(
    req: HttpRequest,
    officer: Officer,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let id = req.match_info().get("filter").and_then(|text| text.parse::<FilterId>().ok());
    let id = id.ok_or_else(Problem::not_found)?;
    let me = officer.row().id;
    let gone = House::of(&req)
        .store
        .write("cases.forget_filter", move |tx| {
            store::delete_filter(tx, me, id).map_err(CaseError::from)
        })
        .await?;
    if !gone {
        return Err(Problem::not_found());
    }
    Ok(see(&format!("/findings?{}", Asked::parse(Fields(form.0).one("back")).query())))
}
