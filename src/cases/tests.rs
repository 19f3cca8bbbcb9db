//! Findings and cases as officers meet them, on a fresh database.

mod bulk;
mod decisions;
mod flow;
mod flow_pages;
mod following;
mod lists;
mod pages;
mod parts;

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};

use super::guard::Decider;
use super::*;
use crate::foundation::House;
use crate::foundation::crypto::aead::WrappingKey;
use crate::foundation::db::schema::ledger_pending;
use crate::foundation::db::{StoreError, testing::Guard};
use crate::foundation::ids::{CaseId, FindingId};
use crate::foundation::mail::{Address, Mailer, Postbox};
use crate::identity::FieldCipher;
use crate::ledger::testing as log;
use crate::notices::{self, Carrier, Letter};
use crate::registry::{self, Holder, RegisteredOfficer, Sector};
use crate::rules::Packs;

/// An invented city: lodging has an order basis for minors only, gasoline has none.
const REGISTRY: &str = r#"
[[department]]
code = "police"
name_zh = "鹤壁市公安局（示例）"
name_en = "Hebi Police (example)"
organ = "鹤公"
email = "police@hebi.example"
[[department.scope]]
sectors = ["lodging", "gasoline"]
districts = ["410600"]

[[officer]]
department = "police"
login = "lin.yue"
name = "林月"
certificate_no = "HN-1"
certificate_until = 2031-12-31
sectors = ["lodging", "gasoline"]
email = "lin@hebi.example"

[[officer]]
department = "police"
login = "he.shan"
name = "何山"
certificate_no = "HN-2"
certificate_until = 2026-01-31
sectors = ["lodging"]
email = "he@hebi.example"
language = "en"
conflicts = ["crane"]

[[holder]]
key = "crane"
kind = "organisation"
name = "仙鹤宾馆"
district = "410611"
[[holder.contact]]
name = "前台"
email = "desk@crane.example"
[[holder.contact]]
name = "Owner"
email = "owner@crane.example"
language = "en"
[[holder.consent]]
department = "police"
reference = "2026-1"
given_on = 2026-01-05

[[holder]]
key = "mute"
kind = "organisation"
name = "无名旅馆"
district = "410611"

[[outlet]]
key = "crane-station"
holder = "crane"
name = "仙鹤宾馆 高铁站店"
district = "410611"

[[stream]]
key = "crane-desk"
outlet = "crane-station"
sector = "lodging"
opened_on = 2026-01-01
"#;

/// A house with its city.
struct City {
    house: House,
    guard: Option<Guard>,
    cipher: FieldCipher,
    packs: Arc<Packs>,
    postbox: Postbox,
}

async fn city() -> City {
    crate::foundation::crypto::install_providers();
    let (house, guard) = log::house().await;
    let cipher = FieldCipher::new(WrappingKey::generate(&house.random), "fk-1");
    let packs = Arc::new(Packs::embedded());
    registry::import(&house, &packs, &cipher, REGISTRY).await.unwrap();
    clear(&house).await;
    City { house, guard: Some(guard), cipher, packs, postbox: Postbox::default() }
}

/// Forgets the leaves that wait, so that a test sees only its own.
async fn clear(house: &House) {
    let forget = |tx: &mut Conn| -> Result<(), StoreError> {
        diesel::delete(ledger_pending::table).execute(tx)?;
        Ok(())
    };
    house.store.write("test.clear", forget).await.unwrap();
}

impl City {
    async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> T {
        let read = move |conn: &mut Conn| f(conn).map_err(StoreError::from);
        self.house.store.read("test.read", read).await.unwrap()
    }

    async fn officers(&self) -> Vec<RegisteredOfficer> {
        self.read(|conn| {
            let police = registry::departments(conn)?.remove(0);
            registry::officers_of(conn, police.id)
        })
        .await
    }

    /// Something seen at the holder called `name`.
    async fn seen(&self, name: &'static str, key: &str, kind: FindingKind) -> Observation {
        let (department, holders, stream) = self
            .read(|conn| {
                let police = registry::departments(conn)?.remove(0);
                let crane = holder_called(conn, "仙鹤宾馆")?;
                let stream = registry::streams_of(conn, crane.id)?.remove(0).stream.id;
                Ok((police.id, (crane, holder_called(conn, "无名旅馆")?), stream))
            })
            .await;
        let crane = name == "仙鹤宾馆";
        let holder = if crane { holders.0 } else { holders.1 };
        Observation {
            key: key.to_owned(),
            department,
            holder: holder.id,
            sector: Sector::Lodging,
            district: "410611".parse().unwrap(),
            period: "2026-02".to_owned(),
            kind,
            rule: None,
            severity: Severity::Major,
            stream: crane.then_some(stream),
            day: Some("2026-02-11".parse().unwrap()),
            numbers: Some((17, 19)),
            count: 3,
            audit: None,
            facts: json!({}),
        }
    }

    async fn raise(&self, seen: Observation) -> Finding {
        let new = NewFinding::new(&self.house, seen);
        let id = new.id();
        self.house
            .store
            .write("test.raise", move |tx| raise_in(tx, &new).map_err(StoreError::from))
            .await
            .unwrap();
        self.finding(id).await
    }

    async fn gap(&self, key: &str) -> Finding {
        self.raise(self.seen("仙鹤宾馆", key, FindingKind::Gap).await).await
    }

    async fn finding(&self, id: FindingId) -> Finding {
        self.read(move |conn| store::finding(conn, id)).await.unwrap()
    }

    async fn right(&self, finding: &Finding) -> Confirmer {
        let officer = self.officers().await.remove(0);
        let by = Decider {
            id: officer.id,
            pseudonym: "pseudonym".to_owned(),
            certificate: officer.certificate_no,
        };
        Confirmer { by, findings: vec![finding.clone()], act: None }
    }

    /// The right of the officer who stands at `place` of the department's list, to all of `findings`.
    async fn rights(&self, place: usize, findings: &[&Finding]) -> Confirmer {
        let officer = self.officers().await.remove(place);
        let by = Decider {
            id: officer.id,
            pseudonym: format!("pseudonym-{place}"),
            certificate: officer.certificate_no,
        };
        let findings = findings.iter().map(|finding| (*finding).clone()).collect();
        Confirmer { by, findings, act: Some(self.house.fresh()) }
    }

    fn words(&self, days: u32) -> Words {
        let today = self.house.clock.now().day();
        Words::new(Reason::parse("核对无误").unwrap(), today.plus(days), today).unwrap()
    }

    async fn confirm(&self, finding: &Finding) -> Result<CaseId, CaseError> {
        let right = self.right(finding).await;
        let words = self.words(30);
        let done = confirm(&self.house, &self.packs, &self.cipher, right, words).await?;
        Ok(done.cases[0])
    }

    async fn dismiss(&self, finding: &Finding, reason: &str) -> Result<Done, CaseError> {
        dismiss(&self.house, self.right(finding).await, dismissal(Code::Other, reason)).await
    }

    async fn case(&self, id: CaseId) -> Case {
        self.read(move |conn| store::case(conn, id)).await.unwrap()
    }

    async fn letters(&self, case: CaseId) -> Vec<Letter> {
        self.read(move |conn| notices::letters_of(conn, case)).await
    }

    fn carrier(&self) -> Carrier {
        Carrier {
            mailer: Mailer::Memory(self.postbox.clone()),
            from: Address::parse("notice@audit.example").unwrap(),
            cipher: self.cipher.clone(),
        }
    }

    fn wait(&self, hours: u64) {
        self.house.clock.advance(Duration::from_secs(hours * 3600)).unwrap();
    }

    /// The types of the leaves that wait for their numbers, oldest first.
    async fn leaves(&self) -> Vec<String> {
        self.read(|conn| {
            ledger_pending::table.order(ledger_pending::id).select(ledger_pending::kind).load(conn)
        })
        .await
    }

    /// The bodies of the leaves that wait for their numbers, oldest first.
    async fn bodies(&self) -> Vec<Value> {
        let bodies: Vec<String> = self
            .read(|conn| {
                ledger_pending::table
                    .order(ledger_pending::id)
                    .select(ledger_pending::body)
                    .load(conn)
            })
            .await;
        bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }
}

/// A dismissal with all conditions of leniency met.
fn dismissal(code: Code, reason: &str) -> Dismissal {
    let met = Conditions { first: true, minor: true, corrected: true };
    Dismissal::new(code, Reason::parse(reason).unwrap(), met).unwrap()
}

fn holder_called(conn: &mut Conn, name: &str) -> QueryResult<Holder> {
    use crate::foundation::db::schema::registry_holders;
    registry_holders::table
        .filter(registry_holders::name.eq(name))
        .select(Holder::as_select())
        .first(conn)
}
