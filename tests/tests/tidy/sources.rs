//! The tree as it lies here: every text file that `.gitignore` does not name.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proc_macro2::TokenStream;

/// A text file.
#[derive(Debug)]
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    pub fn is_rust(&self) -> bool {
        self.has_extension(&["rs"])
    }

    /// TypeScript, and the few scripts beside it.
    pub fn is_script(&self) -> bool {
        self.has_extension(&["ts", "mts", "js", "mjs"])
    }

    /// Whether it is part of `ottla-core` proper.
    pub fn is_in_core(&self) -> bool {
        self.is_rust() && self.path.starts_with("core/src/")
    }

    /// Each line with its number from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    pub fn tokens(&self) -> TokenStream {
        self.text.parse().unwrap_or_else(|why| panic!("{}: {why}", self.path))
    }

    pub fn syntax(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|why| panic!("{}: {why}", self.path))
    }
}

/// Every text file of the tree.
pub static TREE: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut found = Vec::new();
    let ignored = Ignored::read(&root());
    gather(&root(), "", &ignored, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
});

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

pub fn source(path: &str) -> &'static Source {
    TREE.iter().find(|source| source.path == path).unwrap_or_else(|| panic!("there is no {path}"))
}

fn gather(dir: &Path, prefix: &str, ignored: &Ignored, found: &mut Vec<Source>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|why| panic!("{}: {why}", dir.display())) {
        let entry = entry.expect("a folder that was just opened");
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().expect("an entry's kind");
        if ignored.has(&path) {
            continue;
        }
        if kind.is_dir() {
            gather(&entry.path(), &format!("{path}/"), ignored, found);
        } else if kind.is_file() {
            let text = fs::read(entry.path()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            found.extend(text.map(|text| Source { path, text }));
        }
    }
}

/// The few forms of pattern that our `.gitignore` uses: `/from/root`, `name`, `*.ending`.
struct Ignored(Vec<String>);

impl Ignored {
    fn read(root: &Path) -> Self {
        let text = fs::read_to_string(root.join(".gitignore")).expect("a .gitignore at the root");
        let patterns = text.lines().map(|line| line.trim().trim_end_matches('/'));
        Self(patterns.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
    }

    fn has(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        name == ".git"
            || self.0.iter().any(|pattern| match (pattern.strip_prefix('/'), pattern.strip_prefix('*')) {
                (Some(from_root), _) => path == from_root,
                (_, Some(ending)) => name.ends_with(ending),
                _ if pattern.contains('/') => path == pattern,
                _ => name == pattern,
            })
    }
}

#[test]
fn what_git_ignores_is_no_part_of_the_tree() {
    let ignored = Ignored(["/target", "node_modules", "*.log", "web/dist"].map(str::to_owned).to_vec());
    for path in ["target", "web/node_modules", "node_modules", "a/b.log", "web/dist", ".git", "a/.git"] {
        assert!(ignored.has(path), "{path}");
    }
    for path in ["core/target", "core/src/log.rs", "dist", ".gitignore"] {
        assert!(!ignored.has(path), "{path}");
    }
}

#[test]
fn the_tree_is_there() {
    assert!(TREE.len() > 150, "{} files are less than the tree ever had", TREE.len());
    assert!(source("core/src/lib.rs").is_in_core());
    assert!(TREE.iter().all(|source| !source.path.starts_with("target/")));
}
