//! What a process reads from its environment, once, at start; all mistakes are reported together.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::foundation::db::{DatabaseUrl, Durability};
use crate::foundation::secret::Secret;
use crate::foundation::telemetry::LogForm;

/// What a process reads from its environment. Each field names its variable, unit and default.
#[derive(Clone, Debug)]
pub struct Config {
    /// `CHAYAN_DATA`: the folder under which everything has its default place. Default
    /// `chayan-data`.
    pub data: PathBuf,
    /// `DATABASE_URL`: `sqlite:<path>` or `postgres://…`. Default `sqlite:<data>/chayan.db`.
    pub database: DatabaseUrl,
    /// `SINGLE_NODE`: `1` allows PostgreSQL without a synchronous standby, at the price named in
    /// `SECURITY.md`. Default: not set.
    pub durability: Durability,
    /// `SERVE_KEYS`: folder of the token, field and log keys. Default `<data>/keys/serve`.
    pub serve_keys: PathBuf,
    /// `AUDIT_KEYS`: folder of the root key and the period keys. Default `<data>/keys/audit`.
    pub audit_keys: PathBuf,
    /// `OFFLINE_KEYS`: folder of the key-list key. Default `<data>/keys/offline`.
    pub offline_keys: PathBuf,
    /// `FIELD_KEY_FILE`: the key of contacts and seeds. Default `<serve keys>/field.key`.
    pub field_key: PathBuf,
    /// `LOG_PUBLIC_KEY_FILE`: the log's verifier key, which `audit` needs. Default
    /// `<data>/log.pub`.
    pub log_public: PathBuf,
    /// `ANCHOR_FILE`: the newest checkpoint outside the database. Default `<data>/anchor`.
    pub anchor: PathBuf,
    /// `LOG_ORIGIN`: the first line of every checkpoint. Default `chayan.invalid/log`.
    pub log_origin: String,
    /// `API_LISTEN`: where business systems connect. Default `127.0.0.1:8440`.
    pub api_listen: SocketAddr,
    /// `CONSOLE_LISTEN`: where people connect. Default `127.0.0.1:8443`.
    pub console_listen: SocketAddr,
    /// `API_ORIGIN`: public origin of the API, which is the issuer of tokens. Default
    /// `https://localhost:8440`.
    pub api_origin: String,
    /// `CONSOLE_ORIGIN`: public origin of the console, for links in letters. Default
    /// `https://localhost:8443`.
    pub console_origin: String,
    /// `TLS_CERT`: PEM chain of both listeners. Default `<data>/tls/cert.pem`.
    pub tls_cert: PathBuf,
    /// `TLS_KEY`: PEM key of that certificate. Default `<data>/tls/key.pem`.
    pub tls_key: PathBuf,
    /// `RULE_PACKS`: folder that overrides the embedded packs. Default: none.
    pub rule_packs: Option<PathBuf>,
    /// `DOCUMENT_TEMPLATES`: folder of templates over the embedded ones (`docs/documents.md`).
    /// Default: none.
    pub document_templates: Option<PathBuf>,
    /// `BOUNCE_MAILDIR`: Maildir in which delivery reports arrive. Default: none, and `notify` reads
    /// none.
    pub bounce_maildir: Option<PathBuf>,
    /// `SMTP_URL`: `smtps://[user:password@]host[:port]` or `smtp+starttls://…`. Default: none;
    /// `notify` needs it.
    pub smtp: Option<Secret<String>>,
    /// `SMTP_CA`: PEM root to trust for the mail server besides the system's. Default: none.
    pub smtp_ca: Option<PathBuf>,
    /// `MAIL_FROM`: the sender of letters. Default `查验 <chayan@chayan.invalid>`.
    pub mail_from: String,
    /// `JOB_TICK`: seconds between two looks at the schedule. Default 15.
    pub job_tick: Duration,
    /// `OPENING_BUDGET`: records that `audit` may open in one civil day. Default 20000.
    pub opening_budget: u64,
    /// `CLOCK_FILE`: a shared simulated clock; only with `DEMO`. Default: none.
    pub clock_file: Option<PathBuf>,
    /// `DEMO`: `1` marks a demonstration: pages say so and one-time entry is allowed. Default:
    /// not set.
    pub demo: bool,
    /// `LOG_FORM`: `text` or `json`. Default `text`.
    pub log_form: LogForm,
    /// `RUST_LOG`: what is logged. Default `info`.
    pub log_filter: String,
}

/// Every mistake found in the environment.
#[derive(Debug, thiserror::Error)]
#[error("the environment has {} mistake(s):\n  {}", .0.len(), .0.join("\n  "))]
pub struct ConfigErrors(pub Vec<String>);

/// Takes values from the environment and collects what is wrong with them.
struct Reader<F> {
    lookup: F,
    wrong: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    fn path(&self, name: &str, default: PathBuf) -> PathBuf {
        self.text(name).map_or(default, PathBuf::from)
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, default: &str) -> Option<T> {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        match text.parse() {
            Ok(value) => Some(value),
            Err(cause) => {
                self.wrong.push(format!("{name}: {cause}"));
                None
            }
        }
    }

    fn switch(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => {
                self.wrong.push(format!("{name}: must be 0 or 1"));
                false
            }
        }
    }

    fn origin(&mut self, name: &str, default: &str) -> String {
        let value = self.text(name).unwrap_or_else(|| default.to_owned());
        if !value.starts_with("https://") || value.ends_with('/') {
            self.wrong
                .push(format!("{name}: must begin with https:// and have no slash at its end"));
        }
        value
    }

    fn log_form(&mut self) -> LogForm {
        match self.text("LOG_FORM").as_deref() {
            None | Some("text") => LogForm::Text,
            Some("json") => LogForm::Json,
            Some(_) => {
                self.wrong.push("LOG_FORM: must be text or json".to_owned());
                LogForm::Text
            }
        }
    }
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    ///
    /// [`ConfigErrors`], which names every mistake.
    pub fn from_environment() -> Result<Self, ConfigErrors> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables through `lookup`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrors`], which names every mistake.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut r = Reader { lookup, wrong: Vec::new() };
        let data = r.path("CHAYAN_DATA", "chayan-data".into());
        let keys = data.join("keys");
        let serve_keys = r.path("SERVE_KEYS", keys.join("serve"));
        let database = r.parsed("DATABASE_URL", &format!("sqlite:{}/chayan.db", data.display()));
        let (api, console) = (
            r.parsed("API_LISTEN", "127.0.0.1:8440"),
            r.parsed("CONSOLE_LISTEN", "127.0.0.1:8443"),
        );
        let tick: Option<u64> = r.parsed("JOB_TICK", "15");
        let budget = r.parsed("OPENING_BUDGET", "20000");
        let demo = r.switch("DEMO");
        let single = r.switch("SINGLE_NODE");
        let clock_file = r.text("CLOCK_FILE").map(PathBuf::from);
        if clock_file.is_some() && !demo {
            r.wrong.push("CLOCK_FILE: a simulated clock is for demonstrations only".to_owned());
        }
        let origins = (
            r.origin("API_ORIGIN", "https://localhost:8440"),
            r.origin("CONSOLE_ORIGIN", "https://localhost:8443"),
        );
        let log_form = r.log_form();
        let (Some(database), Some(api), Some(console), Some(tick), Some(budget), true) =
            (database, api, console, tick, budget, r.wrong.is_empty())
        else {
            return Err(ConfigErrors(r.wrong));
        };
        Ok(Self {
            database,
            durability: if single { Durability::SingleNode } else { Durability::Standby },
            field_key: r.path("FIELD_KEY_FILE", serve_keys.join("field.key")),
            serve_keys,
            audit_keys: r.path("AUDIT_KEYS", keys.join("audit")),
            offline_keys: r.path("OFFLINE_KEYS", keys.join("offline")),
            log_public: r.path("LOG_PUBLIC_KEY_FILE", data.join("log.pub")),
            anchor: r.path("ANCHOR_FILE", data.join("anchor")),
            log_origin: r.text("LOG_ORIGIN").unwrap_or_else(|| "chayan.invalid/log".to_owned()),
            api_listen: api,
            console_listen: console,
            api_origin: origins.0,
            console_origin: origins.1,
            tls_cert: r.path("TLS_CERT", data.join("tls/cert.pem")),
            tls_key: r.path("TLS_KEY", data.join("tls/key.pem")),
            rule_packs: r.text("RULE_PACKS").map(PathBuf::from),
            document_templates: r.text("DOCUMENT_TEMPLATES").map(PathBuf::from),
            bounce_maildir: r.text("BOUNCE_MAILDIR").map(PathBuf::from),
            smtp: r.text("SMTP_URL").map(Secret::new),
            smtp_ca: r.text("SMTP_CA").map(PathBuf::from),
            mail_from: r
                .text("MAIL_FROM")
                .unwrap_or_else(|| "查验 <chayan@chayan.invalid>".to_owned()),
            job_tick: Duration::from_secs(tick.max(1)),
            opening_budget: budget,
            clock_file,
            demo,
            log_form,
            log_filter: r.text("RUST_LOG").unwrap_or_else(|| "info".to_owned()),
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_reported_together() {
        let wrong = Config::read(|name| {
            let value = match name {
                "DATABASE_URL" => "chayan.db",
                "API_LISTEN" => "localhost",
                "JOB_TICK" => "soon",
                "API_ORIGIN" => "http://plain/",
                "CLOCK_FILE" => "clock",
                "SINGLE_NODE" => "yes",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let names =
            ["DATABASE_URL", "API_LISTEN", "JOB_TICK", "API_ORIGIN", "CLOCK_FILE", "SINGLE"];
        let text = wrong.unwrap_err().to_string();
        assert!(names.iter().all(|name| text.contains(name)), "{text}");
    }

    #[test]
    fn everything_has_a_default() {
        let config = Config::read(|_| None).unwrap();
        assert_eq!(config.database.to_string(), "sqlite:chayan-data/chayan.db");
        assert!(!config.demo && config.smtp.is_none());
    }
}
