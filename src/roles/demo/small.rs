//! The small businesses of the city: two or three in each of nine trades, each with its part.

use super::sector::Sector;

/// Days before the fortnight on which those with a past were open: the watch for drops needs
/// seventy days to know what is usual, and a class above B needs more than one period.
pub const PAST: u32 = 70;
/// Days of a period of those with a past; three of them end with the fortnight.
pub const LONG_PERIOD: u32 = 28;
/// The day of the fortnight, from 0, on which the drop begins.
pub const DROP_FROM: u32 = 7;
/// Of so many customers, one is still recorded after the drop.
pub const DROP_TO: u64 = 5;
/// Days of the fortnight, from 0, on which the business that declares a closure is closed.
pub const CLOSED: std::ops::Range<u32> = 5..8;

/// The part that a small business plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything is in order.
    Careful,
    /// About three records in ten fail.
    Careless,
    /// A record in five was wrong, and is corrected on the same day.
    Corrects,
    /// It is closed for some days, and says so beforehand.
    Closes,
    /// It does not disclose what was drawn.
    Silent,
    /// Everything is in order, and was in the periods before.
    Veteran,
    /// From one day on it records one customer in five, and says nothing.
    Drops,
}

impl Role {
    /// Whether it was open before the fortnight.
    pub const fn has_past(self) -> bool {
        matches!(self, Role::Veteran | Role::Drops)
    }
}

/// A small business.
#[derive(Clone, Copy, Debug)]
pub struct Business {
    /// What it does.
    pub sector: Sector,
    /// Its kind within the trade.
    pub subtype: Option<&'static str>,
    /// Its invented name.
    pub name: &'static str,
    /// `sealed` or `attested`.
    pub mode: &'static str,
    /// Customers a day.
    pub daily: u64,
    /// Its part.
    pub role: Role,
}

const fn business(
    sector: Sector,
    name: &'static str,
    mode: &'static str,
    daily: u64,
    role: Role,
) -> Business {
    Business { sector, subtype: None, name, mode, daily, role }
}

const fn of_kind(subtype: &'static str, business: Business) -> Business {
    Business { subtype: Some(subtype), ..business }
}

const SEALED: &str = "sealed";
const ATTESTED: &str = "attested";

/// Every small business.
pub const BUSINESSES: [Business; 19] = [
    business(Sector::Freight, "云梦物流货运部", SEALED, 4, Role::Corrects),
    business(Sector::Freight, "朝歌货运信息部", SEALED, 4, Role::Careless),
    business(Sector::Telecom, "淇水通信营业厅", ATTESTED, 4, Role::Careful),
    business(Sector::Telecom, "兴鹤通信营业厅", SEALED, 4, Role::Careful),
    of_kind("cafe", business(Sector::Internet, "鹤鸣网咖", SEALED, 6, Role::Closes)),
    of_kind("online", business(Sector::Internet, "古灵山网络科技公司", SEALED, 3, Role::Careful)),
    business(Sector::Finance, "淇县村镇银行营业部", ATTESTED, 2, Role::Careful),
    business(Sector::Finance, "黎阳小额贷款公司", ATTESTED, 3, Role::Careless),
    business(Sector::Finance, "天赉典当行", ATTESTED, 2, Role::Silent),
    business(Sector::Passenger, "鹤壁长途汽车站", SEALED, 6, Role::Careful),
    business(Sector::Passenger, "浚县客运中心", ATTESTED, 5, Role::Careful),
    business(Sector::HouseRental, "桃园房屋经纪公司", SEALED, 2, Role::Careful),
    business(Sector::HouseRental, "华夏公寓管理公司", SEALED, 3, Role::Careless),
    of_kind("store", business(Sector::VehicleRental, "泰山汽车租赁店", SEALED, 3, Role::Careful)),
    of_kind("timeshare", business(Sector::VehicleRental, "金山共享汽车", SEALED, 4, Role::Careful)),
    business(Sector::Gasoline, "大伾山加油站", SEALED, 3, Role::Careful),
    business(Sector::Gasoline, "长风路加油站", SEALED, 4, Role::Careless),
    business(Sector::BottledGas, "卫河瓶装燃气站", SEALED, 12, Role::Veteran),
    business(Sector::BottledGas, "红旗街瓶装燃气站", SEALED, 20, Role::Drops),
];
