use std::{io::Write, net::TcpStream};

use tempfile::TempDir;

use super::*;

/// A site of an index, a script in a folder, and a secret beside the served folder.
fn dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("dist/assets")).unwrap();
    fs::write(dir.path().join("dist/index.html"), "the page").unwrap();
    fs::write(dir.path().join("dist/assets/a b.js"), "the script").unwrap();
    fs::write(dir.path().join("dist/assets/engine.wasm"), b"\0asm").unwrap();
    fs::write(dir.path().join("secret.txt"), "the secret").unwrap();
    fs::write(dir.path().join("headers.json"), r#"{ "Content-Security-Policy": "default-src 'none'" }"#).unwrap();
    dir
}

fn served() -> (TempDir, u16) {
    let dir = dir();
    let server = listen(0).unwrap();
    let port = server.server_addr().to_ip().unwrap().port();
    let site = site(&dir.path().join("dist"), &dir.path().join("headers.json"), port).unwrap();
    thread::spawn(move || serve(server, site));
    (dir, port)
}

fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(port: u16, path: &str) -> String {
    ask(port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"))
}

#[test]
fn files_come_with_their_type_and_the_headers_of_the_page() {
    let (_dir, port) = served();
    let index = get(port, "/?lang=en");
    assert!(index.starts_with("HTTP/1.1 200") && index.ends_with("the page"), "{index}");
    assert!(index.contains("Content-Type: text/html; charset=utf-8"), "{index}");
    assert!(index.contains("Content-Security-Policy: default-src 'none'"), "{index}");
    let script = get(port, "/assets/a%20b.js");
    assert!(script.contains("text/javascript") && script.ends_with("the script"), "{script}");
    assert!(get(port, "/assets/engine.wasm").contains("Content-Type: application/wasm"));
    assert!(get(port, "/assets/").starts_with("HTTP/1.1 404"));
}

#[test]
fn head_has_no_body_and_other_methods_are_refused() {
    let (_dir, port) = served();
    let request = |method: &str| {
        ask(
            port,
            &format!("{method} / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        )
    };
    let head = request("HEAD");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(request("POST").starts_with("HTTP/1.1 405"));
}

#[test]
fn a_name_that_was_pointed_here_is_refused() {
    let (_dir, port) = served();
    let other_port = if port == 1 { 2 } else { port - 1 };
    let hosts = [
        "Host: evil.example\r\n".to_owned(),
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
        format!("Host: 127.0.0.1:{other_port}\r\n"),
        "Host: 127.0.0.1\r\n".to_owned(),
        String::new(),
    ];
    for host in hosts {
        let answer = ask(port, &format!("GET / HTTP/1.1\r\n{host}Connection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("the page"), "{host}: {answer}");
    }
}

#[test]
fn no_path_leads_out_of_the_folder() {
    let (dir, port) = served();
    let absolute = format!("/{}", dir.path().join("secret.txt").display());
    let paths = [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%00",
        "/%zz",
        "/%2",
        "/%+f",
        "//etc/passwd",
        "/C:/secret.txt",
        absolute.as_str(),
    ];
    for path in paths {
        let answer = get(port, path);
        assert!(answer.starts_with("HTTP/1.1 404") && !answer.contains("the secret"), "{path}: {answer}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_folder() {
    let (dir, port) = served();
    std::os::unix::fs::symlink(dir.path().join("secret.txt"), dir.path().join("dist/link.txt")).unwrap();
    let answer = get(port, "/link.txt");
    assert!(answer.starts_with("HTTP/1.1 404") && !answer.contains("the secret"), "{answer}");
}

#[test]
fn a_port_in_use_is_said_in_words() {
    let (_dir, port) = served();
    let why = listen(port).err().unwrap();
    assert!(why.contains(&format!("port {port} is in use")), "{why}");
}
