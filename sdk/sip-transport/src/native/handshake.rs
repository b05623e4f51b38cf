//! The opening handshake of WebSocket for SIP (RFC 6455 §4, RFC 7118 §4).

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rvoip_sip_core::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_websockets::{ClientBuilder, Config, Limits as WebSocketLimits, ServerBuilder, WebSocketStream};

use super::connection::{Connection, Rewound};
use super::head::{Head, HeadError, HeadKind, HeadView};
use super::words::phrase;

/// The subprotocol that both sides must name.
const SUBPROTOCOL: &str = "sip";

/// What is appended to a key before it is hashed (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bytes of a body that are read after a refusal, so that it arrives.
const UNWANTED: u64 = 65_536;

/// An open WebSocket.
pub(super) type Socket = Box<WebSocketStream<Rewound>>;

/// Where a client wants to go.
#[derive(Clone, Debug)]
pub(super) struct Destination<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) remote: SocketAddr,
    pub(super) default_port: u16,
    pub(super) resource: Option<&'a str>,
}

fn accept_value(key: &str) -> String {
    let mut hash = sha1_smol::Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    STANDARD.encode(hash.digest().bytes())
}

/// One message is one frame, of any size that is sent here.
fn config() -> Config {
    Config::default().frame_size(usize::MAX)
}

fn limits(limits: Limits) -> WebSocketLimits {
    WebSocketLimits::default().max_payload_len(Some(limits.message_size))
}

/// Opens a WebSocket as a client.
///
/// # Errors
/// One line for people, about the server.
pub(super) async fn connect(
    mut connection: Connection,
    to: &Destination<'_>,
    message: Limits,
) -> Result<Socket, String> {
    let resource = to.resource.unwrap_or("/");
    if !resource.starts_with('/') || !resource.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err("its path is none of a URL".to_owned());
    }
    let mut number = [0; 16];
    getrandom::fill(&mut number).map_err(|_| "the system gives no random numbers".to_owned())?;
    let key = STANDARD.encode(number);
    let host = match to.name {
        Some(name) if to.remote.port() == to.default_port => name.to_owned(),
        Some(name) => format!("{name}:{}", to.remote.port()),
        None => to.remote.to_string(),
    };
    let request = format!(
        "GET {resource} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    );
    let sent = async {
        connection.write_all(request.as_bytes()).await?;
        connection.flush().await
    };
    sent.await.map_err(|error| phrase(&error))?;
    let head = Head::read(&mut connection, HeadKind::Response).await.map_err(|error| match error {
        HeadError::Gone(error) => phrase(&error),
        HeadError::Malformed => "it does not speak WebSocket".to_owned(),
        HeadError::TooLarge => "its answer is too large".to_owned(),
    })?;
    let view = head.view(HeadKind::Response).ok_or_else(|| "it does not speak WebSocket".to_owned())?;
    check_answer(&view, &key)?;
    let stream = Rewound { early: head.rest, connection };
    let builder = ClientBuilder::new().config(config()).limits(limits(message));
    Ok(Box::new(builder.take_over(stream)))
}

fn check_answer(answer: &HeadView<'_>, key: &str) -> Result<(), String> {
    if answer.status != 101 {
        return Err(format!("it answered {} instead of opening a WebSocket", answer.status));
    }
    if !answer.lists("Upgrade", "websocket") || !answer.lists("Connection", "Upgrade") {
        return Err("it does not speak WebSocket".to_owned());
    }
    if answer.value("Sec-WebSocket-Accept") != Some(&accept_value(key)) {
        return Err("it did not understand the WebSocket handshake".to_owned());
    }
    if answer.value("Sec-WebSocket-Protocol") != Some(SUBPROTOCOL) {
        return Err("it does not speak SIP over WebSocket".to_owned());
    }
    if answer.values("Sec-WebSocket-Extensions").next().is_some() {
        return Err("it insists on an extension of WebSocket".to_owned());
    }
    Ok(())
}

/// Opens a WebSocket as a server. Whoever wants something else gets an HTTP answer that says so.
///
/// # Errors
/// One line for people.
pub(super) async fn accept(
    mut connection: Connection,
    origins: &[String],
    message: Limits,
) -> Result<Socket, String> {
    let head = match Head::read(&mut connection, HeadKind::Request).await {
        Ok(head) => head,
        Err(HeadError::Gone(error)) => return Err(phrase(&error)),
        Err(HeadError::Malformed) => return refuse(connection, &MALFORMED).await,
        Err(HeadError::TooLarge) => return refuse(connection, &TOO_LARGE).await,
    };
    let Some(view) = head.view(HeadKind::Request) else { return refuse(connection, &MALFORMED).await };
    let accepted = match check_request(&view, origins) {
        Ok(accepted) => accepted,
        Err(refusal) => return refuse(connection, refusal).await,
    };
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accepted}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    );
    let sent = async {
        connection.write_all(answer.as_bytes()).await?;
        connection.flush().await
    };
    sent.await.map_err(|error| phrase(&error))?;
    let stream = Rewound { early: head.rest, connection };
    Ok(Box::new(ServerBuilder::new().config(config()).limits(limits(message)).serve(stream)))
}

/// An answer to a request that opens no WebSocket.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    status: &'static str,
    fields: &'static str,
    text: &'static str,
}

const MALFORMED: Refusal = Refusal { status: "400 Bad Request", fields: "", text: "this is no HTTP request" };
const TOO_LARGE: Refusal =
    Refusal { status: "431 Request Header Fields Too Large", fields: "", text: "the request is too large" };
const NOT_AN_UPGRADE: Refusal = Refusal {
    status: "426 Upgrade Required",
    fields: "Upgrade: websocket\r\n",
    text: "here is SIP over WebSocket alone",
};
const OTHER_VERSION: Refusal = Refusal {
    status: "426 Upgrade Required",
    fields: "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    text: "version 13 of WebSocket is wanted",
};
const NO_KEY: Refusal =
    Refusal { status: "400 Bad Request", fields: "", text: "Sec-WebSocket-Key is missing or wrong" };
const NO_HOST: Refusal = Refusal { status: "400 Bad Request", fields: "", text: "Host is missing or wrong" };
const NO_SUBPROTOCOL: Refusal =
    Refusal { status: "400 Bad Request", fields: "", text: "the subprotocol sip is not offered" };
const OTHER_ORIGIN: Refusal =
    Refusal { status: "403 Forbidden", fields: "", text: "this origin may not connect" };

/// Checks what a client must send; gives what proves that it was understood.
fn check_request(request: &HeadView<'_>, origins: &[String]) -> Result<String, &'static Refusal> {
    if request.method != "GET"
        || request.version == 0
        || !request.lists("Upgrade", "websocket")
        || !request.lists("Connection", "Upgrade")
    {
        return Err(&NOT_AN_UPGRADE);
    }
    if request.value("Sec-WebSocket-Version") != Some("13") {
        return Err(&OTHER_VERSION);
    }
    let key = request.value("Sec-WebSocket-Key").unwrap_or_default();
    if STANDARD.decode(key).map_or(true, |number| number.len() != 16) {
        return Err(&NO_KEY);
    }
    // RFC 6455 §4.2.1: exactly one, and the names of subprotocols are compared as they are written (§1.9).
    if request.value("Host").is_none_or(str::is_empty) {
        return Err(&NO_HOST);
    }
    let offered = request.values("Sec-WebSocket-Protocol").flat_map(|value| value.split(','));
    if !offered.map(str::trim).any(|one| one == SUBPROTOCOL) {
        return Err(&NO_SUBPROTOCOL);
    }
    let mut named = request.values("Origin");
    if !origins.is_empty()
        && named.any(|of| !origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(of.trim())))
    {
        return Err(&OTHER_ORIGIN);
    }
    Ok(accept_value(key))
}

async fn refuse(mut connection: Connection, refusal: &Refusal) -> Result<Socket, String> {
    let Refusal { status, fields, text } = refusal;
    let answer = format!(
        "HTTP/1.1 {status}\r\n{fields}Connection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}\n",
        text.len() + 1
    );
    let told = async {
        connection.write_all(answer.as_bytes()).await?;
        connection.shutdown().await?;
        // Unread bytes would turn the end of the stream into a reset, which takes the answer with it.
        let mut rest = connection.take(UNWANTED);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    // The peer may be gone already.
    let _ = told.await;
    Err(format!("answered {status}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_the_key_of_the_rfc_is_that_of_the_rfc() {
        assert_eq!(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
