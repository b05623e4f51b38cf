//! The verbs of a call.

use rvoip_driver::{MediaAction, MediaControl, Now, Token};
use rvoip_sip_core::StatusCode;

use super::{Agent, Pending, Timer};
use crate::command::{CallCommand, Command, Reply};
use crate::{CallDirection, CallKey, CallState, ErrorKind, Result};

impl Agent {
    pub(super) fn command(&mut self, now: Now, token: Token, command: Command) {
        if self.closing.is_closing() && !matches!(command, Command::Close) {
            return self.done(token, Err(ErrorKind::Closed.error("the client is closed")));
        }
        match command {
            Command::AddAccount { config, register } => self.add_account(now, token, &config, register),
            Command::Account(key, command) => self.account_command(now, token, key, command),
            Command::Call(key, command) => {
                self.callers.insert(token, key);
                self.call_command(now, token, key, command);
            }
            Command::Close => self.close_command(now, token),
        }
    }

    fn call_command(&mut self, now: Now, token: Token, key: CallKey, command: CallCommand) {
        let Some(call) = self.calls.get_mut(&key) else {
            let result = self.command_after_end(key, &command);
            return self.done(token, result);
        };
        let session = call.session;
        match command {
            CallCommand::Answered if call.is_established() => self.done(token, Ok(Reply::Done)),
            CallCommand::Answered => call.answered.push(token),
            CallCommand::Ended => call.ended.push(token),
            CallCommand::Answer | CallCommand::Reject(_) if !rings_here(call) => {
                let reason = match call.info.direction {
                    CallDirection::Incoming => "the call was answered already",
                    CallDirection::Outgoing => "only an incoming call can be answered or refused",
                };
                self.done(token, Err(ErrorKind::InvalidState.error(reason)));
            }
            CallCommand::Answer => {
                call.answered.push(token);
                self.ua.accept(now, session);
            }
            CallCommand::Reject(status) => {
                let Some(status) = StatusCode::new(status).filter(|status| status.code() >= 300) else {
                    let error =
                        ErrorKind::InvalidArgument.error("a call is refused with a status of 300 to 699");
                    return self.done(token, Err(error));
                };
                call.hanging_up.push(token);
                self.ua.reject(now, session, status);
            }
            CallCommand::HangUp => {
                call.hanging_up.push(token);
                self.ua.hang_up(now, session);
            }
            CallCommand::Hold | CallCommand::Resume | CallCommand::Reinvite if !call.is_established() => {
                self.done(token, Err(ErrorKind::InvalidState.error("the call is not connected")));
            }
            // Unless a change is under way, after which it may be otherwise.
            CallCommand::Hold if call.info.held_by_us && call.modifying.is_empty() => {
                self.done(token, Ok(Reply::Done));
            }
            CallCommand::Resume if !call.info.held_by_us && call.modifying.is_empty() => {
                self.done(token, Ok(Reply::Done));
            }
            CallCommand::Hold => {
                call.modifying.push(token);
                self.ua.hold(now, session);
            }
            CallCommand::Resume => {
                call.modifying.push(token);
                self.ua.resume(now, session);
            }
            CallCommand::Reinvite => {
                call.modifying.push(token);
                self.ua.reinvite(now, session);
            }
            CallCommand::Mute(muted) => {
                call.info.muted = muted;
                self.control(token, key, MediaControl::Mute(muted));
            }
            CallCommand::SendDigits(digits) => self.send_digits(token, key, digits),
            CallCommand::CollectDigits { count, within } => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                if count > super::digits::KEPT {
                    let reason = format!("{} digits at most can be waited for", super::digits::KEPT);
                    return self.done(token, Err(ErrorKind::InvalidArgument.error(reason)));
                }
                if !call.digits.collect(token, count) {
                    let error = ErrorKind::Busy.error("digits of this call are being collected already");
                    return self.done(token, Err(error));
                }
                match call.digits.complete() {
                    Some((token, digits)) => self.done(token, Ok(Reply::Digits(key, digits))),
                    None => self.timers.set(Timer::Collect(key), now.after(within)),
                }
            }
            CallCommand::Play(source) => self.control(token, key, MediaControl::Play(source)),
            CallCommand::StopPlaying => self.control(token, key, MediaControl::StopPlaying),
            CallCommand::Record(sink) => self.control(token, key, MediaControl::Record(sink)),
            CallCommand::StopRecording => self.control(token, key, MediaControl::StopRecording),
            CallCommand::WriteFrames(samples) => self.control(token, key, MediaControl::WriteFrames(samples)),
            CallCommand::ReadFrames => self.read_frames(token, key),
            CallCommand::Message(text) => self.message_in_call(now, token, session, text),
        }
    }

    /// What is asked of a call that is over: it can still be waited for and hung up.
    fn command_after_end(&self, key: CallKey, command: &CallCommand) -> Result<Reply> {
        match (command, self.ended.get(&key).map(|ended| &ended.cause)) {
            (CallCommand::Ended, Some(cause)) => Ok(Reply::Ended(cause.clone())),
            (CallCommand::HangUp, Some(_)) => Ok(Reply::Done),
            (CallCommand::ReadFrames, Some(_)) => Ok(Reply::Frames(key, Vec::new())),
            (CallCommand::Answered, Some(cause)) => Err(super::call::cause_error(cause)),
            _ => Err(ErrorKind::CallEnded.error("the call is over")),
        }
    }

    fn send_digits(&mut self, token: Token, key: CallKey, digits: String) {
        let Some(call) = self.calls.get(&key) else { return };
        if !call.is_established() {
            return self.done(token, Err(ErrorKind::InvalidState.error("the call is not connected")));
        }
        if digits.is_empty() || !digits.chars().all(is_key) {
            let error =
                ErrorKind::InvalidArgument.error("digits are 0 to 9, *, #, A to D, and a comma for a pause");
            return self.done(token, Err(error));
        }
        self.control(token, key, MediaControl::SendDigits(digits));
    }

    pub(super) fn collect_timed_out(&mut self, key: CallKey) {
        let collected = self.calls.get_mut(&key).and_then(|call| call.digits.give_up());
        if let Some((token, digits)) = collected {
            self.done(token, Ok(Reply::Digits(key, digits)));
        }
    }

    /// The caller of a command went away: what only that caller wanted is withdrawn.
    pub(super) fn cancel(&mut self, now: Now, token: Token) {
        let Some(key) = self.callers.remove(&token) else {
            if !self.cancel_registration(now, token) {
                self.forget_request(token);
            }
            return;
        };
        self.forget_request(token);
        let Some(call) = self.calls.get_mut(&key) else { return };
        for waiting in [&mut call.answered, &mut call.ended, &mut call.hanging_up] {
            waiting.retain(|waits| *waits != token);
        }
        let (controlled, collected) = (call.media.withdraw(token), call.digits.cancel(token));
        if collected {
            self.timers.cancel(Timer::Collect(key));
        }
        if controlled {
            self.ask_media_side(key, MediaAction::Withdraw(token));
        }
    }

    /// Nobody waits for the answer of a request any more.
    fn forget_request(&mut self, token: Token) {
        self.requests.retain(|_, pending| match pending {
            Pending::Request(waits) | Pending::Message(waits) => *waits != token,
            Pending::InfoDigit(_) => true,
        });
    }
}

fn rings_here(call: &super::Call) -> bool {
    call.info.direction == CallDirection::Incoming && call.info.state == CallState::Ringing
}

fn is_key(key: char) -> bool {
    matches!(key, '0'..='9' | '*' | '#' | 'A'..='D' | 'a'..='d' | ',')
}
