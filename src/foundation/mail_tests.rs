//! Letters and relays, as they might be forged or fail.

use super::*;

fn parts<'a>(subject: &'a str, text: &'a str) -> Parts<'a> {
    Parts {
        message_id: "0198c0de@audit.example",
        from: Address::parse("notice@audit.example").unwrap().named("查验").unwrap(),
        to: Address::parse("inn@example.com").unwrap(),
        date: Timestamp::from_seconds(1_772_409_600),
        subject,
        text,
        html: "<p>text</p>",
        unsubscribe: None,
        enclosed: &[],
    }
}

fn payloads() -> Vec<String> {
    let breaks = ["\r\n", "\n", "\r", "\u{2028}", "\u{85}"];
    let heads = ["Bcc: thief@evil.example", "\r\nDATA", "Content-Type: text/html", ".", "RSET"];
    let pairs = breaks.iter().flat_map(|b| heads.iter().map(move |h| format!("a{b}{h}{b}{b}x")));
    pairs.collect()
}

#[test]
fn no_control_character_gets_into_a_header() {
    assert_eq!(payloads().len(), 25);
    for payload in payloads() {
        let address = format!("inn@example.com{payload}");
        assert_eq!(Address::parse(&address).err(), Some(LetterFault::Address), "{payload:?}");
        let named = Address::parse("inn@example.com").unwrap().named(&payload);
        assert_eq!(named.err(), Some(LetterFault::Name), "{payload:?}");
        let built = Letter::build(&parts(&payload, "text"));
        assert_eq!(built.err(), Some(LetterFault::Subject), "{payload:?}");
        let id = Parts { message_id: &payload, ..parts("s", "t") };
        assert_eq!(Letter::build(&id).err(), Some(LetterFault::MessageId));
    }
    for two in ["a@x.cn,b@x.cn", "a@x.cn b@x.cn", "<a@x.cn>", "\"a b\"@x.cn", "a@[10.0.0.1]", ""] {
        assert_eq!(Address::parse(two).err(), Some(LetterFault::Address), "{two}");
    }
}

#[tokio::test]
async fn a_hostile_body_stays_a_body() {
    let postbox = Postbox::default();
    for payload in payloads() {
        let letter = Letter::build(&parts("整改通知", &payload)).unwrap();
        assert_eq!(Mailer::Memory(postbox.clone()).send(&letter).await, Outcome::Sent);
    }
    let posted = postbox.letters();
    assert_eq!(posted.len(), 25);
    for one in posted {
        let parsed = mail_parser::MessageParser::default().parse(&one.message).unwrap();
        assert_eq!(one.to, "inn@example.com");
        assert_eq!(parsed.to().unwrap().as_list().unwrap().len(), 1);
        assert!(parsed.bcc().is_none());
        assert_eq!(parsed.subject(), Some("整改通知"));
        assert_eq!(parsed.text_body_count(), 1);
    }
}

#[test]
fn a_letter_says_that_nobody_typed_it_and_unsubscribes_only_where_it_may() {
    let plain = Letter::build(&parts("s", "t")).unwrap().bytes();
    let plain = String::from_utf8(plain).unwrap();
    assert!(plain.contains("Auto-Submitted: auto-generated\r\n"), "{plain}");
    assert!(!plain.contains("List-Unsubscribe"), "{plain}");
    let place = Some("https://audit.example/digests");
    let digest = Letter::build(&Parts { unsubscribe: place, ..parts("s", "t") }).unwrap();
    let digest = String::from_utf8(digest.bytes()).unwrap();
    assert!(digest.contains("List-Unsubscribe: <https://audit.example/digests>\r\n"), "{digest}");
    for bad in ["https://x/\r\nBcc: a@b.cn", "https://x/>", "https://x/ y", "https://x/é"] {
        let parts = Parts { unsubscribe: Some(bad), ..parts("s", "t") };
        assert_eq!(Letter::build(&parts).err(), Some(LetterFault::Unsubscribe), "{bad}");
    }
}

#[test]
fn the_same_letter_twice_is_the_same_message() {
    let build = || Letter::build(&parts("第 1 号", "正文")).unwrap().bytes();
    assert_eq!(build(), build());
}

#[test]
fn a_letter_takes_files_along_and_no_name_gets_into_a_header() {
    let file = |name: &str| Enclosure {
        name: name.to_owned(),
        media_type: "application/pdf",
        bytes: b"%PDF-1.7\r\n.\r\n\0\xff".to_vec(),
    };
    let files = [file("order.pdf"), file("translation.pdf")];
    let build = || Letter::build(&Parts { enclosed: &files, ..parts("s", "t") }).unwrap();
    assert_eq!(build().bytes(), build().bytes());
    let bytes = build().bytes();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!((parsed.text_body_count(), parsed.attachment_count()), (1, 2));
    assert_eq!(parsed.attachment(0).unwrap().contents(), files[0].bytes);
    for payload in payloads() {
        let files = [file(&payload)];
        let built = Letter::build(&Parts { enclosed: &files, ..parts("s", "t") });
        assert_eq!(built.err(), Some(LetterFault::Enclosure));
    }
}

#[tokio::test]
async fn a_letter_in_a_folder_is_one_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::File(folder.path().join("out"));
    let letter = Letter::build(&parts("s", "t")).unwrap();
    assert_eq!(mailer.send(&letter).await, Outcome::Sent);
    assert_eq!(mailer.send(&letter).await, Outcome::Sent);
    let written = std::fs::read(folder.path().join("out/0198c0de.eml")).unwrap();
    assert_eq!(written, letter.bytes());
    assert_eq!(std::fs::read_dir(folder.path().join("out")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_relay_whose_certificate_cannot_be_verified_gets_nothing() {
    let (port, heard, _) = relay(true).await;
    assert!(matches!(send(port, Security::Wrapper, None).await, Outcome::Transient(_)));
    assert_eq!(*heard.lock().unwrap(), "");
}

#[tokio::test]
async fn a_relay_without_tls_gets_nothing() {
    let (port, heard, _) = relay(false).await;
    for security in [Security::StartTls, Security::Wrapper] {
        assert!(matches!(send(port, security, None).await, Outcome::Transient(_)));
    }
    let heard = heard.lock().unwrap().clone();
    assert!(heard.contains("EHLO") && !heard.contains("MAIL FROM"), "{heard}");
}

#[tokio::test]
async fn a_relay_with_our_own_root_takes_the_letter() {
    let (port, heard, root) = relay(true).await;
    assert_eq!(send(port, Security::Wrapper, Some(root)).await, Outcome::Sent);
    assert!(heard.lock().unwrap().contains("RCPT TO:<inn@example.com>"));
}

async fn send(port: u16, security: Security, extra_root: Option<Vec<u8>>) -> Outcome {
    let host = "localhost".to_owned();
    let relay = Relay { host, port, security, credentials: None, extra_root };
    let letter = Letter::build(&parts("s", "t")).unwrap();
    Mailer::smtp(&relay).unwrap().send(&letter).await
}

/// A small relay, with TLS from the first byte or with none: its port, what it hears, and its
/// certificate.
async fn relay(tls: bool) -> (u16, Arc<Mutex<String>>, Vec<u8>) {
    crate::foundation::crypto::install_providers();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(("localhost", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(String::new()));
    let ear = heard.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if !tls {
                listen(socket, &ear).await;
            } else if let Ok(stream) = acceptor.accept(socket).await {
                listen(stream, &ear).await;
            }
        }
    });
    (port, heard, made.cert.pem().into_bytes())
}

async fn listen(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    ear: &Mutex<String>,
) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut answer, mut buffer) = ("220 relay\r\n", [0; 4096]);
    while stream.write_all(answer.as_bytes()).await.is_ok() {
        let Ok(n @ 1..) = stream.read(&mut buffer).await else { break };
        let line = String::from_utf8_lossy(&buffer[..n]).into_owned();
        ear.lock().unwrap().push_str(&line);
        answer = if line.starts_with("DATA") { "354 go on\r\n" } else { "250 relay\r\n" };
    }
}
