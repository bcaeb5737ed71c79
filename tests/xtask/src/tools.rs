//! What the doors need beyond a Rust toolchain, fetched when it is missing.

use crate::run;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The browser's target. Where there is no rustup, the toolchain must have brought it.
pub fn wasm_target() -> Result<(), String> {
    let targets = run::output(&mut run::command("rustup", &["target", "list", "--installed"]));
    match targets {
        Some(targets) if targets.lines().any(|target| target == WASM_TARGET) => Ok(()),
        Some(_) => {
            println!("fetching the Rust target {WASM_TARGET}");
            run::succeeds(&mut run::command("rustup", &["target", "add", WASM_TARGET]))
        }
        None => match wasm_library_is_there() {
            true => Ok(()),
            false => Err(format!("the Rust target {WASM_TARGET} is missing, and there is no rustup to fetch it")),
        },
    }
}

fn wasm_library_is_there() -> bool {
    let arguments = ["--print", "target-libdir", "--target", WASM_TARGET];
    run::output(&mut run::command("rustc", &arguments)).is_some_and(|dir| std::path::Path::new(dir.trim()).is_dir())
}
