//! Other programs, started in the project's root.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

/// Where the workspace's `Cargo.toml` is.
pub fn root() -> PathBuf {
    let crate_root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crate_root.ancestors().nth(2).expect("this crate lies two folders below the root").to_owned()
}

/// The cargo that runs us.
pub fn cargo(arguments: &[&str]) -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), arguments)
}

pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Whether it ended well. What it says goes where our own words go.
pub fn succeeds(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{status}")),
        Err(why) => Err(format!("{} does not start: {why}", command.get_program().to_string_lossy())),
    }
}

/// What it printed, if it ended well.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
