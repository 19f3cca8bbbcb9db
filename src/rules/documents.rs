//! Numbers of identity documents and credit codes: their form and their check characters.
//!
//! A form is what a number must look like; a check is a checksum over a number whose form is right.
//! The two are apart because they weigh differently: a checksum proves form, never identity, and a
//! failed one asks a person to look at the document again. Layouts that no public standard confirms
//! are checked by length and character set only.

use chrono::{Datelike, NaiveDate};

/// GB 11643 weights of the first seventeen digits.
const RESIDENT_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// GB 11643 check characters by remainder.
const RESIDENT_CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// GB 32100 alphabet: no I, O, S, V, Z.
const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// GB 32100 weights, 3^i mod 31, of the first seventeen characters.
const CREDIT_WEIGHTS: [usize; 17] =
    [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Region of every invented person: inside Hebi's range and never issued.
const TEST_REGION: &str = "410699";

/// Whether `number` has the form of a resident ID: a region that begins with 1 to 8, a birth date
/// that is in the calendar, a sequence and a check character (digit or `X`).
pub fn resident_id(number: &str) -> bool {
    is_eighteen(number)
        && matches!(number.as_bytes().first(), Some(b'1'..=b'8'))
        && birth_date(number).is_some()
}

/// Whether `number` has the form of a Hong Kong, Macau or Taiwan residence permit whose region
/// begins with `region`, such as `810000`.
pub fn residence_permit(number: &str, region: &str) -> bool {
    number.starts_with(region) && resident_id(number)
}

/// Whether `number` has the form of a foreigner's permanent residence ID of 2017: three letters
/// and twelve digits.
pub fn permanent_residence_2017(number: &str) -> bool {
    let (letters, digits) = number.as_bytes().split_at(number.len().min(3));
    letters.len() == 3
        && letters.iter().all(u8::is_ascii_uppercase)
        && digits.len() == 12
        && digits.iter().all(u8::is_ascii_digit)
}

/// Whether `number` has the form of a foreigner's permanent residence ID of December 2023: a 9,
/// sixteen digits and a check character.
pub fn permanent_residence_2023(number: &str) -> bool {
    is_eighteen(number) && number.starts_with('9')
}

/// Whether `number` has the form of a mainland travel permit for Hong Kong and Macau residents:
/// H or M, eight digits, and on older cards two digits of the issue.
pub fn hk_macau_permit(number: &str) -> bool {
    let Some(digits) = number.strip_prefix(['H', 'M']) else { return false };
    matches!(digits.len(), 8 | 10) && all_digits(digits)
}

/// Whether `number` has the form of a mainland travel permit (card) for Taiwan residents.
pub fn taiwan_permit(number: &str) -> bool {
    number.len() == 8 && all_digits(number)
}

/// Whether `number` could be a foreign passport's: five to nine capital letters and digits.
pub fn passport(number: &str) -> bool {
    matches!(number.len(), 5..=9)
        && number.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The check digit that the machine-readable zone gives with a passport number; `None` if it holds
/// anything but capital letters and digits, or more than nine of them.
///
/// Source: ICAO 9303, part 3, 4.9 (weights 7, 3, 1).
pub fn passport_check_digit(number: &str) -> Option<char> {
    let mut sum = 0;
    for (character, weight) in number.chars().zip([7, 3, 1].into_iter().cycle()) {
        if character.is_ascii_lowercase() {
            return None;
        }
        sum += character.to_digit(36)? * weight;
    }
    char::from_digit(sum % 10, 10).filter(|_| matches!(number.len(), 1..=9))
}

/// Whether `number` could be a military or armed police ID's: length and character set only.
pub fn military_id(number: &str) -> bool {
    let length = number.chars().count();
    matches!(length, 4..=24)
        && number.chars().all(char::is_alphanumeric)
        && number.chars().any(|c| c.is_ascii_digit())
}

/// Whether `number` could be one that a local police station gave: length and character set only.
pub fn local_number(number: &str) -> bool {
    matches!(number.chars().count(), 4..=40)
        && number.chars().all(|c| c.is_alphanumeric() || "-()（）〔〕".contains(c))
}

/// Whether the check character of an 18-character number is right; `None` if the number has not
/// seventeen digits and a digit or `X`.
///
/// Source: GB 11643 (ISO 7064, MOD 11-2).
pub fn resident_check(number: &str) -> Option<bool> {
    let written = number.chars().last()?;
    is_eighteen(number)
        .then(|| resident_check_character(number) == Some(written.to_ascii_uppercase()))
}

/// The birth date inside an 18-character number, if there is one in the calendar.
pub fn birth_date(number: &str) -> Option<NaiveDate> {
    let digits = number.get(6..14).filter(|d| number.len() == 18 && all_digits(d))?;
    NaiveDate::from_ymd_opt(
        digits.get(..4)?.parse().ok()?,
        digits.get(4..6)?.parse().ok()?,
        digits.get(6..)?.parse().ok()?,
    )
}

/// Whether `text` has a resident ID with a right check character anywhere inside it.
pub fn mentions_resident_id(text: &str) -> bool {
    if text.len() < 18 {
        return false;
    }
    (0..=text.len() - 18)
        .filter_map(|start| text.get(start..start + 18))
        .any(|part| resident_id(part) && resident_check(part) == Some(true))
}

/// Whether `code` has the form of a unified social credit code: eighteen characters of its
/// alphabet, of which 3 to 8 are the digits of a division.
pub fn credit_code(code: &str) -> bool {
    code.len() == 18
        && code.chars().all(|c| CREDIT_ALPHABET.contains(c))
        && code.get(2..8).is_some_and(all_digits)
}

/// Whether the check character of a credit code is right; `None` if the form is not.
///
/// Some lawful codes of the early pilots fail, so a failure is advice and nothing more.
/// Source: GB 32100-2015.
pub fn credit_check(code: &str) -> Option<bool> {
    let written = code.chars().last()?;
    credit_code(code).then(|| credit_check_character(code) == Some(written))
}

/// A resident ID of an invented person, with the region 410699, which was never issued, and a
/// right check character.
///
/// `seq` counts modulo 1,000; an odd one stands for a man. Years are those of four digits.
pub fn test_resident_id(birth: NaiveDate, seq: u16) -> String {
    let year = birth.year().clamp(1000, 9999);
    let body =
        format!("{TEST_REGION}{year:04}{:02}{:02}{:03}", birth.month(), birth.day(), seq % 1000);
    let check = resident_check_character(&body).unwrap_or_default();
    format!("{body}{check}")
}

/// A credit code of an invented company, with the division 410699, which was never issued, and
/// right check characters. `seq` counts modulo 10,000,000.
pub fn test_credit_code(seq: u32) -> String {
    let organisation = format!("9{:07}", seq % 10_000_000);
    let body = format!("91{TEST_REGION}{organisation}{}", organisation_check(&organisation));
    let check = credit_check_character(&body).unwrap_or_default();
    format!("{body}{check}")
}

/// Check character of an eight-digit organisation code, GB 11714.
fn organisation_check(digits: &str) -> char {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 =
        digits.chars().filter_map(|c| c.to_digit(10)).zip(weights).map(|(d, w)| d * w).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        rest => char::from_digit(rest, 10).unwrap_or('0'),
    }
}

fn resident_check_character(number: &str) -> Option<char> {
    let mut sum = 0;
    let mut digits = number.chars();
    for weight in RESIDENT_WEIGHTS {
        sum += digits.next()?.to_digit(10)? * weight;
    }
    RESIDENT_CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

fn credit_check_character(code: &str) -> Option<char> {
    let mut sum = 0;
    let mut characters = code.chars();
    for weight in CREDIT_WEIGHTS {
        sum += CREDIT_ALPHABET.find(characters.next()?)? * weight;
    }
    CREDIT_ALPHABET.chars().nth((31 - sum % 31) % 31)
}

fn is_eighteen(number: &str) -> bool {
    let Some((digits, check)) = number.as_bytes().split_at_checked(17) else { return false };
    digits.iter().all(u8::is_ascii_digit) && matches!(check, [b'0'..=b'9' | b'X' | b'x'])
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_resident_numbers_pass() {
        for number in ["11010519491231002X", "440524188001010014", "11010519491231002x"] {
            assert!(resident_id(number), "{number}");
            assert_eq!(resident_check(number), Some(true), "{number}");
        }
    }

    #[test]
    fn a_changed_digit_or_a_swapped_pair_fails_the_check_and_keeps_the_form() {
        for number in ["110105194912310021", "110105194912310202", "44052418800101001X"] {
            assert!(resident_id(number), "{number}");
            assert_eq!(resident_check(number), Some(false), "{number}");
        }
    }

    #[test]
    fn a_number_without_the_form_has_no_check() {
        for number in ["", "X", "11010519491231002", "1101051949123100२X", "11010519491231002XX"]
        {
            assert!(!resident_id(number), "{number}");
            assert_eq!(resident_check(number), None, "{number}");
        }
    }

    #[test]
    fn a_day_outside_the_calendar_or_a_region_of_nobody_is_not_a_resident_id() {
        assert!(!resident_id("110105194902310021"), "31 February");
        assert!(!resident_id("010105194912310021"), "region 0");
        assert!(!resident_id("910105194912310021"), "region 9");
    }

    #[test]
    fn the_published_passport_number_gives_the_published_check_digit() {
        assert_eq!(passport_check_digit("L898902C3"), Some('6'));
        assert_eq!(passport_check_digit("HA672242"), Some('6'), "padded to nine characters");
        for none in ["", "l898902c3", "L898902C36", "L89 902C3", "一"] {
            assert_eq!(passport_check_digit(none), None, "{none}");
        }
    }

    #[test]
    fn the_published_credit_codes_give_the_published_results() {
        for (code, right) in [
            ("91350200MA2YJ1XR9G", true),
            ("913502000728319549", true),
            ("91440101MA5CJQ4N59", true),
            ("91350203M0001QAY9B", false),
            ("91350100M0001TGQXM", false),
            ("91350211M0000XUF46", false),
        ] {
            assert_eq!(credit_check(code), Some(right), "{code}");
        }
        assert_eq!(credit_check("91350200MA2YJ1XR9I"), None, "I is not in the alphabet");
        assert_eq!(credit_check("91350200ma2yj1xr9g"), None, "small letters");
    }

    #[test]
    fn the_other_documents_are_told_apart_by_form() {
        assert!(permanent_residence_2017("USA310001010100"));
        assert!(!permanent_residence_2017("US1310001010100"));
        assert!(!permanent_residence_2017("护照号"));
        assert!(permanent_residence_2023("91184019900101001X"));
        assert!(hk_macau_permit("H12345678") && hk_macau_permit("M1234567801"));
        assert!(!hk_macau_permit("T12345678"));
        assert!(taiwan_permit("12345678") && !taiwan_permit("123456789"));
        assert!(passport("E12345678") && !passport("E-2345678") && !passport("AB1"));
        assert!(military_id("军字第1234567号") && !military_id("军字 1"));
        assert!(residence_permit("810000199001010011", "810000"));
        assert!(!residence_permit("820000199001010011", "810000"));
    }

    #[test]
    fn a_resident_id_is_seen_inside_a_longer_text() {
        assert!(mentions_resident_id("鹤壁市淇滨区11010519491231002X某号"));
        assert!(!mentions_resident_id("鹤壁市淇滨区110105194912310021某号"));
        assert!(!mentions_resident_id("鹤壁市淇滨区"));
    }

    proptest! {
        #[test]
        fn every_invented_person_has_a_right_number(day in 0u32..40_000, seq: u16) {
            let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap()
                + chrono::Days::new(u64::from(day));
            let number = test_resident_id(birth, seq);
            prop_assert!(resident_id(&number));
            prop_assert_eq!(resident_check(&number), Some(true));
            prop_assert_eq!(birth_date(&number), Some(birth));
        }

        #[test]
        fn every_invented_company_has_a_right_code(seq: u32) {
            prop_assert_eq!(credit_check(&test_credit_code(seq)), Some(true));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            for check in [resident_id, permanent_residence_2017, permanent_residence_2023,
                hk_macau_permit, taiwan_permit, passport, military_id, local_number,
                mentions_resident_id, credit_code] {
                check(&text);
            }
            prop_assert!(resident_check(&text).is_none() || text.len() == 18);
            prop_assert!(credit_check(&text).is_none() || text.len() == 18);
        }
    }
}
