//! A client with its accounts and calls, which are named by their keys.

use std::time::Duration;

use futures::{FutureExt as _, TryFutureExt as _};
use js_sys::{Promise, Uint8Array};
use rvoip::{Account, AccountKey, AudioSink, AudioSource, Call, CallKey, Client, ErrorKind, MediaPlatform};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::AbortSignal;

use crate::events::RawEvents;
use crate::promise::{Verb, reply, run};
use crate::value::{from_js, thrown, to_js};

/// A client.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RawClient(Client);

impl From<Client> for RawClient {
    fn from(client: Client) -> Self {
        Self(client)
    }
}

/// Reads one SIP message, from a string or from bytes.
#[wasm_bindgen(js_name = parseMessage)]
pub fn parse_message(message: &JsValue) -> Result<JsValue, JsValue> {
    let bytes = match message.dyn_ref::<Uint8Array>() {
        Some(bytes) => bytes.to_vec(),
        None => from_js::<String>(message)?.into_bytes(),
    };
    rvoip::parse_message(&bytes).map(|message| to_js(&message)).map_err(|error| thrown(&error))
}

impl RawClient {
    fn account(&self, key: &JsValue) -> Result<Account, JsValue> {
        Ok(self.0.account_by_key(AccountKey(from_js(key)?)))
    }

    fn call(&self, key: &JsValue) -> Result<Call, JsValue> {
        Ok(self.0.call(CallKey(from_js(key)?)))
    }

    /// A verb of the facade, one line each.
    fn verb(&self, name: &str, key: &JsValue, value: &JsValue, more: &JsValue) -> Result<Verb, JsValue> {
        Ok(match name {
            "addAccount" => reply(self.0.account_with(from_js(value)?).add().map_ok(|of| of.key())),
            "registerAccount" => reply(self.0.account_with(from_js(value)?).register().map_ok(|of| of.key())),
            "close" => {
                let client = self.0.clone();
                reply(async move { client.close().await })
            }

            "register" => reply(self.account(key)?.register()),
            "unregister" => reply(self.account(key)?.unregister()),
            "remove" => reply(self.account(key)?.remove()),
            "placeCall" => reply(self.account(key)?.call(&from_js::<String>(value)?).map_ok(|of| of.key())),
            "options" => reply(self.account(key)?.options(&from_js::<String>(value)?)),
            "sendMessage" => {
                reply(self.account(key)?.message(&from_js::<String>(value)?, &from_js::<String>(more)?))
            }

            "answered" => reply(self.call(key)?.answered()),
            "ended" => reply(self.call(key)?.ended()),
            "answer" => reply(self.call(key)?.answer()),
            "reject" => reply(self.call(key)?.reject(from_js(value)?)),
            "hangUp" => reply(self.call(key)?.hang_up()),
            "hold" => reply(self.call(key)?.hold()),
            "resume" => reply(self.call(key)?.resume()),
            "reinvite" => reply(self.call(key)?.reinvite()),
            "mute" => reply(self.call(key)?.mute(from_js(value)?)),
            "sendDtmf" => reply(self.call(key)?.send_dtmf(&from_js::<String>(value)?)),
            "collectDigits" => reply(self.call(key)?.collect_digits(from_js(value)?, milliseconds(more)?)),
            "play" => reply(self.call(key)?.play(from_js::<AudioSource>(value)?)),
            "stopPlaying" => reply(self.call(key)?.stop_playing()),
            "record" => reply(self.call(key)?.record(from_js::<AudioSink>(value)?)),
            "stopRecording" => reply(self.call(key)?.stop_recording()),
            "messageInCall" => reply(self.call(key)?.message(&from_js::<String>(value)?)),
            _ => return Err(unknown(name)),
        })
    }
}

#[wasm_bindgen]
impl RawClient {
    /// Starts a client.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue, platform: MediaPlatform) -> Result<Self, JsValue> {
        let builder = Client::builder().config(from_js(config)?).media_platform(platform);
        // A client in a page has nothing to wait for.
        match builder.build().now_or_never() {
            Some(client) => client.map(Self).map_err(|error| thrown(&error)),
            None => Err(JsValue::NULL),
        }
    }

    /// Begins a verb, which is submitted when this returns; the signal withdraws it.
    pub fn begin(
        &self,
        verb: &str,
        signal: Option<AbortSignal>,
        key: &JsValue,
        value: &JsValue,
        more: &JsValue,
    ) -> Promise {
        match self.verb(verb, key, value, more) {
            Ok(verb) => run(signal, verb),
            Err(error) => Promise::reject(&error),
        }
    }

    /// Something as it is now.
    pub fn state(&self, of: &str, key: &JsValue) -> Result<JsValue, JsValue> {
        Ok(match of {
            "accounts" => to_js(&self.0.accounts().iter().filter_map(Account::info).collect::<Vec<_>>()),
            "calls" => to_js(&self.0.calls().iter().filter_map(Call::info).collect::<Vec<_>>()),
            "account" => to_js(&self.account(key)?.info()),
            "call" => to_js(&self.call(key)?.info()),
            "capabilities" => to_js(&self.0.capabilities()),
            "live" => self.0.live().into(),
            _ => return Err(unknown(of)),
        })
    }

    /// Listens to something.
    pub fn listen(&self, to: &str, key: &JsValue) -> Result<RawEvents, JsValue> {
        Ok(RawEvents::from(match to {
            "client" => self.0.events(),
            "account" => self.account(key)?.events(),
            "call" => self.call(key)?.events(),
            _ => return Err(unknown(to)),
        }))
    }
}

fn unknown(name: &str) -> JsValue {
    thrown(&ErrorKind::Internal.error(format!("the core has no {name}")))
}

/// A time in milliseconds, which may be endless.
fn milliseconds(value: &JsValue) -> Result<Duration, JsValue> {
    let milliseconds = from_js::<f64>(value)?;
    if milliseconds == f64::INFINITY {
        return Ok(Duration::MAX);
    }
    Duration::try_from_secs_f64(milliseconds / 1_000.0)
        .map_err(|_| thrown(&ErrorKind::InvalidArgument.error("a time is a number of milliseconds")))
}
