//! An invented city: the districts of Hebi with duty holders, outlets and streams that do not
//! exist. Pure and seeded: the same seed gives the same city.
//!
//! Most duty holders are hotels and couriers, whose records grow with the size of the city. The
//! other nine trades have a few small ones each ([`small`]).
//!
//! Numbers of documents, companies and telephones are made so that nobody can have them: the
//! region 410699 was never issued, and telephone numbers begin with 1390000.

pub use super::sector::Sector;
use super::small;
use crate::foundation::Random;
use crate::foundation::crypto::sha256;
use crate::foundation::ids::{HolderId, Id, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::rules::documents;

/// Districts of Hebi by GB/T 2260 code, with their names.
pub const DISTRICTS: [(&str, &str, &str); 5] = [
    ("410602", "鹤山区", "Heshan"),
    ("410603", "山城区", "Shancheng"),
    ("410611", "淇滨区", "Qibin"),
    ("410621", "浚县", "Xunxian"),
    ("410622", "淇县", "Qixian"),
];

/// How large a city, and from when to when.
#[derive(Clone, Debug)]
pub struct Size {
    /// Seed of everything invented.
    pub seed: u64,
    /// Duty holders in lodging.
    pub lodging: u32,
    /// Duty holders in courier services.
    pub courier: u32,
    /// Records over all days, about.
    pub records: u64,
    /// The first day.
    pub first_day: Day,
    /// How many days.
    pub days: u32,
}

/// A duty holder.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Its id.
    pub id: HolderId,
    /// What it does.
    pub sector: Sector,
    /// Its invented name.
    pub name: String,
    /// Its invented unified social credit code.
    pub credit_code: String,
    /// Its outlets, each with one stream.
    pub outlets: Vec<Outlet>,
    /// How it submits: `sealed` or `attested`.
    pub mode: &'static str,
    /// What goes wrong at a small business; `None` for hotels and couriers.
    pub role: Option<small::Role>,
}

/// A place of business and its stream.
#[derive(Clone, Debug)]
pub struct Outlet {
    /// Its invented name.
    pub name: String,
    /// Index into [`DISTRICTS`].
    pub district: usize,
    /// Its street address.
    pub address: String,
    /// The stream of its records.
    pub stream: StreamId,
    /// The kind of business within the trade, where its pack tells kinds apart.
    pub subtype: Option<&'static str>,
    /// How much business it does.
    trade: Trade,
}

/// How much business an outlet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trade {
    /// Its size relative to the other outlets of the city's large trades.
    Share(u64),
    /// So many customers on every day, whatever the size of the city.
    Daily(u64),
}

/// The city.
#[derive(Clone, Debug)]
pub struct City {
    /// How it was made.
    pub size: Size,
    /// Its duty holders, those in lodging first, then couriers, then the small ones.
    pub holders: Vec<Holder>,
    /// Days before the first day on which some streams were open already.
    pub past: u32,
    /// Weight of all outlets on all days, in per mille.
    weight: u64,
    /// Records of the large trades, about.
    large: u64,
}

const PLACES: [&str; 12] = [
    "淇水",
    "云梦山",
    "大伾山",
    "鹤鸣",
    "朝歌",
    "古灵山",
    "金山",
    "桃园",
    "天赉",
    "兴鹤",
    "华夏",
    "泰山",
];
const INNS: [&str; 6] = ["宾馆", "商务酒店", "客栈", "快捷酒店", "民宿", "大酒店"];
const COURIERS: [&str; 8] = [
    "速达快递",
    "丰远速运",
    "飞羽快递",
    "中驿快递",
    "迅捷物流",
    "云鹤快运",
    "百邮速递",
    "通衢快递",
];
const STREETS: [&str; 10] = [
    "兴鹤大街",
    "九州路",
    "淇滨大道",
    "朝歌路",
    "黎阳路",
    "长风路",
    "红旗街",
    "泰山路",
    "华山路",
    "卫河路",
];

/// One of `list`, drawn.
pub(super) fn pick<'a, T: ?Sized>(random: &Random, list: &[&'a T]) -> &'a T {
    let at = random.below(u64::try_from(list.len()).unwrap_or(1));
    list[usize::try_from(at).unwrap_or(0)]
}

impl City {
    /// Invents a city.
    pub fn invent(size: Size) -> City {
        let random = Random::seeded(size.seed);
        let millis = u64::try_from(size.first_day.start().millis()).unwrap_or(0);
        let mut holders = Vec::new();
        for number in 0..size.lodging + size.courier {
            let sector = if number < size.lodging { Sector::Lodging } else { Sector::Courier };
            holders.push(holder(&random, sector, number, millis));
        }
        let weight = holders.iter().map(|holder| weight_of(holder, &size)).sum();
        let large = size.records;
        City { size, holders, past: 0, weight, large }
    }

    /// Invents a city with all eleven trades. The small businesses have as many records at any
    /// size; `size.records` counts them in, as far as half of it reaches.
    pub fn of_all_trades(size: Size) -> City {
        let mut city = City::invent(size);
        let random = Random::seeded(city.size.seed ^ 0x51ab_77c3_0d9e_2f48);
        let first = u32::try_from(city.holders.len()).unwrap_or(0);
        let mut small = 0;
        city.past = small::PAST;
        for (number, business) in (first..).zip(small::BUSINESSES) {
            let millis = u64::try_from(city.first_of(business.role).start().millis()).unwrap_or(0);
            let days = city.size.days + city.past_of(business.role);
            small += business.daily * u64::from(days);
            city.holders.push(small_holder(&random, &business, number, millis));
        }
        city.large = city.size.records.saturating_sub(small).max(city.size.records / 2);
        city
    }

    /// The days before the first day on which the streams of a small business were open.
    fn past_of(&self, role: small::Role) -> u32 {
        if role.has_past() { self.past } else { 0 }
    }

    fn first_of(&self, role: small::Role) -> Day {
        back(self.size.first_day, self.past_of(role))
    }

    /// The first day on which the streams of `holder` are open.
    pub fn opened_on(&self, holder: &Holder) -> Day {
        holder.role.map_or(self.size.first_day, |role| self.first_of(role))
    }

    /// The first day on which any stream is open.
    pub fn earliest_day(&self) -> Day {
        back(self.size.first_day, self.past)
    }

    /// The days of the city's records.
    pub fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let first = self.size.first_day;
        (0..self.size.days).map(move |number| first.plus(number))
    }

    /// The last of these days.
    pub fn last_day(&self) -> Day {
        self.size.first_day.plus(self.size.days.saturating_sub(1))
    }

    /// How many records `outlet` should have on `day`, before anything goes wrong.
    pub fn volume(&self, sector: Sector, outlet: &Outlet, day: Day) -> u64 {
        let weight = match outlet.trade {
            Trade::Daily(count) => return about(self.chance(outlet, day), count),
            Trade::Share(weight) => weight,
        };
        let share = u128::from(self.large) * u128::from(weight * weekday(sector, day));
        // No week is quite like another: 88 to 110 in a hundred of what the weekday says.
        let busy = u128::from(880 + self.chance(outlet, day) % 221);
        u64::try_from(share * busy / u128::from(self.weight.max(1) * 1_000)).unwrap_or(u64::MAX)
    }

    /// A number of its own for every outlet and day.
    fn chance(&self, outlet: &Outlet, day: Day) -> u64 {
        let text = format!("{}/{}/{day}", self.size.seed, outlet.stream);
        let [first, second, ..] = sha256(text.as_bytes());
        u64::from(first) << 8 | u64::from(second)
    }

    /// Every outlet with its duty holder.
    pub fn outlets(&self) -> impl Iterator<Item = (usize, &Holder, &Outlet)> {
        let numbered = self.holders.iter().enumerate();
        numbered.flat_map(|(at, holder)| holder.outlets.iter().map(move |o| (at, holder, o)))
    }
}

fn weekday(sector: Sector, day: Day) -> u64 {
    sector.weekdays()[usize::try_from(day.weekday()).unwrap_or(0)]
}

/// `days` days before `day`.
fn back(day: Day, days: u32) -> Day {
    (0..days).fold(day, |day, _| day.previous())
}

/// `count` customers, one more or one less as `chance` has it.
const fn about(chance: u64, count: u64) -> u64 {
    count + chance % 3 - 1
}

fn weight_of(holder: &Holder, size: &Size) -> u64 {
    let days: u64 = (0..size.days).map(|n| weekday(holder.sector, size.first_day.plus(n))).sum();
    let share = |outlet: &Outlet| match outlet.trade {
        Trade::Share(weight) => weight,
        Trade::Daily(_) => 0,
    };
    holder.outlets.iter().map(|outlet| share(outlet) * days).sum()
}

fn holder(random: &Random, sector: Sector, number: u32, millis: u64) -> Holder {
    let place = PLACES[usize::try_from(number).unwrap_or(0) % PLACES.len()];
    let home = usize::try_from(random.below(5)).unwrap_or(0);
    let brand = match sector {
        Sector::Lodging => format!("{place}{}", pick(random, &INNS)),
        _ => format!("{place}{}", pick(random, &COURIERS)),
    };
    let name = format!("鹤壁{brand}有限公司（虚构{:02}号）", number + 1);
    // A holder with several outlets is not larger than one with a single outlet.
    let outlets = 1 + random.below(3);
    let outlets = (0..outlets)
        .map(|at| {
            let district =
                if at == 0 { home } else { usize::try_from(random.below(5)).unwrap_or(0) };
            let (_, district_name, _) = DISTRICTS[district];
            Outlet {
                name: format!("{brand}{district_name}{}店", at + 1),
                district,
                address: address(random, district),
                stream: fresh(random, millis),
                subtype: None,
                trade: Trade::Share((60 + random.below(80)) / outlets),
            }
        })
        .collect();
    Holder {
        id: fresh(random, millis),
        sector,
        name,
        credit_code: documents::test_credit_code(number + 1),
        outlets,
        mode: "sealed",
        role: None,
    }
}

fn address(random: &Random, district: usize) -> String {
    let (_, name, _) = DISTRICTS[district];
    format!("河南省鹤壁市{name}{}{}号", pick(random, &STREETS), 1 + random.below(300))
}

/// A small business with one outlet.
fn small_holder(random: &Random, own: &small::Business, number: u32, millis: u64) -> Holder {
    let district = usize::try_from(random.below(5)).unwrap_or(0);
    Holder {
        id: fresh(random, millis),
        sector: own.sector,
        name: format!("鹤壁{}（虚构{:02}号）", own.name, number + 1),
        credit_code: documents::test_credit_code(number + 1),
        outlets: vec![Outlet {
            name: own.name.to_owned(),
            district,
            address: address(random, district),
            stream: fresh(random, millis),
            subtype: own.subtype,
            trade: Trade::Daily(own.daily),
        }],
        mode: own.mode,
        role: Some(own.role),
    }
}

fn fresh<T: Id>(random: &Random, millis: u64) -> T {
    T::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random.bytes()).into_uuid())
}

/// The moment `seconds` after the beginning of `day`.
pub(super) fn moment(day: Day, seconds: u64) -> Timestamp {
    day.start().plus(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn size(records: u64) -> Size {
        Size {
            seed: 1,
            lodging: 40,
            courier: 20,
            records,
            first_day: "2026-04-06".parse().unwrap(),
            days: 14,
        }
    }

    #[test]
    fn all_eleven_trades_are_there_and_the_records_add_up() {
        let city = City::of_all_trades(Size { lodging: 27, courier: 14, ..size(100_000) });
        for sector in Sector::ALL {
            assert!(city.holders.iter().filter(|holder| holder.sector == sector).count() >= 2);
        }
        assert_eq!(city.holders.len(), 60);
        let of = |holder: &Holder, outlet: &Outlet| {
            let first = city.opened_on(holder);
            let days = std::iter::successors(Some(first), |day| Some(day.next()));
            let days = days.take_while(|day| *day <= city.last_day());
            days.map(|day| city.volume(holder.sector, outlet, day)).sum::<u64>()
        };
        let all: u64 = city.outlets().map(|(_, holder, outlet)| of(holder, outlet)).sum();
        assert!((98_000..=100_000).contains(&all), "{all}");
    }

    #[test]
    fn the_same_seed_gives_the_same_city() {
        let (a, b) = (City::invent(size(1_000)), City::invent(size(1_000)));
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
        let other = City::invent(Size { seed: 2, ..size(1_000) });
        assert_ne!(format!("{a:?}"), format!("{other:?}"));
    }

    #[test]
    fn the_records_add_up_to_about_the_number_asked_for() {
        let city = City::invent(size(100_000));
        let all: u64 = city
            .outlets()
            .flat_map(|(_, holder, outlet)| {
                city.days().map(|day| city.volume(holder.sector, outlet, day)).collect::<Vec<_>>()
            })
            .sum();
        assert!((98_000..=100_000).contains(&all), "{all}");
        assert!(city.holders.iter().all(|holder| (1..=3).contains(&holder.outlets.len())));
    }

    #[test]
    fn every_company_has_its_own_code_with_a_right_check_character() {
        let city = City::invent(size(1_000));
        let codes: std::collections::BTreeSet<_> =
            city.holders.iter().map(|holder| holder.credit_code.clone()).collect();
        assert_eq!(codes.len(), city.holders.len());
        assert!(codes.iter().all(|code| documents::credit_check(code) == Some(true)));
    }
}
