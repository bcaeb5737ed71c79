//! Real bytes to send: sources as they are installed, line by line, and a large program in parts.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

const BYTES_MIN: usize = 10_000_000;
const PART_BYTES: usize = 500_000;
/// Below the largest message that every client here sends unasked.
const LINE_BYTES_MAX: usize = 900_000;

/// Bytes in memory and, the same, in files.
#[derive(Debug)]
pub struct Input {
    pub bytes: Vec<u8>,
    pub files: Vec<PathBuf>,
}

/// One file of lines, none of them empty: clients of a command line send no message for an empty one.
pub fn lines() -> &'static Input {
    static LINES: LazyLock<Input> = LazyLock::new(|| {
        let mut bytes = Vec::new();
        gather_lines(&registry(), &mut bytes);
        assert!(bytes.len() >= BYTES_MIN, "{} has {} bytes of text", registry().display(), bytes.len());
        let file = folder("lines").join("all");
        fs::write(&file, &bytes).unwrap();
        Input { bytes, files: vec![file] }
    });
    &LINES
}

/// A program, cut into messages of 500 kB.
pub fn parts() -> &'static Input {
    static PARTS: LazyLock<Input> = LazyLock::new(|| {
        let program = fs::File::open(largest(&toolchain().join("lib"))).unwrap();
        let mut bytes = Vec::new();
        program.take(BYTES_MIN as u64).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), BYTES_MIN, "the largest library of the toolchain");
        let folder = folder("parts");
        let files = bytes.chunks(PART_BYTES).enumerate().map(|(index, part)| {
            let file = folder.join(format!("{index:03}"));
            fs::write(&file, part).unwrap();
            file
        });
        Input { files: files.collect(), bytes }
    });
    &PARTS
}

/// The first lines, about `len` bytes of them.
pub fn first_lines(len: usize) -> &'static [u8] {
    let bytes = &lines().bytes;
    let end = bytes[len..].iter().position(|&byte| byte == b'\n').expect("more lines");
    &bytes[..len + end + 1]
}

/// Adds the text under `dir`, in the order of its names, until there is enough.
fn gather_lines(dir: &Path, lines: &mut Vec<u8>) {
    for path in sorted(dir) {
        if lines.len() >= BYTES_MIN {
            return;
        }
        if path.is_dir() {
            gather_lines(&path, lines);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            // Some clients read text, and take a carriage return for the end of a line.
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let is_sent = |line: &&str| (1..LINE_BYTES_MAX).contains(&line.len()) && !line.contains('\r');
            text.split('\n').filter(is_sent).for_each(|line| lines.extend(line.bytes().chain([b'\n'])));
        }
    }
}

fn sorted(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn largest(dir: &Path) -> PathBuf {
    let files = sorted(dir).into_iter().filter(|path| path.is_file());
    files.max_by_key(|path| path.metadata().unwrap().len()).expect("a file")
}

/// Where cargo keeps the sources that this workspace is built from.
fn registry() -> PathBuf {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).expect("a home").join("registry/src")
}

fn toolchain() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().into()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
