//! `serve`: API, console, public log, the sequencer, and the jobs that need no key.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{Data, ServiceConfig};
use rustls::ServerConfig;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, AppFault};
use crate::config::Config;
use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::jobs::Scheduler;
use crate::foundation::web::{self, Demonstration, Listener, Listeners};
use crate::identity::{DemoEntry, FieldCipher, Tokens};
use crate::intake::{BatchLimits, Gates};
use crate::ledger::{
    self, Fatal, Leaf, LeafKind, LogSigner, NewLeaf, Running, Sequencer, Settings,
};
use crate::registry::Calendar;
use crate::rules::Packs;
use crate::{routes, schedule};

/// What `serve` holds; tests build one by hand.
pub struct Parts {
    /// Store, clock, randomness.
    pub house: House,
    /// Signs checkpoints.
    pub signer: LogSigner,
    /// Where the newest checkpoint stands outside the database.
    pub anchor: PathBuf,
    /// Signs and checks access tokens.
    pub tokens: Tokens,
    /// Seals and opens contacts and seeds.
    pub cipher: FieldCipher,
    /// The rule packs.
    pub packs: Arc<Packs>,
    /// The working days that clocks count.
    pub calendar: Calendar,
    /// TLS of both listeners.
    pub tls: ServerConfig,
    /// Whether pages say that this is a demonstration, and one-time entry is allowed.
    pub demo: bool,
}

/// A server that runs.
pub struct Serving {
    /// Where the API listens.
    pub api: SocketAddr,
    /// Where the console listens.
    pub console: SocketAddr,
    /// The sequencer's handle.
    pub sequencer: Sequencer,
    servers: (Server, Server),
    log: Running,
}

/// Starts the sequencer and both listeners.
///
/// # Errors
///
/// [`AppFault::Log`] if the log cannot be continued, [`AppFault::Listen`].
pub async fn start(parts: Parts, listeners: Listeners) -> Result<Serving, AppFault> {
    let api = listeners.api.local_addr().map_err(AppFault::Listen)?;
    let console = listeners.console.local_addr().map_err(AppFault::Listen)?;
    let settings = Settings { signer: parts.signer, anchor: parts.anchor };
    let (sequencer, log) = Sequencer::start(&parts.house, settings).await?;
    let handles = Handles {
        sequencer: Data::new(sequencer.clone()),
        tokens: Data::new(parts.tokens),
        cipher: Data::new(parts.cipher),
        packs: Data::new(parts.packs),
        calendar: Data::new(parts.calendar),
        gates: Data::new(Gates::new(BatchLimits::default())),
        demo: parts.demo,
    };
    let routes = move |listener: Listener, config: &mut ServiceConfig| {
        handles.register(config);
        routes::of(listener, config);
    };
    let servers =
        web::serve(listeners, &parts.tls, &parts.house, routes).map_err(AppFault::Listen)?;
    Ok(Serving { api, console, sequencer, servers, log })
}

#[derive(Clone)]
struct Handles {
    sequencer: Data<Sequencer>,
    tokens: Data<Tokens>,
    cipher: Data<FieldCipher>,
    packs: Data<Arc<Packs>>,
    calendar: Data<Calendar>,
    gates: Data<Gates>,
    demo: bool,
}

impl Handles {
    fn register(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.sequencer.clone())
            .app_data(self.tokens.clone())
            .app_data(self.cipher.clone())
            .app_data(self.packs.clone())
            .app_data(self.calendar.clone())
            .app_data(self.gates.clone())
            .app_data(Data::new(routes::NAVIGATION))
            .app_data(DemoEntry(self.demo));
        if self.demo {
            config.app_data(Data::new(Demonstration));
        }
    }
}

impl Serving {
    /// Handles that stop the listeners.
    pub fn handles(&self) -> [ServerHandle; 2] {
        [self.servers.0.handle(), self.servers.1.handle()]
    }

    /// Serves until `stop` resolves; then the requests under way are answered and the log is
    /// brought to rest.
    ///
    /// # Errors
    ///
    /// [`Fatal`] if the sequencer must not go on: then the process has to end.
    pub async fn until(mut self, stop: impl Future<Output = ()>) -> Result<(), Fatal> {
        let handles = self.handles();
        let (api, console) = self.servers;
        let servers = tokio::spawn(async move { tokio::join!(api, console) });
        let ended = tokio::select! {
            () = stop => Ok(()),
            fatal = self.log.ended() => fatal,
        };
        for handle in handles {
            handle.stop(ended.is_ok()).await;
        }
        if let Err(cause) = servers.await {
            tracing::warn!(cause = %cause, "a listener did not end well: {cause}");
        }
        ended?;
        self.log.stop().await
    }
}

/// Runs the role until the process is told to stop; gives the exit code.
///
/// # Errors
///
/// [`AppFault`], which names what is missing or wrong.
pub async fn run(config: &Config) -> Result<u8, AppFault> {
    let house = app::house(config, true).await?;
    app::set_up_press(config)?;
    let parts = Parts {
        house: house.clone(),
        signer: app::log_signer(config)?,
        anchor: config.anchor.clone(),
        tokens: app::tokens(config)?,
        cipher: app::field_cipher(config)?,
        packs: app::packs(config)?,
        calendar: app::calendar(config)?,
        tls: web::server_config(&config.tls_cert, &config.tls_key)?,
        demo: config.demo,
    };
    log_durability(&house).await?;
    let jobs = schedule::of_serve(&config.console_origin, &parts.packs, &parts.calendar);
    let listeners = Listeners::bind(config.api_listen, config.console_listen);
    let serving = start(parts, listeners.map_err(AppFault::Listen)?).await?;
    let alarm = Scheduler::new(house, jobs).start(config.job_tick).await;
    let _alarm = alarm.map_err(AppFault::refused)?;
    tracing::info!(api = %serving.api, console = %serving.console, "serve is ready");
    match serving.until(told_to_stop()?).await {
        Ok(()) => Ok(0),
        Err(fatal) => {
            tracing::error!(cause = %fatal, "the sequencer ended: {fatal}");
            Ok(Fatal::EXIT_CODE)
        }
    }
}

/// Logs whether commits wait for a standby, where the log last said otherwise.
async fn log_durability(house: &House) -> Result<(), AppFault> {
    const SINGLE_NODE: &str = "single-node";
    let single = house.store.is_single_node();
    let words = json!({ "durability": if single { SINGLE_NODE } else { "standby" } });
    let leaf = NewLeaf::new(house, LeafKind::ConfigChanged, words);
    let write = move |tx: &mut Conn| {
        let (mut logged, mut from) = (false, 0);
        loop {
            let leaves = ledger::leaves_of(tx, LeafKind::ConfigChanged, from, 500)?;
            let Some(last) = leaves.last() else { break };
            from = last.index + 1;
            let said = |leaf: &Leaf| Some(leaf.body().get("durability")? == SINGLE_NODE);
            logged = leaves.iter().rev().find_map(said).unwrap_or(logged);
        }
        if logged != single {
            ledger::append_in(tx, &leaf)?;
        }
        Ok::<_, StoreError>(())
    };
    Ok(house.store.write("serve.log_durability", write).await?)
}

/// Resolves when the process is asked to end.
///
/// # Errors
///
/// [`AppFault::Refused`] if signals cannot be heard.
pub(super) fn told_to_stop() -> Result<impl Future<Output = ()>, AppFault> {
    let mut term = signal(SignalKind::terminate()).map_err(AppFault::refused)?;
    let mut int = signal(SignalKind::interrupt()).map_err(AppFault::refused)?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tokio::time::sleep(Duration::ZERO).await;
    })
}
