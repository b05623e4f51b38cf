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
use tokio::time::Instant;

use super::records::{answer, empty, wire_type};

/// Questions that may be open at once.
const OPEN: usize = 1_000;

/// How long one question may take, with all attempts.
const PATIENCE: Duration = Duration::from_secs(15);

type Answered = (QuestionId, Result<DnsAnswer, DnsError>);
type Lookup = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// After how long what the system says of hosts and servers is read anew, where a look-up failed meanwhile.
const RENEW: Duration = Duration::from_secs(5);

/// What the system says: its table of hosts, and its name servers if it names any.
type Configuration = (Hosts, Option<Arc<TokioResolver>>);

/// Looks names up, in the system's table of hosts and by the system's name servers. Both are read anew when a look-up
/// failed, as after a change of network.
///
/// Where the system names no servers, what is not in the table is answered with [`DnsError::Unavailable`].
pub struct Resolver {
    source: Box<dyn Fn() -> Configuration + Send>,
    hosts: Hosts,
    servers: Option<Arc<TokioResolver>>,
    /// When they were read.
    read: Instant,
    renew: Duration,
    /// A look-up failed since then.
    has_failed: bool,
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
        Self::with(RENEW, || {
            let servers = TokioResolver::builder_tokio().and_then(ResolverBuilder::build);
            let servers = servers.inspect_err(|error| tracing::warn!(%error, "no name servers")).ok();
            (Hosts::from_system().unwrap_or_default(), servers.map(Arc::new))
        })
    }

    /// A resolver that knows the system's table of hosts and asks nobody.
    pub fn offline() -> Self {
        Self::with(RENEW, || (Hosts::from_system().unwrap_or_default(), None))
    }

    fn with(renew: Duration, source: impl Fn() -> Configuration + Send + 'static) -> Self {
        let (hosts, servers) = source();
        Self {
            source: Box::new(source),
            hosts,
            servers,
            read: Instant::now(),
            renew,
            has_failed: false,
            open: FuturesUnordered::new(),
            waker: None,
        }
    }

    /// Reads what the system says anew, if it may be out of date.
    fn refresh(&mut self) {
        if self.has_failed && self.read.elapsed() >= self.renew {
            (self.hosts, self.servers) = (self.source)();
            (self.has_failed, self.read) = (false, Instant::now());
        }
    }

    /// Asks. The answer comes from [`poll`](Self::poll), under the same name. Must be called in a tokio runtime.
    pub fn ask(&mut self, id: QuestionId, question: DnsQuestion) {
        self.refresh();
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
            self.has_failed |= matches!(answered, (_, Err(DnsError::Unavailable)));
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
    use std::net::{IpAddr, SocketAddr};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use rvoip_sans_io::SrvRecord;
    use tokio::net::UdpSocket;

    use super::*;

    /// What a name server answers: the code (RFC 1035 §4.1.1), and the data of one record.
    fn reply(name: &str, record: u16) -> Option<(u8, Option<Vec<u8>>)> {
        match (name, record) {
            ("pbx.example.com", 1) => Some((0, Some(vec![192, 0, 2, 7]))),
            ("_sip._udp.example.com", 33) => {
                let target = b"\x03pbx\x07example\x03com\x00";
                Some((0, Some([&[0, 10, 0, 20, 0x13, 0xc4][..], target].concat())))
            }
            ("pbx.example.com" | "_sip._udp.example.com", _) => Some((0, None)),
            ("broken.example.com", _) => Some((2, None)),
            ("silent.example.com", _) => None,
            _ => Some((3, None)),
        }
    }

    /// Answers as a name server does, by the rules of [`reply`].
    fn answer_to(query: &[u8]) -> Option<Vec<u8>> {
        let (mut at, mut labels) = (12, Vec::new());
        loop {
            let length = usize::from(*query.get(at)?);
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(query.get(at + 1..at + 1 + length)?).to_ascii_lowercase());
            at += 1 + length;
        }
        let question = query.get(12..at + 5)?;
        let record = u16::from_be_bytes([*query.get(at + 1)?, *query.get(at + 2)?]);
        let (code, data) = reply(&labels.join("."), record)?;
        let mut answer = query.get(..2)?.to_vec();
        answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(data.is_some()), 0, 0, 0, 0]);
        answer.extend(question);
        if let Some(data) = data {
            let [high, low] = record.to_be_bytes();
            let length = u8::try_from(data.len()).ok()?;
            answer.extend([0xc0, 12, high, low, 0, 1, 0, 0, 0, 60, 0, length]);
            answer.extend(data);
        }
        Some(answer)
    }

    /// A name server on the loopback, as a task of the test.
    async fn name_server() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, source)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = answer_to(buffer.get(..length).unwrap_or_default()) {
                    let _ = socket.send_to(&answer, source).await;
                }
            }
        });
        address
    }

    /// What a system says that names this server.
    fn asking(server: SocketAddr) -> Configuration {
        let mut connection = ConnectionConfig::udp();
        connection.port = server.port();
        let servers = vec![NameServerConfig::new(server.ip(), true, vec![connection])];
        let domain = Name::from_ascii("example.com.").unwrap();
        let config = ResolverConfig::from_parts(None, vec![domain], servers);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.options_mut().timeout = Duration::from_millis(200);
        builder.options_mut().attempts = 1;
        (Hosts::default(), Some(Arc::new(builder.build().unwrap())))
    }

    async fn ask(resolver: &mut Resolver, name: &str, record: RecordType) -> Result<DnsAnswer, DnsError> {
        resolver.ask(QuestionId(1), DnsQuestion { name: name.to_owned(), record });
        let (id, answer) = std::future::poll_fn(|cx| resolver.poll(cx)).await;
        assert_eq!(id, QuestionId(1));
        answer
    }

    fn addresses(of: &[[u8; 4]]) -> DnsAnswer {
        DnsAnswer::Addresses(of.iter().map(|address| IpAddr::from(*address)).collect())
    }

    #[tokio::test]
    async fn a_name_server_is_asked_and_its_answers_are_told_apart() {
        let server = name_server().await;
        let mut resolver = Resolver::with(RENEW, move || asking(server));
        let ours = [[192, 0, 2, 7]];
        assert_eq!(ask(&mut resolver, "PBX.example.com", RecordType::A).await, Ok(addresses(&ours)));
        assert_eq!(
            ask(&mut resolver, "pbx", RecordType::A).await,
            Ok(addresses(&ours)),
            "by the search list"
        );
        assert_eq!(ask(&mut resolver, "pbx.example.com", RecordType::Aaaa).await, Ok(addresses(&[])));
        let service =
            SrvRecord { priority: 10, weight: 20, port: 5_060, target: "pbx.example.com".to_owned() };
        let services = ask(&mut resolver, "_sip._udp.example.com", RecordType::Srv).await;
        assert_eq!(services, Ok(DnsAnswer::Services(vec![service])));
        for record in [RecordType::A, RecordType::Srv] {
            assert_eq!(ask(&mut resolver, "gone.example.com", record).await, Err(DnsError::NoSuchName));
            for name in ["broken.example.com", "silent.example.com"] {
                assert_eq!(ask(&mut resolver, name, record).await, Err(DnsError::Unavailable), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn the_system_is_asked_anew_for_its_servers_when_a_look_up_failed() {
        let server = name_server().await;
        let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let reads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reads);
        let mut resolver = Resolver::with(Duration::ZERO, move || {
            // The network changes after the first time.
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            asking(if first { nobody } else { server })
        });
        assert_eq!(ask(&mut resolver, "pbx.example.com", RecordType::A).await, Err(DnsError::Unavailable));
        let ours = Ok(addresses(&[[192, 0, 2, 7]]));
        for _ in 0..3 {
            assert_eq!(ask(&mut resolver, "pbx.example.com", RecordType::A).await, ours);
        }
        assert_eq!(reads.load(Ordering::Relaxed), 2, "what works is not read again");
    }

    #[tokio::test]
    async fn the_table_of_hosts_is_asked_first_and_needs_no_server() {
        let mut resolver = Resolver::with(RENEW, || {
            let mut hosts = Hosts::default();
            hosts.read_hosts_conf(&b"192.0.2.7 pbx pbx.example.com # ours\n2001:db8::7 six\n"[..]).unwrap();
            (hosts, None)
        });
        let four = Ok(addresses(&[[192, 0, 2, 7]]));
        let none = Ok(addresses(&[]));
        for (name, record, expected) in [
            ("pbx", RecordType::A, four.clone()),
            ("PBX.example.com", RecordType::A, four),
            ("pbx", RecordType::Aaaa, none.clone()),
            ("six", RecordType::A, none),
            ("pbx", RecordType::Srv, Err(DnsError::Unavailable)),
            ("other", RecordType::A, Err(DnsError::Unavailable)),
        ] {
            assert_eq!(ask(&mut resolver, name, record).await, expected, "{name} {record:?}");
        }
    }
}
