//! Node, and the npm packages of `web`.

use std::{fs, process::Command};

use super::path;
use crate::run;

/// The oldest Node that the page's bundler runs on.
const OLDEST: (u32, u32) = (20, 19);

pub fn is_there() -> Result<(), String> {
    let (major, minor) = OLDEST;
    let version = run::output(&mut run::command("node", &["--version"]));
    match version.as_deref().and_then(major_and_minor) {
        Some(found) if found >= OLDEST && path::find("npm").is_some() => Ok(()),
        Some(found) if found >= OLDEST => Err("npm is missing: it comes with Node".to_owned()),
        Some(found) => Err(format!("Node {major}.{minor} or newer is needed, this is {}.{}", found.0, found.1)),
        None => Err(format!("Node is missing: install Node {major}.{minor} or newer, with npm")),
    }
}

/// npm in the folder of the page.
pub fn npm(arguments: &[&str]) -> Command {
    let mut command = run::command(if cfg!(windows) { "npm.cmd" } else { "npm" }, arguments);
    command.current_dir(run::root().join("web"));
    command
}

/// Installed anew whenever the lock is another than the one they were installed from. No package's script runs.
pub fn packages() -> Result<(), String> {
    let web = run::root().join("web");
    let installed_from = web.join("node_modules").join(".ottla-package-lock.json");
    let lock = web.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(|why| format!("{}: {why}", lock.display()))?;
    if fs::read(&installed_from).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("getting the npm packages");
    run::succeeds(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]))
        .map_err(|why| format!("npm does not install the packages of web: {why}"))?;
    fs::write(&installed_from, wanted).map_err(|why| format!("{}: {why}", installed_from.display()))
}

fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_compare_as_numbers() {
        assert_eq!(major_and_minor("v20.19.2\n"), Some((20, 19)));
        assert!(major_and_minor("v20.9.0") < Some(OLDEST));
        assert!(major_and_minor("v100.0.0") > Some(OLDEST));
        assert_eq!(major_and_minor("node: not found"), None);
    }
}
