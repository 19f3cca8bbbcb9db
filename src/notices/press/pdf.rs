//! The typesetter: Typst inside this process. A template sees the other templates, the fonts, the
//! document as `sheet.json`, and nothing else: no file of the machine, no network, no clock.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use typst::comemo;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::layout::{Frame, FrameItem};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World, WorldExt as _};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::super::error::NoticeError;
use super::super::model::LetterKind;
use super::super::sheet::Sheet;
use super::{PressFault, sample};
use crate::foundation::web::Lang;

/// Declares the templates that are embedded.
macro_rules! embedded {
    ($($name:literal)+) => {
        &[$(($name, include_str!(concat!("../../../documents/2026.1/", $name)))),+]
    };
}

/// The templates that stand in the program.
const TEMPLATES: &[(&str, &str)] = embedded!(
    "base.typ" "order.typ" "advice.typ" "reminder.typ" "extension.typ" "recheck.typ" "closing.typ"
    "transfer.typ" "handover.typ"
);
/// The fonts that stand in the program: Latin signs, and Chinese ones.
const FONTS: &[&[u8]] = &[
    include_bytes!("../../../fonts/LiberationSans-Regular.ttf"),
    include_bytes!("../../../fonts/DroidSansFallbackFull.ttf"),
];
/// The kinds that have a template.
pub(super) const KINDS: &[LetterKind] = &[
    LetterKind::Order,
    LetterKind::Advice,
    LetterKind::Reminder,
    LetterKind::Extension,
    LetterKind::Recheck,
    LetterKind::Closing,
    LetterKind::Transfer,
    LetterKind::Handover,
];
/// The name under which a template reads the document.
const SHEET: &str = "sheet.json";
/// How many documents ago something was last used before the typesetter forgets it.
const MEMORY: usize = 4;

/// Templates and fonts, read and tried.
pub(super) struct Typesetter {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    sources: HashMap<FileId, Source>,
    /// Pictures that templates show.
    pictures: HashMap<FileId, Bytes>,
    sheet: FileId,
    digest: [u8; 32],
}

impl Typesetter {
    /// The embedded templates with those of `folder` over them, each tried with a document of its
    /// kind in both languages.
    pub(super) fn load(folder: Option<&Path>) -> Result<Self, PressFault> {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
        let mut files: BTreeMap<String, Vec<u8>> = TEMPLATES.iter().map(own).collect();
        let mut fonts: Vec<Vec<u8>> = FONTS.iter().map(|font| font.to_vec()).collect();
        if let Some(folder) = folder {
            files.extend(read(folder, &["typ", "svg", "png"])?);
            let more = folder.join("fonts");
            if more.is_dir() {
                fonts.extend(read(&more, &["ttf", "otf", "ttc"])?.into_values());
            }
        }
        let typesetter = Self::of(files, fonts)?;
        for kind in KINDS {
            for lang in [Lang::Zh, Lang::En] {
                typesetter.try_out(&sample::sheet(*kind, lang))?;
            }
        }
        comemo::evict(0);
        Ok(typesetter)
    }

    fn of(files: BTreeMap<String, Vec<u8>>, fonts: Vec<Vec<u8>>) -> Result<Self, PressFault> {
        let mut hash = Sha256::new();
        for (name, bytes) in &files {
            hash.update(format!("{name}\n{}\n", bytes.len()));
            hash.update(bytes);
        }
        let (mut sources, mut pictures) = (HashMap::new(), HashMap::new());
        for (name, bytes) in files {
            let id = file(&name)?;
            if name.ends_with(".typ") {
                let text = String::from_utf8(bytes);
                let text = text.map_err(|cause| PressFault(format!("{name}: {cause}")))?;
                sources.insert(id, Source::new(id, text));
            } else {
                pictures.insert(id, Bytes::new(bytes));
            }
        }
        let mut faces: Vec<Font> = Vec::new();
        for bytes in fonts {
            hash.update(&bytes);
            faces.extend(Font::iter(Bytes::new(bytes)));
        }
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&faces)),
            fonts: faces,
            sources,
            pictures,
            sheet: file(SHEET)?,
            digest: hash.finalize().into(),
        })
    }

    /// The SHA-256 of all templates, pictures and fonts, in the order of their names.
    pub(super) const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The PDF of `sheet`.
    pub(super) fn set(&self, sheet: &Sheet<'_>) -> Result<Vec<u8>, NoticeError> {
        let desk = self.desk(sheet).map_err(|fault| NoticeError::Press(fault.0))?;
        if let Some(sign) = desk.missing() {
            return Err(NoticeError::Sign(sign));
        }
        let options = options(sheet)?;
        let document = typst::compile::<PagedDocument>(&desk).output;
        let made = document.and_then(|document| typst_pdf::pdf(&document, &options));
        let made = made.map_err(|wrongs| NoticeError::Press(desk.say(&wrongs)));
        comemo::evict(MEMORY);
        made
    }

    /// Sets `sheet`. What would only be a warning is a mistake here; so are a sign of the template
    /// that no font has, and a text that is not printed as it is.
    fn try_out(&self, sheet: &Sheet<'_>) -> Result<(), PressFault> {
        let desk = self.desk(sheet)?;
        let compiled = typst::compile::<PagedDocument>(&desk);
        let document = compiled.output.map_err(|wrongs| PressFault(desk.say(&wrongs)))?;
        if !compiled.warnings.is_empty() {
            return Err(PressFault(desk.say(&compiled.warnings)));
        }
        let kind = sheet.kind;
        if let Some(text) = document.pages().iter().find_map(|page| blank(&page.frame)) {
            return Err(PressFault(format!("{kind}.typ: no font has a sign of {text:?}")));
        }
        if !text_of(&document).contains(sample::LITERAL) {
            let wrong = "does not print the addressee as it is";
            return Err(PressFault(format!("{kind}.typ: {wrong}")));
        }
        Ok(())
    }

    fn desk(&self, sheet: &Sheet<'_>) -> Result<Desk<'_>, PressFault> {
        let data = serde_json::to_value(sheet).map_err(|cause| PressFault(cause.to_string()))?;
        let data = without_controls(data);
        let written = &sheet.written;
        let (month, day) = (u8::try_from(written.month), u8::try_from(written.day));
        Ok(Desk {
            typesetter: self,
            main: file(&format!("{}.typ", sheet.kind))?,
            sheet: Bytes::from_string(data.to_string()),
            today: month
                .ok()
                .zip(day.ok())
                .and_then(|(month, day)| Datetime::from_ymd(written.year, month, day)),
            data,
        })
    }

    /// The text that stands on the pages of `sheet`, without line breaks.
    #[cfg(test)]
    pub(super) fn text(&self, sheet: &Sheet<'_>) -> String {
        let desk = self.desk(sheet).unwrap();
        text_of(&typst::compile::<PagedDocument>(&desk).output.unwrap())
    }
}

/// PDF/A-2b, with an id that follows from the code.
fn options(sheet: &Sheet<'_>) -> Result<PdfOptions, NoticeError> {
    let standards = PdfStandards::new(&[PdfStandard::A_2b]);
    Ok(PdfOptions {
        ident: Smart::Custom(format!("{}/{}", sheet.code, sheet.lang)),
        creator: Smart::Custom(Some("Chayan".to_owned())),
        standards: standards.map_err(|cause| NoticeError::Press(format!("{cause:?}")))?,
        ..PdfOptions::default()
    })
}

/// The files of `folder`, each with one of `endings`; any other file is a mistake.
fn read(folder: &Path, endings: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, PressFault> {
    let wrong = |path: &Path, cause: &dyn std::fmt::Display| {
        PressFault(format!("{}: {cause}", path.display()))
    };
    let mut found = BTreeMap::new();
    for one in std::fs::read_dir(folder).map_err(|cause| wrong(folder, &cause))? {
        let path = one.map_err(|cause| wrong(folder, &cause))?.path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !endings.contains(&ending) {
            return Err(wrong(&path, &format!("is none of {}", endings.join(", "))));
        }
        found.insert(name, std::fs::read(&path).map_err(|cause| wrong(&path, &cause))?);
    }
    Ok(found)
}

fn file(name: &str) -> Result<FileId, PressFault> {
    let path = VirtualPath::new(name);
    let path = path.map_err(|cause| PressFault(format!("{name}: {cause:?}")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// `value` with a blank in the place of every control character of a text.
fn without_controls(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(char::is_control, " ")),
        Value::Array(several) => several.into_iter().map(without_controls).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, one)| (name, without_controls(one))).collect()
        }
        other => other,
    }
}

/// A text of `frame` with a sign that no font has.
fn blank(frame: &Frame) -> Option<String> {
    frame.items().find_map(|(_, item)| match item {
        FrameItem::Group(group) => blank(&group.frame),
        FrameItem::Text(run) => {
            run.glyphs.iter().any(|glyph| glyph.id == 0).then(|| run.text.to_string())
        }
        _ => None,
    })
}

fn text_of(document: &PagedDocument) -> String {
    fn read(frame: &Frame, into: &mut String) {
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => read(&group.frame, into),
                FrameItem::Text(run) => into.push_str(&run.text),
                _ => {}
            }
        }
    }
    let mut text = String::new();
    document.pages().iter().for_each(|page| read(&page.frame, &mut text));
    text
}

/// What one document is set from.
struct Desk<'a> {
    typesetter: &'a Typesetter,
    main: FileId,
    data: Value,
    sheet: Bytes,
    today: Option<Datetime>,
}

impl Desk<'_> {
    /// The first sign of the document that no font has, or that only turns the direction of others.
    fn missing(&self) -> Option<char> {
        fn search(value: &Value, has: &impl Fn(char) -> bool) -> Option<char> {
            match value {
                Value::String(text) => text.chars().find(|sign| !has(*sign)),
                Value::Array(several) => several.iter().find_map(|one| search(one, has)),
                Value::Object(members) => members.values().find_map(|one| search(one, has)),
                Value::Null | Value::Bool(_) | Value::Number(_) => None,
            }
        }
        let fonts = &self.typesetter.fonts;
        search(&self.data, &|sign| {
            let has = |font: &Font| font.info().coverage.contains(u32::from(sign));
            !turns(sign) && fonts.iter().any(has)
        })
    }

    /// Every mistake with its place, as `order.typ:12: unknown variable`.
    fn say(&self, wrongs: &[SourceDiagnostic]) -> String {
        let lines = wrongs.iter().map(|wrong| {
            let place = wrong.span.id().and_then(|id| {
                let source = self.source(id).ok()?;
                let at = self.range(wrong.span)?.start;
                let line = source.lines().byte_to_line(at)? + 1;
                Some(format!("{}:{line}: ", id.get().vpath().get_without_slash()))
            });
            format!("{}{}", place.unwrap_or_default(), wrong.message)
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.typesetter.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.typesetter.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.typesetter.sources.get(&id).cloned().ok_or_else(|| absent(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.typesetter.sheet {
            return Ok(self.sheet.clone());
        }
        self.typesetter.pictures.get(&id).cloned().ok_or_else(|| absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.typesetter.fonts.get(index).cloned()
    }

    /// The day of the document, so that it is the same bytes on every day.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}

/// Whether a sign is no sign but changes in which direction others are read.
const fn turns(sign: char) -> bool {
    matches!(
        sign,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::foundation::crypto::sha256;

    fn embedded() -> Typesetter {
        Typesetter::load(None).unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// What is wrong with the embedded templates once `name` says `text`.
    fn fault_of(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        Typesetter::load(Some(folder.path()))
            .err()
            .map(|fault| fault.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn every_kind_says_everything_in_both_languages_and_texts_stay_texts() {
        let typesetter = embedded();
        for kind in KINDS {
            for lang in [Lang::Zh, Lang::En] {
                let sheet = sample::sheet(*kind, lang);
                let text = typesetter.text(&sheet);
                let mut musts = vec![sheet.addressee, sheet.number, sheet.code, sheet.organ];
                musts.extend(sheet.facts.iter().chain(&sheet.demands).chain(&sheet.certificates));
                musts.extend([sheet.contact, sheet.follows, sheet.title.as_str(), "00c0ffee"]);
                musts.extend(sheet.duties.iter().chain(&sheet.order).flat_map(|cited| {
                    [cited.law, cited.article, cited.text.unwrap_or(cited.gist)]
                }));
                // Runs of text do not keep the blanks between them.
                let tight = |text: &str| text.split_whitespace().collect::<String>();
                for must in musts {
                    assert!(
                        tight(&text).contains(&tight(must)),
                        "{kind} {lang}: no {must} in {text}"
                    );
                }
                let hour = if lang == Lang::Zh { "24时" } else { "24:00" };
                let timed = !matches!(
                    kind,
                    LetterKind::Advice
                        | LetterKind::Closing
                        | LetterKind::Transfer
                        | LetterKind::Handover
                );
                assert_eq!(tight(&text).contains(hour), timed, "{kind} {lang}");
                let translated = text.contains("Courtesy translation");
                assert_eq!(translated, lang == Lang::En, "{kind}");
                let pdf = typesetter.set(&sheet).unwrap();
                assert!(pdf.starts_with(b"%PDF-") && pdf.len() < 100_000, "{}", pdf.len());
            }
        }
    }

    #[test]
    fn the_same_document_is_the_same_bytes_in_this_process_and_in_another() {
        const NAME: &str = "notices::press::pdf::tests::the_same_document_is_the_same_bytes_in_this_process_and_in_another";
        const CHILD: &str = "CHAYAN_TEST_CHILD";
        let typesetter = embedded();
        let sheet = sample::sheet(LetterKind::Order, Lang::Zh);
        let digest = |pdf: &[u8]| sha256(pdf).map(|byte| format!("{byte:02x}")).concat();
        let pdf = typesetter.set(&sheet).unwrap();
        assert_eq!(typesetter.set(&sheet).unwrap(), pdf);
        let (child, own) = (std::env::var_os(CHILD).is_some(), std::env::current_exe().unwrap());
        if child {
            // A failure is how a test can speak to its parent.
            panic!("digest {}", digest(&pdf));
        }
        let run = Command::new(own).args(["--exact", NAME]).env(CHILD, "1").output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(said.contains(&format!("digest {}", digest(&pdf))), "{said}");
    }

    #[test]
    fn a_sign_that_no_font_has_is_refused_by_name() {
        let typesetter = embedded();
        let sheet = |addressee| {
            let sample = sample::sheet(LetterKind::Advice, Lang::Zh);
            typesetter.set(&Sheet { addressee, ..sample })
        };
        assert!(sheet("㛃䶮旅馆——“云”").is_ok());
        assert!(sheet("two\nlines\tand a tab").is_ok());
        for (name, sign) in [("𬱖店", '𬱖'), ("a\u{202e}b", '\u{202e}'), ("😀", '😀')] {
            let refused = sheet(name).err();
            let fits = matches!(refused, Some(NoticeError::Sign(own)) if own == sign);
            assert!(fits, "{name:?}: {refused:?}");
        }
        assert!(NoticeError::Sign('𬱖').to_string().contains("U+2CC56"));
    }

    #[test]
    fn a_mistake_in_a_template_is_named_with_its_place() {
        const HEAD: &str = "#import \"base.typ\": *\n#show: sheet\n";
        for (name, text, place) in [
            ("order.typ", format!("{HEAD}\n#nothing(1)\n"), "order.typ:4: "),
            ("base.typ", "#let d = json(\"sheet.json\")\n#let x = (\n".to_owned(), "base.typ:2"),
            ("closing.typ", format!("{HEAD}#set text(font: \"No Such\")\nx"), "closing.typ:3: "),
            ("advice.typ", format!("{HEAD}#eval(d.addressee, mode: \"markup\")"), "panicked"),
            ("recheck.typ", "nothing of the document".to_owned(), "recheck.typ: does not print"),
            ("reminder.typ", format!("{HEAD}☃"), "reminder.typ: no font has"),
            ("transfer.typ", format!("{HEAD}#read(\"/etc/hostname\")"), "transfer.typ:3: file not"),
            ("handover.typ", "#import \"@preview/x:1.0.0\": *".to_owned(), "handover.typ:1: "),
            ("order.docx", String::new(), "is none of typ, svg, png"),
        ] {
            let said = fault_of(name, &text);
            assert!(said.contains(place), "{name}: {said}");
        }
    }

    #[test]
    fn a_folder_replaces_what_it_names_and_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let own = "#import \"base.typ\": *\n#show: sheet\nOur own words.\n#verification\n";
        std::fs::write(folder.path().join("closing.typ"), own).unwrap();
        let (plain, other) = (embedded(), Typesetter::load(Some(folder.path())).ok().unwrap());
        assert_ne!(plain.digest(), other.digest());
        let sheet = sample::sheet(LetterKind::Closing, Lang::Zh);
        assert!(other.text(&sheet).contains("Our own words."));
        assert!(!plain.text(&sheet).contains("Our own words."));
    }
}
