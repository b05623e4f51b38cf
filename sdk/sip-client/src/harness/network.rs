//! The simulated network between the clients and the peer: it can be slow, and lose datagrams.

use std::collections::VecDeque;
use std::time::Duration;

use rvoip_driver::{FlowId, Instant, MediaKey};

use super::media::Heard;
use super::peer::Received;
use super::step::NetworkChange;
use super::world::{Member, Packet};

/// What is on its way to a client.
#[derive(Debug)]
pub(super) enum Inbound {
    /// A message.
    Message(Packet),
    /// Something that the peer does in the media of a call. No single packet of it matters: audio goes on, and a key press
    /// is sent more than once (RFC 4733 §2.5.1.4).
    Media { client: usize, call: MediaKey, heard: Heard },
}

/// What is lost or late as a whole.
pub(super) trait Load {
    /// The flow of a message.
    fn flow(&self) -> Option<FlowId>;

    /// A datagram with a message.
    fn is_datagram(&self) -> bool {
        self.flow() == Some(Member::datagrams())
    }
}

impl Load for Received {
    fn flow(&self) -> Option<FlowId> {
        Some(self.flow)
    }
}

impl Load for Inbound {
    fn flow(&self) -> Option<FlowId> {
        match self {
            Self::Message(packet) => Some(packet.flow),
            Self::Media { .. } => None,
        }
    }
}

/// One direction. Nothing overtakes what was sent before it.
#[derive(Debug)]
pub(super) struct Line<T> {
    delay: Duration,
    /// The next datagrams that are lost.
    lose: u32,
    under_way: VecDeque<(Instant, T)>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { delay: Duration::ZERO, lose: 0, under_way: VecDeque::new() }
    }
}

impl<T: Load> Line<T> {
    pub(super) fn send(&mut self, now: Instant, load: T) {
        if load.is_datagram() && self.lose > 0 {
            self.lose -= 1;
            return;
        }
        let last = self.under_way.back().map(|(at, _)| *at);
        let at = last.into_iter().fold(now + self.delay, Instant::max);
        self.under_way.push_back((at, load));
    }

    /// What has arrived.
    pub(super) fn receive(&mut self, now: Instant) -> Option<T> {
        self.next().filter(|at| *at <= now)?;
        self.under_way.pop_front().map(|(_, load)| load)
    }

    fn next(&self) -> Option<Instant> {
        self.under_way.front().map(|(at, _)| *at)
    }

    /// Connections break: what is under way in them does not arrive.
    fn cut(&mut self) {
        self.under_way.retain(|(_, load)| load.flow().is_none() || load.is_datagram());
    }
}

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) to_peer: Line<Received>,
    pub(super) to_client: Line<Inbound>,
}

impl Network {
    pub(super) fn change(&mut self, change: &NetworkChange) {
        if let Some(delay) = change.delay {
            let delay = Duration::from_millis(delay);
            (self.to_peer.delay, self.to_client.delay) = (delay, delay);
        }
        if let Some(lose) = &change.lose {
            (self.to_peer.lose, self.to_client.lose) = (lose.to_peer, lose.to_client);
        }
    }

    /// When something arrives next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.to_peer.next().into_iter().chain(self.to_client.next()).min()
    }

    pub(super) fn cut(&mut self) {
        self.to_peer.cut();
        self.to_client.cut();
    }

    /// Datagrams that were to be lost, and were never sent.
    pub(super) fn to_be_lost(&self) -> u32 {
        self.to_peer.lose + self.to_client.lose
    }
}
