//! Responses of the branches, and which of them the caller gets (RFC 3261 §16.7, §16.10).

use rvoip_driver::Now;
use rvoip_sip_core::{BuildError, Edit, HeaderName, Message, MessageBuf, MessageBuilder, StatusCode};
use rvoip_transaction_core::{ClientFailure, ClientKey, ServerKey, TransactionLayer};

use super::{Proxy, TIMER_C};
use crate::SwitchConfig;

impl Proxy {
    /// Whether a request is one of ours.
    pub(crate) fn owns(&self, branch: ClientKey) -> bool {
        self.branches.contains_key(&branch)
    }

    /// A response of a branch.
    pub(crate) fn handle_response(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        config: &SwitchConfig,
        branch: ClientKey,
        response: &Message<'_>,
    ) {
        let (Some(key), Some(status)) = (self.branches.get(&branch).copied(), response.status()) else {
            return;
        };
        if status == StatusCode::TRYING {
            return;
        }
        let Ok(popped) = response.edit().pop_first(&HeaderName::Via).finish() else {
            return self.counters.count("response that cannot be forwarded");
        };
        let is_invite = self.forwardings.get(&key).is_some_and(|forwarding| forwarding.is_invite);
        if status.is_provisional() {
            if is_invite {
                self.timers.set(branch, now.after(TIMER_C));
            }
            return layer.respond(now, key, popped);
        }
        self.timers.cancel(branch);
        if status.is_success() {
            // Every 2xx of an INVITE is forwarded, each makes a dialog.
            layer.respond(now, key, popped);
            if let Some(forwarding) = self.forwardings.get_mut(&key) {
                forwarding.answered = true;
            }
            self.note(branch, status, None);
            self.cancel_others(now, layer, key);
            return;
        }
        if matches!(status, StatusCode::FLOW_FAILED | StatusCode::REQUEST_TIMEOUT)
            && self.begin_another(now, layer, config, branch)
        {
            return;
        }
        self.note(branch, status, Some(popped));
        if status.is_global_failure() {
            self.cancel_others(now, layer, key);
        }
        self.answer_when_all_did(now, layer, key);
    }

    /// A flow failed: the next one of the same phone is tried (RFC 5626 §7); false if there is none.
    fn begin_another(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        config: &SwitchConfig,
        failed: ClientKey,
    ) -> bool {
        let Some(key) = self.branches.get(&failed).copied() else { return false };
        let Some(forwarding) = self.forwardings.get_mut(&key) else { return false };
        if forwarding.answered || forwarding.cancelled {
            return false;
        }
        let Some(branch) = forwarding.branches.get_mut(&failed).filter(|branch| !branch.cancelled) else {
            return false;
        };
        let (others, breadth) = (std::mem::take(&mut branch.others), branch.breadth);
        if !self.begin(now, layer, config, key, others, breadth) {
            return false;
        }
        if let Some(forwarding) = self.forwardings.get_mut(&key) {
            forwarding.branches.remove(&failed);
        }
        self.timers.cancel(failed);
        self.branches.remove(&failed);
        true
    }

    fn note(&mut self, branch: ClientKey, status: StatusCode, answer: Option<MessageBuf>) {
        let key = self.branches.get(&branch);
        let forwarding = key.and_then(|key| self.forwardings.get_mut(key));
        if let Some(branch) = forwarding.and_then(|forwarding| forwarding.branches.get_mut(&branch)) {
            branch.answer = Some((status, answer));
        }
    }

    fn cancel_others(&mut self, now: Now, layer: &mut TransactionLayer, key: ServerKey) {
        let Some(forwarding) = self.forwardings.get_mut(&key).filter(|forwarding| forwarding.is_invite)
        else {
            return;
        };
        for (branch, state) in &mut forwarding.branches {
            if state.answer.is_none() && !state.cancelled {
                state.cancelled = true;
                layer.cancel(now, *branch);
            }
        }
    }

    /// The caller withdraws its INVITE; the branches answer 487.
    pub(crate) fn handle_cancel(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        invite: ServerKey,
    ) -> bool {
        let Some(forwarding) = self.forwardings.get_mut(&invite) else { return false };
        forwarding.cancelled = true;
        self.cancel_others(now, layer, invite);
        true
    }

    /// A branch got no answer (RFC 3261 §16.9).
    pub(crate) fn handle_failure(
        &mut self,
        now: Now,
        layer: &mut TransactionLayer,
        config: &SwitchConfig,
        branch: ClientKey,
        failure: &ClientFailure,
    ) {
        if *failure != ClientFailure::Withdrawn && self.begin_another(now, layer, config, branch) {
            return;
        }
        let Some(key) = self.branches.get(&branch).copied() else { return };
        let status = match failure {
            ClientFailure::TimedOut => StatusCode::REQUEST_TIMEOUT,
            ClientFailure::Withdrawn => StatusCode::REQUEST_TERMINATED,
            ClientFailure::Busy => StatusCode::SERVICE_UNAVAILABLE,
            ClientFailure::Transport(_) | ClientFailure::Unreachable(_) | _ => {
                StatusCode::SERVER_INTERNAL_ERROR
            }
        };
        self.timers.cancel(branch);
        self.note(branch, status, None);
        self.answer_when_all_did(now, layer, key);
        self.handle_terminated(branch);
    }

    /// A branch is over.
    pub(crate) fn handle_terminated(&mut self, branch: ClientKey) {
        self.timers.cancel(branch);
        let Some(key) = self.branches.remove(&branch) else { return };
        self.forget_when_over(key);
    }

    /// What was answered, and of which no branch lives, is done with.
    fn forget_when_over(&mut self, key: ServerKey) {
        let Some(forwarding) = self.forwardings.get(&key) else { return };
        if forwarding.answered && !forwarding.branches.keys().any(|branch| self.branches.contains_key(branch))
        {
            self.forget(key);
        }
    }

    /// When every branch has answered, the best answer is the caller's (RFC 3261 §16.7 step 6).
    fn answer_when_all_did(&mut self, now: Now, layer: &mut TransactionLayer, key: ServerKey) {
        let tag = self.tag();
        let Some(forwarding) = self.forwardings.get_mut(&key) else { return };
        if forwarding.answered || forwarding.branches.values().any(|branch| branch.answer.is_none()) {
            return;
        }
        forwarding.answered = true;
        let best = forwarding
            .branches
            .values()
            .filter_map(|branch| branch.answer.as_ref())
            .min_by_key(|(status, _)| rank(*status));
        let Some((status, answer)) = best else { return };
        // 503 says that we ourselves cannot; of the next hop it is our 500.
        let status = if *status == StatusCode::SERVICE_UNAVAILABLE {
            StatusCode::SERVER_INTERNAL_ERROR
        } else {
            *status
        };
        let written = match answer {
            Some(answer) if answer.as_message().status() == Some(status) => Some(answer.clone()),
            _ => MessageBuilder::response_to(&forwarding.request.as_message(), status)
                .to_tag(&tag)
                .build()
                .ok(),
        };
        let is_challenge =
            matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        let Some(mut written) = written else {
            layer.cannot_answer(now, key, &forwarding.request.as_message(), &tag);
            return self.forget_when_over(key);
        };
        if is_challenge && forwarding.branches.len() > 1 {
            let answers =
                forwarding.branches.values().filter_map(|branch| branch.answer.as_ref()?.1.as_ref());
            written = with_challenges(&written, answers).unwrap_or(written);
        }
        layer.respond(now, key, written);
        self.forget_when_over(key);
    }
}

/// The order in which answers are preferred: 6xx, then 3xx, then what the caller can do something about, 4xx, 5xx.
fn rank(status: StatusCode) -> (u8, u16) {
    let code = status.code();
    let class = match code {
        600.. => 0,
        401 | 407 | 415 | 420 | 484 => 2,
        300..=399 => 1,
        408 => 4,
        400..=499 => 3,
        _ => 5,
    };
    (class, code)
}

/// An answer with the challenges of all branches: whoever waits for a password gets every one (RFC 3261 §16.7 step 7).
fn with_challenges<'b>(
    answer: &MessageBuf,
    branches: impl Iterator<Item = &'b MessageBuf>,
) -> Result<MessageBuf, BuildError> {
    const CHALLENGES: [HeaderName; 2] = [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate];
    let answer = answer.as_message();
    let mut edit = CHALLENGES.iter().fold(answer.edit(), Edit::remove);
    for branch in branches {
        let branch = branch.as_message();
        for field in CHALLENGES.iter().flat_map(|name| branch.fields_named(name)) {
            edit = edit.push_back_field(&field);
        }
    }
    edit.finish()
}
