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
use crate::foundation::ids::{HolderId, PersonId};
use crate::foundation::problem::Problem;
use crate::foundation::web::session::Token;
use crate::foundation::web::{Lang, Visitor};

/// A person who is signed in; as the argument of a handler, one of an authority.
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

    /// The person of an authority who is signed in. The page's frame gets to know the name.
    ///
    /// # Errors
    ///
    /// Of somebody who only looks, a redirect: to the sign-in page, or home for a person of a
    /// business. Otherwise 401 `unauthorized`, and 404 `not-found` for a person of a business.
    pub async fn signed_in(req: &HttpRequest) -> Result<Self, Problem> {
        match Self::if_signed_in(req).await? {
            Some(person) if person.role().is_of_business() => Err(elsewhere(req, person.role())),
            Some(person) => Ok(person),
            None => Err(stranger(req)),
        }
    }

    /// The person who is signed in, if anybody is, also of a business.
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
        let visitor =
            Visitor { name: person.name.clone(), place: String::new(), side: person.role.side() };
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

/// A redirect to the sign-in page for somebody who only looks, 401 for everybody else.
fn stranger(req: &HttpRequest) -> Problem {
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        return Problem::of(StatusCode::SEE_OTHER, "unauthorized")
            .header(header::LOCATION, "/sign-in");
    }
    Problem::unauthorized()
}

/// What somebody gets who is signed in and has other pages than this one: as if it did not exist.
fn elsewhere(req: &HttpRequest, role: Role) -> Problem {
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        return Problem::of(StatusCode::SEE_OTHER, "not-found")
            .header(header::LOCATION, role.home());
    }
    Problem::not_found()
}

/// A person of a business who is signed in: speaks for one duty holder and reaches nothing of
/// another.
#[derive(Clone, Debug)]
pub struct Representative {
    person: Person,
    holder: HolderId,
}

impl Representative {
    /// The person of a business who is signed in. The page's frame gets to know the name.
    ///
    /// # Errors
    ///
    /// Those of [`Person::signed_in`], with the sides changed.
    pub async fn signed_in(req: &HttpRequest) -> Result<Self, Problem> {
        let Some(person) = Person::if_signed_in(req).await? else { return Err(stranger(req)) };
        match person.0.holder_id {
            Some(holder) => Ok(Self { person, holder }),
            None => Err(elsewhere(req, person.role())),
        }
    }

    /// Our own id of the person.
    pub const fn id(&self) -> PersonId {
        self.person.id()
    }

    /// The duty holder for whom the person speaks.
    pub const fn holder(&self) -> HolderId {
        self.holder
    }

    /// What the portal calls the person.
    pub fn name(&self) -> &str {
        self.person.name()
    }

    /// What the log calls the person.
    pub fn pseudonym(&self) -> Pseudonym {
        self.person.pseudonym()
    }

    /// The person as the doer of something.
    pub fn actor(&self) -> Actor {
        self.person.actor()
    }

    /// The language of the person's letters.
    pub const fn lang(&self) -> Lang {
        self.person.lang()
    }

    /// Whether the person tends the people and the keys of the business.
    pub fn is_administrator(&self) -> bool {
        self.person.role() == Role::BusinessAdministrator
    }

    /// Asks for an administrator of the business.
    ///
    /// # Errors
    ///
    /// 403 `forbidden`.
    pub fn must_administer(&self) -> Result<(), Problem> {
        if self.is_administrator() { Ok(()) } else { Err(Problem::forbidden()) }
    }
}

impl FromRequest for Representative {
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
