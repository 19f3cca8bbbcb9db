//! What the audit process holds, and the child process that it opens records in.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::block::{self, Block, Opened};
use super::error::Refusal;
use crate::keys::Opener;
use crate::ledger::VerifierKey;
use crate::rules::Packs;

/// How long one block may take to open.
const LONGEST: Duration = Duration::from_secs(60);

/// The name of the subcommand that opens one block.
pub const OPEN_BLOCK: &str = "open-block";

/// What the audit process holds besides the house; cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Opens audit keys and nonces.
    pub opener: Opener,
    /// The log's verifier key, from a file of the audit process's own.
    pub log: VerifierKey,
    /// Who opens records.
    pub child: Child,
    /// The folder that overrides the rule packs inside the binary.
    pub rule_packs: Option<PathBuf>,
    /// Records that may be opened on one civil day.
    pub daily_budget: u64,
    /// How long to wait for a signed checkpoint.
    pub patience: Duration,
}

/// Who opens the records of a block.
#[derive(Clone, Debug)]
pub enum Child {
    /// A process of its own, this program with the subcommand [`OPEN_BLOCK`]; keys die with it.
    Process(PathBuf),
    /// This process itself; for tests.
    Inside(Arc<Packs>),
}

impl Child {
    /// Opens the records of `block`.
    ///
    /// # Errors
    ///
    /// [`Refusal::Child`] or [`Refusal::Pack`].
    pub(super) async fn open(&self, block: Block) -> Result<Vec<Opened>, Refusal> {
        let expected: Vec<u64> = block.records.iter().map(|record| record.ordinal).collect();
        let opened = match self {
            Self::Process(program) => in_process(program, &block).await?,
            Self::Inside(packs) => {
                block::open_records(&block, packs).map_err(|fault| failed(&fault))?
            }
        };
        let got: Vec<u64> = opened.iter().map(|opened| opened.ordinal).collect();
        if got == expected { Ok(opened) } else { Err(Refusal::Child("it left records out".into())) }
    }
}

fn failed(fault: &impl std::fmt::Display) -> Refusal {
    Refusal::Child(fault.to_string())
}

async fn in_process(program: &std::path::Path, block: &Block) -> Result<Vec<Opened>, Refusal> {
    let input = Zeroizing::new(serde_json::to_vec(block).map_err(|cause| failed(&cause))?);
    let mut child = Command::new(program)
        .arg(OPEN_BLOCK)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| failed(&cause))?;
    let mut stdin = child.stdin.take().ok_or_else(|| failed(&"no way to tell it anything"))?;
    let talk = async move {
        // A child that refuses its input ends early; what it says then is the better reason.
        let told = stdin.write_all(&input).await;
        drop(stdin);
        let output = child.wait_with_output().await?;
        if output.status.success() { told.map(|()| output) } else { Ok(output) }
    };
    let output = tokio::time::timeout(LONGEST, talk).await;
    let output = output.map_err(|late| failed(&late))?.map_err(|cause| failed(&cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or("it said nothing");
        return Err(Refusal::Child(said.chars().take(300).collect()));
    }
    serde_json::from_slice(&output.stdout).map_err(|cause| failed(&cause))
}
