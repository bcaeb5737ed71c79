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

/// A text, which other seeds make other worlds of.
#[derive(Clone, Debug)]
pub struct Story {
    text: String,
    /// As it is written.
    pub scenario: Scenario,
}

impl Story {
    /// With another randomness; if it says a seed, all that it does not say is drawn anew.
    pub fn with_seed(&self, seed: u64) -> Scenario {
        Scenario::parse_with_seed(&self.text, seed).unwrap_or_else(|_| self.scenario.clone())
    }
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
pub fn load(name: &str) -> Result<Story, String> {
    let is_name = names().iter().any(|known| known == name);
    let path = if is_name { folder().join(format!("{name}.txt")) } else { PathBuf::from(name) };
    if !is_name && !path.is_file() {
        return Err(format!("there is no scenario {}; there are: {}", name.escape_debug(), names().join(", ")));
    }
    let text = text_of(&path)?;
    let scenario = parse(&path, &text)?;
    Ok(Story { text, scenario })
}

/// # Errors
/// One line: the file cannot be read, or what is wrong with it.
pub fn read(path: &Path) -> Result<Scenario, String> {
    parse(path, &text_of(path)?)
}

fn text_of(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|why| format!("{shown}: {why}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{shown}: it is no text"))
}

fn parse(path: &Path, text: &str) -> Result<Scenario, String> {
    Scenario::parse(text).map_err(|why| format!("{}: {why}", path.display()))
}
