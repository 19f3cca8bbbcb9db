//! The durability barrier of PostgreSQL: without its standby a commit is not called durable, even
//! where a cancelled wait makes the server report success (`security.md` R8).

use std::process::Command;
use std::time::Duration;

use chayan::foundation::db::{Durability, Store, StoreError, Work};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};

/// A cluster of this test's own: a primary and its synchronous standby.
struct Cluster(std::path::PathBuf);

impl Cluster {
    fn run(&self, verb: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
        // The servers inherit what the script writes to: a file, not a pipe that nobody closes.
        let said = std::env::temp_dir().join(format!("chayan-barrier-{}", std::process::id()));
        let file = std::fs::File::create(&said).unwrap();
        let run = Command::new(script).arg(verb).arg(&self.0).stdout(file).status().unwrap();
        assert!(run.success(), "scripts/postgres {verb}");
        let text = std::fs::read_to_string(&said).unwrap();
        std::fs::remove_file(said).unwrap();
        text.trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("stop");
    }
}

fn note(number: u32) -> Vec<Work> {
    let statement = format!("INSERT INTO notes VALUES ({number})");
    vec![Box::new(move |conn| {
        diesel::sql_query(&statement).execute(conn).map(|_| ()).map_err(StoreError::from)
    })]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_its_standby_is_not_called_durable() {
    if std::env::var("CHAYAN_TEST_DATABASE").is_err() {
        return; // the suite runs on SQLite, where the commit is the barrier
    }
    let place = if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" };
    let folder = format!("{place}/chayan-barrier-{}", std::process::id());
    let cluster = Cluster(folder.into());
    let url = cluster.run("start");
    let mut admin = PgConnection::establish(&url).unwrap();
    admin.batch_execute("CREATE TABLE notes (number INTEGER PRIMARY KEY)").unwrap();
    let store = Store::open(&url.parse().unwrap(), Durability::Standby, true).unwrap();
    store.append("test.with", note(1), |_| Ok(())).await.unwrap();

    cluster.run("orphan");
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.append("test.without", note(2), |_| Ok(())).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "the commit waits for the standby");
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    admin.batch_execute(cancel).unwrap();
    let answer = waiting.await.unwrap();
    assert!(matches!(answer, Err(StoreError::NotDurable)), "{answer:?}");
}
