//! The files of the command line are looked at before anything is sent: nobody is called to hear that one is missing.

use std::fs::{File, OpenOptions};
use std::io::BufReader;
use std::path::Path;

use rvoip::{ErrorKind, Result};
use rvoip_media_core::wav::PcmClip;

use crate::args::PhoneArgs;

/// Whether what is to be played can be, and what is to be recorded has a place.
pub(crate) fn check(phone: &PhoneArgs) -> Result<()> {
    let refuse =
        |path: &Path, reason: String| ErrorKind::FileFailed.error(format!("{}: {reason}", path.display()));
    if let Some(path) = &phone.play {
        readable(path).map_err(|reason| refuse(path, reason))?;
    }
    if let Some(path) = &phone.record {
        writable(path).map_err(|error| refuse(path, error.to_string()))?;
    }
    Ok(())
}

fn readable(path: &Path) -> std::result::Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    // A pipe or a device might never end.
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err("it is no regular file".to_owned());
    }
    PcmClip::read_wav(BufReader::new(file)).map(drop).map_err(|error| error.to_string())
}

/// Tries it. A file that was not there is taken away again, as the call may never begin.
fn writable(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => {
            drop(file);
            std::fs::remove_file(path)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).open(path).map(drop)
        }
        Err(error) => Err(error),
    }
}
