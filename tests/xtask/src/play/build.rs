//! From the sources to `web/dist`.

use std::{path::Path, time::Instant};

use crate::{
    run,
    tools::{node, rust},
};

const STEPS: usize = 4;

/// Leaves the page in `web/dist`.
pub fn build() -> Result<(), String> {
    let start = Instant::now();
    node::is_there()?;
    rust::wasm_target()?;
    step(1, "the engine for the browser (minutes the first time)");
    let engine = ["build", "--package", "ottla-wasm", "--profile", "page", "--lib", "--target", rust::WASM_TARGET];
    run::succeeds(&mut run::cargo(&engine)).map_err(|why| format!("the engine does not build: {why}"))?;
    step(2, "its glue for JavaScript");
    glue()?;
    step(3, "npm packages");
    node::packages()?;
    step(4, "the page");
    let web = run::root().join("web");
    run::succeeds(node::npm(&["run", "--silent", "build"]).current_dir(&web))
        .map_err(|why| format!("the page does not build: {why}"))?;
    println!("built in {:.0} s{}", start.elapsed().as_secs_f64(), sizes(&web.join("dist")));
    Ok(())
}

fn step(number: usize, what: &str) {
    println!("[{number}/{STEPS}] {what}");
}

/// What wasm-bindgen makes lies among the page's sources, where its bundler finds it.
fn glue() -> Result<(), String> {
    let wasm = run::target_dir().join(rust::WASM_TARGET).join("page").join("ottla_wasm.wasm");
    let folder = run::root().join("web").join("src").join("internal").join("wasm");
    let mut command = run::cargo(&["run", "--quiet", "--package", "xtask-page", "--"]);
    command.arg(wasm).arg(folder);
    run::succeeds(&mut command).map_err(|why| format!("the glue cannot be made: {why}"))
}

/// How large the engine is as a visitor's browser loads it, before compression.
fn sizes(dist: &Path) -> String {
    let engine = files(dist).into_iter().find(|(name, _)| name.ends_with(".wasm"));
    engine.map_or_else(String::new, |(_, bytes)| format!(", the engine has {} kB", bytes / 1000))
}

/// Names and lengths of all files below.
fn files(dir: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in dir.read_dir().into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => found.extend(files(&entry.path())),
            Ok(metadata) => found.push((entry.file_name().to_string_lossy().into_owned(), metadata.len())),
            Err(_) => {}
        }
    }
    found
}
