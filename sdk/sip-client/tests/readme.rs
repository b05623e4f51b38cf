//! The call on the README's first screen: the example as it stands there, with a registrar and bob on the loopback.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "its main is for people")]
#[path = "../examples/call.rs"]
mod example;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rvoip::{Bind, Client, ClientConfig, ErrorKind, Event, TransportKind};
use rvoip_call_engine::{Listen, RunningSwitch, SwitchConfig, TransportConfig};
use tokio::time::timeout;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A registrar for alice and bob, and its address.
async fn registrar() -> (RunningSwitch, String) {
    let mut config = SwitchConfig::for_domain("127.0.0.1");
    for user in ["alice", "bob"] {
        config.users.insert(user.to_owned(), rvoip_sip_core::Password::new("secret"));
    }
    let switch =
        rvoip_call_engine::start(config, Listen::plain(LOOPBACK), TransportConfig::default(), None).unwrap();
    let address = switch.listens().await.unwrap().first().unwrap().address.to_string();
    (switch, address)
}

/// Bob answers the first call, hears the greeting to its end and presses four keys.
async fn bob(registrar: &str) -> Client {
    let binds = vec![Bind { transport: TransportKind::Udp, address: LOOPBACK }];
    let client = Client::builder().config(ClientConfig { binds, ..ClientConfig::default() });
    let client = client.build().await.unwrap();
    client.account(format!("sip:bob@{registrar}")).password("secret").register().await.unwrap();
    client
}

async fn answer(client: &Client) {
    let mut events = client.events();
    while let Some(event) = events.next().await {
        if let Event::IncomingCall { call, .. } = event {
            client.call(call).answer().await.unwrap();
        } else if let Event::AudioReceived { call } = event {
            client.call(call).send_dtmf("1492").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_of_the_readme_is_made() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile();
    std::fs::copy(manifest.join("../cli/assets/alice.wav"), folder.join("hello.wav")).unwrap();
    // The example plays from where it is started; this is the only test of this program that has a place.
    std::env::set_current_dir(&folder).unwrap();

    let (switch, address) = registrar().await;
    let bob = bob(&address).await;
    let (alice, callee) = (format!("sip:alice@{address}"), format!("sip:bob@{address}"));
    let calling = example::place(&alice, "secret", &callee);
    let calling = timeout(Duration::from_secs(30), calling);
    tokio::select! {
        digits = calling => assert_eq!(digits.unwrap().unwrap(), "1492"),
        () = answer(&bob) => panic!("bob closed"),
    }
    let refused = example::place(&alice, "wrong", &callee).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AuthenticationFailed);
    bob.close().await.unwrap();
    switch.close().await.unwrap();
    std::fs::remove_dir_all(folder).unwrap();
}

fn tempfile() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("rvoip-readme-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
