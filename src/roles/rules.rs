//! `rules`: what the rule packs say, for those who write them and those who follow them.

#![expect(clippy::print_stdout, reason = "a command answers on its terminal")]

use std::path::Path;

use serde::Serialize;

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::rules::{self, PackLine, PackView, Packs};

/// There is no such pack.
#[derive(Debug, thiserror::Error)]
#[error("there is no rule pack {0}")]
struct NoPack(String);

/// Lists the packs.
///
/// # Errors
///
/// [`AppFault`] with every mistake of the folder of packs.
pub fn list(config: &Config, json: bool) -> Result<(), AppFault> {
    let packs = app::packs(config)?;
    let lines: Vec<PackLine> = packs.iter().map(|pack| pack.line()).collect();
    if json {
        return print_json(&lines);
    }
    print!("{}", rules::list(&lines).map_err(AppFault::refused)?);
    Ok(())
}

/// Shows all that a pack says.
///
/// # Errors
///
/// [`AppFault`] with every mistake of the folder of packs, or because there is no such pack.
pub fn show(config: &Config, id: &str, chinese: bool, json: bool) -> Result<(), AppFault> {
    let view = view(&*app::packs(config)?, id)?;
    if json {
        return print_json(&view);
    }
    print!("{}", rules::show(&view, chinese).map_err(AppFault::refused)?);
    Ok(())
}

/// Shows what changes from one pack to another.
///
/// # Errors
///
/// As [`show`].
pub fn diff(config: &Config, from: &str, to: &str, json: bool) -> Result<(), AppFault> {
    let packs = app::packs(config)?;
    let difference = rules::difference(&view(&packs, from)?, &view(&packs, to)?);
    if json {
        return print_json(&difference);
    }
    print!("{}", rules::diff(&difference).map_err(AppFault::refused)?);
    Ok(())
}

/// Writes the page of a trade in Markdown.
///
/// # Errors
///
/// As [`show`].
pub fn page(config: &Config, id: &str) -> Result<(), AppFault> {
    let view = view(&*app::packs(config)?, id)?;
    print!("{}", rules::page(&view).map_err(AppFault::refused)?);
    Ok(())
}

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

fn view(packs: &Packs, id: &str) -> Result<PackView, AppFault> {
    packs.describe(id).ok_or_else(|| AppFault::refused(NoPack(id.to_owned())))
}

fn print_json(view: &impl Serialize) -> Result<(), AppFault> {
    println!("{}", serde_json::to_string_pretty(view).map_err(AppFault::refused)?);
    Ok(())
}
