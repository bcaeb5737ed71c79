//! `ottla-sim`: worlds by seed, as many as asked for, and what went wrong in them.

use std::process::ExitCode;

use clap::Parser;
use ottla_tests::sim::{self, Arguments};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(why) if why.use_stderr() => {
            // Its first paragraph says what is wrong; the rest is how to ask, which --help says.
            let text = why.to_string();
            let first: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
            eprintln!("cargo sim: {} (--help says what there is)", first.join(" ").trim_start_matches("error: "));
            return ExitCode::from(sim::REFUSED);
        }
        Err(help) => help.exit(),
    };
    // What a world panics with is told with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    sim::run(&arguments)
}
