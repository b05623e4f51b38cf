//! How much memory a transaction and a call take: a switch has hundreds of thousands of them.

use std::time::Duration;

use rvoip_hostile::memory::{Counting, held};
use rvoip_sans_io::{FlowId, Now, Random};
use rvoip_session_core::{MediaAnswer, UserAgentEvent, UserAgentOutput};
use rvoip_simulation::phone::Phone;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const COUNT: isize = 500;

fn request(method: &str, id: isize, to_tag: &str, body: &str) -> String {
    let typed = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:phone@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{method}{id};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Bob\" <sip:bob@example.com>;tag=b{id}\r\nTo: <sip:alice@example.com>{to_tag}\r\n\
         Call-ID: call{id}\r\nCSeq: 1 {method}\r\nContact: <sip:bob@192.0.2.2:5060>\r\n{typed}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Does what the phone wants; accepts every call; gives our tags as they were sent.
fn settle(phone: &mut Phone, now: Now) -> Vec<String> {
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let mut tags = Vec::new();
    loop {
        match phone.agent.poll_output() {
            UserAgentOutput::Transmit(transmit) => {
                let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
                let to = text.lines().find(|line| line.starts_with("To:")).unwrap_or_default();
                tags.extend(to.split_once(";tag=").map(|(_, tag)| tag.to_owned()));
            }
            UserAgentOutput::Event(UserAgentEvent::InviteReceived { session, .. }) => {
                phone.agent.accept(now, session);
            }
            UserAgentOutput::Media(question) => {
                phone.agent.media_answered(
                    now,
                    question.negotiation,
                    MediaAnswer::Description(sdp.to_owned()),
                );
            }
            UserAgentOutput::Event(_)
            | UserAgentOutput::OpenFlow(_)
            | UserAgentOutput::CloseFlow(_)
            | UserAgentOutput::Dns(..) => {}
            UserAgentOutput::Timeout(_) => return tags,
        }
    }
}

#[test]
fn a_transaction_and_a_call_are_small() {
    let now = Now::at(Duration::ZERO);
    let address = std::net::SocketAddr::from(([192, 0, 2, 1], 5_060));
    let peer = std::net::SocketAddr::from(([192, 0, 2, 2], 5_060));
    let flow = FlowId::from_platform(1);
    let mut phone = Phone::new("alice", address, now, Random::from_number(1)).unwrap();
    settle(&mut phone, now);

    let before = held();
    for id in 0..COUNT {
        phone.agent.handle_received(now, flow, peer, request("OPTIONS", id, "", "").as_bytes());
        settle(&mut phone, now);
    }
    let transaction = (held() - before) / COUNT;

    let sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n\
               a=rtpmap:101 telephone-event/8000\r\n";
    let before = held();
    for id in 0..COUNT {
        phone.agent.handle_received(now, flow, peer, request("INVITE", id, "", sdp).as_bytes());
        let tags = settle(&mut phone, now);
        let tag = tags.last().map(|tag| format!(";tag={tag}")).unwrap_or_default();
        phone.agent.handle_received(now, flow, peer, request("ACK", id, &tag, "").as_bytes());
        settle(&mut phone, now);
    }
    let with_transaction = (held() - before) / COUNT;
    // The INVITE's transaction waits 32 s for more ACKs; the call itself remains.
    let later = now.later(Duration::from_secs(40));
    phone.agent.handle_timeout(later);
    settle(&mut phone, later);
    let call = (held() - before) / COUNT + transaction;
    println!("a transaction holds {transaction} bytes, a new call {with_transaction}, an old one {call}");
    assert!(phone.agent.live() >= usize::try_from(COUNT).unwrap(), "the calls are there");
    assert!(transaction < 4_096, "{transaction} bytes a transaction");
    assert!(
        with_transaction < 8_192 && call < 4_096,
        "{with_transaction} bytes a new call, {call} an old one"
    );
}
