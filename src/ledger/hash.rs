//! The SHA-256 value that every node of a tree is.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;

use crate::foundation::crypto::b64u;

/// A SHA-256 value. Printed in padded standard base64, as checkpoints print it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Unpadded base64url, as it stands in leaves and on the wire.
    #[must_use]
    pub fn to_b64u(&self) -> String {
        b64u::encode(&self.0)
    }

    /// Reads padded standard base64; `None` for anything but the canonical text of 32 bytes.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let read = Base64::decode(text, &mut bytes).ok()?;
        if read.len() == 32 { Some(Self(bytes)) } else { None }
    }

    /// Reads unpadded base64url; `None` for anything but the canonical text of 32 bytes.
    #[must_use]
    pub fn from_b64u(text: &str) -> Option<Self> {
        b64u::decode_array(text).map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<DB: Backend> ToSql<Binary, DB> for Hash
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Binary, DB> for Hash
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Vec::<u8>::from_sql(bytes)?.as_slice().try_into()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_of_32_bytes_is_a_hash() {
        let hash = Hash([0xfb; 32]);
        let (padded, url) = (hash.to_string(), hash.to_b64u());
        assert_eq!(Hash::from_base64(&padded), Some(hash));
        assert_eq!(Hash::from_b64u(&url), Some(hash));
        assert_eq!(Hash::from_base64(&padded[..43]), None);
        assert_eq!(Hash::from_base64(&padded.replace("s=", "t=")), None);
        assert_eq!(Hash::from_base64("+/s="), None);
        assert_eq!(Hash::from_b64u(&padded), None);
    }
}
