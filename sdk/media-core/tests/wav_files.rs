//! WAV files of all kinds are read, and what is written is readable even if it is cut off.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::cell::RefCell;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::rc::Rc;
use std::time::Duration;

use hound::{SampleFormat, WavSpec};
use proptest::prelude::*;
use rvoip_media_core::g711::Companding;
use rvoip_media_core::wav::{PcmClip, WavError, WavWriter};

fn spec(channels: u16, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate: 8_000, bits_per_sample, sample_format }
}

fn file<S: hound::Sample>(spec: WavSpec, samples: impl IntoIterator<Item = S>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for sample in samples {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[test]
fn every_width_of_samples_is_read() {
    let expected = [0, 16_384, -16_384, -32_768];
    for bits in [8_u16, 16, 24, 32] {
        let scale = |value: i32| if bits < 16 { value >> (16 - bits) } else { value << (bits - 16) };
        let bytes = file(spec(1, bits, SampleFormat::Int), expected.map(scale));
        let clip = PcmClip::from_wav(&bytes).unwrap();
        assert_eq!(
            (&*clip.samples, clip.rate),
            (&expected.map(|value| i16::try_from(value).unwrap())[..], 8_000)
        );
    }
    let bytes = file(spec(1, 32, SampleFormat::Float), [0.0_f32, 0.5, -0.5, -1.0, 7.0, f32::NAN]);
    assert_eq!(&*PcmClip::from_wav(&bytes).unwrap().samples, [0, 16_384, -16_384, -32_768, 32_767, 0]);
}

/// A file of codes: format 6 is A-law, 7 µ-law, with a chunk of another kind before the codes.
fn companded(format: u16, channels: u16, codes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(codes.len()).unwrap();
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0".to_vec();
    for field in [format, channels, 8_000, 0, 8_000, 0, channels, 8, 0] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(b"fact\x05\0\0\0abcde\0data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(codes);
    bytes
}

#[test]
fn the_codes_of_telephone_prompts_are_read() {
    for (format, law) in [(6, Companding::Alaw), (7, Companding::Mulaw)] {
        let mut codes = Vec::new();
        law.encode(&[0, 1_000, -1_000, 30_000], &mut codes);
        let mut expected = Vec::new();
        law.decode(&codes, &mut expected);
        let clip = PcmClip::from_wav(&companded(format, 1, &codes)).unwrap();
        assert_eq!((&*clip.samples, clip.rate), (&*expected, 8_000));
        let [first, second, third, fourth] = codes[..] else { panic!() };
        let stereo =
            PcmClip::from_wav(&companded(format, 2, &[first, first, second, third, fourth, fourth])).unwrap();
        assert_eq!(&*stereo.samples, [expected[0], 0, expected[3]]);
        let whole = companded(format, 1, &codes);
        for length in 0..whole.len() {
            assert!(PcmClip::from_wav(&whole[..length]).is_err(), "{length}");
        }
        assert!(matches!(
            PcmClip::from_wav(&companded(format, 0, &codes)),
            Err(WavError::Unsupported { .. })
        ));
    }
}

#[test]
fn stereo_is_folded_to_its_mean() {
    let bytes = file(spec(2, 16, SampleFormat::Int), [100_i16, 300, -100, -300, i16::MAX, i16::MAX]);
    assert_eq!(&*PcmClip::from_wav(&bytes).unwrap().samples, [200, -200, 32_767]);
}

#[test]
fn a_clip_is_cut_in_time_and_written_as_it_is_read() {
    let clip = PcmClip::new(1_000, [1, 2, 3, 4, 5]);
    let cut =
        |from, to| clip.between(Duration::from_millis(from), Duration::from_millis(to)).samples.to_vec();
    assert_eq!([cut(0, 2), cut(3, 9), cut(7, 9), cut(2, 1)], [vec![1, 2], vec![4, 5], vec![], vec![]]);
    assert_eq!(clip.between(Duration::ZERO, Duration::MAX), clip);
    assert_eq!(PcmClip::from_wav(&clip.to_wav().unwrap()).unwrap(), clip);
}

#[test]
fn damaged_files_are_named_as_such() {
    assert!(matches!(
        PcmClip::from_wav(b""),
        Err(WavError::Truncated | WavError::Malformed(_) | WavError::Io(_))
    ));
    assert!(matches!(PcmClip::from_wav(&[7; 100]), Err(WavError::Malformed(_))));
    let whole = file(spec(1, 16, SampleFormat::Int), [5_i16; 100]);
    assert!(matches!(
        PcmClip::from_wav(&whole[..whole.len() - 20]),
        Err(WavError::Truncated | WavError::Io(_))
    ));
    let mut huge = whole.clone();
    let data = huge.windows(4).position(|window| window == b"data").unwrap();
    huge[data + 4..data + 8].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    assert!(matches!(PcmClip::from_wav(&huge), Err(WavError::TooLong { .. })));
    // What may be played may be read: half an hour at 48 kHz.
    huge[data + 4..data + 8].copy_from_slice(&(2 * 48_000 * 1_800_u32).to_le_bytes());
    assert!(matches!(PcmClip::from_wav(&huge), Err(WavError::Truncated | WavError::Io(_))), "only cut off");
    let mut odd_rate = whole;
    odd_rate[24..28].copy_from_slice(&7_u32.to_le_bytes());
    assert!(PcmClip::from_wav(&odd_rate).is_err());
}

/// A file that another part of the program can look at while it is being written.
#[derive(Clone, Default)]
struct SharedFile(Rc<RefCell<Cursor<Vec<u8>>>>);

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Read for SharedFile {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(bytes)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.0.borrow_mut().seek(position)
    }
}

#[test]
fn a_recording_that_is_cut_off_is_valid_and_lacks_less_than_a_second() {
    let file = SharedFile::default();
    let mut writer = WavWriter::new(file.clone(), 8_000).unwrap();
    let snapshot = || file.0.borrow().get_ref().clone();
    assert_eq!(PcmClip::from_wav(&snapshot()).unwrap().samples.len(), 0);
    for _ in 0..130 {
        writer.write(&[42; 160]).unwrap();
    }
    let cut = PcmClip::from_wav(&snapshot()).unwrap();
    assert!((130 * 160 - 8_000..=130 * 160).contains(&cut.samples.len()), "{}", cut.samples.len());
    assert_eq!(writer.duration(), Duration::from_millis(2_600));
    writer.finish().unwrap();
    assert_eq!(&*PcmClip::from_wav(&snapshot()).unwrap().samples, vec![42; 130 * 160]);
}

#[test]
fn a_rate_that_no_reader_takes_is_refused() {
    assert!(matches!(WavWriter::new(Cursor::new(Vec::new()), 0), Err(WavError::Rate(0))));
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(samples in proptest::collection::vec(any::<i16>(), 0..2_000)) {
        let file = SharedFile::default();
        let mut writer = WavWriter::new(file.clone(), 16_000).unwrap();
        writer.write(&samples).unwrap();
        writer.finish().unwrap();
        let clip = PcmClip::from_wav(file.0.borrow().get_ref()).unwrap();
        prop_assert_eq!((&*clip.samples, clip.rate), (&samples[..], 16_000));
    }

    #[test]
    fn no_bytes_panic(flips in proptest::collection::vec((0_usize..60, any::<u8>()), 0..6), cut in 0_usize..=100) {
        let mut bytes = file(spec(1, 16, SampleFormat::Int), [5_i16; 30]);
        for (place, value) in flips {
            bytes[place] = value;
        }
        bytes.truncate(bytes.len().min(cut + 4));
        let _ = PcmClip::from_wav(&bytes);
    }
}
