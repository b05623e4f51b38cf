//! Answers in provisional responses: what they are worth when the call is answered.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::time::Duration;

use rvoip_session_core::{EndCause, MediaAnswer, MediaQuestion, SessionId, UserAgentEvent};
use rvoip_sip_core::{HeaderName, MessageBuf, MessageBuilder, StatusCode, UriBuf};
use server::{Bench, SERVER};

/// A description that is told apart by its port.
fn description(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
    )
}

/// Alice calls, and the test is whom she reaches.
struct Call {
    bench: Bench,
    session: SessionId,
    invite: MessageBuf,
}

impl Call {
    fn new() -> Self {
        let mut bench = Bench::new();
        let to = UriBuf::parse("sip:bob@example.com").unwrap();
        let session = bench.phone.invite(bench.now, bench.alice, &to);
        bench.collect();
        let question = bench.questions.remove(0);
        let offer = MediaAnswer::Description(description(4_000));
        bench.phone.media_answered(bench.now, question.negotiation, offer);
        bench.collect();
        let invite = bench.last();
        Self { bench, session, invite }
    }

    /// A response of the branch `tag`, with a description if it has a port.
    fn response(&mut self, status: u16, tag: &str, port: Option<u16>) {
        let status = StatusCode::new(status).unwrap();
        let builder = MessageBuilder::response_to(&self.invite.as_message(), status).to_tag(tag);
        let builder = builder.raw(HeaderName::Contact, &format!("<sip:{tag}@{SERVER}>"));
        let builder = match port {
            Some(port) => builder.body("application/sdp", description(port)),
            None => builder,
        };
        let response = builder.build().unwrap();
        self.bench.receive(std::str::from_utf8(response.as_bytes()).unwrap());
    }

    /// Answers what the media side was asked, which is given.
    fn media(&mut self, answer: MediaAnswer) -> MediaQuestion {
        let question = self.bench.questions.remove(0);
        self.bench.phone.media_answered(self.bench.now, question.negotiation, answer);
        self.bench.collect();
        question.question
    }

    fn applied(&mut self) -> MediaQuestion {
        self.media(MediaAnswer::Applied)
    }

    fn is_established(&self) -> bool {
        self.bench.events.iter().any(|event| matches!(event, UserAgentEvent::Established { .. }))
    }

    fn end(mut self) {
        self.bench.phone.hang_up(self.bench.now, self.session);
        self.bench.wait(Duration::from_secs(64));
        assert_eq!(self.bench.phone.live(), 0);
    }
}

fn answer(port: u16, provisional: bool) -> MediaQuestion {
    MediaQuestion::SetRemote { answer: description(port), provisional }
}

#[test]
fn the_first_answer_of_a_dialog_is_its_answer_whatever_its_later_responses_describe() {
    let mut call = Call::new();
    call.response(183, "bob", Some(5_000));
    assert_eq!(call.applied(), answer(5_000, true));
    call.response(183, "bob", Some(5_002));
    assert!(call.bench.questions.is_empty(), "{:?}", call.bench.questions);
    call.response(200, "bob", Some(5_004));
    assert_eq!(call.applied(), answer(5_000, false));
    assert!(call.is_established());
    call.end();
}

#[test]
fn a_2xx_without_description_confirms_the_early_answer() {
    let mut call = Call::new();
    call.response(183, "bob", Some(5_000));
    call.applied();
    call.response(200, "bob", None);
    assert_eq!(call.applied(), answer(5_000, false));
    assert!(call.is_established());
    call.end();
}

#[test]
fn each_branch_of_a_fork_has_an_answer_of_its_own() {
    let mut call = Call::new();
    call.response(183, "desk", Some(5_000));
    assert_eq!(call.applied(), answer(5_000, true));
    call.response(183, "mailbox", Some(6_000));
    assert_eq!(call.applied(), answer(6_000, true));
    call.response(200, "desk", Some(5_002));
    assert_eq!(call.applied(), answer(5_000, false));
    call.end();
}

#[test]
fn a_branch_that_answers_without_early_media_brings_its_own_description() {
    let mut call = Call::new();
    call.response(183, "mailbox", Some(6_000));
    call.applied();
    call.response(200, "desk", Some(5_000));
    assert_eq!(call.applied(), answer(5_000, false));
    call.end();
}

#[test]
fn an_early_answer_that_the_media_refused_gives_way_to_that_of_the_2xx() {
    let mut call = Call::new();
    call.response(183, "bob", Some(5_000));
    let reason = "no codec in common".to_owned();
    call.media(MediaAnswer::Refused { status: StatusCode::NOT_ACCEPTABLE_HERE, reason });
    call.response(200, "bob", Some(5_002));
    assert_eq!(call.applied(), answer(5_002, false));
    assert!(call.is_established());
    call.end();
}

#[test]
fn an_answer_that_is_refused_in_the_end_ends_the_call() {
    let mut call = Call::new();
    call.response(183, "bob", Some(5_000));
    call.applied();
    call.response(200, "bob", None);
    let reason = "no codec in common".to_owned();
    let refused = MediaAnswer::Refused { status: StatusCode::NOT_ACCEPTABLE_HERE, reason: reason.clone() };
    call.bench.sent.clear();
    call.media(refused);
    assert!(call.bench.sent.iter().any(|text| text.starts_with("BYE ")), "{:?}", call.bench.sent);
    let bye = call.bench.last();
    call.bench.answer(&bye, 200, &[]);
    let ended = UserAgentEvent::Ended { session: call.session, cause: EndCause::MediaRefused { reason } };
    assert!(call.bench.events.contains(&ended), "{:?}", call.bench.events);
    call.end();
}
