//! The states of a dialog (RFC 3261 §12).

/// The states of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogState {
    /// Made by a provisional response.
    Early,
    /// Made or confirmed by a 2xx.
    Confirmed,
    /// Nothing is left.
    Terminated,
}

/// What changes a dialog's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogEvent {
    /// A 2xx was sent or received.
    Success,
    /// The INVITE ended with 300 to 699.
    Failure,
    /// A BYE was sent or received, or a request in the dialog got 481 or 408 (RFC 3261 §12.2.1.2, §15).
    Bye,
}

impl DialogState {
    /// The next state, or `None` if the event changes nothing.
    pub fn step(self, event: DialogEvent) -> Option<Self> {
        match (self, event) {
            (Self::Early, DialogEvent::Success) => Some(Self::Confirmed),
            (Self::Early, DialogEvent::Failure | DialogEvent::Bye) | (Self::Confirmed, DialogEvent::Bye) => {
                Some(Self::Terminated)
            }
            // A failure response ends early dialogs alone; a further 2xx is a retransmission.
            (Self::Confirmed, DialogEvent::Success | DialogEvent::Failure) | (Self::Terminated, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transition_of_a_dialog() {
        use DialogEvent::{Bye, Failure, Success};
        use DialogState::{Confirmed, Early, Terminated};
        let table = [
            (Early, Success, Some(Confirmed)),
            (Early, Failure, Some(Terminated)),
            (Early, Bye, Some(Terminated)),
            (Confirmed, Success, None),
            (Confirmed, Failure, None),
            (Confirmed, Bye, Some(Terminated)),
            (Terminated, Success, None),
            (Terminated, Failure, None),
            (Terminated, Bye, None),
        ];
        for (state, event, next) in table {
            assert_eq!(state.step(event), next, "{state:?} {event:?}");
        }
    }
}
