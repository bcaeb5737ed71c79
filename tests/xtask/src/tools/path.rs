//! Programs on the PATH.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::run;

/// Where our own tools are: nobody else's folder changes because somebody ran the tests.
pub fn our_folder() -> PathBuf {
    run::target_dir().join("tools")
}

/// The PATH of whatever the suites start, our own tools first.
pub fn with_ours() -> OsString {
    let ours = our_folder().join("bin");
    let theirs = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(ours).chain(env::split_paths(&theirs));
    env::join_paths(all).unwrap_or(theirs)
}

/// The program of that name, as the caller's PATH has it.
pub fn find(name: &str) -> Option<PathBuf> {
    let dirs = env::var_os("PATH")?;
    env::split_paths(&dirs).find_map(|dir| in_folder(&dir, name))
}

pub fn in_folder(dir: &Path, name: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    endings.iter().map(|ending| dir.join(format!("{name}{ending}"))).find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_a_file_that_may_run() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        std::fs::write(dir.path().join("text"), "").unwrap();
        assert_eq!(in_folder(dir.path(), "folder"), None);
        assert_eq!(in_folder(dir.path(), "missing"), None);
        #[cfg(unix)]
        assert_eq!(in_folder(dir.path(), "text"), None);
        assert!(find("cargo").or_else(|| find("rustc")).is_some());
    }

    #[test]
    fn our_tools_come_first() {
        let path = with_ours();
        assert_eq!(env::split_paths(&path).next(), Some(our_folder().join("bin")));
    }
}
