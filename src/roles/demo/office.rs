//! An officer at the console: signed in by a one-time link, deciding about findings through the very
//! pages that people use.

use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Response, StatusCode};

use super::DemoError;
use super::stage::Stage;
use crate::foundation::House;
use crate::foundation::ids::{CaseId, FindingId, HolderId, PersonId};
use crate::foundation::time::Day;
use crate::foundation::web::{Lang, session};
use crate::identity::{self, Actor, CodePurpose, Invitation};

/// How long a one-time link is good.
const LINK: Duration = Duration::from_secs(86_400);

/// The manager of a business who enters the portal; invented.
const MANAGER: &str = "manager";
const MANAGER_NAME: &str = "周静（示例）";

/// A link that opens the console once for the person called `login`.
///
/// # Errors
///
/// [`DemoError`], also where nobody is called so.
pub async fn entry_link(stage: &Stage, house: &House, login: &str) -> Result<String, DemoError> {
    let code = identity::mint_code(house, person(house, login).await?, CodePurpose::Entry, LINK);
    Ok(format!("{}/enter?code={}", stage.console_origin(), code.await?))
}

/// A link that opens the portal once for the manager of `holder`, whom it makes known.
///
/// # Errors
///
/// [`DemoError`].
pub async fn portal_link(
    stage: &Stage,
    house: &House,
    holder: HolderId,
) -> Result<String, DemoError> {
    let known =
        house.store.read("demo.person", |conn| identity::person_called(conn, MANAGER)).await?;
    let person = match known {
        Some(known) => known.id,
        None => {
            let (login, name) = (MANAGER.to_owned(), MANAGER_NAME.to_owned());
            let invitation = Invitation { login, name, administrator: true, lang: Lang::Zh };
            identity::represent(house, Actor::Command, holder, &invitation).await?
        }
    };
    let code = identity::mint_code(house, person, CodePurpose::Entry, LINK);
    Ok(format!("{}/enter?code={}", stage.console_origin(), code.await?))
}

async fn person(house: &House, login: &str) -> Result<PersonId, DemoError> {
    let login = login.to_owned();
    let found =
        house.store.read("demo.person", move |conn| identity::person_called(conn, &login)).await?;
    Ok(found.ok_or(DemoError::Plan)?.id)
}

/// An officer who is signed in.
#[derive(Debug)]
pub struct Office {
    http: reqwest::Client,
    origin: String,
    cookie: String,
}

impl Office {
    /// Signs the officer called `login` in.
    ///
    /// # Errors
    ///
    /// [`DemoError::Console`] where the console does not let him in.
    pub async fn enter(stage: &Stage, house: &House, login: &str) -> Result<Office, DemoError> {
        let link = entry_link(stage, house, login).await?;
        let code = link.rsplit('=').next().unwrap_or_default();
        let (http, origin) = (stage.connections()?, stage.console_origin());
        let request = http.post(format!("{origin}/enter")).header(ORIGIN, &origin);
        let answer = form(request, &[("code", code)]).send().await?;
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let session = cookies
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .find(|cookie| cookie.starts_with(session::COOKIE))
            .map(str::to_owned);
        let cookie = session.ok_or_else(|| DemoError::Console(answer.status().as_u16()))?;
        Ok(Office { http, origin, cookie })
    }

    /// Confirms a finding with a reason and a time limit; gives the case that was opened.
    ///
    /// # Errors
    ///
    /// [`DemoError::Console`].
    pub async fn confirm(
        &self,
        finding: FindingId,
        reason: &str,
        deadline: Day,
    ) -> Result<CaseId, DemoError> {
        let fields = [("reason", reason), ("deadline", deadline.as_str())];
        let answer = self.decide(finding, "confirm", &fields).await?;
        let place = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let case = place.and_then(|place| place.rsplit('/').next()?.parse().ok());
        case.ok_or_else(|| DemoError::Console(answer.status().as_u16()))
    }

    /// Dismisses a finding with a reason.
    ///
    /// # Errors
    ///
    /// [`DemoError::Console`].
    pub async fn dismiss(&self, finding: FindingId, reason: &str) -> Result<(), DemoError> {
        self.decide(finding, "dismiss", &[("code", "other"), ("reason", reason)]).await.map(|_| ())
    }

    async fn decide(
        &self,
        finding: FindingId,
        verb: &str,
        fields: &[(&str, &str)],
    ) -> Result<Response, DemoError> {
        let page = format!("{}/findings/{finding}", self.origin);
        let shown = self.http.get(&page).header(COOKIE, &self.cookie).send().await?;
        let status = shown.status();
        let html = shown.text().await?;
        let token = form_token(&html).ok_or(DemoError::Console(status.as_u16()))?;
        let request = self
            .http
            .post(format!("{page}/{verb}"))
            .header(COOKIE, &self.cookie)
            .header(ORIGIN, &self.origin);
        let fields = [&[("csrf", token)], fields].concat();
        let answer = form(request, &fields).send().await?;
        match answer.status() {
            StatusCode::SEE_OTHER => Ok(answer),
            other => Err(DemoError::Console(other.as_u16())),
        }
    }
}

/// The token in the first form of a page.
fn form_token(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once("name=\"csrf\" value=\"")?;
    rest.split_once('"').map(|(token, _)| token).filter(|token| !token.is_empty())
}

fn form(request: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(pairs.collect::<Vec<_>>().join("&"))
}

fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let each = value.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_in_chinese_survives_a_form() {
        assert_eq!(encoded("核实 & 属实"), "%E6%A0%B8%E5%AE%9E%20%26%20%E5%B1%9E%E5%AE%9E");
        assert_eq!(encoded("a-Z_9.~"), "a-Z_9.~");
    }

    #[test]
    fn the_token_is_read_from_the_first_form() {
        let html = r#"<input type="hidden" name="csrf" value="abc"> … name="csrf" value="def">"#;
        assert_eq!(form_token(html), Some("abc"));
        assert_eq!(form_token("<p>"), None);
    }
}
