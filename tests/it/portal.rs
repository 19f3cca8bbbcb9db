//! The portal: a person of one business never sees another's anything.

use chayan::foundation::db::StoreError;
use chayan::foundation::ids::PersonId;
use chayan::foundation::web::Lang;
use chayan::identity::{self, Actor, Invitation};
use chayan::intake;
use chayan::outside::submit::{BusinessKeys, DayTotals, Workshop, public_jwk, seal_lines};

use crate::rights::{Browser, Ledger, Portal, RULES, Tends, document_of, found, quoted};
use crate::support::{Business, FIRST_DAY, Town, record, sheet};

/// What the inn says of a day.
fn totals(inn: &Business, day: &str, numbers: Option<(u64, u64)>) -> DayTotals {
    let count = numbers.map_or(0, |(first, last)| last + 1 - first);
    DayTotals {
        stream: inn.stream,
        day: day.parse().unwrap(),
        numbers,
        count,
        totals: [("room_nights_sold".to_owned(), count)].into(),
    }
}

/// Sends what a script of a page sends.
async fn scripted(
    manager: &Browser,
    path: &str,
    media: &'static str,
    body: Vec<u8>,
) -> (u16, String) {
    let request = manager.request("post", path).body(body);
    let request = request.header("chayan-form", &manager.csrf).header("accept", "application/json");
    let mut request = request.build().unwrap();
    request.headers_mut().insert("content-type", media.parse().unwrap());
    let answer = manager.send(request).await;
    (answer.status, answer.text)
}

/// Every change that an administrator of the inn makes at the portal, with its leaf.
pub(crate) async fn changes(log: &mut Ledger<'_>, manager: &Browser) {
    let (town, inn) = (log.town, log.town.inn().clone());
    let random = &town.house.random;
    let keys = BusinessKeys::generate(random).unwrap();
    let jwk = public_jwk(keys.manifest()).to_string().into_bytes();
    let unsent = scripted(manager, "/portal/records/key", "application/json", b"{}".to_vec()).await;
    assert_eq!(unsent.0, 400, "{}", unsent.1);
    let seen = scripted(manager, "/portal/records/key", "application/json", jwk).await;
    assert_eq!(seen.0, 204, "{}", seen.1);
    log.used("post", "/portal/records/key").await;

    let day = "2026-03-05";
    let (kid, key) = town.sealing_key(&inn).await;
    let plain = [record(&inn, day, 200), record(&inn, day, 201)];
    let lines = seal_lines(plain.iter().map(Vec::as_slice), &kid, &key, random).unwrap();
    let workshop = Workshop::new(inn.holder, keys, random.clone());
    let batch = workshop.batch(&sheet(&inn, day, 200), &lines, town.clock.now()).unwrap();
    let at = format!("/portal/records/{}/{day}", inn.stream);
    let media = "application/vnd.chayan.batch";
    let seen = scripted(manager, &format!("{at}/batch"), media, batch.body.to_vec()).await;
    assert_eq!(seen.0, 201, "{}", seen.1);
    log.used("post", "/portal/records/{stream}/{day}/batch").await;
    let close = workshop.close(&totals(&inn, day, Some((200, 201))), town.clock.now()).unwrap();
    let body = close.body.to_vec();
    let seen = scripted(manager, &format!("{at}/close"), "application/jose", body).await;
    assert_eq!(seen.0, 201, "{}", seen.1);
    log.used("post", "/portal/records/{stream}/{day}/close").await;

    let offered = || {
        let keys = BusinessKeys::generate(random).unwrap();
        let part = |jwk: serde_json::Value| {
            let text = jwk.to_string();
            text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>()
        };
        (part(public_jwk(keys.authentication())), part(public_jwk(keys.manifest())))
    };
    let (authentication, manifest) = offered();
    let form = format!("name=desk&authentication={authentication}&manifest={manifest}");
    let seen = manager.post("post", "/portal/keys", &form).await;
    assert_eq!(seen.status, 303, "{}", seen.text);
    log.used("post", "/portal/keys").await;
    let holder = inn.holder;
    let clients = town.house.store.read("test", move |conn| identity::clients_of(conn, holder));
    let client = clients.await.unwrap().into_iter().find(|client| client.name == "desk").unwrap();
    let (_, manifest) = offered();
    for (act, path, fields) in [
        ("add", "/portal/keys/{client}/add", format!("purpose=manifest&jwk={manifest}")),
        ("retire", "/portal/keys/{client}/retire", String::new()),
        ("revoke", "/portal/keys/{client}/revoke", String::new()),
    ] {
        let fields = if act == "retire" {
            let id = client.id;
            let keys = town.house.store.read("test", move |conn| identity::keys_of(conn, holder));
            let key = keys.await.unwrap().into_iter().find(|key| key.client == id).unwrap();
            format!("kid={}", key.kid)
        } else {
            fields
        };
        let at = format!("/portal/keys/{}/{act}", client.id);
        let seen = manager.post("post", &at, &fields).await;
        assert_eq!(seen.status, 303, "{act}: {}", seen.text);
        log.used("post", path).await;
    }
}

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
    town.client(&inn).close(&totals(&inn, FIRST_DAY, Some((1, 2)))).await.unwrap();
    let finding = found(&town).await;
    let (police, chief) =
        (Browser::of(&town, "lin.yue").await, Browser::of(&town, "administrator").await);
    let confirm = format!("/findings/{finding}/confirm");
    let decided = police.post("post", &confirm, "reason=seen&deadline=2026-04-06").await;
    assert_eq!(decided.status, 303, "{}", decided.text);
    let case = quoted(police.go("get", "/cases").await.text.split("/cases/").nth(1).unwrap());
    let document = document_of(&town, &case).await.id.to_string();
    let (holder, stream) = (inn.holder, inn.stream);
    let known = town.house.store.read("test", move |conn| {
        let day = FIRST_DAY.parse().unwrap();
        let close = intake::closes_of(conn, stream, day, day)?[0].id.to_string();
        Ok::<_, StoreError>((close, identity::clients_of(conn, holder)?[0].id.to_string()))
    });
    let (close, client) = known.await.unwrap();
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
            .replace("{batch}", &batch.id.to_string())
            .replace("{close}", &close)
            .replace("{client}", &client);
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
            // A page repeats its own address, for the button that changes the language.
            let tells = !at.contains(secret) && theirs.text.contains(secret);
            assert!(!tells, "{method} {at} tells {secret}");
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
