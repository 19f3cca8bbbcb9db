//! A business system that is not ours: Python with an off-the-shelf JOSE library.
//!
//! `CHAYAN_TEST_PYTHON` names an interpreter with `examples/python/requirements.txt` installed;
//! `scripts/check` makes one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests may"
)]

use std::path::Path;
use std::process::{Command, Output};

use chayan::ledger::LeafKind;
use serde_json::json;

#[expect(dead_code, reason = "each test binary uses a part of the town")]
#[path = "../support/mod.rs"]
mod support;
use support::Town;

fn python(town: &Town, script: &str, arguments: &[&str]) -> Output {
    let interpreter = std::env::var("CHAYAN_TEST_PYTHON")
        .expect("CHAYAN_TEST_PYTHON names a Python with the requirements; run scripts/check 6");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python").join(script);
    let run = Command::new(interpreter)
        .arg(script)
        .args(arguments)
        .current_dir(town.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{arguments:?}: {said}");
    run
}

#[tokio::test]
async fn a_python_system_registers_seals_pushes_closes_and_checks_its_receipt() {
    let mut town = Town::found_today().await;
    town.open().await;
    let keys: serde_json::Value =
        serde_json::from_slice(&python(&town, "make_keys.py", &["keys-py"]).stdout).unwrap();
    let client_id = town.register_client("crane-inn", "python", &keys);
    let day = town.clock.now().minus(std::time::Duration::from_secs(600)).day();
    let at = |minute: u64| {
        let time = day.start().plus(std::time::Duration::from_secs(minute));
        time.to_string()
    };
    let records: Vec<_> = (0..3)
        .map(|n| {
            json!({
                "occurred_at": at(n), "registered_at": at(n + 60), "event": "check_in",
                "subject_kind": "person", "subject_name": "林小满", "id_doc_type": "111",
                "id_doc_no": chayan::rules::documents::test_resident_id(
                    chrono::NaiveDate::from_ymd_opt(1990, 1, 12).unwrap(), 23),
                "verify_method": "reader", "verify_result": "pass", "operator_id": "front-1",
                "source_no": format!("P-{n}"), "room_no": "0806", "guests_in_room": 1,
                "minor": false,
            })
        })
        .collect();
    let folder = town.folder.path();
    std::fs::write(folder.join("records.json"), serde_json::to_vec(&records).unwrap()).unwrap();
    let inn = town.inn();
    let (ca, holder, stream) = (town.ca(), inn.holder.to_string(), inn.stream.to_string());
    python(
        &town,
        "push_a_day.py",
        &[
            "--api",
            &town.origin(),
            "--ca",
            ca.to_str().unwrap(),
            "--keys",
            "keys-py",
            // A random id may begin with a hyphen.
            &format!("--client={client_id}"),
            "--holder",
            &holder,
            "--stream",
            &stream,
            "--day",
            day.as_str(),
            "--records",
            "records.json",
            "--receipt",
            "receipt.json",
            "--first",
            "1",
            "--body",
            "batch.bin",
            "--totals",
            r#"{"room_nights_sold": 2}"#,
        ],
    );
    assert_eq!(town.leaves(LeafKind::Batch).await.len(), 1);
    assert_eq!(town.leaves(LeafKind::DayClose).await.len(), 1);
    let check = ["--receipt", "receipt.json", "--body", "batch.bin", "--log-key", "log.pub"];
    let said = String::from_utf8(python(&town, "verify_receipt.py", &check).stdout).unwrap();
    assert!(said.contains("the receipt holds"), "{said}");
    let ours = town.command(&[
        "verify",
        folder.join("receipt.json").to_str().unwrap(),
        folder.join("batch.bin").to_str().unwrap(),
        "--log-key",
        folder.join("log.pub").to_str().unwrap(),
    ]);
    assert!(ours.contains("the receipt holds"), "{ours}");
    opens(&town, inn.holder).await;
}

/// What Python sealed, our own key opens.
async fn opens(town: &Town, holder: chayan::foundation::ids::HolderId) {
    use chayan::foundation::crypto::jwe;
    use chayan::foundation::crypto::sealing::OpeningKey;
    use chayan::foundation::db::StoreError;
    let day = town.clock.now().day();
    let (line, kid) = town
        .house
        .store
        .read("test.line", move |conn| {
            let (first, last) = (day.previous(), day.next());
            let batch = chayan::intake::batches_of(conn, holder, first, last)?.remove(0);
            let line = chayan::intake::line(conn, batch.id, 0)?.unwrap();
            let kid = jwe::header(&line).unwrap().kid;
            Ok::<_, StoreError>((line, kid))
        })
        .await
        .unwrap();
    let key = town
        .house
        .store
        .read("test.key", move |conn| chayan::keys::find(conn, &kid).map_err(StoreError::from));
    let folder = town.folder.path().join("keys/audit");
    let root = chayan::keys::files::load_root(&folder.join("root.key")).unwrap();
    let opener = chayan::keys::Opener::new(root, &folder);
    let secret = opener.unwrap(&key.await.unwrap().unwrap()).unwrap();
    let private = secret.expose(OpeningKey::from_bytes).unwrap();
    let plaintext = jwe::open(&line, &private).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&plaintext).unwrap();
    assert_eq!(record["room_no"], "0806");
}
