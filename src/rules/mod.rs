//! Rule packs and the legal-basis catalogue: law as data.
//!
//! A pack says what the records of one sector must look like, what each defect is called, how much
//! it weighs, what a shop owner reads about it and which articles stand behind it. It is a folder
//! `rule-packs/<sector>/<version>/` of `pack.toml`, `rules.toml`, `schema.json` and examples that
//! are its tests; what all sectors share is in `rule-packs/base/<version>/`, the catalogue of
//! legal bases in `rule-packs/legal/<version>/`. The packs are inside the binary; a folder may
//! replace them or add to them.
//!
//! The room promises that the same bytes always get the same judgement, that no input panics, and
//! that no failure contains a value of a record. It has no table and no clock: "in the future" is
//! asked against the record's own times. Which pack is in force for whom, the registry says.

mod catalogue;
mod checks;
#[cfg(test)]
mod checks_tests;
mod describe;
#[cfg(test)]
mod describe_tests;
mod diff;
/// Numbers of identity documents and credit codes.
pub mod documents;
mod embedded;
mod examine;
mod examples;
mod forms;
mod gather;
#[cfg(test)]
mod judge_tests;
mod load;
mod model;
mod needs;
mod pack;
mod packs;
#[cfg(test)]
mod probe_tests;
mod render;
mod shape;
mod strict;

pub use catalogue::{Basis, BasisKind, Catalogue, Mark};
pub use describe::{
    BasisView, CodeView, Example, MemberView, NeedView, PackLine, PackView, RuleView,
};
pub use diff::{Difference, RuleChange, difference};
pub use embedded::calendar_files;
pub use examples::Coverage;
pub use model::{Amends, Failure, Judgement, Known, Place, Rule, Severity};
pub use needs::Need;
pub use pack::{Label, Pack, Subtype, Total};
pub use packs::{Mistake, Packs, PacksError};
pub use render::{diff, list, page, show};
