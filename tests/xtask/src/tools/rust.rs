//! The browser's target for rustc.

use crate::run;

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Fetched when it is missing. Where there is no rustup, the toolchain must have brought it.
pub fn wasm_target() -> Result<(), String> {
    if library_is_there() {
        return Ok(());
    }
    println!("getting the Rust target {WASM_TARGET}");
    run::succeeds(&mut run::command("rustup", &["target", "add", WASM_TARGET]))
        .map_err(|why| format!("the Rust target {WASM_TARGET} is missing and rustup does not get it: {why}"))
}

fn library_is_there() -> bool {
    let arguments = ["--print", "target-libdir", "--target", WASM_TARGET];
    run::output(&mut run::command("rustc", &arguments)).is_some_and(|dir| std::path::Path::new(dir.trim()).is_dir())
}
