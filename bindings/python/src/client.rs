//! A client with its accounts and calls, which are named by their keys.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rvoip::{Account, AccountKey, AudioSink, AudioSource, Call, CallKey, Client, ErrorKind, WireTap};

use crate::bridge::{self, Tap, Told};
use crate::events::RawEvents;
use crate::log;
use crate::owned::Owned;
use crate::value::{Whole, from_python, number, thrown, to_python};
use crate::verb::begin;

/// What a verb gives: a future of asyncio.
type Promise = PyResult<Py<PyAny>>;

/// A client.
#[pyclass(frozen, module = "rvoip._rvoip")]
#[derive(Debug)]
pub(crate) struct RawClient(Owned<Client>);

impl From<Client> for RawClient {
    fn from(client: Client) -> Self {
        Self(Owned::new(client))
    }
}

/// Reads one SIP message.
#[pyfunction]
#[pyo3(name = "parse_message")]
pub(crate) fn parse_message(py: Python<'_>, message: &[u8]) -> PyResult<Py<PyAny>> {
    rvoip::parse_message(message).map_err(|error| thrown(&error)).and_then(|message| to_python(py, &message))
}

impl RawClient {
    fn of_account(&self, key: Whole<'_, '_>) -> PyResult<Account> {
        let key = number("the key of an account", key)?;
        Ok(self.0.get()?.account_by_key(AccountKey(key)))
    }

    fn of_call(&self, key: Whole<'_, '_>) -> PyResult<Call> {
        let key = number("the key of a call", key)?;
        Ok(self.0.get()?.call(CallKey(key)))
    }
}

/// A verb that gives nothing.
macro_rules! done {
    ($py:ident, $verb:expr) => {
        begin($py, async move { $verb.await }, |py, ()| Ok(py.None()))
    };
}

/// A verb that gives data.
macro_rules! given {
    ($py:ident, $verb:expr) => {
        begin($py, async move { $verb.await }, |py, reply| to_python(py, &reply))
    };
}

#[pymethods]
impl RawClient {
    /// Starts a client.
    #[staticmethod]
    fn open(py: Python<'_>, config: &Bound<'_, PyAny>, wire_tap: Option<Py<PyAny>>) -> Promise {
        bridge::open(py)?;
        log::refresh(py);
        let mut builder = Client::builder().config(from_python(config)?);
        if let Some(see) = wire_tap {
            let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?.unbind();
            let tap = Arc::new(Tap { event_loop, see });
            builder = builder.wire_tap(WireTap::new(move |entry| {
                bridge::tell(Told::Wire(Box::new(entry.clone()), Arc::clone(&tap)));
            }));
        }
        begin(py, builder.build(), |py, client| Ok(Py::new(py, Self::from(client))?.into_any()))
    }

    /// Adds an account.
    fn add_account(&self, py: Python<'_>, config: &Bound<'_, PyAny>) -> Promise {
        let builder = self.0.get()?.account_with(from_python(config)?);
        begin(py, builder.add(), |py, account| to_python(py, &account.key()))
    }

    /// Adds an account and registers it.
    fn register_account(&self, py: Python<'_>, config: &Bound<'_, PyAny>) -> Promise {
        let builder = self.0.get()?.account_with(from_python(config)?);
        begin(py, builder.register(), |py, account| to_python(py, &account.key()))
    }

    /// The accounts as they are now.
    fn accounts(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &self.0.get()?.accounts().iter().filter_map(Account::info).collect::<Vec<_>>())
    }

    /// The calls as they are now.
    fn calls(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &self.0.get()?.calls().iter().filter_map(Call::info).collect::<Vec<_>>())
    }

    /// What this build can do.
    fn capabilities(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        to_python(py, &self.0.get()?.capabilities())
    }

    /// Listens to everything.
    fn events(&self) -> PyResult<RawEvents> {
        Ok(self.0.get()?.events().into())
    }

    /// Listens to an account.
    fn account_events(&self, account: Whole<'_, '_>) -> PyResult<RawEvents> {
        Ok(self.of_account(account)?.events().into())
    }

    /// Listens to a call.
    fn call_events(&self, call: Whole<'_, '_>) -> PyResult<RawEvents> {
        Ok(self.of_call(call)?.events().into())
    }

    /// An account as it is now.
    fn account(&self, py: Python<'_>, account: Whole<'_, '_>) -> PyResult<Py<PyAny>> {
        to_python(py, &self.of_account(account)?.info())
    }

    /// A call as it is now.
    fn call(&self, py: Python<'_>, call: Whole<'_, '_>) -> PyResult<Py<PyAny>> {
        to_python(py, &self.of_call(call)?.info())
    }

    /// How much lives; 0 when idle.
    fn live(&self) -> PyResult<usize> {
        Ok(self.0.get()?.live())
    }

    /// Ends everything.
    fn close(&self, py: Python<'_>) -> Promise {
        let client = self.0.get()?.clone();
        done!(py, client.close())
    }

    /// Registers an account.
    fn register(&self, py: Python<'_>, account: Whole<'_, '_>) -> Promise {
        let account = self.of_account(account)?;
        given!(py, account.register())
    }

    /// Removes a registration.
    fn unregister(&self, py: Python<'_>, account: Whole<'_, '_>) -> Promise {
        let account = self.of_account(account)?;
        done!(py, account.unregister())
    }

    /// Removes an account.
    fn remove(&self, py: Python<'_>, account: Whole<'_, '_>) -> Promise {
        let account = self.of_account(account)?;
        done!(py, account.remove())
    }

    /// Calls a URI.
    fn place_call(&self, py: Python<'_>, account: Whole<'_, '_>, to: String) -> Promise {
        let account = self.of_account(account)?;
        begin(py, async move { account.call(&to).await }, |py, call| to_python(py, &call.key()))
    }

    /// Asks a peer what it can do.
    fn options(&self, py: Python<'_>, account: Whole<'_, '_>, to: String) -> Promise {
        let account = self.of_account(account)?;
        given!(py, account.options(&to))
    }

    /// Sends a text.
    fn send_message(&self, py: Python<'_>, account: Whole<'_, '_>, to: String, text: String) -> Promise {
        let account = self.of_account(account)?;
        given!(py, account.message(&to, &text))
    }

    /// Waits until the peer answers.
    fn answered(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.answered())
    }

    /// Waits until the call is over.
    fn ended(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        given!(py, call.ended())
    }

    /// Answers an incoming call.
    fn answer(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.answer())
    }

    /// Refuses an incoming call.
    fn reject(&self, py: Python<'_>, call: Whole<'_, '_>, status: Whole<'_, '_>) -> Promise {
        let (call, status) = (self.of_call(call)?, number("a status", status)?);
        done!(py, call.reject(status))
    }

    /// Ends a call.
    fn hang_up(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.hang_up())
    }

    /// Puts the peer on hold.
    fn hold(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.hold())
    }

    /// Takes the peer off hold.
    fn resume(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.resume())
    }

    /// Negotiates the media anew.
    fn reinvite(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.reinvite())
    }

    /// Stops or starts sending our audio.
    fn mute(&self, py: Python<'_>, call: Whole<'_, '_>, muted: bool) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.mute(muted))
    }

    /// Sends key presses.
    fn send_dtmf(&self, py: Python<'_>, call: Whole<'_, '_>, digits: String) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.send_dtmf(&digits))
    }

    /// Waits for key presses of the peer.
    fn collect_digits(
        &self,
        py: Python<'_>,
        call: Whole<'_, '_>,
        count: Whole<'_, '_>,
        within: f64,
    ) -> Promise {
        let (call, count) = (self.of_call(call)?, number("a count of digits", count)?);
        let within = Duration::try_from_secs_f64(within).map_err(|error| {
            thrown(&ErrorKind::InvalidArgument.error(format!("within {within} seconds: {error}")))
        })?;
        given!(py, call.collect_digits(count, within))
    }

    /// Plays to the peer.
    fn play(&self, py: Python<'_>, call: Whole<'_, '_>, source: &Bound<'_, PyAny>) -> Promise {
        let (call, source) = (self.of_call(call)?, from_python::<AudioSource>(source)?);
        done!(py, call.play(source))
    }

    /// Stops playing.
    fn stop_playing(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.stop_playing())
    }

    /// Records the peer's audio.
    fn record(&self, py: Python<'_>, call: Whole<'_, '_>, sink: &Bound<'_, PyAny>) -> Promise {
        let (call, sink) = (self.of_call(call)?, from_python::<AudioSink>(sink)?);
        done!(py, call.record(sink))
    }

    /// Stops recording.
    fn stop_recording(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.stop_recording())
    }

    /// Adds 16-bit samples, in the order of the machine's bytes, to what the peer hears.
    fn write_frames(&self, py: Python<'_>, call: Whole<'_, '_>, samples: &[u8]) -> Promise {
        let call = self.of_call(call)?;
        let (samples, rest) = samples.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(thrown(&ErrorKind::InvalidArgument.error("half a sample: one has two bytes")));
        }
        let samples: Vec<i16> = samples.iter().map(|&sample| i16::from_ne_bytes(sample)).collect();
        done!(py, call.write_frames(&samples))
    }

    /// Takes what the peer said since the last time, in the same form.
    fn read_frames(&self, py: Python<'_>, call: Whole<'_, '_>) -> Promise {
        let call = self.of_call(call)?;
        begin(py, async move { call.read_frames().await }, |py, samples| {
            let bytes: Vec<u8> = samples.into_iter().flat_map(i16::to_ne_bytes).collect();
            Ok(PyBytes::new(py, &bytes).into_any().unbind())
        })
    }

    /// Sends a text within a call.
    fn message_in_call(&self, py: Python<'_>, call: Whole<'_, '_>, text: String) -> Promise {
        let call = self.of_call(call)?;
        done!(py, call.message(&text))
    }
}
