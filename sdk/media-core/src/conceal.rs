//! Concealment of missing packets by repeating the last pitch period, in the spirit of ITU-T G.711 appendix I.
//!
//! Unlike the appendix nothing is delayed: the seam at the beginning of a hole is smoothed by letting the step between
//! the last sample and the first repeated one fade out, instead of by overlapping samples that were already played.

/// All times are at 8 kHz, in samples: 5 ms, the shortest pitch period.
const MIN_PERIOD: usize = 40;
/// 15 ms, the longest pitch period.
const MAX_PERIOD: usize = 120;
/// 20 ms, over which two stretches are compared.
const WINDOW: usize = 160;
/// Longest repeated stretch: three periods with a quarter more for the overlap.
const HISTORY: usize = 3 * MAX_PERIOD + MAX_PERIOD / 4 + WINDOW;
/// 10 ms: the repeated stretch grows by a period, so that it does not buzz.
const GROWTH: usize = 80;
/// From 10 ms on the level falls, so that it is zero after 60 ms.
const FADE_START: usize = 80;
const FADE_END: usize = 480;
/// 5 ms, over which the first good samples are blended with what was made up.
const BLEND: usize = 40;

/// Fills holes in audio of 8 kHz.
#[derive(Clone, Debug)]
pub struct Concealer {
    /// The latest samples that were received or made up, oldest first: the pitch of the next hole is looked for in what was
    /// heard, as in appendix I.
    history: Vec<i16>,
    hole: Option<Hole>,
    /// What was made up in this hole, as far as it may be remembered.
    made_up: Vec<i16>,
}

#[derive(Clone, Debug)]
struct Hole {
    /// Samples before the hole.
    source: Vec<i16>,
    period: usize,
    /// What is repeated, already overlapped with itself at its end.
    cycle: Vec<f32>,
    periods: usize,
    position: usize,
    made: usize,
    /// Step at the first seam.
    step: f32,
}

impl Concealer {
    /// A concealer that has heard nothing yet: it conceals with silence.
    pub fn new() -> Self {
        Self { history: Vec::new(), hole: None, made_up: Vec::new() }
    }

    /// Takes good samples; after a hole their beginning is blended with the end of the made-up audio.
    pub fn good(&mut self, pcm: &mut [i16]) {
        if pcm.is_empty() {
            return;
        }
        if let Some(mut hole) = self.hole.take() {
            let length = BLEND.min(pcm.len());
            for (index, sample) in pcm.iter_mut().take(length).enumerate() {
                let share = ratio(index + 1, length + 1);
                let blended = f32::from(*sample) * share + hole.next_sample() * (1.0 - share);
                *sample = to_sample(blended);
            }
            let made_up = std::mem::take(&mut self.made_up);
            self.remember(&made_up);
        }
        self.remember(pcm);
    }

    /// Appends `samples` made-up samples to `out`; after 60 ms of a hole they are silence.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        let hole = self.hole.get_or_insert_with(|| Hole::new(&self.history));
        let from = out.len();
        out.extend((0..samples).map(|_| to_sample(hole.next_sample())));
        self.made_up.extend_from_slice(out.get(from..).unwrap_or_default());
        let surplus = self.made_up.len().saturating_sub(HISTORY);
        self.made_up.drain(..surplus);
    }

    fn remember(&mut self, pcm: &[i16]) {
        let tail = pcm.get(pcm.len().saturating_sub(HISTORY)..).unwrap_or(pcm);
        let surplus = (self.history.len() + tail.len()).saturating_sub(HISTORY);
        self.history.drain(..surplus.min(self.history.len()));
        self.history.extend_from_slice(tail);
    }
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Hole {
    fn new(history: &[i16]) -> Self {
        let source = history.to_vec();
        let period = pitch_period(&source);
        let last = source.last().copied().unwrap_or(0);
        let mut hole =
            Self { source, period, cycle: Vec::new(), periods: 0, position: 0, made: 0, step: 0.0 };
        hole.grow();
        if let Some(first_repeated) = hole.cycle.last() {
            // The last sample of the cycle is what the cycle's first one follows.
            hole.step = f32::from(last) - first_repeated;
        }
        hole
    }

    /// Repeats one period more from now on.
    fn grow(&mut self) {
        let periods = (self.periods + 1).min(3);
        let length = periods * self.period;
        let overlap = self.period / 4;
        if self.periods == periods || self.source.len() < length + overlap {
            return;
        }
        let start = self.source.len() - length;
        let mut cycle: Vec<f32> =
            self.source.get(start..).unwrap_or_default().iter().map(|sample| f32::from(*sample)).collect();
        let before = self.source.get(start - overlap..start).unwrap_or_default();
        let tail = cycle.iter_mut().skip(length - overlap);
        for (index, (sample, earlier)) in tail.zip(before).enumerate() {
            let share = ratio(index + 1, overlap + 1);
            *sample = *sample * (1.0 - share) + f32::from(*earlier) * share;
        }
        self.position %= self.period;
        self.periods = periods;
        self.cycle = cycle;
    }

    fn next_sample(&mut self) -> f32 {
        if self.made >= FADE_END {
            return 0.0;
        }
        if self.made == GROWTH || self.made == 2 * GROWTH {
            self.grow();
        }
        let raw = self.cycle.get(self.position).copied().unwrap_or(0.0);
        self.position = (self.position + 1) % self.cycle.len().max(1);
        let smoothing = (self.period / 4).max(1);
        let step = self.step * ratio(smoothing.saturating_sub(self.made), smoothing);
        let gain = 1.0 - ratio(self.made.saturating_sub(FADE_START), FADE_END - FADE_START);
        self.made += 1;
        (raw + step) * gain
    }
}

/// The distance at which the last 20 ms resemble what came before most.
fn pitch_period(source: &[i16]) -> usize {
    let Some(split) = source.len().checked_sub(WINDOW + MAX_PERIOD) else { return MAX_PERIOD };
    let usable = source.get(split..).unwrap_or_default();
    let recent = usable.get(MAX_PERIOD..).unwrap_or_default();
    let likeness = |period: usize| {
        let earlier = usable.get(MAX_PERIOD - period..).unwrap_or_default();
        let (mut product, mut energy) = (0.0_f32, 1.0_f32);
        for (a, b) in recent.iter().zip(earlier) {
            product += f32::from(*a) * f32::from(*b);
            energy += f32::from(*b) * f32::from(*b);
        }
        product / energy.sqrt()
    };
    let best_of = |periods: std::ops::RangeInclusive<usize>| {
        let scored = periods.map(|period| (likeness(period), period));
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, MAX_PERIOD))
    };
    let best = best_of(MIN_PERIOD..=MAX_PERIOD);
    // Twice the period is as alike as the period itself.
    let half = best.1 / 2;
    if half > MIN_PERIOD {
        let shorter = best_of(half - 1..=half + 1);
        if shorter.0 > best.0 * 0.95 {
            return shorter.1;
        }
    }
    best.1
}

#[expect(clippy::cast_precision_loss, reason = "both are sample counts below 2^16")]
fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole as f32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, which is the clipping that is wanted"
)]
fn to_sample(value: f32) -> i16 {
    value.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(range: std::ops::Range<u32>) -> Vec<i16> {
        let wave = |harmonic: f64, n: u32| (f64::from(n) * harmonic * std::f64::consts::TAU / 73.0).sin();
        range
            .map(|n| {
                crate::wav::to_sample(
                    6_000.0 * wave(1.0, n) + 3_000.0 * wave(2.0, n) + 1_500.0 * wave(5.0, n),
                )
            })
            .collect()
    }

    #[test]
    fn a_periodic_signal_goes_on_without_a_seam() {
        let mut concealer = Concealer::new();
        concealer.good(&mut voice(0..800));
        let mut made = Vec::new();
        concealer.conceal(80, &mut made);
        let expected = voice(800..880);
        for (made, expected) in made.iter().zip(&expected) {
            assert!((i32::from(*made) - i32::from(*expected)).abs() < 400, "{made} {expected}");
        }
    }

    #[test]
    fn a_hole_soon_after_another_goes_on_as_well() {
        let mut concealer = Concealer::new();
        concealer.good(&mut voice(0..800));
        concealer.conceal(80, &mut Vec::new());
        concealer.good(&mut voice(880..960));
        let mut made = Vec::new();
        concealer.conceal(80, &mut made);
        let expected = voice(960..1_040);
        for (made, expected) in made.iter().zip(&expected) {
            assert!((i32::from(*made) - i32::from(*expected)).abs() < 600, "{made} {expected}");
        }
    }

    #[test]
    fn no_step_is_larger_than_those_of_the_signal() {
        let mut concealer = Concealer::new();
        let mut heard = voice(0..811);
        concealer.good(&mut heard);
        concealer.conceal(480, &mut heard);
        let mut after = voice(1_310..1_600);
        concealer.good(&mut after);
        heard.extend(after);
        let largest =
            |pcm: &[i16]| pcm.windows(2).map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs()).max();
        assert!(largest(&heard) <= largest(&voice(0..800)).map(|step| step * 13 / 10));
    }

    #[test]
    fn a_long_hole_fades_and_is_silent_after_60_ms() {
        let mut concealer = Concealer::new();
        concealer.good(&mut voice(0..800));
        let mut made = Vec::new();
        for _ in 0..5 {
            concealer.conceal(160, &mut made);
        }
        let peak = |range: std::ops::Range<usize>| {
            made[range].iter().map(|sample| sample.unsigned_abs()).max().unwrap()
        };
        assert!(peak(0..80) > 7_000);
        assert!(peak(320..400) < 5_000 && peak(320..400) > 100);
        assert_eq!(peak(480..800), 0);
    }

    #[test]
    fn without_history_there_is_silence() {
        let mut made = Vec::new();
        Concealer::new().conceal(160, &mut made);
        assert_eq!(made, vec![0; 160]);
        let mut concealer = Concealer::new();
        concealer.good(&mut [100; 30]);
        concealer.conceal(1, &mut made);
        concealer.good(&mut []);
        concealer.good(&mut [5]);
        assert_eq!(made.len(), 161);
    }
}
