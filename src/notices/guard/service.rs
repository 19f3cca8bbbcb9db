//! Who may serve a document on paper, and enter a consent.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::super::error::NoticeError;
use super::super::proof::PaperCopy;
use super::super::store;
use crate::foundation::House;
use crate::foundation::ids::{HolderId, PaperId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::registry::{self, Holder, Officer};

/// Why `officer` may look at the affairs of `holder` and not act in them, as a Fluent key; `None` if
/// he may act.
fn bar(officer: &Officer, holder: HolderId) -> Option<&'static str> {
    if !officer.is_certified() {
        return Some("service-bar-certificate");
    }
    officer.is_conflicted_with(holder).then_some("service-bar-conflict")
}

fn in_path<T: std::str::FromStr>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    req.match_info().get(name).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// An officer who may see the printed letter named in the path: it is the department's, and the duty
/// holder is in his trades.
pub(in crate::notices) struct CopyViewer {
    pub(in crate::notices) officer: Officer,
    pub(in crate::notices) copy: PaperCopy,
    /// The day on which the letter was written.
    pub(in crate::notices) written: Day,
}

impl CopyViewer {
    /// Why he may not act, as a Fluent key.
    pub(in crate::notices) fn bar(&self) -> Option<&'static str> {
        bar(&self.officer, self.copy.holder)
    }
}

impl FromRequest for CopyViewer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let id: PaperId = in_path(&req, "paper")?;
            let own = officer.clone();
            let found = House::of(&req).store.read("notices.copy", move |conn| {
                let Some(copy) = store::paper(conn, id)? else { return Ok(None) };
                if copy.department != own.department_id() || !own.sees(conn, copy.holder)? {
                    return Ok(None);
                }
                let letter = store::find(conn, copy.letter)?;
                Ok::<_, NoticeError>(letter.map(|letter| (copy, letter.queued_at.day())))
            });
            let (copy, written) = found.await?.ok_or_else(Problem::not_found)?;
            Ok(Self { officer, copy, written })
        })
    }
}

/// An officer who may serve the printed letter named in the path: he sees it, his certificate is
/// valid, and no conflict with the duty holder is on record.
pub(in crate::notices) struct CopyOfficer {
    pub(in crate::notices) officer: Officer,
    pub(in crate::notices) copy: PaperCopy,
    pub(in crate::notices) written: Day,
}

impl FromRequest for CopyOfficer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let viewer = CopyViewer::from_request(req, payload);
        Box::pin(async move {
            let viewer = viewer.await?;
            match viewer.bar() {
                Some(_) => Err(Problem::forbidden()),
                None => {
                    let CopyViewer { officer, copy, written } = viewer;
                    Ok(Self { officer, copy, written })
                }
            }
        })
    }
}

/// An officer who may see the duty holder named in the path.
pub(in crate::notices) struct HolderViewer {
    pub(in crate::notices) officer: Officer,
    pub(in crate::notices) holder: Holder,
}

impl HolderViewer {
    /// Why he may not act, as a Fluent key.
    pub(in crate::notices) fn bar(&self) -> Option<&'static str> {
        bar(&self.officer, self.holder.id)
    }
}

impl FromRequest for HolderViewer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let officer = Officer::signed_in(&req).await?;
            let id: HolderId = in_path(&req, "holder")?;
            let own = officer.clone();
            let found = House::of(&req).store.read("notices.holder", move |conn| {
                let seen = own.sees(conn, id)?;
                Ok::<_, NoticeError>(registry::holder(conn, id)?.filter(|_| seen))
            });
            let holder = found.await?.ok_or_else(Problem::not_found)?;
            Ok(Self { officer, holder })
        })
    }
}

/// An officer who may enter and end consents of the duty holder named in the path.
pub(in crate::notices) struct HolderOfficer(pub(in crate::notices) HolderViewer);

impl FromRequest for HolderOfficer {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let viewer = HolderViewer::from_request(req, payload);
        Box::pin(async move {
            let viewer = viewer.await?;
            match viewer.bar() {
                Some(_) => Err(Problem::forbidden()),
                None => Ok(Self(viewer)),
            }
        })
    }
}
