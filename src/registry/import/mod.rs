//! Import of a registry file: departments, officers, duty holders, streams, plans, packs, keys.
//!
//! The file is read to its end and every mistake reported at once; then all of it is stored in one
//! transaction, or nothing. What the file does not name stays as it is. The same file a second
//! time changes nothing and logs nothing.

mod apply;
mod check;
mod fields;
mod file;

pub use fields::derived as derived_id;
use std::sync::Arc;

use apply::{Apply, KeyChange, People};
use check::Known;
use file::File;

use super::error::{Mistake, Mistakes, RegistryError};
use crate::foundation::House;
use crate::foundation::crypto::sha256;
use crate::foundation::ids::HolderId;
use crate::identity::{self, Actor, FieldCipher, NewPerson, Role};
use crate::rules::Packs;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// What is new, such as `holder.crane-inn`.
    pub added: Vec<String>,
    /// What was known and is different now.
    pub changed: Vec<String>,
    /// How many declarations said what was known.
    pub unchanged: usize,
    /// What may be a mistake.
    pub warnings: Vec<Mistake>,
    /// The business systems that the file declares.
    pub clients: Vec<ImportedClient>,
}

/// A business system that a registry file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedClient {
    /// The duty holder.
    pub holder: HolderId,
    /// What the business calls the system.
    pub name: String,
    /// The OAuth client id, which the business needs.
    pub client_id: String,
}

/// Stores what `toml` declares.
///
/// # Errors
///
/// [`RegistryError::Mistakes`] with every mistake of the file: nothing was stored then. After the
/// transaction new roles and client keys are registered one by one; if one fails, the import may be
/// run again.
pub async fn import(
    house: &House,
    packs: &Arc<Packs>,
    cipher: &FieldCipher,
    toml: &str,
) -> Result<ImportReport, RegistryError> {
    let (file, mut mistakes) = file::read(toml, packs);
    let people = enlist(house, &file, &mut mistakes);
    let work = Apply {
        house: house.clone(),
        cipher: cipher.clone(),
        digest: sha256(toml.as_bytes()),
        file: file.clone(),
        people,
    };
    let packs = packs.clone();
    let stored = house.store.write("registry.import", move |tx| {
        let known = Known::load(tx, &work.file)?;
        let (more, warnings) = check::check(&work.file, &known, &packs);
        let mistakes: Vec<_> = mistakes.iter().cloned().chain(more).collect();
        if !mistakes.is_empty() {
            return Err(RegistryError::Mistakes(Mistakes(mistakes)));
        }
        let mut applied = work.run(tx, &known)?;
        applied.report.warnings = work.file.warnings.iter().cloned().chain(warnings).collect();
        Ok(applied)
    });
    let mut applied = stored.await?;
    for (person, role) in applied.roles {
        identity::change_role(house, Actor::Command, person, role).await?;
    }
    for change in applied.keys {
        register(house, change, &mut applied.report).await?;
    }
    Ok(applied.report)
}

/// Prepares the people behind the officers; those who are known stay as they are.
fn enlist(house: &House, file: &File, mistakes: &mut Vec<Mistake>) -> People {
    let mut people = People::default();
    for file::Declared { path, it: officer } in &file.officers {
        let role = role_of(officer.lead);
        let (login, name) = (&officer.login, &officer.name);
        match NewPerson::new(house, Actor::Command, login, name, role, officer.lang) {
            Ok(person) => people.insert(login.clone(), Arc::new(person)),
            Err(cause) => {
                mistakes.push(Mistake { path: path.clone(), message: cause.to_string() });
                None
            }
        };
    }
    people
}

const fn role_of(lead: bool) -> Role {
    if lead { Role::DepartmentLead } else { Role::Officer }
}

/// Registers a client, or those of its keys that are new.
async fn register(
    house: &House,
    change: KeyChange,
    report: &mut ImportReport,
) -> Result<(), RegistryError> {
    let KeyChange { path, client, known } = change;
    let client_id = match known {
        None => {
            let (holder, name) = (client.holder, client.name.as_str());
            report.added.push(path);
            identity::register_client(house, Actor::Command, holder, name, client.keys)
                .await?
                .client_id
        }
        Some(known) => {
            match client.keys.is_empty() {
                true => report.unchanged += 1,
                false => report.changed.push(path),
            }
            for key in client.keys {
                identity::add_key(house, Actor::Command, known.id, key).await?;
            }
            known.client_id
        }
    };
    report.clients.push(ImportedClient { holder: client.holder, name: client.name, client_id });
    Ok(())
}
