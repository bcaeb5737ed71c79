//! The worlds that a verify runs beside the tests' own: other seeds with each commit, the same for everybody who has it.

use std::process::Command;

use super::Effort;
use crate::run;

/// Seeds in the twenty seconds that a verify has for them, with two cores.
const PLAIN: u64 = 60;
const FULL: u64 = 2_000;
/// Where there is no commit to go by.
const START: u64 = 1_000;

pub fn worlds(effort: Effort) -> Result<Vec<Command>, String> {
    let commit = run::output(&mut run::command("git", &["rev-parse", "HEAD"]));
    let start = commit.as_deref().and_then(start_of).unwrap_or(START);
    let seeds = if effort == Effort::Full { FULL } else { PLAIN };
    let mut command = run::cargo(&["run", "--release", "--package", "ottla-tests", "--bin", "ottla-sim", "--"]);
    command.args(["--start", &start.to_string(), "--seeds", &seeds.to_string()]);
    Ok(vec![command])
}

/// Of a commit's first digits: enough for no two to be near each other, few enough to be typed again.
fn start_of(commit: &str) -> Option<u64> {
    u64::from_str_radix(commit.get(..8)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_commit_has_its_own_seeds() {
        assert_eq!(start_of("0000000f5d11b738ec4d35c94a23d33f38e8adc3\n"), Some(15));
        assert_eq!(start_of("fatal: not a git repository"), None);
        assert_eq!(start_of(""), None);
    }
}
