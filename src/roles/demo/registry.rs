//! The registry file of the city: the way in that every real city takes too.

use serde_json::{Value, json};

use super::city::{City, DISTRICTS, Holder, Outlet, Sector};
use super::small;
use crate::outside::submit::{BusinessKeys, public_jwk};

/// The name of each duty holder's business system.
pub const SYSTEM: &str = "front office";

/// A department of the city.
struct Department {
    sectors: &'static [Sector],
    code: &'static str,
    zh: &'static str,
    en: &'static str,
    organ: &'static str,
    officers: [Officer; 2],
}

/// An officer: login, name, certificate, whether he leads.
struct Officer(&'static str, &'static str, &'static str, bool);

const DEPARTMENTS: [Department; 6] = [
    Department {
        sectors: &[Sector::Lodging, Sector::HouseRental, Sector::Gasoline],
        code: "police",
        zh: "鹤壁市公安局（演示）",
        en: "Hebi Public Security Bureau (demonstration)",
        organ: "鹤公",
        officers: [
            Officer("lin.yue", "林月", "HN-0600-1001", true),
            Officer("he.shan", "何山", "HN-0600-1002", false),
        ],
    },
    Department {
        sectors: &[Sector::Courier],
        code: "post",
        zh: "鹤壁市邮政管理局（演示）",
        en: "Hebi Postal Administration (demonstration)",
        organ: "鹤邮",
        officers: [
            Officer("su.he", "苏禾", "HN-0600-2001", true),
            Officer("qi.hang", "祁航", "HN-0600-2002", false),
        ],
    },
    Department {
        sectors: &[Sector::Freight, Sector::Passenger, Sector::VehicleRental],
        code: "transport",
        zh: "鹤壁市交通运输局（演示）",
        en: "Hebi Transport Bureau (demonstration)",
        organ: "鹤交",
        officers: [
            Officer("lu.cheng", "路程", "HN-0600-3001", true),
            Officer("wei.yang", "卫扬", "HN-0600-3002", false),
        ],
    },
    Department {
        sectors: &[Sector::Telecom, Sector::Internet],
        code: "communications",
        zh: "鹤壁市通信发展管理办公室（演示）",
        en: "Hebi Communications Office (demonstration)",
        organ: "鹤通",
        officers: [
            Officer("xin.ning", "辛宁", "HN-0600-4001", true),
            Officer("tong.an", "童安", "HN-0600-4002", false),
        ],
    },
    Department {
        sectors: &[Sector::Finance],
        code: "finance",
        zh: "中国人民银行鹤壁市分行（演示）",
        en: "Hebi Branch of the central bank (demonstration)",
        organ: "鹤银",
        officers: [
            Officer("jin.heng", "金恒", "HN-0600-5001", true),
            Officer("ying.zhu", "应竹", "HN-0600-5002", false),
        ],
    },
    Department {
        sectors: &[Sector::BottledGas],
        code: "city",
        zh: "鹤壁市城市管理局（演示）",
        en: "Hebi City Administration (demonstration)",
        organ: "鹤城",
        officers: [
            Officer("qing.lan", "青岚", "HN-0600-6001", true),
            Officer("bai.lu", "白露", "HN-0600-6002", false),
        ],
    },
];

/// The login of the officer of `sector` who decides in the demonstration.
pub fn deciding(sector: Sector) -> &'static str {
    let competent = DEPARTMENTS.iter().find(|d| d.sectors.contains(&sector));
    competent.map_or("", |d| d.officers[0].0)
}

/// The code of the department that is competent for `sector`.
fn department_of(sector: Sector) -> &'static str {
    let competent = DEPARTMENTS.iter().find(|d| d.sectors.contains(&sector));
    competent.map_or("", |d| d.code)
}

/// The trades of each department.
pub fn departments() -> impl Iterator<Item = &'static [Sector]> {
    DEPARTMENTS.iter().map(|department| department.sectors)
}

/// Hours from the end of the fortnight to its cutoff: late records may come until then.
pub const CUTOFF_HOURS: u32 = 48;
/// Audits of a business in a calendar year, by whatever department: one a month.
pub const AUDITS_PER_YEAR: u32 = 12;
/// Hours that a business has to disclose what was drawn.
pub const DISCLOSURE_HOURS: u32 = 24;

/// The registry file of `city`, with the public keys of its duty holders' systems, in their order.
///
/// # Errors
///
/// Those of the TOML writer, which has nothing to refuse here.
pub fn file(city: &City, keys: &[BusinessKeys]) -> Result<String, toml::ser::Error> {
    let mut file = json!({
        "department": DEPARTMENTS.map(|d| json!({
            "code": d.code, "name_zh": d.zh, "name_en": d.en, "organ": d.organ,
            "email": format!("{}@hebi.example", d.code),
            "scope": [{ "sectors": names(&d), "districts": DISTRICTS.map(|d| d.0) }],
        })),
        "officer": DEPARTMENTS.iter().flat_map(officers).collect::<Vec<Value>>(),
        "pack": Sector::ALL.map(|sector| json!({
            "sector": sector.as_str(), "pack": sector.pack(), "from": "2026-01-01",
        })),
        "plan": DEPARTMENTS
            .iter()
            .flat_map(|d| d.sectors.iter().map(|sector| plan(city, d, *sector)))
            .collect::<Vec<Value>>(),
    });
    file["holder"] = city.holders.iter().enumerate().map(holder).collect();
    file["outlet"] = city
        .outlets()
        .map(|(at, _, outlet)| {
            json!({
                "key": key(outlet), "holder": city.holders[at].id, "name": outlet.name,
                "district": DISTRICTS[outlet.district].0, "address": outlet.address,
            })
        })
        .collect();
    file["stream"] = city
        .outlets()
        .map(|(_, holder, outlet)| {
            let modes: &[&str] = match holder.sector {
                Sector::Courier | Sector::Telecom | Sector::Passenger => &["sealed", "attested"],
                _ => &[holder.mode],
            };
            let mut stream = json!({
                "id": outlet.stream, "outlet": key(outlet), "sector": holder.sector.as_str(),
                "modes": modes, "opened_on": city.opened_on(holder), "closed_on": city.last_day(),
            });
            if let Some(subtype) = outlet.subtype {
                stream["subtype"] = subtype.into();
            }
            stream
        })
        .collect();
    file["client"] = city
        .holders
        .iter()
        .zip(keys)
        .map(|(holder, keys)| {
            json!({
                "holder": holder.id, "name": SYSTEM,
                "authentication_jwk": public_jwk(keys.authentication()),
                "manifest_jwk": public_jwk(keys.manifest()),
            })
        })
        .collect();
    toml::to_string(&file)
}

fn names(department: &Department) -> Vec<&'static str> {
    department.sectors.iter().map(|sector| sector.as_str()).collect()
}

/// How `department` audits `sector`: the fortnight is one period, or the end of the third where
/// some were open before. Everybody begins in class B, so everybody is audited; who has proved good
/// later is audited every other time.
fn plan(city: &City, department: &Department, sector: Sector) -> Value {
    let own = city.holders.iter().filter(|holder| holder.sector == sector);
    let from = own.map(|holder| city.opened_on(holder)).min().unwrap_or(city.size.first_day);
    let days = if from < city.size.first_day { small::LONG_PERIOD } else { city.size.days };
    json!({
        "department": department.code, "sector": sector.as_str(),
        "period": { "days": days, "from": from }, "cutoff_hours": CUTOFF_HOURS,
        "disclosure_hours": DISCLOSURE_HOURS,
        "audit_chances": { "A": "1/2", "B": 1, "C": 1, "D": 1 },
        "audits_per_year": AUDITS_PER_YEAR, "for_cause_beyond_cap": true,
    })
}

fn key(outlet: &Outlet) -> String {
    format!("outlet-{}", outlet.stream)
}

fn officers(department: &Department) -> impl Iterator<Item = Value> {
    department.officers.iter().map(|Officer(login, name, certificate, lead)| {
        json!({
            "department": department.code, "login": login, "name": name,
            "certificate_no": certificate, "certificate_until": "2031-12-31",
            "sectors": names(department), "email": format!("{login}@hebi.example"),
            "lead": lead,
        })
    })
}

fn holder((at, holder): (usize, &Holder)) -> Value {
    let language = if at % 7 == 3 { "en" } else { "zh-CN" };
    json!({
        "id": holder.id, "kind": "organisation", "name": holder.name, "uscc": holder.credit_code,
        "district": DISTRICTS[holder.outlets.first().map_or(0, |outlet| outlet.district)].0,
        "contact": [{
            "name": "负责人", "email": format!("holder{:02}@business.example", at + 1),
            "language": language,
        }],
        "consent": [{
            "department": department_of(holder.sector), "given_on": "2026-01-05",
            "reference": format!("电子送达确认书 2026-{:03}", at + 1),
        }],
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::city::tests::size;
    use super::*;
    use crate::foundation::crypto::aead::WrappingKey;
    use crate::foundation::db::testing::store;
    use crate::foundation::time::Clock;
    use crate::foundation::{House, Random};
    use crate::identity::FieldCipher;
    use crate::registry::import;
    use crate::rules::Packs;

    #[tokio::test]
    async fn the_registry_takes_the_file_as_it_is_and_a_second_time_changes_nothing() {
        let (store, _guard) = store().await;
        let clock = Clock::manual("2026-01-25T20:00:00+08:00".parse().unwrap());
        let house = House { store, clock, random: Random::seeded(1) };
        let city = City::of_all_trades(size(4_000));
        let keys: Vec<BusinessKeys> =
            city.holders.iter().map(|_| BusinessKeys::generate(&house.random).unwrap()).collect();
        let toml = file(&city, &keys).unwrap();
        let packs = Arc::new(Packs::embedded());
        let cipher = FieldCipher::new(WrappingKey::from_bytes([7; 32]), "fk-1");
        let first = import(&house, &packs, &cipher, &toml).await.unwrap();
        assert_eq!((first.warnings.len(), first.clients.len()), (0, 79));
        let second = import(&house, &packs, &cipher, &toml).await.unwrap();
        assert_eq!((second.added.len(), second.changed.len()), (0, 0));
    }

    #[test]
    fn the_file_names_every_stream_and_every_client() {
        let city = City::invent(size(1_000));
        let random = Random::seeded(1);
        let keys: Vec<BusinessKeys> =
            city.holders.iter().map(|_| BusinessKeys::generate(&random).unwrap()).collect();
        let table: toml::Table = file(&city, &keys).unwrap().parse().unwrap();
        let count = |name: &str| table[name].as_array().unwrap().len();
        assert_eq!((count("holder"), count("client")), (60, 60));
        assert_eq!(count("stream"), city.outlets().count());
    }
}
