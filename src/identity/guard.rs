//! Who is signed in, and what that alone allows.

use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::error::IdentityError;
use super::model::{Actor, PersonRow, Pseudonym, Role};
use super::signin;
use super::store;
use crate::foundation::House;
use crate::foundation::ids::PersonId;
use crate::foundation::problem::Problem;
use crate::foundation::web::session::Token;
use crate::foundation::web::{Lang, Visitor};

/// A person who is signed in.
#[derive(Clone, Debug)]
pub struct Person(PersonRow);

impl Person {
    /// Our own id.
    pub const fn id(&self) -> PersonId {
        self.0.id
    }

    /// What the console calls the person.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What the person does here.
    pub const fn role(&self) -> Role {
        self.0.role
    }

    /// The language of the person's letters.
    pub const fn lang(&self) -> Lang {
        self.0.lang
    }

    /// What the log calls the person.
    pub fn pseudonym(&self) -> Pseudonym {
        self.0.pseudonym()
    }

    /// The person as the doer of something.
    pub fn actor(&self) -> Actor {
        Actor::Person(self.pseudonym())
    }

    /// The person who is signed in. The page's frame gets to know the name.
    ///
    /// # Errors
    ///
    /// A redirect to the sign-in page if somebody only looks; otherwise 401 `unauthorized`.
    pub async fn signed_in(req: &HttpRequest) -> Result<Self, Problem> {
        let Some(person) = Self::if_signed_in(req).await? else {
            return Err(if matches!(*req.method(), Method::GET | Method::HEAD) {
                Problem::of(StatusCode::SEE_OTHER, "unauthorized")
                    .header(header::LOCATION, "/sign-in")
            } else {
                Problem::unauthorized()
            });
        };
        Ok(person)
    }

    /// The person who is signed in, if anybody is.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn if_signed_in(req: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(token) = Token::of(req) else { return Ok(None) };
        let (house, hash) = (House::of(req), token.hash());
        let now = house.clock.now();
        let found = house.store.read("identity.session", move |conn| {
            signin::session_in(conn, &hash, now).map_err(IdentityError::from)
        });
        let Some((person, stale)) = found.await? else { return Ok(None) };
        if stale {
            let noted = house.store.write("identity.touch_session", move |tx| {
                store::touch_session(tx, &hash, now).map_err(IdentityError::from)
            });
            noted.await?;
        }
        let visitor = Visitor {
            name: person.name.clone(),
            place: String::new(),
            tends_people: person.role == Role::SecurityAdministrator,
        };
        req.extensions_mut().insert(visitor);
        Ok(Some(Self(person)))
    }
}

impl FromRequest for Person {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::signed_in(&req).await })
    }
}

/// One of the three administrators.
#[derive(Clone, Debug)]
pub struct Administrator(Person);

impl Administrator {
    /// The administrator as a person.
    pub const fn person(&self) -> &Person {
        &self.0
    }
}

impl FromRequest for Administrator {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let person = Person::signed_in(&req).await?;
            if person.role().administers() { Ok(Self(person)) } else { Err(Problem::forbidden()) }
        })
    }
}

/// The administrator who makes and disables people.
pub(super) struct SecurityAdministrator(pub(super) Person);

impl FromRequest for SecurityAdministrator {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let person = Person::signed_in(&req).await?;
            match person.role() {
                Role::SecurityAdministrator => Ok(Self(person)),
                _ => Err(Problem::forbidden()),
            }
        })
    }
}

/// The network that a request comes from: 24 bits of an IPv4 address, 64 of an IPv6 one.
pub(crate) fn network(req: &HttpRequest) -> String {
    match req.peer_addr().map(|peer| peer.ip().to_canonical()) {
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => String::new(),
    }
}
