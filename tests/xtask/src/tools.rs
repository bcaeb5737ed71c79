//! What the suites need beyond Rust and Node, and how it is got: Debian's packages where we may install them, programs
//! of the Rust registry into a folder of our own under the target folder, npm packages.
//!
//! All of it is got while the first suites run. A suite waits for its own tools only, and hears why if one is missing.

pub mod debian;
pub mod node;
pub mod path;
pub mod registry;
pub mod rust;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Condvar, Mutex},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    WasmTarget,
    NodePackages,
    Chromium,
    Chromedriver,
    Firefox,
    Kcat,
    Java,
    Maven,
    WasmBindgen,
    WasmPack,
    Geckodriver,
}

/// Where a tool is (empty where that says nothing), or why it is missing.
type Found = Result<PathBuf, String>;

/// What is known about the tools by now.
#[derive(Debug, Default)]
pub struct Toolbox {
    found: Mutex<BTreeMap<Tool, Found>>,
    changed: Condvar,
}

impl Toolbox {
    /// Gets the wanted tools, on three threads that have little to wait for from each other. Returns when all are
    /// settled.
    pub fn get(&self, wanted: &BTreeSet<Tool>) {
        std::thread::scope(|scope| {
            scope.spawn(|| self.get_quick_ones(wanted));
            scope.spawn(|| debian::get(self, wanted));
            scope.spawn(|| registry::get(self, wanted));
        });
    }

    fn get_quick_ones(&self, wanted: &BTreeSet<Tool>) {
        if wanted.contains(&Tool::WasmTarget) {
            self.settle(Tool::WasmTarget, rust::wasm_target().map(|()| PathBuf::new()));
        }
        if wanted.contains(&Tool::NodePackages) {
            self.settle(Tool::NodePackages, node::is_there().and_then(|()| node::packages()).map(|()| PathBuf::new()));
        }
    }

    fn settle(&self, tool: Tool, found: Found) {
        self.found.lock().expect("nothing panics under this lock").insert(tool, found);
        self.changed.notify_all();
    }

    pub fn is_settled(&self, tools: &[Tool]) -> bool {
        let found = self.found.lock().expect("nothing panics under this lock");
        tools.iter().all(|tool| found.contains_key(tool))
    }

    /// Waits until each of them is there or known to be missing.
    pub fn wait(&self, tools: &[Tool]) -> Result<(), String> {
        let mut found = self.found.lock().expect("nothing panics under this lock");
        while !tools.iter().all(|tool| found.contains_key(tool)) {
            found = self.changed.wait(found).expect("nothing panics under this lock");
        }
        let missing: Vec<&str> =
            tools.iter().filter_map(|tool| found[tool].as_ref().err()).map(String::as_str).collect();
        if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
    }

    /// Where the tools are that were found by now, under the names by which tests look for them.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let found = self.found.lock().expect("nothing panics under this lock");
        let named = found.iter().filter_map(|(tool, found)| Some((tool.variable()?, found.as_ref().ok()?.clone())));
        named.collect()
    }

    pub fn path_of(&self, tool: Tool) -> Option<PathBuf> {
        self.found.lock().expect("nothing panics under this lock").get(&tool)?.clone().ok()
    }
}

impl Tool {
    fn variable(self) -> Option<&'static str> {
        match self {
            Self::WasmTarget | Self::NodePackages | Self::WasmBindgen | Self::WasmPack => None,
            Self::Chromium => Some("OTTLA_CHROMIUM"),
            Self::Chromedriver => Some("OTTLA_CHROMEDRIVER"),
            Self::Firefox => Some("OTTLA_FIREFOX"),
            Self::Kcat => Some("OTTLA_KCAT"),
            Self::Java => Some("OTTLA_JAVA"),
            Self::Maven => Some("OTTLA_MVN"),
            Self::Geckodriver => Some("OTTLA_GECKODRIVER"),
        }
    }
}

/// Whether a missing tool is a failure, as it is for whoever decides by our exit code alone.
pub fn must_all_be_there() -> bool {
    std::env::var_os("CI").is_some_and(|ci| ci == "true" || ci == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_hears_of_every_tool_it_lacks() {
        let toolbox = Toolbox::default();
        toolbox.settle(Tool::Kcat, Ok("/usr/bin/kcat".into()));
        toolbox.settle(Tool::Java, Err("java is missing".into()));
        toolbox.settle(Tool::Maven, Err("mvn is missing".into()));
        assert_eq!(toolbox.wait(&[Tool::Kcat]), Ok(()));
        let why = toolbox.wait(&[Tool::Kcat, Tool::Java, Tool::Maven]).unwrap_err();
        assert_eq!(why, "java is missing; mvn is missing");
        assert_eq!(toolbox.environment(), [("OTTLA_KCAT", PathBuf::from("/usr/bin/kcat"))]);
    }

    #[test]
    fn a_suite_waits_for_a_tool_that_is_still_being_got() {
        let toolbox = Toolbox::default();
        assert!(!toolbox.is_settled(&[Tool::Geckodriver]));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| toolbox.wait(&[Tool::Geckodriver]));
            toolbox.settle(Tool::Chromium, Ok(PathBuf::new()));
            toolbox.settle(Tool::Geckodriver, Ok(PathBuf::new()));
            assert_eq!(waits.join().unwrap(), Ok(()));
        });
    }
}
