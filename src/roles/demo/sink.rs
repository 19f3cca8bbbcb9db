//! A small mail server that keeps what it gets: SMTP over implicit TLS (RFC 5321, RFC 8314), one
//! file a message. It relays nothing and knows no users.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::BufReader;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The longest command line or line of a message, in bytes.
const LONGEST_LINE: u64 = 8 * 1024;
/// The largest message, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mail server that listens until it is dropped.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    mailbox: Arc<Mailbox>,
    listening: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Mailbox {
    folder: PathBuf,
    kept: AtomicU64,
}

impl Sink {
    /// Starts on a free port of this machine; messages go into `folder` as `0001.eml` and so on,
    /// after those that lie there already.
    ///
    /// # Errors
    ///
    /// Those of the folder and of listening.
    pub async fn start(tls: ServerConfig, folder: &Path) -> io::Result<Sink> {
        std::fs::create_dir_all(folder)?;
        let before = std::fs::read_dir(folder)?.count();
        let kept = AtomicU64::new(u64::try_from(before).unwrap_or(0));
        let mailbox = Arc::new(Mailbox { folder: folder.to_owned(), kept });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listening = tokio::spawn(accept(listener, acceptor, Arc::clone(&mailbox)));
        Ok(Sink { address, mailbox, listening })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many messages lie in the folder.
    pub fn kept(&self) -> u64 {
        self.mailbox.kept.load(Ordering::SeqCst)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, mailbox: Arc<Mailbox>) {
    while let Ok((socket, _)) = listener.accept().await {
        let (acceptor, mailbox) = (acceptor.clone(), Arc::clone(&mailbox));
        tokio::spawn(async move {
            let talked = match acceptor.accept(socket).await {
                Ok(stream) => talk(stream, &mailbox).await,
                Err(cause) => Err(cause),
            };
            if let Err(cause) = talked {
                tracing::debug!(cause = %cause, "mail connection ended: {cause}");
            }
        });
    }
}

/// What the client may say next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Mail,
    Rcpt,
    RcptOrData,
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, mailbox: &Mailbox) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 chayan.invalid ESMTP").await?;
    let mut turn = Turn::Mail;
    while let Some(line) = read_line(&mut stream).await? {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match (verb.as_str(), turn) {
            ("EHLO", _) => {
                turn = Turn::Mail;
                "250-chayan.invalid\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING"
            }
            ("HELO" | "RSET", _) => {
                turn = Turn::Mail;
                "250 OK"
            }
            ("NOOP", _) => "250 OK",
            ("QUIT", _) => {
                say(&mut stream, "221 bye").await?;
                return Ok(());
            }
            ("MAIL", Turn::Mail) => {
                turn = Turn::Rcpt;
                "250 OK"
            }
            ("RCPT", Turn::Rcpt | Turn::RcptOrData) => {
                turn = Turn::RcptOrData;
                "250 OK"
            }
            ("DATA", Turn::RcptOrData) => {
                say(&mut stream, "354 end with a dot on its own line").await?;
                turn = Turn::Mail;
                match message(&mut stream).await? {
                    Some(text) => {
                        mailbox.keep(&text).await?;
                        "250 kept"
                    }
                    None => "552 too large",
                }
            }
            ("MAIL" | "RCPT" | "DATA", _) => "503 not now",
            _ => "502 not known here",
        };
        say(&mut stream, answer).await?;
    }
    Ok(())
}

impl Mailbox {
    async fn keep(&self, text: &[u8]) -> io::Result<()> {
        let number = self.kept.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::fs::write(self.folder.join(format!("{number:04}.eml")), text).await
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// One line with its end; `None` when the client is gone.
async fn read_line(stream: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut limited = stream.take(LONGEST_LINE);
    let read = tokio::time::timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await;
    let read = read.map_err(io::Error::from)??;
    if read == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") { Ok(Some(line)) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// A message up to its dot, with doubled dots undone; `None` if it is too large.
async fn message(stream: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    let mut fits = true;
    loop {
        let line = read_line(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line == b".\r\n" {
            return Ok(fits.then_some(text));
        }
        let line = if line.starts_with(b"..") { &line[1..] } else { &line[..] };
        fits = fits && text.len() + line.len() <= LARGEST;
        if fits {
            text.extend_from_slice(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn dialogue(said: &str) -> (String, Vec<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox { folder: folder.path().to_owned(), kept: AtomicU64::new(0) };
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (mut read, mut write) = tokio::io::split(ours);
        write.write_all(said.as_bytes()).await.unwrap();
        write.shutdown().await.unwrap();
        drop(write);
        let ended = talk(theirs, &mailbox).await;
        let mut heard = String::new();
        read.read_to_string(&mut heard).await.unwrap();
        if ended.is_err() {
            heard.push_str("ERROR");
        }
        let mut files: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        (heard, files.iter().map(|file| std::fs::read(file).unwrap()).collect())
    }

    #[actix_web::test]
    async fn two_messages_on_one_connection_are_kept_as_they_came() {
        let letter = "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\nSubject: 1\r\n\r\n..dot\r\n.\r\n";
        let (heard, kept) = dialogue(&format!("EHLO me\r\n{letter}NOOP\r\n{letter}QUIT\r\n")).await;
        assert_eq!(
            kept,
            [b"Subject: 1\r\n\r\n.dot\r\n".to_vec(), b"Subject: 1\r\n\r\n.dot\r\n".to_vec()]
        );
        assert!(heard.ends_with("221 bye\r\n"), "{heard}");
        assert_eq!(heard.matches("250 kept").count(), 2);
    }

    #[actix_web::test]
    async fn a_message_without_a_recipient_or_an_end_is_not_kept() {
        let (heard, kept) = dialogue("EHLO me\r\nMAIL FROM:<a@x>\r\nDATA\r\nQUIT\r\n").await;
        assert!(heard.contains("503") && kept.is_empty(), "{heard}");
        let cut = "EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nSubject: 1\r\n";
        let (heard, kept) = dialogue(cut).await;
        assert!(heard.ends_with("ERROR") && kept.is_empty(), "{heard}");
    }
}
