//! `keys`: make, list, retire and publish audit keys, by hand on the audit host.

#![expect(clippy::print_stdout, reason = "a command answers on its terminal")]

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::foundation::House;
use crate::foundation::db::StoreError;
use crate::foundation::time::Day;
use crate::keys;
use crate::registry::{self, Department};

async fn departments(house: &House) -> Result<Vec<Department>, AppFault> {
    let found = house
        .store
        .read("keys.departments", |conn| registry::departments(conn).map_err(StoreError::from));
    Ok(found.await?)
}

/// Makes the audit keys for the month of `day`, of every department or the one with `code`, and
/// publishes the list.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong.
pub async fn make(config: &Config, day: Day, code: Option<&str>) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    let opener = app::opener(config)?;
    let departments = departments(&house).await?;
    let chosen: Vec<_> =
        departments.iter().filter(|known| code.is_none_or(|code| known.code == code)).collect();
    if chosen.is_empty() {
        return Err(AppFault::refused("the registry knows no such department"));
    }
    for department in chosen {
        let key =
            keys::make(&house, &opener, department.id, day).await.map_err(AppFault::refused)?;
        println!("{}  {}  until {}", key.kid, department.code, key.seal_until);
    }
    publish(config).await
}

/// Lists the audit keys of every department.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong.
pub async fn list(config: &Config) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    for department in departments(&house).await? {
        let id = department.id;
        let found = house
            .store
            .read("keys.list", move |conn| keys::list(conn, id).map_err(StoreError::from))
            .await?;
        for key in found {
            let (from, until) = (key.seal_from, key.seal_until);
            println!("{}  {}  {}  {from} to {until}", key.kid, department.code, key.state);
        }
    }
    Ok(())
}

/// Takes an audit key out of use.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong.
pub async fn retire(config: &Config, kid: &str) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    keys::retire(&house, kid).await.map_err(AppFault::refused)?;
    publish(config).await
}

/// Signs and publishes the list of keys that are open now or later.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong.
pub async fn publish(config: &Config) -> Result<(), AppFault> {
    let house = app::house(config, false).await?;
    let path = app::list_key_file(config);
    let signer = keys::files::load_list_key(&path)?;
    let log = app::log_public(config)?.to_string();
    let list = keys::publish_list(&house, &signer, &config.api_origin, &log)
        .await
        .map_err(AppFault::refused)?;
    println!("list {} names {} keys", list.number, list.keys.len());
    Ok(())
}
