//! The engine in a browser: its rate beside plain IndexedDB, the time to the first record, its size.
//!
//! `cargo bench -p ottla-tests -- page`. The rows are `web/test/bench`'s; this is their door, which builds the page first.

use std::{env, path::Path, process::Command};

fn main() {
    let mut words = env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    if words.peek().is_some() && !words.any(|word| word.starts_with("page")) {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["run", "--quiet", "--package", "xtask", "--", "play", "--build-only"];
    run(Command::new(cargo).args(build).current_dir(&root));
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(Command::new(npm).args(["run", "--silent", "bench"]).current_dir(root.join("web")));
}

fn run(command: &mut Command) {
    let failed = match command.status() {
        Ok(status) if status.success() => return,
        Ok(status) => status.to_string(),
        Err(why) => why.to_string(),
    };
    eprintln!("page: {command:?}: {failed}");
    std::process::exit(1);
}
