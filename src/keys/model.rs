//! An audit key and its times; no I/O, no clock.

use std::time::Duration;

use diesel::prelude::*;

use crate::foundation::crypto::b64u;
use crate::foundation::crypto::sealing::SealingKey;
use crate::foundation::db::schema::keys_audit;
use crate::foundation::db::text_enum;
use crate::foundation::ids::DepartmentId;
use crate::foundation::time::{Day, Timestamp};

/// How long after its month a key stays open for sealing (`protocol.md` §4).
pub(super) const GRACE: Duration = Duration::from_secs(48 * 3600);

/// How long after its month a key is needed at least: a breach may be punished within two years
/// (Administrative Penalty Law, article 36).
const NEEDED: Duration = Duration::from_secs(731 * 86_400);

text_enum! {
    /// Whether an audit key may be used for sealing at all.
    pub enum KeyState {
        /// In use while its times allow.
        Active = "active",
        /// Taken out of use; it still opens what was sealed to it.
        Retired = "retired",
    }
}

/// The audit key of a department and month, with its private half wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = keys_audit)]
pub struct AuditKey {
    /// Its name, as records carry it.
    pub kid: String,
    /// The department that opens with it.
    pub department_id: DepartmentId,
    /// The month, `2026-03`.
    pub month: String,
    /// The public half as a JWK.
    pub public_jwk: String,
    /// The private half, wrapped by its period key.
    pub wrapped: Vec<u8>,
    /// Open for sealing from then.
    pub seal_from: Timestamp,
    /// Closed for sealing from then.
    pub seal_until: Timestamp,
    /// Not to be destroyed before then.
    pub destroy_after: Timestamp,
    /// Whether it is in use.
    pub state: KeyState,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was taken out of use.
    pub retired_at: Option<Timestamp>,
}

impl AuditKey {
    /// A key called `kid` for the month of `day`, without its private half.
    pub(super) fn of_month(
        kid: String,
        department_id: DepartmentId,
        day: Day,
        public: &SealingKey,
        made_at: Timestamp,
    ) -> Self {
        let end = day.last_of_month().end();
        Self {
            public_jwk: public.jwk(&kid).to_string(),
            kid,
            department_id,
            month: day.month().to_owned(),
            wrapped: Vec::new(),
            seal_from: day.first_of_month().start(),
            seal_until: end.plus(GRACE),
            destroy_after: end.plus(NEEDED),
            state: KeyState::Active,
            made_at,
            retired_at: None,
        }
    }

    /// Whether records may be sealed to it at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == KeyState::Active && self.seal_from <= now && now < self.seal_until
    }

    /// The public half; `None` if the row does not hold one.
    #[must_use]
    pub fn sealing_key(&self) -> Option<SealingKey> {
        let jwk = self.jwk();
        let member = |name: &str| b64u::decode_array::<32>(jwk.get(name)?.as_str()?);
        SealingKey::from_coordinates(&member("x")?, &member("y")?)
    }

    /// The public half as a JWK; null if the row does not hold one.
    #[must_use]
    pub fn jwk(&self) -> serde_json::Value {
        serde_json::from_str(&self.public_jwk).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::Random;
    use crate::foundation::crypto::sealing::OpeningKey;

    fn march() -> AuditKey {
        let key = OpeningKey::generate(&Random::seeded(1)).unwrap();
        let department = "0198c0de-0000-7000-8000-00000000000d".parse().unwrap();
        let day = "2026-03-17".parse().unwrap();
        AuditKey::of_month("ak-1".into(), department, day, key.sealing_key(), day.start())
    }

    #[test]
    fn the_grace_after_a_month_is_exact_to_the_second() {
        let key = march();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!key.is_open(at("2026-02-28T23:59:59+08:00")));
        assert!(key.is_open(at("2026-03-01T00:00:00+08:00")));
        assert!(key.is_open(at("2026-04-02T23:59:59+08:00")));
        assert!(!key.is_open(at("2026-04-03T00:00:00+08:00")));
    }

    #[test]
    fn a_retired_key_is_closed_at_once() {
        let retired = AuditKey { state: KeyState::Retired, ..march() };
        assert!(!retired.is_open("2026-03-17T12:00:00+08:00".parse().unwrap()));
    }

    #[test]
    fn the_public_half_comes_back_from_the_row() {
        let key = march();
        assert_eq!(key.sealing_key().unwrap().jwk("ak-1"), key.jwk());
        assert_eq!(AuditKey { public_jwk: "{}".into(), ..key }.sealing_key(), None);
    }
}
