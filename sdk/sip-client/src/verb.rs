//! What a handle asks for, as a future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rvoip_driver::Completion;

use crate::Result;
use crate::agent::Agent;
use crate::command::Reply;
use crate::handle::{Handle, unexpected};

/// Takes out of a reply what the verb is for; the reply itself if it is another's.
pub(crate) type Take<T> = fn(&Handle, Reply) -> std::result::Result<T, Reply>;

/// Something asked for: submitted when it is first polled, withdrawn when it is dropped before its end.
///
/// It borrows nothing, so that it can be given to a task; of one shape for all verbs with the same result, so that a program
/// has the code of it once.
#[must_use = "a verb is submitted when it is first awaited"]
pub struct Verb<T> {
    handle: Handle,
    completion: Completion<Agent>,
    take: Take<T>,
}

impl<T> fmt::Debug for Verb<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verb").field("completion", &self.completion).finish_non_exhaustive()
    }
}

impl<T> Verb<T> {
    pub(crate) fn new(handle: Handle, completion: Completion<Agent>, take: Take<T>) -> Self {
        Self { handle, completion, take }
    }
}

impl<T> Future for Verb<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let reply = ready!(Pin::new(&mut self.completion).poll(cx))?;
        let taken = (self.take)(&self.handle, reply);
        Poll::Ready(taken.map_err(|reply| unexpected(&reply)))
    }
}

/// Takes that it is done.
#[expect(clippy::unnecessary_wraps, reason = "of the shape of all that take")]
pub(crate) fn done(_: &Handle, _: Reply) -> std::result::Result<(), Reply> {
    Ok(())
}
