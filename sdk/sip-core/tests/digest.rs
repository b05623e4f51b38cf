//! Digest client and server against each other, in all combinations, and what each refuses.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_sans_io::{Now, Random};
use rvoip_sip_core::{
    Algorithm, AuthenticationFailure, ChallengeError, DigestClient, DigestCredentials, DigestServer,
    HeaderName, Message, MessageBuf, Password, schemes,
};

const LIFETIME: Duration = Duration::from_secs(300);

fn request(body: &str) -> MessageBuf {
    let text = format!(
        "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@example.com>;tag=1\r\n\
         To: <sip:bob@example.com>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    MessageBuf::parse(text.into()).unwrap()
}

fn response(status: &str, name: &str, fields: &[String]) -> MessageBuf {
    let fields: String = fields.iter().map(|field| format!("{name}: {field}\r\n")).collect();
    MessageBuf::parse(format!("SIP/2.0 {status}\r\n{fields}\r\n").into()).unwrap()
}

fn with(request: &Message<'_>, headers: &[(HeaderName, String)]) -> MessageBuf {
    headers
        .iter()
        .fold(request.edit(), |edit, (name, value)| edit.set_raw(name.clone(), value))
        .finish()
        .unwrap()
}

fn credentials(request: &Message<'_>) -> DigestCredentials {
    let value = request.raw(HeaderName::Authorization).next().unwrap();
    DigestCredentials::read(&schemes(value).unwrap()[0]).unwrap().unwrap()
}

struct Both {
    client: DigestClient,
    server: DigestServer,
    users: BTreeMap<String, Password>,
    random: Random,
    now: Now,
}

impl Both {
    fn new(algorithms: Vec<Algorithm>) -> Self {
        let mut random = Random::from_number(5);
        Self {
            client: DigestClient::default(),
            server: DigestServer::new("example.com", algorithms, LIFETIME, &mut random),
            users: BTreeMap::from([("alice".to_owned(), Password::new("se\"cret"))]),
            random,
            now: Now::at(Duration::ZERO),
        }
    }

    /// The request with credentials after a challenge.
    fn answered(&mut self, request: &Message<'_>, user: &str, password: &str) -> MessageBuf {
        let challenges: Vec<String> = self
            .server
            .challenges(self.now, false, &mut self.random)
            .iter()
            .map(ToString::to_string)
            .collect();
        let refusal = response("401 Unauthorized", "WWW-Authenticate", &challenges);
        self.client.challenged(&refusal.as_message(), request).unwrap();
        self.again(request, user, password)
    }

    fn again(&mut self, request: &Message<'_>, user: &str, password: &str) -> MessageBuf {
        let headers = self.client.authorize(request, user, &Password::new(password), &mut self.random);
        with(request, &headers)
    }

    fn verify(&mut self, request: &Message<'_>) -> Result<String, AuthenticationFailure> {
        let credentials = credentials(request);
        self.server.verify(self.now, "MESSAGE", request.body(), &credentials, &self.users)
    }
}

#[test]
fn every_algorithm_authenticates_and_refuses_a_wrong_password() {
    for algorithm in Algorithm::ALL {
        let mut both = Both::new(vec![algorithm]);
        let request = request("hello");
        let sent = both.answered(&request.as_message(), "alice", "se\"cret");
        assert_eq!(credentials(&sent.as_message()).algorithm, algorithm);
        assert_eq!(both.verify(&sent.as_message()), Ok("alice".to_owned()), "{algorithm}");
        assert_eq!(both.verify(&sent.as_message()), Err(AuthenticationFailure::Replayed));
        let next = both.again(&request.as_message(), "alice", "se\"cret");
        assert_eq!(credentials(&next.as_message()).nonce_count, 2);
        assert_eq!(both.verify(&next.as_message()), Ok("alice".to_owned()));
        for (user, password) in [("alice", "wrong"), ("bob", "se\"cret"), ("", "")] {
            let sent = both.answered(&request.as_message(), user, password);
            assert_eq!(
                both.verify(&sent.as_message()),
                Err(AuthenticationFailure::Wrong),
                "{algorithm} {user}"
            );
        }
    }
}

#[test]
fn the_strongest_of_several_challenges_is_taken() {
    let mut both = Both::new(vec![Algorithm::Md5, Algorithm::Sha512Trunc256, Algorithm::Sha256]);
    let request = request("");
    let sent = both.answered(&request.as_message(), "alice", "se\"cret");
    assert_eq!(credentials(&sent.as_message()).algorithm, Algorithm::Sha512Trunc256);
    let fields = ["Basic realm=\"x\", Digest realm=\"y\", nonce=\"1\", algorithm=SHA-9".to_owned()];
    let unknown = response("401 Unauthorized", "WWW-Authenticate", &fields);
    let mut client = DigestClient::default();
    let outcome = client.challenged(&unknown.as_message(), &request.as_message());
    assert_eq!(outcome, Err(ChallengeError::Unsupported));
    let none = response("401 Unauthorized", "X", &[]);
    assert_eq!(
        client.challenged(&none.as_message(), &request.as_message()),
        Err(ChallengeError::NoChallenge)
    );
}

#[test]
fn a_body_is_protected_where_the_server_wants_it() {
    let mut both = Both::new(vec![Algorithm::Sha256]);
    let request = request("pay 1 euro");
    let challenge = both.server.challenges(both.now, false, &mut both.random)[0].to_string();
    let fields = [challenge.replace("auth,auth-int", "auth-int")];
    let refusal = response("401 Unauthorized", "WWW-Authenticate", &fields);
    both.client.challenged(&refusal.as_message(), &request.as_message()).unwrap();
    let sent = both.again(&request.as_message(), "alice", "se\"cret");
    let forged = String::from_utf8(sent.as_bytes().to_vec()).unwrap().replace("pay 1", "pay 9");
    let forged = MessageBuf::parse(forged.into()).unwrap();
    assert_eq!(both.verify(&forged.as_message()), Err(AuthenticationFailure::Wrong));
    assert_eq!(both.verify(&sent.as_message()), Ok("alice".to_owned()));
}

#[test]
fn a_second_challenge_is_a_refusal_unless_the_nonce_was_stale_or_old() {
    let mut both = Both::new(vec![Algorithm::Md5]);
    let request = request("");
    let first = both.answered(&request.as_message(), "alice", "wrong");
    let refusal = |both: &mut Both, stale: bool| {
        let challenge = both.server.challenges(both.now, stale, &mut both.random)[0].to_string();
        response("401 Unauthorized", "WWW-Authenticate", &[challenge])
    };
    let stale = refusal(&mut both, true);
    assert_eq!(both.client.challenged(&stale.as_message(), &first.as_message()), Ok(()));
    let again = refusal(&mut both, false);
    assert_eq!(
        both.client.challenged(&again.as_message(), &first.as_message()),
        Err(ChallengeError::Rejected)
    );
    // The second use of a nonce may be refused because it expired, whatever the server says.
    both.answered(&request.as_message(), "alice", "se\"cret");
    let second = both.again(&request.as_message(), "alice", "se\"cret");
    let again = refusal(&mut both, false);
    assert_eq!(both.client.challenged(&again.as_message(), &second.as_message()), Ok(()));
}

#[test]
fn old_and_foreign_nonces_are_refused() {
    let mut both = Both::new(vec![Algorithm::Sha256]);
    let request = request("");
    let sent = both.answered(&request.as_message(), "alice", "se\"cret");
    both.now = both.now.later(LIFETIME + Duration::from_secs(1));
    assert_eq!(both.verify(&sent.as_message()), Err(AuthenticationFailure::Stale));
    let mut other = Both::new(vec![Algorithm::Sha256]);
    other.server =
        DigestServer::new("example.com", vec![Algorithm::Sha256], LIFETIME, &mut Random::from_number(9));
    // Such as the same server after a restart: the password is right, so nobody is told that it is wrong.
    let failure = other.verify(&sent.as_message()).unwrap_err();
    assert_eq!(failure, AuthenticationFailure::Stale);
    assert!(failure.is_stale());
    let challenge = other.server.challenges(other.now, failure.is_stale(), &mut other.random)[0].to_string();
    let refusal = response("401 Unauthorized", "WWW-Authenticate", &[challenge]);
    assert_eq!(both.client.challenged(&refusal.as_message(), &sent.as_message()), Ok(()));
    let again = both.again(&request.as_message(), "alice", "se\"cret");
    assert_eq!(other.verify(&again.as_message()), Ok("alice".to_owned()));
    // A wrong one is.
    let wrong = both.again(&request.as_message(), "alice", "wrong");
    other.server =
        DigestServer::new("example.com", vec![Algorithm::Sha256], LIFETIME, &mut Random::from_number(10));
    assert_eq!(other.verify(&wrong.as_message()), Err(AuthenticationFailure::Wrong));
}

#[test]
fn credentials_go_to_the_hosts_that_asked_for_them_and_through_the_proxies_that_did() {
    let mut client = DigestClient::default();
    let mut random = Random::from_number(1);
    let to = |host: &str| {
        let text = String::from_utf8(request("").as_bytes().to_vec()).unwrap();
        MessageBuf::parse(text.replacen("sip:bob@example.com", &format!("sip:bob@{host}"), 1).into()).unwrap()
    };
    let mut challenge = |client: &mut DigestClient, host: &str, realm: &str, by_proxy: bool| {
        let (status, name) = if by_proxy {
            ("407 Proxy Authentication Required", "Proxy-Authenticate")
        } else {
            ("401 Unauthorized", "WWW-Authenticate")
        };
        let nonce = random.token(8);
        let refusal =
            response(status, name, &[format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", qop=\"auth\"")]);
        client.challenged(&refusal.as_message(), &to(host).as_message()).unwrap();
    };
    let realms = |client: &mut DigestClient, host: &str| -> Vec<String> {
        let headers = client.clone().authorize(
            &to(host).as_message(),
            "alice",
            &Password::new("secret"),
            &mut Random::from_number(2),
        );
        let realm = |value: &String| value.split('"').nth(3).unwrap().to_owned();
        headers.iter().map(|(_, value)| realm(value)).collect()
    };
    challenge(&mut client, "example.com", "home", false);
    challenge(&mut client, "far.example", "far", false);
    challenge(&mut client, "example.com", "proxy", true);
    assert_eq!(realms(&mut client, "EXAMPLE.com"), ["home", "proxy"]);
    assert_eq!(realms(&mut client, "far.example"), ["far", "proxy"]);
    assert_eq!(realms(&mut client, "else.example"), ["proxy"]);
    // One realm may be asked for on several hosts.
    challenge(&mut client, "registrar.example.com", "home", false);
    assert_eq!(realms(&mut client, "example.com"), ["proxy", "home"]);
    assert_eq!(realms(&mut client, "registrar.example.com"), ["proxy", "home"]);
    // What was asked for least lately is forgotten first, whatever its name.
    for number in 0..6 {
        challenge(&mut client, "example.com", &format!("a{number}"), false);
    }
    assert_eq!(realms(&mut client, "far.example"), ["proxy"]);
    assert_eq!(realms(&mut client, "registrar.example.com"), ["proxy", "home"]);
}

#[test]
fn a_server_that_asks_for_one_realm_after_the_other_is_given_up() {
    let mut client = DigestClient::default();
    let mut random = Random::from_number(1);
    let request = request("");
    let mut sent = request.clone();
    let (mut rounds, mut outcome) = (0, Ok(()));
    while outcome.is_ok() {
        assert!(rounds < 20);
        rounds += 1;
        let field = format!("Digest realm=\"{rounds}\", nonce=\"n\", qop=\"auth\"");
        let refusal = response("401 Unauthorized", "WWW-Authenticate", &[field]);
        outcome = client.challenged(&refusal.as_message(), &sent.as_message());
        let headers = client.authorize(&request.as_message(), "alice", &Password::new("secret"), &mut random);
        let message = request.as_message();
        let edit =
            headers.into_iter().fold(message.edit(), |edit, (name, value)| edit.push_back_raw(name, &value));
        sent = edit.finish().unwrap();
    }
    assert_eq!((outcome, rounds), (Err(ChallengeError::TooManyRealms), 9));
}

#[test]
fn the_next_nonce_is_used_and_the_proof_of_the_server_checked() {
    let mut client = DigestClient::default();
    let mut random = Random::from_number(1);
    let request = request("");
    let fields = ["Digest realm=\"r\", nonce=\"one\", qop=\"auth\"".to_owned()];
    let refusal = response("401 Unauthorized", "WWW-Authenticate", &fields);
    client.challenged(&refusal.as_message(), &request.as_message()).unwrap();
    let password = Password::new("secret");
    let headers = client.authorize(&request.as_message(), "alice", &password, &mut random);
    let sent = with(&request.as_message(), &headers);
    let fields = ["nextnonce=\"two\"".to_owned()];
    let ok = response("200 OK", "Authentication-Info", &fields);
    assert!(client.confirmed(&ok.as_message(), &sent.as_message(), "alice", &password));
    let headers = client.authorize(&request.as_message(), "alice", &password, &mut random);
    let next = with(&request.as_message(), &headers);
    let next = credentials(&next.as_message());
    assert_eq!((next.nonce.as_str(), next.nonce_count), ("two", 1));
    let fields = [format!("rspauth=\"{}\"", "0".repeat(32))];
    let forged = response("200 OK", "Authentication-Info", &fields);
    assert!(!client.confirmed(&forged.as_message(), &sent.as_message(), "alice", &password));
}

#[test]
fn the_proof_of_a_proxy_is_checked_and_its_next_nonce_used() {
    let mut client = DigestClient::default();
    let mut random = Random::from_number(1);
    let request = request("");
    let fields = ["Digest realm=\"r\", nonce=\"one\", qop=\"auth\"".to_owned()];
    let refusal = response("407 Proxy Authentication Required", "Proxy-Authenticate", &fields);
    client.challenged(&refusal.as_message(), &request.as_message()).unwrap();
    let password = Password::new("secret");
    let headers = client.authorize(&request.as_message(), "alice", &password, &mut random);
    let sent = with(&request.as_message(), &headers);
    let forged =
        response("200 OK", "Proxy-Authentication-Info", &[format!("rspauth=\"{}\"", "0".repeat(32))]);
    assert!(!client.confirmed(&forged.as_message(), &sent.as_message(), "alice", &password));
    let ok = response("200 OK", "Proxy-Authentication-Info", &["nextnonce=\"two\"".to_owned()]);
    assert!(client.confirmed(&ok.as_message(), &sent.as_message(), "alice", &password));
    let headers = client.authorize(&request.as_message(), "alice", &password, &mut random);
    assert!(headers[0].1.contains("nonce=\"two\"") && headers[0].1.contains("nc=00000001"), "{headers:?}");
}

#[test]
fn a_server_of_rfc_2069_is_answered_without_count_and_a_hidden_user_is_found() {
    let mut both = Both::new(vec![Algorithm::Sha256]);
    let request = request("");
    let random = &mut Random::from_number(5);
    both.server =
        DigestServer::new("example.com", vec![Algorithm::Sha256], LIFETIME, random).with_user_hash();
    let offer = both.server.challenges(both.now, false, &mut both.random)[0].to_string();
    let challenge = offer.replace(", userhash=true, charset=UTF-8", "");
    for fields in [challenge.replace(", qop=\"auth,auth-int\"", ""), offer] {
        let refusal = response("401 Unauthorized", "WWW-Authenticate", std::slice::from_ref(&fields));
        both.client.challenged(&refusal.as_message(), &request.as_message()).unwrap();
        let sent = both.again(&request.as_message(), "alice", "se\"cret");
        assert_eq!(credentials(&sent.as_message()).user_hash, fields.contains("userhash"));
        // The nonce is the same, so the second use has to count on.
        let sent = if fields.contains("userhash") {
            both.again(&request.as_message(), "alice", "se\"cret")
        } else {
            sent
        };
        assert_eq!(both.verify(&sent.as_message()), Ok("alice".to_owned()), "{fields}");
    }
}

#[test]
fn a_hidden_name_is_looked_for_only_where_that_was_offered() {
    let mut both = Both::new(vec![Algorithm::Sha256]);
    let request = request("");
    let challenge = both.server.challenges(both.now, false, &mut both.random)[0].to_string();
    let refusal = response("401 Unauthorized", "WWW-Authenticate", &[format!("{challenge}, userhash=true")]);
    both.client.challenged(&refusal.as_message(), &request.as_message()).unwrap();
    let sent = both.again(&request.as_message(), "alice", "se\"cret");
    let credentials = credentials(&sent.as_message());
    assert!(credentials.user_hash);
    let asked =
        both.server.verify_by(both.now, "MESSAGE", b"", &credentials, |_| panic!("somebody was looked for"));
    assert_eq!(asked.unwrap_err(), AuthenticationFailure::Foreign);
}

#[test]
fn secrets_are_not_shown() {
    assert!(!format!("{:?}", Password::new("hunter2")).contains("hunter2"));
    let server = DigestServer::new("r", vec![Algorithm::Md5], LIFETIME, &mut Random::from_number(1));
    assert!(format!("{server:?}").contains("NonceKey(…)"));
}
