//! A copy of the tree, in which mutants are made. Files that have not changed keep their time, so that builds are short.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What a simulator is built from, in the project's root.
const PARTS: [&str; 6] = [".cargo", "core", "tests", "wasm", "Cargo.toml", "Cargo.lock"];

pub struct Tree {
    folder: PathBuf,
}

impl Tree {
    /// A copy of `root` in `folder` as `root` is now.
    ///
    /// # Errors
    /// One line: what cannot be read or written.
    pub fn fresh(root: &Path, folder: &Path) -> Result<Self, String> {
        let tree = Self { folder: folder.to_owned() };
        for part in PARTS {
            let (from, to) = (root.join(part), tree.path().join(part));
            if from.exists() {
                mirror(&from, &to).map_err(|why| format!("{}: {why}", to.display()))?;
            }
        }
        Ok(tree)
    }

    pub fn path(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Where its builds go, and stay.
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }
}

fn mirror(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        let bytes = fs::read(from)?;
        return if fs::read(to).is_ok_and(|there| there == bytes) { Ok(()) } else { fs::write(to, bytes) };
    }
    fs::create_dir_all(to)?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        // Somebody builds in a folder of their own.
        if name != "target" {
            mirror(&from.join(&name), &to.join(&name))?;
            names.insert(name);
        }
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !names.contains(&entry.file_name()) {
            let gone = entry.path();
            if gone.is_dir() { fs::remove_dir_all(gone)? } else { fs::remove_file(gone)? }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_what_the_tree_is_and_nothing_else() {
        let (root, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |at: &str, text: &str| {
            let path = root.path().join(at);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("core/src/lib.rs", "one");
        write("core/target/large", "built");
        write("Cargo.toml", "two");
        let tree = Tree::fresh(root.path(), copy.path()).unwrap();
        fs::write(tree.path().join("core/src/lib.rs"), "mutated").unwrap();
        fs::write(tree.path().join("core/src/stray.rs"), "mutated").unwrap();
        let before = fs::metadata(tree.path().join("Cargo.toml")).unwrap().modified().unwrap();
        let tree = Tree::fresh(root.path(), copy.path()).unwrap();
        assert_eq!(fs::read_to_string(tree.path().join("core/src/lib.rs")).unwrap(), "one");
        assert!(!tree.path().join("core/src/stray.rs").exists() && !tree.path().join("core/target").exists());
        assert_eq!(fs::metadata(tree.path().join("Cargo.toml")).unwrap().modified().unwrap(), before);
    }
}
