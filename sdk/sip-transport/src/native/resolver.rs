//! DNS answers from a library resolver.

use std::cell::OnceCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, RecordType as Type};
use rvoip_sans_io::{DnsAnswer, DnsError, DnsQuestion, NaptrRecord, QuestionId, RecordType, SrvRecord};

/// Questions that may be open at once.
const OPEN: usize = 1_000;

type Answer = (QuestionId, Result<DnsAnswer, DnsError>);

/// Looks names up with the system's configuration, its hosts file first.
pub struct Resolver {
    /// Made when the first question comes; a system without a configuration has none.
    library: OnceCell<Option<TokioResolver>>,
    open: FuturesUnordered<BoxFuture<'static, Answer>>,
    ready: Vec<Answer>,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("open", &self.open.len()).finish_non_exhaustive()
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver {
    /// A resolver. To be polled within a tokio runtime.
    pub fn new() -> Self {
        Self { library: OnceCell::new(), open: FuturesUnordered::new(), ready: Vec::new() }
    }

    /// Takes a question; the answer comes by [`Self::poll`].
    pub fn ask(&mut self, id: QuestionId, question: DnsQuestion) {
        if let Some(answer) = local(&question) {
            return self.ready.push((id, Ok(answer)));
        }
        let library = self.library.get_or_init(|| {
            TokioResolver::builder_tokio().and_then(hickory_resolver::ResolverBuilder::build).ok()
        });
        match library {
            Some(library) if self.open.len() < OPEN => {
                let library = library.clone();
                self.open.push(Box::pin(async move { (id, look_up(&library, &question).await) }));
            }
            Some(_) | None => self.ready.push((id, Err(DnsError::Unavailable))),
        }
    }

    /// The next answer.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        if let Some(answer) = self.ready.pop() {
            return Poll::Ready(answer);
        }
        match self.open.poll_next_unpin(cx) {
            Poll::Ready(Some(answer)) => Poll::Ready(answer),
            // Nothing is open: the loop polls again after it has asked something.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// `localhost` is the loopback, whatever a server says (RFC 6761 §6.3).
fn local(question: &DnsQuestion) -> Option<DnsAnswer> {
    let name = question.name.trim_end_matches('.').to_ascii_lowercase();
    if name != "localhost" && !name.ends_with(".localhost") {
        return None;
    }
    Some(match question.record {
        RecordType::A => DnsAnswer::Addresses(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
        RecordType::Aaaa => DnsAnswer::Addresses(vec![IpAddr::V6(Ipv6Addr::LOCALHOST)]),
        RecordType::Srv => DnsAnswer::Services(Vec::new()),
        RecordType::Naptr => DnsAnswer::Pointers(Vec::new()),
    })
}

async fn look_up(library: &TokioResolver, question: &DnsQuestion) -> Result<DnsAnswer, DnsError> {
    // With a dot at the end no search domain is tried: a SIP URI's host is a full name.
    let name =
        if question.name.contains('.') { format!("{}.", question.name) } else { question.name.clone() };
    let record = match question.record {
        RecordType::A => Type::A,
        RecordType::Aaaa => Type::AAAA,
        RecordType::Srv => Type::SRV,
        RecordType::Naptr => Type::NAPTR,
    };
    let records: Vec<RData> = match library.lookup(name, record).await {
        Ok(lookup) => lookup.answers().iter().map(|record| record.data.clone()).collect(),
        Err(error) if error.is_nx_domain() => return Err(DnsError::NoSuchName),
        // The name is there, such records are not.
        Err(error) if error.is_no_records_found() => Vec::new(),
        Err(_) => return Err(DnsError::Unavailable),
    };
    let mut addresses = Vec::new();
    let mut services = Vec::new();
    let mut pointers = Vec::new();
    for data in records {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the others are aliases, which the library has followed"
        )]
        match data {
            RData::A(address) => addresses.push(IpAddr::V4(address.0)),
            RData::AAAA(address) => addresses.push(IpAddr::V6(address.0)),
            RData::SRV(service) => services.push(SrvRecord {
                priority: service.priority,
                weight: service.weight,
                port: service.port,
                target: service.target.to_utf8().trim_end_matches('.').to_owned(),
            }),
            RData::NAPTR(pointer) => pointers.push(NaptrRecord {
                order: pointer.order,
                preference: pointer.preference,
                flags: String::from_utf8_lossy(&pointer.flags).into_owned(),
                services: String::from_utf8_lossy(&pointer.services).into_owned(),
                replacement: pointer.replacement.to_utf8().trim_end_matches('.').to_owned(),
            }),
            _ => {}
        }
    }
    Ok(match question.record {
        RecordType::A | RecordType::Aaaa => DnsAnswer::Addresses(addresses),
        RecordType::Srv => DnsAnswer::Services(services),
        RecordType::Naptr => DnsAnswer::Pointers(pointers),
    })
}
