//! Delivery reports: a letter that a mail server took, and that came back after all.
//!
//! Reports (RFC 3464) arrive in the mailbox of the sender, a Maildir. Each is read once: it names
//! the letter by the Message-ID of what it returns. A report proves nothing by who sent it, and
//! need not: whoever forges one makes the department serve on paper.

use std::path::{Path, PathBuf};

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use serde_json::json;

use super::error::NoticeError;
use super::model::LetterState;
use super::proof::{Proof, ProofKind};
use super::service;
use super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::LetterId;
use crate::foundation::jobs::Tally;
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// The longest report that is read, in bytes; a longer one is set aside.
const LONGEST: u64 = 1024 * 1024;
/// The most reports of one round.
const ROUND: usize = 500;

/// What a delivery report says of one of our letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) letter: LetterId,
    pub(super) kind: ProofKind,
    /// Such as `5.1.1` (RFC 3463); empty if the report has none.
    pub(super) status: String,
}

/// Reads a delivery report about a letter of ours, sent from `domain`; `None` for every other mail,
/// and for a report that something is only delayed.
pub(super) fn read(bytes: &[u8], domain: &str) -> Option<Report> {
    let message = MessageParser::default().parse(bytes)?;
    let kind = message.content_type()?;
    let reports = kind.attribute("report-type").is_some_and(|of| of == "delivery-status");
    if !kind.ctype().eq_ignore_ascii_case("multipart") || !reports {
        return None;
    }
    let status = message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("message")
                && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("delivery-status"))
        })
    })?;
    let fields = String::from_utf8_lossy(status.contents()).into_owned();
    let kind = match field(&fields, "action")?.to_ascii_lowercase().as_str() {
        "failed" => ProofKind::Bounced,
        "delivered" => ProofKind::Delivered,
        _ => return None,
    };
    let status = field(&fields, "status").filter(|status| is_status(status)).unwrap_or_default();
    let letter = message.parts.iter().find_map(|part| returned(&part.body, domain))?;
    Some(Report { letter, kind, status: status.to_owned() })
}

/// The value of the first field called `name` of a delivery status.
fn field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    fields.lines().find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Whether `text` is three numbers with dots between them.
fn is_status(text: &str) -> bool {
    let numbers: Vec<&str> = text.split('.').collect();
    let number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    numbers.len() == 3 && numbers.iter().all(number)
}

/// The letter of ours that a part of a report returns, whole or by its headers.
fn returned(part: &PartType<'_>, domain: &str) -> Option<LetterId> {
    let ours = |message: &Message<'_>| {
        let (local, own) = message.message_id()?.split_once('@')?;
        own.eq_ignore_ascii_case(domain).then(|| local.parse().ok()).flatten()
    };
    match part {
        PartType::Message(message) => ours(message),
        PartType::Text(text) => ours(&MessageParser::default().parse(text.as_bytes())?),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            ours(&MessageParser::default().parse(bytes.as_ref())?)
        }
        PartType::Html(_) | PartType::Multipart(_) => None,
    }
}

/// Keeps what a report says, with a leaf; a letter that came back asks for paper. Gives what it was,
/// `None` if it is known already or no such letter was sent.
fn keep_in(
    tx: &mut Conn,
    house: &House,
    report: &Report,
) -> Result<Option<ProofKind>, NoticeError> {
    let sent = store::find(tx, report.letter)?.filter(|l| l.state == LetterState::Sent);
    let Some(letter) = sent else { return Ok(None) };
    let proof = Proof {
        id: house.fresh(),
        letter: letter.id,
        kind: report.kind,
        at: house.clock.now(),
        status: Some(report.status.clone()).filter(|status| !status.is_empty()),
        person: None,
        consented: false,
    };
    if !store::insert_proof(tx, &proof)? {
        return Ok(None);
    }
    let body = json!({
        "letter": letter.id, "case": letter.case_id, "result": report.kind,
        "status": report.status,
    });
    append_in(tx, &NewLeaf::new(house, LeafKind::NoticeResult, body))?;
    if report.kind == ProofKind::Bounced {
        service::settle_in(tx, house, &letter.code)?;
    }
    Ok(Some(report.kind))
}

/// Reads every new mail of the Maildir `folder`, at most 500, and moves it to the read ones. Counts
/// `bounced`, `delivered` and, of everything else, `other`.
///
/// # Errors
///
/// Those of the database and of the folder; what was not moved is read again, and changes nothing
/// then.
pub async fn collect_bounces(
    house: &House,
    folder: &Path,
    domain: &str,
) -> Result<Tally, NoticeError> {
    let mut tally = Tally::default();
    for path in new_mail(folder).await? {
        let report = match tokio::fs::metadata(&path).await?.len() <= LONGEST {
            true => read(&tokio::fs::read(&path).await?, domain),
            false => None,
        };
        let kept = match report {
            Some(report) => {
                let inside = house.clone();
                house.store.write("notices.bounce", move |tx| keep_in(tx, &inside, &report)).await?
            }
            None => None,
        };
        tally.add(kept.map_or("other", ProofKind::as_str), 1);
        set_aside(folder, &path).await?;
    }
    Ok(tally)
}

/// The mail that nobody has read, in the order of its names; none if there is no folder.
async fn new_mail(folder: &Path) -> Result<Vec<PathBuf>, NoticeError> {
    let mut fresh = match tokio::fs::read_dir(folder.join("new")).await {
        Ok(fresh) => fresh,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(cause.into()),
    };
    let mut paths = Vec::new();
    while let Some(found) = fresh.next_entry().await? {
        if found.file_type().await?.is_file() {
            paths.push(found.path());
        }
    }
    paths.sort();
    paths.truncate(ROUND);
    Ok(paths)
}

/// Moves a mail to those that were seen, as a Maildir has it.
async fn set_aside(folder: &Path, path: &Path) -> Result<(), NoticeError> {
    let seen = folder.join("cur");
    tokio::fs::create_dir_all(&seen).await?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    tokio::fs::rename(path, seen.join(format!("{}:2,S", name.unwrap_or_default()))).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "0198c0de-0000-7000-8000-00000000002a";

    fn report(action: &str, status: &str, returned: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.example\r\nTo: notice@audit.example\r\nSubject: failure\r\n\
             MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; desk@crane.example\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550 no such user\r\n\r\n{returned}--b--\r\n"
        )
        .into_bytes()
    }

    fn whole(id: &str) -> String {
        format!(
            "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{id}>\r\nSubject: x\r\n\r\n\
             text\r\n"
        )
    }

    fn headers(id: &str) -> String {
        format!(
            "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-ID: <{id}>\r\n\r\n"
        )
    }

    #[test]
    fn a_report_names_its_letter_whole_or_by_its_headers() {
        let ours = format!("{LETTER}@audit.example");
        for returned in [whole(&ours), headers(&ours)] {
            let read = read(&report("failed", "5.1.1", &returned), "audit.example").unwrap();
            let expected = (LETTER.parse().unwrap(), ProofKind::Bounced, "5.1.1");
            assert_eq!((read.letter, read.kind, read.status.as_str()), expected, "{returned}");
        }
        let delivered = read(&report("Delivered", "2.0.0", &whole(&ours)), "audit.example");
        assert_eq!(delivered.unwrap().kind, ProofKind::Delivered);
    }

    #[test]
    fn what_is_no_final_report_of_our_letters_says_nothing() {
        let ours = format!("{LETTER}@audit.example");
        for (mail, why) in [
            (report("delayed", "4.2.0", &whole(&ours)), "it is still tried"),
            (report("failed", "5.1.1", &whole(&format!("{LETTER}@other.example"))), "not ours"),
            (report("failed", "5.1.1", &whole("x@audit.example")), "no letter"),
            (report("failed", "5.1.1", ""), "nothing returned"),
            (b"From: a@b.cn\r\nSubject: hello\r\n\r\nAction: failed\r\n".to_vec(), "a mail"),
            (Vec::new(), "nothing"),
            (vec![0xff; 4096], "noise"),
        ] {
            assert_eq!(read(&mail, "audit.example"), None, "{why}");
        }
        let odd = read(&report("failed", "five", &whole(&ours)), "audit.example").unwrap();
        assert_eq!(odd.status, "", "a status is three numbers or none");
    }

    proptest::proptest! {
        #[test]
        fn no_mail_makes_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            read(&bytes, "audit.example");
            read(&report("failed", "5.0.0", &String::from_utf8_lossy(&bytes)), "audit.example");
        }
    }
}
