//! A fresh database for one test: SQLite, or PostgreSQL where `CHAYAN_TEST_DATABASE` names a
//! server. A test does not know which.

use super::{DatabaseUrl, Durability, Store};

/// Keeps the folder of a test's database, and says where the database is.
pub(crate) struct Guard {
    pub(crate) url: DatabaseUrl,
    pub(crate) folder: tempfile::TempDir,
}

/// A store on a new database with the schema of this program.
pub(crate) async fn store() -> (Store, Guard) {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh_database(folder.path());
    let store = Store::open(&url, Durability::SingleNode, true).unwrap();
    store.migrate().await.unwrap();
    (store, Guard { url, folder })
}

fn fresh_database(folder: &std::path::Path) -> DatabaseUrl {
    #[cfg(feature = "postgres")]
    if let Some(url) = on_server() {
        return url;
    }
    DatabaseUrl::Sqlite(folder.join("test.db"))
}

#[cfg(feature = "postgres")]
#[expect(clippy::disallowed_methods, reason = "tests are told their server by the environment")]
fn on_server() -> Option<DatabaseUrl> {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, PgConnection};

    let server = std::env::var("CHAYAN_TEST_DATABASE").ok()?;
    let scheme = server.find("://").filter(|_| server.starts_with("postgres"))?;
    let name = format!("chayan_test_{:032x}", rand::random::<u128>());
    let mut conn = PgConnection::establish(&server).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (place, query) = server.split_once('?').unwrap_or((&server, ""));
    let end = place[scheme + 3..].find('/').map_or(place.len(), |slash| scheme + 3 + slash);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Some(DatabaseUrl::Postgres(format!("{}/{name}{query}", &place[..end])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fresh_database_has_the_schema_of_this_program() {
        let (store, _guard) = store().await;
        store.verify().await.unwrap();
    }
}
