//! Storing what a checked file declares, in one transaction.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use super::super::consent::{ConsentHow, NewConsent, give_consent_in};
use super::super::error::RegistryError;
use super::super::model::{Contact, Department, Holder, PackInForce, RegisteredOfficer, Stream};
use super::super::place::Place;
use super::super::plan::Plan;
use super::super::sealed;
use super::super::store;
use super::check::Known;
use super::file::{ClientFile, Declared, DepartmentFile, File, OfficerFile};
use super::{ImportReport, role_of};
use crate::foundation::House;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, LeafId, OutletId, PersonId};
use crate::identity::{self, Actor, Client, FieldCipher, NewPerson, Role};
use crate::ledger::{self, LeafKind, NewLeaf};

/// The people behind the officers of a file, by login.
pub(super) type People = BTreeMap<String, Arc<NewPerson>>;

/// A checked file on its way into the store.
pub(super) struct Apply {
    pub(super) house: House,
    pub(super) cipher: FieldCipher,
    pub(super) digest: [u8; 32],
    pub(super) file: File,
    pub(super) people: People,
}

/// A client that is new (`known` is none), or the keys of a known client that are new.
pub(super) struct KeyChange {
    pub(super) path: String,
    pub(super) client: ClientFile,
    pub(super) known: Option<Client>,
}

/// What was stored, and what remains to be done outside the transaction.
pub(super) struct Applied {
    pub(super) report: ImportReport,
    pub(super) roles: Vec<(PersonId, Role)>,
    pub(super) keys: Vec<KeyChange>,
}

impl ImportReport {
    /// Notes a declaration of something that was known as `old`; says whether it must be stored.
    fn note<T: PartialEq>(&mut self, path: &str, old: Option<&T>, new: &T) -> bool {
        match old {
            None => self.added.push(path.to_owned()),
            Some(old) if old != new => self.changed.push(path.to_owned()),
            Some(_) => self.unchanged += 1,
        }
        old != Some(new)
    }
}

impl Apply {
    /// Stores all of the file and its leaves.
    pub(super) fn run(&self, tx: &mut Conn, known: &Known) -> Result<Applied, RegistryError> {
        let mut report = ImportReport::default();
        let scopes = known.scopes_with(&self.file);
        self.departments(tx, known, &mut report)?;
        self.holders(tx, known, &mut report)?;
        self.consents(tx, &mut report)?;
        let roles = self.officers(tx, known, &mut report)?;
        for Declared { path, it: outlet } in &self.file.outlets {
            let old = known.outlets.get(&outlet.id);
            if report.note(path, old, outlet) {
                store::put_outlet(tx, outlet, old.is_some())?;
            }
        }
        let streams = self.streams(tx, known, &scopes, &mut report)?;
        self.packs(tx, known, &mut report)?;
        self.plans(tx, known, &mut report)?;
        if !report.added.is_empty() || !report.changed.is_empty() {
            let leaf = NewLeaf::new(
                &self.house,
                LeafKind::ConfigChanged,
                json!({
                    "what": "registry", "file": b64u::encode(&self.digest),
                    "added": report.added.len(), "changed": report.changed.len(),
                    "streams": b64u::encode(&streams),
                }),
            );
            ledger::append_in(tx, &leaf)?;
        }
        Ok(Applied { report, roles, keys: self.clients(known) })
    }

    fn departments(
        &self,
        tx: &mut Conn,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<(), RegistryError> {
        let mut rescoped: Vec<&DepartmentFile> = Vec::new();
        for Declared { path, it: file } in &self.file.departments {
            let old = known.departments.get(&file.id);
            let cell = sealed::department_email(&file.id);
            let sealed = old.map(|old| old.email.as_slice());
            let new = Department {
                id: file.id,
                code: file.code.clone(),
                name_zh: file.name_zh.clone(),
                name_en: file.name_en.clone(),
                organ: file.organ.clone(),
                email: sealed::reseal(&self.cipher, cell, sealed, &file.email, &self.house.random)?,
                contact: file.contact.clone(),
            };
            let mut scopes: Vec<Place> =
                known.scopes.iter().filter(own(file.id)).map(place).collect();
            scopes.sort();
            if report.note(
                path,
                old.map(|old| (old.clone(), scopes)).as_ref(),
                &(new.clone(), file.scopes.clone()),
            ) {
                store::put_department(tx, &new, old.is_some())?;
                store::clear_scopes(tx, file.id)?;
                rescoped.push(file);
            }
        }
        // After all were cleared, because a trade may pass from one department to another.
        for file in rescoped {
            for scope in &file.scopes {
                store::insert_scope(tx, file.id, scope)?;
            }
        }
        Ok(())
    }

    fn holders(
        &self,
        tx: &mut Conn,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<(), RegistryError> {
        for Declared { path, it: (holder, contacts) } in &self.file.holders {
            let old = match known.holders.get(&holder.id) {
                Some(old) => Some((old.clone(), store::contacts_of(tx, &self.cipher, holder.id)?)),
                None => None,
            };
            let new: (Holder, Vec<Contact>) = (holder.clone(), contacts.clone());
            if report.note(path, old.as_ref(), &new) {
                store::put_holder(tx, holder, old.is_some())?;
            }
            if old.map(|(_, contacts)| contacts).unwrap_or_default() != *contacts {
                let random = &self.house.random;
                store::replace_contacts(tx, &self.cipher, holder.id, contacts, random)?;
            }
        }
        Ok(())
    }

    /// Enters the consents on papers that were not entered before; one that was withdrawn stays so.
    fn consents(&self, tx: &mut Conn, report: &mut ImportReport) -> Result<(), RegistryError> {
        for Declared { path, it: file } in &self.file.consents {
            let who = (file.holder, file.department);
            if store::consent_is_known(tx, who, &file.reference, file.given_on)? {
                report.unchanged += 1;
                continue;
            }
            let new = NewConsent {
                holder: file.holder,
                department: file.department,
                method: file.method,
                how: ConsentHow::Paper,
                reference: Some(file.reference.clone()),
                addresses: file.addresses.clone(),
                given_on: file.given_on,
            };
            give_consent_in(tx, &self.house, &self.cipher, &new, (Actor::Command, None))?;
            report.added.push(path.clone());
        }
        Ok(())
    }

    /// Stores the officers; the answer is who gets another role.
    fn officers(
        &self,
        tx: &mut Conn,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Vec<(PersonId, Role)>, RegistryError> {
        let mut roles = Vec::new();
        for Declared { path, it: file } in &self.file.officers {
            let Some(person) = self.people.get(&file.login) else { continue };
            let person = identity::enlist_in(tx, person)?;
            let role = role_of(file.lead);
            if known.people.get(&file.login).is_some_and(|known| known.role != role) {
                roles.push((person, role));
            }
            let old = known.officer(&file.login);
            let new = self.officer(file, person, old)?;
            let conflicts = match old {
                Some(old) => store::conflicts_of(tx, old.id)?,
                None => Vec::new(),
            };
            let old = old.map(|old| (old.clone(), conflicts));
            if report.note(path, old.as_ref(), &(new.clone(), file.conflicts.clone())) {
                store::put_officer(tx, &new, old.is_some())?;
                store::replace_conflicts(tx, new.id, &file.conflicts)?;
            }
        }
        Ok(roles)
    }

    fn officer(
        &self,
        file: &OfficerFile,
        person: PersonId,
        old: Option<&RegisteredOfficer>,
    ) -> Result<RegisteredOfficer, RegistryError> {
        let id = old.map_or_else(|| self.house.fresh(), |old| old.id);
        let cell = sealed::officer_email(&id);
        let sealed = old.map(|old| old.email.as_slice());
        let sectors: Vec<&str> = file.sectors.iter().map(|sector| sector.as_str()).collect();
        Ok(RegisteredOfficer {
            id,
            person,
            department: file.department,
            name: file.name.clone(),
            certificate_no: file.certificate_no.clone(),
            certificate_until: file.certificate_until,
            sectors: sectors.join(" "),
            email: sealed::reseal(&self.cipher, cell, sealed, &file.email, &self.house.random)?,
            lead: file.lead,
        })
    }

    /// Stores the streams, and gives every stream its department, because scopes and districts may
    /// have changed. The answer is the digest of all streams.
    fn streams(
        &self,
        tx: &mut Conn,
        known: &Known,
        scopes: &[(Place, DepartmentId)],
        report: &mut ImportReport,
    ) -> Result<[u8; 32], RegistryError> {
        let mut outlets = known.outlets.clone();
        outlets.extend(self.file.outlets.iter().map(|outlet| (outlet.it.id, outlet.it.clone())));
        let place = |stream: &Stream, outlet: &OutletId| {
            let district = outlets.get(outlet)?.district;
            Some(Place { sector: stream.sector, district })
        };
        let mut all = known.streams.clone();
        all.extend(self.file.streams.iter().map(|stream| (stream.it.id, stream.it.clone())));
        for stream in all.values_mut() {
            stream.department =
                place(stream, &stream.outlet).and_then(|place| store::competent(scopes, &place));
        }
        for Declared { path, it } in &self.file.streams {
            let old = known.streams.get(&it.id);
            let Some(new) = all.get(&it.id) else { continue };
            if report.note(path, old, new) {
                store::put_stream(tx, new, old.is_some())?;
                if let Some(old) = old.filter(|old| old.modes != new.modes) {
                    ledger::append_in(tx, &self.modes_changed(old, new))?;
                }
            }
        }
        let mut lines = String::new();
        for stream in all.values() {
            let moved =
                known.streams.get(&stream.id).filter(|old| old.department != stream.department);
            if moved.is_some()
                && !self.file.streams.iter().any(|declared| declared.it.id == stream.id)
            {
                store::set_department(tx, stream.id, stream.department)?;
                report.changed.push(format!("stream.{}", stream.id));
            }
            let holder = outlets.get(&stream.outlet).map(|outlet| outlet.holder.to_string());
            let closed = stream.closed_on.map(|day| day.to_string());
            // Writing to a string cannot fail.
            let written = writeln!(
                lines,
                "{} {} {} {} {} {}",
                stream.id,
                holder.unwrap_or_default(),
                stream.sector,
                stream.modes.as_str().replace(' ', "+"),
                stream.opened_on,
                closed.as_deref().unwrap_or("-"),
            );
            debug_assert!(written.is_ok());
        }
        Ok(sha256(lines.as_bytes()))
    }

    /// What the log says when a stream may be submitted in other modes from now on.
    fn modes_changed(&self, old: &Stream, new: &Stream) -> NewLeaf {
        let body = json!({
            "what": "modes", "stream": new.id, "from": old.modes, "to": new.modes,
            "file": b64u::encode(&self.digest),
        });
        NewLeaf::new(&self.house, LeafKind::ConfigChanged, body)
    }

    fn packs(
        &self,
        tx: &mut Conn,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<(), RegistryError> {
        for Declared { path, it: file } in &self.file.packs {
            let (sector, from) = (file.sector, file.from);
            let old = known.packs.iter().find(|p| (p.sector, p.from_day) == (sector, from));
            let digest = file.pack.digest();
            let pack = |leaf: LeafId| PackInForce {
                sector,
                from_day: from,
                pack: file.pack.id().to_owned(),
                digest: digest.to_vec(),
                leaf,
            };
            let leaf = NewLeaf::new(
                &self.house,
                LeafKind::PackActivated,
                json!({
                    "sector": sector, "pack": file.pack.id(), "from": from,
                    "digest": b64u::encode(digest),
                }),
            );
            let as_known = pack(old.map_or(leaf.id, |old| old.leaf));
            if report.note(path, old, &as_known) {
                store::put_pack(tx, &pack(leaf.id))?;
                ledger::append_in(tx, &leaf)?;
            }
        }
        Ok(())
    }

    fn plans(
        &self,
        tx: &mut Conn,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<(), RegistryError> {
        for Declared { path, it: file } in &self.file.plans {
            let old = known.plans.get(&file.id);
            let as_known = Plan { leaf: old.map_or(file.leaf, |old| old.leaf), ..file.clone() };
            if report.note(path, old, &as_known) {
                let leaf = NewLeaf::new(&self.house, LeafKind::PlanChanged, file.in_log());
                store::put_plan(tx, &Plan { leaf: leaf.id, ..file.clone() }, old.is_some())?;
                ledger::append_in(tx, &leaf)?;
            }
        }
        Ok(())
    }

    /// Which clients and keys are to be registered.
    fn clients(&self, known: &Known) -> Vec<KeyChange> {
        let change = |declared: &Declared<ClientFile>| {
            let Declared { path, it: mut client } = declared.clone();
            let registered = known.client(client.holder, &client.name).cloned();
            client.keys.retain(|key| known.key(client.holder, key).is_none());
            KeyChange { path, client, known: registered }
        };
        self.file.clients.iter().map(change).collect()
    }
}

fn own(id: DepartmentId) -> impl FnMut(&&(Place, DepartmentId)) -> bool {
    move |(_, department)| *department == id
}

fn place((place, _): &(Place, DepartmentId)) -> Place {
    *place
}
