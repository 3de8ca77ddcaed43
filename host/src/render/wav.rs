//! WAV files in and out.

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Sample format of an output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
    /// 32-bit floats.
    Float32,
}

/// Why a WAV file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// The input cannot be read.
    #[error("The WAV file {} cannot be read: {reason}. Check that it is a whole PCM or float WAV file.", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why, without a full stop.
        reason: String,
    },
    /// The input holds no sound.
    #[error("The WAV file {} holds 0 samples, so there is nothing to render. Give one that holds sound.", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The input has another rate.
    #[error("The WAV file {} has {found} Hz and the rendering {wanted} Hz. Leave out --rate, or convert the file.", file.display())]
    Rate {
        /// The file.
        file: PathBuf,
        /// Its rate.
        found: u32,
        /// The rate asked for.
        wanted: u32,
    },
    /// The output cannot be written.
    #[error("The WAV file {} cannot be written: {reason}. Nothing was left behind; check the folder and the free space.", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why, without a full stop.
        reason: String,
    },
}

/// A whole input in memory, as two channels of one length.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) left: Vec<f32>,
    pub(super) right: Vec<f32>,
    pub(super) rate: u32,
}

/// Reads a WAV file. A mono file is given to both sides; channels beyond the second are left out.
pub(super) fn read(file: &Path, wanted: Option<u32>) -> Result<Input, WavError> {
    let failed = |reason: String| WavError::Read {
        file: file.to_owned(),
        reason,
    };
    let reader = WavReader::open(file).map_err(|error| failed(plain(&error)))?;
    let WavSpec {
        channels,
        sample_rate,
        bits_per_sample,
        sample_format,
    } = reader.spec();
    if let Some(wanted) = wanted.filter(|&wanted| wanted != sample_rate) {
        return Err(WavError::Rate {
            file: file.to_owned(),
            found: sample_rate,
            wanted,
        });
    }
    let samples: Result<Vec<f32>, hound::Error> = match sample_format {
        SampleFormat::Float => reader.into_samples::<f32>().collect(),
        SampleFormat::Int => {
            let scale = 1.0 / f64::from(1_u32 << (bits_per_sample.clamp(1, 32) - 1));
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a sample rounded to single precision"
            )]
            let sample = |sample: Result<i32, _>| sample.map(|sample| (f64::from(sample) * scale) as f32);
            reader.into_samples::<i32>().map(sample).collect()
        }
    };
    let samples = samples.map_err(|error| failed(plain(&error)))?;
    let channels = usize::from(channels);
    if channels == 0 || samples.len() < channels {
        return Err(WavError::Empty {
            file: file.to_owned(),
        });
    }
    let side = |channel: usize| {
        samples
            .chunks_exact(channels)
            .map(|frame| frame[channel.min(channels - 1)])
            .collect()
    };
    Ok(Input {
        left: side(0),
        right: side(1),
        rate: sample_rate,
    })
}

/// hound's errors as half a sentence.
fn plain(error: &hound::Error) -> String {
    let text = match error {
        hound::Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return "it is cut off".to_owned();
        }
        hound::Error::IoError(error) => error.to_string(),
        hound::Error::FormatError(text) => format!("it is no WAV file ({text})"),
        other => other.to_string(),
    };
    text.trim_end_matches('.').to_owned()
}

/// Writes a WAV file beside its place and moves it there once it is whole.
pub(super) struct Writer {
    writer: WavWriter<BufWriter<File>>,
    temporary: NamedTempFile,
    file: PathBuf,
    target: PathBuf,
    bits: Bits,
}

impl Writer {
    pub(super) fn create(file: &Path, rate: u32, bits: Bits) -> Result<Self, WavError> {
        let failed = |error: std::io::Error| WavError::Write {
            file: file.to_owned(),
            reason: error.to_string(),
        };
        // A link is followed, so that what it points to is replaced and not the link.
        let target = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        if target.exists() && !target.is_file() {
            return Err(WavError::Write {
                file: file.to_owned(),
                reason: "it is there and is no file".to_owned(),
            });
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".backline-").suffix(".part");
        // A temporary file is for its owner only by default; this one becomes an ordinary file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder).map_err(failed)?;
        let (bits_per_sample, sample_format) = match bits {
            Bits::Int16 => (16, SampleFormat::Int),
            Bits::Int24 => (24, SampleFormat::Int),
            Bits::Float32 => (32, SampleFormat::Float),
        };
        let spec = WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample,
            sample_format,
        };
        let handle = temporary.as_file().try_clone().map_err(failed)?;
        let writer = WavWriter::new(BufWriter::new(handle), spec).map_err(|error| WavError::Write {
            file: file.to_owned(),
            reason: plain(&error),
        })?;
        Ok(Self {
            writer,
            temporary,
            file: file.to_owned(),
            target,
            bits,
        })
    }

    pub(super) fn write(&mut self, left: &[f32], right: &[f32]) -> Result<(), WavError> {
        let write = |writer: &mut WavWriter<_>, sample: f32| match self.bits {
            Bits::Int16 => writer.write_sample(integer(sample, 32_767.0)),
            Bits::Int24 => writer.write_sample(integer(sample, 8_388_607.0)),
            Bits::Float32 => writer.write_sample(sample),
        };
        for (&left, &right) in left.iter().zip(right) {
            write(&mut self.writer, left)
                .and_then(|()| write(&mut self.writer, right))
                .map_err(|error| WavError::Write {
                    file: self.file.clone(),
                    reason: plain(&error),
                })?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), WavError> {
        let Self {
            writer,
            temporary,
            file,
            target,
            ..
        } = self;
        let failed = |reason: String| WavError::Write {
            file: file.clone(),
            reason,
        };
        writer.finalize().map_err(|error| failed(plain(&error)))?;
        temporary
            .as_file()
            .sync_all()
            .map_err(|error| failed(error.to_string()))?;
        temporary
            .persist(&target)
            .map_err(|error| failed(error.error.to_string()))?;
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the integer's range")]
fn integer(sample: f32, most: f32) -> i32 {
    (sample * most).round().clamp(-most - 1.0, most) as i32
}
