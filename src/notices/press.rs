//! Gives documents their form: typeset as PDF if this program was built with the feature `pdf`,
//! otherwise plain text. The same document from the same templates is the same bytes.

#[cfg(feature = "pdf")]
mod pdf;
#[cfg(feature = "pdf")]
mod sample;

use std::path::Path;
use std::sync::OnceLock;

use super::error::NoticeError;
use super::matter::{Marks, Matter};
use super::model::MediaType;
use crate::foundation::web::Lang;

/// Where this process got its templates from, and where documents can be confirmed.
static PRESS: OnceLock<Press> = OnceLock::new();

struct Press {
    console: String,
    #[cfg(feature = "pdf")]
    typesetter: pdf::Typesetter,
}

/// Why documents cannot be made as the operator wants them.
#[derive(Debug, thiserror::Error)]
#[error("document templates: {0}")]
pub struct PressFault(String);

/// Takes templates from `folder`, over the embedded ones, and prints on documents that they can be
/// confirmed at `console`, such as `https://localhost:8443`. Every template is tried once. Without
/// this call the embedded ones serve, and documents name no place.
///
/// # Errors
///
/// [`PressFault`] names file and line of every mistake in a template; it also says if this process
/// has made documents before, or makes none.
pub fn set_up_press(folder: Option<&Path>, console: &str) -> Result<(), PressFault> {
    let press = Press::load(folder, console)?;
    let done = PRESS.set(press);
    done.map_err(|_press| PressFault("this process has templates already".to_owned()))
}

/// Where the document with `code` can be confirmed; empty if nobody said.
pub(super) fn verification(code: &str) -> String {
    match PRESS.get() {
        Some(press) if !press.console.is_empty() => {
            format!("{}/verify?code={code}", press.console)
        }
        _ => String::new(),
    }
}

/// A document in its form.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) lang: Lang,
    pub(super) media_type: MediaType,
    pub(super) bytes: Vec<u8>,
    pub(super) templates: Option<[u8; 32]>,
}

#[cfg(not(feature = "pdf"))]
impl Press {
    fn load(folder: Option<&Path>, console: &str) -> Result<Self, PressFault> {
        match folder {
            None => Ok(Self { console: console.to_owned() }),
            Some(_) => Err(PressFault("this program was built without `pdf`".to_owned())),
        }
    }
}

/// The document that `matter` becomes in `lang`.
///
/// # Errors
///
/// Those of the templates.
#[cfg(not(feature = "pdf"))]
pub(super) fn make(matter: Matter<'_>, lang: Lang, marks: &Marks) -> Result<Made, NoticeError> {
    let bytes = matter.words(lang, marks)?.text.into_bytes();
    Ok(Made { lang, media_type: MediaType::Text, bytes, templates: None })
}

#[cfg(feature = "pdf")]
impl Press {
    fn load(folder: Option<&Path>, console: &str) -> Result<Self, PressFault> {
        let typesetter = pdf::Typesetter::load(folder)?;
        Ok(Self { console: console.to_owned(), typesetter })
    }

    #[expect(clippy::expect_used, reason = "the embedded templates are tried by a test")]
    fn embedded() -> Self {
        Self::load(None, "").expect("the embedded templates are tried by a test")
    }
}

/// The document that `matter` becomes in `lang`.
///
/// # Errors
///
/// [`NoticeError::Sign`] names a sign that no font has; [`NoticeError::Press`] if a template fails.
#[cfg(feature = "pdf")]
pub(super) fn make(matter: Matter<'_>, lang: Lang, marks: &Marks) -> Result<Made, NoticeError> {
    let typesetter = &PRESS.get_or_init(Press::embedded).typesetter;
    let bytes = typesetter.set(&matter.sheet(lang, marks))?;
    let templates = Some(typesetter.digest());
    Ok(Made { lang, media_type: MediaType::Pdf, bytes, templates })
}
