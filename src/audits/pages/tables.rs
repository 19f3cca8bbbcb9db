//! A table as a file.

use actix_web::{HttpRequest, HttpResponse};

use super::super::exporting::{Wish, take};
use crate::foundation::House;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Form, Lang, export};
use crate::registry::Officer;

/// `POST /tables`: what a page covers, as CSV, a workbook or JSON.
pub(super) async fn send(
    req: HttpRequest,
    officer: Officer,
    Form(wish): Form<Wish>,
) -> Result<HttpResponse, Problem> {
    let (form, sheet, rows) = take(House::of(&req), officer, Lang::of(&req), wish).await?;
    export(form, sheet, rows).await
}
