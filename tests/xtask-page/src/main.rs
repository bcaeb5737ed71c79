//! `xtask-page FOLDER WASM…`: from modules as the compiler left them to modules and their glue, which a page can load.
//!
//! The same library as the `wasm-bindgen` program, at the version the engine links: nothing to fetch, nothing to mix up.

use std::{ffi::OsString, path::Path, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [folder, modules @ ..] = arguments.as_slice() else {
        eprintln!("usage: xtask-page FOLDER WASM…");
        return ExitCode::FAILURE;
    };
    match modules.iter().try_for_each(|wasm| bind(Path::new(wasm), Path::new(folder))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("wasm-bindgen: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Function names are half of a small module, so they go; a panic's text has the place it came from.
fn bind(wasm: &Path, folder: &Path) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).typescript(true).remove_name_section(true).remove_producers_section(true);
    // The glue names the module itself, so that the bundler takes it along.
    bindgen.omit_default_module_path(false);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder))
        .map_err(|why| why.chain().map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
