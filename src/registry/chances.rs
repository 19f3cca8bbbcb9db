//! The chance that a duty holder and a period are audited, by class (sampling.md §7).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A chance as a share: so many of so many. In the log it is `[1,6]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chance(u32, u32);

impl Chance {
    /// In every period.
    pub const ALWAYS: Self = Self(1, 1);

    /// How many of `size` holders are drawn: rounded up, so that nobody's chance is below the one
    /// that was promised, and none is zero.
    pub fn of(self, size: u64) -> u64 {
        let drawn = (u128::from(size) * u128::from(self.0)).div_ceil(u128::from(self.1.max(1)));
        u64::try_from(drawn).unwrap_or(u64::MAX).min(size)
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 { write!(f, "1") } else { write!(f, "{}/{}", self.0, self.1) }
    }
}

impl FromStr for Chance {
    type Err = String;

    /// Reads `1/6`, or `1`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (part, whole) = text.split_once('/').unwrap_or((text, "1"));
        match (part.parse(), whole.parse()) {
            (Ok(part), Ok(whole)) if 0 < part && part <= whole && whole <= 1000 => {
                Ok(Self(part, whole))
            }
            _ => Err("is no share above 0 and up to 1, like \"1/6\"".to_owned()),
        }
    }
}

/// The chances of the four classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chances {
    /// Of class A.
    #[serde(rename = "A")]
    pub a: Chance,
    /// Of class B, in which everybody begins.
    #[serde(rename = "B")]
    pub b: Chance,
    /// Of class C.
    #[serde(rename = "C")]
    pub c: Chance,
    /// Of class D, which is visited besides.
    #[serde(rename = "D")]
    pub d: Chance,
}

impl Default for Chances {
    /// Those of `sampling.md` §7.
    fn default() -> Self {
        Self { a: Chance(1, 6), b: Chance(1, 3), c: Chance::ALWAYS, d: Chance::ALWAYS }
    }
}

impl fmt::Display for Chances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.a, self.b, self.c, self.d)
    }
}

impl FromStr for Chances {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, String> {
        let all: Vec<Chance> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        match *all.as_slice() {
            [a, b, c, d] => Ok(Self { a, b, c, d }),
            _ => Err("are not four chances".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_chance_is_below_the_one_that_was_promised() {
        let chances = Chances::default();
        let drawn: Vec<u64> = [0, 1, 6, 7, 12, 600].map(|size| chances.a.of(size)).to_vec();
        assert_eq!(drawn, [0, 1, 1, 2, 2, 100]);
        assert_eq!((chances.b.of(9), chances.b.of(10), chances.c.of(10)), (3, 4, 10));
        assert_eq!(Chance(1, 1000).of(u64::MAX), u64::MAX / 1000 + 1);
    }

    #[test]
    fn a_chance_is_above_zero_and_at_most_one() {
        for bad in ["0", "0/6", "7/6", "1/0", "1/1001", "-1/6", "1/6/2", "one", "", "0.5"] {
            assert!(bad.parse::<Chance>().is_err(), "{bad}");
        }
        assert_eq!("1".parse(), Ok(Chance::ALWAYS));
    }

    #[test]
    fn chances_are_stored_and_logged_as_they_are() {
        let chances = Chances::default();
        assert_eq!(chances.to_string(), "1/6 1/3 1 1");
        assert_eq!(chances.to_string().parse(), Ok(chances));
        let logged = serde_json::to_value(chances).unwrap();
        assert_eq!(logged, serde_json::json!({"A": [1, 6], "B": [1, 3], "C": [1, 1], "D": [1, 1]}));
        assert_eq!(serde_json::from_value::<Chances>(logged).unwrap(), chances);
    }
}
