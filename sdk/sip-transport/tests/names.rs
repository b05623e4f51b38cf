//! Looking names up without a network.
#![cfg(not(target_arch = "wasm32"))]

use std::future::poll_fn;
use std::net::{Ipv4Addr, Ipv6Addr};

use rvoip_sans_io::{DnsAnswer, DnsError, DnsQuestion, QuestionId, RecordType};
use rvoip_sip_transport::Resolver;

async fn answer(resolver: &mut Resolver, name: &str, record: RecordType) -> Result<DnsAnswer, DnsError> {
    resolver.ask(QuestionId(7), DnsQuestion { name: name.to_owned(), record });
    let (id, answer) = poll_fn(|cx| resolver.poll(cx)).await;
    assert_eq!(id, QuestionId(7));
    answer
}

#[tokio::test]
async fn localhost_resolves_with_and_without_servers() {
    for mut resolver in [Resolver::new(), Resolver::offline()] {
        let four = answer(&mut resolver, "localhost", RecordType::A).await;
        assert_eq!(four, Ok(DnsAnswer::Addresses(vec![Ipv4Addr::LOCALHOST.into()])));
        let Ok(DnsAnswer::Addresses(six)) = answer(&mut resolver, "LocalHost", RecordType::Aaaa).await else {
            panic!("no addresses")
        };
        assert!(six.contains(&Ipv6Addr::LOCALHOST.into()));
        let sub = answer(&mut resolver, "phone.localhost", RecordType::A).await;
        assert_eq!(sub, Ok(DnsAnswer::Addresses(vec![Ipv4Addr::LOCALHOST.into()])));
        let services = answer(&mut resolver, "_sip._udp.localhost", RecordType::Srv).await;
        assert_eq!(services, Ok(DnsAnswer::Services(vec![])));
        let pointers = answer(&mut resolver, "localhost", RecordType::Naptr).await;
        assert_eq!(pointers, Ok(DnsAnswer::Pointers(vec![])));
    }
}

#[tokio::test]
async fn without_servers_other_names_are_unavailable() {
    let mut resolver = Resolver::offline();
    for record in [RecordType::A, RecordType::Aaaa, RecordType::Srv, RecordType::Naptr] {
        assert_eq!(answer(&mut resolver, "phone.example", record).await, Err(DnsError::Unavailable));
    }
}

/// RFC 6761 §6.4.
#[tokio::test]
async fn an_invalid_name_does_not_exist_and_nobody_is_asked() {
    let mut resolver = Resolver::offline();
    for record in [RecordType::A, RecordType::Aaaa, RecordType::Srv, RecordType::Naptr] {
        for name in ["phone.invalid", "Invalid", "a.b.INVALID."] {
            assert_eq!(answer(&mut resolver, name, record).await, Err(DnsError::NoSuchName), "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_no_name_does_not_exist() {
    let mut resolver = Resolver::offline();
    for name in ["", ".", "a..b", &"x".repeat(64), &"abc.".repeat(80)] {
        assert_eq!(answer(&mut resolver, name, RecordType::A).await, Err(DnsError::NoSuchName), "{name}");
    }
}
