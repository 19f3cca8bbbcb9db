//! People of businesses: the two sides of the house, invitations, two administrators.

use std::time::Duration;

use actix_web::http::StatusCode;

use super::people::{Browser, create, enrol};
use super::*;
use crate::foundation::ids::PersonId;
use crate::foundation::web::Lang;

async fn representative(
    stage: &Stage,
    holder: HolderId,
    login: &str,
    administrator: bool,
) -> PersonId {
    let invitation =
        Invitation { login: login.into(), name: "周静".into(), administrator, lang: Lang::Zh };
    represent(&stage.house, Actor::Command, holder, &invitation).await.unwrap()
}

/// An enrolled person of `holder` and the browser in which the person is signed in.
async fn enrolled<'a>(
    stage: &Stage,
    app: &'a Application,
    holder: HolderId,
    login: &str,
    administrator: bool,
) -> (PersonId, Browser<'a>) {
    let id = representative(stage, holder, login, administrator).await;
    let mut browser = Browser::of(app);
    enrol(stage, &mut browser, id).await;
    (id, browser)
}

#[actix_web::test]
async fn nobody_has_pages_on_both_sides_of_the_house() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let (_, mut manager) = enrolled(&stage, &app, stage.holder(), "inn.manager", true).await;
    let officer = create(&stage, "li.na", Role::Officer).await;
    let mut police = Browser::of(&app);
    enrol(&stage, &mut police, officer).await;
    for path in ["/", "/people", "/administration"] {
        let seen = manager.get(path).await;
        let to = seen.location.as_deref();
        assert_eq!((seen.status, to), (StatusCode::SEE_OTHER, Some("/portal")), "{path}");
    }
    assert_eq!(manager.post("/", &[]).await.status, StatusCode::NOT_FOUND);
    let seen = police.get("/portal/people").await;
    assert_eq!((seen.status, seen.location.as_deref()), (StatusCode::SEE_OTHER, Some("/")));
    assert_eq!(police.post("/portal/people", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(manager.get("/portal/people").await.status, StatusCode::OK);
    assert_eq!(manager.get("/sign-in").await.location.as_deref(), Some("/portal"));
}

#[actix_web::test]
async fn a_business_invites_its_own_people_and_nobody_of_another() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let (inn, shop) = (stage.holder(), stage.holder());
    let (_, mut manager) = enrolled(&stage, &app, inn, "inn.manager", true).await;
    let (clerk, mut staff) = enrolled(&stage, &app, inn, "inn.clerk", false).await;
    let (rival, _) = enrolled(&stage, &app, shop, "shop.manager", true).await;
    let fields = [("login", "Inn.Cook"), ("name", "何大雪"), ("role", "user"), ("lang", "en")];
    assert_eq!(staff.post("/portal/people", &fields).await.status, StatusCode::FORBIDDEN);
    let seen = manager.post("/portal/people", &fields).await;
    assert_eq!(seen.status, StatusCode::OK);
    let code = seen.html.split("/enrol?code=").nth(1).unwrap().split('<').next().unwrap();
    let welcome = Browser::of(&app).get(&format!("/enrol?code={code}")).await;
    assert!(welcome.html.contains("何大雪"));
    let again = manager.post("/portal/people", &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.html.contains("Inn.Cook"), "what was typed is kept");
    let page = manager.get("/portal/people").await.html;
    assert!(page.contains("inn.cook") && page.contains("inn.clerk"));
    assert!(!page.contains("shop.manager"));
    for act in ["invite", "disable"] {
        let path = format!("/portal/people/{rival}/{act}");
        assert_eq!(manager.post(&path, &[]).await.status, StatusCode::NOT_FOUND, "{act}");
        let path = format!("/portal/people/{clerk}/{act}");
        assert_eq!(staff.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "{act}");
    }
    stage.house.clock.advance(Duration::from_secs(1)).unwrap();
    let seen = manager.post(&format!("/portal/people/{clerk}/disable"), &[]).await;
    assert_eq!(seen.location.as_deref(), Some("/portal/people"));
    assert_eq!(staff.get("/portal/people").await.location.as_deref(), Some("/sign-in"));
    let leaves = stage.leaves().await;
    let (kind, last) = leaves.last().unwrap();
    assert_eq!((kind.as_str(), &last["change"]), ("role_changed", &"disabled".into()));
    assert_eq!(last["holder"], inn.to_string());
    assert!(!format!("{leaves:?}").contains("inn.clerk"));
}

#[actix_web::test]
async fn a_business_keeps_two_administrators_who_can_sign_in() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let inn = stage.holder();
    let (first, mut manager) = enrolled(&stage, &app, inn, "inn.one", true).await;
    assert!(manager.get("/portal/people").await.html.contains("不足两名"));
    let (second, _) = enrolled(&stage, &app, inn, "inn.two", true).await;
    assert!(!manager.get("/portal/people").await.html.contains("不足两名"));
    let path = format!("/portal/people/{second}/disable");
    assert_eq!(manager.post(&path, &[]).await.status, StatusCode::CONFLICT);
    let own = format!("/portal/people/{first}/disable");
    assert_eq!(manager.post(&own, &[]).await.status, StatusCode::FORBIDDEN);
    let third = representative(&stage, inn, "inn.three", true).await;
    assert_eq!(manager.post(&path, &[]).await.status, StatusCode::CONFLICT, "not enrolled yet");
    enrol(&stage, &mut Browser::of(&app), third).await;
    assert_eq!(manager.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
    let path = format!("/portal/people/{third}/disable");
    assert_eq!(manager.post(&path, &[]).await.status, StatusCode::CONFLICT);
}

#[actix_web::test]
async fn an_authority_invites_the_first_two_administrators_only() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let inn = stage.holder();
    let life = Duration::from_secs(3600);
    let invite = async |login: &str| {
        let (name, lang) = ("周静".to_owned(), Lang::Zh);
        let invitation = Invitation { login: login.into(), name, administrator: false, lang };
        invite_administrator(&stage.house, Actor::Command, inn, &invitation, life).await
    };
    assert!(invite("inn.one").await.is_ok());
    assert!(invite("inn.two").await.is_ok());
    assert!(matches!(invite("inn.three").await, Err(IdentityError::Enough)));
    let found = stage.house.store.read("test.people", move |conn| people_of(conn, inn));
    let found = found.await.unwrap();
    assert!(found.iter().all(|person| person.role == Role::BusinessAdministrator));
    let (own, foreign) = (found[0].id, stage.holder());
    let again = async |holder: HolderId, id: PersonId| {
        invite_first_again(&stage.house, Actor::Command, holder, id, life).await
    };
    assert_eq!(again(inn, own).await.unwrap().0, "周静");
    assert!(matches!(again(foreign, own).await, Err(IdentityError::NotFound)));
    let (clerk, _) = enrolled(&stage, &app, inn, "inn.clerk", false).await;
    assert!(matches!(again(inn, clerk).await, Err(IdentityError::NotFound)));
}

#[actix_web::test]
async fn the_security_administrator_tends_nobody_of_a_business() {
    let stage = stage().await;
    let app = stage.app(false).await;
    let chief = create(&stage, "wang.wei", Role::SecurityAdministrator).await;
    let clerk = representative(&stage, stage.holder(), "inn.clerk", false).await;
    let mut admin = Browser::of(&app);
    enrol(&stage, &mut admin, chief).await;
    assert!(!admin.get("/people").await.html.contains("inn.clerk"));
    for act in ["invite", "disable"] {
        let seen = admin.post(&format!("/people/{clerk}/{act}"), &[]).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{act}");
    }
    let change = change_role(&stage.house, Actor::Command, clerk, Role::Officer).await;
    assert!(matches!(change, Err(IdentityError::NotFound)));
}
