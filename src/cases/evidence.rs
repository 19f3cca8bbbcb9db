//! What a file is, by its bytes and not by its name; nothing is ever unpacked.
//!
//! Source: ASVS 5.0, 5.2 and 5.3; `security.md` W6.

use super::model::Media;
use crate::foundation::crypto::sha256;

/// The most files of one reply.
pub(super) const MOST_FILES: usize = 10;
/// The largest file, in bytes.
pub(super) const LARGEST_FILE: usize = 10 * 1024 * 1024;
/// The longest name, in characters.
const LONGEST_NAME: usize = 120;
/// The most members of a container, and how large they may say that they are together.
const MOST_MEMBERS: usize = 2_000;
const LARGEST_INSIDE: u64 = 100 * 1024 * 1024;
/// The most that a member may say to grow by.
const MOST_GROWTH: u64 = 200;

/// A file that is fit to be kept.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) media: Media,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: [u8; 32],
}

impl File {
    /// The file called `name`, sent as of type `declared`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the last part of a Fluent key.
    pub(super) fn parse(name: &str, declared: &str, bytes: Vec<u8>) -> Result<Self, &'static str> {
        if bytes.is_empty() {
            return Err("file-empty");
        }
        if bytes.len() > LARGEST_FILE {
            return Err("file-large");
        }
        let name = plain_name(name)?;
        let media = sniff(&bytes)?;
        if !is_declared(media, declared) || !is_named(media, &name) {
            return Err("file-differs");
        }
        let digest = sha256(&bytes);
        Ok(Self { name, media, bytes, digest })
    }
}

impl Media {
    /// The media type with which it is sent.
    pub(super) const fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// The endings that a name of such a file may have.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Xlsx => &["xlsx"],
            Self::Docx => &["docx"],
            Self::Text => &["txt"],
        }
    }
}

/// The last part of `name`, without what could mislead a reader or a file system.
fn plain_name(name: &str) -> Result<String, &'static str> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if last.contains(|c: char| c.is_control() || is_invisible(c)) {
        return Err("file-name");
    }
    // A name that begins like a formula would be one in a list of files.
    if last.is_empty() || last.starts_with(['.', '=', '+', '-', '@']) {
        return Err("file-name");
    }
    if last.contains(['<', '>', ':', '"', '|', '?', '*']) || last.chars().count() > LONGEST_NAME {
        return Err("file-name");
    }
    Ok(last.to_owned())
}

/// Signs that turn the direction of writing around or show nothing.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
    )
}

/// Browsers say `application/octet-stream` or nothing of what they do not know.
fn is_declared(media: Media, declared: &str) -> bool {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let own = media.mime().split(';').next().unwrap_or_default();
    essence.is_empty() || essence == "application/octet-stream" || essence == own
}

fn is_named(media: Media, name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| media.endings().contains(&ending.as_str()))
}

fn sniff(bytes: &[u8]) -> Result<Media, &'static str> {
    if bytes.starts_with(b"%PDF-") {
        return Ok(Media::Pdf);
    }
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Ok(Media::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Media::Png);
    }
    if bytes.starts_with(b"PK") {
        return office(bytes);
    }
    let text = std::str::from_utf8(bytes).ok().ok_or("file-kind")?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("file-kind");
    }
    Ok(Media::Text)
}

/// Which of the two documents a container is, by the list of its members alone.
fn office(bytes: &[u8]) -> Result<Media, &'static str> {
    let members = listing(bytes)?;
    let has = |name: &str| members.iter().any(|member| member.name == name);
    let (mut inside, mut packed) = (0_u64, 0_u64);
    for member in &members {
        let name = member.name.to_ascii_lowercase();
        let strays = name.starts_with('/') || name.contains("..") || name.contains('\\');
        let runs = name.ends_with("vbaproject.bin") || name.contains("activex/");
        if strays || runs || member.encrypted {
            return Err("file-container");
        }
        if member.size > LARGEST_INSIDE || member.size > member.packed.max(1024) * MOST_GROWTH {
            return Err("file-bomb");
        }
        inside += member.size;
        packed += member.packed;
    }
    if inside > LARGEST_INSIDE || packed > u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
        return Err("file-bomb");
    }
    if !has("[Content_Types].xml") {
        return Err("file-kind");
    }
    match (has("xl/workbook.xml"), has("word/document.xml")) {
        (true, false) => Ok(Media::Xlsx),
        (false, true) => Ok(Media::Docx),
        _ => Err("file-kind"),
    }
}

/// A member of a container, as the list at its end has it.
struct Member {
    name: String,
    size: u64,
    packed: u64,
    encrypted: bool,
}

/// The members of a ZIP container. ZIP64 and containers in several parts are refused: no file here
/// needs them.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 and 4.3.16.
fn listing(bytes: &[u8]) -> Result<Vec<Member>, &'static str> {
    const FAULT: &str = "file-container";
    const END: usize = 22;
    let last = bytes.len().checked_sub(END).ok_or(FAULT)?;
    // A comment of up to 64 KiB may follow the end record.
    let first = last.saturating_sub(0xFFFF);
    let end = (first..=last).rev().find(|at| {
        bytes.get(*at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06"))
            && u16_at(bytes, at + 20).is_some_and(|n| at + END + n == bytes.len())
    });
    let end = end.ok_or(FAULT)?;
    let field = |at: usize| u16_at(bytes, end + at).ok_or(FAULT);
    let (disk, count, all) = (field(4)?, field(8)?, field(10)?);
    let mut at = u32_at(bytes, end + 16).and_then(|at| usize::try_from(at).ok()).ok_or(FAULT)?;
    if disk != 0 || count != all || at > end {
        return Err(FAULT);
    }
    if count > MOST_MEMBERS {
        return Err("file-bomb");
    }
    let mut members = Vec::with_capacity(count);
    for _ in 0..count {
        let head =
            bytes.get(at..end).filter(|rest| rest.starts_with(b"PK\x01\x02")).ok_or(FAULT)?;
        let short = |at: usize| u16_at(head, at).ok_or(FAULT);
        let long = |at: usize| u32_at(head, at).map(u64::from).ok_or(FAULT);
        let (name, extra, comment) = (short(28)?, short(30)?, short(32)?);
        let called = head.get(46..46 + name).ok_or(FAULT)?;
        members.push(Member {
            name: String::from_utf8_lossy(called).into_owned(),
            size: long(24)?,
            packed: long(20)?,
            encrypted: short(8)? & 1 == 1,
        });
        at += 46 + name + extra + comment;
    }
    Ok(members)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let two = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes(two.try_into().ok()?)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A container whose list says this of its members: name, packed size, size.
    pub(in super::super) fn container(members: &[(&str, u32, u32)]) -> Vec<u8> {
        let mut list = Vec::new();
        for (name, packed, size) in members {
            list.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
            list.extend_from_slice(&packed.to_le_bytes());
            list.extend_from_slice(&size.to_le_bytes());
            list.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
            list.extend_from_slice(&[0; 16]);
            list.extend_from_slice(name.as_bytes());
        }
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(4096, 0);
        let at = u32::try_from(bytes.len()).unwrap();
        let count = u16::try_from(members.len()).unwrap().to_le_bytes();
        bytes.extend_from_slice(&list);
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        bytes.extend_from_slice(&count);
        bytes.extend_from_slice(&count);
        bytes.extend_from_slice(&u32::try_from(list.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&at.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes
    }

    const BOOK: &[(&str, u32, u32)] =
        &[("[Content_Types].xml", 300, 900), ("xl/workbook.xml", 400, 2000)];

    fn kind(name: &str, declared: &str, bytes: &[u8]) -> Result<Media, &'static str> {
        File::parse(name, declared, bytes.to_vec()).map(|file| file.media)
    }

    #[test]
    fn each_of_the_six_kinds_is_known_by_its_bytes() {
        let book = container(BOOK);
        let word = [BOOK[0], ("word/document.xml", 400, 2000)];
        let mime = "application/octet-stream";
        assert_eq!(kind("a.pdf", "application/pdf", b"%PDF-1.7\n"), Ok(Media::Pdf));
        assert_eq!(kind("a.JPG", "image/jpeg", &[0xFF, 0xD8, 0xFF, 0xE0]), Ok(Media::Jpeg));
        assert_eq!(kind("图.png", "", b"\x89PNG\r\n\x1a\n"), Ok(Media::Png));
        assert_eq!(kind("a.xlsx", mime, &book), Ok(Media::Xlsx));
        assert_eq!(kind("a.docx", mime, &container(&word)), Ok(Media::Docx));
        assert_eq!(kind("a.txt", "text/plain", "=1+1\n已补报".as_bytes()), Ok(Media::Text));
    }

    #[test]
    fn a_real_workbook_is_one() {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet().write(0, 0, "缺号").unwrap();
        let bytes = book.save_to_buffer().unwrap();
        assert_eq!(kind("缺号.xlsx", Media::Xlsx.mime(), &bytes), Ok(Media::Xlsx));
    }

    #[test]
    fn what_is_something_else_than_it_says_is_refused() {
        for (name, declared, bytes, fault) in [
            ("a.pdf", "application/pdf", b"<script>".as_slice(), "file-differs"),
            ("a.png", "image/png", b"%PDF-1.7".as_slice(), "file-differs"),
            ("a.txt", "text/html", b"<b>".as_slice(), "file-differs"),
            ("a.html", "text/plain", b"<b>".as_slice(), "file-differs"),
            ("a.svg", "image/svg+xml", b"<svg/>".as_slice(), "file-differs"),
            ("a.txt", "text/plain", b"MZ\x90\0".as_slice(), "file-kind"),
            ("a.txt", "text/plain", b"\0".as_slice(), "file-kind"),
            ("a.xlsx", "", b"PK\x03\x04".as_slice(), "file-container"),
            ("a.pdf", "", b"".as_slice(), "file-empty"),
        ] {
            assert_eq!(kind(name, declared, bytes), Err(fault), "{name} {declared}");
        }
        let large = vec![b'a'; LARGEST_FILE + 1];
        assert_eq!(kind("a.txt", "", &large), Err("file-large"));
    }

    #[test]
    fn a_container_that_would_grow_or_run_is_refused_unopened() {
        let with = |extra: &[(&str, u32, u32)]| container(&[BOOK, extra].concat());
        for (extra, fault) in [
            (&[("xl/bomb.xml", 1_000, 2_000_000_000)][..], "file-bomb"),
            (&[("xl/a.xml", 100_000, 60_000_000), ("xl/b.xml", 300_000, 60_000_000)], "file-bomb"),
            (&[("xl/vbaProject.bin", 100, 200)], "file-container"),
            (&[("../../etc/passwd", 100, 200)], "file-container"),
        ] {
            assert_eq!(kind("a.xlsx", "", &with(extra)), Err(fault), "{extra:?}");
        }
        let many: Vec<(&str, u32, u32)> = (0..2_001).map(|_| ("x", 1, 1)).collect();
        assert_eq!(kind("a.xlsx", "", &container(&many)), Err("file-bomb"));
        assert_eq!(kind("a.xlsx", "", &container(&[("a", 1, 1)])), Err("file-kind"));
    }

    #[test]
    fn a_name_is_its_last_part_and_nothing_that_misleads() {
        assert_eq!(plain_name("C:\\报告\\整改.pdf"), Ok("整改.pdf".to_owned()));
        assert_eq!(plain_name("../../etc/整改.pdf"), Ok("整改.pdf".to_owned()));
        let long = "长".repeat(121);
        for bad in
            ["", ".bashrc", "a\u{202E}fdp.txt", "a\r\nb.txt", "=1+1.txt", "a/", "a\"b.txt", &long]
        {
            assert_eq!(plain_name(bad), Err("file-name"), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange_to_be_looked_at(mut bytes: Vec<u8>, cut in 0_usize..5000) {
            let mut zip = container(BOOK);
            zip.truncate(cut);
            zip.extend_from_slice(&bytes);
            listing(&zip).ok();
            bytes.splice(0..0, *b"PK\x05\x06");
            listing(&bytes).ok();
        }
    }
}
