//! The hand-written scenarios in `tests/scenarios`, by name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ottla_core::world::scenario::Scenario;

/// It fails, always: whoever does not notice tests nothing.
pub const CANARY: &str = "canary";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// All of them, sorted.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".txt")?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A story by its name, or a file of somebody's own.
///
/// # Errors
/// One line: there is no such story, or what is wrong with it.
pub fn load(name: &str) -> Result<Scenario, String> {
    let is_name = names().iter().any(|known| known == name);
    let path = if is_name { folder().join(format!("{name}.txt")) } else { PathBuf::from(name) };
    if !is_name && !path.is_file() {
        return Err(format!("there is no scenario {}; there are: {}", name.escape_debug(), names().join(", ")));
    }
    read(&path)
}

/// # Errors
/// One line: the file cannot be read, or what is wrong with it.
pub fn read(path: &Path) -> Result<Scenario, String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|why| format!("{shown}: {why}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown}: it is no text"))?;
    Scenario::parse(&text).map_err(|why| format!("{shown}: {why}"))
}

/// The same story with another randomness.
pub fn with_seed(scenario: &Scenario, seed: u64) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.swarm.seed = seed;
    scenario
}
