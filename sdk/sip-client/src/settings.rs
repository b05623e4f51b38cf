//! How settings are read: name by name into the defaults. What serde derives for that keeps every value apart until the
//! last one is read, which is most of what a browser's module has for its settings.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Settings with defaults.
pub(crate) trait Settings: Default {
    /// What a reader expects, for its errors.
    const EXPECTED: &'static str;
    /// The names in the serde form.
    const NAMES: &'static [&'static str];

    /// Reads the value of one of the names.
    fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error>;
}

/// Implements `Deserialize` for settings whose fields are named, with the type that a field is read as where that is not its
/// own. A name that there is not, or that comes twice, is refused.
macro_rules! settings {
    (@value $from:ident) => { $from.next_value()? };
    (@value $from:ident $form:ty) => { $from.next_value::<$form>()?.into() };
    ($type:ident { $($name:ident $(as $form:ty)?),+ $(,)? }) => {
        impl $crate::settings::Settings for $type {
            const EXPECTED: &'static str = concat!("struct ", stringify!($type));
            const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            fn read<'de, A: serde::de::MapAccess<'de>>(
                &mut self,
                name: &str,
                from: &mut A,
            ) -> Result<(), A::Error> {
                // Without `..`: a field that is forgotten here does not compile.
                let Self { $($name),+ } = self;
                match name {
                    $(stringify!($name) => *$name = settings!(@value from $($form)?),)+
                    _ => {}
                }
                Ok(())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::settings::read(stringify!($type), deserializer)
            }
        }
    };
}
pub(crate) use settings;

pub(crate) fn read<'de, T: Settings, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_struct(name, T::NAMES, Fields(PhantomData))
}

/// Reads the fields of settings.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Settings> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<T, A::Error> {
        let mut settings = T::default();
        let mut seen = Vec::new();
        while let Some(name) = from.next_key_seed(Known(T::NAMES))? {
            if seen.contains(&name) {
                return Err(A::Error::duplicate_field(name));
            }
            seen.push(name);
            settings.read(name, &mut from)?;
        }
        Ok(settings)
    }
}

/// Reads one of the names that there are.
struct Known(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Known {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Known {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<&'static str, E> {
        let known = self.0.iter().find(|known| **known == name);
        known.copied().ok_or_else(|| E::unknown_field(name, self.0))
    }
}

/// A duration, as the settings have it.
#[derive(Deserialize)]
pub(crate) struct Seconds(#[serde(with = "crate::seconds")] Duration);

impl From<Seconds> for Duration {
    fn from(seconds: Seconds) -> Self {
        seconds.0
    }
}

#[cfg(test)]
mod tests {
    use crate::{ClientConfig, TimerConfig};

    #[test]
    fn what_is_given_replaces_the_default_at_any_depth() {
        let config: ClientConfig = serde_json::from_str(r#"{"max_calls":2,"timers":{"t1":1}}"#).unwrap();
        let timers = TimerConfig { t1: std::time::Duration::from_secs(1), ..TimerConfig::default() };
        assert_eq!(config, ClientConfig { max_calls: 2, timers, ..ClientConfig::default() });
    }

    #[test]
    fn what_was_written_is_read() {
        let config =
            ClientConfig { max_calls: 7, instance: Some("urn:x:y".into()), ..ClientConfig::default() };
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<ClientConfig>(&json).unwrap(), config);
    }

    #[test]
    fn a_name_twice_and_another_type_are_refused() {
        let said = |json| serde_json::from_str::<ClientConfig>(json).unwrap_err().to_string();
        assert!(said(r#"{"max_calls":1,"max_calls":2}"#).contains("duplicate field `max_calls`"));
        assert!(said(r#"{"media":{"codecs":["PCMU"],"codec":[]}}"#).contains("unknown field `codec`"));
        assert!(said(r#"{"tls":true}"#).contains("expected struct TlsConfig"));
        assert!(said("[]").contains("expected struct ClientConfig"));
    }
}
