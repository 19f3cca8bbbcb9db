//! Which holders of a period are audited: what is stated at the cutoff, and what the draw makes of
//! it (sampling.md §5.5, §7).
//!
//! The list of holders, their classes, causes and caps stand in the leaf that ends the tree of the
//! period, so the root binds them before anybody knows the secret. Pure: rows in, rows out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::draw::{Inputs, ids_hash, order};
use super::model::{Terms, to_row};
use super::score::Class;
use super::store::roster::RosterRow;
use super::tree::CutoffTree;
use super::trust::text;
use crate::foundation::db::text_enum;
use crate::registry::{Chance, Chances};

/// Holders that a leaf names; longer lists are carried as their hash.
const NAMED_HOLDERS: usize = 300;

/// A holder of whom more than two in a hundred numbers are missing is audited for cause.
const MISSING_PER_MILLE: u64 = 20;

text_enum! {
    /// Whether a holder is audited in a period, and why.
    pub enum Choice {
        /// The draw will say.
        Waiting = "waiting",
        /// The draw chose it.
        Drawn = "drawn",
        /// The draw left it out.
        NotDrawn = "not_drawn",
        /// There is a cause, so there is no draw.
        ForCause = "for_cause",
        /// It was audited as often as the plan lets anybody be in a calendar year.
        CapReached = "cap_reached",
    }
}

text_enum! {
    /// Why a holder is audited whatever its class.
    pub enum Ground {
        /// Far fewer records than on its own days of before, and nobody has dismissed it.
        DropAlarm = "drop_alarm",
        /// More than two in a hundred of its numbers are missing.
        MissingShare = "missing_share",
        /// An officer confirmed a signal.
        ConfirmedSignal = "confirmed_signal",
    }
}

/// Whether so many missing numbers are a cause.
pub(super) fn too_many_missing(missing: u64, expected: u64) -> bool {
    u128::from(missing) * 1000 > u128::from(expected) * u128::from(MISSING_PER_MILLE)
}

/// The chance of a class under a plan.
pub(super) fn chance(chances: &Chances, class: Class) -> Chance {
    match class {
        Class::A => chances.a,
        Class::B => chances.b,
        Class::C => chances.c,
        Class::D => chances.d,
    }
}

/// A list as a leaf carries it: its size, H(ids), and itself if it is short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct List {
    size: u64,
    hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<String>>,
}

impl List {
    fn of(mut lines: Vec<String>, named: bool) -> Self {
        lines.sort_unstable();
        let size = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        Self { size, hash: text(&ids_hash(&lines)), lines: named.then_some(lines) }
    }

    fn same(&self, other: &Self) -> bool {
        (self.size, &self.hash) == (other.size, &other.hash)
    }
}

/// What the leaf at the cutoff says of the holders of a plan that has chances or a cap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stated {
    /// Between whom the draw decides, by class; `all` where the plan knows no classes.
    classes: BTreeMap<String, List>,
    /// `holder class cause missing expected`.
    for_cause: List,
    /// `holder class cause audits`, where the cause may be `-`.
    cap_reached: List,
}

impl Stated {
    /// The statement of a roster, before or after its draw.
    pub(super) fn of(rows: &[RosterRow]) -> Self {
        let named = rows.len() <= NAMED_HOLDERS;
        let lines = |choice: Choice| {
            let own = rows.iter().filter(|row| row.choice == choice);
            List::of(own.map(RosterRow::line).collect(), named)
        };
        let classes = drawn_from(rows).into_iter().map(|(class, ids)| {
            let class = class.map_or("all", Class::as_str);
            (class.to_owned(), List::of(ids, named))
        });
        Self {
            classes: classes.collect(),
            for_cause: lines(Choice::ForCause),
            cap_reached: lines(Choice::CapReached),
        }
    }

    /// Whether these rows are the ones that were stated.
    pub(super) fn agrees(&self, rows: &[RosterRow]) -> bool {
        let now = Self::of(rows);
        let same = |(own, other): ((&String, &List), (&String, &List))| {
            own.0 == other.0 && own.1.same(other.1)
        };
        self.classes.len() == now.classes.len()
            && self.classes.iter().zip(&now.classes).all(same)
            && self.for_cause.same(&now.for_cause)
            && self.cap_reached.same(&now.cap_reached)
    }
}

impl RosterRow {
    /// The holder in a list of causes or caps, with everything that put it there.
    fn line(&self) -> String {
        let class = self.class.map_or("-", Class::as_str);
        let cause = self.cause.map_or("-", Ground::as_str);
        match self.choice {
            Choice::CapReached => {
                format!("{} {class} {cause} {}", self.holder_id, self.audits_before)
            }
            _ => format!("{} {class} {cause} {} {}", self.holder_id, self.missing, self.expected),
        }
    }

    /// Whether its draw decides, or has decided.
    pub(super) fn is_drawn_from(&self) -> bool {
        matches!(self.choice, Choice::Waiting | Choice::Drawn | Choice::NotDrawn)
    }

    /// Whether it is audited.
    pub(super) fn is_audited(&self) -> bool {
        matches!(self.choice, Choice::Drawn | Choice::ForCause)
    }
}

/// The holders between which a draw decides, by class.
pub(super) fn drawn_from(rows: &[RosterRow]) -> BTreeMap<Option<Class>, Vec<String>> {
    let mut classes: BTreeMap<Option<Class>, Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_drawn_from()) {
        classes.entry(row.class).or_default().push(row.holder_id.to_string());
    }
    classes
}

/// How many of `size` holders of a class are audited under a plan.
pub(super) fn count(terms: &Terms, class: Option<Class>, size: u64) -> u64 {
    match (class, &terms.audit_chances) {
        (Some(class), Some(chances)) => chance(chances, class).of(size),
        _ => terms.holders_per_period.map_or(size, |count| size.min(count.into())),
    }
}

/// Lets the draw decide: the first of each class in the order of its seed are audited. The subject
/// of a seed is the class, or the plan where it knows no classes.
pub(super) fn choose(rows: &mut [RosterRow], terms: &Terms, inputs: Inputs<'_>) {
    let plan = terms.plan.to_string();
    for (class, ids) in drawn_from(rows) {
        let subject = class.map_or(plan.as_str(), |class| class.as_str());
        let size = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let audited = count(terms, class, size);
        let drawn = order(inputs.holders(subject, &ids), &ids);
        let places: BTreeMap<&str, u64> = drawn.iter().map(String::as_str).zip(0..).collect();
        for row in rows.iter_mut().filter(|row| row.is_drawn_from() && row.class == class) {
            let Some(place) = places.get(row.holder_id.to_string().as_str()) else { continue };
            row.place = Some(to_row(*place));
            row.choice = if *place < audited { Choice::Drawn } else { Choice::NotDrawn };
        }
    }
}

/// What the `draw_frame` leaf of the holders of a period says, once the draw has decided.
pub(super) fn drawn_body(tree: &CutoffTree, rows: &[RosterRow]) -> Value {
    let named = rows.len() <= NAMED_HOLDERS;
    let mut classes = serde_json::Map::new();
    for (class, ids) in drawn_from(rows) {
        let mut drawn: Vec<&RosterRow> =
            rows.iter().filter(|row| row.choice == Choice::Drawn && row.class == class).collect();
        drawn.sort_by_key(|row| row.place);
        let drawn: Vec<String> = drawn.iter().map(|row| row.holder_id.to_string()).collect();
        let mut said = json!({
            "audited": drawn.len(),
            "hash": text(&ids_hash(&ids)),
            "size": ids.len(),
        });
        if let (Some(class), Some(chances)) = (class, &tree.terms.audit_chances) {
            said["chance"] = json!(chance(chances, class));
        }
        if named {
            said["drawn"] = json!(drawn);
        }
        classes.insert(class.map_or("all", Class::as_str).to_owned(), said);
    }
    let number = |choice| rows.iter().filter(|row| row.choice == choice).count();
    json!({
        "cap_reached": number(Choice::CapReached),
        "checkpoint": { "root": tree.head.root.to_b64u(), "size": tree.head.size },
        "classes": classes,
        "for_cause": number(Choice::ForCause),
        "period": tree.period,
        "plan": tree.terms.plan,
    })
}
