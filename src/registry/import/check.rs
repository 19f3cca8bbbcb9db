//! What a file's declarations mean together, and beside what the registry knows already.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::error::{Mistake, RegistryError};
use super::super::model::{
    Department, Holder, Mode, Outlet, PackInForce, RegisteredOfficer, Stream,
};
use super::super::place::Place;
use super::super::plan::Plan;
use super::super::store;
use super::fields::Notes;
use super::file::{Declared, File};
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, HolderId, OutletId, PlanId, StreamId};
use crate::identity::{
    self, Client, ClientKey, ClientState, KeyState, OfferedKey, PersonRow, Role,
};
use crate::rules::{Pack, Packs};

/// What the registry knows before the import.
pub(super) struct Known {
    pub(super) departments: BTreeMap<DepartmentId, Department>,
    pub(super) scopes: Vec<(Place, DepartmentId)>,
    pub(super) holders: BTreeMap<HolderId, Holder>,
    pub(super) outlets: BTreeMap<OutletId, Outlet>,
    pub(super) streams: BTreeMap<StreamId, Stream>,
    pub(super) officers: Vec<RegisteredOfficer>,
    pub(super) plans: BTreeMap<PlanId, Plan>,
    pub(super) packs: Vec<PackInForce>,
    /// People whom the file calls by their logins.
    pub(super) people: BTreeMap<String, PersonRow>,
    /// Clients and keys of the holders whose clients the file declares.
    pub(super) clients: BTreeMap<HolderId, (Vec<Client>, Vec<ClientKey>)>,
}

impl Known {
    /// Reads it all.
    pub(super) fn load(conn: &mut Conn, file: &File) -> Result<Self, RegistryError> {
        let mut people = BTreeMap::new();
        for officer in &file.officers {
            if let Some(person) = identity::person_called(conn, &officer.it.login)? {
                people.insert(officer.it.login.clone(), person);
            }
        }
        let mut clients = BTreeMap::new();
        for Declared { it: client, .. } in &file.clients {
            let own = (
                identity::clients_of(conn, client.holder)?,
                identity::keys_of(conn, client.holder)?,
            );
            clients.insert(client.holder, own);
        }
        Ok(Self {
            departments: store::departments(conn)?.into_iter().map(|d| (d.id, d)).collect(),
            scopes: store::scopes(conn)?,
            holders: store::all_holders(conn)?.into_iter().map(|h| (h.id, h)).collect(),
            outlets: store::all_outlets(conn)?.into_iter().map(|o| (o.id, o)).collect(),
            streams: store::all_streams(conn)?.into_iter().map(|s| (s.id, s)).collect(),
            officers: store::all_officers(conn)?,
            plans: store::plans(conn)?.into_iter().map(|p| (p.id, p)).collect(),
            packs: store::all_packs(conn)?,
            people,
            clients,
        })
    }

    /// The officer who signs in with `login`.
    pub(super) fn officer(&self, login: &str) -> Option<&RegisteredOfficer> {
        let person = self.people.get(login)?;
        self.officers.iter().find(|officer| officer.person == person.id)
    }

    /// The active client of `holder` that is called `name`.
    pub(super) fn client(&self, holder: HolderId, name: &str) -> Option<&Client> {
        let (clients, _) = self.clients.get(&holder)?;
        clients.iter().find(|c| c.name == name && c.state == ClientState::Active)
    }

    /// The key with the name or the content of `offered`.
    pub(super) fn key(&self, holder: HolderId, offered: &OfferedKey) -> Option<&ClientKey> {
        let (_, keys) = self.clients.get(&holder)?;
        keys.iter().find(|k| k.kid == offered.kid || k.thumbprint == offered.jwk.thumbprint())
    }

    /// Who is competent where after the import.
    pub(super) fn scopes_with(&self, file: &File) -> Vec<(Place, DepartmentId)> {
        let declared = |id: &DepartmentId| file.departments.iter().any(|d| d.it.id == *id);
        let mut scopes: Vec<_> =
            self.scopes.iter().filter(|(_, id)| !declared(id)).copied().collect();
        for Declared { it: department, .. } in &file.departments {
            scopes.extend(department.scopes.iter().map(|scope| (*scope, department.id)));
        }
        scopes
    }

    /// The packs in force after the import, of one trade, oldest first: pack and first day.
    fn allowed_modes(&self, file: &File, packs: &Packs, stream: &Stream) -> Option<Vec<Mode>> {
        let stored = self.packs.iter().filter(|pack| pack.sector == stream.sector);
        let declared = file.packs.iter().filter(|pack| pack.it.sector == stream.sector);
        let names = stored
            .map(|pack| pack.pack.as_str())
            .chain(declared.map(|pack| pack.it.pack.id()))
            .collect::<Vec<_>>();
        if names.is_empty() {
            return None;
        }
        let packs = || names.iter().filter_map(|name| packs.pack(name));
        let allowed = |mode: &Mode| packs().any(|pack| pack.allows(mode.as_str()));
        Some(Mode::ALL.iter().copied().filter(allowed).collect())
    }
}

/// Every mistake that only shows when the declarations are seen together, and what may be one.
pub(super) fn check(file: &File, known: &Known, packs: &Packs) -> (Vec<Mistake>, Vec<Mistake>) {
    let (mistakes, warnings) = (Notes::default(), Notes::default());
    let scopes = known.scopes_with(file);
    check_scopes(file, &scopes, &mistakes);
    check_officers(file, known, &scopes, &mistakes, &warnings);
    check_plans(file, known, &scopes, &mistakes);
    for Declared { path, it: consent } in &file.consents {
        check_department(file, known, path, consent.department, &mistakes);
    }
    for Declared { path, it: outlet } in &file.outlets {
        if !known.holders.contains_key(&outlet.holder) && !file.holder_ids.contains(&outlet.holder)
        {
            mistakes.note(format!("{path}.holder"), "there is no such duty holder");
        }
        if known.outlets.get(&outlet.id).is_some_and(|old| old.holder != outlet.holder) {
            mistakes.note(format!("{path}.holder"), "an outlet stays with its duty holder");
        }
    }
    for stream in &file.streams {
        check_stream(file, known, stream, &mistakes);
        warn_of_stream(file, known, packs, stream, &scopes, &warnings);
    }
    check_clients(file, known, &mistakes);
    (mistakes.into_vec(), warnings.into_vec())
}

fn check_scopes(file: &File, scopes: &[(Place, DepartmentId)], mistakes: &Notes) {
    for Declared { path, it: department } in &file.departments {
        for scope in &department.scopes {
            let rival = scopes.iter().find(|(other, id)| {
                *id != department.id && (other.covers(scope) || scope.covers(other))
            });
            if rival.is_some() {
                let Place { sector, district } = scope;
                let message = format!("{sector} in {district} is another department's too");
                mistakes.note(format!("{path}.scope"), message);
            }
        }
    }
}

fn check_department(file: &File, known: &Known, path: &str, id: DepartmentId, mistakes: &Notes) {
    if !known.departments.contains_key(&id) && !file.department_ids.contains(&id) {
        mistakes.note(format!("{path}.department"), "there is no such department");
    }
}

fn check_officers(
    file: &File,
    known: &Known,
    scopes: &[(Place, DepartmentId)],
    mistakes: &Notes,
    warnings: &Notes,
) {
    for Declared { path, it: officer } in &file.officers {
        check_department(file, known, path, officer.department, mistakes);
        for holder in &officer.conflicts {
            if !known.holders.contains_key(holder) && !file.holder_ids.contains(holder) {
                mistakes.note(format!("{path}.conflicts"), "there is no such duty holder");
            }
        }
        let person = known.people.get(&officer.login);
        let works = |role| matches!(role, Role::Officer | Role::DepartmentLead);
        if person.is_some_and(|person| !works(person.role)) {
            mistakes.note(format!("{path}.login"), "belongs to somebody who is no officer");
        }
        let bearer = known.officers.iter().find(|o| o.certificate_no == officer.certificate_no);
        if bearer.is_some_and(|bearer| person.is_none_or(|person| person.id != bearer.person)) {
            mistakes.note(format!("{path}.certificate_no"), "belongs to another officer");
        }
        for sector in &officer.sectors {
            let own = |(place, id): &(Place, DepartmentId)| {
                *id == officer.department && place.sector == *sector
            };
            if !scopes.iter().any(own) {
                let message = format!("the department is nowhere competent for {sector}");
                warnings.note(format!("{path}.sectors"), message);
            }
        }
    }
}

fn check_plans(file: &File, known: &Known, scopes: &[(Place, DepartmentId)], mistakes: &Notes) {
    for Declared { path, it: plan } in &file.plans {
        check_department(file, known, path, plan.department, mistakes);
        let own = |(place, id): &(Place, DepartmentId)| {
            *id == plan.department && place.sector == plan.sector
        };
        let exists = known.departments.contains_key(&plan.department)
            || file.departments.iter().any(|department| department.it.id == plan.department);
        if exists && !scopes.iter().any(own) {
            let message = format!("the department is nowhere competent for {}", plan.sector);
            mistakes.note(format!("{path}.sector"), message);
        }
    }
}

fn check_stream(file: &File, known: &Known, stream: &Declared<Stream>, mistakes: &Notes) {
    let Declared { path, it: stream } = stream;
    if !known.outlets.contains_key(&stream.outlet) && !file.outlet_ids.contains(&stream.outlet) {
        mistakes.note(format!("{path}.outlet"), "there is no such outlet");
    }
    if let Some(old) = known.streams.get(&stream.id) {
        if old.outlet != stream.outlet {
            mistakes.note(format!("{path}.outlet"), "a stream stays with its outlet");
        }
        if old.sector != stream.sector {
            mistakes.note(format!("{path}.sector"), "a stream stays with its trade");
        }
    }
}

fn warn_of_stream(
    file: &File,
    known: &Known,
    packs: &Packs,
    stream: &Declared<Stream>,
    scopes: &[(Place, DepartmentId)],
    warnings: &Notes,
) {
    let Declared { path, it: stream } = stream;
    let declared = file.outlets.iter().find(|outlet| outlet.it.id == stream.outlet);
    let outlet = declared.map(|outlet| &outlet.it).or(known.outlets.get(&stream.outlet));
    if let Some(outlet) = outlet {
        let place = Place { sector: stream.sector, district: outlet.district };
        if store::competent(scopes, &place).is_none() {
            let message = format!("no department is competent for {} there", stream.sector);
            warnings.note(path, message);
        }
    }
    if let Some(subtype) = &stream.subtype {
        let of_trade = || packs.iter().filter(|pack| pack.sector() == stream.sector.as_str());
        let known = |pack: &&Arc<Pack>| pack.subtypes().iter().any(|own| own.name == *subtype);
        if of_trade().any(|pack| !pack.subtypes().is_empty()) && !of_trade().any(|p| known(&p)) {
            let message = format!("no rule pack for {} knows \"{subtype}\"", stream.sector);
            warnings.note(format!("{path}.subtype"), message);
        }
    }
    match known.allowed_modes(file, packs, stream) {
        None => warnings.note(path, format!("no rule pack is in force for {}", stream.sector)),
        Some(allowed) => {
            for mode in stream.modes.each().filter(|mode| !allowed.contains(mode)) {
                let message = format!("no rule pack in force for {} allows it", stream.sector);
                warnings.note(format!("{path}.modes"), format!("{mode}: {message}"));
            }
        }
    }
}

fn check_clients(file: &File, known: &Known, mistakes: &Notes) {
    for Declared { path, it: client } in &file.clients {
        if !known.holders.contains_key(&client.holder) && !file.holder_ids.contains(&client.holder)
        {
            mistakes.note(format!("{path}.holder"), "there is no such duty holder");
        }
        let registered = known.client(client.holder, &client.name).map(|client| client.id);
        for offered in &client.keys {
            let Some(key) = known.key(client.holder, offered) else { continue };
            let same = key.kid == offered.kid
                && key.thumbprint == offered.jwk.thumbprint()
                && key.purpose == offered.purpose
                && Some(key.client) == registered;
            let member = format!("{path}.{}_jwk", offered.purpose);
            if !same {
                mistakes.note(member, format!("{}: the key or its kid is or was in use", key.kid));
            } else if key.state == KeyState::Retired {
                mistakes.note(member, format!("{}: the key was retired", key.kid));
            }
        }
    }
}
