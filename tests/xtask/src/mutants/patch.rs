//! Mutants as files: what one is in words, who must find it, and the change as a unified diff.
//!
//! ```text
//! The clean-shutdown marker outlives a crash during loading (KAFKA-10471).
//!
//! Killed by: S1
//! Seeds: 500
//!
//! --- a/core/src/log/recover.rs
//! +++ b/core/src/log/recover.rs
//! @@ ...
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Seeds that are tried unless a mutant says otherwise.
const SEEDS: u64 = 2_000;

#[derive(Debug)]
pub struct Mutant {
    /// `B18`, or `B18.unguarded`.
    pub name: String,
    pub title: String,
    /// Any of these codes is the one that is there for it.
    pub killed_by: Vec<String>,
    seeds: u64,
    scenario: Option<String>,
    pub patch: Patch,
}

/// Changes of files.
#[derive(Debug)]
pub struct Patch {
    hunks: Vec<Hunk>,
}

/// Lines of one file that become others.
#[derive(Debug)]
struct Hunk {
    file: PathBuf,
    before: Vec<String>,
    after: Vec<String>,
    changed: usize,
}

/// All of a folder, by name; the canary first.
///
/// # Errors
/// One line: which file is no mutant.
pub fn all(folder: &Path) -> Result<Vec<Mutant>, String> {
    let entries = fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "patch")).collect();
    paths.sort_by_key(|path| (path.file_stem().is_none_or(|stem| stem != "canary"), path.clone()));
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Mutant, String> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Mutant::parse(name, &super::read(path)?).map_err(|why| format!("{}: {why}", path.display()))
}

impl Mutant {
    fn parse(name: String, text: &str) -> Result<Self, String> {
        let (head, diff) = text.split_once("\n--- ").ok_or("it changes nothing")?;
        let field = |name: &str| head.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        let killed_by = field("Killed by:").ok_or("it does not say by what it is `Killed by:`")?;
        let seeds = field("Seeds:").map_or(Ok(SEEDS), |seeds| seeds.parse()).map_err(|why| format!("Seeds: {why}"))?;
        Ok(Self {
            name,
            title: head.lines().next().unwrap_or_default().to_owned(),
            killed_by: killed_by.split(", ").map(str::to_owned).collect(),
            seeds,
            scenario: field("Scenario:"),
            patch: Patch::parse(diff)?,
        })
    }

    /// Whether `code` means it, or what stands behind it.
    pub fn is_of(&self, code: &str) -> bool {
        self.name.split(['.', '-']).next() == Some(code) || self.name == code
    }

    /// What a simulator is told.
    pub fn arguments(&self) -> Vec<String> {
        let seeds = ["--start".to_owned(), "1".to_owned(), "--seeds".to_owned(), self.seeds.to_string()];
        let scenario = self.scenario.iter().flat_map(|name| ["--scenario".to_owned(), name.clone()]);
        seeds.into_iter().chain(scenario).collect()
    }

    /// The same in words.
    pub fn trial(&self) -> String {
        match &self.scenario {
            Some(name) => format!("{} seeds of {name}", self.seeds),
            None => format!("{} seeds", self.seeds),
        }
    }
}

impl Patch {
    /// `diff`: behind the first `--- `.
    fn parse(diff: &str) -> Result<Self, String> {
        let mut hunks: Vec<Hunk> = Vec::new();
        let mut file = None;
        for line in diff.lines() {
            if let Some(path) = line.strip_prefix("+++ b/") {
                file = Some(PathBuf::from(path));
            } else if line.starts_with("@@") {
                let file = file.clone().ok_or("a change without a file")?;
                hunks.push(Hunk { file, before: Vec::new(), after: Vec::new(), changed: 0 });
            } else if let Some(hunk) = hunks.last_mut().filter(|_| !is_between(line)) {
                hunk.push(line);
            }
        }
        if hunks.is_empty() { Err("it changes nothing".to_owned()) } else { Ok(Self { hunks }) }
    }

    /// Lines that are taken out and put in.
    #[cfg(test)]
    pub fn changed(&self) -> usize {
        self.hunks.iter().map(|hunk| hunk.changed).sum()
    }

    /// # Errors
    /// One line: what it changes is not there, or there twice.
    pub fn apply(&self, root: PathBuf) -> Result<(), String> {
        for hunk in &self.hunks {
            let path = root.join(&hunk.file);
            let changed = hunk.applied_to(&super::read(&path)?)?;
            fs::write(&path, changed).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Ok(())
    }
}

/// Lines of a diff that belong to no hunk.
fn is_between(line: &str) -> bool {
    ["diff --git ", "index ", "--- a/"].iter().any(|start| line.starts_with(start))
}

impl Hunk {
    fn push(&mut self, line: &str) {
        let (sign, text) = line.split_at_checked(1).unwrap_or((" ", ""));
        if sign != "+" {
            self.before.push(text.to_owned());
        }
        if sign != "-" {
            self.after.push(text.to_owned());
        }
        self.changed += usize::from(sign != " ");
    }

    fn applied_to(&self, text: &str) -> Result<String, String> {
        let lines: Vec<&str> = text.lines().collect();
        let mut places = lines.windows(self.before.len()).zip(0..).filter(|(window, _)| *window == self.before);
        let place = match (places.next(), places.next()) {
            (Some((_, place)), None) => place,
            (None, _) => return Err(format!("{} has no such lines any more: {:?}", self.file.display(), self.before)),
            (Some(_), Some(_)) => return Err(format!("{} has these twice: {:?}", self.file.display(), self.before)),
        };
        let rest = lines[place + self.before.len()..].iter().copied();
        let changed: Vec<&str> =
            lines[..place].iter().copied().chain(self.after.iter().map(String::as_str)).chain(rest).collect();
        Ok(changed.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests;
