//! The real processes of the demonstration: `serve`, `audit` and `notify`, started from this very
//! program, each with its own environment and its log in the folder.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::foundation::time::Stopwatch;

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

/// Ends what an earlier run left: processes that `list` names and that work in `folder`.
///
/// A process that has got one of the numbers since then does not work there, and is left alone.
///
/// # Errors
///
/// Those of reading the list.
pub async fn end_leftovers(list: &Path, folder: &Path) -> io::Result<()> {
    let text = match std::fs::read_to_string(list) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read?,
    };
    let ids = text.lines().filter_map(|line| line.parse::<u32>().ok());
    for id in ids.filter(|id| works_in(*id, folder)) {
        tracing::info!(process = id, "ending process {id} of an earlier run");
        signal(id, "-TERM").await;
        let waited = Stopwatch::start();
        while works_in(id, folder) {
            if waited.elapsed() > PATIENCE {
                signal(id, "-KILL").await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    std::fs::remove_file(list)
}

/// Whether process `id` was started for `folder`.
fn works_in(id: u32, folder: &Path) -> bool {
    let wanted = format!("CHAYAN_DATA={}", folder.display());
    let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes())
}

async fn signal(id: u32, which: &str) {
    let asked = Command::new("kill").arg(which).arg(id.to_string()).status().await;
    tracing::debug!(process = id, which, asked = ?asked, "signalled");
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

    /// Writes down the process ids, one a line, for [`end_leftovers`] of a later run.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn write_down(&self, list: &Path) -> io::Result<()> {
        let ids = self.0.iter().filter_map(|member| member.process.id());
        std::fs::write(list, ids.map(|id| format!("{id}\n")).collect::<String>())
    }

    /// The process id of `role`, while it runs.
    pub fn id(&self, role: &str) -> Option<u32> {
        self.0.iter().find(|member| member.role == role)?.process.id()
    }

    /// Asks all of them to stop, and ends those that do not.
    pub async fn stop(mut self) {
        for member in &self.0 {
            if let Some(id) = member.process.id() {
                signal(id, "-TERM").await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_processes_of_the_folder_are_ended() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("processes");
        let sleep = |data: &Path| {
            Command::new("sleep").arg("60").env("CHAYAN_DATA", data).kill_on_drop(true).spawn()
        };
        let mut own = sleep(folder.path()).unwrap();
        let mut other = sleep(Path::new("/elsewhere")).unwrap();
        let ids = [own.id().unwrap(), other.id().unwrap()];
        std::fs::write(&list, format!("{}\n{}\n", ids[0], ids[1])).unwrap();
        while !works_in(ids[0], folder.path()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        end_leftovers(&list, folder.path()).await.unwrap();
        assert!(!own.wait().await.unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        assert!(end_leftovers(&list, folder.path()).await.is_ok(), "no list, nothing to end");
        other.kill().await.unwrap();
    }
}
