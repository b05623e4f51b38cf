//! How sources and sinks of audio are read. What serde derives for enums with their tag inside keeps any value whole until it
//! has seen the tag, which alone is a twentieth of a browser's module; these forms have every field that any kind has.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::{AudioSink, AudioSource, ToneKind};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SourceType {
    File,
    Bytes,
    Tone,
    Echo,
    Frames,
}

#[derive(Deserialize)]
#[serde(rename = "AudioSource")]
struct SourceForm {
    r#type: SourceType,
    path: Option<String>,
    wav: Option<Wav>,
    tone: Option<ToneKind>,
    #[serde(default)]
    repeat: bool,
}

#[derive(Deserialize)]
struct Wav(#[serde(with = "super::octets")] Vec<u8>);

impl<'de> Deserialize<'de> for AudioSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let SourceForm { r#type, path, wav, tone, repeat } = SourceForm::deserialize(deserializer)?;
        Ok(match r#type {
            SourceType::File => Self::File { path: needed(path, "path")?.into(), repeat },
            SourceType::Bytes => Self::Bytes { wav: needed(wav, "wav")?.0, repeat },
            SourceType::Tone => Self::Tone { tone: needed(tone, "tone")? },
            SourceType::Echo => Self::Echo,
            SourceType::Frames => Self::Frames,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToneType {
    Ringback,
    Busy,
    Dial,
    Sine,
}

#[derive(Deserialize)]
#[serde(rename = "ToneKind")]
struct ToneForm {
    r#type: ToneType,
    hertz: Option<u16>,
}

impl<'de> Deserialize<'de> for ToneKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ToneForm { r#type, hertz } = ToneForm::deserialize(deserializer)?;
        Ok(match r#type {
            ToneType::Ringback => Self::Ringback,
            ToneType::Busy => Self::Busy,
            ToneType::Dial => Self::Dial,
            ToneType::Sine => Self::Sine { hertz: needed(hertz, "hertz")? },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SinkType {
    File,
    Frames,
}

#[derive(Deserialize)]
#[serde(rename = "AudioSink")]
struct SinkForm {
    r#type: SinkType,
    path: Option<String>,
}

impl<'de> Deserialize<'de> for AudioSink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let SinkForm { r#type, path } = SinkForm::deserialize(deserializer)?;
        Ok(match r#type {
            SinkType::File => Self::File { path: needed(path, "path")?.into() },
            SinkType::Frames => Self::Frames,
        })
    }
}

fn needed<T, E: Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}
