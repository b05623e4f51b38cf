//! Closing: calls and registrations are ended in good order, within a deadline.

use rvoip_driver::{Now, Output, Token};

use super::{Agent, Timer};
use crate::command::Reply;
use crate::{AccountKey, Event};

/// How far closing has come.
#[derive(Debug, Default)]
pub(super) enum Closing {
    /// Nobody closes.
    #[default]
    Open,
    /// Calls and registrations are being ended.
    Ending {
        /// Who waits for it.
        waiting: Vec<Token>,
        /// The deadline has passed.
        overdue: bool,
    },
    /// All is over.
    Closed,
}

impl Closing {
    pub(super) fn is_closing(&self) -> bool {
        !matches!(self, Self::Open)
    }

    pub(super) fn give_up(&mut self) {
        if let Self::Ending { overdue, .. } = self {
            *overdue = true;
        }
    }
}

impl Agent {
    /// Begins to close, or joins those who wait for it.
    pub(super) fn close_command(&mut self, now: Now, token: Token) {
        self.close(now);
        match &mut self.closing {
            Closing::Ending { waiting, .. } => waiting.push(token),
            Closing::Open | Closing::Closed => self.done(token, Ok(Reply::Done)),
        }
    }

    pub(super) fn close(&mut self, now: Now) {
        if self.closing.is_closing() {
            return;
        }
        self.closing = Closing::Ending { waiting: Vec::new(), overdue: false };
        self.timers.set(Timer::Close, now.after(self.config.close_deadline));
        for call in self.calls.values() {
            self.ua.hang_up(now, call.session);
        }
        // A registration that failed may still be there: that of a refresh.
        for key in self.registered_accounts() {
            self.end_registration(now, key);
        }
    }

    /// The accounts of which a registrar has, or may have, a contact.
    fn registered_accounts(&self) -> Vec<AccountKey> {
        let registered = self.accounts.iter().filter(|(_, account)| account.may_be_registered());
        registered.map(|(key, _)| *key).collect()
    }

    pub(super) fn close_when_over(&mut self) {
        let Closing::Ending { overdue, .. } = &self.closing else { return };
        let busy =
            !self.calls.is_empty() || !self.open_media.is_empty() || !self.registered_accounts().is_empty();
        if busy && !overdue {
            return;
        }
        let Closing::Ending { waiting, .. } = std::mem::replace(&mut self.closing, Closing::Closed) else {
            return;
        };
        self.timers.cancel(Timer::Close);
        self.tell(Event::ClientClosed { reason: None });
        for token in waiting {
            self.done(token, Ok(Reply::Done));
        }
        self.out.push_back(Output::Closed);
    }
}
