//! In the browser: nothing connects yet, and each attempt says so.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use rvoip_sans_io::{DnsAnswer, DnsError, DnsQuestion, FlowId, OpenFlow, QuestionId, Transmit};

use crate::{TransportConfig, TransportEvent};

/// The flows of a page.
#[derive(Debug)]
pub struct Transports {
    events: VecDeque<TransportEvent>,
    waker: Option<Waker>,
}

impl Transports {
    /// Transports without flows.
    pub fn new(_config: TransportConfig) -> Self {
        Self { events: VecDeque::new(), waker: None }
    }

    /// Fails: WebSocket is not there yet.
    pub fn open(&mut self, open: &OpenFlow) {
        let reason = "connections are not available in the browser yet".to_owned();
        self.events.push_back(TransportEvent::Failed { flow: open.flow, reason });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Sends nothing, as there is no flow.
    pub fn transmit(&mut self, _transmit: Transmit) {}

    /// Closes nothing, as there is no flow.
    pub fn close(&mut self, _flow: FlowId) {}

    /// What happened.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<TransportEvent> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// A page cannot ask DNS: every question is answered so.
#[derive(Debug, Default)]
pub struct Resolver {
    answers: VecDeque<QuestionId>,
    waker: Option<Waker>,
}

impl Resolver {
    /// A resolver that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a question.
    pub fn ask(&mut self, id: QuestionId, _question: DnsQuestion) {
        self.answers.push_back(id);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The next answer.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(QuestionId, Result<DnsAnswer, DnsError>)> {
        if let Some(id) = self.answers.pop_front() {
            return Poll::Ready((id, Err(DnsError::Unavailable)));
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
