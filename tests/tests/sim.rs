//! `cargo sim` from outside, its journals and its shrinker.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use ottla_core::{
    rng::Rng,
    time::Instant,
    world::{
        World,
        fault::Fault,
        scenario::{Line, Scenario, command::Command as ScriptCommand},
    },
};
use ottla_tests::{
    link,
    sim::{Outcome, journal, shrink::shrink},
};

fn sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ottla-sim")).args(arguments).output().expect("it starts")
}

/// One line, and exit code 2.
fn refused(arguments: &[&str]) -> String {
    let output = sim(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
    said
}

fn file(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_cannot_be_had_is_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (&["--sedes", "3"][..], "--sedes"),
        (&["--seeds"], "--seeds"),
        (&["--seeds", "many"], "many"),
        (&["--seeds", "0"], "say 1 at least"),
        (&["--jobs", "0"], "say 1 at least"),
        (&["--start", "18446744073709551615", "--seeds", "2"], "behind the last one"),
        (&["--journal", "a", "--seeds", "2"], "--journal"),
        (&["--scenario", "no-such-story"], "there is no scenario no-such-story; there are: "),
        (&["--journal", "no-such-file"], "no-such-file: "),
    ] {
        assert!(refused(arguments).contains(said), "{arguments:?}: {}", refused(arguments));
    }
    for (text, said) in [
        ("ottla 1\nexplode 1\n", "line 2: nobody knows how to `explode`"),
        ("ottla 7\n", "line 1: this engine reads version 1 of the language, not `7`"),
        ("ottla 1\nbuild 0.0.1\n", "build 0.0.1 wrote it, and this is "),
        ("ottla 1\nend at 1s steps 5 digest 0000000000000000\n", "it says that it ends at step 5"),
        ("", "line 1: a scenario begins with `ottla 1`"),
    ] {
        let path = file(dir.path(), "journal.txt", text);
        assert!(refused(&["--journal", &path]).contains(said), "{text}: {}", refused(&["--journal", &path]));
    }
    let path = dir.path().join("no-text");
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(refused(&["--scenario", path.to_str().unwrap()]).contains("it is no text"));
}

#[test]
fn a_world_that_fails_is_told_so_that_it_can_be_seen_again() {
    let output = sim(&["--scenario", "canary"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("canary with seed 0 failed: expect at "), "{said}");
    assert!(said.contains("\n  again: cargo sim -- --scenario canary --start 0\n"), "{said}");
    assert!(said.contains("BatchAppended") && said.contains("faults never tried: "), "{said}");
    let link = said.lines().find_map(|line| line.trim().strip_prefix("see it: ")).expect("a link");
    assert!(link.starts_with("http://127.0.0.1:8080/#s=1."), "{link}");
    let journal = Scenario::parse(&link::read(link).unwrap()).unwrap();
    let replayed = journal::replay(journal, u64::MAX).expect("the link comes to the same");
    assert_eq!(replayed.failure.map(|failure| failure.code).as_deref(), Some("expect"));
}

#[test]
fn a_journal_is_saved_and_comes_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.txt");
    let path = path.to_str().unwrap();
    let output = sim(&["--scenario", "first-steps", "--save", path]);
    assert!(output.status.success());
    let output = sim(&["--journal", path]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains(" comes to "), "{said}");
    let text = fs::read_to_string(path).unwrap();
    let other = text.replace("two", "2");
    assert_ne!(text, other);
    assert!(refused(&["--journal", &file(dir.path(), "other.txt", &other)]).contains("here it comes to"));
}

/// P4: whatever a journal says, it is run, or refused in one line.
#[test]
fn a_thousand_changed_journals_end_in_words() {
    let mut world = World::new(Scenario::of_seed(9).written_out());
    world.run_until(Instant::from_millis(3_000));
    world
        .command("create topic mine; start produce mine k v times=3\nkill 1 for 50ms; expect serving 1 within 2s")
        .unwrap();
    (0..200).for_each(|_| _ = world.step());
    let journal = Scenario { seed: None, ..world.journal() }.to_string();
    let mut rng = Rng::new(4);
    let (mut run, mut refused) = (0, 0);
    for number in 0..1_000 {
        let changed = change(&journal, &mut rng);
        match Scenario::parse(&changed).map_err(|why| why.to_string()).and_then(|changed| journal::replay(changed, 300))
        {
            Ok(replayed) => {
                run += 1;
                let panicked = replayed.failure.filter(|failure| failure.code == "P4");
                assert_eq!(panicked, None, "change {number}:\n{changed}");
            }
            Err(why) => {
                refused += 1;
                assert!(!why.is_empty() && !why.contains('\n'), "{why:?}");
            }
        }
    }
    assert!(run > 20 && refused > 200, "{run} were run, {refused} refused");
}

/// Lines lost, doubled and swapped; words and digits changed; bytes of anything.
fn change(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=rng.below(3) {
        let below = |rng: &mut Rng, bound: usize| rng.below(bound.max(1) as u64) as usize;
        let (at, other) = (below(rng, lines.len()), below(rng, lines.len()));
        let Some(line) = lines.get(at).cloned() else { break };
        let mut characters: Vec<char> = line.chars().collect();
        let place = below(rng, characters.len());
        match rng.below(7) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, line),
            2 => lines.swap(at, other),
            3 => lines[at] = line.split(' ').take(below(rng, 6)).collect::<Vec<_>>().join(" "),
            4 => {
                let digit = ['0', '9', '.', '-', 'x', '"', ';', '#', '=', '>'][below(rng, 10)];
                characters.insert(place, digit);
                lines[at] = characters.into_iter().collect();
            }
            5 => {
                let words = ["18446744073709551615", "-1", "at", "none", "1s", "visitor-9", "\u{1}", "duration 86400s"];
                lines[at] = format!("{line} {}", words[below(rng, words.len())]);
            }
            _ if !characters.is_empty() => {
                characters[place] = char::from_u32(rng.below(0x3000) as u32).unwrap_or('?');
                lines[at] = characters.into_iter().collect();
            }
            _ => {}
        }
    }
    lines.join("\n")
}

/// A planted expectation fails because of one planted fault among those of a seed; nothing else is left of the world.
#[test]
fn a_failure_is_shrunk_to_what_makes_it() {
    let (killed, looked) = (Instant::from_millis(9_000), Instant::from_millis(9_500));
    let mut scenario = Scenario::of_seed(3).written_out();
    let kill = Fault::Kill { server: 0, down: Duration::from_secs(2) };
    scenario.script.push(Line::at(killed, vec![ScriptCommand::Fault(kill)]));
    let expectation = Scenario::parse_commands("expect serving 1", &scenario.swarm).unwrap();
    scenario.script.push(Line::at(looked, expectation));
    let failure = Outcome::of(scenario.clone()).failure.expect("it is down");
    let mut told = 0;
    let small = shrink(&scenario, &failure, Duration::from_secs(300), |_| told += 1);
    let text = small.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() <= 4 && lines.iter().any(|line| line.contains("expect serving 1")), "{text}");
    assert!(told > 2, "progress is told");
    assert_eq!(Outcome::of(small).failure.map(|failure| failure.code), Some(failure.code));
}
