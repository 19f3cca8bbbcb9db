//! The real processes of the demonstration: `serve`, `audit` and `notify`, started from this very
//! program, each with its own environment and its log in the folder.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

/// How long a process may take to stop by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Variables of the environment.
pub type Environment = Vec<(String, String)>;

/// The processes. They are stopped when this is dropped, and asked to by [`Crew::stop`].
#[derive(Debug)]
pub struct Crew(Vec<Member>);

#[derive(Debug)]
struct Member {
    role: &'static str,
    log: PathBuf,
    process: Child,
}

/// A process ended that should not have.
#[derive(Debug, thiserror::Error)]
#[error("{role} ended with {status}; the end of its log, {}:\n{tail}", log.display())]
pub struct Ended {
    role: &'static str,
    status: String,
    log: PathBuf,
    tail: String,
}

impl Crew {
    /// Starts `roles` of the program `exe`, with `environment` and nothing else of ours but the
    /// path; logs go to `logs`.
    ///
    /// # Errors
    ///
    /// Those of starting a process or making its log.
    pub fn start(
        exe: &Path,
        roles: &[&'static str],
        environment: &Environment,
        logs: &Path,
    ) -> io::Result<Crew> {
        std::fs::create_dir_all(logs)?;
        let mut crew = Crew(Vec::new());
        for role in roles {
            let log = logs.join(format!("{role}.log"));
            let file = File::options().create(true).append(true).open(&log)?;
            let process = Command::new(exe)
                .arg(role)
                .envs(environment.iter().map(|(name, value)| (name, value)))
                .stdin(Stdio::null())
                .stdout(Stdio::from(file.try_clone()?))
                .stderr(Stdio::from(file))
                .kill_on_drop(true)
                .spawn()?;
            crew.0.push(Member { role, log, process });
        }
        Ok(crew)
    }

    /// Whether all of them still run.
    ///
    /// # Errors
    ///
    /// [`Ended`] names the first that does not, with the end of its log.
    pub fn all_run(&mut self) -> Result<(), Ended> {
        for member in &mut self.0 {
            let status = match member.process.try_wait() {
                Ok(None) => continue,
                Ok(Some(status)) => status.to_string(),
                Err(cause) => cause.to_string(),
            };
            let text = std::fs::read_to_string(&member.log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let tail = lines[lines.len().saturating_sub(8)..].join("\n");
            return Err(Ended { role: member.role, status, log: member.log.clone(), tail });
        }
        Ok(())
    }

    /// The process id of `role`, while it runs.
    pub fn id(&self, role: &str) -> Option<u32> {
        self.0.iter().find(|member| member.role == role)?.process.id()
    }

    /// Asks all of them to stop, and ends those that do not.
    pub async fn stop(mut self) {
        for member in &self.0 {
            if let Some(id) = member.process.id() {
                let asked = Command::new("kill").arg(id.to_string()).status().await;
                tracing::debug!(role = member.role, asked = ?asked, "asked to stop");
            }
        }
        for member in &mut self.0 {
            if tokio::time::timeout(PATIENCE, member.process.wait()).await.is_err()
                && let Err(cause) = member.process.kill().await
            {
                tracing::warn!(role = member.role, cause = %cause, "cannot be ended: {cause}");
            }
        }
    }
}
