//! Two clients over each kind of connection: who connects, and who listens with a certificate of its own.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::time::Duration;

use rvoip::{Bind, Cause, Client, ClientConfig, ErrorKind, Event, TlsConfig, TransportKind};
use rvoip_certificates::Authority;
use tokio::time::timeout;

const LOOPBACK: &str = "127.0.0.1:0";
const ALL: [TransportKind; 5] =
    [TransportKind::Udp, TransportKind::Tcp, TransportKind::Tls, TransportKind::Ws, TransportKind::Wss];

/// Files of certificates for one test.
struct Files(PathBuf);

impl Files {
    fn new(test: &str) -> Self {
        Self::of(test, &["127.0.0.1", "localhost"])
    }

    /// With a certificate for these names.
    fn of(test: &str, names: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("rvoip-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let authority = Authority::new("Authority of the test").unwrap();
        let issued = authority.issue(names).unwrap();
        std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
        std::fs::write(folder.join("certificate.pem"), issued.chain).unwrap();
        std::fs::write(folder.join("key.pem"), issued.key).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn of_server(&self) -> TlsConfig {
        TlsConfig {
            certificate: Some(self.path("certificate.pem")),
            key: Some(self.path("key.pem")),
            ..TlsConfig::default()
        }
    }

    fn of_client(&self) -> TlsConfig {
        TlsConfig { ca: Some(self.path("ca.pem")), ..TlsConfig::default() }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn config(tls: TlsConfig, binds: &[TransportKind]) -> ClientConfig {
    let address = LOOPBACK.parse().unwrap();
    let binds = binds.iter().map(|&transport| Bind { transport, address }).collect();
    let mut config = ClientConfig { tls, binds, ..ClientConfig::default() };
    config.media.rtp_ports = (20_000, 32_000);
    config
}

async fn client(tls: TlsConfig, binds: &[TransportKind]) -> rvoip::Result<Client> {
    Client::builder().config(config(tls, binds)).build().await
}

async fn wait<T>(client: &Client, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    let mut events = client.events();
    let found = async {
        loop {
            let event = events.next().await.unwrap();
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(Duration::from_secs(15), found).await.unwrap()
}

/// Where a client listens by a transport.
async fn listening(client: &Client, wanted: &str) -> String {
    wait(client, |event| match event {
        Event::Listening { transport, address } if transport == wanted => Some(address.clone()),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_over_every_transport_and_either_side_ends_it() {
    let files = Files::new("call");
    let bob = client(files.of_server(), &ALL).await.unwrap();
    let _called = bob.account("sip:bob@127.0.0.1").add().await.unwrap();
    for (name, host, ends) in [
        ("UDP", "127.0.0.1", "caller"),
        ("TCP", "127.0.0.1", "called"),
        ("TLS", "127.0.0.1", "caller"),
        ("TLS", "localhost", "called"),
        ("WS", "127.0.0.1", "called"),
        ("WSS", "127.0.0.1", "called"),
        ("WSS", "localhost", "caller"),
    ] {
        let alice = client(files.of_client(), &[TransportKind::Udp]).await.unwrap();
        let caller = alice.account("sip:alice@127.0.0.1").add().await.unwrap();
        let address = listening(&bob, name).await.replace("127.0.0.1", host);
        let uri = format!("sip:bob@{address};transport={}", name.to_lowercase());
        let call = caller.call(&uri).await.unwrap();
        let key = wait(&bob, |event| match event {
            Event::IncomingCall { call, .. } => Some(*call),
            _ => None,
        })
        .await;
        let answering = bob.call(key);
        answering.answer().await.unwrap();
        call.answered().await.unwrap();
        // A request of each side within the dialog.
        call.hold().await.unwrap();
        call.resume().await.unwrap();
        answering.hold().await.unwrap();
        let (one, other) = if ends == "caller" { (&call, &answering) } else { (&answering, &call) };
        one.hang_up().await.unwrap();
        let cause = timeout(Duration::from_secs(60), other.ended()).await.unwrap().unwrap();
        assert_eq!(cause, Cause::RemoteHangUp, "{name}");
        alice.close().await.unwrap();
    }
    bob.close().await.unwrap();
}

#[tokio::test]
async fn a_sips_uri_goes_over_tls_and_an_unknown_authority_is_told() {
    let files = Files::new("sips");
    let bob = client(files.of_server(), &[TransportKind::Tls]).await.unwrap();
    let _called = bob.account("sip:bob@127.0.0.1").add().await.unwrap();
    let uri = format!("sips:bob@{}", listening(&bob, "TLS").await);
    let stranger = client(TlsConfig::default(), &[]).await.unwrap();
    let account = stranger.account("sip:alice@127.0.0.1").add().await.unwrap();
    let error = account.options(&uri).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().ends_with("its certificate is of an unknown authority"), "{error}");
    let friend = client(files.of_client(), &[]).await.unwrap();
    let account = friend.account("sip:alice@127.0.0.1").add().await.unwrap();
    account.options(&uri).await.unwrap();
    let insecure = client(TlsConfig { insecure: true, ..TlsConfig::default() }, &[]).await.unwrap();
    let account = insecure.account("sip:alice@127.0.0.1").add().await.unwrap();
    account.options(&uri).await.unwrap();
}

#[tokio::test]
async fn the_certificate_is_checked_against_the_host_of_the_uri() {
    let files = Files::of("name", &["localhost"]);
    let bob = client(files.of_server(), &[TransportKind::Tls]).await.unwrap();
    let address = listening(&bob, "TLS").await;
    let friend = client(files.of_client(), &[]).await.unwrap();
    let account = friend.account("sip:alice@127.0.0.1").add().await.unwrap();
    let error = account.options(&format!("sips:bob@{address}")).await.unwrap_err();
    assert!(error.reason().ends_with("its certificate is not for 127.0.0.1"), "{error}");
    // That the name resolves to that address counts for nothing.
    let named = address.replace("127.0.0.1", "localhost");
    assert_eq!(account.options(&format!("sips:bob@{named}")).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_client_without_settings_reaches_both_families() {
    let alice = client(TlsConfig::default(), &[]).await.unwrap();
    let account = alice.account("sip:alice@127.0.0.1").add().await.unwrap();
    for loopback in ["127.0.0.1:0", "[::1]:0"] {
        let bob = Client::builder().bind(TransportKind::Udp, loopback.parse().unwrap()).build();
        let bob = bob.await.unwrap();
        let to = format!("sip:bob@{}", listening(&bob, "UDP").await);
        assert_eq!(account.options(&to).await.unwrap().status, 200, "{to}");
    }
}

#[tokio::test]
async fn files_that_are_missing_or_wrong_are_named() {
    let files = Files::new("files");
    let cases = [
        TlsConfig { ca: Some(files.path("nothing.pem")), ..TlsConfig::default() },
        TlsConfig { ca: Some(files.path("key.pem")), ..TlsConfig::default() },
        TlsConfig {
            certificate: Some(files.path("key.pem")),
            key: Some(files.path("key.pem")),
            ..TlsConfig::default()
        },
        TlsConfig {
            certificate: Some(files.path("ca.pem")),
            key: Some(files.path("ca.pem")),
            ..TlsConfig::default()
        },
    ];
    for (tls, name) in cases.into_iter().zip(["nothing.pem", "key.pem", "key.pem", "ca.pem"]) {
        let error = client(tls, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = client(TlsConfig::default(), &[TransportKind::Tls]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BindFailed);
    let expected = "TLS at 127.0.0.1:0 cannot be used: there is no certificate for it";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn all_transports_are_capabilities() {
    let client = client(TlsConfig::default(), &[]).await.unwrap();
    assert_eq!(client.capabilities().transports, ALL);
}
