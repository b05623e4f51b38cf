//! Carries out the steps of the scripted peer.

use std::collections::BTreeMap;
use std::time::Duration;

use rvoip_sip_core::{Algorithm, DigestServer, HeaderName, Message, Password, Secret};
use serde_json::{Value, json};

use super::media::Heard;
use super::network::Inbound;
use super::peer::Received;
use super::step::{Challenge, Credentials, Media, Step, What};
use super::world::World;

impl World {
    /// Carries out a step; gives what it saw.
    pub(super) fn step(&mut self, step: Step) -> Result<Value, String> {
        let index = step.client.map(|number| number.get() - 1);
        if let Some(index) = index.filter(|index| *index >= self.members.len()) {
            return Err(format!("there is no client {}", index + 1));
        }
        let client = index.unwrap_or(0);
        if let Some(what) = &step.expect {
            return self.expect(what, &step);
        }
        if let Some(status) = step.respond {
            return self.respond(status, &step);
        }
        if let Some(method) = &step.request {
            let body = self.body(&step)?;
            let outside = index.or(step.new.then_some(client));
            self.peer.send_request(method, outside, step.uri.as_deref(), &step.fields, body)?;
        }
        if let Some(raw) = step.raw {
            let flow = self.peer.way(client);
            self.peer.send(client, flow, raw);
        }
        if step.resend == Some(true) {
            self.peer.resend()?;
        }
        if let Some(what) = &step.again {
            let (wanted, came) = (step.count.unwrap_or(1), self.peer.repeats.take(what, step.to.as_deref())?);
            if came != wanted {
                return Err(format!("{what} should have come again {wanted} times, but did so {came} times"));
            }
        }
        if step.fault == Some(true) {
            self.member(client)?.break_down();
        }
        if let Some(change) = step.network {
            self.network.change(&change);
        }
        if let Some(turns) = step.turns {
            self.turns = turns;
        }
        if let Some(reason) = step.drop {
            self.drop_connections(&reason);
        }
        if let Some(refuse) = step.refuse {
            self.peer.refuses = refuse;
        }
        if let Some(methods) = step.ignore {
            self.peer.ignored = methods.into_iter().collect();
        }
        if step.quiet == Some(true) {
            self.quiet()?;
        }
        if let Some(media) = step.media {
            self.media(media, client)?;
        }
        if let Some(expected) = step.expect_media {
            return self.member(client)?.media.expect(&expected);
        }
        Ok(Value::Null)
    }

    /// Nothing came that was not expected, and what was to be lost is.
    fn quiet(&self) -> Result<(), String> {
        if let Some(received) = self.peer.inbox.front() {
            return Err(format!("nothing was expected, but this came: {}", received.line()));
        }
        match self.network.to_be_lost() {
            0 => Ok(()),
            more => Err(format!("{more} datagrams should have been lost that were not sent")),
        }
    }

    fn member(&mut self, client: usize) -> Result<&mut super::world::Member, String> {
        self.members.get_mut(client).ok_or_else(|| format!("there is no client {}", client + 1))
    }

    fn expect(&mut self, what: &What, step: &Step) -> Result<Value, String> {
        let Some(received) = self.peer.inbox.pop_front() else {
            return Err(format!("expected {what}, but nothing came"));
        };
        let line = received.line();
        let message = received.message()?;
        if !what.fits(&message, step.to.as_deref()) {
            return Err(format!("expected {what}, but this came: {line}"));
        }
        check(&message, step).map_err(|reason| format!("{line}: {reason}"))?;
        if let Some(credentials) = &step.authorized {
            self.authorized(&received, credentials).map_err(|reason| format!("{line}: {reason}"))?;
        }
        let parsed = crate::parse_message(&received.bytes).map_err(|error| error.to_string())?;
        self.peer.note(&received)?;
        serde_json::to_value(parsed).map_err(|error| error.to_string())
    }

    /// The credentials of a request are right.
    fn authorized(&mut self, received: &Received, credentials: &Credentials) -> Result<(), String> {
        let now = self.clock.now();
        let message = received.message()?;
        let mut failure = "no challenge was made".to_owned();
        for server in self.peer.servers.values_mut() {
            for by_proxy in [false, true] {
                let verified = server.verify_request(now, &message, by_proxy, |given| {
                    let password = Password::new(credentials.password.clone());
                    (given.username == credentials.user)
                        .then(|| (given.username.clone(), Secret::Password(password)))
                });
                match verified {
                    Ok(_) => return Ok(()),
                    Err(error) => failure = error.to_string(),
                }
            }
        }
        Err(format!("the credentials are not right: {failure}"))
    }

    fn respond(&mut self, status: u16, step: &Step) -> Result<Value, String> {
        let received = self.peer.request(step.to.as_deref())?.clone();
        let mut fields = step.fields.clone();
        if step.contacts.as_deref() == Some("echo") {
            let message = received.message()?;
            for contact in message.raw(HeaderName::Contact) {
                let expires = message.raw(HeaderName::Expires).next().unwrap_or("600");
                let shown = if contact.contains("expires=") {
                    contact.to_owned()
                } else {
                    format!("{contact};expires={expires}")
                };
                if !shown.ends_with("expires=0") {
                    fields.insert("Contact".to_owned(), shown);
                }
            }
        }
        let challenge = match (&step.challenge, status) {
            (Some(challenge), _) => Some(self.challenge(challenge)?),
            (None, _) => None,
        };
        if let Some(challenge) = challenge {
            let name = if status == 407 { "Proxy-Authenticate" } else { "WWW-Authenticate" };
            fields.insert(name.to_owned(), challenge);
        }
        let body = self.body(step)?;
        self.peer.respond(&received, status, step.tag.as_deref(), &fields, body)?;
        Ok(json!({}))
    }

    fn challenge(&mut self, challenge: &Challenge) -> Result<String, String> {
        let now = self.clock.now();
        let algorithms: Vec<Algorithm> = challenge
            .algorithm
            .split_whitespace()
            .map(|name| Algorithm::parse(name).ok_or_else(|| format!("no algorithm: {name}")))
            .collect::<Result<_, _>>()?;
        let peer = &mut self.peer;
        let server = peer.servers.entry(challenge.realm.clone()).or_insert_with(|| {
            DigestServer::new(challenge.realm.clone(), algorithms, Duration::from_secs(300), &mut peer.random)
        });
        let all = server.challenges(now, challenge.stale, &mut peer.random);
        all.first().map(ToString::to_string).ok_or_else(|| "no algorithm".to_owned())
    }

    fn body(&mut self, step: &Step) -> Result<Option<(String, String)>, String> {
        match (&step.sdp, &step.body) {
            (Some(kind), _) if kind == "none" => Ok(None),
            (Some(kind), _) => Ok(Some(("application/sdp".to_owned(), self.peer.describe(kind)?))),
            (None, Some(body)) => {
                let content_type = step.content_type.clone();
                Ok(Some((content_type.unwrap_or_else(|| "text/plain".to_owned()), body.clone())))
            }
            (None, None) => Ok(None),
        }
    }

    fn drop_connections(&mut self, reason: &str) {
        self.network.cut();
        for member in &mut self.members {
            for flow in member.connections.clone() {
                member.fail(flow, reason);
            }
        }
    }

    fn media(&mut self, media: Media, client: usize) -> Result<(), String> {
        let now = self.clock.now();
        let member = self.member(client)?;
        let call = member.media.newest().ok_or_else(|| "no call has media".to_owned());
        let heard = match media {
            Media::Audio => Heard::Audio,
            Media::Silence => Heard::Silence,
            Media::Digit(digit) => Heard::Digit(digit),
            // What the platform sees for itself does not come by the network.
            Media::Path(there) => {
                member.media.path(call?, there);
                return Ok(());
            }
            Media::Able(able) => {
                member.media.able = able;
                return Ok(());
            }
        };
        self.network.to_client.send(now.monotonic, Inbound::Media { client, call: call?, heard });
        Ok(())
    }
}

/// Each of these header fields has a value that fits.
fn fields(
    message: &Message<'_>,
    expected: &BTreeMap<String, String>,
    fits: impl Fn(&str, &str) -> bool,
) -> Result<(), String> {
    for (name, wanted) in expected {
        let name = HeaderName::parse(name).ok_or_else(|| format!("{name} is no header field"))?;
        let values: Vec<&str> = message.raw(name.clone()).collect();
        if !values.iter().any(|value| fits(value, wanted)) {
            return Err(format!("{} should have {wanted:?}, but is {values:?}", name.as_str()));
        }
    }
    Ok(())
}

/// Compares an expected message with what is said of it.
fn check(message: &Message<'_>, step: &Step) -> Result<(), String> {
    let exactly = |value: &str, wanted: &str| value == wanted;
    let in_part = |value: &str, wanted: &str| value.contains(wanted);
    fields(message, &step.fields, exactly)?;
    fields(message, &step.containing, in_part)?;
    for name in &step.without {
        let name = HeaderName::parse(name).ok_or_else(|| format!("{name} is no header field"))?;
        if let Some(value) = message.raw(name.clone()).next() {
            return Err(format!("{} should not be there, but is {value:?}", name.as_str()));
        }
    }
    if let Some(uri) = &step.uri
        && message.request_uri_text() != Some(uri)
    {
        return Err(format!("the request URI should be {uri:?}"));
    }
    let body = String::from_utf8_lossy(message.body());
    let wanted_body = step.body.iter().map(String::as_str);
    let wanted_direction = step.sdp.as_deref().filter(|kind| *kind != "none").map(|kind| format!("a={kind}"));
    for wanted in wanted_body.chain(wanted_direction.as_deref()) {
        // What goes both ways need not be said (RFC 8866 §6.7).
        let default = wanted == "a=sendrecv"
            && body.contains("m=audio")
            && !["a=sendonly", "a=recvonly", "a=inactive"].iter().any(|other| body.contains(other));
        if !body.contains(wanted) && !default {
            return Err(format!("the body should have {wanted:?}, but is {body:?}"));
        }
    }
    if step.sdp.as_deref() == Some("none") && !body.is_empty() {
        return Err(format!("there should be no body, but there is {body:?}"));
    }
    Ok(())
}
