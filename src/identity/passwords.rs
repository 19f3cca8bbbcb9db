//! Which passwords are good enough to be chosen.
//!
//! Source: ASVS 5.0, 6.2.1 to 6.2.12: length counts, composition does not.

use std::collections::BTreeSet;

/// The shortest password, in characters.
pub(super) const SHORTEST: usize = 12;

/// The longest password, in bytes; nothing is ever cut off.
pub(super) const LONGEST: usize = 1024;

/// Passwords of at least [`SHORTEST`] characters that people are known to choose.
static COMMON: &str = include_str!("common_passwords.txt");

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weakness {
    /// Fewer than twelve characters.
    Short,
    /// More than 1024 bytes.
    Long,
    /// On the list of common ones, made of few different characters, or built on the login.
    Common,
}

/// What is wrong with `password` for the person who signs in as `login`.
pub(super) fn weakness(password: &str, login: &str) -> Option<Weakness> {
    if password.chars().count() < SHORTEST {
        return Some(Weakness::Short);
    }
    if password.len() > LONGEST {
        return Some(Weakness::Long);
    }
    let folded = password.to_lowercase();
    let different: BTreeSet<char> = folded.chars().collect();
    let common = different.len() < 5
        || is_sequence(&folded)
        || rest_is_short(&folded, login)
        || rest_is_short(&folded, "password")
        || rest_is_short(&folded, "chayan")
        || COMMON.lines().any(|line| line == folded);
    common.then_some(Weakness::Common)
}

/// Whether each character follows the one before in its table, or each precedes it.
fn is_sequence(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps = |step: i64| codes.windows(2).filter(|pair| pair[1] - pair[0] == step).count();
    // "9" → "0" and the like may break the row once in a while.
    codes.len() < steps(1) + 3 || codes.len() < steps(-1) + 3
}

/// Whether `text` without every `word` is too short to protect anything.
fn rest_is_short(text: &str, word: &str) -> bool {
    text.contains(word) && text.replace(word, "").chars().count() < 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_unusual_passwords_are_good() {
        for good in [
            "correct horse battery",
            "鹤壁的春天来得比较早一点儿",
            "7ZzKq2-vv0LmR",
            "淇水汤汤 渐车帷裳 女也不爽",
        ] {
            assert_eq!(weakness(good, "li.na"), None, "{good}");
        }
    }

    #[test]
    fn short_common_and_repetitive_passwords_are_not() {
        assert_eq!(weakness("elevenchars", "li.na"), Some(Weakness::Short));
        assert_eq!(weakness(&"长".repeat(400), "li.na"), Some(Weakness::Long));
        for common in [
            "1qaz2wsx3edc",
            "Qwerty123456",
            "aaaaaaaaaaaa",
            "123123123123",
            "abcdefghijklm",
            "1234567890123",
            "987654321098",
            "password2026",
            "Password!!!!",
            "chayanchayan1",
            "officer.seven7",
            "woaini1314520",
        ] {
            assert_eq!(weakness(common, "officer.seven"), Some(Weakness::Common), "{common}");
        }
    }

    #[test]
    fn the_list_holds_what_only_the_list_can_refuse() {
        assert!(COMMON.lines().count() > 150);
        assert!(COMMON.lines().all(|line| line.chars().count() >= SHORTEST));
        assert!(COMMON.lines().all(|line| line == line.to_lowercase()));
    }
}
