//! `cargo host`: builds the native host and hands over to it.

use std::process::ExitCode;

use crate::run;

/// What the host itself gives when it cannot have what it was asked for.
const REFUSED: u8 = 2;

pub fn host(arguments: &[String]) -> ExitCode {
    eprintln!("building the native host");
    let build = ["build", "--quiet", "--release", "--package", "ottla-tests", "--bin", "ottla-host"];
    if let Err(why) = run::succeeds(&mut run::cargo(&build)) {
        eprintln!("the native host does not build: {why}");
        return ExitCode::FAILURE;
    }
    let manifest = run::root().join("Cargo.toml");
    let mut command = run::cargo(&["run", "--quiet", "--release", "--package", "ottla-tests", "--bin", "ottla-host"]);
    command.arg("--manifest-path").arg(manifest).arg("--").args(arguments);
    // The directory a caller names is the caller's, not the project's.
    if let Ok(here) = std::env::current_dir() {
        command.current_dir(here);
    }
    match command.status() {
        Ok(status) => ExitCode::from(status.code().map_or(REFUSED, |code| code as u8)),
        Err(why) => {
            eprintln!("the native host does not start: {why}");
            ExitCode::FAILURE
        }
    }
}
