//! `register`, `message` and `options`: one request and its answer.

use rvoip::{Account, Answer, Client, ErrorKind, Event, RegistrationState, Result};
use serde::Serialize;

use crate::Exit;
use crate::args::{AccountArgs, MessageArgs, NetworkArgs, OptionsArgs, RegisterArgs};
use crate::output::{Output, complain};
use crate::signals::Signals;

#[derive(Serialize)]
struct Bindings {
    #[serde(rename = "type")]
    kind: &'static str,
    expires: u32,
    contacts: Vec<String>,
}

#[derive(Serialize)]
struct Answered {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    answer: Answer,
}

/// Registers once, or until a signal.
pub(crate) async fn register(output: Output, args: &RegisterArgs) -> Result<Exit> {
    if args.account.address.is_none() {
        complain("register needs --account");
        return Ok(Exit::Usage);
    }
    let (client, account) = start(&args.account, &args.network).await?;
    let mut signals = Signals::new()?;
    let result = tokio::select! {
        // What is under way is withdrawn.
        () = signals.received() => Ok(Exit::Done),
        result = registered(output, args.once, &client, &account) => result,
    };
    client.close().await?;
    result
}

/// Registers, and waits unless it is for once; ends early where the registrar refuses the credentials.
async fn registered(output: Output, once: bool, client: &Client, account: &Account) -> Result<Exit> {
    let mut events = client.events();
    let granted = account.register().await?;
    if once {
        let text = format!("registered for {} s:\n  {}", granted.expires, granted.contacts.join("\n  "));
        output.fact(
            &text,
            &Bindings { kind: "bindings", expires: granted.expires, contacts: granted.contacts },
        );
        account.unregister().await?;
        return Ok(Exit::Done);
    }
    while let Some(event) = events.next().await {
        output.event(&event);
        if let Event::RegistrationChanged {
            state: RegistrationState::Failed,
            status: Some(status @ (401 | 403 | 407)),
            reason,
            ..
        } = event
        {
            let reason = reason.unwrap_or_else(|| "the registrar refused the credentials".to_owned());
            return Err(ErrorKind::AuthenticationFailed.with_status(reason, Some(status)));
        }
    }
    Err(ErrorKind::Closed.error("the client closed"))
}

/// Sends a text.
pub(crate) async fn message(output: Output, args: &MessageArgs) -> Result<Exit> {
    let (client, account) = start(&args.account, &args.network).await?;
    let answer = account.message(&args.uri, &args.text).await;
    client.close().await?;
    Ok(report(output, answer?))
}

/// Asks what a peer can do.
pub(crate) async fn options(output: Output, args: &OptionsArgs) -> Result<Exit> {
    let (client, account) = start(&args.account, &args.network).await?;
    let answer = account.options(&args.uri).await;
    client.close().await?;
    Ok(report(output, answer?))
}

async fn start(who: &AccountArgs, network: &NetworkArgs) -> Result<(Client, Account)> {
    let client = Client::builder().config(network.client_config()).build().await?;
    let account = client.account_with(who.account_config(network)).add().await?;
    Ok((client, account))
}

fn report(output: Output, answer: Answer) -> Exit {
    let exit = if answer.status < 300 { Exit::Done } else { Exit::Refused };
    let mut text = format!("{} {}", answer.status, answer.reason);
    for (name, values) in [("Allow", &answer.allow), ("Supported", &answer.supported)] {
        if !values.is_empty() {
            text = format!("{text}\n{name}: {}", values.join(", "));
        }
    }
    if let Some(agent) = &answer.agent {
        text = format!("{text}\nAgent: {agent}");
    }
    output.fact(&text, &Answered { kind: "answer", answer });
    exit
}
