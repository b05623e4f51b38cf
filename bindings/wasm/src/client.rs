//! A client with its accounts and calls, which are named by their keys.
#![expect(clippy::needless_pass_by_value, reason = "what JavaScript hands over is a copy of its own")]

use std::time::Duration;

use futures::{FutureExt as _, TryFutureExt as _};
use js_sys::{Promise, Uint8Array};
use rvoip::{Account, AccountKey, AudioSink, AudioSource, Call, CallKey, Client, MediaPlatform};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

use crate::events::RawEvents;
use crate::promise::promise;
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
    let bytes = match message.as_string() {
        Some(text) => text.into_bytes(),
        None => Uint8Array::new(message).to_vec(),
    };
    rvoip::parse_message(&bytes).map(|message| to_js(&message)).map_err(|error| thrown(&error))
}

impl RawClient {
    fn of_account(&self, key: u32) -> Account {
        self.0.account_by_key(AccountKey(key))
    }

    fn of_call(&self, key: u32) -> Call {
        self.0.call(CallKey(key))
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

    /// Adds an account.
    #[wasm_bindgen(js_name = addAccount)]
    pub fn add_account(&self, config: &JsValue) -> Result<Promise, JsValue> {
        let builder = self.0.account_with(from_js(config)?);
        Ok(promise(None, builder.add().map_ok(|account| account.key())))
    }

    /// Adds an account and registers it.
    #[wasm_bindgen(js_name = registerAccount)]
    pub fn register_account(
        &self,
        config: &JsValue,
        signal: Option<AbortSignal>,
    ) -> Result<Promise, JsValue> {
        let builder = self.0.account_with(from_js(config)?);
        Ok(promise(signal, builder.register().map_ok(|account| account.key())))
    }

    /// The accounts as they are now.
    pub fn accounts(&self) -> JsValue {
        to_js(&self.0.accounts().iter().filter_map(Account::info).collect::<Vec<_>>())
    }

    /// The calls as they are now.
    pub fn calls(&self) -> JsValue {
        to_js(&self.0.calls().iter().filter_map(Call::info).collect::<Vec<_>>())
    }

    /// What a page can do.
    pub fn capabilities(&self) -> JsValue {
        to_js(&self.0.capabilities())
    }

    /// Listens to everything.
    pub fn events(&self) -> RawEvents {
        self.0.events().into()
    }

    /// Listens to an account.
    #[wasm_bindgen(js_name = accountEvents)]
    pub fn account_events(&self, account: u32) -> RawEvents {
        self.of_account(account).events().into()
    }

    /// Listens to a call.
    #[wasm_bindgen(js_name = callEvents)]
    pub fn call_events(&self, call: u32) -> RawEvents {
        self.of_call(call).events().into()
    }

    /// An account as it is now.
    pub fn account(&self, key: u32) -> JsValue {
        self.of_account(key).info().map_or(JsValue::UNDEFINED, |info| to_js(&info))
    }

    /// A call as it is now.
    pub fn call(&self, key: u32) -> JsValue {
        self.of_call(key).info().map_or(JsValue::UNDEFINED, |info| to_js(&info))
    }

    /// How much lives; 0 when idle.
    pub fn live(&self) -> usize {
        self.0.live()
    }

    /// Ends everything.
    pub fn close(&self) -> Promise {
        let client = self.0.clone();
        promise(None, async move { client.close().await })
    }

    /// Registers an account.
    pub fn register(&self, account: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_account(account).register())
    }

    /// Removes a registration.
    pub fn unregister(&self, account: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_account(account).unregister())
    }

    /// Removes an account.
    pub fn remove(&self, account: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_account(account).remove())
    }

    /// Calls a URI.
    #[wasm_bindgen(js_name = placeCall)]
    pub fn place_call(&self, account: u32, to: String, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_account(account).call(&to).map_ok(|call| call.key()))
    }

    /// Asks a peer what it can do.
    pub fn options(&self, account: u32, to: String, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_account(account).options(&to))
    }

    /// Sends a text.
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(
        &self,
        account: u32,
        to: String,
        text: String,
        signal: Option<AbortSignal>,
    ) -> Promise {
        promise(signal, self.of_account(account).message(&to, &text))
    }

    /// Waits until the peer answers.
    pub fn answered(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).answered())
    }

    /// Waits until the call is over.
    pub fn ended(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).ended())
    }

    /// Answers an incoming call.
    pub fn answer(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).answer())
    }

    /// Refuses an incoming call.
    pub fn reject(&self, call: u32, status: u16, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).reject(status))
    }

    /// Ends a call.
    #[wasm_bindgen(js_name = hangUp)]
    pub fn hang_up(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).hang_up())
    }

    /// Puts the peer on hold.
    pub fn hold(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).hold())
    }

    /// Takes the peer off hold.
    pub fn resume(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).resume())
    }

    /// Negotiates the media anew.
    pub fn reinvite(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).reinvite())
    }

    /// Stops or starts sending our audio.
    pub fn mute(&self, call: u32, muted: bool, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).mute(muted))
    }

    /// Sends key presses.
    #[wasm_bindgen(js_name = sendDtmf)]
    pub fn send_dtmf(&self, call: u32, digits: String, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).send_dtmf(&digits))
    }

    /// Waits for key presses of the peer.
    #[wasm_bindgen(js_name = collectDigits)]
    pub fn collect_digits(
        &self,
        call: u32,
        count: u32,
        within_ms: u32,
        signal: Option<AbortSignal>,
    ) -> Promise {
        let within = Duration::from_millis(within_ms.into());
        promise(signal, self.of_call(call).collect_digits(count, within))
    }

    /// Plays to the peer.
    pub fn play(&self, call: u32, source: JsValue, signal: Option<AbortSignal>) -> Result<Promise, JsValue> {
        Ok(promise(signal, self.of_call(call).play(from_js::<AudioSource>(&source)?)))
    }

    /// Stops playing.
    #[wasm_bindgen(js_name = stopPlaying)]
    pub fn stop_playing(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).stop_playing())
    }

    /// Records the peer's audio.
    pub fn record(&self, call: u32, sink: JsValue, signal: Option<AbortSignal>) -> Result<Promise, JsValue> {
        Ok(promise(signal, self.of_call(call).record(from_js::<AudioSink>(&sink)?)))
    }

    /// Stops recording.
    #[wasm_bindgen(js_name = stopRecording)]
    pub fn stop_recording(&self, call: u32, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).stop_recording())
    }

    /// Sends a text within a call.
    #[wasm_bindgen(js_name = messageInCall)]
    pub fn message_in_call(&self, call: u32, text: String, signal: Option<AbortSignal>) -> Promise {
        promise(signal, self.of_call(call).message(&text))
    }
}
