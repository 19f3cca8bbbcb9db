//! The registry file: TOML in, declarations and every mistake out. Knows no database.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize as _;
use toml::{Table, Value};

use super::super::chances::{Chance, Chances};
use super::super::consent::ConsentMethod;
use super::super::error::Mistake;
use super::super::model::{Contact, Holder, HolderKind, HolderState, Mode, Modes, Outlet, Stream};
use super::super::place::{District, Place, Sector};
use super::super::plan::{Cut, Plan, Pooling};
use super::fields::{
    Fields, Notes, day, derived, district, email, flag, number, reference, slug, spot, text, word,
};
use crate::foundation::ids::{DepartmentId, HolderId, Id, LeafId, OutletId, StreamId};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::identity::{OfferedKey, Purpose};
use crate::rules::{Pack, Packs, documents};

/// Something that the file says, and where.
#[derive(Clone)]
pub(super) struct Declared<T> {
    pub(super) path: String,
    pub(super) it: T,
}

/// A department and where it is competent.
#[derive(Clone)]
pub(super) struct DepartmentFile {
    pub(super) id: DepartmentId,
    pub(super) code: String,
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) organ: String,
    pub(super) email: String,
    pub(super) contact: Option<String>,
    pub(super) scopes: Vec<Place>,
}

/// An officer. The login says who it is.
#[derive(Clone)]
pub(super) struct OfficerFile {
    pub(super) department: DepartmentId,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) lang: Lang,
    pub(super) certificate_no: String,
    pub(super) certificate_until: Day,
    pub(super) sectors: Vec<Sector>,
    pub(super) email: String,
    pub(super) lead: bool,
    pub(super) conflicts: Vec<HolderId>,
}

/// A pack and the day from which it is in force.
#[derive(Clone)]
pub(super) struct PackFile {
    pub(super) sector: Sector,
    pub(super) from: Day,
    pub(super) pack: Arc<Pack>,
}

/// A business system and its keys.
#[derive(Clone)]
pub(super) struct ClientFile {
    pub(super) holder: HolderId,
    pub(super) name: String,
    pub(super) keys: Vec<OfferedKey>,
}

/// The consent of a duty holder to be served electronically, on signed paper.
#[derive(Clone)]
pub(super) struct ConsentFile {
    pub(super) holder: HolderId,
    pub(super) department: DepartmentId,
    pub(super) method: ConsentMethod,
    pub(super) reference: String,
    pub(super) given_on: Day,
    pub(super) addresses: Vec<String>,
}

/// All that a file declares. A thing with a mistake is absent, but its id is in the set of its
/// kind, so that references to it are no mistakes.
#[derive(Clone, Default)]
pub(super) struct File {
    pub(super) departments: Vec<Declared<DepartmentFile>>,
    pub(super) officers: Vec<Declared<OfficerFile>>,
    pub(super) packs: Vec<Declared<PackFile>>,
    pub(super) plans: Vec<Declared<Plan>>,
    pub(super) holders: Vec<Declared<(Holder, Vec<Contact>)>>,
    pub(super) consents: Vec<Declared<ConsentFile>>,
    pub(super) outlets: Vec<Declared<Outlet>>,
    pub(super) streams: Vec<Declared<Stream>>,
    pub(super) clients: Vec<Declared<ClientFile>>,
    pub(super) department_ids: BTreeSet<DepartmentId>,
    pub(super) holder_ids: BTreeSet<HolderId>,
    pub(super) outlet_ids: BTreeSet<OutletId>,
    pub(super) warnings: Vec<Mistake>,
}

/// Reads a file.
pub(super) fn read(toml: &str, packs: &Packs) -> (File, Vec<Mistake>) {
    let notes = Notes::default();
    let table: Table = match toml.parse() {
        Ok(table) => table,
        Err(cause) => {
            notes.note("file", cause.to_string().trim_end());
            return (File::default(), notes.into_vec());
        }
    };
    let warnings = Notes::default();
    let mut file = File::default();
    let mut top = Fields::new(String::new(), table, &notes);
    for fields in top.tables("department", &["code"]) {
        read_department(&mut file, fields);
    }
    for fields in top.tables("officer", &["login"]) {
        read_officer(&mut file, fields);
    }
    for fields in top.tables("pack", &["pack"]) {
        read_pack(&mut file, fields, packs);
    }
    for fields in top.tables("plan", &[]) {
        read_plan(&mut file, fields);
    }
    for fields in top.tables("holder", &["key"]) {
        read_holder(&mut file, fields, &warnings);
    }
    for fields in top.tables("outlet", &["key"]) {
        read_outlet(&mut file, fields);
    }
    let mut seen = BTreeSet::new();
    for fields in top.tables("stream", &["key"]) {
        read_stream(&mut file, fields, &mut seen);
    }
    for fields in top.tables("client", &[]) {
        read_client(&mut file, fields);
    }
    top.finish();
    file.warnings = warnings.into_vec();
    (file, notes.into_vec())
}

/// Notes an id that was declared before.
fn once<T: Ord>(fields: &Fields<'_>, seen: &mut BTreeSet<T>, id: Option<T>) {
    if let Some(id) = id
        && !seen.insert(id)
    {
        fields.wrong("key", "was declared before");
    }
}

fn read_department(file: &mut File, mut fields: Fields<'_>) {
    let path = fields.path();
    let code = fields.required("code", slug);
    let id = code.as_deref().map(|code| derived("department", code));
    if let Some(id) = id
        && !file.department_ids.insert(id)
    {
        fields.wrong("code", "was declared before");
    }
    let (name_zh, name_en) =
        (fields.required("name_zh", text(60)), fields.required("name_en", text(120)));
    let organ = fields.required("organ", text(12));
    let email = fields.required("email", email);
    let contact = fields.optional("contact", text(120));
    let mut scopes = Vec::new();
    for mut scope in fields.tables("scope", &[]) {
        let sectors: Vec<Sector> = scope.some("sectors", word);
        for district in scope.some("districts", district) {
            scopes.extend(sectors.iter().map(|sector| Place { sector: *sector, district }));
        }
        scope.finish();
    }
    scopes.sort();
    scopes.dedup();
    fields.finish();
    let all = (id, code, name_zh, name_en, organ, email);
    if let (Some(id), Some(code), Some(name_zh), Some(name_en), Some(organ), Some(email)) = all {
        let it = DepartmentFile { id, code, name_zh, name_en, organ, email, contact, scopes };
        file.departments.push(Declared { path, it });
    }
}

fn read_officer(file: &mut File, mut fields: Fields<'_>) {
    let path = fields.path();
    let login = fields.required("login", text(32));
    let name = fields.required("name", text(64));
    let department = fields.required("department", department);
    let certificate_no = fields.required("certificate_no", text(32));
    let certificate_until = fields.required("certificate_until", day);
    let mut sectors: Vec<Sector> = fields.some("sectors", word);
    sectors.sort();
    sectors.dedup();
    let email = fields.required("email", email);
    let lead = fields.or("lead", false, flag);
    let lang = fields.or("language", Lang::Zh, word);
    let mut conflicts = fields.list("conflicts", reference("holder"));
    conflicts.sort();
    conflicts.dedup();
    if login.is_some() && file.officers.iter().any(|known| Some(&known.it.login) == login.as_ref())
    {
        fields.wrong("login", "was declared before");
    }
    let certificates = file.officers.iter().map(|known| &known.it.certificate_no);
    if certificates.into_iter().any(|known| Some(known) == certificate_no.as_ref()) {
        fields.wrong("certificate_no", "belongs to another officer");
    }
    fields.finish();
    let all = (department, login, name, certificate_no, certificate_until, email);
    if let (Some(department), Some(login), Some(name), Some(no), Some(until), Some(email)) = all {
        let it = OfficerFile {
            department,
            login,
            name,
            lang,
            certificate_no: no,
            certificate_until: until,
            sectors,
            email,
            lead,
            conflicts,
        };
        file.officers.push(Declared { path, it });
    }
}

/// A department is referred to by its code only.
fn department(value: &Value) -> Result<DepartmentId, String> {
    slug(value).map(|code| derived("department", &code))
}

fn read_pack(file: &mut File, mut fields: Fields<'_>, packs: &Packs) {
    let path = fields.path();
    let sector: Option<Sector> = fields.required("sector", word);
    let from = fields.required("from", day);
    let pack = fields.required("pack", |value| {
        let id = value.as_str().ok_or("is not text")?;
        packs.pack(id).cloned().ok_or_else(|| format!("there is no rule pack \"{id}\""))
    });
    if let (Some(sector), Some(from), Some(pack)) = (sector, from, &pack) {
        if pack.sector() != sector.as_str() {
            fields.wrong("pack", format!("is a pack for {}, not for {sector}", pack.sector()));
        }
        if !pack.in_force(from.as_str()) {
            fields.wrong("from", format!("the pack does not apply on {from}"));
        }
        if file.packs.iter().any(|known| (known.it.sector, known.it.from) == (sector, from)) {
            fields.wrong("from", format!("another pack for {sector} begins on {from}"));
        }
    }
    fields.finish();
    if let (Some(sector), Some(from), Some(pack)) = (sector, from, pack) {
        file.packs.push(Declared { path, it: PackFile { sector, from, pack } });
    }
}

fn read_cut(value: &Value) -> Result<Cut, String> {
    match value {
        Value::String(word) if word == "month" => Ok(Cut::Month),
        Value::Table(table) if table.len() == 2 => {
            let days = table.get("days").ok_or("has no days").map(number(1, 366))??;
            let from = table.get("from").ok_or("has no from").map(day)??;
            Ok(Cut::Days { days, from })
        }
        _ => Err("is neither \"month\" nor { days = …, from = … }".to_owned()),
    }
}

/// `"default"`, or a chance for each class: `{ A = "1/6", B = "1/3", C = 1, D = 1 }`.
fn chances(value: &Value) -> Result<Chances, String> {
    let chance = |value: &Value| match value {
        Value::Integer(1) => Ok(Chance::ALWAYS),
        Value::String(text) => text.parse(),
        _ => Err("is neither 1 nor a share like \"1/6\"".to_owned()),
    };
    match value {
        Value::String(word) if word == "default" => Ok(Chances::default()),
        Value::Table(table) if table.len() == 4 => {
            let of = |class: &str| {
                let stated = table.get(class).ok_or_else(|| format!("has no chance for {class}"));
                stated.and_then(chance)
            };
            Ok(Chances { a: of("A")?, b: of("B")?, c: of("C")?, d: of("D")? })
        }
        _ => Err("is neither \"default\" nor { A = …, B = …, C = …, D = … }".to_owned()),
    }
}

/// So many holders are pooled at most, unless the plan says otherwise.
const POOL_HOLDERS: u32 = 20;

/// Who is audited together. A pool of two would tell of each nearly what an audit alone does.
fn read_pooling(fields: &mut Fields<'_>) -> Option<Pooling> {
    let below = fields.optional("pool_below", number(2, 1000));
    let holders = fields.optional("pool_holders", number(3, 200));
    if below.is_none() && holders.is_some() {
        fields.wrong("pool_holders", "has no pool_below that says who is pooled");
    }
    below.map(|below| Pooling { below, holders: holders.unwrap_or(POOL_HOLDERS) })
}

fn read_plan(file: &mut File, mut fields: Fields<'_>) {
    let path = fields.path();
    let sector: Option<Sector> = fields.required("sector", word);
    let code = fields.required("department", slug);
    let cut = fields.required("period", read_cut);
    let cutoff_hours = fields.or("cutoff_hours", 24, number(0, 336));
    let p0_per_mille = fields.or("p0_per_mille", 50, number(1, 500));
    let alpha_pass_ppm = fields.or("alpha_pass_ppm", 50_000, number(1, 500_000));
    let alpha_fail_ppm = fields.or("alpha_fail_ppm", 10_000, number(1, 500_000));
    let cap = fields.or("cap", 300, number(1, 10_000));
    let first_block = fields.or("first_block", 20, number(1, 1000));
    let block = fields.or("block", 5, number(1, 1000));
    let holders_per_period = fields.optional("holders_per_period", number(1, 1_000_000));
    let audit_chances: Option<Chances> = fields.optional("audit_chances", chances);
    if holders_per_period.is_some() && audit_chances.is_some() {
        fields.wrong("audit_chances", "cannot stand beside holders_per_period");
    }
    let audits_per_year = fields.optional("audits_per_year", number(1, 366));
    let for_cause_beyond_cap = fields.or("for_cause_beyond_cap", false, flag);
    if audits_per_year.is_none() && for_cause_beyond_cap {
        fields.wrong("for_cause_beyond_cap", "has no audits_per_year that it could go beyond");
    }
    let pooling = read_pooling(&mut fields);
    let close_due_hours = fields.or("close_due_hours", 24, number(0, 336));
    let contributors = fields.or("contributors", 1, number(1, 8));
    let disclosure_hours = fields.or("disclosure_hours", 72, number(1, 720));
    if let (Some(sector), Some(code), Some(cut)) = (sector, code, cut) {
        let department = derived("department", &code);
        let id = derived("plan", &format!("{code}/{sector}"));
        if file.plans.iter().any(|known| known.it.id == id) {
            fields.wrong("sector", format!("{code} has another plan for {sector}"));
        }
        let it = Plan {
            id,
            department,
            sector,
            cut,
            cutoff_hours,
            p0_per_mille,
            alpha_pass_ppm,
            alpha_fail_ppm,
            cap,
            first_block,
            block,
            holders_per_period,
            audit_chances,
            audits_per_year,
            for_cause_beyond_cap,
            pooling,
            close_due_hours,
            contributors,
            disclosure_hours,
            leaf: LeafId::from_uuid(uuid::Uuid::nil()),
        };
        file.plans.push(Declared { path, it });
    }
    fields.finish();
}

fn read_contacts(fields: &mut Fields<'_>) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for mut contact in fields.tables("contact", &[]) {
        let name = contact.required("name", text(64));
        let email = contact.required("email", email);
        let lang = contact.or("language", Lang::Zh, word);
        if email.is_some() && contacts.iter().any(|known| Some(&known.email) == email.as_ref()) {
            contact.wrong("email", "was declared before");
        }
        contact.finish();
        if let (Some(name), Some(email)) = (name, email) {
            contacts.push(Contact { name, email, lang });
        }
    }
    contacts
}

fn read_holder(file: &mut File, mut fields: Fields<'_>, warnings: &Notes) {
    let path = fields.path();
    let id = fields.identity("holder");
    once(&fields, &mut file.holder_ids, id);
    let kind = fields.required("kind", word);
    let name = fields.required("name", text(120));
    let district = fields.required("district", spot);
    let state = fields.or("state", HolderState::Active, word);
    let uscc = fields.optional("uscc", text(18));
    if let Some(code) = &uscc {
        if kind == Some(HolderKind::NaturalPerson) {
            fields.wrong("uscc", "a natural person has no credit code");
        }
        match documents::credit_check(code) {
            None => fields.wrong("uscc", "is not of the form of a credit code"),
            Some(false) => warnings.note(
                format!("{path}.uscc"),
                "the check character is unusual: compare the licence",
            ),
            Some(true) => {}
        }
    }
    let contacts = read_contacts(&mut fields);
    let consents = fields.tables("consent", &["department"]);
    for consent in consents {
        read_consent(file, consent, id, &contacts);
    }
    fields.finish();
    if let (Some(id), Some(kind), Some(name), Some(district)) = (id, kind, name, district) {
        let it = (Holder { id, kind, name, uscc, district, state }, contacts);
        file.holders.push(Declared { path, it });
    }
}

/// A consent covers the addresses that stand beside it.
fn read_consent(
    file: &mut File,
    mut fields: Fields<'_>,
    holder: Option<HolderId>,
    contacts: &[Contact],
) {
    let path = fields.path();
    let department = fields.required("department", department);
    let method = fields.or("method", ConsentMethod::Mail, word);
    let reference = fields.required("reference", text(120));
    let given_on = fields.required("given_on", day);
    let addresses: Vec<String> = contacts.iter().map(|contact| contact.email.clone()).collect();
    if addresses.is_empty() && method == ConsentMethod::Mail {
        fields.wrong("method", "there is no contact with an address");
    }
    let same = |known: &Declared<ConsentFile>| {
        Some(known.it.holder) == holder && Some(known.it.department) == department
    };
    if file.consents.iter().any(same) {
        fields.wrong("department", "was declared before");
    }
    fields.finish();
    let all = (holder, department, reference, given_on);
    if let (Some(holder), Some(department), Some(reference), Some(given_on)) = all {
        let it = ConsentFile { holder, department, method, reference, given_on, addresses };
        file.consents.push(Declared { path, it });
    }
}

fn read_outlet(file: &mut File, mut fields: Fields<'_>) {
    let path = fields.path();
    let id = fields.identity("outlet");
    once(&fields, &mut file.outlet_ids, id);
    let holder = fields.required("holder", reference("holder"));
    let name = fields.required("name", text(120));
    let district: Option<District> = fields.required("district", spot);
    let address = fields.optional("address", text(200));
    fields.finish();
    if let (Some(id), Some(holder), Some(name), Some(district)) = (id, holder, name, district) {
        let it = Outlet { id, holder, name, district, address };
        file.outlets.push(Declared { path, it });
    }
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn weekday(value: &Value) -> Result<i32, String> {
    let known = value.as_str().and_then(|word| WEEKDAYS.iter().position(|known| *known == word));
    let bit = known.and_then(|place| u32::try_from(place).ok()).map(|place| 1 << place);
    bit.ok_or_else(|| format!("is not one of {}", WEEKDAYS.join(", ")))
}

fn read_stream(file: &mut File, mut fields: Fields<'_>, seen: &mut BTreeSet<StreamId>) {
    let path = fields.path();
    let id = fields.identity("stream");
    once(&fields, seen, id);
    let outlet = fields.required("outlet", reference("outlet"));
    let sector = fields.required("sector", word);
    let subtype = fields.optional("subtype", slug);
    let modes = fields.list("modes", word);
    let modes = match (modes.contains(&Mode::Sealed), modes.contains(&Mode::Attested)) {
        (true, true) => Modes::Both,
        (false, true) => Modes::Attested,
        _ => Modes::Sealed,
    };
    let opened_on = fields.required("opened_on", day);
    let closed_on = fields.optional("closed_on", day);
    if closed_on.is_some() && closed_on < opened_on {
        fields.wrong("closed_on", "is before the stream opened");
    }
    let open: i32 = fields.list("open_weekdays", weekday).into_iter().fold(0, |all, bit| all | bit);
    let open_weekdays = if open == 0 { 127 } else { open };
    fields.finish();
    if let (Some(id), Some(outlet), Some(sector), Some(opened_on)) = (id, outlet, sector, opened_on)
    {
        let it = Stream {
            id,
            outlet,
            department: None,
            sector,
            subtype,
            modes,
            opened_on,
            closed_on,
            open_weekdays,
        };
        file.streams.push(Declared { path, it });
    }
}

fn key(purpose: Purpose) -> impl Fn(&Value) -> Result<OfferedKey, String> {
    move |value| {
        // A JWK may be written as JSON text or as a table.
        let json = match value {
            Value::String(text) => text.clone(),
            Value::Table(table) => serde_json::Value::deserialize(table.clone())
                .map_err(|cause| cause.to_string())?
                .to_string(),
            _ => return Err("is not a JWK".to_owned()),
        };
        OfferedKey::parse(purpose, json.as_bytes()).map_err(|cause| cause.to_string())
    }
}

fn read_client(file: &mut File, mut fields: Fields<'_>) {
    let path = fields.path();
    let holder = fields.required("holder", reference("holder"));
    let name = fields.required("name", text(64));
    let authentication = fields.required("authentication_jwk", key(Purpose::Authentication));
    let manifest = fields.required("manifest_jwk", key(Purpose::Manifest));
    let known = |known: &Declared<ClientFile>| {
        Some(known.it.holder) == holder && Some(&known.it.name) == name.as_ref()
    };
    if file.clients.iter().any(known) {
        fields.wrong("name", "was declared before");
    }
    if let (Some(one), Some(other)) = (&authentication, &manifest)
        && (one.kid == other.kid || one.jwk.thumbprint() == other.jwk.thumbprint())
    {
        fields.wrong("manifest_jwk", "is the authentication key: they must be two keys");
    }
    fields.finish();
    if let (Some(holder), Some(name), Some(authentication), Some(manifest)) =
        (holder, name, authentication, manifest)
    {
        let it = ClientFile { holder, name, keys: vec![authentication, manifest] };
        file.clients.push(Declared { path, it });
    }
}
