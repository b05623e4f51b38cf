//! The scripted peer: what came, what it remembers, and the messages that it writes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use bytes::Bytes;
use rvoip_driver::{FlowId, Random};
use rvoip_sip_core::header::{CSeq, CallId, Contact, From, To, Via};
use rvoip_sip_core::{DigestServer, HeaderName, Message, Method, StatusCode};

use super::repeats::Repeats;
use super::world::{PEER, Packet};

/// A message that came.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) client: usize,
    pub(super) flow: FlowId,
    pub(super) bytes: Bytes,
}

impl Received {
    pub(super) fn message(&self) -> Result<Message<'_>, String> {
        Message::parse(&self.bytes).map_err(|fault| format!("the client sent no message: {:?}", fault.kind))
    }

    /// The first line, for people.
    pub(super) fn line(&self) -> String {
        let line = self.bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    }
}

/// A dialog as the peer sees it.
#[derive(Clone, Debug)]
pub(super) struct Dialog {
    pub(super) client: usize,
    pub(super) flow: FlowId,
    call_id: String,
    local: String,
    remote: String,
    target: String,
    sequence: u32,
}

/// The peer's last INVITE.
#[derive(Clone, Debug)]
struct Invite {
    client: usize,
    flow: FlowId,
    uri: String,
    via: String,
    from: String,
    to: String,
    call_id: String,
    sequence: u32,
}

#[derive(Debug)]
pub(super) struct Peer {
    /// Connections are refused.
    pub(super) refuses: bool,
    pub(super) ignored: BTreeSet<String>,
    pub(super) inbox: VecDeque<Received>,
    pub(super) outgoing: VecDeque<Packet>,
    pub(super) servers: BTreeMap<String, DigestServer>,
    pub(super) random: Random,
    /// Messages that came already: what comes again is no news, but counted.
    pub(super) repeats: Repeats,
    /// The last message that was sent.
    sent: Option<Packet>,
    /// The last request of each method that was expected.
    requests: BTreeMap<String, Received>,
    latest: Option<String>,
    /// INVITEs that were refused: their ACKs belong to the transaction.
    refused: BTreeSet<(String, u32)>,
    pub(super) dialog: Option<Dialog>,
    invite: Option<Invite>,
    /// The last way to each client, and its contact.
    ways: BTreeMap<usize, (FlowId, Option<String>)>,
    number: u32,
}

impl Peer {
    pub(super) fn new(random: Random) -> Self {
        Self {
            refuses: false,
            ignored: BTreeSet::new(),
            inbox: VecDeque::new(),
            outgoing: VecDeque::new(),
            servers: BTreeMap::new(),
            random,
            repeats: Repeats::default(),
            sent: None,
            requests: BTreeMap::new(),
            latest: None,
            refused: BTreeSet::new(),
            dialog: None,
            invite: None,
            ways: BTreeMap::new(),
            number: 0,
        }
    }

    fn next_number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    /// A message of a client.
    pub(super) fn receive(&mut self, received: Received) {
        let bytes = &received.bytes;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            if bytes.len() == 4 {
                let Received { client, flow, .. } = received;
                self.outgoing.push_back(Packet { client, flow, bytes: Bytes::from_static(b"\r\n") });
            }
            return;
        }
        if self.repeats.has(bytes) {
            return;
        }
        if self.is_settled(&received).unwrap_or(false) {
            return;
        }
        self.inbox.push_back(received);
    }

    /// Whether a message needs nobody's attention: it is ignored, or belongs to a transaction that is over.
    fn is_settled(&mut self, received: &Received) -> Result<bool, String> {
        let message = received.message()?;
        let contact = message.get::<Contact<'_>>().and_then(Result::ok);
        let contact = contact.and_then(|contact| Some(contact.uri()?.to_string()));
        let known = self.ways.get(&received.client).and_then(|(_, contact)| contact.clone());
        self.ways.insert(received.client, (received.flow, contact.or(known)));
        let sequence = message.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        let call_id = message.require::<CallId<'_>>().map_or_else(|_| String::new(), |id| id.0.to_owned());
        if let Some(method) = message.method() {
            let acknowledges = method == Method::Ack && self.refused.contains(&(call_id, sequence));
            return Ok(acknowledges || self.ignored.contains(method.as_str()));
        }
        let is_invite = message.require::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Invite);
        let refuses = message.status().is_some_and(|status| status.code() >= 300);
        if is_invite && refuses {
            self.acknowledge_refusal(&message);
        }
        Ok(false)
    }

    /// Remembers an expected request, so that it can be answered.
    pub(super) fn note(&mut self, received: &Received) -> Result<(), String> {
        self.repeats.note(received);
        let message = received.message()?;
        match message.method() {
            Some(method) => {
                self.requests.insert(method.as_str().to_owned(), received.clone());
                self.latest = Some(method.as_str().to_owned());
            }
            None => self.note_response(received, &message),
        }
        Ok(())
    }

    /// An answer to our INVITE makes the dialog.
    fn note_response(&mut self, received: &Received, message: &Message<'_>) {
        let Some(invite) = &self.invite else { return };
        let (Ok(cseq), Ok(to)) = (message.require::<CSeq>(), message.require::<To<'_>>()) else { return };
        if cseq.method != Method::Invite || to.tag().is_none() {
            return;
        }
        let target = message.get::<Contact<'_>>().and_then(Result::ok);
        let target = target.and_then(|contact| Some(contact.uri()?.to_string()));
        let raw = |name: HeaderName| message.raw(name).next().unwrap_or_default().to_owned();
        self.dialog = Some(Dialog {
            client: received.client,
            flow: received.flow,
            call_id: invite.call_id.clone(),
            local: raw(HeaderName::From),
            remote: raw(HeaderName::To),
            target: target.unwrap_or_else(|| invite.uri.clone()),
            sequence: invite.sequence,
        });
    }

    /// The request that a response is for.
    pub(super) fn request(&self, method: Option<&str>) -> Result<&Received, String> {
        let method = method.or(self.latest.as_deref()).ok_or("there is no request to answer")?;
        self.requests.get(method).ok_or_else(|| format!("there is no {method} to answer"))
    }

    /// Writes a response to a request of a client.
    pub(super) fn respond(
        &mut self,
        received: &Received,
        status: u16,
        tag: Option<&str>,
        fields: &BTreeMap<String, String>,
        body: Option<(String, String)>,
    ) -> Result<(), String> {
        let message = received.message()?;
        let code = StatusCode::new(status).ok_or_else(|| format!("{status} is no status"))?;
        let method = message.method().unwrap_or(Method::Options);
        let mut text = format!("SIP/2.0 {status} {}\r\n", code.reason());
        let copy = |text: &mut String, name: HeaderName| {
            for value in message.raw(name.clone()) {
                let _ = write!(text, "{}: {value}\r\n", name.as_str());
            }
        };
        copy(&mut text, HeaderName::Via);
        copy(&mut text, HeaderName::From);
        let to = message.raw(HeaderName::To).next().unwrap_or_default();
        let tagged = message.require::<To<'_>>().is_ok_and(|to| to.tag().is_some());
        let to = if tagged || status == 100 {
            to.to_owned()
        } else {
            format!("{to};tag={}", tag.unwrap_or("peer"))
        };
        let _ = write!(text, "To: {to}\r\n");
        copy(&mut text, HeaderName::CallId);
        copy(&mut text, HeaderName::CSeq);
        let contact = format!("<sip:peer@{PEER}>");
        if method == Method::Invite && status > 100 && status < 300 && !fields.contains_key("Contact") {
            let _ = write!(text, "Contact: {contact}\r\n");
        }
        finish(&mut text, fields, body);
        let sequence = message.require::<CSeq>().map_or(0, |cseq| cseq.sequence);
        let call_id = message.require::<CallId<'_>>().map_or_else(|_| String::new(), |id| id.0.to_owned());
        if method == Method::Invite {
            if status >= 300 {
                self.refused.insert((call_id, sequence));
            } else if status > 100
                && self.dialog.as_ref().is_none_or(|dialog| dialog.call_id != call_id || dialog.local != to)
            {
                let target = message.get::<Contact<'_>>().and_then(Result::ok);
                let target = target.and_then(|contact| Some(contact.uri()?.to_string()));
                self.dialog = Some(Dialog {
                    client: received.client,
                    flow: received.flow,
                    call_id,
                    local: to,
                    remote: message.raw(HeaderName::From).next().unwrap_or_default().to_owned(),
                    target: target.unwrap_or_default(),
                    sequence: 0,
                });
            }
        }
        self.send(received.client, received.flow, text);
        Ok(())
    }

    /// Writes a request: within the dialog, or a new one to a client.
    pub(super) fn send_request(
        &mut self,
        method: &str,
        client: Option<usize>,
        uri: Option<&str>,
        fields: &BTreeMap<String, String>,
        body: Option<(String, String)>,
    ) -> Result<(), String> {
        let number = self.next_number();
        if method == "CANCEL" {
            let invite = self.invite.clone().ok_or("there is no INVITE to cancel")?;
            let mut text = format!(
                "CANCEL {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} CANCEL\r\n",
                invite.uri, invite.via, invite.from, invite.to, invite.call_id, invite.sequence
            );
            finish(&mut text, fields, body);
            self.send(invite.client, invite.flow, text);
            return Ok(());
        }
        let via = format!("SIP/2.0/UDP {PEER};branch=z9hG4bKpeer{number}");
        let dialog = if client.is_some() { None } else { self.dialog.as_mut() };
        let invite = if let Some(dialog) = dialog {
            let sequence = if method == "ACK" { dialog.sequence } else { dialog.sequence + 1 };
            dialog.sequence = sequence;
            Invite {
                client: dialog.client,
                flow: dialog.flow,
                uri: uri.map_or_else(|| dialog.target.clone(), str::to_owned),
                via,
                from: dialog.local.clone(),
                to: dialog.remote.clone(),
                call_id: dialog.call_id.clone(),
                sequence,
            }
        } else {
            let client = client.unwrap_or(0);
            let (flow, contact) =
                self.ways.get(&client).cloned().unwrap_or_else(|| (super::world::Member::datagrams(), None));
            let uri = uri.map(str::to_owned).or(contact);
            let uri = uri.unwrap_or_else(|| format!("sip:phone@192.0.2.{}:5060", client + 1));
            Invite {
                client,
                flow,
                via,
                from: format!("\"Peer\" <sip:peer@example.com>;tag=peer{number}"),
                to: format!("<{uri}>"),
                uri,
                call_id: format!("peer-{number}@example.com"),
                sequence: 1,
            }
        };
        let mut text = format!(
            "{method} {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\n",
            invite.uri, invite.via, invite.from, invite.to, invite.call_id, invite.sequence
        );
        if method == "INVITE" && !fields.contains_key("Contact") {
            let _ = write!(text, "Contact: <sip:peer@{PEER}>\r\n");
        }
        finish(&mut text, fields, body);
        let (to, flow) = (invite.client, invite.flow);
        if method == "INVITE" {
            self.invite = Some(invite);
        }
        self.send(to, flow, text);
        Ok(())
    }

    /// Our INVITE was refused: its transaction acknowledges (RFC 3261 §17.1.1.3).
    fn acknowledge_refusal(&mut self, response: &Message<'_>) {
        let Some(invite) = self.invite.clone() else { return };
        let ours =
            response.get::<Via<'_>>().and_then(Result::ok).and_then(|via| Some(via.branch()?.to_owned()));
        if !ours.is_some_and(|branch| invite.via.ends_with(&branch)) {
            return;
        }
        let to = response.raw(HeaderName::To).next().unwrap_or_default();
        let from = response.require::<From<'_>>().map_or_else(|_| String::new(), |_| invite.from.clone());
        let text = format!(
            "ACK {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
            invite.uri, invite.via, invite.call_id, invite.sequence
        );
        self.send(invite.client, invite.flow, text);
    }

    /// The way to a client.
    pub(super) fn way(&self, client: usize) -> FlowId {
        self.ways.get(&client).map_or_else(super::world::Member::datagrams, |(flow, _)| *flow)
    }

    pub(super) fn send(&mut self, client: usize, flow: FlowId, text: String) {
        let packet = Packet { client, flow, bytes: text.into() };
        self.sent = Some(packet.clone());
        self.outgoing.push_back(packet);
    }

    /// Sends the last message once more, as it was.
    pub(super) fn resend(&mut self) -> Result<(), String> {
        let packet = self.sent.clone().ok_or("nothing was sent that could be sent again")?;
        self.outgoing.push_back(packet);
        Ok(())
    }

    /// A session description of that kind.
    pub(super) fn describe(&mut self, kind: &str) -> Result<String, String> {
        let version = self.next_number();
        let address = if kind == "held" { "0.0.0.0" } else { "198.51.100.1" };
        let head = format!(
            "v=0\r\no=peer 1 {version} IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        );
        let audio = "m=audio 30000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";
        Ok(match kind {
            "sendrecv" | "sendonly" | "recvonly" | "inactive" => format!("{head}{audio}a={kind}\r\n"),
            "held" => format!("{head}{audio}"),
            "no_events" => format!("{head}m=audio 30000 RTP/AVP 0\r\n"),
            "refused" => format!("{head}m=audio 0 RTP/AVP 0\r\n"),
            "video" => format!("{head}m=video 30000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"),
            "unknown_codec" => format!("{head}m=audio 30000 RTP/AVP 97\r\na=rtpmap:97 mystery/8000\r\n"),
            "broken" => "v=0\r\nthis is none\r\n".to_owned(),
            other => return Err(format!("there is no session description of the kind {other}")),
        })
    }
}

/// Adds what every message ends with.
fn finish(text: &mut String, fields: &BTreeMap<String, String>, body: Option<(String, String)>) {
    for (name, value) in fields {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if let Some((content_type, body)) = body {
        let _ = write!(text, "Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    } else {
        text.push_str("Content-Length: 0\r\n\r\n");
    }
}
