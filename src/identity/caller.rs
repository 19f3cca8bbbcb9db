//! The caller of the API: a business system with a good access token.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::model::Scope;
use super::tokens::{self, Tokens};
use crate::foundation::House;
use crate::foundation::ids::{ClientId, HolderId};
use crate::foundation::problem::Problem;

/// A business system that calls the API with a good token.
#[derive(Clone, Debug)]
pub struct Caller {
    client: ClientId,
    holder: HolderId,
    scopes: Vec<Scope>,
}

impl Caller {
    /// The client.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// The duty holder for whom it speaks.
    pub const fn holder(&self) -> HolderId {
        self.holder
    }

    /// Asks that the token allow `scope`.
    ///
    /// # Errors
    ///
    /// 403 `forbidden`.
    pub fn must(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        Err(Problem::forbidden().header(header::WWW_AUTHENTICATE, &challenge))
    }

    /// The caller of `req`.
    ///
    /// # Errors
    ///
    /// 400 `malformed` for a token anywhere but in the one `Authorization` field; 401
    /// `unauthorized` without a good token.
    pub async fn of(req: &HttpRequest) -> Result<Self, Problem> {
        let token = token_of(req)?;
        let house = House::of(req);
        #[expect(clippy::expect_used, reason = "the server registers tokens before any route")]
        let tokens = req
            .app_data::<web::Data<Tokens>>()
            .expect("the server registers tokens before any route");
        let refuse = |cause: tokens::Invalid| {
            tracing::info!(cause = %cause, "access token refused: {cause}");
            unauthorized("Bearer realm=\"chayan\", error=\"invalid_token\"")
        };
        let claims = tokens.verify(token, house.clock.now()).map_err(refuse)?;
        let client = tokens.client(house, &claims).await?.map_err(refuse)?;
        let scopes = tokens::scopes(&claims.scope).unwrap_or_default();
        Ok(Self { client: client.id, holder: client.holder_id, scopes })
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::of(&req).await })
    }
}

fn unauthorized(challenge: &str) -> Problem {
    Problem::unauthorized().header(header::WWW_AUTHENTICATE, challenge)
}

/// The one bearer token of the request (RFC 6750, section 2.1 only).
fn token_of(req: &HttpRequest) -> Result<&str, Problem> {
    let in_query = |pair: &str| pair.split('=').next() == Some("access_token");
    if req.query_string().split('&').any(in_query) {
        return Err(Problem::malformed("a token belongs into the Authorization field"));
    }
    let mut fields = req.headers().get_all(header::AUTHORIZATION);
    let Some(field) = fields.next() else {
        return Err(unauthorized("Bearer realm=\"chayan\""));
    };
    if fields.next().is_some() {
        return Err(Problem::malformed("more than one Authorization field"));
    }
    let field = field.to_str().ok().and_then(|field| field.split_once(' '));
    match field {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(unauthorized("Bearer realm=\"chayan\"")),
    }
}
