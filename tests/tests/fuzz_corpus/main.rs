//! The fuzz targets without a fuzzer: over the committed corpus, and over changes made to it by a fixed seed (P4).
//!
//! `OTTLA_FUZZ_TIMES=50` makes fifty times as many changes.
//!
//! `tests/fuzz` has the same targets for libFuzzer, which finds more. What it finds becomes a file of the corpus.

mod mutate;
mod seeds;

use std::{
    fs,
    path::{Path, PathBuf},
};

use ottla_tests::fuzz::{self, TARGETS, Target};

use self::mutate::Mutator;

/// The whole corpus stays small enough to be read in a blink.
const CORPUS_BYTES_MAX: u64 = 200_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// Names and bytes of a target's corpus, by name.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = folder().join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a file")))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no corpus", target.name);
    files
}

/// Says which input it was if the target panics.
fn run(target: &Target, name: &str, bytes: &[u8]) {
    let result = std::panic::catch_unwind(|| (target.run)(bytes));
    if result.is_err() {
        let kept = std::env::temp_dir().join(format!("ottla-{}-{name}", target.name.replace('_', "-")));
        fs::write(&kept, bytes).expect("a file of the input");
        panic!("{}: {name} fails; its {} bytes are in {}", target.name, bytes.len(), kept.display());
    }
}

/// Runs the corpus, then so many changes of it by the target's own seed.
fn exercise(name: &str, changes: u32) {
    let target = fuzz::target(name);
    let corpus = corpus(&target);
    for (name, bytes) in &corpus {
        run(&target, name, bytes);
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    let mut mutator = Mutator::new(name.bytes().fold(0, |seed, byte| seed * 31 + u64::from(byte)));
    let times = std::env::var("OTTLA_FUZZ_TIMES").map_or(1, |times| times.parse().expect("a number"));
    for number in 0..changes * times {
        run(&target, &format!("change-{number}"), &mutator.change(&inputs));
    }
}

macro_rules! targets {
    ($($name:ident: $changes:literal)*) => {
        $(#[test] fn $name() { exercise(stringify!($name), $changes); })*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}
targets! {
    frames: 6_000
    requests: 20_000
    answers: 20_000
    produce: 6_000
    batches: 6_000
    gzip: 2_000
    snappy: 2_000
    lz4: 2_000
    zstd: 2_000
    metadata: 20_000
    catalog: 6_000
    snapshot: 6_000
    indexes: 6_000
    checkpoints: 6_000
    log_dir: 1_500
    connection: 2_000
    client: 2_000
    scenario: 10_000
    links: 4_000
}

#[test]
fn every_target_is_run_here_and_under_the_fuzzer() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, NAMES);
    let manifest = fs::read_to_string(folder().join("../Cargo.toml")).expect("the fuzz crate's manifest");
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "tests/fuzz/Cargo.toml has no target `{name}`");
        let path = folder().join(format!("../targets/{name}.rs"));
        assert!(path.is_file(), "there is no tests/fuzz/targets/{name}.rs");
    }
}

#[test]
fn the_corpus_is_whole_and_small() {
    let mut bytes = 0;
    for (target, name, seed) in seeds::all() {
        let path = folder().join(target).join(&name);
        if std::env::var_os("OTTLA_WRITE_CORPUS").is_some() {
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of a corpus");
            fs::write(&path, &seed).expect("a file of a corpus");
        }
        assert!(path.is_file(), "the seed {target}/{name} is missing: run this once with OTTLA_WRITE_CORPUS=1");
    }
    for target in TARGETS {
        bytes += corpus(target).iter().map(|(_, file)| file.len() as u64).sum::<u64>();
    }
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes of corpus, {CORPUS_BYTES_MAX} are the most");
}
