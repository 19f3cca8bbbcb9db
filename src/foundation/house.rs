//! What every action needs: the store, the clock and a source of randomness.

use actix_web::{HttpRequest, web};

use crate::foundation::db::Store;
use crate::foundation::ids::Id;
use crate::foundation::random::Random;
use crate::foundation::time::Clock;

/// What every action needs, and nothing that only some need.
#[derive(Clone)]
pub struct House {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl House {
    /// The house that the server was started with.
    #[expect(clippy::expect_used, reason = "the server registers the house before any route")]
    pub fn of(req: &HttpRequest) -> &Self {
        req.app_data::<web::Data<Self>>().expect("the server registers the house before any route")
    }

    /// A new identifier: UUIDv7 of the house's time and randomness.
    pub fn fresh<T: Id>(&self) -> T {
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &self.random.bytes());
        T::from_uuid(uuid.into_uuid())
    }
}
