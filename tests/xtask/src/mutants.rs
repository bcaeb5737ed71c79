//! `cargo sim -- --mutants [CODE…]`: bugs of `tests/mutants`, put back one at a time into a copy of the tree. Each must be
//! found by the simulator, and by the invariant that is there for it: one that survives is a defect of the simulator.
//!
//! A patch that hides behind a guard has a `CODE.equivalent.md` that names it, and a `CODE.unguarded.patch` without the
//! guard, which must be found. `canary.patch` must be found at once, or nothing here can be believed.

mod patch;
mod tree;

use std::{
    env::consts::EXE_SUFFIX,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::Instant,
};

use self::{patch::Mutant, tree::Tree};
use crate::{REFUSED, run};

/// A build in which a change of one line is soon built, and worlds run fast enough.
const PROFILE: &str = "mutants";

/// What became of a mutant.
enum End {
    /// By which code, in which world, for which of them.
    Killed {
        code: String,
        world: String,
    },
    Survived,
}

pub fn mutants(codes: &[String]) -> ExitCode {
    let all = match patch::all(&folder()) {
        Ok(all) => all,
        Err(why) => return refuse(&why),
    };
    let is_chosen = |mutant: &Mutant| codes.is_empty() || codes.iter().any(|code| mutant.is_of(code));
    let chosen: Vec<&Mutant> = all.iter().filter(|mutant| is_chosen(mutant)).collect();
    if let Some(unknown) = codes.iter().find(|code| !all.iter().any(|mutant| mutant.is_of(code))) {
        let names: Vec<&str> = all.iter().map(|mutant| mutant.name.as_str()).collect();
        return refuse(&format!("no mutant is called {unknown}; there are: {}", names.join(", ")));
    }
    let mut wrong = 0;
    for mutant in &chosen {
        let begun = Instant::now();
        let told = try_out(mutant);
        let seconds = begun.elapsed().as_secs();
        match told {
            Ok(told) => println!("{:<14} {told} ({seconds} s)", mutant.name),
            Err(why) => {
                wrong += 1;
                println!("{:<14} WRONG: {why} ({seconds} s)", mutant.name);
            }
        }
    }
    println!("{} mutants, {wrong} not as they should be", chosen.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn folder() -> PathBuf {
    run::root().join("tests").join("mutants")
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(REFUSED)
}

/// One line of what it came to.
///
/// # Errors
/// One line: it is not as it should be.
fn try_out(mutant: &Mutant) -> Result<String, String> {
    let tree = Tree::fresh(&run::root(), &run::target_dir().join("mutants"))?;
    mutant.patch.apply(tree.path())?;
    build(&tree)?;
    let is_hidden = folder().join(format!("{}.equivalent.md", mutant.name)).exists();
    match (watch(&tree, mutant)?, is_hidden) {
        (End::Survived, true) => Ok(format!("survives {}, as its note says", mutant.trial())),
        (End::Survived, false) => Err(format!("survived {}: {}", mutant.trial(), mutant.title)),
        (End::Killed { code, world }, true) => Err(format!("{code} finds it in {world}, against what its note says")),
        (End::Killed { code, world }, false) if mutant.killed_by.contains(&code) => {
            Ok(format!("killed by {code} in {world}"))
        }
        (End::Killed { code, world }, false) => {
            Err(format!("killed by {code} in {world}, and not by {}", mutant.killed_by.join(" or ")))
        }
    }
}

/// A mutant that is told of by a warning would never have been made.
fn build(tree: &Tree) -> Result<(), String> {
    let mut command = run::cargo(&["build", "--profile", PROFILE, "--package", "ottla-tests", "--bin", "ottla-sim"]);
    command.current_dir(tree.path()).env("CARGO_TARGET_DIR", tree.target());
    let output = command.stdin(Stdio::null()).output().map_err(|why| run::does_not_start(&command, &why))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let bad = told.lines().find(|line| line.starts_with("warning") || line.starts_with("error"));
    match bad {
        Some(line) => Err(format!("it builds with: {line}")),
        None if output.status.success() => Ok(()),
        None => Err(format!("it does not build: {}", output.status)),
    }
}

/// Runs worlds until one fails.
fn watch(tree: &Tree, mutant: &Mutant) -> Result<End, String> {
    let program = tree.target().join(PROFILE).join(format!("ottla-sim{EXE_SUFFIX}"));
    let mut command = Command::new(program);
    command.args(mutant.arguments()).current_dir(tree.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|why| run::does_not_start(&command, &why))?;
    let end = first_failure(&mut child);
    let status = match &end {
        End::Killed { .. } => {
            // Enough is known. That it has ended by itself meanwhile is no harm.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(end);
        }
        End::Survived => child.wait().map_err(|why| why.to_string())?,
    };
    if status.success() { Ok(End::Survived) } else { Err(format!("the simulator ends with {status} and says not why")) }
}

/// `seed 37 failed: S1 at 3.2 s: …`
fn first_failure(child: &mut Child) -> End {
    let lines = child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines().map_while(Result::ok));
    for line in lines {
        if let Some((world, why)) = line.split_once(" failed: ") {
            let code = why.split([' ', ':']).next().unwrap_or_default().to_owned();
            return End::Killed { code, world: world.to_owned() };
        }
    }
    End::Survived
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}
