//! The serde form of a duration: seconds as a number, `0.5` for half a second, which every language can write.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| D::Error::custom("expected seconds, a number that is not negative"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::TimerConfig;

    #[test]
    fn durations_are_seconds_and_come_back() {
        let timers = TimerConfig { t1: Duration::from_millis(250), ..TimerConfig::default() };
        let json = serde_json::to_string(&timers).unwrap();
        assert_eq!(json, r#"{"t1":0.25,"t2":4.0,"t4":5.0,"ringing":180.0}"#);
        assert_eq!(serde_json::from_str::<TimerConfig>(&json).unwrap(), timers);
        assert_eq!(serde_json::from_str::<TimerConfig>(r#"{"t2":4}"#).unwrap(), TimerConfig::default());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in ["-1", "1e300", "\"1\"", "null"] {
            let error = serde_json::from_str::<TimerConfig>(&format!(r#"{{"t1":{bad}}}"#));
            assert!(error.is_err(), "{bad}");
        }
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let error = serde_json::from_str::<TimerConfig>(r#"{"t3":1}"#).unwrap_err().to_string();
        assert!(error.contains("unknown field `t3`"), "{error}");
    }
}
