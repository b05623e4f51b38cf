//! A command as a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rvoip_sans_io::Token;

use super::Hosted;
use super::shared::Shared;

enum Stage<M: Hosted> {
    New(Box<M::Command>),
    Submitted(Token),
    Done,
}

/// The completion of a command. The first poll submits the command, dropping it withdraws it.
#[must_use = "a command is submitted when its completion is polled"]
pub struct Completion<M: Hosted> {
    shared: Arc<Shared<M>>,
    stage: Stage<M>,
}

impl<M: Hosted> std::fmt::Debug for Completion<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion").finish_non_exhaustive()
    }
}

impl<M: Hosted> Completion<M> {
    pub(super) fn new(shared: Arc<Shared<M>>, command: M::Command) -> Self {
        Self { shared, stage: Stage::New(Box::new(command)) }
    }
}

// The future holds no reference into itself.
impl<M: Hosted> Unpin for Completion<M> {}

impl<M: Hosted> Future for Completion<M> {
    type Output = Result<M::Reply, M::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match std::mem::replace(&mut this.stage, Stage::Done) {
            Stage::New(command) => match this.shared.submit(*command, cx.waker()) {
                Ok(token) => {
                    this.stage = Stage::Submitted(token);
                    Poll::Pending
                }
                Err(result) => Poll::Ready(result),
            },
            Stage::Submitted(token) => {
                if let Some(result) = this.shared.completed(token, cx.waker()) {
                    return Poll::Ready(result);
                }
                this.stage = Stage::Submitted(token);
                Poll::Pending
            }
            // Polled again after its end, which futures do not promise to survive; this one waits for ever.
            Stage::Done => Poll::Pending,
        }
    }
}

impl<M: Hosted> Drop for Completion<M> {
    fn drop(&mut self) {
        if let Stage::Submitted(token) = self.stage {
            self.shared.withdraw(token);
        }
    }
}
