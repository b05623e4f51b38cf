//! How loud audio is.

/// Measures the loudness of audio between two readings.
#[derive(Clone, Copy, Debug, Default)]
pub struct LevelMeter {
    squares: f64,
    samples: u32,
}

impl LevelMeter {
    /// Takes samples into account.
    pub fn add(&mut self, samples: &[i16]) {
        for sample in samples {
            let value = f64::from(*sample) / f64::from(i16::MAX);
            self.squares += value * value;
            self.samples = self.samples.saturating_add(1);
        }
    }

    /// The root mean square since the last reading, 0.0 (silence, or nothing heard) to 1.0 (full scale).
    pub fn take(&mut self) -> f64 {
        let Self { squares, samples } = std::mem::take(self);
        if samples == 0 { 0.0 } else { (squares / f64::from(samples)).sqrt().min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_one_silence_is_none_and_a_reading_begins_anew() {
        let mut meter = LevelMeter::default();
        assert!(meter.take().abs() < f64::EPSILON);
        meter.add(&[i16::MAX, -i16::MAX, i16::MIN]);
        assert!((meter.take() - 1.0).abs() < 1e-9);
        meter.add(&[i16::MAX / 2; 80]);
        meter.add(&[0; 80]);
        assert!((meter.take() - 0.5 / 2_f64.sqrt()).abs() < 1e-3);
        assert!(meter.take().abs() < f64::EPSILON);
    }
}
