//! Browsers, clients and Java: from the PATH, or from Debian's packages where we are root and apt-get is there.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{Tool, Toolbox, path};
use crate::{
    run::{self, group},
    verify::log::Log,
};

/// The oldest Java that runs Apache Kafka.
const OLDEST_JAVA: u32 = 17;
const INSTALL_LIMIT: Duration = Duration::from_secs(20 * 60);

#[derive(Debug)]
struct Wanted {
    tool: Tool,
    /// The first that is there is taken.
    programs: &'static [&'static str],
    package: &'static str,
}

const ALL: &[Wanted] = &[
    Wanted { tool: Tool::Chromium, programs: &["chromium", "chromium-browser", "google-chrome"], package: "chromium" },
    Wanted { tool: Tool::Chromedriver, programs: &["chromedriver"], package: "chromium-driver" },
    Wanted { tool: Tool::Firefox, programs: &["firefox-esr", "firefox"], package: "firefox-esr" },
    Wanted { tool: Tool::Kcat, programs: &["kcat", "kafkacat"], package: "kcat" },
    Wanted { tool: Tool::Java, programs: &["java"], package: "openjdk-17-jre-headless" },
    Wanted { tool: Tool::Maven, programs: &["mvn"], package: "maven" },
];

/// For a Debian whose oldest Java is a newer one.
const ANY_JAVA: &str = "default-jre-headless";

pub fn get(toolbox: &Toolbox, wanted: &BTreeSet<Tool>) {
    let (there, missing): (Vec<_>, Vec<_>) =
        ALL.iter().filter(|one| wanted.contains(&one.tool)).partition(|one| one.find().is_some());
    for one in there {
        toolbox.settle(one.tool, Ok(one.find().unwrap_or_default()));
    }
    if missing.is_empty() {
        return;
    }
    let installed = may_install().and_then(|()| install(&missing));
    for one in missing {
        let found = one.find().ok_or_else(|| match &installed {
            Ok(()) => format!("{} is missing, though its package {} was installed", one.programs[0], one.package),
            Err(why) => format!("{} is missing (Debian's package {}): {why}", one.programs[0], one.package),
        });
        toolbox.settle(one.tool, found);
    }
}

impl Wanted {
    fn find(&self) -> Option<PathBuf> {
        let found = self.programs.iter().find_map(|program| path::find(program))?;
        if self.tool == Tool::Java {
            let version = run::output(&mut run::command(&found, &["-version"]))?;
            java_release(&version).filter(|release| *release >= OLDEST_JAVA)?;
        }
        Some(found)
    }
}

fn may_install() -> Result<(), String> {
    match (path::find("apt-get"), is_root()) {
        (None, _) => Err("install it with this system's own package manager".to_owned()),
        (Some(_), false) => Err("it can only be installed by root".to_owned()),
        (Some(_), true) => Ok(()),
    }
}

fn install(missing: &[&Wanted]) -> Result<(), String> {
    let start = Instant::now();
    let log = Log::create("debian packages")?;
    println!("── getting the list of Debian's packages");
    apt_get(&log, &["update"])?;
    let knows = |package: &str| run::output(&mut run::command("apt-cache", &["show", package])).is_some();
    let packages: Vec<&str> = missing
        .iter()
        .map(|one| if one.tool == Tool::Java && !knows(one.package) { ANY_JAVA } else { one.package })
        .collect();
    println!("── getting Debian's packages {}", packages.join(" "));
    apt_get(&log, &[&["install", "--yes", "--no-install-recommends"], packages.as_slice()].concat())?;
    println!("── Debian's packages are there after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn apt_get(log: &Log, arguments: &[&str]) -> Result<(), String> {
    let mut command = run::command("apt-get", &["--quiet", "-o", "DPkg::Lock::Timeout=300"]);
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let end = log.watched("Debian's packages", || group::run(&mut command, log.file(), INSTALL_LIMIT));
    match end {
        Ok(group::End::Exited(status)) if status.success() => Ok(()),
        Ok(group::End::Exited(status)) => {
            Err(format!("apt-get {} ended with {status}: {}", arguments[0], log.last_line().unwrap_or_default()))
        }
        Ok(group::End::TimedOut) => Err(format!("apt-get {} took more than 20 minutes", arguments[0])),
        Err(why) => Err(run::does_not_start(&command, &why)),
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// 17 of `openjdk version "17.0.15" 2025-04-15`, and 8 of `java version "1.8.0_202"`.
fn java_release(said: &str) -> Option<u32> {
    let version = said.split('"').nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    match numbers.next()?? {
        1 => numbers.next()?,
        release => Some(release),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_names_its_release_in_two_ways() {
        assert_eq!(java_release("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(java_release("java version \"1.8.0_202\""), Some(8));
        assert_eq!(java_release("openjdk version \"25-ea\" 2025-09-16"), Some(25));
        assert_eq!(java_release("java: command not found"), None);
    }

    #[test]
    fn every_tool_has_one_way_to_be_got() {
        let ours: BTreeSet<Tool> = ALL.iter().map(|one| one.tool).collect();
        assert_eq!(ours.len(), ALL.len());
        for tool in super::super::registry::tools() {
            assert!(!ours.contains(&tool), "{tool:?}");
        }
    }
}
