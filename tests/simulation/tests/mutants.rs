//! `RVOIP_MUTANTS` mutated messages into phones with live calls: nothing panics, nothing grows, everything ends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rvoip_hostile::mutation::mutate;
use rvoip_sans_io::{FlowId, Now, Random};
use rvoip_session_core::{UserAgentEvent, UserAgentOutput};
use rvoip_simulation::phone::Phone;
use rvoip_simulation::seeds;

/// Messages to one phone before the next one takes its place.
const PER_PHONE: u64 = 2_000;
/// Transactions, dialogs and sessions that one phone may hold by then.
const LIVE: usize = 4_000;

fn messages() -> Vec<String> {
    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n\
               a=rtpmap:101 telephone-event/8000\r\n";
    let request = |method: &str, id: u32, tag: &str, extra: &str, body: &str| {
        format!(
            "{method} sip:phone@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{method}{id};rport\r\n\
             Max-Forwards: 70\r\nFrom: \"Bob\" <sip:bob@example.com>;tag=b{id}\r\nTo: <sip:alice@example.com>{tag}\r\n\
             Call-ID: call{id}\r\nCSeq: {id} {method}\r\nContact: <sip:bob@192.0.2.2:5060>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let typed = "Content-Type: application/sdp\r\n";
    vec![
        request("INVITE", 1, "", typed, sdp),
        request("ACK", 1, ";tag=x", "", ""),
        request("BYE", 2, ";tag=x", "", ""),
        request("CANCEL", 1, "", "", ""),
        request("OPTIONS", 3, "", "Accept: application/sdp\r\nSupported: timer, 100rel\r\n", ""),
        request("MESSAGE", 4, "", "Content-Type: text/plain\r\n", "hello"),
        request("INFO", 5, ";tag=x", "Content-Type: application/dtmf-relay\r\n", "Signal=1\r\nDuration=160\r\n"),
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport=5060;received=192.0.2.1\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
         To: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:bob@192.0.2.2>\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\nFrom: <sip:alice@example.com>;tag=a\r\n\
         To: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\"\r\n\r\n"
            .to_owned(),
    ]
}

/// Does what the phone wants, and answers every call after a while; what it sent last is given back.
fn settle(
    phone: &mut Phone,
    now: Now,
    random: &mut Random,
    sent: &mut Vec<Vec<u8>>,
) -> Option<rvoip_sans_io::Instant> {
    let mut accept = Vec::new();
    let next = loop {
        match phone.agent.poll_output() {
            UserAgentOutput::Transmit(transmit) => {
                SENT.fetch_add(1, Ordering::Relaxed);
                sent.push(transmit.bytes.to_vec());
                if sent.len() > 16 {
                    sent.remove(0);
                }
            }
            UserAgentOutput::Event(UserAgentEvent::InviteReceived { session, .. }) => {
                CALLS.fetch_add(1, Ordering::Relaxed);
                accept.push(session);
            }
            UserAgentOutput::Media(question) => {
                let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
                let answer = match question.question {
                    rvoip_session_core::MediaQuestion::SetRemote { .. }
                    | rvoip_session_core::MediaQuestion::Rollback => rvoip_session_core::MediaAnswer::Applied,
                    rvoip_session_core::MediaQuestion::CreateOffer { .. }
                    | rvoip_session_core::MediaQuestion::CreateAnswer { .. } => {
                        rvoip_session_core::MediaAnswer::Description(text.to_owned())
                    }
                };
                phone.agent.media_answered(now, question.negotiation, answer);
            }
            UserAgentOutput::Event(_)
            | UserAgentOutput::OpenFlow(_)
            | UserAgentOutput::CloseFlow(_)
            | UserAgentOutput::Dns(..) => {}
            UserAgentOutput::Timeout(at) => break at,
        }
    };
    for session in accept {
        if random.chance(0.5) {
            phone.agent.accept(now, session);
        }
    }
    next
}

/// The message as one of another transaction and call.
fn renamed(message: &[u8], round: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(message).replace("z9hG4bK", &format!("z9hG4bK{round}x"));
    text.replace("Call-ID: ", &format!("Call-ID: {round}x")).into_bytes()
}

/// Messages that phones sent in answer: proof that mutants get further than the parser.
static SENT: AtomicU64 = AtomicU64::new(0);
/// Calls that mutants made.
static CALLS: AtomicU64 = AtomicU64::new(0);

fn phone_survives(seed: u64) -> Result<(), String> {
    let mut random = Random::from_number(seed);
    let mut now = Now::at(Duration::ZERO);
    let address = std::net::SocketAddr::from(([192, 0, 2, 1], 5_060));
    let peer = std::net::SocketAddr::from(([192, 0, 2, 2], 5_060));
    let mut phone = Phone::new("alice", address, now, random.fork()).map_err(|error| error.to_string())?;
    let messages = messages();
    let mut sent: Vec<Vec<u8>> = Vec::new();
    let to = rvoip_sip_core::UriBuf::parse("sip:bob@192.0.2.2").map_err(|error| error.to_string())?;
    let pick = |random: &mut Random, count: usize| usize::try_from(random.below(count as u64)).unwrap_or(0);
    for round in 0..PER_PHONE {
        if round % 100 == 0 {
            phone.agent.invite(now, phone.identity, &to);
        }
        // What the phone itself sent comes back as if from its peer: so mutants find its transactions and dialogs.
        let own = sent.get(pick(&mut random, sent.len().max(1))).cloned();
        let base = match own.filter(|_| random.chance(0.5)) {
            Some(own) => {
                String::from_utf8_lossy(&own).replacen("INVITE sip", "SIP/2.0 200 OK\r\nX: ", 1).into_bytes()
            }
            None => messages
                .get(pick(&mut random, messages.len()))
                .map(|text| text.clone().into_bytes())
                .unwrap_or_default(),
        };
        // Half of them begin something new, the others speak of what is there.
        let base = if random.chance(0.5) { renamed(&base, round) } else { base };
        let other = messages.get(pick(&mut random, messages.len())).map(String::as_bytes).unwrap_or_default();
        let mut bytes = base;
        if random.chance(0.9) {
            mutate(&mut bytes, other, &mut random);
            bytes.truncate(65_000);
        }
        phone.agent.handle_received(now, FlowId::from_platform(1), peer, &bytes);
        settle(&mut phone, now, &mut random, &mut sent);
        now = now.later(Duration::from_millis(random.below(200)));
        phone.agent.handle_timeout(now);
        settle(&mut phone, now, &mut random, &mut sent);
        if phone.agent.live() > LIVE {
            return Err(format!("{} things are alive after {round} messages", phone.agent.live()));
        }
    }
    // Calls that were established stay until somebody hangs up; everything else ends by itself.
    for _ in 0..20_000 {
        let Some(at) = settle(&mut phone, now, &mut random, &mut sent) else { return Ok(()) };
        now = now.when(at);
        phone.agent.handle_timeout(now);
    }
    Err("the timers do not end".to_owned())
}

#[test]
fn a_million_mutants_harm_nobody() {
    let count = seeds::number("RVOIP_MUTANTS", 200_000).div_ceil(PER_PHONE);
    let failures = seeds::all(count, phone_survives);
    assert!(failures.is_empty(), "{failures:?}");
    let (sent, calls) = (SENT.load(Ordering::Relaxed), CALLS.load(Ordering::Relaxed));
    assert!(
        sent > count * PER_PHONE / 10 && calls > count,
        "only {sent} messages were sent, {calls} calls made"
    );
    println!("{count} phones sent {sent} messages and took {calls} calls");
}
