//! Suites that take turns.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use super::{
    Effort,
    log::{Log, PRINTED_LINES},
    suites::{Suite, Work},
    summary::{Ended, Verdict},
};
use crate::{
    run::{self, group},
    tools::{Toolbox, path},
};

#[derive(Debug)]
pub struct Context<'a> {
    pub toolbox: &'a Toolbox,
    pub effort: Effort,
    pub must_all_be_there: bool,
}

pub fn run(context: &Context<'_>, mut waiting: Vec<&Suite>) -> Vec<Ended> {
    let mut ended: Vec<Ended> = Vec::new();
    while !waiting.is_empty() {
        let suite = waiting.remove(next(&waiting, |suite| context.toolbox.is_settled(suite.needs)));
        let start = Instant::now();
        let verdict = match left_out(context, suite, &ended) {
            Some(verdict) => verdict,
            None => {
                println!("── {}", suite.name);
                in_the_open(context, suite)
            }
        };
        let took = start.elapsed();
        match &verdict {
            Verdict::Passed => println!("── {} passed in {:.1} s", suite.name, took.as_secs_f64()),
            Verdict::Failed(why) => println!("── {} FAILED: {why}", suite.name),
            Verdict::LeftOut(why) => println!("── {} is LEFT OUT: {why}", suite.name),
        }
        ended.push(Ended { name: suite.name, verdict, took });
    }
    ended
}

/// The first whose tools are there and that waits for none of the others; if none is ready, the first of all.
fn next(waiting: &[&Suite], has_its_tools: impl Fn(&Suite) -> bool) -> usize {
    let waits = |suite: &Suite| suite.after.is_some_and(|after| waiting.iter().any(|other| other.name == after));
    waiting.iter().position(|suite| has_its_tools(suite) && !waits(suite)).unwrap_or_default()
}

/// Why it cannot run, if so.
fn left_out(context: &Context<'_>, suite: &Suite, ended: &[Ended]) -> Option<Verdict> {
    if !context.toolbox.is_settled(suite.needs) {
        println!("── {} waits for its tools", suite.name);
    }
    if let Err(missing) = context.toolbox.wait(suite.needs) {
        return Some(without(missing, context.must_all_be_there));
    }
    let before = ended.iter().find(|ended| Some(ended.name) == suite.after)?;
    (before.verdict != Verdict::Passed).then(|| Verdict::LeftOut(format!("there is no {} to run on", before.name)))
}

fn without(missing: String, must_all_be_there: bool) -> Verdict {
    if must_all_be_there { Verdict::Failed(missing) } else { Verdict::LeftOut(missing) }
}

/// Runs it, says now and then that it runs, and prints what a failing one said.
fn in_the_open(context: &Context<'_>, suite: &Suite) -> Verdict {
    let log = match Log::create(suite.name) {
        Ok(log) => log,
        Err(why) => return Verdict::Failed(why),
    };
    let Err(why) = log.watched(suite.name, || work(context, suite, &log)) else { return Verdict::Passed };
    println!("\n── what {} said (also in {})\n{}\n", suite.name, log.path().display(), log.tail(PRINTED_LINES));
    Verdict::Failed(why)
}

fn work(context: &Context<'_>, suite: &Suite, log: &Log) -> Result<(), String> {
    match suite.work {
        Work::Here(look) => look().inspect_err(|why| log.say(why)),
        Work::Programs(programs) => {
            let end = Instant::now() + suite.limit;
            for mut command in programs(context.toolbox, context.effort)? {
                command.env("PATH", path::with_ours()).env("OTTLA_VERIFY", context.effort.name());
                command.envs(context.toolbox.environment());
                one(&mut command, log, suite.limit, end)?;
            }
            Ok(())
        }
    }
}

fn one(command: &mut Command, log: &Log, limit: Duration, end: Instant) -> Result<(), String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    log.say(&words.map(|word| word.to_string_lossy()).fold("$".to_owned(), |line, word| line + " " + &word));
    match group::run(command, log.file(), end.saturating_duration_since(Instant::now())) {
        Ok(group::End::Exited(status)) if status.success() => Ok(()),
        Ok(group::End::Exited(status)) => Err(status.to_string()),
        Ok(group::End::TimedOut) => Err(format!("it hung: killed after {} minutes", limit.as_secs() / 60)),
        Err(why) => Err(run::does_not_start(command, &why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tools::Tool, verify::suites};

    fn named<'a>(suites: &'a [Suite], name: &str) -> &'a Suite {
        suites.iter().find(|suite| suite.name == name).unwrap()
    }

    #[test]
    fn a_suite_with_its_tools_goes_before_one_without() {
        let all = suites::all(Effort::Plain);
        let waiting = [named(&all, "kcat"), named(&all, "web check"), named(&all, "web unit")];
        assert_eq!(next(&waiting, |suite| !suite.needs.contains(&Tool::Kcat)), 1);
        assert_eq!(next(&waiting, |_| true), 0);
        assert_eq!(next(&waiting, |_| false), 0);
    }

    #[test]
    fn a_suite_never_goes_before_the_one_it_comes_after() {
        let all = suites::all(Effort::Plain);
        let waiting = [named(&all, "page"), named(&all, "web in Chromium"), named(&all, "wasm in Firefox")];
        assert_eq!(next(&waiting, |suite| suite.name != "page"), 2);
        assert_eq!(next(&waiting[1..], |_| true), 0);
    }

    #[test]
    fn a_missing_tool_is_a_failure_only_where_all_must_be_there() {
        assert_eq!(without("kcat is missing".to_owned(), false), Verdict::LeftOut("kcat is missing".to_owned()));
        assert_eq!(without("kcat is missing".to_owned(), true), Verdict::Failed("kcat is missing".to_owned()));
    }

    #[test]
    fn what_has_nothing_to_run_on_is_left_out_and_not_passed() {
        let toolbox = Toolbox::default();
        let context = Context { toolbox: &toolbox, effort: Effort::Plain, must_all_be_there: true };
        let suite = Suite { needs: &[], ..*named(&suites::all(Effort::Plain), "web in Chromium") };
        let page = |verdict| [Ended { name: "page", verdict, took: Duration::ZERO }];
        assert_eq!(left_out(&context, &suite, &page(Verdict::Passed)), None);
        let verdict = left_out(&context, &suite, &page(Verdict::Failed("it does not build".to_owned())));
        assert!(matches!(verdict, Some(Verdict::LeftOut(_))), "{verdict:?}");
    }
}
