//! `rules`: what the rule packs say, for those who write them and those who follow them.

#![expect(clippy::print_stdout, reason = "a command answers on its terminal")]

use std::path::Path;

use crate::app::AppFault;
use crate::rules::Packs;

/// Judges every example of a folder shaped like `rule-packs/`, and tells how well the examples
/// cover each pack; gives the exit code.
///
/// # Errors
///
/// [`AppFault`] with every mistake of the folder.
pub fn test(folder: &Path) -> Result<u8, AppFault> {
    let covered = Packs::test(folder).map_err(AppFault::refused)?;
    for pack in &covered {
        println!("{}: {} pass, {} fail as they should", pack.pack, pack.passing, pack.failing);
        pack.gaps.iter().for_each(|gap| println!("  {gap}"));
    }
    Ok(u8::from(covered.iter().any(|pack| !pack.gaps.is_empty())))
}
