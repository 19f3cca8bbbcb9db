//! The record lines of a batch: each is looked at once.
//!
//! One pass over the body splits it at line feeds, judges the form of every line, notices repeated
//! ephemeral keys, and computes the record root, the digest and the parts in which the lines are
//! stored. Pure: bytes in, facts and faults out.

use std::io::BufRead as _;
use std::ops::Range;

use crate::foundation::crypto::jwe::{Code, Inspector};
use crate::foundation::crypto::{b64u, sha256};
use crate::ledger::RecordTree;

/// The largest part, in bytes, unless one line alone is longer.
const PART_BYTES: usize = 256 * 1024;
/// The most faults that are named for one line.
const MAX_FAULTS: usize = 8;
/// The characters of a commitment.
const COMMITMENT: usize = 43;

/// One thing that is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// The line, counted from 0 after the manifest.
    pub position: u32,
    /// What is wrong.
    pub code: Code,
    /// Where in the line, as a JSON pointer; empty for the whole line.
    pub pointer: String,
}

/// Whole lines that are stored together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The position of its first line.
    pub first: u32,
    /// Where it stands in the body.
    pub range: Range<usize>,
}

/// What one pass over the lines tells.
#[derive(Debug)]
pub struct Lines {
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// How many lines there are.
    pub count: u32,
    /// The RFC 6962 root over the lines, without their line feeds.
    pub root: [u8; 32],
    /// The parts, in order; together they are the body.
    pub parts: Vec<Part>,
    /// Everything that is wrong, in line order.
    pub faults: Vec<LineFault>,
}

/// There are more lines than a batch may have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many record lines")]
pub struct TooManyLines;

/// Looks at every line of `body`: all bytes of a sealed batch after its first line feed.
///
/// Lines end with a line feed; the last one may do without. `kid` is asked for every line whether
/// the audit key it names is open for sealing now.
///
/// # Errors
///
/// [`TooManyLines`] beyond `limit` lines.
pub fn look(
    body: &[u8],
    limit: u32,
    kid: impl Fn(&str) -> Result<(), Code>,
) -> Result<Lines, TooManyLines> {
    let mut inspector = Inspector::new(kid);
    let mut epks = Vec::new();
    let mut lines = pass(body, limit, |position, line, faults| match inspector.inspect(line) {
        Ok(seen) => epks.push((seen.epk_x, position)),
        Err(found) => faults.extend(found.into_iter().take(MAX_FAULTS).map(|fault| LineFault {
            position,
            code: fault.code,
            pointer: fault.pointer,
        })),
    })?;
    lines.faults.extend(repeated(epks));
    lines.faults.sort_by_key(|fault| fault.position);
    Ok(lines)
}

/// A fault for each line whose ephemeral key an earlier one has.
///
/// Sorted once: several times as fast as a set that is asked at each line.
fn repeated(mut epks: Vec<([u8; 32], u32)>) -> Vec<LineFault> {
    epks.sort_unstable();
    let again = epks.array_windows().filter(|[one, next]| one.0 == next.0);
    let fault = |[_, next]: &[([u8; 32], u32); 2]| LineFault {
        position: next.1,
        code: Code::EpkRepeated,
        pointer: "/protected/epk".to_owned(),
    };
    again.map(fault).collect()
}

/// Looks at every line of `body`: all bytes of an attested batch after its first line feed. A line
/// is a commitment: the canonical base64url text of 32 bytes, 43 characters.
///
/// # Errors
///
/// [`TooManyLines`] beyond `limit` lines.
pub fn look_attested(body: &[u8], limit: u32) -> Result<Lines, TooManyLines> {
    pass(body, limit, |position, line, faults| {
        if line.len() != COMMITMENT || !b64u::is_canonical(line) {
            let (code, pointer) = (Code::Commitment, String::new());
            faults.push(LineFault { position, code, pointer });
        }
    })
}

/// Splits, hashes and cuts the lines of `body`, and lets `judge` say what is wrong with each.
fn pass(
    body: &[u8],
    limit: u32,
    mut judge: impl FnMut(u32, &[u8], &mut Vec<LineFault>),
) -> Result<Lines, TooManyLines> {
    let mut tree = RecordTree::new();
    let (mut parts, mut faults) = (Vec::<Part>::new(), Vec::new());
    let (mut position, mut at) = (0, 0);
    while at < body.len() {
        if position == limit {
            return Err(TooManyLines);
        }
        let rest = &body[at..];
        // The library's search is many times as fast as one byte after the other.
        let taken = { rest }.skip_until(b'\n').unwrap_or(rest.len());
        let line = rest[..taken].strip_suffix(b"\n").unwrap_or(rest);
        tree.push(line);
        judge(position, line, &mut faults);
        match parts.last_mut() {
            Some(part) if part.range.len() + taken <= PART_BYTES => part.range.end += taken,
            _ => parts.push(Part { first: position, range: at..at + taken }),
        }
        at += taken;
        position += 1;
    }
    Ok(Lines { digest: sha256(body), count: position, root: tree.root().0, parts, faults })
}

/// The line at `position` of a part whose first line stands at position `first`; `None` beyond it.
pub(super) fn line_of(part: &[u8], first: u32, position: u32) -> Option<&[u8]> {
    let skip = usize::try_from(position.checked_sub(first)?).ok()?;
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.split(|&byte| byte == b'\n').nth(skip)
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use sha2::Sha256;

    use super::*;
    use crate::foundation::Random;
    use crate::foundation::crypto::jwe;
    use crate::foundation::crypto::sealing::OpeningKey;

    fn sealed(count: usize) -> Vec<String> {
        let random = Random::seeded(1);
        let key = OpeningKey::generate(&random).unwrap();
        (0..count)
            .map(|n| jwe::seal(&n.to_be_bytes(), "ak-1", key.sealing_key(), &random).unwrap())
            .collect()
    }

    fn known(kid: &str) -> Result<(), Code> {
        match kid {
            "ak-1" => Ok(()),
            "ak-0" => Err(Code::KidClosed),
            _ => Err(Code::Kid),
        }
    }

    fn codes(body: &str) -> Vec<(u32, &'static str, String)> {
        let lines = look(body.as_bytes(), 10_000, known).unwrap();
        lines.faults.into_iter().map(|f| (f.position, f.code.as_str(), f.pointer)).collect()
    }

    #[test]
    fn sound_lines_have_no_faults_and_the_digest_of_the_body() {
        for tail in ["", "\n"] {
            let body = sealed(3).join("\n") + tail;
            let lines = look(body.as_bytes(), 3, known).unwrap();
            assert_eq!((lines.count, lines.faults.len()), (3, 0));
            assert_eq!(lines.digest, sha256(body.as_bytes()));
        }
    }

    #[test]
    fn three_bad_lines_of_many_are_all_named() {
        let mut lines = sealed(400);
        lines[7] = lines[7].replace("..", ".AAAA.");
        lines[150] = "not a record".to_owned();
        lines[399].push('A');
        let expected = [
            (7, "encrypted-key", "/encrypted_key".to_owned()),
            (150, "form", String::new()),
            (399, "tag", "/tag".to_owned()),
        ];
        assert_eq!(codes(&(lines.join("\n") + "\n")), expected);
    }

    #[test]
    fn an_ephemeral_key_may_not_come_twice() {
        let mut lines = sealed(3);
        lines[2] = lines[0].clone();
        let expected = [(2, "epk-repeated", "/protected/epk".to_owned())];
        assert_eq!(codes(&lines.join("\n")), expected);
    }

    #[test]
    fn a_key_that_is_unknown_or_closed_is_named() {
        let random = Random::seeded(2);
        let key = OpeningKey::generate(&random).unwrap();
        let line = |kid| jwe::seal(b"x", kid, key.sealing_key(), &random).unwrap();
        let body = [line("ak-0"), line("ak-1"), line("ak-9")].join("\n");
        let at = "/protected/kid".to_owned();
        assert_eq!(codes(&body), [(0, "kid-closed", at.clone()), (2, "kid", at)]);
    }

    #[test]
    fn an_attested_line_is_a_canonical_commitment_and_nothing_else() {
        let good = jwe::commitment(b"one");
        let look = |body: &str| look_attested(body.as_bytes(), 20).unwrap();
        let sound = look(&format!("{good}\n{good}\n"));
        assert_eq!((sound.count, sound.faults.len()), (2, 0));
        let mut last = good[..42].to_owned();
        last.push('_');
        let bad = [&good[..42], &format!("{good}A"), &format!("{good}="), "", &last, &sealed(1)[0]];
        let found = look(&(bad.join("\n") + "\n"));
        assert_eq!(found.faults.len(), bad.len());
        assert!(found.faults.iter().all(|fault| fault.code.as_str() == "commitment"));
        assert_eq!(codes(&good), [(0, "form", String::new())]);
        let mixed = look(&format!("{good}\r\n{good}"));
        assert_eq!(mixed.faults.iter().map(|fault| fault.position).collect::<Vec<_>>(), [0]);
        assert_eq!(look_attested(b"a\nb\nc", 2).unwrap_err(), TooManyLines);
    }

    #[test]
    fn empty_lines_and_carriage_returns_are_faults() {
        let lines = sealed(2);
        assert_eq!(codes(&lines.join("\n\n")), [(1, "form", String::new())]);
        let at = "/tag".to_owned();
        assert_eq!(codes(&(lines.join("\r\n") + "\n")), [(0, "base64", at)]);
        assert_eq!(codes("\n"), [(0, "form", String::new())]);
        assert_eq!(look(b"", 5, known).unwrap().count, 0);
        assert_eq!(look(b"a\nb\nc", 2, known).unwrap_err(), TooManyLines);
    }

    #[test]
    fn a_line_names_no_more_than_eight_faults() {
        let line = &sealed(1)[0];
        let members: String = (b'a'..=b'y').map(|b| format!("\"{}\":1,", char::from(b))).collect();
        let header = format!("{{{members}\"z\":1}}");
        let (_, rest) = line.split_once('.').unwrap();
        let header = crate::foundation::crypto::b64u::encode(header.as_bytes());
        assert_eq!(codes(&format!("{header}.{rest}")).len(), MAX_FAULTS);
    }

    #[test]
    fn the_root_is_over_lines_without_their_line_feeds() {
        for count in [1, 2, 3, 7] {
            let lines = sealed(count);
            let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
            lines.iter().for_each(|line| tree.push(line.clone().into_bytes()));
            let seen = look(lines.join("\n").as_bytes(), 10_000, known).unwrap();
            assert_eq!(seen.root.as_slice(), tree.root().as_bytes().as_slice(), "{count}");
        }
    }

    #[test]
    fn parts_are_whole_lines_and_give_every_line_back() {
        let lines: Vec<String> = (0..2_000).map(|n| format!("{n:0>900}")).collect();
        let body = lines.join("\n");
        let seen = look(body.as_bytes(), 10_000, known).unwrap();
        assert!(seen.parts.len() > 5 && seen.parts.iter().all(|p| p.range.len() <= PART_BYTES));
        let whole: Vec<u8> =
            seen.parts.iter().flat_map(|p| body.as_bytes()[p.range.clone()].to_vec()).collect();
        assert_eq!(whole, body.as_bytes());
        for position in [0, 1, 290, 291, 292, 1_998, 1_999] {
            let part = seen.parts.iter().rfind(|part| part.first <= position).unwrap();
            let found = line_of(&body.as_bytes()[part.range.clone()], part.first, position);
            assert_eq!(found, Some(lines[usize::try_from(position).unwrap()].as_bytes()));
        }
        assert_eq!(line_of(b"a\nb\n", 10, 12), None);
        assert_eq!(line_of(b"a\nb\n", 10, 9), None);
    }
}
