//! Packs in words: on a terminal, and as the page that a business's programmer works from.

use askama::Template;

use super::{
    describe::{PackLine, PackView},
    diff::Difference,
};

#[derive(Template)]
#[template(path = "rules/pages/list.txt")]
struct List<'a> {
    packs: &'a [PackLine],
}

#[derive(Template)]
#[template(path = "rules/pages/show.zh-CN.txt")]
struct ShowZh<'a> {
    v: &'a PackView,
}

#[derive(Template)]
#[template(path = "rules/pages/show.en.txt")]
struct ShowEn<'a> {
    v: &'a PackView,
}

#[derive(Template)]
#[template(path = "rules/pages/diff.txt")]
struct Diff<'a> {
    d: &'a Difference,
}

#[derive(Template)]
#[template(path = "rules/pages/sector.md")]
struct Sector<'a> {
    v: &'a PackView,
}

/// One line for each pack.
///
/// # Errors
///
/// [`askama::Error`], which no pack gives rise to.
pub fn list(packs: &[PackLine]) -> askama::Result<String> {
    List { packs }.render()
}

/// All that a pack says, in Chinese or in English.
///
/// # Errors
///
/// [`askama::Error`], which no pack gives rise to.
pub fn show(view: &PackView, chinese: bool) -> askama::Result<String> {
    if chinese { ShowZh { v: view }.render() } else { ShowEn { v: view }.render() }
}

/// What changes from one pack to another.
///
/// # Errors
///
/// [`askama::Error`], which no pack gives rise to.
pub fn diff(difference: &Difference) -> askama::Result<String> {
    Diff { d: difference }.render()
}

/// The page of a trade in Markdown, in both languages.
///
/// # Errors
///
/// [`askama::Error`], which no pack gives rise to.
pub fn page(view: &PackView) -> askama::Result<String> {
    Sector { v: view }.render()
}
