//! `cargo play`: the engine for the browser, the page around it, and a server on loopback.

mod build;
mod serve;

use std::{
    process::{Command, ExitCode, Stdio},
    thread,
};

use clap::Args;

use crate::{REFUSED, run};

#[derive(Debug, Args)]
pub struct Options {
    /// Where to serve, on 127.0.0.1; 0 takes any free port
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Leave the page in web/dist and serve nothing: the folder is static and fit for any host
    #[arg(long)]
    build_only: bool,
    /// Open the page in the browser of this machine
    #[arg(long)]
    open: bool,
}

pub fn play(options: &Options) -> ExitCode {
    // The port is taken first: whoever cannot have it should not wait for a build to hear so.
    let server = match options.build_only {
        true => None,
        false => match serve::listen(options.port) {
            Ok(server) => Some(server),
            Err(why) => return refuse(&why),
        },
    };
    if let Err(why) = build::build() {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let web = run::root().join("web");
    let dist = web.join("dist");
    let Some(server) = server else {
        println!("the page is in {}", dist.display());
        return ExitCode::SUCCESS;
    };
    let port = server.server_addr().to_ip().map_or(options.port, |address| address.port());
    let site = match serve::site(&dist, &web.join("headers.json"), port) {
        Ok(site) => site,
        Err(why) => return refuse(&why),
    };
    let url = format!("http://127.0.0.1:{port}");
    println!("serving the playground at {url} (Ctrl-C stops it)");
    if options.open {
        open(&url);
    }
    serve::serve(server, site);
    ExitCode::SUCCESS
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(REFUSED)
}

fn open(url: &str) {
    let program = match std::env::consts::OS {
        "windows" => "explorer",
        "macos" => "open",
        _ => "xdg-open",
    };
    let mut command = Command::new(program);
    match command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(mut child) => drop(thread::spawn(move || child.wait())),
        Err(why) => eprintln!("{program} does not start ({why}): open {url} yourself"),
    }
}
