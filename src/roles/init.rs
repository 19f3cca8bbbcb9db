//! `init`: first keys, first database, one-time code of the first administrator.

use std::path::Path;
use std::time::Duration;

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::foundation::House;
use crate::foundation::Random;
use crate::foundation::web::Lang;
use crate::identity::{self, Actor, CodePurpose, Role};
use crate::keys::{self, files};
use crate::ledger::LogSigner;

/// How long the first administrator may take to use the code.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// What the first administrator needs, shown once.
pub struct Invitation {
    /// The name to sign in with.
    pub login: String,
    /// Where to enrol; holds the one-time code.
    pub link: String,
}

/// Makes the keys, the database and the first administrator.
///
/// # Errors
///
/// [`AppFault`]; an existing key file or administrator is never replaced.
pub async fn run(config: &Config, login: &str, name: &str) -> Result<Invitation, AppFault> {
    make_keys(config)?;
    let house = app::unverified_house(config, false)?;
    house.store.migrate().await?;
    invite(config, &house, login, name).await
}

/// Makes every key of a new house: root, key list, log, token and field keys.
///
/// # Errors
///
/// [`AppFault::Key`] if one exists already, [`AppFault::File`].
pub fn make_keys(config: &Config) -> Result<(), AppFault> {
    let random = Random::system();
    for folder in [&config.serve_keys, &config.audit_keys, &config.offline_keys] {
        make_private_folder(folder)?;
    }
    files::make_root(&app::root_key_file(config), &random)?;
    let list_key = files::make_list_key(&app::list_key_file(config), &random)?;
    write_public(&config.data.join("list.pub"), &keys::list_jwk(list_key.public()))?;
    files::make_field(&config.field_key, &random)?;
    files::make(&app::token_key_file(config), &random)?;
    let seed = files::make(&app::log_key_file(config), &random)?;
    let signer = LogSigner::from_seed(&config.log_origin, &seed).map_err(AppFault::refused)?;
    write_public(&config.log_public, &signer.verifier().to_string())
}

/// Writes a public key that businesses and officers may have.
fn write_public(path: &Path, text: &str) -> Result<(), AppFault> {
    std::fs::write(path, format!("{text}\n"))
        .map_err(|cause| AppFault::File(path.to_owned(), cause))
}

fn make_private_folder(folder: &Path) -> Result<(), AppFault> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|cause| AppFault::File(folder.to_owned(), cause))
}

async fn invite(
    config: &Config,
    house: &House,
    login: &str,
    name: &str,
) -> Result<Invitation, AppFault> {
    let role = Role::SecurityAdministrator;
    let person = identity::create_person(house, Actor::Command, login, name, role, Lang::Zh)
        .await
        .map_err(AppFault::refused)?;
    let code = identity::mint_code(house, person, CodePurpose::Enrol, LIFE)
        .await
        .map_err(AppFault::refused)?;
    let link = format!("{}/enrol?code={code}", config.console_origin);
    Ok(Invitation { login: login.to_owned(), link })
}

#[cfg(test)]
mod tests {
    use crate::foundation::crypto::jws::PublicJwk;

    use super::*;

    #[test]
    fn a_business_can_pin_the_key_that_signs_the_list() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_string_lossy().into_owned();
        let config = Config::read(|name| (name == "CHAYAN_DATA").then(|| data.clone())).unwrap();
        make_keys(&config).unwrap();
        let text = std::fs::read(folder.path().join("list.pub")).unwrap();
        let pinned = PublicJwk::parse(&text).unwrap();
        let signer = files::load_list_key(&app::list_key_file(&config)).unwrap();
        assert_eq!(pinned.thumbprint(), signer.public().thumbprint());
        assert!(pinned.kid().is_some_and(|kid| kid.starts_with("sk-")));
    }
}
