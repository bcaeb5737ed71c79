//! Programs of the Rust registry, built by cargo into our own folder unless the right ones are on the PATH.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::{Tool, Toolbox, path};
use crate::{
    run::{self, group},
    verify::log::Log,
};

const WASM_PACK: &str = "0.15.1";
const GECKODRIVER: &str = "0.37.1";
const INSTALL_LIMIT: Duration = Duration::from_secs(40 * 60);

/// How exactly the version must be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// It reads what the library of the same version wrote.
    Exactly,
    /// Any that is no older.
    AtLeast,
}

#[derive(Debug)]
struct Program {
    tool: Tool,
    package: &'static str,
    version: String,
    need: Need,
    /// All must be there; the first is asked for its version.
    programs: &'static [&'static str],
    arguments: &'static [&'static str],
}

/// In the order in which they are built: the one that most wait for comes first.
fn all(bindgen: String) -> [Program; 3] {
    [
        Program {
            tool: Tool::WasmBindgen,
            package: "wasm-bindgen-cli",
            version: bindgen,
            need: Need::Exactly,
            programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
            // Not locked: its lock names a crate that is gone from the registry.
            arguments: &["--no-default-features", "--bin", "wasm-bindgen", "--bin", "wasm-bindgen-test-runner"],
        },
        Program {
            tool: Tool::WasmPack,
            package: "wasm-pack",
            version: WASM_PACK.to_owned(),
            need: Need::AtLeast,
            programs: &["wasm-pack"],
            arguments: &["--locked"],
        },
        Program {
            tool: Tool::Geckodriver,
            package: "geckodriver",
            version: GECKODRIVER.to_owned(),
            need: Need::AtLeast,
            programs: &["geckodriver"],
            arguments: &["--locked"],
        },
    ]
}

pub fn get(toolbox: &Toolbox, wanted: &BTreeSet<Tool>) {
    let bindgen = fs::read_to_string(run::root().join("Cargo.lock"))
        .ok()
        .and_then(|lock| locked_version(&lock, "wasm-bindgen"))
        .unwrap_or_default();
    let wanted = all(bindgen).into_iter().filter(|program| wanted.contains(&program.tool));
    let (there, missing): (Vec<_>, Vec<_>) =
        wanted.map(|program| (program.find(), program)).partition(|(at, _)| at.is_some());
    for (at, program) in there {
        toolbox.settle(program.tool, Ok(at.unwrap_or_default()));
    }
    for (_, program) in missing {
        toolbox.settle(program.tool, program.install());
    }
}

#[cfg(test)]
pub fn tools() -> Vec<Tool> {
    all(String::new()).iter().map(|program| program.tool).collect()
}

impl Program {
    /// Ours, or else the one on the caller's PATH. An old one of ours would hide the right one there, so it is not
    /// passed over.
    fn find(&self) -> Option<PathBuf> {
        let ours = path::our_folder().join("bin");
        match path::in_folder(&ours, self.programs[0]) {
            Some(_) => self.right_one_in(&ours),
            None => self.right_one_in(path::find(self.programs[0])?.parent()?),
        }
    }

    fn right_one_in(&self, dir: &Path) -> Option<PathBuf> {
        let found = path::in_folder(dir, self.programs[0])?;
        let all_are_there = self.programs.iter().all(|program| path::in_folder(dir, program).is_some());
        let said = run::output(&mut run::command(&found, &["--version"]))?;
        (all_are_there && self.is_right(&said)).then_some(found)
    }

    fn is_right(&self, said: &str) -> bool {
        let Some(found) = version_said(said) else { return false };
        match self.need {
            Need::Exactly => found == self.version,
            Need::AtLeast => numbers(found) >= numbers(&self.version),
        }
    }

    fn install(&self) -> Result<PathBuf, String> {
        let name = self.programs[0];
        println!("── getting {name} {} (a few minutes, beside the suites)", self.version);
        let start = Instant::now();
        let log = Log::create(self.package)?;
        let mut command = self.command();
        let end = log
            .watched(&format!("getting {name}"), || group::run(&mut command, log.file(), INSTALL_LIMIT))
            .map_err(|why| run::does_not_start(&command, &why))?;
        let failed = match end {
            group::End::Exited(status) if status.success() => None,
            group::End::Exited(status) => Some(status.to_string()),
            group::End::TimedOut => Some("it took more than 40 minutes".to_owned()),
        };
        if let Some(why) = failed {
            return Err(format!("{name} is missing and does not install ({why}): {}", log.tail(20)));
        }
        println!("── {name} is there after {:.0} s", start.elapsed().as_secs_f64());
        self.right_one_in(&path::our_folder().join("bin")).ok_or_else(|| format!("{name} is not the version asked for"))
    }

    /// Built rather for a short wait than for speed, out of the way of the suites, sharing what the programs share.
    fn command(&self) -> Command {
        let folder = path::our_folder();
        let cargo = run::cargo(&[]).get_program().to_owned();
        let mut command = match path::find("nice") {
            Some(nice) => {
                let mut command = run::command(nice, &[]);
                command.arg(cargo);
                command
            }
            None => run::command(cargo, &[]),
        };
        command.args(["install", self.package, "--version", &self.version, "--force"]).args(self.arguments);
        command.arg("--root").arg(&folder).env("CARGO_TARGET_DIR", folder.join("build"));
        let profile = [("OPT_LEVEL", "1"), ("DEBUG", "0"), ("LTO", "off"), ("CODEGEN_UNITS", "16")];
        for (name, value) in profile {
            command.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
        }
        command
    }
}

/// The version of a package in a lock file that has it once.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(str::to_owned)
}

/// The first word that begins with a number, of `geckodriver 0.37.1 (…)`.
fn version_said(said: &str) -> Option<&str> {
    said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"9.9.9\"\n\n\
        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";

    #[test]
    fn the_version_comes_from_the_lock() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
        let real = fs::read_to_string(run::root().join("Cargo.lock")).unwrap();
        assert!(locked_version(&real, "wasm-bindgen").is_some());
    }

    #[test]
    fn wasm_bindgen_must_be_the_one_of_the_lock() {
        let [bindgen, pack, driver] = all("0.2.130".to_owned());
        assert!(bindgen.is_right("wasm-bindgen 0.2.130\n"));
        assert!(!bindgen.is_right("wasm-bindgen 0.2.131\n") && !bindgen.is_right("wasm-bindgen 0.2.13\n"));
        assert!(!bindgen.is_right("") && !pack.is_right("no such command"));
        assert!(
            pack.is_right("wasm-pack 0.15.1") && pack.is_right("wasm-pack 1.0.0") && pack.is_right("wasm-pack 0.100.0")
        );
        assert!(!pack.is_right("wasm-pack 0.9.1"));
        assert!(driver.is_right("geckodriver 0.37.1 (abc 2026-01-01)\n\nThe source code of this program"));
    }

    #[test]
    fn a_missing_companion_makes_a_program_the_wrong_one() {
        let dir = tempfile::tempdir().unwrap();
        let [bindgen, ..] = all("0.2.130".to_owned());
        assert_eq!(bindgen.right_one_in(dir.path()), None);
    }
}
