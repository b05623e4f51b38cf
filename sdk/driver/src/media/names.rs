//! The hosts to which first offers go: the address of one decides from which of ours the media go.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rvoip_sans_io::{DnsAnswer, DnsError, DnsQuestion, QuestionId, RecordType};
use rvoip_session_core::{MediaQuestion, NextHop};
use rvoip_sip_transport::Resolver;
use tokio::runtime::Handle;

use super::request::{MediaAction, MediaRequest};

/// How long an offer waits. The request that it goes with looks the name up for itself, and fails if that cannot be done.
const PATIENCE: Duration = Duration::from_secs(2);

type Number = u64;

/// A request that waits for an address.
#[derive(Debug)]
struct Waiting {
    request: MediaRequest,
    open: Vec<QuestionId>,
    /// Of the other family, in case there is none of IPv4, which is tried first.
    ipv6: Option<IpAddr>,
}

/// Requests that wait until the address of a host is known.
#[derive(Debug)]
pub(super) struct Names {
    patience: Duration,
    resolver: Option<Resolver>,
    waiting: BTreeMap<Number, Waiting>,
    questions: BTreeMap<QuestionId, Number>,
    limits: Limits,
    last: Number,
}

#[derive(Default)]
struct Limits(FuturesUnordered<Pin<Box<dyn Future<Output = Number> + Send>>>);

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Limits").field(&self.0.len()).finish()
    }
}

impl Default for Names {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            resolver: None,
            waiting: BTreeMap::new(),
            questions: BTreeMap::new(),
            limits: Limits::default(),
            last: 0,
        }
    }
}

impl Names {
    /// Gives a request back if it need not wait for a name.
    pub(super) fn take(&mut self, request: MediaRequest) -> Option<MediaRequest> {
        let MediaAction::Ask(_, MediaQuestion::CreateOffer { toward: Some(NextHop::Name(name)), .. }) =
            &request.action
        else {
            return Some(request);
        };
        let name = name.clone();
        // Where there is no runtime nobody can ask.
        if Handle::try_current().is_err() {
            return Some(request);
        }
        self.last += 1;
        let number = self.last;
        let open = [RecordType::A, RecordType::Aaaa].map(|record| {
            let id = QuestionId(2 * number + u64::from(record == RecordType::Aaaa));
            self.questions.insert(id, number);
            let question = DnsQuestion { name: name.clone(), record };
            self.resolver.get_or_insert_with(Resolver::new).ask(id, question);
            id
        });
        self.waiting.insert(number, Waiting { request, open: open.to_vec(), ipv6: None });
        let limit = tokio::time::sleep(self.patience);
        self.limits.0.push(Box::pin(async move {
            limit.await;
            number
        }));
        None
    }

    /// The next request whose address is known, or will not be.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<MediaRequest> {
        while let Some(resolver) = &mut self.resolver
            && let Poll::Ready((id, answer)) = resolver.poll(cx)
        {
            if let Some(request) = self.answered(id, answer) {
                return Poll::Ready(request);
            }
        }
        while let Poll::Ready(Some(number)) = self.limits.0.poll_next_unpin(cx) {
            if let Some(waiting) = self.waiting.remove(&number) {
                return Poll::Ready(toward(waiting.request, waiting.ipv6));
            }
        }
        Poll::Pending
    }

    fn answered(&mut self, id: QuestionId, answer: Result<DnsAnswer, DnsError>) -> Option<MediaRequest> {
        let number = self.questions.remove(&id)?;
        let waiting = self.waiting.get_mut(&number)?;
        waiting.open.retain(|open| *open != id);
        let addresses = match answer {
            Ok(DnsAnswer::Addresses(addresses)) => addresses,
            Ok(DnsAnswer::Services(_) | DnsAnswer::Pointers(_)) | Err(_) => Vec::new(),
        };
        let ipv4 = addresses.iter().copied().find(IpAddr::is_ipv4);
        waiting.ipv6 = waiting.ipv6.or(addresses.into_iter().find(IpAddr::is_ipv6));
        if ipv4.is_none() && !waiting.open.is_empty() {
            return None;
        }
        let waiting = self.waiting.remove(&number)?;
        Some(toward(waiting.request, ipv4.or(waiting.ipv6)))
    }
}

/// The request, with the address that was found.
fn toward(mut request: MediaRequest, address: Option<IpAddr>) -> MediaRequest {
    if let MediaAction::Ask(_, MediaQuestion::CreateOffer { toward, .. }) = &mut request.action {
        *toward = address.map(NextHop::Address);
    }
    request
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use rvoip_session_core::{Direction, NegotiationId};

    use super::*;
    use crate::media::MediaKey;

    fn offer(toward: Option<NextHop>) -> MediaRequest {
        let direction = Direction::SendRecv;
        let question = MediaQuestion::CreateOffer { direction, restart: false, toward };
        MediaRequest { session: MediaKey(1), action: MediaAction::Ask(NegotiationId(1), question) }
    }

    fn named(name: &str) -> MediaRequest {
        offer(Some(NextHop::Name(name.to_owned())))
    }

    #[tokio::test]
    async fn an_offer_waits_for_the_address_of_its_host() {
        let mut names = Names { resolver: Some(Resolver::offline()), ..Names::default() };
        let here = offer(Some(NextHop::Address([127, 0, 0, 1].into())));
        assert_eq!(names.take(here.clone()), Some(here.clone()));
        assert_eq!(names.take(named("localhost")), None);
        assert_eq!(poll_fn(|cx| names.poll(cx)).await, here);
        assert_eq!(names.take(named("nobody.example")), None);
        assert_eq!(poll_fn(|cx| names.poll(cx)).await, offer(None), "nobody knows it");
        assert!(names.waiting.is_empty());
    }

    #[tokio::test]
    async fn an_offer_does_not_wait_for_a_name_server_that_is_silent() {
        let patience = Duration::from_millis(10);
        let mut names = Names { patience, resolver: Some(Resolver::offline()), ..Names::default() };
        assert_eq!(names.take(named("localhost")), None);
        // As if both questions were still open.
        names.resolver = None;
        assert_eq!(poll_fn(|cx| names.poll(cx)).await, offer(None));
    }
}
