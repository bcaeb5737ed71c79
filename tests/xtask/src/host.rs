//! `cargo host`: builds the native host and hands over to it.

use std::{
    env::consts::EXE_SUFFIX,
    process::{Command, ExitCode},
};

use crate::{REFUSED, run};

pub fn host(arguments: &[String]) -> ExitCode {
    eprintln!("building the native host");
    let build = ["build", "--quiet", "--release", "--package", "ottla-tests", "--bin", "ottla-host"];
    if let Err(why) = run::succeeds(&mut run::cargo(&build)) {
        eprintln!("the native host does not build: {why}");
        return ExitCode::FAILURE;
    }
    // Started where the caller stands: the directory a caller names is the caller's, not the project's.
    let program = run::target_dir().join("release").join(format!("ottla-host{EXE_SUFFIX}"));
    let why = hand_over(Command::new(program).args(arguments));
    why.unwrap_or_else(|why| {
        eprintln!("the native host does not start: {why}");
        ExitCode::from(REFUSED)
    })
}

/// The host takes this process's place, so that signals reach it and nobody else.
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
