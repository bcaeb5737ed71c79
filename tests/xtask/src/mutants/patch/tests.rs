use super::*;
use crate::run;

const LINES_MAX: usize = 20;

fn folder() -> PathBuf {
    run::root().join("tests").join("mutants")
}

/// Each applies to the tree as it is, changes little, and says who must find it.
#[test]
fn every_mutant_can_be_made() {
    let all = all(&folder()).unwrap();
    assert_eq!(all.first().map(|mutant| mutant.name.as_str()), Some("canary"));
    for mutant in &all {
        let name = &mutant.name;
        assert!(mutant.title.ends_with('.'), "{name}: a sentence says what it breaks");
        assert!((1..=LINES_MAX).contains(&mutant.patch.changed()), "{name}: {} lines", mutant.patch.changed());
        for hunk in &mutant.patch.hunks {
            assert!(hunk.file.starts_with("core/src"), "{name}: it changes {}", hunk.file.display());
        }
        let copy = tempfile::tempdir().unwrap();
        for hunk in &mutant.patch.hunks {
            let (from, to) = (run::root().join(&hunk.file), copy.path().join(&hunk.file));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        }
        mutant.patch.apply(copy.path().to_owned()).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

/// Whoever hides has a note that says behind what, and stands there without it too.
#[test]
fn a_note_has_its_mutants() {
    let all = all(&folder()).unwrap();
    let names: Vec<&str> = all.iter().map(|mutant| mutant.name.as_str()).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(".equivalent.md") {
            assert!(names.contains(&name), "{file}: there is no {name}.patch");
            assert!(names.contains(&&*format!("{name}.unguarded")), "{file}: there is no {name}.unguarded.patch");
        }
    }
}

const TEXT: &str = "Broken.\n\nKilled by: S1, S5\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@ fn f\n one\n-two\n+TWO\n three\n";

#[test]
fn a_patch_is_found_by_its_lines() {
    let mutant = Mutant::parse("S1".to_owned(), TEXT).unwrap();
    assert_eq!((mutant.killed_by.as_slice(), mutant.patch.changed()), (&["S1".to_owned(), "S5".to_owned()][..], 2));
    let hunk = &mutant.patch.hunks[0];
    assert_eq!(hunk.applied_to("zero\none\ntwo\nthree\nfour\n").unwrap(), "zero\none\nTWO\nthree\nfour\n");
    assert!(hunk.applied_to("one\nthree\n").unwrap_err().contains("any more"));
    assert!(hunk.applied_to("one\ntwo\nthree\none\ntwo\nthree\n").unwrap_err().contains("twice"));
}

#[test]
fn what_is_no_mutant_is_said_in_a_line() {
    for (text, why) in [
        ("", "nothing"),
        ("Broken.\n\n--- a/x\n+++ b/x\n@@\n-a\n", "Killed by"),
        ("Broken.\nKilled by: S1\n--- a/x\n", "nothing"),
    ] {
        let told = Mutant::parse(String::new(), text).unwrap_err();
        assert!(told.contains(why) && !told.contains('\n'), "{told}");
    }
}
