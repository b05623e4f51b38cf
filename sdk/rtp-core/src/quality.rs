//! The E-model (ITU-T G.107): how a call sounds, estimated from codec, loss and delay.
//!
//! All parameters that a packet network does not change, echo loss included, have the default values of G.107 table 2.

use std::time::Duration;

/// How a codec suffers from loss (ITU-T G.113 appendix I).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// Equipment impairment without loss, `Ie`; 0 is none.
    pub equipment: f64,
    /// Robustness against loss, `Bpl`, in percent; larger is better.
    pub robustness: f64,
}

impl Impairment {
    /// G.711 that plays silence for lost packets.
    pub const G711: Self = Self { equipment: 0.0, robustness: 4.3 };
    /// G.711 that conceals lost packets as in its appendix I.
    pub const G711_CONCEALED: Self = Self { equipment: 0.0, robustness: 25.1 };
}

/// Loss as the listener's decoder sees it, late packets included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PacketLoss {
    /// Share of packets that are lost, 0 to 1.
    pub ratio: f64,
    /// Mean length of a burst over that of random loss, at least 1 (ITU-T G.107, `BurstR`).
    pub burst_ratio: f64,
}

impl PacketLoss {
    /// No loss.
    pub const NONE: Self = Self { ratio: 0.0, burst_ratio: 1.0 };

    /// Independent losses with the given probability (0 to 1).
    pub fn random(ratio: f64) -> Self {
        Self { ratio, burst_ratio: 1.0 }
    }
}

/// The rating of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The transmission rating factor R, 0 to 100; 93.2 is a perfect narrow-band connection.
    pub rating: f64,
    /// The estimated mean opinion score, 1 to 4.5 (ITU-T G.107 annex B).
    pub mos: f64,
}

/// Rates a connection from its codec, its loss and its one-way mouth-to-ear delay (ITU-T G.107 § 7).
pub fn rate(impairment: Impairment, loss: PacketLoss, one_way_delay: Duration) -> Quality {
    let delay = one_way_delay.as_secs_f64().min(10.0) * 1_000.0;
    let noise = circuit_noise();
    let basic = 15.0 - 1.5 * (SLR + noise);
    let rating = basic
        - simultaneous(basic, noise, delay)
        - talker_echo(noise, delay)
        - listener_echo(basic, delay)
        - absolute_delay(delay)
        - effective_equipment(impairment, loss);
    let rating = if rating.is_finite() { rating.clamp(0.0, 100.0) } else { 0.0 };
    Quality { rating, mos: mos_of_rating(rating) }
}

/// The mean opinion score of a rating factor (ITU-T G.107 annex B).
pub fn mos_of_rating(rating: f64) -> f64 {
    if rating <= 0.0 {
        return 1.0;
    }
    if rating >= 100.0 {
        return 4.5;
    }
    // The polynomial dips below 1 for R under 6.5.
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
}

// Default values, ITU-T G.107 table 2 (dB, dBm0p, dB(A) as there).
const SLR: f64 = 8.0;
const RLR: f64 = 2.0;
const STMR: f64 = 15.0;
const LISTENER_SIDETONE: f64 = 18.0;
const D_SEND: f64 = 3.0;
const TELR: f64 = 65.0;
const WEPL: f64 = 110.0;
const ROOM_SEND: f64 = 35.0;
const ROOM_RECEIVE: f64 = 35.0;
const CIRCUIT_NOISE: f64 = -70.0;
const NOISE_FLOOR: f64 = -64.0;

fn power(level: f64) -> f64 {
    10_f64.powf(level / 10.0)
}

/// No: the powers of all noise sources (§ 7.2).
fn circuit_noise() -> f64 {
    let send = ROOM_SEND - SLR - D_SEND - 100.0 + 0.004 * (ROOM_SEND - (SLR + RLR) - D_SEND - 14.0).powi(2);
    let effective = ROOM_RECEIVE + 10.0 * (1.0 + power(10.0 - LISTENER_SIDETONE)).log10();
    let receive = RLR - 121.0 + effective + 0.008 * (effective - 35.0).powi(2);
    let floor = NOISE_FLOOR + RLR;
    10.0 * (power(CIRCUIT_NOISE) + power(send) + power(receive) + power(floor)).log10()
}

/// Is: what happens together with the voice (§ 7.3): loudness, sidetone, quantisation.
fn simultaneous(basic: f64, noise: f64, delay: f64) -> f64 {
    let x = (SLR + RLR) + 0.2 * (64.0 + noise - RLR);
    let loudness = 20.0 * ((1.0 + (x / 8.0).powi(8)).powf(1.0 / 8.0) - x / 8.0);
    let stmr = -10.0 * (power(-STMR) + (-delay / 4.0).exp() * power(-TELR)).log10();
    let sidetone = 12.0 * (1.0 + ((stmr - 13.0) / 6.0).powi(8)).powf(1.0 / 8.0)
        - 28.0 * (1.0 + ((stmr + 1.0) / 19.4).powi(35)).powf(1.0 / 35.0)
        - 13.0 * (1.0 + ((stmr - 3.0) / 33.0).powi(13)).powf(1.0 / 13.0)
        + 29.0;
    // One quantising distortion unit: Q is 37.
    let distortion = 1.07 + 0.258 * 37.0 + 0.0602 * 37.0 * 37.0;
    let first = (basic - 100.0) / 15.0 + 46.0 / 8.4 - distortion / 9.0;
    let second = 46.0 / 30.0 - distortion / 40.0;
    let quantisation = 15.0 * (1.0 + 10_f64.powf(first) + 10_f64.powf(second)).log10();
    loudness + sidetone + quantisation
}

/// Idte (§ 7.4).
fn talker_echo(noise: f64, delay: f64) -> f64 {
    if delay < 1.0 {
        return 0.0;
    }
    let terv = TELR - 40.0 * ((1.0 + delay / 10.0) / (1.0 + delay / 150.0)).log10()
        + 6.0 * (-0.3 * delay * delay).exp();
    let difference = -1.5 * (noise - RLR) - (80.0 + 2.5 * (terv - 14.0));
    (difference / 2.0 + (difference * difference / 4.0 + 100.0).sqrt() - 1.0) * (1.0 - (-delay).exp())
}

/// Idle (§ 7.4); the round trip takes twice the delay.
fn listener_echo(basic: f64, delay: f64) -> f64 {
    let rle = 10.5 * (WEPL + 7.0) * (2.0 * delay + 1.0).powf(-0.25);
    let difference = basic - rle;
    difference / 2.0 + (difference * difference / 4.0 + 169.0).sqrt()
}

/// Idd (§ 7.4).
fn absolute_delay(delay: f64) -> f64 {
    if delay <= 100.0 {
        return 0.0;
    }
    let x = (delay / 100.0).log2();
    25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0) + 2.0)
}

/// Ie,eff (§ 7.5).
fn effective_equipment(impairment: Impairment, loss: PacketLoss) -> f64 {
    let percent = loss.ratio.clamp(0.0, 1.0) * 100.0;
    if percent <= 0.0 {
        return impairment.equipment;
    }
    impairment.equipment
        + (95.0 - impairment.equipment) * percent
            / (percent / loss.burst_ratio.max(1.0) + impairment.robustness)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;

    fn rating(impairment: Impairment, loss: PacketLoss, millis: u64) -> f64 {
        rate(impairment, loss, Duration::from_millis(millis)).rating
    }

    #[test]
    fn all_defaults_give_93_2() {
        let quality = rate(Impairment::G711, PacketLoss::NONE, ZERO);
        assert!((quality.rating - 93.2).abs() < 0.05, "{}", quality.rating);
        assert!((quality.mos - 4.41).abs() < 0.005, "{}", quality.mos);
    }

    /// ITU-T G.107 table B.1, which rounds 4.024 up to 4.03.
    #[test]
    fn scores_of_the_published_table() {
        for (rating, mos) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((mos_of_rating(rating) - mos).abs() < 0.0065, "{rating}");
        }
        assert!((mos_of_rating(-5.0) - 1.0).abs() < f64::EPSILON);
        assert!((mos_of_rating(120.0) - 4.5).abs() < f64::EPSILON);
        assert!(mos_of_rating(3.0) >= 1.0);
    }

    /// Ie of G.711 with concealment under random loss, ITU-T G.113 (02/96 to 05/99) table; Bpl was fitted to it.
    #[test]
    fn concealed_g711_loses_what_the_table_of_g113_says() {
        for (percent, published) in
            [(0.0, 0.0), (1.0, 5.0), (2.0, 7.0), (3.0, 10.0), (5.0, 15.0), (10.0, 25.0)]
        {
            let lost = rating(Impairment::G711_CONCEALED, PacketLoss::NONE, 0)
                - rating(Impairment::G711_CONCEALED, PacketLoss::random(percent / 100.0), 0);
            assert!((lost - published).abs() < 2.5, "{percent} %: {lost}");
        }
    }

    #[test]
    fn delay_costs_little_up_to_150_ms_and_much_at_400_ms() {
        let none = rating(Impairment::G711, PacketLoss::NONE, 0);
        assert!(none - rating(Impairment::G711, PacketLoss::NONE, 150) < 4.0);
        let much = none - rating(Impairment::G711, PacketLoss::NONE, 400);
        assert!((28.0..34.0).contains(&much), "{much}");
        assert!((absolute_delay(400.0) - 24.07).abs() < 0.05, "{}", absolute_delay(400.0));
    }

    #[test]
    fn bursts_and_missing_concealment_make_loss_worse() {
        let random = rating(Impairment::G711_CONCEALED, PacketLoss::random(0.03), 0);
        assert!(rating(Impairment::G711_CONCEALED, PacketLoss { ratio: 0.03, burst_ratio: 3.0 }, 0) < random);
        assert!(rating(Impairment::G711, PacketLoss::random(0.03), 0) < random - 20.0);
    }

    #[test]
    fn absurd_input_stays_in_range() {
        for ratio in [-1.0, 2.0, f64::NAN, f64::INFINITY] {
            let quality = rate(Impairment::G711, PacketLoss { ratio, burst_ratio: f64::NAN }, Duration::MAX);
            assert!((0.0..=100.0).contains(&quality.rating) && (1.0..=4.5).contains(&quality.mos));
        }
    }
}
