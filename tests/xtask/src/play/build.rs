//! From the sources to `web/dist`.

use std::{path::Path, time::Instant};

use crate::{
    run,
    tools::{node, rust},
};

const STEPS: usize = 4;
/// The packages that become wasm modules, and the profile of each.
const MODULES: [(&str, &str); 2] = [("ottla-wasm", "page"), ("ottla-lab", "lab")];

/// Leaves the page in `web/dist`.
pub fn build() -> Result<(), String> {
    let start = Instant::now();
    node::is_there()?;
    rust::wasm_target()?;
    step(1, "the engine and the Lab for the browser (minutes the first time)");
    for (package, profile) in MODULES {
        let module = ["build", "--package", package, "--profile", profile, "--lib", "--target", rust::WASM_TARGET];
        run::succeeds(&mut run::cargo(&module)).map_err(|why| format!("{package} does not build: {why}"))?;
    }
    step(2, "their glue for JavaScript");
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
    let folder = run::root().join("web").join("src").join("internal").join("wasm");
    let mut command = run::cargo(&["run", "--quiet", "--package", "xtask-page", "--"]);
    command.arg(folder);
    for (package, profile) in MODULES {
        let file = format!("{}.wasm", package.replace('-', "_"));
        command.arg(run::target_dir().join(rust::WASM_TARGET).join(profile).join(file));
    }
    run::succeeds(&mut command).map_err(|why| format!("the glue cannot be made: {why}"))
}

/// How large the modules are as a visitor's browser loads them, before compression.
fn sizes(dist: &Path) -> String {
    let modules = files(dist).into_iter().filter(|(name, _)| name.ends_with(".wasm"));
    modules.map(|(name, bytes)| format!(", {name} has {} kB", bytes / 1000)).collect()
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
