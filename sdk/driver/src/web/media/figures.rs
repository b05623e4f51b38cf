//! What the browser measures: figures, levels, and whether the peer is still heard.

use std::rc::Rc;
use std::time::Duration;

use js_sys::Map;
use rvoip_rtp_core::quality::{Impairment, PacketLoss, rate};
use rvoip_sans_io::Instant;
use wasm_bindgen::prelude::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::call::Call;
use super::peer::Peer;
use crate::clock;
use crate::media::{MediaFigures, MediaHappened, MediaReported};
use crate::web::js::{number, sleep, string};

/// Between two looks at a call whose audio has not come yet, or that may fall silent.
const LOOK: Duration = Duration::from_millis(500);

/// What one look shows.
pub(super) struct Reading {
    pub(super) figures: MediaFigures,
    sent_level: f64,
    received_level: f64,
}

/// Reads the browser's statistics (W3C webrtc-stats).
pub(super) async fn read(peer: &Peer) -> Option<Reading> {
    let report: Map = JsFuture::from(peer.connection.get_stats()).await.ok()?.unchecked_into();
    let mut reading = Reading { figures: MediaFigures::default(), sent_level: 0.0, received_level: 0.0 };
    let mut codecs: Vec<(String, String)> = Vec::new();
    let mut used = None;
    report.for_each(&mut |entry, _| {
        let is_audio = string(&entry, "kind").is_none_or(|kind| kind == "audio");
        match string(&entry, "type").as_deref() {
            Some("inbound-rtp") if is_audio => {
                used = string(&entry, "codecId");
                received(peer, &entry, &mut reading);
            }
            Some("outbound-rtp") if is_audio => {
                reading.figures.sent.packets = count(&entry, "packetsSent");
                reading.figures.sent.octets = count(&entry, "bytesSent");
            }
            Some("remote-inbound-rtp") if is_audio => {
                reading.figures.sent.lost = u32::try_from(count(&entry, "packetsLost")).ok();
                reading.figures.sent.jitter = seconds(&entry, "jitter");
                reading.figures.round_trip = seconds(&entry, "roundTripTime");
            }
            Some("media-source") if is_audio => {
                reading.sent_level = number(&entry, "audioLevel").unwrap_or(0.0);
            }
            Some("codec") => {
                codecs.extend(string(&entry, "id").zip(string(&entry, "mimeType")));
            }
            _ => {}
        }
    });
    let codec = used.and_then(|id| codecs.into_iter().find(|(of, _)| *of == id));
    reading.figures.codec = codec.map(|(_, kind)| kind.trim_start_matches("audio/").to_owned());
    estimate(&mut reading.figures);
    Some(reading)
}

fn received(peer: &Peer, entry: &JsValue, reading: &mut Reading) {
    let received = &mut reading.figures.received;
    received.packets = count(entry, "packetsReceived");
    received.octets = count(entry, "bytesReceived");
    received.lost = count(entry, "packetsLost");
    received.late = count(entry, "packetsDiscarded");
    received.jitter = seconds(entry, "jitter").unwrap_or_default();
    let total = |name: &str| number(entry, name).unwrap_or(0.0);
    let buffered = (total("jitterBufferDelay"), total("jitterBufferEmittedCount"));
    let before = peer.buffered.replace(buffered);
    // Since the look before: the browser sums up from the beginning of the call.
    let delay = Duration::try_from_secs_f64((buffered.0 - before.0) / (buffered.1 - before.1));
    received.delay = delay.unwrap_or_default();
    reading.received_level = number(entry, "audioLevel").unwrap_or(0.0);
}

/// Estimates how both sides sound (ITU-T G.107). The browser's codecs conceal loss about as well as G.711 with appendix I.
#[expect(clippy::cast_precision_loss, reason = "packet counts are far below 2^52")]
fn estimate(figures: &mut MediaFigures) {
    let way = figures.round_trip.unwrap_or_default() / 2;
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let (sent, received) = (&figures.sent, &figures.received);
    let mos = |loss: f64, delay| rate(Impairment::G711_CONCEALED, PacketLoss::random(loss), delay).mos;
    figures.mos_received = (received.packets > 0).then(|| {
        let missing = received.lost + received.late;
        mos(share(missing, received.packets + received.lost), way + received.delay)
    });
    figures.mos_sent = sent.lost.map(|lost| mos(share(u64::from(lost), sent.packets), way));
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, and what is negative counts as none"
)]
fn count(entry: &JsValue, name: &str) -> u64 {
    number(entry, name).map_or(0, |value| value.max(0.0) as u64)
}

fn seconds(entry: &JsValue, name: &str) -> Option<Duration> {
    number(entry, name).and_then(|value| Duration::try_from_secs_f64(value).ok())
}

/// Looks at a call again and again, until it is over, and tells what its options ask for.
pub(super) async fn watch(call: Rc<Call>, peer: Rc<Peer>) {
    let options = call.options.clone();
    let wanted = [options.levels_interval, options.statistics_interval];
    let look = wanted.into_iter().filter(|interval| !interval.is_zero()).fold(LOOK, Duration::min);
    let start = clock::now();
    let mut heard = 0;
    let mut heard_at: Option<Instant> = None;
    let (mut next_figures, mut next_levels) =
        (start.after(options.statistics_interval), start.after(options.levels_interval));
    loop {
        sleep(look).await;
        if call.closed.get() {
            return;
        }
        let Some(reading) = read(&peer).await else { continue };
        let now = clock::now();
        let packets = reading.figures.received.packets;
        if packets > heard || !call.is_watching() || !peer.must_hear() {
            if heard_at.is_none() && packets > 0 {
                call.happened(MediaHappened::AudioReceived);
            }
            if packets > 0 {
                heard_at = Some(now.monotonic);
            }
            heard = packets;
        }
        if !options.levels_interval.is_zero() && now.monotonic >= next_levels {
            next_levels = now.after(options.levels_interval);
            let (sent, received) = (reading.sent_level, reading.received_level);
            call.report(MediaReported::Levels { sent, received });
        }
        if !options.statistics_interval.is_zero() && now.monotonic >= next_figures {
            next_figures = now.after(options.statistics_interval);
            call.report(MediaReported::Statistics(reading.figures));
        }
        let silent =
            heard_at.is_some_and(|at| now.monotonic.saturating_duration_since(at) >= options.timeout);
        if silent && !options.timeout.is_zero() {
            call.happened(MediaHappened::TimedOut);
            return;
        }
    }
}
