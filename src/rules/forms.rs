//! The formats that a schema of a pack may name, and the reading of times and days.
//!
//! Every format takes text of any kind and never panics. A format that checks a checksum holds for
//! text of another form, so that one wrong number gives one failure.

use base64ct::{Base64UrlUnpadded, Encoding};
use chrono::{DateTime, Duration, NaiveDate};

use super::documents;

/// Seconds by which Asia/Shanghai is ahead of UTC.
const SHANGHAI: i64 = 8 * 3600;
/// Fewest random bytes of a salt.
const SALT_BYTES: usize = 16;

/// One custom format: its name in a schema and its check.
pub(super) type Format = (&'static str, fn(&str) -> bool);

/// Every custom format.
pub(super) const FORMATS: [Format; 26] = [
    ("salt", salt),
    ("instant", |text| instant(text).is_some()),
    ("day", |text| day(text).is_some()),
    ("person-name", person_name),
    ("plain-text", plain_text),
    ("pseudonym", pseudonym),
    ("mobile", mobile),
    ("landline", landline),
    ("phone", phone),
    ("resident-id", documents::resident_id),
    ("resident-id-check", |text| documents::resident_check(text) != Some(false)),
    ("permanent-residence-2017", documents::permanent_residence_2017),
    ("permanent-residence-2023", documents::permanent_residence_2023),
    ("hk-macau-permit", documents::hk_macau_permit),
    ("taiwan-permit", documents::taiwan_permit),
    ("hk-residence-permit", |text| documents::residence_permit(text, "810000")),
    ("macau-residence-permit", |text| documents::residence_permit(text, "820000")),
    ("taiwan-residence-permit", |text| documents::residence_permit(text, "830000")),
    ("passport", documents::passport),
    ("military-id", documents::military_id),
    ("local-number", documents::local_number),
    ("uscc", documents::credit_code),
    ("uscc-check", |text| documents::credit_check(text) != Some(false)),
    ("plate", plate),
    ("division", division),
    ("token", token),
];

/// What a plate begins with, one for each province.
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";
/// What may end a plate instead of a letter or digit: trailers, trainers, police, Hong Kong, Macau.
const PLATE_ENDS: &str = "挂学警港澳";
/// First two digits of the divisions of GB/T 2260.
const DIVISIONS: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82",
];

/// At least sixteen bytes in canonical unpadded base64url.
fn salt(text: &str) -> bool {
    Base64UrlUnpadded::decode_vec(text).is_ok_and(|bytes| bytes.len() >= SALT_BYTES)
}

/// A moment as seconds since 1970 UTC: RFC 3339 with `T`, seconds and an offset; fractions of a
/// second are dropped. `None` for anything else, leap seconds among it.
pub(super) fn instant(text: &str) -> Option<i64> {
    let date = day(text.get(..10)?)?;
    let rest = text.get(10..)?.as_bytes();
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, tail @ ..] = rest else { return None };
    let time = date.and_hms_opt(two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?)?;
    Some(time.and_utc().timestamp() - offset(without_fraction(tail)?)?)
}

/// The civil day of a moment in Asia/Shanghai.
pub(super) fn civil_day(instant: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp(instant.checked_add(SHANGHAI)?, 0).map(|time| time.date_naive())
}

/// A day of the calendar, `YYYY-MM-DD`, from year 1000 on.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let [y1 @ b'1'..=b'9', y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return None;
    };
    let year = two(*y1, *y2)? * 100 + two(*y3, *y4)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(*m1, *m2)?, two(*d1, *d2)?)
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    Some(char::from(tens).to_digit(10)? * 10 + char::from(ones).to_digit(10)?)
}

fn without_fraction(tail: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = tail.strip_prefix(b".") else { return Some(tail) };
    let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
    fraction.get(digits..).filter(|_| matches!(digits, 1..=9))
}

/// Seconds by which an offset is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let [sign, h1, h2, b':', m1, m2] = text else { return (text == b"Z").then_some(0) };
    let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let length = Duration::minutes(i64::from(hours * 60 + minutes)).num_seconds();
    match sign {
        b'+' => Some(length),
        b'-' => Some(-length),
        _ => None,
    }
}

/// Letters of any script with the marks that names have; no digits, no blanks at the ends.
fn person_name(text: &str) -> bool {
    plain_text(text)
        && text.chars().all(|c| c.is_alphabetic() || " ·•.'’-‐,".contains(c))
        && text.chars().any(char::is_alphabetic)
}

/// Text without control characters and without blanks at the ends.
fn plain_text(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

/// A pseudonym of a member of staff: ASCII letters, digits, `-` and `_`, and no run of eleven or
/// more digits, which would be a telephone or document number.
fn pseudonym(text: &str) -> bool {
    matches!(text.len(), 1..=32)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        && text.split(|c: char| !c.is_ascii_digit()).all(|run| run.len() < 11)
}

/// A mainland mobile number, with or without `+86`.
fn mobile(text: &str) -> bool {
    let number = text.strip_prefix("+86").unwrap_or(text);
    matches!(number.as_bytes(), [b'1', b'3'..=b'9', rest @ ..]
        if rest.len() == 9 && rest.iter().all(u8::is_ascii_digit))
}

/// A mainland landline with its area code, such as `0392-3210000`, or a 400 service number; an
/// extension of up to six digits may follow a second hyphen.
fn landline(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let extension = third.is_none_or(|t| digits(t, 1, 6));
    match second {
        None => first.starts_with('0') && digits(first, 10, 12),
        Some(number) if first == "400" => {
            digits(number, 3, 7) && third.is_none_or(|t| digits(t, 3, 6))
        }
        Some(number) => {
            first.starts_with('0') && digits(first, 3, 4) && digits(number, 7, 8) && extension
        }
    }
}

/// A mobile number, a landline, or an international number with its `+`.
fn phone(text: &str) -> bool {
    mobile(text)
        || landline(text)
        || text.strip_prefix('+').is_some_and(|number| {
            !number.starts_with(['0']) && !number.starts_with("86") && digits(number, 7, 15)
        })
}

/// A vehicle's plate: province, letter, and five characters or six of a new-energy vehicle; the
/// letters I and O are not used. Letters are capital.
fn plate(text: &str) -> bool {
    let mut characters = text.chars();
    let province = characters.next().is_some_and(|c| PROVINCES.contains(c));
    let office = characters.next().is_some_and(|c| c.is_ascii_uppercase());
    let number: Vec<char> = characters.collect();
    let Some((end, body)) = number.split_last() else { return false };
    let plain = |c: char| (c.is_ascii_uppercase() && !"IO".contains(c)) || c.is_ascii_digit();
    province
        && office
        && body.iter().copied().all(plain)
        && match body.len() {
            4 => plain(*end) || PLATE_ENDS.contains(*end),
            5 => plain(*end),
            _ => false,
        }
}

/// A division code: six digits, the first two of a province.
fn division(text: &str) -> bool {
    digits(text, 6, 6) && DIVISIONS.iter().any(|province| text.starts_with(province))
}

/// A keyed hash of 32 bytes in canonical unpadded base64url.
fn token(text: &str) -> bool {
    Base64UrlUnpadded::decode_vec(text).is_ok_and(|bytes| bytes.len() == 32)
}

fn digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_read_with_its_offset() {
        assert_eq!(instant("1970-01-01T08:00:00+08:00"), Some(0));
        assert_eq!(instant("1970-01-01T00:00:01.5Z"), Some(1));
        assert_eq!(instant("1969-12-31T19:00:00-05:00"), Some(0));
    }

    #[test]
    fn a_moment_without_offset_or_outside_the_calendar_is_none() {
        for text in [
            "",
            "2026-03-02",
            "2026-03-02T10:00:00",
            "2026-03-02T10:00+08:00",
            "2026-03-02 10:00:00+08:00",
            "2026-03-02t10:00:00+08:00",
            "2026-02-30T10:00:00+08:00",
            "2026-03-02T24:00:00+08:00",
            "2026-03-02T23:59:60+08:00",
            "2026-03-02T10:00:00.+08:00",
            "2026-03-02T10:00:00+0800",
            "2026-03-02T10:00:00+24:00",
            "２026-03-02T10:00:00Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_civil_day_begins_at_midnight_in_shanghai() {
        let before = instant("2026-03-01T15:59:59Z").and_then(civil_day);
        let after = instant("2026-03-01T16:00:00Z").and_then(civil_day);
        assert_eq!((before, after), (day("2026-03-01"), day("2026-03-02")));
    }

    #[test]
    fn a_salt_has_sixteen_bytes_and_one_spelling() {
        assert!(salt("AAAAAAAAAAAAAAAAAAAAAA"));
        assert!(!salt("AAAAAAAAAAAAAAAAAAAA"), "fifteen bytes");
        assert!(!salt("AAAAAAAAAAAAAAAAAAAAAB"), "trailing bits");
        assert!(!salt("AAAAAAAAAAAAAAAAAAAAAA=="), "padding");
    }

    #[test]
    fn telephone_numbers_are_told_from_other_digits() {
        for good in [
            "13900000000",
            "+8613900000000",
            "0392-3210000",
            "03923210000",
            "0392-3210000-801",
            "400-800-1234",
            "400-8001234",
            "+4915112345678",
        ] {
            assert!(phone(good), "{good}");
        }
        for bad in [
            "",
            "-",
            "12900000000",
            "1390000000",
            "3210000",
            "0392-",
            "+861234",
            "+0123456789",
            "139 0000 0000",
        ] {
            assert!(!phone(bad), "{bad}");
        }
    }

    #[test]
    fn names_have_letters_and_pseudonyms_no_telephone_numbers() {
        assert!(person_name("阿依古丽·买买提") && person_name("O'Neil, Ann-Mary"));
        assert!(!person_name("张三1") && !person_name(" 张三") && !person_name("··"));
        assert!(pseudonym("op-07") && !pseudonym("13900000000") && !pseudonym("王芳"));
    }

    #[test]
    fn a_plate_has_five_characters_or_six_of_a_new_energy_vehicle() {
        for good in ["豫F12345", "豫FD12345", "京A8888警", "豫F1234挂", "粤ZAB12港"] {
            assert!(plate(good), "{good}");
        }
        for bad in [
            "",
            "豫",
            "豫F",
            "豫F1234",
            "豫FD123456",
            "豫F1234I",
            "豫f12345",
            "F123456",
            "豫F12挂45",
            "豫FD1234挂",
            "豫·F12345",
        ] {
            assert!(!plate(bad), "{bad}");
        }
    }

    #[test]
    fn a_division_lies_in_a_province_and_a_token_has_32_bytes() {
        assert!(division("410602") && division("820000"));
        assert!(!division("990000") && !division("41060") && !division("41060a"));
        assert!(token("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert!(!token("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"), "trailing bits");
        assert!(!token("AAAAAAAAAAAAAAAAAAAAAA"), "sixteen bytes");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            for (_, check) in FORMATS {
                check(&text);
            }
        }

        #[test]
        fn what_a_calendar_library_writes_is_read_back(seconds in -30_000_000_000i64..200_000_000_000) {
            let time = DateTime::from_timestamp(seconds, 0).unwrap();
            prop_assert_eq!(instant(&time.to_rfc3339()), Some(seconds));
        }
    }
}
