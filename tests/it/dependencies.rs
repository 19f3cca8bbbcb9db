//! Appendix A of the security page: versions below which a dependency has a known hole, and crates
//! that may not come in at all, read from what is really locked.

use std::path::Path;

/// Crate, and the lowest version that may be locked.
const FLOORS: &[(&str, [u64; 3])] = &[
    ("actix-web", [4, 16, 0]),
    ("actix-http", [3, 18, 11]),
    ("jsonwebtoken", [10, 3, 0]),
    ("diesel", [2, 3, 10]),
    ("libsqlite3-sys", [0, 38, 0]),
    ("rustls", [0, 23, 18]),
    ("rustls-webpki", [0, 103, 13]),
    ("aes-gcm", [0, 10, 3]),
    ("lettre", [0, 11, 22]),
    ("time", [0, 3, 47]),
    ("h2", [0, 4, 16]),
    ("diesel-async", [0, 9, 0]),
    ("tokio-postgres", [0, 7, 18]),
];
/// Crates that a build may not hold: biased secret sharing, unbounded inflate, a key operation
/// without a constant-time form, a second TLS stack.
const BANNED: &[&str] = &["sharks", "vsss-rs", "josekit", "rsa", "openssl", "openssl-sys"];
/// Those that must be there, so that a renamed crate does not pass unseen.
const PRESENT: usize = 8;

/// Name and version of every locked package.
fn locked(text: &str) -> Vec<(String, [u64; 3])> {
    let lock: toml::Table = text.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let version = package["version"].as_str().unwrap();
            let plain = version.split(['-', '+']).next().unwrap();
            let numbers: Vec<u64> = plain.split('.').map(|part| part.parse().unwrap()).collect();
            (package["name"].as_str().unwrap().to_owned(), numbers.try_into().unwrap())
        })
        .collect()
}

/// What is wrong with `packages`, a line each.
fn wrongs(packages: &[(String, [u64; 3])]) -> Vec<String> {
    let low = packages.iter().filter_map(|(name, version)| {
        let (_, floor) = FLOORS.iter().find(|(known, _)| known == name)?;
        (version < floor).then(|| format!("{name} {version:?} is below {floor:?}"))
    });
    let banned = packages.iter().filter(|(name, _)| BANNED.contains(&name.as_str()));
    low.chain(banned.map(|(name, _)| format!("{name} is banned"))).collect()
}

#[test]
fn no_dependency_is_below_its_floor_or_banned() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let packages = locked(&std::fs::read_to_string(file).unwrap());
    let present = FLOORS.iter().filter(|(name, _)| packages.iter().any(|(own, _)| own == name));
    assert!(present.count() >= PRESENT, "the floors name crates that are not used");
    assert_eq!(wrongs(&packages), Vec::<String>::new());
}

#[test]
fn an_old_version_and_a_banned_crate_are_noticed() {
    let lock = "[[package]]\nname = \"diesel\"\nversion = \"2.3.9\"\n
        [[package]]\nname = \"rsa\"\nversion = \"0.9.0-rc.1\"\n
        [[package]]\nname = \"lettre\"\nversion = \"0.11.22\"";
    let said = wrongs(&locked(lock));
    assert_eq!(said.len(), 2, "{said:?}");
}
