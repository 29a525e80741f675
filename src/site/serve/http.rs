//! As much HTTP as a server needs that only hands out what it has in memory: one request a connection, of which the head
//! is read and never a body, everything with a bound.
//!
//! `httparse` reads the head. What a client can make this take is fixed: so many connections, so many bytes and so much
//! time each. When all are taken, the oldest has to go, so that one who only holds connections open keeps nobody away;
//! its thread has ended before another begins.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

/// So many connections are served at a time; a browser opens six.
const CONNECTIONS: usize = 64;
/// So long the head of a request may be. Browsers send one or two KiB.
const HEAD: usize = 16 << 10;
/// So many lines it may have.
const LINES: usize = 64;
/// The head has to be there after this time.
const TO_ASK: Duration = Duration::from_secs(5);
/// An answer has to be taken within this time.
const TO_TAKE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are written at a time.
const CHUNK: usize = 64 << 10;
/// What still comes in behind an answer is thrown away for so long: closing earlier would take the answer back.
const TO_LEAVE: Duration = Duration::from_millis(500);
/// The stack of a thread that serves a connection.
const STACK: usize = 256 << 10;

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    /// The host it is meant for, if it names just one.
    pub(super) host: Option<String>,
    /// It says that a body follows.
    body: bool,
}

/// An answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    /// Where to look instead.
    pub(super) location: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, kind: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { status, kind, location: None, bytes: bytes.into() }
    }

    pub(super) fn plain(status: u16, text: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    fn head(&self, more: &[(&str, &str)]) -> String {
        let mut out = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
            self.status,
            reason(self.status),
            self.kind,
            self.bytes.len()
        );
        let location = self.location.as_deref().map(|to| ("Location", to));
        for (name, value) in more.iter().copied().chain(location) {
            // No address and no header of ours has a line break; none may get one.
            out.extend([name, ": "]);
            out.extend(value.chars().filter(|c| !c.is_control()));
            out.push_str("\r\n");
        }
        out + "\r\n"
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        _ => "",
    }
}

/// The connections that are served now, by their number.
#[derive(Debug, Default)]
struct Open {
    /// None once a connection had to make room and its thread has yet to end.
    connections: Mutex<BTreeMap<u64, Option<Connection>>>,
    left: Condvar,
}

/// A connection, as seen by those that come after it.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    gone: Arc<AtomicBool>,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Option<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in another. The oldest has to make room: its thread finds it closed, or is told by `wake` if it waits for
    /// something else.
    fn enter(&self, number: u64, connection: Connection, wake: impl Fn()) {
        let mut open = self.lock();
        if open.len() >= CONNECTIONS
            && let Some(oldest) = open.values_mut().find_map(Option::take)
        {
            oldest.gone.store(true, Ordering::Relaxed);
            let _ = oldest.stream.shutdown(Shutdown::Both);
            wake();
        }
        let mut open = self
            .left
            .wait_while(open, |open| open.len() >= CONNECTIONS)
            .unwrap_or_else(PoisonError::into_inner);
        open.insert(number, Some(connection));
    }

    fn leave(&self, number: u64) {
        self.lock().remove(&number);
        self.left.notify_one();
    }
}

/// Answers requests for ever: `answer` makes the answer, and each gets the headers `more` as well. An answer that waits
/// for something looks at the flag whenever it is woken by `wake`: once it is set, nobody waits for the answer.
pub(super) fn serve(
    listener: &TcpListener,
    more: &[(&str, &str)],
    answer: impl Fn(&Request, &AtomicBool) -> Answer + Sync,
    wake: impl Fn(),
) {
    let open = Open::default();
    std::thread::scope(|scope| {
        let mut number = 0;
        loop {
            number += 1;
            // If too many files are open, or the client has gone already, the next may have more luck.
            let connection = listener.accept().and_then(|(stream, _)| Ok((stream.try_clone()?, stream)));
            let Ok((other, stream)) = connection else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let gone = Arc::new(AtomicBool::new(false));
            open.enter(number, Connection { stream: other, gone: Arc::clone(&gone) }, &wake);
            begin(scope, stream, number, gone, &open, more, &answer);
        }
    });
}

/// Serves a connection in a thread of its own. If there is none to be had, the client has to come again.
fn begin<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    stream: TcpStream,
    number: u64,
    gone: Arc<AtomicBool>,
    open: &'scope Open,
    more: &'scope [(&str, &str)],
    answer: &'scope (impl Fn(&Request, &AtomicBool) -> Answer + Sync),
) {
    let work = move || {
        // A client that has gone is no error.
        let _ = connection(&stream, more, |request| answer(request, &gone));
        drop(stream);
        open.leave(number);
    };
    if Builder::new().stack_size(STACK).spawn_scoped(scope, work).is_err() {
        open.leave(number);
    }
}

/// Reads one request, answers it, and is done with the connection.
fn connection(
    stream: &TcpStream,
    more: &[(&str, &str)],
    answer: impl Fn(&Request) -> Answer,
) -> io::Result<()> {
    let (answer, body) = match request(stream)? {
        Ok(request) if request.method != "GET" && request.method != "HEAD" => {
            (Answer::plain(405, "this server only answers GET and HEAD\n"), true)
        }
        Ok(request) if request.body => {
            (Answer::plain(413, "this server takes nothing but a request\n"), true)
        }
        Ok(request) => (answer(&request), request.method != "HEAD"),
        Err(refused) => (refused, true),
    };
    let start = Instant::now();
    let write = |mut bytes: &[u8]| -> io::Result<()> {
        // Not `write_all`: whoever takes a byte now and then would get the whole time for each.
        while !bytes.is_empty() {
            stream.set_write_timeout(Some(left(start, TO_TAKE)?))?;
            match (&*stream).write(&bytes[..bytes.len().min(CHUNK)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    };
    write(answer.head(more).as_bytes())?;
    if body {
        write(&answer.bytes)?;
    }
    stream.shutdown(Shutdown::Write)?;
    let (start, mut rest) = (Instant::now(), [0; 4096]);
    loop {
        stream.set_read_timeout(Some(left(start, TO_LEAVE)?))?;
        if (&*stream).read(&mut rest)? == 0 {
            return Ok(());
        }
    }
}

/// What is left of a time.
fn left(start: Instant, of: Duration) -> io::Result<Duration> {
    let left = of.saturating_sub(start.elapsed());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Reads the head of a request, or says why it is none.
fn request(mut stream: &TcpStream) -> io::Result<Result<Request, Answer>> {
    let start = Instant::now();
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    loop {
        match parse(&head) {
            Parsed::Whole(request) => return Ok(Ok(request)),
            Parsed::Wrong(answer) => return Ok(Err(answer)),
            Parsed::Partly => {}
        }
        let late = || Answer::plain(408, "the request did not come in time\n");
        let Ok(left) = left(start, TO_ASK) else { return Ok(Err(late())) };
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => head.extend(&chunk[..read]),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(Err(late()));
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Whole(Request),
    Partly,
    Wrong(Answer),
}

/// Looks whether bytes are the head of a request.
fn parse(bytes: &[u8]) -> Parsed {
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    let mut head = httparse::Request::new(&mut lines);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD => {}
        Ok(httparse::Status::Partial) if bytes.len() < HEAD => return Parsed::Partly,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => {
            return Parsed::Wrong(Answer::plain(431, "the head of the request is too long\n"));
        }
        Err(_) => return Parsed::Wrong(Answer::plain(400, "this is no request\n")),
    }
    let of = |name: &str| {
        let named = move |h: &&httparse::Header<'_>| h.name.eq_ignore_ascii_case(name);
        head.headers.iter().filter(named).map(|h| h.value).collect::<Vec<_>>()
    };
    let host = match of("Host").as_slice() {
        [one] => std::str::from_utf8(one).ok().map(str::to_owned),
        _ => None,
    };
    let body =
        !of("Transfer-Encoding").is_empty() || of("Content-Length").iter().any(|length| *length != b"0");
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    Parsed::Whole(Request { method: text(head.method), target: text(head.path), host, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str) -> Request {
        match parse(text.as_bytes()) {
            Parsed::Whole(request) => request,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn status(bytes: &[u8]) -> u16 {
        match parse(bytes) {
            Parsed::Wrong(answer) => answer.status,
            _ => 0,
        }
    }

    #[test]
    fn heads_are_read() {
        let request = whole("GET /a?b HTTP/1.1\r\nhost: localhost:1\r\n\r\n");
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/a?b"));
        assert_eq!((request.host.as_deref(), request.body), (Some("localhost:1"), false));
        assert_eq!(whole("GET / HTTP/1.0\r\n\r\n").host, None);
        assert_eq!(whole("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").host, None);
        assert!(whole("GET / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n").body);
        assert!(whole("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").body);
        assert!(!whole("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").body);
    }

    #[test]
    fn heads_have_bounds() {
        let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(HEAD));
        assert_eq!(status(endless.as_bytes()), 431);
        let lines = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(LINES + 1));
        assert_eq!(status(lines.as_bytes()), 431);
        assert_eq!(status(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), 400);
        assert_eq!(status(b"GET / HTTP/9.9\r\n\r\n"), 400);
    }

    #[test]
    fn answers_say_how_long_they_are_and_take_no_line_breaks() {
        let mut answer = Answer::plain(308, "abc");
        answer.location = Some("/a\r\nSet-Cookie: x".to_owned());
        let head = answer.head(&[("Referrer-Policy", "no-referrer")]);
        assert_eq!(
            head,
            "HTTP/1.1 308 Permanent Redirect\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\
             Connection: close\r\nReferrer-Policy: no-referrer\r\nLocation: /aSet-Cookie: x\r\n\r\n"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0..80usize) {
            let _ = parse(&bytes);
            let head = b"GET /some/where?x=1 HTTP/1.1\r\nHost: localhost:3000\r\nAccept: */*\r\n\r\n";
            prop_assert_eq!(parse(&head[..cut.min(head.len() - 1)]), Parsed::Partly);
        }
    }
}
