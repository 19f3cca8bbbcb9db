//! What officers do with printed letters: mark them as posted, and enter the return receipt.

use serde_json::json;

use super::error::NoticeError;
use super::guard::CopyOfficer;
use super::proof::{PostedHow, ReceivedHow, receiver};
use super::store;
use crate::foundation::House;
use crate::foundation::time::Day;
use crate::identity::FieldCipher;
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::RegistryError;

/// The longest number of a consignment, and the longest name, in characters.
const LONGEST: usize = 64;

/// One line of at most 64 characters without the white space around it; `fault` otherwise.
fn line(text: &str, fault: &'static str) -> Result<String, NoticeError> {
    let text = text.trim();
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(NoticeError::Words(fault));
    }
    Ok(text.to_owned())
}

/// That a printed letter left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Posting {
    how: PostedHow,
    number: Option<String>,
}

impl Posting {
    /// How it left, and the number of the consignment, which only officers who hand it over need
    /// not give.
    ///
    /// # Errors
    ///
    /// [`NoticeError::Words`].
    pub(super) fn parse(how: &str, number: &str) -> Result<Self, NoticeError> {
        let how = how.parse().ok().ok_or(NoticeError::Words("how"))?;
        let number = Some(line(number, "number")?).filter(|number| !number.is_empty());
        if number.is_none() && how != PostedHow::Handed {
            return Err(NoticeError::Words("number"));
        }
        Ok(Self { how, number })
    }
}

/// A return receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReturnReceipt {
    on: Day,
    how: ReceivedHow,
    by: String,
}

impl ReturnReceipt {
    /// The day on which the letter was received, how and by whom; the day is not before `first`, on
    /// which it was written, nor after `today`.
    ///
    /// # Errors
    ///
    /// [`NoticeError::Words`].
    pub(super) fn parse(
        (on, how, by): (&str, &str, &str),
        first: Day,
        today: Day,
    ) -> Result<Self, NoticeError> {
        let on: Day = on.parse().ok().ok_or(NoticeError::Words("day"))?;
        if on < first || on > today {
            return Err(NoticeError::Words("day"));
        }
        let how = how.parse().ok().ok_or(NoticeError::Words("how"))?;
        let by = line(by, "receiver")?;
        if by.is_empty() {
            return Err(NoticeError::Words("receiver"));
        }
        Ok(Self { on, how, by })
    }
}

/// Marks a printed letter as posted, with a leaf.
///
/// # Errors
///
/// [`NoticeError::NotNow`] if it does not wait any more; those of the store.
pub(super) async fn post(
    house: &House,
    right: &CopyOfficer,
    posting: Posting,
) -> Result<(), NoticeError> {
    let (copy, by) = (right.copy.clone(), right.officer.row().id);
    let body = json!({
        "letter": copy.letter, "case": copy.case, "result": "posted", "how": posting.how,
        "officer": right.officer.pseudonym().to_string(),
    });
    let leaf = NewLeaf::new(house, LeafKind::NoticeResult, body);
    let at = house.clock.now();
    house
        .store
        .write("notices.post", move |tx| {
            let number = posting.number.as_deref();
            let row = store::Posting { at, by, how: posting.how, number };
            if !store::post(tx, copy.id, &row)? {
                return Err(NoticeError::NotNow);
            }
            append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

/// Enters the return receipt of a printed letter, with a leaf; it proves the service. Who received it
/// is sealed, and no leaf names him.
///
/// # Errors
///
/// [`NoticeError::NotNow`] if there is one already, or the letter is not needed any more; those of
/// the store.
pub(super) async fn receive(
    house: &House,
    cipher: &FieldCipher,
    right: &CopyOfficer,
    receipt: ReturnReceipt,
) -> Result<(), NoticeError> {
    let (copy, by) = (right.copy.clone(), right.officer.row().id);
    let body = json!({
        "letter": copy.letter, "case": copy.case, "result": "received", "how": receipt.how,
        "on": receipt.on, "officer": right.officer.pseudonym().to_string(),
    });
    let leaf = NewLeaf::new(house, LeafKind::NoticeResult, body);
    let cell = receiver(&copy.id, &copy.holder);
    let sealed = cipher.wrap(cell, receipt.by.as_bytes(), &house.random);
    let sealed = sealed.map_err(RegistryError::from)?;
    let at = house.clock.now();
    house
        .store
        .write("notices.receive", move |tx| {
            let (on, how) = (receipt.on, receipt.how);
            let row = store::Receipt { on, how, receiver: &sealed, at, by };
            if !store::receive(tx, copy.id, &row)? {
                return Err(NoticeError::NotNow);
            }
            append_in(tx, &leaf)?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn fault<T>(parsed: Result<T, NoticeError>) -> &'static str {
        match parsed {
            Err(NoticeError::Words(fault)) => fault,
            Err(other) => panic!("{other}"),
            Ok(_) => "",
        }
    }

    #[test]
    fn a_posting_has_a_way_and_a_number_where_there_is_one() {
        assert_eq!(fault(Posting::parse("handed", "")), "");
        assert_eq!(fault(Posting::parse("registered", " XA123 ")), "");
        for (how, number, expected) in [
            ("registered", " ", "number"),
            ("pigeon", "1", "how"),
            ("courier", "1\n2", "number"),
            ("courier", &"9".repeat(65), "number"),
        ] {
            assert_eq!(fault(Posting::parse(how, number)), expected, "{how} {number}");
        }
    }

    #[test]
    fn a_return_receipt_lies_between_the_letter_and_today() {
        let (first, today) = (day("2026-03-02"), day("2026-03-09"));
        let parse = |on, how, by| fault(ReturnReceipt::parse((on, how, by), first, today));
        assert_eq!(parse("2026-03-02", "signed", "前台"), "");
        assert_eq!(parse("2026-03-09", "left", "邻居见证"), "");
        assert_eq!(parse("2026-03-01", "signed", "前台"), "day");
        assert_eq!(parse("2026-03-10", "signed", "前台"), "day");
        assert_eq!(parse("2026-02-30", "signed", "前台"), "day");
        assert_eq!(parse("2026-03-03", "", "前台"), "how");
        assert_eq!(parse("2026-03-03", "mailbox", "  "), "receiver");
    }
}
