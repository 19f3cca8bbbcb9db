//! `up`: serve, audit and notify as child processes; restarts them when they fall and stops them
//! when it is told to stop.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::app::AppFault;
use crate::foundation::time::Stopwatch;

/// The roles that `up` keeps running.
const ROLES: [&str; 3] = ["serve", "audit", "notify"];

/// How long a role may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the roles until this process is told to stop.
///
/// # Errors
///
/// [`AppFault`] if a role cannot be started, or falls again within two seconds of its start.
pub async fn run() -> Result<(), AppFault> {
    let program = std::env::current_exe().map_err(AppFault::refused)?;
    let mut term = signal(SignalKind::terminate()).map_err(AppFault::refused)?;
    let mut int = signal(SignalKind::interrupt()).map_err(AppFault::refused)?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut roles: tokio::task::JoinSet<Result<(), AppFault>> = tokio::task::JoinSet::new();
    for role in ROLES {
        roles.spawn(keep(program.clone(), role, stopped.clone()));
    }
    let fallen = tokio::select! {
        _ = term.recv() => None,
        _ = int.recv() => None,
        ended = roles.join_next() => ended,
    };
    stop.send_replace(true);
    while roles.join_next().await.is_some() {}
    match fallen {
        Some(Ok(Err(fault))) => Err(fault),
        Some(Err(cause)) => Err(AppFault::refused(cause)),
        _ => Ok(()),
    }
}

async fn keep(
    program: PathBuf,
    role: &'static str,
    mut stopped: tokio::sync::watch::Receiver<bool>,
) -> Result<(), AppFault> {
    loop {
        let began = Stopwatch::start();
        let mut child = Command::new(&program)
            .arg(role)
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| AppFault::refused(format!("{role}: {cause}")))?;
        tokio::select! {
            () = told(&mut stopped) => return end(&mut child).await,
            status = child.wait() => {
                let status = status.map_err(AppFault::refused)?;
                if began.elapsed() < Duration::from_secs(2) {
                    return Err(AppFault::refused(format!("{role} does not stay up: {status}")));
                }
                tracing::warn!(role, status = %status, "{role} fell ({status}) and is restarted");
            }
        }
    }
}

/// Resolves when the roles are to stop, also where nobody is left to say so.
async fn told(stopped: &mut tokio::sync::watch::Receiver<bool>) {
    while !*stopped.borrow_and_update() {
        if stopped.changed().await.is_err() {
            return;
        }
    }
}

/// Asks a role to stop, and insists after a while.
pub(super) async fn end(child: &mut Child) -> Result<(), AppFault> {
    if let Some(pid) = child.id() {
        let asked = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await;
        asked.map_err(AppFault::refused)?;
    }
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(cause)) => Err(AppFault::refused(cause)),
        Err(_late) => child.kill().await.map_err(AppFault::refused),
    }
}
