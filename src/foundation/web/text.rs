//! The two languages of the house, and the texts of its pages.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use actix_web::HttpRequest;
use actix_web::http::header;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, langid};

use crate::foundation::db::text_enum;

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./src/foundation/web/locales",
        fallback_language: "zh-CN",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

text_enum! {
    /// A language that people read here.
    pub enum Lang {
        /// Chinese, the first language.
        Zh = "zh-CN",
        /// English.
        En = "en",
    }
}

/// The cookie that keeps a visitor's choice of language.
pub const LANGUAGE_COOKIE: &str = "chayan-lang";

impl Lang {
    /// The language that the visitor chose, or that the browser asks for; Chinese if it asks for
    /// neither.
    pub fn of(req: &HttpRequest) -> Self {
        if let Some(cookie) = req.cookie(LANGUAGE_COOKIE)
            && let Ok(lang) = cookie.value().parse()
        {
            return lang;
        }
        let asked = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        let wants = |tag: &str| asked.and_then(|a| a.to_ascii_lowercase().find(tag));
        match (wants("en"), wants("zh")) {
            (Some(en), Some(zh)) if en < zh => Self::En,
            (Some(_), None) => Self::En,
            _ => Self::Zh,
        }
    }

    fn id(self) -> LanguageIdentifier {
        match self {
            Self::Zh => langid!("zh-CN"),
            Self::En => langid!("en"),
        }
    }

    /// The text called `key`; the key itself where there is none, which a test refuses.
    pub fn text(self, key: &str) -> String {
        LOCALES.try_lookup(&self.id(), key).unwrap_or_else(|| key.to_owned())
    }

    /// The text called `key` with `values` put in.
    pub fn text_with(self, key: &str, values: &[(&'static str, &dyn Display)]) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = values
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), number_or_text(value)))
            .collect();
        LOCALES.try_lookup_with_args(&self.id(), key, &values).unwrap_or_else(|| key.to_owned())
    }
}

/// Whole numbers choose plural forms; everything else is text.
fn number_or_text(value: &dyn Display) -> FluentValue<'static> {
    let text = value.to_string();
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => FluentValue::from(number),
        _ => FluentValue::from(text),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn keys(folder: &str) -> BTreeSet<String> {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/foundation/web/locales").join(folder);
        let mut keys = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let names = text.lines().filter(|line| !line.starts_with([' ', '#', '}']));
            keys.extend(names.filter_map(|l| l.split_once(" =")).map(|(name, _)| name.to_owned()));
        }
        keys
    }

    #[test]
    fn both_languages_have_the_same_texts() {
        let (zh, en) = (keys("zh-CN"), keys("en"));
        assert!(zh.len() > 5);
        assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&String>::new());
    }

    /// The names of the problems that the source of `folder` tells.
    fn problems(folder: &Path) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                names.extend(problems(&path));
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let parts = text.split("::of(").chain(text.split("::later(")).skip(1);
                let named = parts.filter_map(|call| {
                    let arguments = call.split(')').next()?;
                    let (before, rest) = arguments.split_once('"')?;
                    let ours = before.trim().is_empty() || before.contains("StatusCode::");
                    ours.then(|| rest.split('"').next().unwrap_or_default().to_owned())
                });
                names.extend(named.filter(|name| {
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                }));
            }
        }
        names
    }

    #[test]
    fn every_problem_of_the_console_has_a_text() {
        let texts = keys("zh-CN");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        // What intake and audits say of the API, machines read.
        let rooms = [
            "foundation/web",
            "foundation/db",
            "identity",
            "registry",
            "notices",
            "cases",
            "ledger",
        ];
        let names: BTreeSet<String> =
            rooms.iter().flat_map(|room| problems(&source.join(room))).collect();
        assert!(names.len() >= 8, "{names:?}");
        let without: Vec<_> =
            names.iter().filter(|name| !texts.contains(&format!("problem-{name}"))).collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn a_text_takes_values_without_marks_around_them() {
        assert_eq!(Lang::En.text_with("page-number", &[("n", &3)]), "Page 3");
        assert_eq!(Lang::Zh.text_with("page-number", &[("n", &3)]), "第 3 页");
    }
}
