//! Pushing over real HTTPS: once and for ever, all or nothing, only one's own.

use chayan::foundation::ids::Id as _;
use chayan::foundation::web::BodyLimit;
use chayan::ledger::LeafKind;
use chayan::outside::submit::{DayTotals, Refusal, seal_lines};
use chayan::outside::verify;
use serde_json::Value;

use crate::support::{Business, FIRST_DAY, Town, record, sheet};

fn name_of(refusal: Refusal) -> (u16, String, Value) {
    match refusal {
        Refusal::Refused { status, name, problem } => (status, name, problem),
        other => panic!("{other}"),
    }
}

fn totals(business: &Business, count: u64) -> DayTotals {
    let name = if business.sector == "lodging" { "room_nights_sold" } else { "waybills" };
    DayTotals {
        stream: business.stream,
        day: FIRST_DAY.parse().unwrap(),
        numbers: (count > 0).then_some((1, count)),
        count,
        totals: [(name.to_owned(), count)].into(),
    }
}

#[tokio::test]
async fn a_batch_pushed_twice_is_logged_once_and_its_receipt_holds_offline() {
    let town = Town::start().await;
    let client = town.client(town.inn());
    let batch = town.batch(town.inn(), FIRST_DAY, 1, 5).await;
    let first = client.push(&batch).await.unwrap();
    let again = client.push(&batch).await.unwrap();
    assert!(first.created && !again.created);
    assert_eq!(first.body, again.body);
    assert_eq!(town.leaves(LeafKind::Batch).await.len(), 1);
    verify::batch(&first.body, &batch.body, &town.log_key()).unwrap();
    let mut altered = batch.body.to_vec();
    let last = altered.len() - 3;
    altered[last] ^= 1;
    assert!(verify::batch(&first.body, &altered, &town.log_key()).is_err());
    assert_eq!(town.faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_answers_without_a_second_machine_says_so() {
    // The town runs with `SINGLE_NODE=1`, which means something on PostgreSQL only.
    let single = cfg!(feature = "postgres") && std::env::var("CHAYAN_TEST_DATABASE").is_ok();
    let mut town = Town::start().await;
    let durability = async |town: &Town, first| {
        let batch = town.batch(town.inn(), FIRST_DAY, first, 1).await;
        let token = town.client(town.inn()).token().await.unwrap();
        let request =
            town.http().post(format!("{}/v1/batches", town.origin())).bearer_auth(&*token);
        let request = request.header("content-type", "application/vnd.chayan.batch");
        let answer = request.body(batch.body.to_vec()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201);
        let said = answer.headers().get("chayan-durability").cloned();
        said.map(|value| value.to_str().unwrap().to_owned())
    };
    let expected = single.then(|| "single-node".to_owned());
    assert_eq!(durability(&town, 1).await, expected);
    town.kill();
    town.open().await;
    assert_eq!(durability(&town, 2).await, expected);
    let changes = town.leaves(LeafKind::ConfigChanged).await;
    let logged = changes.iter().filter(|leaf| leaf.get("durability").is_some()).count();
    assert_eq!(logged, usize::from(single), "once, not at every start");
}

#[tokio::test]
async fn fifty_identical_pushes_at_once_make_one_leaf_and_one_receipt() {
    let town = Town::start().await;
    let clients: Vec<_> = (0..4).map(|_| std::sync::Arc::new(town.client(town.inn()))).collect();
    let batch = std::sync::Arc::new(town.batch(town.inn(), FIRST_DAY, 1, 20).await);
    let pushes = (0..50).map(|n| {
        let (client, batch) = (clients[n % clients.len()].clone(), batch.clone());
        tokio::spawn(async move { client.push(&batch).await.unwrap() })
    });
    let answers: Vec<_> =
        futures_util::future::join_all(pushes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.created).count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(town.leaves(LeafKind::Batch).await.len(), 1);
    assert_eq!(town.faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn numbers_taken_by_other_content_are_refused_and_both_manifests_logged() {
    let town = Town::start().await;
    let client = town.client(town.inn());
    client.push(&town.batch(town.inn(), FIRST_DAY, 1, 10).await).await.unwrap();
    let rival = town.batch(town.inn(), FIRST_DAY, 8, 5).await;
    let (status, name, _) = name_of(client.push(&rival).await.unwrap_err());
    assert_eq!((status, name.as_str()), (409, "sequence-conflict"));
    assert_eq!(town.leaves_until(LeafKind::Equivocation, 1).await.len(), 1);
    assert_eq!(town.leaves(LeafKind::Batch).await.len(), 1);
    client.push(&town.batch(town.inn(), FIRST_DAY, 31, 3).await).await.unwrap();
}

#[tokio::test]
async fn every_bad_line_is_named_and_nothing_is_stored() {
    let town = Town::start().await;
    let inn = town.inn().clone();
    let (kid, key) = town.sealing_key(&inn).await;
    let records: Vec<Vec<u8>> = (1..=200).map(|seq| record(&inn, FIRST_DAY, seq)).collect();
    let mut lines =
        seal_lines(records.iter().map(Vec::as_slice), &kid, &key, &town.house.random).unwrap();
    lines[6] = "not a record".to_owned();
    lines[50] = lines[50].replacen('.', ".AA", 1);
    lines[199] = format!("{}=", lines[199]);
    let batch =
        town.workshop(&inn).batch(&sheet(&inn, FIRST_DAY, 1), &lines, town.clock.now()).unwrap();
    let (status, name, problem) = name_of(town.client(&inn).push(&batch).await.unwrap_err());
    assert_eq!((status, name.as_str()), (422, "records-rejected"));
    let text = problem.to_string();
    let positions: Vec<u64> = problem
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|line| line.get("position").and_then(Value::as_u64))
        .collect();
    assert_eq!(positions.len(), 3, "{text}");
    assert!(town.leaves(LeafKind::Batch).await.is_empty());
    let count = town.house.store.read("test.pending", |conn| {
        chayan::ledger::latest_checkpoint(conn).map_err(chayan::foundation::db::StoreError::from)
    });
    assert!(count.await.unwrap().is_some());
}

#[tokio::test]
async fn a_business_acts_for_itself_only() {
    let town = Town::start().await;
    let foreign = town.batch(town.inn(), FIRST_DAY, 1, 1).await;
    let (status, ..) = name_of(town.client(town.shop()).push(&foreign).await.unwrap_err());
    assert_eq!(status, 403, "a manifest of another issuer");
    let mut disguised = town.inn().clone();
    disguised.holder = town.shop().holder;
    disguised.keys = town.shop().keys.clone();
    let batch = town.batch(&disguised, FIRST_DAY, 1, 1).await;
    let (status, ..) = name_of(town.client(town.shop()).push(&batch).await.unwrap_err());
    assert_eq!(status, 404, "a stream of another holder");
    town.client(town.inn()).push(&town.batch(town.inn(), FIRST_DAY, 1, 1).await).await.unwrap();
    let token = town.client(town.shop()).token().await.unwrap();
    let list = town
        .http()
        .get(format!("{}/v1/batches", town.origin()))
        .bearer_auth(&*token)
        .send()
        .await
        .unwrap();
    let text = list.text().await.unwrap();
    assert!(!text.contains(&town.inn().stream.as_uuid().to_string()), "{text}");
}

#[tokio::test]
async fn a_close_is_logged_and_a_later_one_replaces_it_while_both_stay() {
    let town = Town::start().await;
    let client = town.client(town.inn());
    client.push(&town.batch(town.inn(), FIRST_DAY, 1, 4).await).await.unwrap();
    client.close(&totals(town.inn(), 5)).await.unwrap();
    client.close(&totals(town.inn(), 4)).await.unwrap();
    town.client(town.shop()).close(&totals(town.shop(), 0)).await.unwrap();
    assert_eq!(town.leaves(LeafKind::DayClose).await.len(), 3);
    assert_eq!(town.faults().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_too_large_or_encoded_or_of_another_type_is_refused_unread() {
    let town = Town::start().await;
    let token = town.client(town.inn()).token().await.unwrap();
    let send = |kind: &'static str, encoding: Option<&'static str>, body: Vec<u8>| {
        let mut request = town
            .http()
            .post(format!("{}/v1/batches", town.origin()))
            .bearer_auth(&*token)
            .header("content-type", kind)
            .body(body);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        async move { request.send().await.map(|answer| answer.status().as_u16()) }
    };
    let batch = "application/vnd.chayan.batch";
    let limit = BodyLimit::of(16 * 1024 * 1024).bytes;
    let large = send(batch, None, vec![b'a'; limit + 1]).await;
    assert!(large.is_err() || large.unwrap() == 413);
    assert_eq!(send(batch, Some("gzip"), b"x".to_vec()).await.unwrap(), 415);
    assert_eq!(send("application/json", None, b"{}".to_vec()).await.unwrap(), 415);
    assert_eq!(send(batch, None, b"x".to_vec()).await.unwrap(), 422);
    assert!(town.leaves(LeafKind::Batch).await.is_empty());
}
