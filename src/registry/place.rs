//! Trades and districts: what a department is competent for, and where.

use std::fmt;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use crate::foundation::db::text_enum;

text_enum! {
    /// A trade whose businesses must verify and register identity (`domain.md` 1.1).
    pub enum Sector {
        /// 物流.
        Freight = "freight",
        /// 寄递.
        Courier = "courier",
        /// 电信.
        Telecom = "telecom",
        /// 互联网.
        Internet = "internet",
        /// 金融.
        Finance = "finance",
        /// 住宿.
        Lodging = "lodging",
        /// 长途客运.
        Passenger = "passenger",
        /// 房屋租赁.
        HouseRental = "house_rental",
        /// 机动车租赁.
        VehicleRental = "vehicle_rental",
        /// 散装汽油.
        Gasoline = "gasoline",
        /// 瓶装燃气.
        BottledGas = "bottled_gas",
    }
}

impl Sector {
    /// The Fluent key of the trade's name.
    pub fn key(self) -> String {
        format!("registry-sector-{}", self.as_str().replace('_', "-"))
    }
}

/// Which list a division code is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DivisionKind {
    /// GB/T 2260, the national standard.
    Gb2260,
    /// Used by statistics only.
    Statistical,
}

/// The divisions of Hebi (`domain.md` 2.3).
const DIVISIONS: &[(&str, DivisionKind)] = &[
    ("410600", DivisionKind::Gb2260),
    ("410602", DivisionKind::Gb2260),
    ("410603", DivisionKind::Gb2260),
    ("410611", DivisionKind::Gb2260),
    ("410621", DivisionKind::Gb2260),
    ("410622", DivisionKind::Gb2260),
    ("410671", DivisionKind::Statistical),
];

/// A division code of six digits. One that ends in `00` stands for all divisions that begin like
/// it: `410600` is all of Hebi.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct District([u8; 6]);

impl District {
    /// Every division that the registry knows, parents before their parts.
    pub fn known() -> Vec<Self> {
        DIVISIONS.iter().filter_map(|(code, _)| code.parse().ok()).collect()
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Which list the code is from; `None` if the registry does not know it.
    pub fn kind(&self) -> Option<DivisionKind> {
        DIVISIONS.iter().find(|(code, _)| *code == self.as_str()).map(|(_, kind)| *kind)
    }

    /// Whether this is the code of a whole city.
    pub fn is_whole(&self) -> bool {
        self.0.ends_with(b"00")
    }

    /// Whether `other` is this division or a part of it.
    pub fn covers(&self, other: &Self) -> bool {
        self == other || (self.is_whole() && self.0[..4] == other.0[..4])
    }

    /// The Fluent key of the division's name.
    pub fn key(&self) -> String {
        format!("registry-district-{}", self.as_str())
    }
}

/// The text is not a division code of six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a division code of six digits")]
pub struct NotADistrict;

impl FromStr for District {
    type Err = NotADistrict;
    fn from_str(text: &str) -> Result<Self, NotADistrict> {
        let code: [u8; 6] = text.as_bytes().try_into().ok().ok_or(NotADistrict)?;
        if code.iter().all(u8::is_ascii_digit) { Ok(Self(code)) } else { Err(NotADistrict) }
    }
}

impl fmt::Display for District {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for District {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for District {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for District {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<DB: Backend> ToSql<Text, DB> for District
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for District
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(String::from_sql(bytes)?.parse()?)
    }
}

/// A trade in a district: what jurisdiction is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The trade.
    pub sector: Sector,
    /// The district of the outlet.
    pub district: District,
}

impl Place {
    /// Whether `other` is the same trade in the same district or a part of it.
    pub fn covers(&self, other: &Self) -> bool {
        self.sector == other.sector && self.district.covers(&other.district)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_covers_its_districts_and_no_other() {
        let code = |text: &str| text.parse::<District>().unwrap();
        assert!(code("410600").covers(&code("410602")));
        assert!(code("410600").covers(&code("410671")));
        assert!(code("410602").covers(&code("410602")));
        assert!(!code("410602").covers(&code("410600")));
        assert!(!code("410602").covers(&code("410603")));
        assert!(!code("410600").covers(&code("410500")));
        assert_eq!("41060".parse::<District>(), Err(NotADistrict));
        assert_eq!("41060x".parse::<District>(), Err(NotADistrict));
        assert_eq!(code("410671").kind(), Some(DivisionKind::Statistical));
        assert_eq!(District::known().len(), DIVISIONS.len());
    }
}
