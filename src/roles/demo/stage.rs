//! The place where a city is played: a folder with certificate, keys, registry and clock, and the
//! environment of the processes that work in it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::certificate::{self, Certificate};
use super::city::City;
use super::crew::{Crew, Environment, end_leftovers};
use super::push::SealTo;
use super::{DemoError, registry};
use crate::app;
use crate::config::Config;
use crate::foundation::time::{Clock, Stopwatch};
use crate::foundation::{House, Random};
use crate::identity;
use crate::keys::files::load_list_key;
use crate::ledger::VerifierKey;
use crate::outside::submit::{
    Access, BusinessKeys, Client, Workshop, connections, key_list, open_key,
};

/// Ports that people know; others are taken where these are in use.
const PORTS: [u16; 2] = [8440, 8443];
/// How long the server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A prepared folder.
pub struct Stage {
    /// The folder.
    pub folder: PathBuf,
    /// The program that plays.
    pub exe: PathBuf,
    /// Certificates of API, console and mail.
    pub certificate: Certificate,
    /// Port of the API.
    pub api: u16,
    /// Port of the console.
    pub console: u16,
    /// The clock that all processes share.
    pub clock: Clock,
    /// More variables for the processes.
    pub more: Environment,
}

impl Stage {
    /// Prepares `folder` as far as files go, ends what an earlier run left in it, and chooses ports.
    ///
    /// # Errors
    ///
    /// [`DemoError`].
    pub async fn set(folder: &Path, exe: &Path, more: Environment) -> Result<Stage, DemoError> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        end_leftovers(&folder.join("processes"), &folder).await?;
        let certificate = certificate::ensure(&folder.join("tls"))?;
        let clock = Clock::shared(&folder.join("clock"))?;
        let [api, console] = [free_port(PORTS[0])?, free_port(PORTS[1])?];
        Ok(Stage { folder, exe: exe.to_owned(), certificate, api, console, clock, more })
    }

    /// Origin of the API.
    pub fn origin(&self) -> String {
        format!("https://localhost:{}", self.api)
    }

    /// Origin of the console.
    pub fn console_origin(&self) -> String {
        format!("https://localhost:{}", self.console)
    }

    fn environment(&self) -> Environment {
        let path = |path: &Path| path.display().to_string();
        let own = [
            ("CHAYAN_DATA", path(&self.folder)),
            ("DEMO", "1".to_owned()),
            ("SINGLE_NODE", "1".to_owned()),
            ("CLOCK_FILE", path(&self.folder.join("clock"))),
            ("JOB_TICK", "1".to_owned()),
            ("API_LISTEN", format!("127.0.0.1:{}", self.api)),
            ("CONSOLE_LISTEN", format!("127.0.0.1:{}", self.console)),
            ("API_ORIGIN", self.origin()),
            ("CONSOLE_ORIGIN", self.console_origin()),
            ("TLS_CERT", path(&self.certificate.chain)),
            ("TLS_KEY", path(&self.certificate.key)),
            ("MAIL_FROM", "chayan@hebi.example".to_owned()),
            ("SMTP_CA", path(&self.certificate.root)),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.more.iter().cloned()).collect()
    }

    /// Runs the program with `arguments` to its end.
    ///
    /// # Errors
    ///
    /// [`DemoError::Command`] with what it wrote, if it fails.
    pub async fn command(&self, arguments: &[&str]) -> Result<String, DemoError> {
        let run = Command::new(&self.exe)
            .args(arguments)
            .envs(self.environment())
            .stdin(Stdio::null())
            .output()
            .await?;
        if run.status.success() {
            return Ok(String::from_utf8_lossy(&run.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        Err(DemoError::Command { line: arguments.join(" "), said })
    }

    /// Starts `roles` and waits until the server answers.
    ///
    /// # Errors
    ///
    /// [`DemoError`], also where a process ends or stays silent.
    pub async fn start(&self, roles: &[&'static str]) -> Result<Crew, DemoError> {
        let logs = self.folder.join("logs");
        let list = self.folder.join("processes");
        let mut crew = Crew::start(&self.exe, roles, &self.environment(), &logs)?;
        crew.write_down(&list)?;
        let http = self.connections()?;
        let url = format!("{}/log/checkpoint", self.origin());
        let waited = Stopwatch::start();
        loop {
            crew.all_run()?;
            match http.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(crew),
                _ if waited.elapsed() > PATIENCE => return Err(DemoError::Silent),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// The database, as the processes see it.
    ///
    /// # Errors
    ///
    /// [`DemoError::App`] names what is wrong with it.
    pub async fn house(&self) -> Result<House, DemoError> {
        Ok(app::house(&self.config()?, false).await?)
    }

    /// The key that checks the log's signatures.
    ///
    /// # Errors
    ///
    /// [`DemoError::App`] where there is none.
    pub fn log_key(&self) -> Result<VerifierKey, DemoError> {
        Ok(app::log_public(&self.config()?)?)
    }

    /// The configuration that the processes read from their environment.
    fn config(&self) -> Result<Config, DemoError> {
        let environment: BTreeMap<String, String> = self.environment().into_iter().collect();
        Ok(Config::read(|name| environment.get(name).cloned())?)
    }

    /// Makes the database, the keys of the house and of the duty holders, and the registry of
    /// `city`. Doing it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`DemoError`].
    pub async fn found(&self, city: &City) -> Result<(), DemoError> {
        let made = self.folder.join("house.made");
        if !made.exists() {
            self.clear_away()?;
            self.command(&["init"]).await?;
            std::fs::write(made, "")?;
        }
        let file = self.folder.join("registry.toml");
        std::fs::write(&file, registry::file(city, &self.business_keys(city)?)?)?;
        self.command(&["registry", "import", &file.display().to_string()]).await?;
        let mut day = city.earliest_day().first_of_month();
        while day <= city.last_day() {
            self.command(&["keys", "make", day.month()]).await?;
            day = day.last_of_month().next();
        }
        Ok(())
    }

    /// Takes away what an interrupted beginning left: keys are never overwritten.
    fn clear_away(&self) -> io::Result<()> {
        let gone = |result: io::Result<()>| match result {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            _ => Ok(()),
        };
        for file in ["chayan.db", "chayan.db-wal", "chayan.db-shm", "anchor", "log.pub"] {
            gone(std::fs::remove_file(self.folder.join(file)))?;
        }
        gone(std::fs::remove_dir_all(self.folder.join("keys")))
    }

    /// The private keys of the duty holders, in their order; new ones are made and kept.
    fn business_keys(&self, city: &City) -> Result<Vec<BusinessKeys>, DemoError> {
        let folder = self.folder.join("businesses");
        let each = city.holders.iter().map(|holder| {
            let own = folder.join(holder.id.to_string());
            if !own.exists() {
                let half = folder.join("half");
                if half.exists() {
                    std::fs::remove_dir_all(&half)?;
                }
                BusinessKeys::generate(&Random::system())?.save(&half)?;
                std::fs::rename(&half, &own)?;
            }
            Ok(BusinessKeys::load(&own)?)
        });
        each.collect()
    }

    /// The clients of the duty holders, in their order.
    ///
    /// # Errors
    ///
    /// [`DemoError`].
    pub async fn clients(&self, house: &House, city: &City) -> Result<Vec<Client>, DemoError> {
        let http = self.connections()?;
        let mut clients = Vec::new();
        for (holder, keys) in city.holders.iter().zip(self.business_keys(city)?) {
            let id = holder.id;
            let known = house
                .store
                .read("demo.clients", move |conn| {
                    identity::clients_of(conn, id).map_err(DemoError::from)
                })
                .await?;
            let client_id = known.into_iter().next().ok_or(DemoError::Plan)?.client_id;
            let access = Access { origin: self.origin(), client_id, roots: None };
            let shop = Workshop::new(id, keys, Random::system());
            clients.push(Client::over(http.clone(), access, shop, self.clock.clone()));
        }
        Ok(clients)
    }

    /// The audit key of each sector's department, as its businesses learn it: from the signed list
    /// of keys and the streams that they ask for.
    ///
    /// # Errors
    ///
    /// [`DemoError`].
    pub async fn seal_to(&self, clients: &[Client], city: &City) -> Result<SealTo, DemoError> {
        let pinned = load_list_key(&app::list_key_file(&self.config()?))?;
        let list = key_list(&self.connections()?, &self.origin(), pinned.public()).await?;
        let mut to = SealTo::new();
        for (holder, client) in city.holders.iter().zip(clients) {
            if to.contains_key(&holder.sector) {
                continue;
            }
            let department = client.streams().await?.into_iter().find_map(|s| s.department);
            let key = department.and_then(|of| open_key(&list, of, self.clock.now()));
            to.insert(holder.sector, key.ok_or(DemoError::NoKey)?);
        }
        Ok(to)
    }

    /// Connections that trust the demonstration's root and nothing else.
    ///
    /// # Errors
    ///
    /// [`DemoError`].
    pub fn connections(&self) -> Result<reqwest::Client, DemoError> {
        let root = std::fs::read(&self.certificate.root)?;
        Ok(connections(Some(&root))?)
    }
}

/// `wanted`, or whatever the system gives where it is in use.
fn free_port(wanted: u16) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?.port())
}
