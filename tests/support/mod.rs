//! A small town for tests: a real `serve` process on a database of its own, two businesses with
//! keys, and a clock that the test moves.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chayan::foundation::crypto::sealing::SealingKey;
use chayan::foundation::crypto::{b64u, install_providers};
use chayan::foundation::db::{DatabaseUrl, Durability, Store, StoreError};
use chayan::foundation::ids::{BatchId, HolderId, StreamId};
use chayan::foundation::time::{Clock, Day, Timestamp};
use chayan::foundation::{House, Random};
use chayan::ledger::{self, VerifierKey};
use chayan::outside::submit::{
    Access, BusinessKeys, Client, Sheet, Signed, Workshop, connections, public_jwk, seal_lines,
};
use chayan::roles::demo::certificate;
use chayan::rules::documents::test_resident_id;
use serde_json::{Value, json};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_chayan");

/// The first day of the town, a Monday.
pub(crate) const FIRST_DAY: &str = "2026-03-02";

/// Two businesses: an inn in Qibin and a parcel shop in Shancheng.
pub(crate) const BUSINESSES: [(&str, &str, &str); 2] =
    [("crane-inn", "lodging", "410611"), ("swift-parcel", "courier", "410603")];

/// A town on a database of its own.
pub(crate) struct Town {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) house: House,
    pub(crate) clock: Clock,
    pub(crate) api: u16,
    pub(crate) console: u16,
    pub(crate) businesses: Vec<Business>,
    database: String,
    serve: Option<Child>,
}

/// A business of the town.
#[derive(Clone)]
pub(crate) struct Business {
    pub(crate) key: &'static str,
    pub(crate) sector: &'static str,
    pub(crate) holder: HolderId,
    pub(crate) stream: StreamId,
    pub(crate) client_id: String,
    pub(crate) keys: PathBuf,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A new database: a file below `folder`, or one on the server that the suite was given.
fn fresh_database(folder: &Path) -> String {
    #[cfg(feature = "postgres")]
    if let Ok(server) = std::env::var("CHAYAN_TEST_DATABASE") {
        use diesel::Connection as _;
        use diesel::connection::SimpleConnection as _;
        let name = format!("chayan_town_{}", uuid::Uuid::new_v4().simple());
        let mut conn = diesel::PgConnection::establish(&server).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (place, _) = server.rsplit_once('/').unwrap();
        return format!("{place}/{name}");
    }
    format!("sqlite:{}", folder.join("chayan.db").display())
}

impl Town {
    /// A founded town whose server runs, at nine in the morning of its first day.
    pub(crate) async fn start() -> Self {
        let mut town = Self::found().await;
        town.open().await;
        town
    }

    /// A founded town without a server, at nine in the morning of its first day.
    pub(crate) async fn found() -> Self {
        Self::found_at(Some(moment(FIRST_DAY, "09:00:00"))).await
    }

    /// A founded town without a server whose clock shows the real time.
    pub(crate) async fn found_today() -> Self {
        Self::found_at(None).await
    }

    async fn found_at(at: Option<Timestamp>) -> Self {
        install_providers();
        let folder = tempfile::tempdir().unwrap();
        let database = fresh_database(folder.path());
        let url: DatabaseUrl = database.parse().unwrap();
        certificate::ensure(&folder.path().join("tls")).unwrap();
        let clock = Clock::shared(&folder.path().join("clock")).unwrap();
        if let Some(at) = at {
            clock.set(at).unwrap();
        }
        let store = Store::open(&url, Durability::SingleNode, false).unwrap();
        let house = House { store, clock: clock.clone(), random: Random::system() };
        let (api, console) = (free_port(), free_port());
        let mut town = Self {
            folder,
            house,
            clock,
            api,
            console,
            businesses: Vec::new(),
            database,
            serve: None,
        };
        town.command(&["init"]);
        town.register();
        let month = town.clock.now().day().month().to_owned();
        town.command(&["keys", "make", &month]);
        town
    }

    fn register(&mut self) {
        let folder = self.folder.path().join("businesses");
        let mut file = include_str!("town.toml").to_owned();
        for (key, ..) in BUSINESSES {
            let keys = BusinessKeys::generate(&self.house.random).unwrap();
            keys.save(&folder.join(key)).unwrap();
            let (auth, manifest) = (public_jwk(keys.authentication()), public_jwk(keys.manifest()));
            file += &client_table(key, "system", &auth, &manifest);
        }
        let path = self.folder.path().join("registry.toml");
        std::fs::write(&path, file).unwrap();
        let said = self.command(&["registry", "import", path.to_str().unwrap()]);
        let clients: Vec<&str> = said.lines().filter_map(|l| l.strip_prefix("client ")).collect();
        self.businesses = BUSINESSES
            .iter()
            .zip(clients)
            .map(|((key, sector, _), line)| {
                let mut words = line.split_whitespace();
                let client_id = words.next().unwrap().to_owned();
                let holder = words.next().unwrap().parse().unwrap();
                let stream = chayan::registry::derived_id("stream", &format!("{key}-desk"));
                Business { key, sector, holder, stream, client_id, keys: folder.join(key) }
            })
            .collect();
    }

    /// Registers another system of the holder called `key` and gives its client id.
    pub(crate) fn register_client(&self, key: &str, name: &str, keys: &Value) -> String {
        let path = self.folder.path().join("client.toml");
        let client = client_table(key, name, &keys["authentication"], &keys["manifest"]);
        let file = format!("{}{client}", include_str!("town.toml"));
        std::fs::write(&path, file).unwrap();
        let said = self.command(&["registry", "import", path.to_str().unwrap()]);
        let line = said.lines().find_map(|line| line.strip_prefix("client ")).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    }

    /// The environment of every command and role.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        vec![
            ("CHAYAN_DATA", at(".")),
            ("DATABASE_URL", self.database.clone()),
            ("SINGLE_NODE", "1".into()),
            ("DEMO", "1".into()),
            ("CLOCK_FILE", at("clock")),
            ("JOB_TICK", "1".into()),
            ("RUST_LOG", "warn".into()),
            ("API_LISTEN", format!("127.0.0.1:{}", self.api)),
            ("CONSOLE_LISTEN", format!("127.0.0.1:{}", self.console)),
            ("API_ORIGIN", self.origin()),
            ("CONSOLE_ORIGIN", self.console_origin()),
        ]
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://localhost:{}", self.api)
    }

    pub(crate) fn console_origin(&self) -> String {
        format!("https://localhost:{}", self.console)
    }

    /// Runs a command to its end and gives what it said; panics if it fails.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let run = self.try_command(arguments);
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "chayan {arguments:?}: {said}");
        String::from_utf8(run.stdout).unwrap()
    }

    pub(crate) fn try_command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(PROGRAM).args(arguments).envs(self.environment()).output().unwrap()
    }

    /// Starts a role and leaves it running; its log goes to the town's folder.
    pub(crate) fn spawn(&self, role: &str) -> Child {
        self.spawn_with(role, &[])
    }

    pub(crate) fn spawn_with(&self, role: &str, more: &[(&str, String)]) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(format!("{role}.log")))
            .unwrap();
        Command::new(PROGRAM)
            .arg(role)
            .envs(self.environment())
            .envs(more.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Starts the server and waits until it answers.
    pub(crate) async fn open(&mut self) {
        self.serve = Some(self.spawn("serve"));
        let http = self.http();
        for _ in 0..400 {
            let answer = http.get(format!("{}/log/checkpoint", self.origin())).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            if let Some(status) = self.serve.as_mut().and_then(|c| c.try_wait().unwrap()) {
                panic!("serve ended with {status}: {}", self.log_of("serve"));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("serve does not answer: {}", self.log_of("serve"));
    }

    pub(crate) fn log_of(&self, role: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{role}.log"))).unwrap_or_default()
    }

    /// Kills the server as a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut serve) = self.serve.take() {
            serve.kill().unwrap();
            serve.wait().unwrap();
        }
    }

    /// The process id of the server.
    pub(crate) fn pid(&self) -> u32 {
        self.serve.as_ref().unwrap().id()
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("tls/root.pem")
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        connections(Some(&std::fs::read(self.ca()).unwrap())).unwrap()
    }

    pub(crate) fn log_key(&self) -> VerifierKey {
        let text = std::fs::read_to_string(self.folder.path().join("log.pub")).unwrap();
        text.trim().parse().unwrap()
    }

    /// Rebuilds the whole tree from stored bytes and names what does not fit.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let key = self.log_key();
        let faults = self
            .house
            .store
            .read("test.fsck", move |conn| ledger::fsck(conn, &key).map_err(StoreError::from));
        faults.await.unwrap().iter().map(ToString::to_string).collect()
    }

    /// The JSON of every leaf of `kind`.
    pub(crate) async fn leaves(&self, kind: ledger::LeafKind) -> Vec<Value> {
        let leaves = self.house.store.read("test.leaves", move |conn| {
            ledger::leaves_of(conn, kind, 0, 10_000).map_err(StoreError::from)
        });
        leaves.await.unwrap().iter().map(ledger::Leaf::body).collect()
    }

    /// The leaves of `kind` once there are `count`: a leaf is numbered within two seconds.
    pub(crate) async fn leaves_until(&self, kind: ledger::LeafKind, count: usize) -> Vec<Value> {
        for _ in 0..100 {
            if self.leaves(kind).await.len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        self.leaves(kind).await
    }

    pub(crate) fn inn(&self) -> &Business {
        &self.businesses[0]
    }

    pub(crate) fn shop(&self) -> &Business {
        &self.businesses[1]
    }

    pub(crate) fn workshop(&self, business: &Business) -> Workshop {
        let keys = BusinessKeys::load(&business.keys).unwrap();
        Workshop::new(business.holder, keys, Random::system())
    }

    pub(crate) fn client(&self, business: &Business) -> Client {
        let access = Access {
            origin: self.origin(),
            client_id: business.client_id.clone(),
            roots: Some(std::fs::read(self.ca()).unwrap()),
        };
        Client::new(access, self.workshop(business), self.clock.clone()).unwrap()
    }

    /// The key that `business` seals to now.
    pub(crate) async fn sealing_key(&self, business: &Business) -> (String, SealingKey) {
        let keys: Value = self
            .http()
            .get(format!("{}/v1/keys", self.origin()))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let department = chayan::registry::derived_id::<chayan::foundation::ids::DepartmentId>(
            "department",
            if business.sector == "lodging" { "police" } else { "post" },
        );
        let key = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["department"] == department.to_string())
            .unwrap();
        let part = |name: &str| b64u::decode_array(key["jwk"][name].as_str().unwrap()).unwrap();
        let public = SealingKey::from_coordinates(&part("x"), &part("y")).unwrap();
        (key["kid"].as_str().unwrap().to_owned(), public)
    }

    /// A sealed batch of `count` good records of `business`, numbered from `first`.
    pub(crate) async fn batch(
        &self,
        business: &Business,
        day: &str,
        first: u64,
        count: u64,
    ) -> Signed<BatchId> {
        let records: Vec<Vec<u8>> =
            (first..first + count).map(|seq| record(business, day, seq)).collect();
        self.batch_of(business, day, first, &records).await
    }

    /// A sealed batch of given records.
    pub(crate) async fn batch_of(
        &self,
        business: &Business,
        day: &str,
        first: u64,
        records: &[Vec<u8>],
    ) -> Signed<BatchId> {
        let (kid, key) = self.sealing_key(business).await;
        let lines =
            seal_lines(records.iter().map(Vec::as_slice), &kid, &key, &self.house.random).unwrap();
        let sheet = sheet(business, day, first);
        self.workshop(business).batch(&sheet, &lines, self.clock.now()).unwrap()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The lines of a registry file that declare a business system.
fn client_table(holder: &str, name: &str, auth: &Value, manifest: &Value) -> String {
    format!(
        "\n[[client]]\nholder = \"{holder}\"\nname = \"{name}\"\n\
         authentication_jwk = '''{auth}'''\nmanifest_jwk = '''{manifest}'''\n"
    )
}

/// The head of a batch of `business` for `day`.
pub(crate) fn sheet(business: &Business, day: &str, first: u64) -> Sheet {
    Sheet {
        stream: business.stream,
        day: day.parse::<Day>().unwrap(),
        mode: "sealed",
        pack: format!("{}/2026.1", business.sector),
        first,
        from: moment(day, "08:00:00"),
        to: moment(day, "08:30:00"),
        amends: Vec::new(),
    }
}

/// An instant of the town's day.
pub(crate) fn moment(day: &str, time: &str) -> Timestamp {
    format!("{day}T{time}+08:00").parse().unwrap()
}

/// A record that its pack finds nothing wrong with. All persons are invented.
pub(crate) fn record(business: &Business, day: &str, seq: u64) -> Vec<u8> {
    let salt = b64u::encode(&Random::system().bytes::<16>());
    let birth = chrono::NaiveDate::from_ymd_opt(1988, 4, 12).unwrap();
    let id = test_resident_id(birth, u16::try_from(seq % 900).unwrap());
    let mut record = json!({
        "salt": salt, "stream": business.stream, "seq": seq,
        "occurred_at": format!("{day}T08:00:00+08:00"),
        "registered_at": format!("{day}T08:05:00+08:00"),
        "subject_kind": "person", "id_doc_type": "111", "id_doc_no": id,
        "verify_method": "reader", "verify_result": "pass", "operator_id": "front-1",
    });
    let more = match business.sector {
        "lodging" => json!({
            "event": "check_in", "subject_name": "林小满", "source_no": format!("P-{seq}"),
            "room_no": "0806", "guests_in_room": 1, "minor": false,
        }),
        _ => json!({
            "waybill_no": format!("HB{seq:010}"), "sender_name": "林小满",
            "sender_address": "鹤壁市示例路 1 号", "sender_phone": "13900000000",
            "recipient_name": "何大雪", "recipient_address": "郑州市示例街 2 号",
            "recipient_phone": "13900000001", "item_name": "衬衫", "item_nature": "clothing",
            "item_qty": 2, "open_inspection": true,
        }),
    };
    for (name, value) in more.as_object().unwrap() {
        record[name] = value.clone();
    }
    serde_json::to_vec(&record).unwrap()
}
