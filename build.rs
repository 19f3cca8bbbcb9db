//! Lists the files of the rule packs for the program to embed, and rebuilds when one of them, a
//! migration or a translated text is added.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts by variables")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=rule-packs");
    println!("cargo:rerun-if-changed=src/foundation/web/locales");

    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("rule-packs");
    let mut paths = Vec::new();
    list(&folder, "", &mut paths)?;
    paths.sort();
    let mut code = String::from("&[\n");
    for path in paths {
        // The compiler knows where the folder is now, whatever became of the checkout since.
        let place = format!("/rule-packs/{path}");
        let text = format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {place:?}))");
        writeln!(code, "    ({path:?}, {text}),")?;
    }
    code.push_str("]\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("rule_packs.rs"), code)?;
    Ok(())
}

/// Every TOML and JSON file below `folder` that is not an example.
fn list(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for found in fs::read_dir(folder)? {
        let found = found?;
        let name = found.file_name().into_string().map_err(|name| format!("{name:?}"))?;
        let path = format!("{prefix}{name}");
        if found.path().is_dir() {
            if name != "examples" {
                list(&found.path(), &format!("{path}/"), paths)?;
            }
        } else if name.ends_with(".toml") || name.ends_with(".json") {
            paths.push(path);
        }
    }
    Ok(())
}
