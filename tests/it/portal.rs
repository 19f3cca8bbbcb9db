//! The portal: a person of one business never sees another's anything.

use chayan::foundation::ids::PersonId;
use chayan::foundation::web::Lang;
use chayan::identity::{self, Actor, Invitation};

use crate::rights::{Browser, Portal, RULES, Tends, document_of, found, quoted};
use crate::support::{Business, FIRST_DAY, Town};

/// Makes a person known who speaks for `business`, and gives the person's browser.
pub(crate) async fn representative(
    town: &Town,
    business: &Business,
    login: &'static str,
    administrator: bool,
) -> (PersonId, Browser) {
    let invitation =
        Invitation { login: login.into(), name: "周静".into(), administrator, lang: Lang::Zh };
    let made = identity::represent(&town.house, Actor::Command, business.holder, &invitation);
    (made.await.unwrap(), Browser::of(town, login).await)
}

#[tokio::test]
async fn a_page_of_the_portal_is_for_its_business_only() {
    let town = Town::start().await;
    let (inn, shop) = (town.inn().clone(), town.shop().clone());
    let batch = town.batch(&inn, FIRST_DAY, 1, 2).await;
    town.client(&inn).push(&batch).await.unwrap();
    let finding = found(&town).await;
    let (police, chief) =
        (Browser::of(&town, "lin.yue").await, Browser::of(&town, "administrator").await);
    let confirm = format!("/findings/{finding}/confirm");
    let decided = police.post("post", &confirm, "reason=seen&deadline=2026-04-06").await;
    assert_eq!(decided.status, 303, "{}", decided.text);
    let case = quoted(police.go("get", "/cases").await.text.split("/cases/").nth(1).unwrap());
    let document = document_of(&town, &case).await.id.to_string();
    let (_, manager) = representative(&town, &inn, "inn.manager", true).await;
    let (person, clerk) = representative(&town, &inn, "inn.clerk", false).await;
    let (_, rival) = representative(&town, &shop, "shop.manager", true).await;
    let nobody = Browser::nobody(&town);
    for (method, path, rule, _) in RULES.iter().filter(|rule| [Portal, Tends].contains(&rule.2)) {
        let at = path
            .replace("{case}", &case)
            .replace("{document}", &document)
            .replace("{person}", &person.to_string())
            .replace("{stream}", &inn.stream.to_string())
            .replace("{day}", FIRST_DAY)
            .replace("{batch}", &batch.id.to_string());
        let (turned_away, elsewhere) = if *method == "get" { (303, 303) } else { (401, 404) };
        assert_eq!(nobody.go(method, &at).await.status, turned_away, "{method} {at}");
        for officer in [&police, &chief] {
            assert_eq!(officer.go(method, &at).await.status, elsewhere, "{method} {at}");
        }
        let theirs = rival.go(method, &at).await;
        if path.contains('{') {
            assert!(theirs.status >= 400, "{method} {at}: {}", theirs.status);
            assert!(*method != "get" || theirs.status == 404, "{method} {at}: {}", theirs.status);
        }
        for secret in ["仙鹤宾馆", "inn.clerk", &inn.stream.to_string(), &inn.holder.to_string()]
        {
            assert!(!theirs.text.contains(secret), "{method} {at} tells {secret}");
        }
        if *rule == Tends {
            assert_eq!(clerk.go(method, &at).await.status, 403, "{method} {at}");
        }
        if *method == "get" && !path.contains("{opening}") && !path.contains("{evidence}") {
            let own = manager.go(method, &at).await;
            assert_eq!(own.status, 200, "{method} {at}: {}", own.text);
        }
    }
}
