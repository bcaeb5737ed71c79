//! What a suite's programs say, kept in a file below the target folder.

use std::{
    fs::{self, File},
    io::Write,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::run;

/// Lines of a failing suite that are printed; the file has them all.
pub const PRINTED_LINES: usize = 3000;

/// How often work that takes long says that it is under way.
const HEARTBEAT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    pub fn create(name: &str) -> Result<Self, String> {
        let dir = run::target_dir().join("verify");
        let path = dir.join(format!("{}.log", name.replace(' ', "-")));
        let created = fs::create_dir_all(&dir).and_then(|()| File::options().create(true).append(true).open(&path));
        let file = created.map_err(|why| format!("{}: {why}", path.display()))?;
        file.set_len(0).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self { file, path })
    }

    /// Opened to append: the programs' words and ours keep their order.
    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn say(&self, line: &str) {
        let _ = writeln!(&self.file, "{line}");
    }

    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Does the work, and says now and then for how long already, and what its programs said last.
    pub fn watched<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let heart = scope.spawn(|| self.beat(name, &is_over));
            let result = work();
            is_over.store(true, Ordering::Relaxed);
            heart.thread().unpark();
            result
        })
    }

    fn beat(&self, name: &str, is_over: &AtomicBool) {
        let start = Instant::now();
        let mut said = 0;
        while !is_over.load(Ordering::Relaxed) {
            thread::park_timeout(HEARTBEAT);
            let beats = start.elapsed().as_secs() / HEARTBEAT.as_secs();
            if beats > said && !is_over.load(Ordering::Relaxed) {
                said = beats;
                println!("   {name}: {} s, {}", start.elapsed().as_secs(), self.last_line().unwrap_or_default());
            }
        }
    }

    /// The last lines, and whether there were more.
    pub fn tail(&self, lines: usize) -> String {
        let text = fs::read(&self.path).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&text), lines)
    }

    pub fn last_line(&self) -> Option<String> {
        let text = fs::read(&self.path).ok()?;
        let text = String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]).into_owned();
        text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(|line| line.chars().take(100).collect())
    }
}

fn last_lines(text: &str, lines: usize) -> String {
    let all = text.lines().count();
    let kept = text.lines().skip(all.saturating_sub(lines)).collect::<Vec<_>>().join("\n");
    if all > lines { format!("({} lines before these)\n{kept}", all - lines) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_says_how_much_came_before() {
        assert_eq!(last_lines("a\nb\nc\n", 3), "a\nb\nc");
        assert_eq!(last_lines("a\nb\nc\n", 2), "(1 lines before these)\nb\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
