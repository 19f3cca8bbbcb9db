//! The page on which a business tends its systems and their keys.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{NoFields, to};
use crate::foundation::House;
use crate::foundation::ids::{ClientId, HolderId};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Frame, page};
use crate::identity::clients;
use crate::identity::error::IdentityError;
use crate::identity::guard::Representative;
use crate::identity::model::{
    Client, ClientKey, ClientKind, ClientState, KeyState, OfferedKey, Purpose,
};
use crate::identity::store;

/// A system with its keys, those that sign first.
struct Listed {
    client: Client,
    keys: Vec<ClientKey>,
}

impl Listed {
    fn is_portal(&self) -> bool {
        self.client.kind == ClientKind::Portal
    }

    fn is_active(&self) -> bool {
        self.client.state == ClientState::Active
    }
}

#[derive(Template)]
#[template(path = "identity/pages/portal_keys.html")]
struct KeysPage {
    f: Frame,
    holder: HolderId,
    tends: bool,
    clients: Vec<Listed>,
    typed: ClientForm,
    /// What is wrong with what was typed; empty if nothing is.
    fault: String,
}

impl KeysPage {
    fn signs(key: &ClientKey) -> bool {
        key.state == KeyState::Active
    }

    fn purpose_key(key: &ClientKey) -> String {
        format!("portal-purpose-{}", key.purpose)
    }
}

/// What an administrator types to register a system.
#[derive(Default, Deserialize)]
pub(in crate::identity) struct ClientForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    authentication: String,
    #[serde(default)]
    manifest: String,
}

/// `GET /portal/keys`
pub(in crate::identity) async fn show(
    req: HttpRequest,
    visitor: Representative,
) -> Result<HttpResponse, Problem> {
    shown(&req, &visitor, ClientForm::default(), String::new()).await
}

async fn shown(
    req: &HttpRequest,
    visitor: &Representative,
    typed: ClientForm,
    fault: String,
) -> Result<HttpResponse, Problem> {
    let holder = visitor.holder();
    let read = House::of(req).store.read("identity.portal_keys", move |conn| {
        let keys = store::keys_of(conn, holder)?;
        let clients = store::clients_of(conn, holder)?.into_iter();
        let listed = clients.map(|client| {
            let own = keys.iter().filter(|key| key.client == client.id);
            let mut own: Vec<ClientKey> = own.cloned().collect();
            own.sort_by_key(|key| (key.state == KeyState::Retired, key.active_from));
            Listed { client, keys: own }
        });
        Ok::<_, IdentityError>(listed.collect())
    });
    page(&KeysPage {
        f: Frame::of(req, "portal-keys"),
        holder,
        tends: visitor.is_administrator(),
        clients: read.await?,
        typed,
        fault,
    })
}

async fn refused(
    req: &HttpRequest,
    visitor: &Representative,
    typed: ClientForm,
    fault: String,
) -> Result<HttpResponse, Problem> {
    let mut answer = shown(req, visitor, typed, fault).await?;
    *answer.status_mut() = StatusCode::CONFLICT;
    Ok(answer)
}

/// `POST /portal/keys`: registers a system with its first keys.
pub(in crate::identity) async fn make(
    req: HttpRequest,
    visitor: Representative,
    Form(form): Form<ClientForm>,
) -> Result<HttpResponse, Problem> {
    visitor.must_administer()?;
    let keys =
        [(Purpose::Authentication, &form.authentication), (Purpose::Manifest, &form.manifest)]
            .into_iter()
            .map(|(purpose, jwk)| OfferedKey::parse(purpose, jwk.as_bytes()))
            .collect::<Result<Vec<_>, _>>();
    let made = match keys {
        Ok(keys) => {
            let (house, by) = (House::of(&req), visitor.actor());
            clients::register_client(house, by, visitor.holder(), &form.name, keys).await.map(drop)
        }
        Err(cause) => Err(cause),
    };
    match made {
        Ok(()) => Ok(to("/portal/keys").finish()),
        Err(cause @ (IdentityError::Key(_) | IdentityError::Name)) => {
            refused(&req, &visitor, form, cause.to_string()).await
        }
        Err(cause) => Err(cause.into()),
    }
}

/// A client of the visitor's business, for an administrator; of another it does not exist.
async fn own(req: &HttpRequest, visitor: &Representative, path: &str) -> Result<ClientId, Problem> {
    let id: ClientId = path.parse().ok().ok_or_else(Problem::not_found)?;
    let holder = visitor.holder();
    let read = House::of(req).store.read("identity.portal_client", move |conn| {
        let client = store::client(conn, id)?.filter(|client| client.holder_id == holder);
        client.ok_or(IdentityError::NotFound)
    });
    read.await?;
    visitor.must_administer()?;
    Ok(id)
}

#[derive(Deserialize)]
pub(in crate::identity) struct KeyForm {
    purpose: Option<Purpose>,
    #[serde(default)]
    jwk: String,
}

/// `POST /portal/keys/{client}/add`: one more public key.
pub(in crate::identity) async fn add(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
    Form(form): Form<KeyForm>,
) -> Result<HttpResponse, Problem> {
    let client = own(&req, &visitor, &path).await?;
    let purpose = form.purpose.unwrap_or(Purpose::Manifest);
    let added = match OfferedKey::parse(purpose, form.jwk.as_bytes()) {
        Ok(key) => clients::add_key(House::of(&req), visitor.actor(), client, key).await,
        Err(cause) => Err(cause),
    };
    match added {
        Ok(()) => Ok(to("/portal/keys").finish()),
        Err(cause @ IdentityError::Key(_)) => {
            refused(&req, &visitor, ClientForm::default(), cause.to_string()).await
        }
        Err(cause) => Err(cause.into()),
    }
}

#[derive(Deserialize)]
pub(in crate::identity) struct RetireForm {
    #[serde(default)]
    kid: String,
}

/// `POST /portal/keys/{client}/retire`: a key signs nothing new any more.
pub(in crate::identity) async fn retire(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
    Form(form): Form<RetireForm>,
) -> Result<HttpResponse, Problem> {
    let client = own(&req, &visitor, &path).await?;
    clients::retire_key(House::of(&req), visitor.actor(), client, &form.kid).await?;
    Ok(to("/portal/keys").finish())
}

/// `POST /portal/keys/{client}/revoke`: a system is out of service.
pub(in crate::identity) async fn revoke(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<String>,
    Form(NoFields {}): Form<NoFields>,
) -> Result<HttpResponse, Problem> {
    let client = own(&req, &visitor, &path).await?;
    clients::revoke_client(House::of(&req), visitor.actor(), client).await?;
    Ok(to("/portal/keys").finish())
}
