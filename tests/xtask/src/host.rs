//! `cargo host` and `cargo sim`: builds a program of the tests' crate and hands over to it.

use std::{
    env::consts::EXE_SUFFIX,
    process::{Command, ExitCode},
};

use crate::{REFUSED, run};

/// Builds `program` and becomes it. `what`: what it is called before somebody who waits for it.
pub fn hand_over_to(program: &str, what: &str, arguments: &[String]) -> ExitCode {
    eprintln!("building {what}");
    // Cargo says itself how far it is.
    let build = ["build", "--release", "--package", "ottla-tests", "--bin", program];
    if let Err(why) = run::succeeds(&mut run::cargo(&build)) {
        eprintln!("{what} does not build: {why}");
        return ExitCode::FAILURE;
    }
    // Started where the caller stands: the directory a caller names is the caller's, not the project's.
    let path = run::target_dir().join("release").join(format!("{program}{EXE_SUFFIX}"));
    let why = hand_over(Command::new(path).args(arguments));
    why.unwrap_or_else(|why| {
        eprintln!("{what} does not start: {why}");
        ExitCode::from(REFUSED)
    })
}

/// The program takes this process's place, so that signals reach it and nobody else.
#[cfg(unix)]
fn hand_over(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn hand_over(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code();
    Ok(code.map_or(ExitCode::FAILURE, |code| ExitCode::from(u8::try_from(code).unwrap_or(REFUSED))))
}
