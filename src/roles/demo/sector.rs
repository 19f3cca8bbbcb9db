//! The eleven trades of Article 12, as the city plays them.

/// A trade of the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sector {
    /// 住宿: hotels and guest houses; the police is competent.
    Lodging,
    /// 寄递: couriers; the postal administration is competent.
    Courier,
    /// 物流货运: freight.
    Freight,
    /// 电信: telephone and data services.
    Telecom,
    /// 互联网: online services and internet cafés.
    Internet,
    /// 金融: banks and other financial institutions; attested only.
    Finance,
    /// 长途客运: long-distance passenger transport.
    Passenger,
    /// 房屋租赁: house rental.
    HouseRental,
    /// 机动车租赁: motor-vehicle rental.
    VehicleRental,
    /// 散装汽油: petrol in cans and drums.
    Gasoline,
    /// 瓶装燃气: bottled gas.
    BottledGas,
}

impl Sector {
    /// Every trade.
    pub const ALL: [Sector; 11] = [
        Sector::Lodging,
        Sector::Courier,
        Sector::Freight,
        Sector::Telecom,
        Sector::Internet,
        Sector::Finance,
        Sector::Passenger,
        Sector::HouseRental,
        Sector::VehicleRental,
        Sector::Gasoline,
        Sector::BottledGas,
    ];

    /// The trade's name in registry and packs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sector::Lodging => "lodging",
            Sector::Courier => "courier",
            Sector::Freight => "freight",
            Sector::Telecom => "telecom",
            Sector::Internet => "internet",
            Sector::Finance => "finance",
            Sector::Passenger => "passenger",
            Sector::HouseRental => "house_rental",
            Sector::VehicleRental => "vehicle_rental",
            Sector::Gasoline => "gasoline",
            Sector::BottledGas => "bottled_gas",
        }
    }

    /// The rule pack of its records.
    pub const fn pack(self) -> &'static str {
        match self {
            Sector::Lodging => "lodging/2026.1",
            Sector::Courier => "courier/2026.1",
            Sector::Freight => "freight/2026.1",
            Sector::Telecom => "telecom/2026.1",
            Sector::Internet => "internet/2026.1",
            Sector::Finance => "finance/2026.1",
            Sector::Passenger => "passenger/2026.1",
            Sector::HouseRental => "house_rental/2026.1",
            Sector::VehicleRental => "vehicle_rental/2026.1",
            Sector::Gasoline => "gasoline/2026.1",
            Sector::BottledGas => "bottled_gas/2026.1",
        }
    }

    /// The figures that a day close states for `sold` customers at an outlet of this `subtype`.
    pub fn totals(self, subtype: Option<&str>, sold: u64) -> Vec<(&'static str, u64)> {
        match self {
            Sector::Lodging => vec![("room_nights_sold", sold)],
            Sector::Courier => vec![("waybills", sold)],
            Sector::Freight => vec![("consignments", sold)],
            Sector::Telecom => vec![("orders_done", sold)],
            Sector::Internet if subtype == Some("cafe") => {
                vec![("contracts", 0), ("billed_logons", sold)]
            }
            Sector::Internet => vec![("contracts", sold), ("billed_logons", 0)],
            Sector::Finance => vec![("new_relations", sold), ("one_off_services", 0)],
            Sector::Passenger => vec![("tickets", sold)],
            Sector::HouseRental => vec![("leases_signed", sold)],
            Sector::VehicleRental => vec![("contracts", sold)],
            // Each sale is one can of five litres.
            Sector::Gasoline => vec![("litres_pumped", 5 * sold), ("bulk_sales", sold)],
            Sector::BottledGas => vec![("cylinders_filled", sold), ("cylinders_delivered", 0)],
        }
    }

    /// Share of a week's business on each day, Monday first, in per mille of a mean day.
    pub(super) const fn weekdays(self) -> [u64; 7] {
        match self {
            Sector::Lodging => [880, 840, 860, 920, 1_250, 1_380, 870],
            Sector::Courier => [1_240, 1_120, 1_080, 1_060, 1_040, 860, 600],
            _ => [1_000; 7],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Packs;

    #[test]
    fn a_close_states_exactly_the_figures_that_the_pack_asks_for() {
        let packs = Packs::embedded();
        for sector in Sector::ALL {
            let asked = packs.pack(sector.pack()).unwrap().totals();
            let asked: Vec<&str> = asked.iter().map(|total| total.name.as_str()).collect();
            for subtype in [None, Some("cafe")] {
                let stated = sector.totals(subtype, 7);
                let names: Vec<&str> = stated.iter().map(|(name, _)| *name).collect();
                assert_eq!(names, asked, "{sector:?}");
            }
        }
    }
}
