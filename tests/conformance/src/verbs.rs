//! The verbs that scenarios name, by the public calls of the facade.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rvoip::harness::Harness;
use rvoip::{Account, AudioSink, AudioSource, Call, Client, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A verb under way.
pub(crate) type Verb = Pin<Box<dyn Future<Output = std::result::Result<Value, Error>>>>;

fn verb<T: Serialize>(future: impl Future<Output = rvoip::Result<T>> + 'static) -> Verb {
    Box::pin(async move { future.await.map(|reply| serde_json::to_value(reply).unwrap_or(Value::Null)) })
}

fn argument<T: DeserializeOwned>(args: &Value, name: &str) -> Result<T> {
    let value = args.get(name).with_context(|| format!("the argument {name} is missing"))?;
    serde_json::from_value(value.clone()).with_context(|| format!("the argument {name}"))
}

/// Another client, with these settings.
pub(crate) fn open(harness: &Harness, args: &Value) -> Result<Verb> {
    let (harness, config) = (harness.clone(), serde_json::from_value(args.clone())?);
    Ok(verb(async move { harness.client(config).map(drop) }))
}

pub(crate) fn of_client(name: &str, client: Client, args: &Value) -> Result<Verb> {
    Ok(match name {
        "add_account" => {
            let builder = client.account_with(serde_json::from_value(args.clone())?);
            verb(async move { Ok(builder.add().await?.key()) })
        }
        "register" => {
            let builder = client.account_with(serde_json::from_value(args.clone())?);
            verb(async move { Ok(builder.register().await?.key()) })
        }
        "close" => verb(async move { client.close().await }),
        "capabilities" => verb(async move { Ok(client.capabilities()) }),
        "live" => verb(async move { Ok(client.live()) }),
        other => bail!("there is no verb client.{other}"),
    })
}

pub(crate) fn of_account(name: &str, account: Account, args: &Value) -> Result<Verb> {
    Ok(match name {
        "register" => verb(async move { account.register().await }),
        "unregister" => verb(async move { account.unregister().await }),
        "remove" => verb(async move { account.remove().await }),
        "call" => {
            let to: String = argument(args, "to")?;
            verb(async move { Ok(account.call(&to).await?.key()) })
        }
        "options" => {
            let to: String = argument(args, "to")?;
            verb(async move { account.options(&to).await })
        }
        "message" => {
            let (to, text): (String, String) = (argument(args, "to")?, argument(args, "text")?);
            verb(async move { account.message(&to, &text).await })
        }
        "info" => verb(async move { Ok(account.info()) }),
        other => bail!("there is no verb account.{other}"),
    })
}

pub(crate) fn of_call(name: &str, call: Call, args: &Value) -> Result<Verb> {
    Ok(match name {
        "answered" => verb(async move { call.answered().await }),
        "ended" => verb(async move { call.ended().await }),
        "answer" => verb(async move { call.answer().await }),
        "reject" => {
            let status = argument(args, "status")?;
            verb(async move { call.reject(status).await })
        }
        "hang_up" => verb(async move { call.hang_up().await }),
        "hold" => verb(async move { call.hold().await }),
        "resume" => verb(async move { call.resume().await }),
        "reinvite" => verb(async move { call.reinvite().await }),
        "mute" => {
            let muted = argument(args, "muted")?;
            verb(async move { call.mute(muted).await })
        }
        "send_dtmf" => {
            let digits: String = argument(args, "digits")?;
            verb(async move { call.send_dtmf(&digits).await })
        }
        "collect_digits" => {
            let (count, within) = (argument(args, "count")?, argument::<f64>(args, "within")?);
            verb(async move { call.collect_digits(count, Duration::from_secs_f64(within)).await })
        }
        "play" => {
            let source: AudioSource = argument(args, "source")?;
            verb(async move { call.play(source).await })
        }
        "stop_playing" => verb(async move { call.stop_playing().await }),
        "record" => {
            let sink: AudioSink = argument(args, "sink")?;
            verb(async move { call.record(sink).await })
        }
        "stop_recording" => verb(async move { call.stop_recording().await }),
        "message" => {
            let text: String = argument(args, "text")?;
            verb(async move { call.message(&text).await })
        }
        "info" => verb(async move { Ok(call.info()) }),
        other => bail!("there is no verb call.{other}"),
    })
}
