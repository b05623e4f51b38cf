//! Names in a page: the browser resolves them when it connects, so a stand-in address is given for each.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::task::{Context, Poll, Waker};

use rvoip_sans_io::{DnsAnswer, DnsError, DnsQuestion, QuestionId, RecordType};

/// Names that are remembered; a page speaks with a handful of servers.
const NAMES: usize = 1_024;

/// Gives each name an address of the discard-only prefix (RFC 6666), which stands for it until the browser connects to the
/// name itself.
#[derive(Debug, Default)]
pub struct Resolver {
    names: Vec<String>,
    answers: VecDeque<(QuestionId, Result<DnsAnswer, DnsError>)>,
    waker: Option<Waker>,
}

impl Resolver {
    /// A resolver that knows no name yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a question.
    pub fn ask(&mut self, id: QuestionId, question: DnsQuestion) {
        let answer = match question.record {
            RecordType::Aaaa => self.stand_in(question.name),
            RecordType::A => Ok(DnsAnswer::Addresses(Vec::new())),
            RecordType::Srv => Ok(DnsAnswer::Services(Vec::new())),
            RecordType::Naptr => Ok(DnsAnswer::Pointers(Vec::new())),
        };
        self.answers.push_back((id, answer));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn stand_in(&mut self, name: String) -> Result<DnsAnswer, DnsError> {
        let index = match self.names.iter().position(|known| *known == name) {
            Some(index) => index,
            None if self.names.len() < NAMES => {
                self.names.push(name);
                self.names.len() - 1
            }
            None => return Err(DnsError::Unavailable),
        };
        let number = u16::try_from(index + 1).unwrap_or(u16::MAX);
        let address = IpAddr::V6(Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, number));
        Ok(DnsAnswer::Addresses(vec![address]))
    }

    /// The next answer.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(QuestionId, Result<DnsAnswer, DnsError>)> {
        if let Some(answer) = self.answers.pop_front() {
            return Poll::Ready(answer);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
