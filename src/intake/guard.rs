//! The rights of intake: who may push, and who may read what was pushed.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::desk::Desk;
use super::error::IntakeError;
use super::limits::Admitted;
use super::store;
use crate::foundation::House;
use crate::foundation::ids::{ClientId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::must_be_scripted;
use crate::identity::{self, Caller, Representative, Scope};

/// A business system that may push now: token, scope, quota and room are proven. It keeps its
/// place at the gates as long as it lives.
pub(super) struct Pusher {
    client: ClientId,
    holder: HolderId,
    _place: Admitted,
}

impl Pusher {
    /// The client.
    pub(super) const fn client(&self) -> ClientId {
        self.client
    }

    /// The duty holder for whom it speaks.
    pub(super) const fn holder(&self) -> HolderId {
        self.holder
    }

    async fn of(req: &HttpRequest) -> Result<Pusher, Problem> {
        let caller = Caller::of(req).await?;
        caller.must(Scope::Push)?;
        Pusher::admitted(req, caller.client(), caller.holder()).await
    }

    /// Quota and room of a client whose right is proven.
    async fn admitted(
        req: &HttpRequest,
        client: ClientId,
        holder: HolderId,
    ) -> Result<Pusher, Problem> {
        let desk = Desk::of(req);
        let now = desk.house.clock.now();
        recall(&desk, client, holder, now).await?;
        desk.gates.check(client, 1, now)?;
        let declared = declared_length(req);
        if declared.is_some_and(|length| length > desk.gates.limits().bytes) {
            return Err(Problem::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
        }
        let place = desk.gates.admit(client, declared, now).await?;
        Ok(Pusher { client, holder, _place: place })
    }
}

impl FromRequest for Pusher {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Pusher, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Pusher::of(&req).await })
    }
}

/// A person of a business who pushes at the portal: the same right as a [`Pusher`]'s, from a
/// session and a page of it, for the client that stands for the portal.
pub(super) struct Clerk(pub(super) Pusher);

impl Clerk {
    async fn of(req: &HttpRequest) -> Result<Clerk, Problem> {
        let person = Representative::signed_in(req).await?;
        must_be_scripted(req)?;
        let holder = person.holder();
        let read = House::of(req).store.read("intake.portal_client", move |conn| {
            identity::portal_client(conn, holder).map_err(IntakeError::from)
        });
        let Some(client) = read.await? else {
            return Err(Problem::of(StatusCode::CONFLICT, "no-portal-key"));
        };
        Ok(Clerk(Pusher::admitted(req, client.id, holder).await?))
    }
}

impl FromRequest for Clerk {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Clerk, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Clerk::of(&req).await })
    }
}

/// Tells the gates of this process what the client pushed today, if they do not know.
async fn recall(
    desk: &Desk,
    client: ClientId,
    holder: HolderId,
    now: Timestamp,
) -> Result<(), Problem> {
    let today = now.day();
    if !desk.gates.forgets(client, today) {
        return Ok(());
    }
    let counts = desk.house.store.read("intake.counts_today", move |conn| {
        store::counts_since(conn, holder, client, today.start()).map_err(IntakeError::from)
    });
    let records: i64 = counts.await?.into_iter().sum();
    desk.gates.recall(client, today, u64::try_from(records).unwrap_or(0));
    Ok(())
}

fn declared_length(req: &HttpRequest) -> Option<usize> {
    req.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A business system that may read what its holder pushed.
pub(super) struct Reader(Caller);

impl Reader {
    /// The duty holder for whom it speaks.
    pub(super) const fn holder(&self) -> HolderId {
        self.0.holder()
    }
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Reader, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let caller = Caller::of(&req).await?;
            caller.must(Scope::Read)?;
            Ok(Reader(caller))
        })
    }
}
