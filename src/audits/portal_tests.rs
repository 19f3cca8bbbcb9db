//! The portal's pages of audits: what a business sees of itself, and nothing of another.

use actix_web::http::StatusCode;

use super::model::AuditRow;
use super::pages_tests::{city, scored, visit};
use super::{AuditError, store};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId};
use crate::foundation::web::Lang;
use crate::identity::{self, Actor, Invitation};

async fn representative(house: &House, holder: HolderId, login: &str) {
    let (name, lang) = ("周静".to_owned(), Lang::Zh);
    let invitation = Invitation { login: login.into(), name, administrator: true, lang };
    identity::represent(house, Actor::Command, holder, &invitation).await.unwrap();
}

async fn audit(house: &House, id: AuditId) -> AuditRow {
    let find = move |conn: &mut Conn| Ok::<_, AuditError>(store::audit(conn, id)?);
    house.store.read("test", find).await.unwrap().unwrap()
}

#[actix_web::test]
async fn a_business_sees_its_days_its_score_and_what_to_do() {
    let (house, _guard, id) = city().await;
    let holder = scored(&house, id).await;
    representative(&house, holder, "inn.manager").await;
    let pages = visit(&house, "inn.manager", &["/portal".to_owned()]).await;
    let (status, page) = &pages[0];
    assert_eq!(*status, StatusCode::OK, "{page}");
    for told in ["仙鹤宾馆（示例）", "仙鹤宾馆 高铁站店", "class=\"days\"", "不足两名", "下一步"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    for key in ["portal-", "audits-why", "registry-"] {
        let text = page.replace("/portal", "").replace("portal.css", "");
        assert!(!text.contains(&format!(">{key}")), "a text is absent: {page}");
    }
}

#[actix_web::test]
async fn a_business_sees_who_opened_what_and_why() {
    let (house, _guard, id) = city().await;
    let holder = audit(&house, id).await.holder_id;
    representative(&house, holder, "inn.manager").await;
    representative(&house, house.fresh(), "shop.manager").await;
    let paths = [
        "/portal/openings".to_owned(),
        // These rows were drawn up by hand: no leaf stands behind them.
        format!("/portal/openings/{id}.0/intent.leaf"),
        format!("/portal/openings/{id}.0/other.leaf"),
        format!("/portal/openings/{id}.x/intent.leaf"),
    ];
    let own = visit(&house, "inn.manager", &paths).await;
    let page = &own[0].1;
    for told in ["不合规", "房号", "记录不能开封", "共 3 条，打开 3 条"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(own[1..].iter().all(|(status, _)| *status == StatusCode::NOT_FOUND));
    let theirs = visit(&house, "shop.manager", &paths).await;
    assert_eq!(theirs[0].0, StatusCode::OK);
    assert!(!theirs[0].1.contains(&id.to_string()) && theirs[0].1.contains("还没有被打开过"));
    assert!(theirs[1..].iter().all(|(status, _)| *status == StatusCode::NOT_FOUND));
}

#[actix_web::test]
async fn an_officer_has_no_page_of_the_portal() {
    let (house, _guard, _) = city().await;
    let paths = ["/portal".to_owned(), "/portal/openings".to_owned()];
    for (status, _) in visit(&house, "lin.yue", &paths).await {
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
}
