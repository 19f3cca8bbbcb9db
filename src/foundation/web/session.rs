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
        let digest = Sha256::new().chain_update(b"chayan/csrf/1").chain_update(&self.0).finalize();
        Base64UrlUnpadded::encode_string(&digest)
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

/// The cookie that takes the token from the browser.
pub fn removal() -> Cookie<'static> {
    let mut cookie = Cookie::build(COOKIE, "").path("/").secure(true).http_only(true).finish();
    cookie.make_removal();
    cookie
}
