//! Other programs, started in the project's root.

pub mod group;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where the workspace's `Cargo.toml` is.
pub fn root() -> PathBuf {
    let crate_root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crate_root.ancestors().nth(2).expect("this crate lies two folders below the root").to_owned()
}

/// Where cargo puts what it builds, whoever told it so: this program is itself in `debug` there.
pub fn target_dir() -> PathBuf {
    if let Some(named) = env::var_os("CARGO_TARGET_DIR") {
        return std::path::absolute(&named).unwrap_or_else(|_| PathBuf::from(named));
    }
    let here = env::current_exe().ok();
    let above = here.as_deref().and_then(Path::parent).and_then(Path::parent);
    match above {
        Some(dir) if dir.join("CACHEDIR.TAG").exists() => dir.to_owned(),
        _ => root().join("target"),
    }
}

/// The cargo that runs us.
pub fn cargo(arguments: &[&str]) -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

pub fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    // A relative one would be another folder, read from the root.
    if env::var_os("CARGO_TARGET_DIR").is_some() {
        command.env("CARGO_TARGET_DIR", target_dir());
    }
    command
}

/// Whether it ended well. What it says goes where our own words go.
pub fn succeeds(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{status}")),
        Err(why) => Err(does_not_start(command, &why)),
    }
}

pub fn does_not_start(command: &Command, why: &std::io::Error) -> String {
    format!("{} does not start: {why}", command.get_program().to_string_lossy())
}

/// What it printed on stdout and stderr, if it ended well.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    output.status.success().then(|| String::from_utf8_lossy(&text).into_owned())
}
