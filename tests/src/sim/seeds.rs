//! `tests/seeds.txt`: what failed once, `<seed> <scenario, or ->  # what it was`.

use ottla_core::world::scenario::Scenario;

use super::stories;

const TEXT: &str = include_str!("../../seeds.txt");

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldFailure {
    pub seed: u64,
    /// `None`: the seed alone.
    pub scenario: Option<String>,
    /// What it was, for people.
    pub what: String,
}

impl OldFailure {
    /// # Errors
    /// One line: there is no such scenario.
    pub fn scenario(&self) -> Result<Scenario, String> {
        match &self.scenario {
            None => Ok(Scenario::of_seed(self.seed)),
            Some(name) => Ok(stories::load(name)?.with_seed(self.seed)),
        }
    }
}

/// All of them.
///
/// # Errors
/// One line: which line is not as it should be.
pub fn all() -> Result<Vec<OldFailure>, String> {
    let lines = TEXT.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(line, number)| read(line).ok_or_else(|| format!("tests/seeds.txt, line {number}: {line}"))).collect()
}

fn read(line: &str) -> Option<OldFailure> {
    let (words, what) = line.split_once('#')?;
    let mut words = words.split_whitespace();
    let (seed, scenario) = (words.next()?.parse().ok()?, words.next()?);
    let scenario = (scenario != "-").then(|| scenario.to_owned());
    let is_whole = words.next().is_none() && !what.trim().is_empty();
    is_whole.then(|| OldFailure { seed, scenario, what: what.trim().to_owned() })
}
