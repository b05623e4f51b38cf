//! The target of Digest authentication.

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_sans_io::{Now, Random};
use rvoip_sip_core::{
    AuthenticationInfo, Challenge, DigestClient, DigestCredentials, DigestServer, Message, Password, schemes,
};

/// How long a nonce is good for.
const LIFETIME: Duration = Duration::from_secs(300);

const REQUEST: &str = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
    To: <sip:a@example.com>\r\nFrom: <sip:a@example.com>;tag=1\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\r\n";

/// A field of challenges or credentials: what reads is written so that it reads as the same, any challenge is answered by
/// credentials that read, and no credentials of a stranger are taken.
pub fn digest(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = AuthenticationInfo::read(&text);
    for scheme in schemes(&text).unwrap_or_default() {
        if let Ok(Some(challenge)) = Challenge::read(&scheme) {
            let written = challenge.to_string();
            let again = schemes(&written).expect("a written challenge is a scheme");
            assert_eq!(again.len(), 1);
            assert_eq!(Challenge::read(&again[0]), Ok(Some(challenge)));
        }
        if let Ok(Some(credentials)) = DigestCredentials::read(&scheme) {
            let written = credentials.to_string();
            let again = schemes(&written).expect("written credentials are a scheme");
            // A cnonce that proves nothing is not written.
            let unused = credentials.qop.is_none() && !credentials.algorithm.is_session();
            let cnonce = if unused { String::new() } else { credentials.cnonce.clone() };
            let expected = DigestCredentials { cnonce, ..credentials.clone() };
            assert_eq!(DigestCredentials::read(&again[0]), Ok(Some(expected)));
            refuse(&credentials);
        }
    }
    answer(&text);
}

/// A server refuses credentials that were made without its nonces.
fn refuse(credentials: &DigestCredentials) {
    let mut random = Random::from_number(1);
    let mut server =
        DigestServer::new(credentials.realm.as_str(), vec![credentials.algorithm], LIFETIME, &mut random);
    let users = BTreeMap::from([(credentials.username.clone(), Password::new("secret"))]);
    assert!(server.verify(Now::at(Duration::ZERO), "REGISTER", b"", credentials, &users).is_err());
}

/// A client answers a challenge, or says why not.
fn answer(text: &str) {
    let response = format!(
        "SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: {text}\r\nAuthentication-Info: {text}\r\n\r\n"
    );
    let (Ok(response), Ok(request)) =
        (Message::parse(response.as_bytes()), Message::parse(REQUEST.as_bytes()))
    else {
        return;
    };
    let mut client = DigestClient::default();
    let password = Password::new("secret");
    if client.challenged(&response, &request).is_ok() {
        let headers = client.authorize(&request, "a", &password, &mut Random::from_number(1));
        assert!(!headers.is_empty());
        for (_, value) in headers {
            let scheme = schemes(&value).expect("an answer is a scheme");
            let read = DigestCredentials::read(&scheme[0]);
            assert!(matches!(read, Ok(Some(_))), "{value:?}: {read:?}");
        }
    }
    let _ = client.confirmed(&response, &request, "a", &password);
}
