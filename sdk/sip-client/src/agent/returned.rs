//! What becomes of a reply that nobody took.

use rvoip_driver::{Now, Token};

use super::{Agent, Timer};
use crate::command::Reply;

impl Agent {
    /// The caller of a command went away after it was complete: nobody has what it gave.
    pub(super) fn returned(&mut self, now: Now, token: Token, reply: Reply) {
        match reply {
            Reply::Digits(key, digits) => {
                let collected =
                    self.calls.get_mut(&key).and_then(|call| call.digits.put_back(token, &digits));
                if let Some((token, digits)) = collected {
                    self.timers.cancel(Timer::Collect(key));
                    self.done(token, Ok(Reply::Digits(key, digits)));
                }
            }
            Reply::Frames(key, samples) => self.keep_frames(key, token, samples),
            Reply::Account(key) => self.remove_unheard(now, key),
            Reply::Call(key) => {
                if let Some(call) = self.calls.get(&key) {
                    self.ua.hang_up(now, call.session);
                }
            }
            Reply::Done | Reply::Registration(_) | Reply::Answer(_) | Reply::Ended(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rvoip_driver::{Input, MediaAction, MediaControl, MediaHappened, MediaReported};
    use rvoip_sip_core::Method;

    use super::super::bench::Bench;
    use super::*;
    use crate::command::{AccountCommand, CallCommand, Command};
    use crate::{AccountConfig, CallKey};

    fn press(bench: &mut Bench, call: CallKey, digit: char) {
        bench.happened(call, MediaHappened::DigitReceived { digit, duration: Duration::from_millis(100) });
    }

    fn collect(bench: &mut Bench, call: CallKey, count: u32) -> Token {
        bench.call_command(call, CallCommand::CollectDigits { count, within: Duration::MAX })
    }

    #[test]
    fn digits_that_nobody_took_go_to_whoever_collects_next() {
        let (mut bench, _, call) = Bench::talking();
        let first = collect(&mut bench, call, 2);
        press(&mut bench, call, '1');
        press(&mut bench, call, '2');
        let reply = bench.reply(first).unwrap();
        assert_eq!(reply, Reply::Digits(call, "12".to_owned()));
        press(&mut bench, call, '3');
        bench.give(Input::Returned(first, reply));
        let second = collect(&mut bench, call, 3);
        assert_eq!(bench.reply(second), Some(Reply::Digits(call, "123".to_owned())));
    }

    #[test]
    fn digits_that_nobody_took_complete_whoever_collects_already() {
        let (mut bench, _, call) = Bench::talking();
        let first = collect(&mut bench, call, 1);
        press(&mut bench, call, '1');
        let reply = bench.reply(first).unwrap();
        let second = collect(&mut bench, call, 2);
        press(&mut bench, call, '2');
        assert_eq!(bench.reply(second), None);
        bench.give(Input::Returned(first, reply));
        assert_eq!(bench.reply(second), Some(Reply::Digits(call, "12".to_owned())));
    }

    fn frames(call: CallKey, samples: &[i16]) -> Reply {
        Reply::Frames(call, samples.to_vec())
    }

    #[test]
    fn audio_that_nobody_took_goes_to_whoever_reads_next() {
        let (mut bench, _, call) = Bench::talking();
        let [first, second] = [(); 2].map(|()| bench.call_command(call, CallCommand::ReadFrames));
        bench.report(call, MediaReported::Frames(first, vec![1, 2]));
        bench.report(call, MediaReported::Frames(second, vec![3]));
        let replies = [first, second].map(|token| bench.reply(token).unwrap());
        for (token, reply) in [first, second].into_iter().zip(replies) {
            bench.give(Input::Returned(token, reply));
        }
        // One that is withdrawn while its audio is on the way.
        let third = bench.call_command(call, CallCommand::ReadFrames);
        assert_eq!(bench.reply(third), Some(frames(call, &[1, 2, 3])));
        let fourth = bench.call_command(call, CallCommand::ReadFrames);
        bench.give(Input::Cancel(fourth));
        bench.report(call, MediaReported::Frames(fourth, vec![4]));
        let fifth = bench.call_command(call, CallCommand::ReadFrames);
        assert_eq!(bench.reply(fifth), Some(frames(call, &[4])));
        let asked = bench
            .media
            .iter()
            .filter(|action| matches!(action, MediaAction::Control(_, MediaControl::ReadFrames)));
        assert_eq!(asked.count(), 3, "the others had their audio at once");
    }

    #[test]
    fn audio_that_nobody_took_goes_to_whoever_waits_already() {
        let (mut bench, _, call) = Bench::talking();
        let [first, second] = [(); 2].map(|()| bench.call_command(call, CallCommand::ReadFrames));
        bench.report(call, MediaReported::Frames(first, vec![1]));
        let reply = bench.reply(first).unwrap();
        bench.give(Input::Returned(first, reply));
        assert_eq!(bench.reply(second), Some(frames(call, &[1])));
        assert!(bench.media.contains(&MediaAction::Withdraw(second)));
        // What was on its way to it is for the next.
        bench.report(call, MediaReported::Frames(second, vec![2]));
        let third = bench.call_command(call, CallCommand::ReadFrames);
        assert_eq!(bench.reply(third), Some(frames(call, &[2])));
    }

    #[test]
    fn an_account_and_a_call_that_nobody_heard_of_go_again() {
        let (mut bench, account, call) = Bench::talking();
        bench.give(Input::Returned(Token(90), Reply::Call(call)));
        assert_eq!(bench.sent, [Method::Bye]);
        bench.give(Input::Returned(Token(91), Reply::Account(account)));
        assert_eq!(bench.sent, [Method::Bye, Method::Register]);
        assert!(bench.agent.accounts().is_empty() && bench.agent.calls().is_empty());
    }

    #[test]
    fn what_is_known_otherwise_stays() {
        let (mut bench, account, call) = Bench::talking();
        let token = bench.command(Command::Account(account, AccountCommand::Register));
        let reply = bench.reply(token).unwrap();
        bench.give(Input::Returned(token, reply));
        bench.give(Input::Returned(token, Reply::Done));
        assert!(bench.sent.is_empty());
        assert_eq!((bench.agent.accounts().len(), bench.agent.calls().len()), (1, 1));
        let config = AccountConfig { address: "sip:b@example.com".to_owned(), ..AccountConfig::default() };
        let token = bench.command(Command::AddAccount { config, register: false });
        let reply = bench.reply(token).unwrap();
        bench.give(Input::Returned(token, reply));
        assert_eq!(bench.agent.accounts().len(), 1, "one that was added and not heard of");
        assert!(bench.agent.call(call).is_some());
    }
}
