//! Registration of clients and their keys.

use super::*;

async fn register(
    stage: &Stage,
    holder: HolderId,
    keys: Vec<OfferedKey>,
) -> Result<Client, IdentityError> {
    register_client(&stage.house, Actor::Command, holder, "Front desk", keys).await
}

#[actix_web::test]
async fn a_client_is_registered_with_one_leaf() {
    let stage = stage().await;
    let (_, a1) = offered(Purpose::Authentication, "a1");
    let (_, m1) = offered(Purpose::Manifest, "m1");
    let client = register(&stage, stage.holder(), vec![a1, m1]).await.unwrap();
    assert_eq!(client.client_id.len(), 22);
    let leaves = stage.leaves().await;
    assert_eq!(leaves.len(), 1);
    assert_eq!(leaves[0].0, "client_changed");
    assert_eq!(leaves[0].1["keys"].as_array().unwrap().len(), 2);
    assert!(!leaves[0].1.to_string().contains("Front desk"));
}

#[actix_web::test]
async fn no_kid_and_no_key_serves_twice() {
    let stage = stage().await;
    let holder = stage.holder();
    let (_, a1) = offered(Purpose::Authentication, "a1");
    let as_manifest = OfferedKey { purpose: Purpose::Manifest, kid: "m1".into(), ..a1.clone() };
    let client = register(&stage, holder, vec![a1.clone()]).await.unwrap();
    let add = |key: OfferedKey| add_key(&stage.house, Actor::Command, client.id, key);
    assert!(matches!(add(as_manifest).await, Err(IdentityError::Key(_))));
    let same_kid = OfferedKey { kid: "a1".into(), ..offered(Purpose::Manifest, "x").1 };
    assert!(matches!(add(same_kid).await, Err(IdentityError::Key(_))));
    retire_key(&stage.house, Actor::Command, client.id, "a1").await.unwrap();
    assert!(matches!(add(a1).await, Err(IdentityError::Key(_))), "a retired key stays known");
    assert_eq!(stage.leaves().await.len(), 2, "what was refused left no leaf");
}

#[actix_web::test]
async fn three_keys_of_a_purpose_are_active_at_most() {
    let stage = stage().await;
    let keys = |n: usize| (0..n).map(|i| offered(Purpose::Manifest, &format!("m{i}")).1).collect();
    assert!(register(&stage, stage.holder(), keys(4)).await.is_err());
    let client = register(&stage, stage.holder(), keys(3)).await.unwrap();
    let add = |kid: &str| {
        add_key(&stage.house, Actor::Command, client.id, offered(Purpose::Manifest, kid).1)
    };
    assert!(add("m3").await.is_err());
    retire_key(&stage.house, Actor::Command, client.id, "m0").await.unwrap();
    add("m3").await.unwrap();
    let authentication = offered(Purpose::Authentication, "a1").1;
    add_key(&stage.house, Actor::Command, client.id, authentication).await.unwrap();
}

#[actix_web::test]
async fn a_retired_manifest_key_is_still_found() {
    let stage = stage().await;
    let holder = stage.holder();
    let (key, m1) = offered(Purpose::Manifest, "m1");
    let (_, a1) = offered(Purpose::Authentication, "a1");
    let client = register(&stage, holder, vec![m1, a1]).await.unwrap();
    retire_key(&stage.house, Actor::Command, client.id, "m1").await.unwrap();
    let find = |holder: HolderId, kid: &'static str| {
        stage.house.store.read("test.key", move |conn| manifest_key(conn, holder, kid))
    };
    let found = find(holder, "m1").await.unwrap().unwrap();
    assert_eq!(found.jwk, *key.public());
    assert_eq!((found.is_active(), found.retired_at), (false, Some(stage.house.clock.now())));
    assert!(
        find(holder, "a1").await.unwrap().is_none(),
        "an authentication key is no manifest key"
    );
    assert!(find(stage.holder(), "m1").await.unwrap().is_none());
}

#[actix_web::test]
async fn a_key_must_be_public_and_named() {
    for jwk in [
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#,
        r#"{"kty":"oct","kid":"k","k":"AAAA"}"#,
        "{}",
    ] {
        assert!(OfferedKey::parse(Purpose::Manifest, jwk.as_bytes()).is_err(), "{jwk}");
    }
}
