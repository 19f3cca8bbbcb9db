//! The frame of a console page: language, navigation, who is signed in, form token.

use std::fmt::Display;

use actix_web::http::header;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use askama::Template;

use super::session::Token;
use super::text::Lang;
use crate::foundation::house::House;
use crate::foundation::problem::Problem;

/// The links of the console, in order: Fluent key and path.
#[derive(Clone, Debug)]
pub struct Navigation {
    /// For officers.
    pub officers: &'static [(&'static str, &'static str)],
    /// For the administrator who makes and disables people; no page of officers is hers.
    pub people: &'static [(&'static str, &'static str)],
    /// For the governance office, which sees totals and no case.
    pub governance: &'static [(&'static str, &'static str)],
    /// For people of businesses; the first is their home.
    pub businesses: &'static [(&'static str, &'static str)],
}

/// Which pages a visitor has. No page belongs to two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The console of officers.
    Officers,
    /// The pages of the administrator who makes and disables people.
    People,
    /// The page of the governance office.
    Governance,
    /// The portal of businesses.
    Businesses,
}

/// Who looks at the page; the extractor that knows it leaves it in the request.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The name shown in the frame.
    pub name: String,
    /// Where the visitor belongs, such as a department; may be empty.
    pub place: String,
    /// Which pages the visitor has.
    pub side: Side,
}

/// The random word that allows the one script of a page.
#[derive(Clone)]
pub(super) struct Nonce(pub(super) String);

/// What the base template needs; every page holds one as `f`.
pub struct Frame {
    /// The reader's language.
    pub lang: Lang,
    /// The Fluent key of the title.
    title: &'static str,
    /// The token that forms carry.
    pub csrf: String,
    /// Who is signed in.
    pub visitor: Option<Visitor>,
    navigation: &'static [(&'static str, &'static str)],
    path: String,
    nonce: String,
    demo: bool,
}

/// Marks the application as a demonstration; pages say so.
#[derive(Clone, Copy, Debug)]
pub struct Demonstration;

impl Frame {
    /// The frame for this request, with the title called `title`.
    pub fn of(req: &HttpRequest, title: &'static str) -> Self {
        // The borrow ends here: looking for a cookie borrows the extensions for itself.
        let (visitor, nonce) = {
            let extensions = req.extensions();
            let nonce = extensions.get::<Nonce>().map(|n| n.0.clone());
            (extensions.get::<Visitor>().cloned(), nonce.unwrap_or_default())
        };
        let navigation = match (&visitor, req.app_data::<web::Data<Navigation>>()) {
            (Some(visitor), Some(links)) => match visitor.side {
                Side::Officers => links.officers,
                Side::People => links.people,
                Side::Governance => links.governance,
                Side::Businesses => links.businesses,
            },
            _ => &[],
        };
        Self {
            lang: Lang::of(req),
            title,
            csrf: Token::of(req).map(|t| t.masked_csrf(&House::of(req).random)).unwrap_or_default(),
            visitor,
            navigation,
            path: req.path().to_owned(),
            nonce,
            demo: req.app_data::<web::Data<Demonstration>>().is_some(),
        }
    }

    /// The text called `key`.
    pub fn t(&self, key: &str) -> String {
        self.lang.text(key)
    }

    /// The text called `key` with one value.
    pub fn t1(&self, key: &str, name: &'static str, value: impl Display) -> String {
        self.lang.text_with(key, &[(name, &value)])
    }

    /// The text called `key` with two values.
    pub fn t2(
        &self,
        key: &str,
        one: &'static str,
        first: impl Display,
        two: &'static str,
        second: impl Display,
    ) -> String {
        self.lang.text_with(key, &[(one, &first), (two, &second)])
    }

    /// The text in the reader's language, of a pair that comes from data.
    pub fn either<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// The title in the reader's language.
    pub fn title(&self) -> String {
        self.t(self.title)
    }

    /// The other language.
    pub fn other_lang(&self) -> Lang {
        match self.lang {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }

    /// The links of the frame: text, path, and whether the page stands below it.
    pub fn links(&self) -> Vec<(String, &'static str, bool)> {
        let home = self.home();
        let here =
            |path: &str| if path == home { self.path == home } else { self.path.starts_with(path) };
        self.navigation.iter().map(|(key, path)| (self.t(key), *path, here(path))).collect()
    }

    /// Where the visitor's pages begin: the first link, or `/` for strangers.
    pub fn home(&self) -> &'static str {
        self.navigation.first().map_or("/", |(_, path)| path)
    }

    /// The path of this page.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The word that allows the page's script.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether the page belongs to a demonstration.
    pub const fn is_demo(&self) -> bool {
        self.demo
    }
}

/// The answer that carries a rendered page.
///
/// # Errors
///
/// An internal problem if the template fails.
pub fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(Problem::ours)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html))
}

/// The page that tells a person what went wrong.
#[derive(Template)]
#[template(path = "foundation/web/pages/problem.html")]
pub(super) struct ProblemPage {
    pub(super) f: Frame,
    pub(super) status: u16,
    pub(super) key: String,
    pub(super) detail: String,
    pub(super) request: String,
}
