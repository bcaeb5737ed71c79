//! The programs of others, and how they are got.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::LazyLock,
};

const POM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/kafka/pom.xml");

/// Quick to start rather than quick for long.
const JAVA_OPTIONS: &[&str] = &[
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Dfile.encoding=UTF-8",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
];

/// What a program gave back.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Output {
    /// The output of a program that must end well.
    pub fn expect_success(self) -> Vec<u8> {
        assert!(self.status.success(), "it ended with {} and said: {}{}", self.status, self.text(), self.stderr);
        self.stdout
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Runs a program on `stdin`.
pub fn run(command: &mut Command, stdin: &[u8]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("its input is piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program may end before it has read everything; what it then says is the better reason.
            let _ = pipe.write_all(stdin);
        });
        child.wait_with_output().expect("the program ends")
    });
    Output {
        status: output.status,
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn kcat() -> Command {
    static KCAT: LazyLock<PathBuf> = LazyLock::new(|| found("kcat", "OTTLA_KCAT", "-V", "kcat"));
    Command::new(&*KCAT)
}

/// One of Apache Kafka's programs by the class it begins in.
pub fn kafka(class: &str) -> Command {
    static JAVA: LazyLock<PathBuf> =
        LazyLock::new(|| found("java", "OTTLA_JAVA", "-version", "openjdk-17-jre-headless"));
    let mut command = Command::new(&*JAVA);
    command.args(JAVA_OPTIONS).arg("-cp").arg(jars().join("*")).arg(class);
    command
}

/// Where Apache Kafka's jars are, got from Maven Central if need be. `OTTLA_KAFKA_HOME` names another folder to keep them
/// in, or an unpacked distribution.
fn jars() -> &'static Path {
    static JARS: LazyLock<PathBuf> = LazyLock::new(|| {
        let home = std::env::var_os("OTTLA_KAFKA_HOME").map(PathBuf::from);
        let home = home.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/kafka"));
        if home.join("libs").is_dir() {
            return home.join("libs");
        }
        // Kept beside the jars, the pom tells whether they are still the ones it asks for.
        let is_current = |dir: &Path| fs::read(dir.join("pom.xml")).is_ok_and(|pom| pom == fs::read(POM).unwrap());
        if !is_current(&home) {
            let fetched = home.with_extension(std::process::id().to_string());
            fetch_jars(&fetched);
            // Whoever comes second finds the folder there, with the same in it.
            let _ = fs::remove_dir_all(&home);
            if fs::rename(&fetched, &home).is_err() {
                fs::remove_dir_all(&fetched).unwrap();
            }
            assert!(is_current(&home), "{} is not there", home.display());
        }
        home
    });
    &JARS
}

fn fetch_jars(dir: &Path) {
    let mut mvn = Command::new(found("mvn", "OTTLA_MVN", "-version", "maven"));
    println!("fetching Apache Kafka from Maven Central");
    mvn.args(["--batch-mode", "--quiet", "--file", POM, "dependency:copy-dependencies", "-DincludeScope=runtime"]);
    mvn.arg(format!("-DoutputDirectory={}", dir.display()));
    run(&mut mvn, b"").expect_success();
    fs::copy(POM, dir.join("pom.xml")).unwrap();
}

/// A program that is there: where `variable` says, or on the path.
fn found(program: &str, variable: &str, question: &str, package: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(|| program.into(), PathBuf::from);
    let asked = Command::new(&path).arg(question).stdin(Stdio::null()).output();
    assert!(asked.is_ok(), "`{program}` is missing: install the package {package}, or leave out the tests that ask it");
    path
}
