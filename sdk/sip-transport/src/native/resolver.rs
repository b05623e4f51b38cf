//! DNS questions (RFC 3263 §4) and the system's table of hosts.

use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::{Hosts, ResolverBuilder, TokioResolver};
use rvoip_sans_io::{DnsAnswer, DnsError, DnsQuestion, QuestionId, RecordType};

use super::records::{answer, empty, wire_type};

/// Questions that may be open at once.
const OPEN: usize = 1_000;

/// How long one question may take, with all attempts.
const PATIENCE: Duration = Duration::from_secs(15);

type Answered = (QuestionId, Result<DnsAnswer, DnsError>);
type Lookup = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// Looks names up, in the system's table of hosts and by the system's name servers.
///
/// Where the system names no servers, what is not in the table is answered with [`DnsError::Unavailable`].
pub struct Resolver {
    hosts: Hosts,
    servers: Option<Arc<TokioResolver>>,
    open: FuturesUnordered<Lookup>,
    waker: Option<Waker>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("servers", &self.servers.is_some())
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver {
    /// A resolver by the system's configuration, which is read now.
    pub fn new() -> Self {
        let servers = TokioResolver::builder_tokio().and_then(ResolverBuilder::build);
        let servers = servers.inspect_err(|error| tracing::warn!(%error, "no name servers")).ok();
        let hosts = Hosts::from_system().unwrap_or_default();
        Self::with(hosts, servers)
    }

    /// A resolver that knows the system's table of hosts and asks nobody.
    pub fn offline() -> Self {
        Self::with(Hosts::from_system().unwrap_or_default(), None)
    }

    fn with(hosts: Hosts, servers: Option<TokioResolver>) -> Self {
        let servers = servers.map(Arc::new);
        Self { hosts, servers, open: FuturesUnordered::new(), waker: None }
    }

    /// Asks. The answer comes from [`poll`](Self::poll), under the same name. Must be called in a tokio runtime.
    pub fn ask(&mut self, id: QuestionId, question: DnsQuestion) {
        let lookup: Lookup = match self.answer_locally(&question) {
            Some(answer) => Box::pin(std::future::ready((id, answer))),
            None => match &self.servers {
                Some(servers) if self.open.len() < OPEN => {
                    let lookup = look_up(Arc::clone(servers), question);
                    let limited = tokio::time::timeout(PATIENCE, lookup);
                    Box::pin(async move { (id, limited.await.unwrap_or(Err(DnsError::Unavailable))) })
                }
                Some(_) | None => Box::pin(std::future::ready((id, Err(DnsError::Unavailable)))),
            },
        };
        self.open.push(lookup);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The next answer. The order is that in which they arrive.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Answered> {
        if let Poll::Ready(Some(answered)) = self.open.poll_next_unpin(cx) {
            return Poll::Ready(answered);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// What needs no server: bad names, `localhost` (RFC 6761 §6.3), `invalid` (§6.4) and the table of hosts.
    fn answer_locally(&self, question: &DnsQuestion) -> Option<Result<DnsAnswer, DnsError>> {
        let Ok(name) = parse(&question.name) else { return Some(Err(DnsError::NoSuchName)) };
        if is_under(&name, b"invalid") {
            return Some(Err(DnsError::NoSuchName));
        }
        let loopback = match question.record {
            RecordType::A => Ipv4Addr::LOCALHOST.into(),
            RecordType::Aaaa => Ipv6Addr::LOCALHOST.into(),
            RecordType::Srv | RecordType::Naptr => {
                return is_under(&name, b"localhost").then(|| Ok(empty(question.record)));
            }
        };
        if is_under(&name, b"localhost") {
            return Some(Ok(DnsAnswer::Addresses(vec![loopback])));
        }
        let listed = |record| {
            let query = Query::query(name.clone(), wire_type(record));
            self.hosts.lookup_static_host(&query).map(|found| answer(record, found.answers()))
        };
        // A host that the table lists by the other family alone has no address of this one.
        listed(question.record)
            .or_else(|| {
                [RecordType::A, RecordType::Aaaa].into_iter().find_map(listed).map(|_| empty(question.record))
            })
            .map(Ok)
    }
}

/// A host of a SIP URI is a full name (RFC 3263 §4.2); one label alone may be completed by the system's search list.
fn parse(name: &str) -> Result<Name, ()> {
    let mut name = Name::from_str_relaxed(name).map_err(drop)?;
    match name.iter().count() {
        0 => Err(()),
        1 => Ok(name),
        _ => {
            name.set_fqdn(true);
            Ok(name)
        }
    }
}

/// Whether a name is that top label or below it.
fn is_under(name: &Name, top: &[u8]) -> bool {
    name.iter().next_back().is_some_and(|label| label.eq_ignore_ascii_case(top))
}

async fn look_up(servers: Arc<TokioResolver>, question: DnsQuestion) -> Result<DnsAnswer, DnsError> {
    let name = parse(&question.name).map_err(|()| DnsError::NoSuchName)?;
    match servers.lookup(name, wire_type(question.record)).await {
        Ok(lookup) => Ok(answer(question.record, lookup.answers())),
        Err(error) => outcome(question.record, &error),
    }
}

/// A name without records of the type is an answer, and not an error.
fn outcome(record: RecordType, error: &NetError) -> Result<DnsAnswer, DnsError> {
    if error.is_nx_domain() {
        Err(DnsError::NoSuchName)
    } else if error.is_no_records_found() {
        Ok(empty(record))
    } else {
        Err(DnsError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_table_of_hosts_is_asked_first_and_needs_no_server() {
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf(&b"192.0.2.7 pbx pbx.example.com # ours\n2001:db8::7 six\n"[..]).unwrap();
        let mut resolver = Resolver::with(hosts, None);
        let four = DnsAnswer::Addresses(vec![Ipv4Addr::new(192, 0, 2, 7).into()]);
        let none = DnsAnswer::Addresses(vec![]);
        for (name, record, expected) in [
            ("pbx", RecordType::A, Ok(four.clone())),
            ("PBX.example.com", RecordType::A, Ok(four)),
            ("pbx", RecordType::Aaaa, Ok(none.clone())),
            ("six", RecordType::A, Ok(none)),
            ("pbx", RecordType::Srv, Err(DnsError::Unavailable)),
            ("other", RecordType::A, Err(DnsError::Unavailable)),
        ] {
            resolver.ask(QuestionId(1), DnsQuestion { name: name.to_owned(), record });
            let answered = std::future::poll_fn(|cx| resolver.poll(cx)).await;
            assert_eq!(answered, (QuestionId(1), expected), "{name} {record:?}");
        }
    }
}
