//! The working days of China: the week, the holidays of each year and the days that are worked in
//! exchange, as data.
//!
//! Source: the yearly notices of the General Office of the State Council on public holidays; they
//! are the files `rule-packs/calendar/<year>.toml`. A year without a file counts its weekends only,
//! and whatever is reckoned through such a year is provisional until the notice is out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::foundation::time::Day;
use crate::rules::{self, Mark};

/// The longest span that is reckoned, in days; a longer one is cut to it.
const LONGEST: u32 = 36_600;

/// A length of time as law or an officer sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Days on which offices work (工作日).
    Working(u32),
    /// Days of the calendar.
    Calendar(u32),
}

/// One year of the calendar, as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// Such as `2026.1`.
    pub version: String,
    /// The notice that it follows, in Chinese.
    pub source: String,
    /// How well the notice is confirmed.
    pub confidence: Mark,
    off: BTreeSet<Day>,
    worked: BTreeSet<Day>,
}

/// Which days are worked. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar(Arc<BTreeMap<i32, Year>>);

/// A file of the calendar that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("calendar/{file}: {what}")]
pub struct CalendarFault {
    file: String,
    what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearFile {
    year: i32,
    version: String,
    source: String,
    confidence: Mark,
    holiday: Vec<HolidayFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayFile {
    #[serde(rename = "zh")]
    _zh: String,
    #[serde(rename = "en")]
    _en: String,
    from: Day,
    to: Day,
    #[serde(default)]
    work: Vec<Day>,
}

impl Calendar {
    /// The calendar inside the binary.
    #[expect(clippy::expect_used, reason = "a test reads the embedded calendar")]
    pub fn embedded() -> Self {
        Self::of(&embedded()).expect("the embedded calendar is sound")
    }

    /// The calendar inside the binary, with those years replaced or added that lie in the folder
    /// `calendar` below `folder`.
    ///
    /// # Errors
    ///
    /// [`CalendarFault`], which names the file.
    pub fn load(folder: &Path) -> Result<Self, CalendarFault> {
        let own = folder.join("calendar");
        let mut files = embedded();
        if own.is_dir() {
            let fault = |cause: std::io::Error| CalendarFault {
                file: String::new(),
                what: cause.to_string(),
            };
            for found in fs::read_dir(own).map_err(fault)? {
                let found = found.map_err(fault)?;
                let name = found.file_name().to_string_lossy().into_owned();
                if name.ends_with(".toml") {
                    files.insert(name, fs::read_to_string(found.path()).map_err(fault)?);
                }
            }
        }
        Self::of(&files)
    }

    /// The calendar of these files, by name.
    fn of(files: &BTreeMap<String, String>) -> Result<Self, CalendarFault> {
        let mut years = BTreeMap::new();
        for (name, text) in files {
            let (number, year) =
                read(name, text).map_err(|what| CalendarFault { file: name.clone(), what })?;
            years.insert(number, year);
        }
        Ok(Self(Arc::new(years)))
    }

    /// Whether offices work on `day`.
    pub fn is_working(&self, day: Day) -> bool {
        let in_week = day.weekday() < 5;
        self.0.get(&year_of(&day)).map_or(in_week, |year| {
            year.worked.contains(&day) || (in_week && !year.off.contains(&day))
        })
    }

    /// The `n`-th working day after `day`, which itself does not count; `day` if `n` is 0.
    #[must_use]
    pub fn plus_working(&self, day: Day, n: u32) -> Day {
        let (mut at, mut left) = (day, n.min(LONGEST));
        while left > 0 {
            at = at.next();
            left -= u32::from(self.is_working(at));
        }
        at
    }

    /// The last day of `span` if it begins after `day`.
    #[must_use]
    pub fn add(&self, day: Day, span: Span) -> Day {
        match span {
            Span::Working(days) => self.plus_working(day, days),
            Span::Calendar(days) => day.plus(days.min(LONGEST)),
        }
    }

    /// Working days after `from`, up to `until` and with it; 0 if that is not later.
    pub fn working_between(&self, from: Day, until: Day) -> u32 {
        let (mut at, mut count) = (from, 0);
        while at < until {
            at = at.next();
            count += u32::from(self.is_working(at));
        }
        count
    }

    /// Whether a year from `from` to `until` is not in the data, so that its holidays are not known.
    pub fn is_provisional(&self, from: Day, until: Day) -> bool {
        (year_of(&from)..=year_of(&until)).any(|year| !self.0.contains_key(&year))
    }

    /// The years in the data, earliest first.
    pub fn years(&self) -> impl Iterator<Item = (i32, &Year)> {
        self.0.iter().map(|(number, year)| (*number, year))
    }
}

/// The files inside the binary, by name.
fn embedded() -> BTreeMap<String, String> {
    rules::calendar_files().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Reads one file; an error says what is wrong with it.
fn read(name: &str, text: &str) -> Result<(i32, Year), String> {
    let file: YearFile = toml::from_str(text).map_err(|cause| cause.to_string())?;
    if name != format!("{}.toml", file.year) {
        return Err(format!("is the file of {}", file.year));
    }
    let own = |day: &Day| match year_of(day) == file.year {
        true => Ok(*day),
        false => Err(format!("{day} is not in {}", file.year)),
    };
    let (mut off, mut worked) = (BTreeSet::new(), BTreeSet::new());
    for holiday in &file.holiday {
        let (mut day, last) = (own(&holiday.from)?, own(&holiday.to)?);
        if last < day {
            return Err(format!("a holiday ends before it begins: {last}"));
        }
        while day <= last {
            off.insert(day);
            day = day.next();
        }
        for day in &holiday.work {
            if own(day)?.weekday() < 5 {
                return Err(format!("{day} is worked by the week already"));
            }
            worked.insert(*day);
        }
    }
    if let Some(both) = off.intersection(&worked).next() {
        return Err(format!("{both} is off and worked"));
    }
    let YearFile { year, version, source, confidence, .. } = file;
    Ok((year, Year { version, source, confidence, off, worked }))
}

fn year_of(day: &Day) -> i32 {
    day.as_str().get(..4).and_then(|year| year.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Every weekday that was off and every weekend that was worked, written out by hand from the
    /// notices, apart from the data files.
    const OFF: &[&str] = &[
        "2025-01-01",
        "2025-01-28",
        "2025-01-29",
        "2025-01-30",
        "2025-01-31",
        "2025-02-03",
        "2025-02-04",
        "2025-04-04",
        "2025-05-01",
        "2025-05-02",
        "2025-05-05",
        "2025-06-02",
        "2025-10-01",
        "2025-10-02",
        "2025-10-03",
        "2025-10-06",
        "2025-10-07",
        "2025-10-08",
        "2026-01-01",
        "2026-01-02",
        "2026-02-16",
        "2026-02-17",
        "2026-02-18",
        "2026-02-19",
        "2026-02-20",
        "2026-02-23",
        "2026-04-06",
        "2026-05-01",
        "2026-05-04",
        "2026-05-05",
        "2026-06-19",
        "2026-09-25",
        "2026-10-01",
        "2026-10-02",
        "2026-10-05",
        "2026-10-06",
        "2026-10-07",
    ];
    const WORKED: &[&str] = &[
        "2025-01-26",
        "2025-02-08",
        "2025-04-27",
        "2025-09-28",
        "2025-10-11",
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ];

    fn naive(day: &Day) -> bool {
        let text = day.as_str();
        WORKED.contains(&text) || (day.weekday() < 5 && !OFF.contains(&text))
    }

    #[test]
    fn every_day_of_the_known_years_is_as_the_notices_say() {
        let calendar = Calendar::embedded();
        let (mut at, mut worked) = (day("2025-01-01"), [0, 0]);
        while at <= day("2026-12-31") {
            assert_eq!(calendar.is_working(at), naive(&at), "{at}");
            worked[usize::from(at >= day("2026-01-01"))] += u32::from(calendar.is_working(at));
            at = at.next();
        }
        assert_eq!(worked, [248, 248], "as published");
    }

    #[test]
    fn the_new_year_the_spring_festival_and_make_up_days_are_reckoned() {
        let calendar = Calendar::embedded();
        let nth = |from: &str, n| calendar.plus_working(day(from), n).to_string();
        assert_eq!(nth("2025-12-31", 1), "2026-01-04", "a Sunday that is worked");
        assert_eq!(nth("2025-12-31", 2), "2026-01-05");
        assert_eq!(nth("2026-02-13", 1), "2026-02-14", "a Saturday that is worked");
        assert_eq!(nth("2026-02-13", 2), "2026-02-24");
        assert_eq!(nth("2026-02-27", 1), "2026-02-28");
        assert_eq!(nth("2026-09-30", 3), "2026-10-10");
        assert_eq!(nth("2026-02-17", 0), "2026-02-17", "nothing added, nothing moved");
        assert_eq!(calendar.working_between(day("2026-02-13"), day("2026-02-24")), 2);
        assert_eq!(calendar.working_between(day("2026-02-24"), day("2026-02-13")), 0);
    }

    #[test]
    fn a_leap_day_counts_as_its_weekday_says() {
        let calendar = Calendar::embedded();
        // 29 February 2024 was a Thursday, and 2028 a Tuesday.
        assert!(calendar.is_working(day("2028-02-29")));
        assert_eq!(calendar.plus_working(day("2028-02-28"), 2), day("2028-03-01"));
        assert_eq!(calendar.add(day("2028-02-28"), Span::Calendar(2)), day("2028-03-01"));
        assert_eq!(calendar.add(day("2027-02-28"), Span::Calendar(1)), day("2027-03-01"));
    }

    #[test]
    fn a_year_without_a_notice_counts_weekends_and_is_provisional() {
        let calendar = Calendar::embedded();
        assert!(calendar.is_working(day("2027-01-01")) && !calendar.is_working(day("2027-01-02")));
        assert!(calendar.is_provisional(day("2026-12-20"), day("2027-01-05")));
        assert!(!calendar.is_provisional(day("2025-12-20"), day("2026-01-05")));
        let marks: Vec<Mark> = calendar.years().map(|(_, year)| year.confidence).collect();
        assert_eq!(marks, [Mark::V2, Mark::V2]);
        assert!(calendar.years().all(|(number, year)| {
            year.source.contains(&number.to_string()) && !year.version.is_empty()
        }));
    }

    #[test]
    fn a_folder_adds_a_year_and_a_mistake_names_its_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Calendar::load(folder.path()).unwrap(), Calendar::embedded());
        let own = folder.path().join("calendar");
        fs::create_dir(&own).unwrap();
        let year = |holiday: &str| {
            let head = "year = 2027\nversion = \"2027.1\"\nsource = \"x\"\nconfidence = \"M\"\n";
            let text = format!("{head}[[holiday]]\nzh = \"x\"\nen = \"x\"\n{holiday}");
            fs::write(own.join("2027.toml"), text).unwrap();
            Calendar::load(folder.path())
        };
        let known = year("from = \"2027-01-01\"\nto = \"2027-01-01\"").unwrap();
        assert!(!known.is_working(day("2027-01-01")));
        assert!(!known.is_provisional(day("2026-12-20"), day("2027-01-05")));
        for (holiday, mistake) in [
            ("from = \"2026-12-31\"\nto = \"2027-01-01\"", "2026-12-31 is not in 2027"),
            ("from = \"2027-01-02\"\nto = \"2027-01-01\"", "ends before it begins"),
            ("from = \"2027-01-01\"\nto = \"2027-01-01\"\nwork = [\"2027-01-04\"]", "by the week"),
            ("from = \"2027-01-01\"\nto = \"2027-01-03\"\nwork = [\"2027-01-02\"]", "off and"),
            ("from = \"2027-01-01\"\nto = \"2027-01-01\"\nextra = 1", "unknown field"),
        ] {
            let said = year(holiday).unwrap_err().to_string();
            assert!(said.starts_with("calendar/2027.toml: ") && said.contains(mistake), "{said}");
        }
    }

    proptest! {
        #[test]
        fn reckoning_agrees_with_counting_day_by_day(start in 0_u32..1_500, n in 0_u32..300) {
            let calendar = Calendar::embedded();
            let from = day("2024-06-01").plus(start);
            let (mut at, mut counted) = (from, 0);
            while counted < n {
                at = at.next();
                if naive(&at) {
                    counted += 1;
                }
            }
            prop_assert_eq!(calendar.plus_working(from, n), at);
            prop_assert_eq!(calendar.working_between(from, at), n);
            prop_assert!(n == 0 || calendar.is_working(at));
            prop_assert_eq!(calendar.add(from, Span::Calendar(n)).days_since(&from), i64::from(n));
        }
    }
}
