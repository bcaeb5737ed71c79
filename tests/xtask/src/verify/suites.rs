//! The suites: what each of them runs, and with what.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use super::{Effort, licences, worlds};
use crate::{
    run,
    tools::{Tool, Toolbox, node, rust},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Cargo,
    Browsers,
}

/// What a suite does.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// Programs, one after the other, until one fails.
    Programs(fn(&Toolbox, Effort) -> Result<Vec<Command>, String>),
    /// A look at the tree by ourselves.
    Here(fn() -> Result<(), String>),
}

/// One line of the summary.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    pub name: &'static str,
    pub lane: Lane,
    /// The least effort that includes it.
    pub from: Effort,
    pub needs: &'static [Tool],
    /// A suite of the same lane without whose success this one has nothing to run on.
    pub after: Option<&'static str>,
    pub work: Work,
    /// Far more than it ever takes: whoever is not done by then hangs.
    pub limit: Duration,
}

impl Suite {
    const fn new(name: &'static str, lane: Lane, from: Effort, work: Work) -> Self {
        Self { name, lane, from, needs: &[], after: None, work, limit: minutes(30) }
    }

    const fn needs(self, needs: &'static [Tool]) -> Self {
        Self { needs, ..self }
    }

    const fn after(self, after: &'static str) -> Self {
        Self { after: Some(after), ..self }
    }

    const fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

const PAGE: &str = "page";

/// Packages that are something in a browser only.
const WITHOUT_BROWSERS: [&str; 6] = ["--exclude", "ottla-js", "--exclude", "ottla-wasm", "--exclude", "ottla-lab"];

/// In the order of the summary, and of each lane.
const ALL: &[Suite] = {
    use {Effort::*, Lane::*, Work::*};
    &[
        Suite::new("rustfmt", Cargo, Fast, Programs(rustfmt)).limit(minutes(5)),
        Suite::new("licences", Cargo, Fast, Here(licences::licences)),
        Suite::new("clippy", Cargo, Fast, Programs(clippy)),
        Suite::new("cargo test", Cargo, Fast, Programs(native_tests)),
        Suite::new("mutants", Cargo, Full, Programs(mutants)).limit(minutes(240)),
        Suite::new("worlds", Cargo, Plain, Programs(of_worlds)),
        Suite::new("clippy for wasm", Cargo, Plain, Programs(clippy_for_wasm)).needs(&[Tool::WasmTarget]),
        Suite::new("benches build", Cargo, Plain, Programs(benches_build)),
        Suite::new(PAGE, Browsers, Plain, Programs(page)).needs(&[Tool::WasmTarget, Tool::NodePackages]),
        Suite::new("web check", Browsers, Fast, Programs(web_check)).needs(&[Tool::NodePackages]),
        Suite::new("web unit", Browsers, Fast, Programs(web_unit)).needs(&[Tool::NodePackages]).limit(minutes(10)),
        Suite::new("kcat", Browsers, Plain, Programs(with_kcat)).needs(&[Tool::Kcat]),
        Suite::new("Apache Kafka", Browsers, Plain, Programs(with_kafka)).needs(&[Tool::Java, Tool::Maven]),
        Suite::new("web in Chromium", Browsers, Plain, Programs(web_in_chromium))
            .needs(&[Tool::NodePackages, Tool::Chromium])
            .after(PAGE),
        Suite::new("web in Firefox", Browsers, Plain, Programs(web_in_firefox))
            .needs(&[Tool::NodePackages, Tool::Firefox])
            .after(PAGE),
        Suite::new("wasm in Node", Browsers, Plain, Programs(wasm_in_node)).needs(&[
            Tool::WasmTarget,
            Tool::WasmBindgen,
            Tool::WasmPack,
            Tool::NodePackages,
        ]),
        Suite::new("wasm in Chromium", Browsers, Plain, Programs(wasm_in_chromium)).needs(&[
            Tool::WasmTarget,
            Tool::WasmBindgen,
            Tool::WasmPack,
            Tool::Chromium,
            Tool::Chromedriver,
        ]),
        Suite::new("wasm in Firefox", Browsers, Plain, Programs(wasm_in_firefox)).needs(&[
            Tool::WasmTarget,
            Tool::WasmBindgen,
            Tool::WasmPack,
            Tool::Firefox,
            Tool::Geckodriver,
        ]),
    ]
};

pub fn all(effort: Effort) -> Vec<Suite> {
    ALL.iter().copied().filter(|suite| suite.from <= effort).collect()
}

pub fn names(effort: Effort) -> Vec<&'static str> {
    all(effort).iter().map(|suite| suite.name).collect()
}

fn rustfmt(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![run::cargo(&["fmt", "--all", "--check"])])
}

/// The linked wasm-bindgen is large: the daily loop does not compile it.
fn clippy(_: &Toolbox, effort: Effort) -> Result<Vec<Command>, String> {
    let mut command = run::cargo(&["clippy", "--workspace", "--all-targets"]);
    command.args(WITHOUT_BROWSERS);
    if effort == Effort::Fast {
        command.args(["--exclude", "xtask-page"]);
    }
    command.args(["--", "--deny", "warnings"]);
    Ok(vec![command])
}

fn clippy_for_wasm(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    let mut libraries = run::cargo(&["clippy", "--package", "ottla-core", "--package", "ottla-contract"]);
    libraries.args(["--target", rust::WASM_TARGET, "--", "--deny", "warnings"]);
    let mut wasm =
        run::cargo(&["clippy", "--package", "ottla-js", "--package", "ottla-wasm", "--package", "ottla-lab"]);
    wasm.args(["--all-targets", "--target", rust::WASM_TARGET, "--", "--deny", "warnings"]);
    Ok(vec![libraries, wasm])
}

/// All but the target `real`, which asks programs of others and is split into suites by what they need.
fn native_tests(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    let mut command = run::cargo(&["test", "--workspace", "--exclude", "xtask-page"]);
    command.args(WITHOUT_BROWSERS).arg("--no-fail-fast");
    Ok(vec![command])
}

/// Through its door, as anyone runs them.
fn mutants(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![run::cargo(&["run", "--quiet", "--package", "xtask", "--", "sim", "--mutants"])])
}

fn of_worlds(_: &Toolbox, effort: Effort) -> Result<Vec<Command>, String> {
    worlds::worlds(effort)
}

fn with_kcat(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![run::cargo(&["test", "--package", "ottla-tests", "--test", "real", "--", "--skip", "with_kafka::"])])
}

fn with_kafka(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![run::cargo(&["test", "--package", "ottla-tests", "--test", "real", "--", "with_kafka::"])])
}

fn benches_build(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![run::cargo(&["build", "--package", "ottla-tests", "--benches"])])
}

/// Through its door, as anyone builds it.
fn page(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![run::cargo(&["run", "--quiet", "--package", "xtask", "--", "play", "--build-only"])])
}

fn web_check(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![node::npm(&["run", "--silent", "check"])])
}

fn web_unit(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![node::npm(&["run", "--silent", "test"])])
}

fn web_in_chromium(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![web_in("chromium")])
}

fn web_in_firefox(_: &Toolbox, _: Effort) -> Result<Vec<Command>, String> {
    Ok(vec![web_in("firefox")])
}

fn web_in(browser: &str) -> Command {
    let mut command = node::npm(&["run", "--silent", "test:browser"]);
    command.env("OTTLA_BROWSER", browser);
    command
}

fn wasm_in_node(toolbox: &Toolbox, effort: Effort) -> Result<Vec<Command>, String> {
    let command = run::command(tool(toolbox, Tool::WasmPack)?, &["test", "--node", "wasm/lab"]);
    Ok(behind_native_worlds(effort, vec![command]))
}

fn wasm_in_chromium(toolbox: &Toolbox, effort: Effort) -> Result<Vec<Command>, String> {
    wasm_in(toolbox, effort, ["--chrome", "--chromedriver"], Tool::Chromedriver)
}

fn wasm_in_firefox(toolbox: &Toolbox, effort: Effort) -> Result<Vec<Command>, String> {
    wasm_in(toolbox, effort, ["--firefox", "--geckodriver"], Tool::Geckodriver)
}

fn tool(toolbox: &Toolbox, tool: Tool) -> Result<PathBuf, String> {
    toolbox.path_of(tool).ok_or_else(|| format!("{tool:?} is not there"))
}

/// What worlds come to natively is written down first, and the tests compare.
fn behind_native_worlds(effort: Effort, mut tests: Vec<Command>) -> Vec<Command> {
    let seeds = if effort == Effort::Full { "200" } else { "10" };
    let out = run::target_dir().join("verify").join("worlds.txt");
    let mut worlds =
        run::cargo(&["run", "--quiet", "--package", "ottla-tests", "--bin", "ottla-worlds", "--", "--seeds", seeds]);
    worlds.arg("--out").arg(&out);
    for test in &mut tests {
        test.env("OTTLA_WORLDS", &out);
    }
    tests.insert(0, worlds);
    tests
}

fn wasm_in(toolbox: &Toolbox, effort: Effort, options: [&str; 2], driver: Tool) -> Result<Vec<Command>, String> {
    let (pack, driver, webdriver) = (tool(toolbox, Tool::WasmPack)?, tool(toolbox, driver)?, webdriver(toolbox)?);
    let tests = ["wasm", "wasm/lab"].map(|package| {
        let mut command = run::command(&pack, &["test", "--headless"]);
        command.args(options).arg(&driver).arg(package);
        command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &webdriver);
        // Seconds for all tests of one file; a test that hangs is ended by this, sooner than by our own limit.
        command.env("WASM_BINDGEN_TEST_TIMEOUT", "600");
        command
    });
    Ok(behind_native_worlds(effort, tests.into()))
}

/// The driver's settings of the tree, with the browsers that were found.
fn webdriver(toolbox: &Toolbox) -> Result<PathBuf, String> {
    let kept = run::root().join("wasm").join("webdriver.json");
    let text = fs::read_to_string(&kept).map_err(|why| format!("{}: {why}", kept.display()))?;
    let browsers = [("goog:chromeOptions", Tool::Chromium), ("moz:firefoxOptions", Tool::Firefox)];
    let browsers = browsers.map(|(options, tool)| (options, toolbox.path_of(tool)));
    let text = with_binaries(&text, &browsers).map_err(|why| format!("{}: {why}", kept.display()))?;
    let written = run::target_dir().join("verify").join("webdriver.json");
    fs::write(&written, text).map_err(|why| format!("{}: {why}", written.display()))?;
    Ok(written)
}

fn with_binaries(text: &str, browsers: &[(&str, Option<PathBuf>)]) -> serde_json::Result<String> {
    let mut settings: serde_json::Value = serde_json::from_str(text)?;
    for (options, binary) in browsers {
        if let (Some(options), Some(binary)) = (settings.get_mut(options), binary) {
            options["binary"] = binary.to_string_lossy().into();
        }
    }
    Ok(settings.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_effort_has_all_of_the_one_before() {
        let (fast, plain, full) = (names(Effort::Fast), names(Effort::Plain), names(Effort::Full));
        assert!(fast.len() < plain.len() && fast.iter().all(|name| plain.contains(name)));
        assert!(plain.iter().all(|name| full.contains(name)));
    }

    #[test]
    fn names_are_unique_and_a_suite_comes_after_one_of_its_own_lane() {
        for (at, suite) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.name != suite.name), "{}", suite.name);
            if let Some(after) = suite.after {
                let before = ALL[..at].iter().find(|other| other.name == after).expect("it is in the list, and before");
                assert!(before.lane == suite.lane && before.from <= suite.from, "{}", suite.name);
            }
        }
    }

    #[test]
    fn the_driver_starts_the_browser_that_was_found() {
        let text =
            r#"{ "goog:chromeOptions": { "args": ["-x"], "binary": "/a" }, "moz:firefoxOptions": { "args": [] } }"#;
        let browsers = [("goog:chromeOptions", Some(PathBuf::from("/b"))), ("moz:firefoxOptions", None)];
        let settings: serde_json::Value = serde_json::from_str(&with_binaries(text, &browsers).unwrap()).unwrap();
        assert_eq!(settings["goog:chromeOptions"], serde_json::json!({ "args": ["-x"], "binary": "/b" }));
        assert_eq!(settings["moz:firefoxOptions"], serde_json::json!({ "args": [] }));
    }
}
