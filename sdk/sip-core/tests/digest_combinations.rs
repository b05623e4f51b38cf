//! A Digest client against a server, over messages: in all combinations of what either can do, and what either refuses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use proptest::prelude::*;
use rvoip_sans_io::{Now, Random};
use rvoip_sip_core::header::{AuthenticationInfo, Authorization};
use rvoip_sip_core::{
    Algorithm, AuthenticationFailure, ChallengeError, DigestClient, DigestCredentials, DigestServer, Ha1,
    HeaderName, Message, MessageBuf, MessageBuilder, Method, Password, Qop, Secret, StatusCode, Uri,
    Verified,
};

const LIFETIME: Duration = Duration::from_secs(60);
const REALM: &str = "a \"realm\", with\\ all";
const NOW: Duration = Duration::from_secs(1_000);

fn request(body: &str) -> MessageBuf {
    MessageBuilder::request(Method::Message, &Uri::parse("sip:bob@example.com;x=y").unwrap())
        .raw(HeaderName::From, "<sip:a@example.com>;tag=1")
        .raw(HeaderName::To, "<sip:bob@example.com>")
        .raw(HeaderName::CallId, "c")
        .raw(HeaderName::CSeq, "1 MESSAGE")
        .raw(HeaderName::Via, "SIP/2.0/UDP a;branch=z9hG4bK1")
        .body("text/plain", body.to_owned())
        .build()
        .unwrap()
}

struct Both {
    client: DigestClient,
    server: DigestServer,
    random: Random,
    now: Now,
    by_proxy: bool,
    user: String,
    secret: Secret,
}

impl Both {
    fn new(server: DigestServer, user: &str, secret: Secret) -> Self {
        let (client, random) = (DigestClient::default(), Random::from_number(7));
        Self { client, server, random, now: Now::at(NOW), by_proxy: false, user: user.to_owned(), secret }
    }

    fn simple() -> Self {
        Self::new(server(vec![Algorithm::Sha256]), "alice", Secret::Password(Password::new("secret")))
    }

    fn refusal(&mut self, request: &Message<'_>, stale: bool) -> MessageBuf {
        let failure = if stale { AuthenticationFailure::Stale } else { AuthenticationFailure::Missing };
        let challenges = self.server.challenges(self.now, stale, &mut self.random);
        challenges
            .iter()
            .fold(
                MessageBuilder::response_to(request, failure.status(self.by_proxy)),
                |builder, challenge| builder.header(&challenge.field(self.by_proxy)),
            )
            .build()
            .unwrap()
    }

    fn challenge(&mut self, request: &MessageBuf, stale: bool) -> Result<(), ChallengeError> {
        let refusal = self.refusal(&request.as_message(), stale);
        self.client.challenged(&refusal.as_message(), &request.as_message())
    }

    fn authorize(&mut self, request: &MessageBuf, password: &str) -> MessageBuf {
        let request = request.as_message();
        let user = self.user.clone();
        let headers = self.client.authorize(&request, &user, &Password::new(password), &mut self.random);
        headers
            .into_iter()
            .fold(request.edit(), |edit, (name, value)| edit.set_raw(name, &value))
            .finish()
            .unwrap()
    }

    fn verify(&mut self, request: &MessageBuf) -> Result<Verified, AuthenticationFailure> {
        let (user, secret) = (self.user.clone(), self.secret.clone());
        let realm = self.server.realm().to_owned();
        let lookup = |sent: &DigestCredentials| sent.is_of(&user, &realm).then(|| (user.clone(), secret));
        self.server.verify_request(self.now, &request.as_message(), self.by_proxy, lookup)
    }
}

fn server(algorithms: Vec<Algorithm>) -> DigestServer {
    DigestServer::new(REALM, algorithms, LIFETIME, &mut Random::from_number(3))
}

fn any_qop() -> impl Strategy<Value = Vec<Qop>> {
    prop::sample::select(vec![
        vec![],
        vec![Qop::Auth],
        vec![Qop::AuthInt],
        vec![Qop::Auth, Qop::AuthInt],
        vec![Qop::AuthInt, Qop::Auth],
    ])
}

proptest! {
    #[test]
    fn whatever_the_server_offers_the_client_answers_and_both_prove_themselves(
        algorithms in prop::sample::subsequence(Algorithm::ALL.to_vec(), 1..=6).prop_shuffle(),
        qop in any_qop(),
        user_hash: bool,
        by_proxy: bool,
        hashed: bool,
        user in "[ -~äß]{1,12}",
        password in "[ -~éøж]{0,12}",
        body in "[ -~]{0,40}",
    ) {
        let strongest = algorithms.iter().copied().max().unwrap();
        let secret = if hashed {
            Secret::Ha1(Ha1::new(strongest, &user, REALM, &Password::new(password.as_str())))
        } else {
            Secret::Password(Password::new(password.as_str()))
        };
        let server = server(algorithms).with_qop(qop.clone());
        let server = if user_hash { server.with_user_hash() } else { server };
        let mut both = Both { by_proxy, ..Both::new(server, &user, secret) };
        let plain = request(&body);
        prop_assert_eq!(both.verify(&plain).unwrap_err(), AuthenticationFailure::Missing);
        prop_assert_eq!(both.challenge(&plain, false), Ok(()));
        let sent = both.authorize(&plain, &password);
        let verified = both.verify(&sent).unwrap();
        prop_assert_eq!(&verified.username, &user);
        prop_assert_eq!(both.verify(&sent).unwrap_err(), AuthenticationFailure::Replayed);

        if !by_proxy {
            let next = both.server.next_nonce(both.now, &mut both.random);
            let info = verified.authentication_info(b"", Some(next.clone()));
            let ok = MessageBuilder::response_to(&sent.as_message(), StatusCode::OK).header(&info).build().unwrap();
            let (ok, sent) = (ok.as_message(), sent.as_message());
            let mut other = both.client.clone();
            let false_password = Password::new(format!("{password}x"));
            prop_assert!(!other.confirmed(&ok, &sent, &user, &false_password));
            prop_assert!(both.client.confirmed(&ok, &sent, &user, &Password::new(password.as_str())));
            let again = both.authorize(&plain, &password);
            let used = again.as_message().get::<Authorization<'_>>().unwrap().unwrap().digest().unwrap().unwrap();
            prop_assert_eq!((used.nonce, used.algorithm), (next, strongest));
            prop_assert!(both.verify(&again).is_ok());
        }

        let mut wrong = Both { client: DigestClient::default(), ..both };
        prop_assert_eq!(wrong.challenge(&plain, false), Ok(()));
        let sent = wrong.authorize(&plain, &format!("{password}x"));
        prop_assert_eq!(wrong.verify(&sent).unwrap_err(), AuthenticationFailure::Wrong);
        prop_assert_eq!(wrong.challenge(&sent, false), Err(ChallengeError::Rejected));
    }

    #[test]
    fn what_is_changed_on_the_way_is_seen(qop in any_qop(), change in 0..4_usize) {
        let password = Secret::Password(Password::new("secret"));
        let mut both = Both::new(server(vec![Algorithm::Sha256Sess]).with_qop(qop.clone()), "alice", password);
        let plain = request("pay 1 euro");
        both.challenge(&plain, false).unwrap();
        let sent = String::from_utf8(both.authorize(&plain, "secret").as_bytes().to_vec()).unwrap();
        let body_protected = qop == [Qop::AuthInt];
        let (changed, expected) = match change {
            0 => (sent.replace("MESSAGE", "PUBLISH"), Some(AuthenticationFailure::Wrong)),
            1 => (sent.replace("uri=\"sip:bob", "uri=\"sip:eve"), Some(AuthenticationFailure::Wrong)),
            2 => (sent.replace("pay 1", "pay 9"), body_protected.then_some(AuthenticationFailure::Wrong)),
            _ => (sent.replace("realm=\"a ", "realm=\"b "), Some(AuthenticationFailure::Missing)),
        };
        prop_assert_ne!(&changed, &sent);
        let changed = MessageBuf::parse(changed.into()).unwrap();
        prop_assert_eq!(both.verify(&changed).err(), expected);
    }
}

#[test]
fn a_server_that_wants_bodies_protected_takes_nothing_less() {
    let password = Secret::Password(Password::new("secret"));
    let offer = |qop| Both::new(server(vec![Algorithm::Md5]).with_qop(qop), "alice", password.clone());
    for weaker in [vec![], vec![Qop::Auth]] {
        let plain = request("x");
        let mut lenient = offer(weaker);
        lenient.challenge(&plain, false).unwrap();
        let sent = lenient.authorize(&plain, "secret");
        let mut strict = offer(vec![Qop::AuthInt]);
        assert_eq!(strict.verify(&sent).unwrap_err(), AuthenticationFailure::Foreign);
        assert!(lenient.verify(&sent).is_ok());
    }
}

#[test]
fn requests_that_overtake_each_other_are_taken_once_each() {
    let mut both = Both::simple();
    let plain = request("");
    both.challenge(&plain, false).unwrap();
    let sent: Vec<MessageBuf> = (0..8).map(|_| both.authorize(&plain, "secret")).collect();
    for request in sent.iter().rev() {
        assert!(both.verify(request).is_ok());
    }
    for request in &sent {
        assert_eq!(both.verify(request).unwrap_err(), AuthenticationFailure::Replayed);
    }
}

#[test]
fn an_expired_nonce_is_called_stale_and_the_client_goes_on_with_another() {
    let mut both = Both::simple();
    let plain = request("");
    both.challenge(&plain, false).unwrap();
    let sent = both.authorize(&plain, "secret");
    both.now = both.now.later(LIFETIME + Duration::from_secs(1));
    let failure = both.verify(&sent).unwrap_err();
    assert!(failure.is_stale());
    assert_eq!(both.challenge(&sent, failure.is_stale()), Ok(()));
    let sent = both.authorize(&plain, "secret");
    assert!(both.verify(&sent).is_ok());
    let sent = both.authorize(&plain, "secret");
    // A nonce of the future is none that this server gives out now.
    both.now = Now::at(NOW);
    assert_eq!(both.verify(&sent).unwrap_err(), AuthenticationFailure::Stale);
}

#[test]
fn a_server_that_calls_every_nonce_stale_is_given_up() {
    let mut both = Both::simple();
    let plain = request("");
    both.challenge(&plain, false).unwrap();
    let mut rounds = 0;
    let error = loop {
        let sent = both.authorize(&plain, "secret");
        match both.challenge(&sent, true) {
            Ok(()) => rounds += 1,
            Err(error) => break error,
        }
        assert!(rounds < 10);
    };
    assert_eq!((error, rounds), (ChallengeError::StaleAgain, 2));
    // A nonce that is given out again cannot be stale either, however often it was used.
    let mut both = Both::simple();
    let stale = both.refusal(&plain.as_message(), true);
    both.client.challenged(&stale.as_message(), &plain.as_message()).unwrap();
    let mut rounds = 0;
    let error = loop {
        let sent = both.authorize(&plain, "secret");
        match both.client.challenged(&stale.as_message(), &sent.as_message()) {
            Ok(()) => rounds += 1,
            Err(error) => break error,
        }
        assert!(rounds < 10);
    };
    assert_eq!((error, rounds), (ChallengeError::StaleAgain, 2));
}

#[test]
fn the_same_nonce_again_is_a_refusal_and_a_used_one_that_expired_is_none() {
    let mut both = Both::simple();
    let plain = request("");
    let refusal = both.refusal(&plain.as_message(), false);
    both.client.challenged(&refusal.as_message(), &plain.as_message()).unwrap();
    both.authorize(&plain, "secret");
    let second = both.authorize(&plain, "secret");
    let mut other = both.client.clone();
    assert_eq!(
        other.challenged(&refusal.as_message(), &second.as_message()),
        Err(ChallengeError::Rejected),
        "the same nonce"
    );
    assert_eq!(both.challenge(&second, false), Ok(()), "another nonce");
}

#[test]
fn verdicts_say_how_the_request_is_answered() {
    let mut both = Both::simple();
    let plain = request("");
    let with =
        |value: &str| plain.as_message().edit().set_raw(HeaderName::Authorization, value).finish().unwrap();
    for (value, verdict) in [
        ("Basic YTpi", AuthenticationFailure::Missing),
        (
            "Digest realm=\"other\", username=a, nonce=n, uri=\"sip:b\", response=0f",
            AuthenticationFailure::Missing,
        ),
        ("Digest realm", AuthenticationFailure::Malformed),
        ("Digest realm=\"x\"", AuthenticationFailure::Malformed),
    ] {
        assert_eq!(both.verify(&with(value)).unwrap_err(), verdict, "{value}");
    }
    both.challenge(&plain, false).unwrap();
    let sent = both.authorize(&plain, "secret");
    let credentials = sent.as_message().raw(HeaderName::Authorization).next().unwrap().to_owned();
    let nonce = both.server.next_nonce(both.now, &mut Random::from_number(99));
    let tampered = credentials.replace("nonce=\"0000", "nonce=\"0001");
    assert_eq!(both.verify(&with(&tampered)).unwrap_err(), AuthenticationFailure::Wrong);
    assert!(!credentials.contains(&nonce));
    // Of two fields that of our realm counts.
    let view = plain.as_message();
    let two = view.edit().set_raw(HeaderName::Authorization, "Basic YTpi");
    let two = two.push_back(&Authorization { credentials: scheme(&credentials) }).finish().unwrap();
    assert_eq!(both.verify(&two).map(|verified| verified.username), Ok("alice".to_owned()));
    assert_eq!(AuthenticationFailure::Malformed.status(true), StatusCode::BAD_REQUEST);
    assert_eq!(AuthenticationFailure::Wrong.status(false), StatusCode::UNAUTHORIZED);
    assert_eq!(AuthenticationFailure::Wrong.status(true), StatusCode::PROXY_AUTHENTICATION_REQUIRED);
}

fn scheme(text: &str) -> rvoip_sip_core::AuthScheme<'_> {
    rvoip_sip_core::schemes(text).unwrap().remove(0)
}

#[test]
fn a_hash_of_another_algorithm_opens_nothing() {
    let mut both = Both::simple();
    both.secret = Secret::Ha1(Ha1::new(Algorithm::Md5, "alice", REALM, &Password::new("secret")));
    let plain = request("");
    both.challenge(&plain, false).unwrap();
    let sent = both.authorize(&plain, "secret");
    assert_eq!(both.verify(&sent).unwrap_err(), AuthenticationFailure::Wrong);
}

#[test]
fn a_proof_for_another_request_is_none() {
    let mut both = Both::simple();
    let plain = request("");
    both.challenge(&plain, false).unwrap();
    let first = both.authorize(&plain, "secret");
    let info = both.verify(&first).unwrap().authentication_info(b"", None);
    let second = both.authorize(&plain, "secret");
    let password = Password::new("secret");
    let mut confirm = |info: &AuthenticationInfo, request: &MessageBuf| {
        let request = request.as_message();
        let ok = MessageBuilder::response_to(&request, StatusCode::OK).header(info).build().unwrap();
        both.client.confirmed(&ok.as_message(), &request, "alice", &password)
    };
    assert!(confirm(&info, &first));
    assert!(!confirm(&info, &second));
    let relabelled = AuthenticationInfo { cnonce: None, nonce_count: None, ..info };
    assert!(!confirm(&relabelled, &second));
}
