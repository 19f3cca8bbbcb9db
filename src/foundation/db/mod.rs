//! Two databases, one face: PostgreSQL and SQLite behind `read`, `write` and `append`.
//!
//! A transaction runs in a blocking closure to its end, whatever happens to its request. Nothing
//! outside this folder knows which database it talks to. What the connection enum refuses stays
//! refused at compile time:
//!
//! ```compile_fail
//! use chayan::foundation::db::{Conn, schema::jobs_runs};
//! use diesel::prelude::*;
//! fn several(conn: &mut Conn, rows: Vec<(diesel::dsl::Eq<jobs_runs::job, &str>,)>) {
//!     diesel::insert_into(jobs_runs::table).values(rows).execute(conn); // no batch insert
//! }
//! ```
//!
//! ```compile_fail
//! use chayan::foundation::db::{Conn, schema::jobs_runs};
//! use diesel::prelude::*;
//! fn lock(conn: &mut Conn) {
//!     jobs_runs::table.select(jobs_runs::job).for_update().load::<String>(conn); // no row locks
//! }
//! ```

mod conn;
mod dialect;
mod migrate;
#[expect(missing_docs, reason = "the tables are described where the migrations make them")]
pub mod schema;
mod store;
#[cfg(test)]
pub(crate) mod testing;
mod types;
mod wal;

pub use conn::{Conn, DatabaseUrl, UrlError};
pub(crate) use dialect::{insert_if_absent, savepoint};
pub use migrate::SchemaFault;
pub use store::{Durability, Store, StoreError, Work};
pub(crate) use types::text_enum;

#[cfg(test)]
mod tests;
