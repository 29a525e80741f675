//! `cmlint site serve` as a program: it says where it is, answers, and builds anew what changed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The running command; it ends with the test.
struct Serving {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cmlint"))
            .args(["--color", "never", "site", "serve", "--port", "0"])
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let errors = child.stderr.take().expect("its standard error");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut out = Self { child, lines, address: String::new() };
        let line = out.until("http://");
        let address = line.split("http://").nth(1).and_then(|a| a.split('/').next()).expect("an address");
        out.address = address.to_owned();
        out
    }

    /// The next line that has a text.
    fn until(&self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(120)) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error}: `{text}` was not said, but {seen:#?}"),
            }
        }
    }

    /// Head and body of an answer.
    fn get(&self, path: &str) -> (String, String) {
        get(&self.address, path)
    }
}

fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request can be sent");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("an answer");
    let all = String::from_utf8(all).expect("text");
    let (head, body) = all.split_once("\r\n\r\n").expect("head and body");
    (head.to_owned(), body.to_owned())
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("readable");
        let place = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(place).expect("a folder");
        } else {
            std::fs::copy(entry.path(), place).expect("a file");
        }
    }
}

#[test]
fn a_mistake_in_the_content_is_shown_and_its_mending_brings_the_page_back() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("content"), &folder.path().join("content"));
    let serving = Serving::start(folder.path());
    assert!(serving.until("Watching").contains("content"), "the content here is not used");
    serving.until("Built");

    let (head, body) = serving.get("/accounts/");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("Content-Type: text/html; charset=utf-8"), "{head}");
    assert!(head.contains("default-src 'none'"), "{head}");
    let version = body.split("data-version=\"").nth(1).and_then(|v| v.split('"').next()).expect("a version");
    let wait = format!("/-serve/wait.js?version={version}");
    for path in ["/../content/revisions.yaml", "/content/revisions.yaml", "/%2e%2e/content/revisions.yaml"] {
        assert!(serving.get(path).0.starts_with("HTTP/1.1 404"), "{path}");
    }

    let file = folder.path().join("content/accounts/network-access-account.yaml");
    let text = std::fs::read_to_string(&file).expect("the account");
    std::thread::scope(|scope| {
        // A page waits for what comes next.
        let address = &serving.address;
        let waiting = scope.spawn(move || get(address, &wait).1);
        std::thread::sleep(Duration::from_millis(200));
        std::fs::write(&file, format!("{text}\nnonsense: true\n")).expect("written");
        serving.until("Not built");
        assert_eq!(waiting.join().expect("an answer"), "location.reload();\n");
    });
    let (head, body) = serving.get("/accounts/");
    assert!(head.starts_with("HTTP/1.1 500"), "{head}");
    assert!(body.contains("network-access-account.yaml:") && body.contains("nonsense"), "{body}");

    std::fs::write(&file, &text).expect("written");
    serving.until("Built");
    assert!(serving.get("/accounts/").0.starts_with("HTTP/1.1 200"));
}

/// What comes back for these bytes, as far as it comes within some seconds.
fn sent(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    // The server may have had enough before all is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn no_request_ends_the_server_and_none_keeps_others_from_theirs() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = Serving::start(folder.path());
    serving.until("Built");
    let address = serving.address.as_str();
    let head = |first: &str, more: &str| format!("{first} HTTP/1.1\r\nHost: {address}\r\n{more}\r\n");
    for method in ["GET", "POST", "PUT", "BREW"] {
        for length in ["99999999999999", "18446744073709551615", "-1", "x"] {
            let answer = sent(
                address,
                head(&format!("{method} /"), &format!("Content-Length: {length}\r\n")).as_bytes(),
            );
            let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
            assert!(["405", "413"].contains(&status.as_str()), "{method} {length}: {answer}");
        }
    }
    let chunked = sent(address, head("GET /", "Transfer-Encoding: chunked\r\n").as_bytes());
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    let long = sent(address, format!("GET /{} HTTP/1.1\r\n", "x".repeat(3 << 20)).as_bytes());
    assert!(long.is_empty() || long.starts_with("HTTP/1.1 431"), "{long}");
    assert!(sent(address, b"\0\0\0\r\n\r\n").starts_with("HTTP/1.1 400"));
    // Pages that wait for the next build, many that ask for nothing, and some that do not take what they asked for.
    let (_, body) = serving.get("/accounts/");
    let version = body.split("data-version=\"").nth(1).and_then(|v| v.split('"').next()).expect("a version");
    let wait = head(&format!("GET /-serve/wait.js?version={version}"), "");
    let waiting: Vec<TcpStream> = (0..200)
        .map_while(|_| {
            let mut stream = TcpStream::connect(address).ok()?;
            stream.write_all(wait.as_bytes()).ok()?;
            Some(stream)
        })
        .collect();
    let idle: Vec<TcpStream> = (0..400).map_while(|_| TcpStream::connect(address).ok()).collect();
    let deaf: Vec<TcpStream> = (0..20)
        .map_while(|_| {
            let mut stream = TcpStream::connect(address).ok()?;
            stream.write_all(head("GET /print/", "").as_bytes()).ok()?;
            Some(stream)
        })
        .collect();
    let all = [waiting.len(), idle.len(), deaf.len()];
    assert!(all[0] == 200 && all[1] > 300 && all[2] == 20, "{all:?}");
    // One who asks is answered all the same.
    let (head, _) = serving.get("/accounts/");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    #[cfg(target_os = "linux")]
    {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", serving.child.id())).expect("it runs");
        let number = |key: &str| -> u64 {
            let line = status.lines().find(|l| l.starts_with(key)).expect("the line");
            line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
        };
        assert!(number("Threads:") < 100 && number("VmRSS:") < 300 << 10, "{status}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_with_a_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let out = Command::new(env!("CARGO_BIN_EXE_cmlint"))
        .args(["site", "serve", "--port", &port])
        .output()
        .expect("the program runs");
    let told = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{told}");
    assert!(told.contains(&port) && told.contains("--port 0"), "{told}");
}
