//! A static file server for one folder, on loopback and for no other name: a page elsewhere that points a name of its
//! own at 127.0.0.1 gets 403.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
    sync::Arc,
    thread,
};

use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// Browsers open six connections to a host.
const THREADS: usize = 6;

/// A folder that is served.
#[derive(Debug)]
pub struct Site {
    /// Free of links, so that what a path leads to can be compared with it.
    folder: PathBuf,
    /// Headers of every answer, by name.
    headers: BTreeMap<String, String>,
    port: u16,
}

type Answer = Response<Box<dyn Read + Send>>;

/// Takes the port. Port 0 takes any free one.
pub fn listen(port: u16) -> Result<Server, String> {
    Server::http(("127.0.0.1", port)).map_err(|why| match why.downcast_ref::<io::Error>() {
        Some(why) if why.kind() == io::ErrorKind::AddrInUse => {
            format!("port {port} is in use: stop what listens there, or take another with --port")
        }
        _ => format!("cannot listen on 127.0.0.1:{port}: {why}"),
    })
}

/// The headers are in a file beside the page, because the browser tests serve the page under the same ones.
pub fn site(folder: &Path, headers: &Path, port: u16) -> Result<Site, String> {
    let folder = folder.canonicalize().map_err(|why| format!("{}: {why}", folder.display()))?;
    let text = fs::read_to_string(headers).map_err(|why| format!("{}: {why}", headers.display()))?;
    let headers = serde_json::from_str(&text).map_err(|why| format!("{}: {why}", headers.display()))?;
    Ok(Site { folder, headers, port })
}

/// Answers until the process ends.
pub fn serve(server: Server, site: Site) {
    let (server, site) = (Arc::new(server), Arc::new(site));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, site) = (server.clone(), site.clone());
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    let answer = site.answer(&request);
                    // A browser that went away while we answered is no failure of ours.
                    let _ = request.respond(answer);
                }
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}

impl Site {
    fn answer(&self, request: &Request) -> Answer {
        let host = request.headers().iter().find(|header| header.field.equiv("Host"));
        if !host.is_some_and(|host| self.is_ours(host.value.as_str())) {
            return self.words(403, "this server answers to 127.0.0.1 and localhost only");
        }
        if !matches!(request.method(), Method::Get | Method::Head) {
            return self.words(405, "this server only has files");
        }
        let Some(path) = self.path_of(request.url()) else { return self.words(404, "there is no such file") };
        match File::open(&path) {
            Ok(file) => self.file(&path, file),
            Err(_) => self.words(404, "there is no such file"),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        ["127.0.0.1", "localhost"]
            .iter()
            .any(|name| host == format!("{name}:{}", self.port) || (self.port == 80 && host == *name))
    }

    /// The file a URL means: one below the folder, whatever the URL tries.
    fn path_of(&self, url: &str) -> Option<PathBuf> {
        let path = url.split(['?', '#']).next()?.strip_prefix('/')?;
        let relative = PathBuf::from(percent_decoded(path)?);
        if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            return None;
        }
        let mut path = self.folder.join(relative).canonicalize().ok()?;
        if path.is_dir() {
            path = path.join("index.html").canonicalize().ok()?;
        }
        (path.starts_with(&self.folder) && path.is_file()).then_some(path)
    }

    fn file(&self, path: &Path, file: File) -> Answer {
        let length = file.metadata().ok().and_then(|metadata| usize::try_from(metadata.len()).ok());
        self.response(200, media_type(path), Box::new(file), length)
    }

    fn words(&self, status: u16, text: &'static str) -> Answer {
        self.response(status, "text/plain; charset=utf-8", Box::new(text.as_bytes()), Some(text.len()))
    }

    fn response(&self, status: u16, media: &str, body: Box<dyn Read + Send>, length: Option<usize>) -> Answer {
        let own = [("Content-Type", media), ("Cache-Control", "no-store")];
        let all = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(own);
        let headers = all.filter_map(|(name, value)| Header::from_bytes(name, value).ok()).collect();
        Response::new(StatusCode(status), headers, body, length, None)
    }
}

/// `None` where the escapes are broken or give bytes that no name of ours has.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits =
                    str::from_utf8(&digits).ok().filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    // On Windows a backslash parts folders and a colon names drives and streams.
    (!text.contains(['\0', '\\', ':'])).then_some(text)
}

/// A module with the wrong type does not run, and wasm with the wrong one does not stream.
fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
