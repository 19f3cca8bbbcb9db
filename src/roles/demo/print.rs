//! What the demonstration says at its end. The words stand in `pages/`.

use std::path::Path;

use askama::Template;

use super::city::Sector;
use super::plant::{Kind, Plan};
use super::play::words;
use super::truth::Table;

/// The table *planted · found · missed · false*.
#[derive(Template)]
#[template(path = "roles/demo/pages/table.txt")]
pub struct TablePage<'a> {
    table: &'a Table,
    holders: usize,
    days: u32,
    records: u64,
    mailed: u64,
    sound: bool,
    seconds: String,
}

impl<'a> TablePage<'a> {
    /// The page of `table`.
    pub fn of(plan: &Plan, table: &'a Table, mailed: u64, seconds: f64) -> TablePage<'a> {
        TablePage {
            table,
            holders: plan.city.holders.len(),
            days: plan.city.size.days,
            records: plan.total(),
            mailed,
            sound: table.sound(),
            seconds: format!("{seconds:.1}"),
        }
    }

    fn n(&self, number: impl std::borrow::Borrow<u64>) -> String {
        format!("{:>9} ", number.borrow())
    }

    fn name(&self, kind: impl std::borrow::Borrow<Kind>) -> String {
        words(kind.borrow().key())
    }

    fn trade(&self, sector: impl std::borrow::Borrow<Sector>) -> String {
        words(&format!("registry-sector-{}", sector.borrow().as_str().replace('_', "-")))
    }

    fn words(&self, key: &str) -> String {
        words(key)
    }
}

/// Where the console is and how to enter.
#[derive(Template)]
#[template(path = "roles/demo/pages/ready.txt")]
pub struct ReadyPage<'a> {
    /// Address of the console.
    pub console: &'a str,
    /// A link that opens it once.
    pub link: &'a str,
    /// A link that opens the portal of a business once.
    pub portal: &'a str,
    /// The root certificate.
    pub root: std::path::Display<'a>,
    /// Folder of the mail.
    pub mail: std::path::Display<'a>,
}

impl<'a> ReadyPage<'a> {
    /// The page with these addresses; the links are those of the console and of the portal.
    pub fn of(
        console: &'a str,
        [link, portal]: [&'a str; 2],
        root: &'a Path,
        mail: &'a Path,
    ) -> ReadyPage<'a> {
        ReadyPage { console, link, portal, root: root.display(), mail: mail.display() }
    }
}
