//! Rebuilds when a migration or a translated text is added: they are embedded in the program.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=rule-packs");
    println!("cargo:rerun-if-changed=src/foundation/web/locales");
}
