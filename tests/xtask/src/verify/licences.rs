//! What `deny.toml` allows, held against everything Cargo.lock and the page's npm lock bring in.
//!
//! `cargo deny` reads the same file, but takes longer to build than all other tools together, and its advisories come
//! from a repository that machines with nothing but package registries cannot reach.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::run;

#[derive(Debug, Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct NpmLock {
    packages: BTreeMap<String, NpmPackage>,
}

#[derive(Debug, Deserialize)]
struct NpmPackage {
    license: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    dev: bool,
}

pub fn licences() -> Result<(), String> {
    let read = |name: &str| fs::read_to_string(run::root().join(name)).map_err(|why| format!("{name}: {why}"));
    let deny: Deny = toml::from_str(&read("deny.toml")?).map_err(|why| format!("deny.toml: {why}"))?;
    let mut command = run::cargo(&["metadata", "--format-version", "1", "--locked", "--quiet"]);
    let output = command.output().map_err(|why| run::does_not_start(&command, &why))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|why| format!("cargo metadata: {why}"))?;
    let npm =
        serde_json::from_str(&read("web/package-lock.json")?).map_err(|why| format!("package-lock.json: {why}"))?;
    let mut wrong = deny.crates(&metadata);
    wrong.extend(deny.npm_packages(&npm));
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} wrong\n{}", wrong.len(), wrong.join("\n"))) }
}

impl Deny {
    fn crates(&self, metadata: &Metadata) -> Vec<String> {
        let mut wrong = Vec::new();
        for Package { name, version, license, source } in &metadata.packages {
            // Ours have no source.
            let Some(source) = source else { continue };
            if !source.contains("crates.io-index") {
                wrong.push(format!("{name} {version} comes from {source}, not from the registry"));
            }
            if let Some(ban) = self.bans.deny.iter().find(|ban| ban.name == *name) {
                wrong.push(format!("{name} {version} is banned: {}", ban.reason));
            }
            if let Err(why) = self.allows(license.as_deref()) {
                wrong.push(format!("{name} {version}: {why}"));
            }
        }
        wrong
    }

    /// What only builds and tests the page is not handed on, so its licence binds nobody.
    fn npm_packages(&self, lock: &NpmLock) -> Vec<String> {
        let mut wrong = Vec::new();
        for (path, package) in lock.packages.iter().filter(|(path, _)| !path.is_empty()) {
            let is_fetched = package.resolved.as_deref().is_none_or(|from| from.starts_with("https://"));
            if !is_fetched || package.integrity.is_none() {
                wrong.push(format!("{path} of the page does not come from the registry with a checksum"));
            }
            if let (false, Err(why)) = (package.dev, self.allows(package.license.as_deref())) {
                wrong.push(format!("{path} of the page: {why}"));
            }
        }
        wrong
    }

    fn allows(&self, license: Option<&str>) -> Result<(), String> {
        let license = license.ok_or("it names no licence")?;
        let expression = Expression::parse_mode(license, ParseMode::LAX)
            .map_err(|why| format!("its licence {license:?} cannot be read: {}", why.reason))?;
        // Whole requirements are compared, so an exception (`WITH …`) must be allowed by name.
        let is_allowed = expression.evaluate(|needed| self.licenses.allow.contains(&needed.to_string()));
        if is_allowed { Ok(()) } else { Err(format!("its licence {license} is not among the allowed")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deny() -> Deny {
        let text = "[licenses]\nallow = ['MIT', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception']\n\
            [bans]\ndeny = [{ name = 'openssl-sys', reason = 'no TLS here' }]\n";
        toml::from_str(text).unwrap()
    }

    fn package(name: &str, license: Option<&str>, source: Option<&str>) -> Metadata {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let version = "1.0.0".to_owned();
        Metadata {
            packages: vec![Package { name: name.to_owned(), version, license: own(license), source: own(source) }],
        }
    }

    const REGISTRY: Option<&str> = Some("registry+x/crates.io-index");

    #[test]
    fn one_allowed_choice_is_enough_and_one_refused_demand_is_too_much() {
        let deny = deny();
        for allowed in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR BSD-2-Clause) AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert_eq!(deny.allows(Some(allowed)), Ok(()), "{allowed}");
        }
        for refused in ["GPL-3.0", "MIT AND GPL-3.0", "MIT WITH LLVM-exception", "no licence at all"] {
            assert!(deny.allows(Some(refused)).is_err(), "{refused}");
        }
        assert!(deny.allows(None).is_err());
    }

    #[test]
    fn a_crate_comes_from_the_registry_and_is_not_banned() {
        let deny = deny();
        assert_eq!(deny.crates(&package("good", Some("MIT"), REGISTRY)), [""; 0]);
        assert_eq!(deny.crates(&package("ours", None, None)), [""; 0]);
        let git = deny.crates(&package("forked", Some("MIT"), Some("git+https://example.com/forked")));
        assert!(git.len() == 1 && git[0].contains("not from the registry"), "{git:?}");
        let banned = deny.crates(&package("openssl-sys", Some("MIT"), REGISTRY));
        assert!(banned.len() == 1 && banned[0].contains("no TLS here"), "{banned:?}");
    }

    #[test]
    fn what_the_page_hands_on_has_an_allowed_licence_and_a_checksum() {
        let lock = r#"{ "packages": {
            "": {},
            "node_modules/good": { "license": "MIT", "resolved": "https://r/good.tgz", "integrity": "sha512-x" },
            "node_modules/tool": { "license": "MPL-2.0", "resolved": "https://r/tool.tgz", "integrity": "sha512-x", "dev": true },
            "node_modules/copyleft": { "license": "GPL-3.0", "resolved": "https://r/c.tgz", "integrity": "sha512-x" },
            "node_modules/forked": { "license": "MIT", "resolved": "git+ssh://g/f.git" } } }"#;
        let wrong = deny().npm_packages(&serde_json::from_str(lock).unwrap());
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("copyleft") && wrong[1].contains("forked"), "{wrong:?}");
    }
}
