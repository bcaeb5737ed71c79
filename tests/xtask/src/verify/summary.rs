//! The end of a run: one line for every suite, and one for all.

use std::{fmt::Write, process::ExitCode, time::Duration};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed(String),
    /// It did not run, and nobody may take it for passed.
    LeftOut(String),
}

/// A suite that is over.
#[derive(Debug)]
pub struct Ended {
    pub name: &'static str,
    pub verdict: Verdict,
    pub took: Duration,
}

pub fn summarise(ended: &[Ended], effort: &str, took: Duration) -> ExitCode {
    println!("\n── summary of cargo verify ({effort}, {:.0} s)\n{}", took.as_secs_f64(), text(ended));
    if ended.iter().any(|ended| matches!(ended.verdict, Verdict::Failed(_))) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn text(ended: &[Ended]) -> String {
    let mut text = String::new();
    let width = ended.iter().map(|ended| ended.name.len()).max().unwrap_or_default();
    let mut count = [0; 3];
    for Ended { name, verdict, took } in ended {
        let (at, word, why) = match verdict {
            Verdict::Passed => (0, "passed", ""),
            Verdict::Failed(why) => (1, "FAILED", why.as_str()),
            Verdict::LeftOut(why) => (2, "LEFT OUT", why.as_str()),
        };
        count[at] += 1;
        // A reason may be many lines; the first says what, the rest was printed when it happened.
        let why = why.lines().next().unwrap_or_default();
        let line = format!("{name:<width$}  {word:<8} {:>7.1} s  {why}", took.as_secs_f64());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let [passed, failed, left_out] = count;
    let _ = write!(text, "{passed} passed, {failed} failed");
    if left_out > 0 {
        let _ = write!(text, ", {left_out} skipped");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(name: &'static str, verdict: Verdict) -> Ended {
        Ended { name, verdict, took: Duration::from_millis(1_250) }
    }

    #[test]
    fn the_last_line_counts_what_ran_and_what_did_not() {
        let mut all = vec![ended("rustfmt", Verdict::Passed), ended("web unit", Verdict::Passed)];
        assert_eq!(text(&all).lines().last(), Some("2 passed, 0 failed"));
        all.push(ended("real clients", Verdict::LeftOut("kcat is missing".to_owned())));
        assert_eq!(text(&all).lines().last(), Some("2 passed, 0 failed, 1 skipped"));
        all.push(ended("clippy", Verdict::Failed("exit status: 101\nand more".to_owned())));
        assert_eq!(text(&all).lines().last(), Some("2 passed, 1 failed, 1 skipped"));
        let expected = "rustfmt       passed       1.2 s\n\
            web unit      passed       1.2 s\n\
            real clients  LEFT OUT     1.2 s  kcat is missing\n\
            clippy        FAILED       1.2 s  exit status: 101\n\
            2 passed, 1 failed, 1 skipped";
        assert_eq!(text(&all), expected);
    }

    #[test]
    fn only_a_failure_is_one_for_the_caller() {
        let code = |verdict| format!("{:?}", summarise(&[ended("one", verdict)], "plain", Duration::ZERO));
        let (good, bad) = (format!("{:?}", ExitCode::SUCCESS), format!("{:?}", ExitCode::FAILURE));
        assert_eq!(code(Verdict::Passed), good);
        assert_eq!(code(Verdict::LeftOut(String::new())), good);
        assert_eq!(code(Verdict::Failed(String::new())), bad);
    }
}
