//! The session cookie: 256 random bits, of which only a hash is stored.
//!
//! Source: `security.md` W2, W3.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::foundation::Random;

/// The cookie's name; the prefix makes browsers insist on `Secure` and on this host.
pub const COOKIE: &str = "__Host-chayan";

/// The secret of one session, as the browser holds it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new token.
    pub fn fresh(random: &Random) -> Self {
        Self(Base64UrlUnpadded::encode_string(&random.bytes::<32>()))
    }

    /// The token that came with the request, if any.
    pub fn of(req: &HttpRequest) -> Option<Self> {
        let cookie = req.cookie(COOKIE)?;
        (cookie.value().len() == 43).then(|| Self(cookie.value().to_owned()))
    }

    /// What the database may know of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The token that forms of this session carry. It follows from the session's secret, so it
    /// needs no storage and dies with the session.
    pub fn csrf(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.form_secret())
    }

    /// The same token behind a new mask: as pages show it, so that the length of a compressed page
    /// says nothing of it.
    pub fn masked_csrf(&self, random: &Random) -> String {
        let mask = random.bytes::<32>();
        Base64UrlUnpadded::encode_string(&[mask, masked(mask, self.form_secret())].concat())
    }

    /// Whether a form carries this session's token, bare or behind a mask.
    pub fn knows(&self, csrf: &str) -> bool {
        let mut both = [0; 64];
        let Ok(read) = Base64UrlUnpadded::decode(csrf, &mut both) else { return false };
        let shown = match (<[u8; 32]>::try_from(read), read.split_first_chunk::<32>()) {
            (Ok(bare), _) => Some(bare),
            (_, Some((mask, rest))) => {
                <[u8; 32]>::try_from(rest).ok().map(|rest| masked(*mask, rest))
            }
            _ => None,
        };
        shown == Some(self.form_secret())
    }

    fn form_secret(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"chayan/csrf/1").chain_update(&self.0).finalize().into()
    }

    /// The cookie that gives the token to the browser.
    pub fn cookie(&self) -> Cookie<'static> {
        Cookie::build(COOKIE, self.0.clone())
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Strict)
            .finish()
    }
}

fn masked(mask: [u8; 32], secret: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| mask[at] ^ secret[at])
}

/// The cookie that takes the token from the browser.
pub fn removal() -> Cookie<'static> {
    let mut cookie = Cookie::build(COOKIE, "").path("/").secure(true).http_only(true).finish();
    cookie.make_removal();
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_never_looks_the_same_and_belongs_to_its_session() {
        let random = Random::seeded(7);
        let (own, other) = (Token::fresh(&random), Token::fresh(&random));
        let (one, two) = (own.masked_csrf(&random), own.masked_csrf(&random));
        assert_ne!(one, two);
        assert!(own.knows(&one) && own.knows(&two) && own.knows(&own.csrf()));
        assert!(!other.knows(&one) && !own.knows("") && !own.knows(&one[..85]));
        assert!(!own.knows(&Base64UrlUnpadded::encode_string(&[0; 64])));
        assert!(!own.knows(&Base64UrlUnpadded::encode_string(&[0; 65])));
    }
}
