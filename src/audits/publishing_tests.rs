//! Results for the public: proposed, published and withdrawn.

use actix_web::http::StatusCode;
use diesel::prelude::*;

use super::error::AuditError;
use super::pages_tests::{city, submit, visit};
use super::store::publications;
use super::{propose_publications, store};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::db::schema::{audits_periods, ledger_pending, registry_holders};
use crate::foundation::ids::AuditId;
use crate::ledger::LeafKind;
use crate::registry::{Calendar, HolderKind};

async fn proposed(house: &House) -> u64 {
    propose_publications(house, &Calendar::embedded()).await.unwrap().count("proposed")
}

async fn page(house: &House, login: &'static str, path: &str) -> (StatusCode, String) {
    visit(house, login, &[path.to_owned()]).await.remove(0)
}

async fn send(
    house: &House,
    login: &'static str,
    (id, verb): (AuditId, &str),
    cause: Option<&str>,
) -> u16 {
    let form = cause.map(|cause| ("cause".to_owned(), cause.to_owned())).into_iter().collect();
    let path = format!("/publications/{id}/{verb}");
    submit(house, login, &path, &[form]).await[0].0.as_u16()
}

#[actix_web::test]
async fn a_result_is_proposed_once_published_by_a_lead_and_withdrawn_with_a_reason() {
    let (house, _guard, id) = city().await;
    assert_eq!(proposed(&house).await, 1);
    assert_eq!(proposed(&house).await, 0);
    let (status, listed) = page(&house, "lin.yue", "/publications").await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    assert!(listed.contains("仙鹤宾馆") && listed.contains("剩 20 个工作日"), "{listed}");
    assert!(!listed.contains("audits-p"), "{listed}");
    let (_, public) = page(&house, "lin.yue", "/public/police").await;
    assert!(!public.contains("仙鹤宾馆"), "nobody has published it yet");

    // Neither another department's lead nor an officer who does not lead.
    assert_eq!(send(&house, "su.he", (id, "publish"), None).await, 404);
    assert_eq!(send(&house, "he.shan", (id, "publish"), None).await, 403);
    assert_eq!(send(&house, "lin.yue", (id, "withdraw"), Some("mistaken")).await, 409);
    assert_eq!(send(&house, "lin.yue", (id, "publish"), None).await, 303);
    assert_eq!(send(&house, "lin.yue", (id, "publish"), None).await, 409);
    let (_, public) = page(&house, "lin.yue", "/public/police").await;
    assert!(public.contains("仙鹤宾馆") && public.contains("超过容许线"), "{public}");
    assert!(!public.contains("第五十四条") && !public.contains("audits-p"), "{public}");

    assert_eq!(send(&house, "lin.yue", (id, "withdraw"), Some("because")).await, 400);
    assert_eq!(send(&house, "lin.yue", (id, "withdraw"), Some("revoked")).await, 303);
    let (_, public) = page(&house, "lin.yue", "/public/police").await;
    assert!(public.contains("已撤回") && public.contains("所依据的结论已撤销"), "{public}");
    assert!(!public.contains("仙鹤宾馆") && !public.contains("超过容许线"), "{public}");

    let read = |conn: &mut Conn| {
        let own = ledger_pending::table.filter(ledger_pending::kind.eq(LeafKind::Export));
        Ok::<_, AuditError>(own.select(ledger_pending::body).load::<String>(conn)?)
    };
    let leaves = house.store.read("test", read).await.unwrap();
    let of = |word: &str| leaves.iter().filter(|body| body.contains(word)).count();
    assert_eq!((leaves.len(), of("published"), of("revoked")), (2, 1, 1), "{leaves:?}");
}

#[actix_web::test]
async fn a_period_that_is_open_and_an_audit_for_cause_are_not_proposed() {
    let (house, _guard, id) = city().await;
    let write = |tx: &mut Conn| {
        let set = audits_periods::state.eq("cut");
        Ok::<_, AuditError>(diesel::update(audits_periods::table).set(set).execute(tx)?)
    };
    house.store.write("test", write).await.unwrap();
    assert_eq!(proposed(&house).await, 0);
    // The score's helper puts the guesthouse on the roster for a cause.
    super::pages_tests::scored(&house, id).await;
    let write = |tx: &mut Conn| {
        let set = audits_periods::state.eq("closed");
        Ok::<_, AuditError>(diesel::update(audits_periods::table).set(set).execute(tx)?)
    };
    house.store.write("test", write).await.unwrap();
    assert_eq!(proposed(&house).await, 0);
}

#[actix_web::test]
async fn a_natural_person_is_proposed_under_a_mask() {
    let (house, _guard, id) = city().await;
    let write = move |tx: &mut Conn| {
        let audit = store::audit(tx, id)?.ok_or(AuditError::NotFound)?;
        let set = (
            registry_holders::kind.eq(HolderKind::NaturalPerson),
            registry_holders::name.eq("张小满"),
        );
        let own = registry_holders::table.find(audit.holder_id);
        Ok::<_, AuditError>(diesel::update(own).set(set).execute(tx)?)
    };
    house.store.write("test", write).await.unwrap();
    assert_eq!(proposed(&house).await, 1);
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(publications::find(conn, id)?);
    let row = house.store.read("test", read).await.unwrap().unwrap();
    assert_eq!(row.name, "张*");
    assert_eq!(send(&house, "lin.yue", (id, "publish"), None).await, 303);
    let (_, public) = page(&house, "lin.yue", "/public/police").await;
    assert!(public.contains("张*") && !public.contains("小满"), "{public}");
}
