//! Programs that are ended together with all they have started: when they hang, when they are done, on Ctrl-C.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// How often a running program is asked whether it has ended.
const GLANCE: Duration = Duration::from_millis(50);
/// How long those told to end have before they are killed.
const GRACE: Duration = Duration::from_secs(3);
/// As shells count an end by Ctrl-C (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// The groups that run, by the process id of their first member.
static RUNNING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// How a group ended.
#[derive(Debug)]
pub enum End {
    Exited(ExitStatus),
    TimedOut,
}

/// From here on Ctrl-C ends every group before it ends us: groups of their own do not hear it.
pub fn end_all_on_interrupt() {
    let handler = || {
        let groups: Vec<u32> = RUNNING.lock().map(|running| running.iter().copied().collect()).unwrap_or_default();
        for group in &groups {
            signal(*group, Signal::Terminate);
        }
        if !groups.is_empty() {
            thread::sleep(GRACE);
        }
        for group in groups {
            signal(group, Signal::Kill);
        }
        std::process::exit(INTERRUPTED);
    };
    if let Err(why) = ctrlc::set_handler(handler) {
        eprintln!("Ctrl-C will not end what was started: {why}");
    }
}

/// Runs a program to its end or to `limit`. Both its outputs go into `log`.
pub fn run(command: &mut Command, log: &File, limit: Duration) -> io::Result<End> {
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    of_its_own(command);
    let mut child = command.spawn()?;
    let group = child.id();
    RUNNING.lock().expect("nothing panics under this lock").insert(group);
    let end = wait(&mut child, limit);
    // The first has ended, or is to be; nothing it started may outlive it and disturb the next.
    signal(group, Signal::Kill);
    RUNNING.lock().expect("nothing panics under this lock").remove(&group);
    end
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<End> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(status));
        }
        thread::sleep(GLANCE);
    }
    signal(child.id(), Signal::Kill);
    child.wait()?;
    Ok(End::TimedOut)
}

#[derive(Clone, Copy, Debug)]
enum Signal {
    Terminate,
    Kill,
}

#[cfg(unix)]
fn of_its_own(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// To every member. That there is none left is no error.
#[cfg(unix)]
fn signal(group: u32, signal: Signal) {
    use rustix::process::{Pid, Signal as Unix, kill_process_group};
    let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return };
    let _ = kill_process_group(
        group,
        match signal {
            Signal::Terminate => Unix::TERM,
            Signal::Kill => Unix::KILL,
        },
    );
}

#[cfg(not(unix))]
fn of_its_own(_: &mut Command) {}

#[cfg(not(unix))]
fn signal(group: u32, _: Signal) {
    let group = group.to_string();
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &group])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn log() -> File {
        tempfile::tempfile().unwrap()
    }

    #[test]
    fn a_hanging_program_is_ended_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let alive = dir.path().join("alive");
        // The grandchild would say that it lived a second longer than its group may.
        let script = format!("(sleep 1; touch '{}') & sleep 60", alive.display());
        let start = Instant::now();
        let end = run(Command::new("sh").args(["-c", &script]), &log(), Duration::from_millis(200)).unwrap();
        assert!(matches!(end, End::TimedOut), "{end:?}");
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(1500));
        assert!(!alive.exists());
    }

    #[test]
    fn an_ended_program_gives_its_status() {
        let end = run(Command::new("sh").args(["-c", "exit 3"]), &log(), Duration::from_secs(60)).unwrap();
        assert!(matches!(end, End::Exited(status) if status.code() == Some(3)), "{end:?}");
    }
}
