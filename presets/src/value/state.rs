use std::fmt;
use std::io::{self, Read};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Serialize, Serializer};

use crate::limits;

/// What a plugin saved: bytes that only the plugin understands. In the file, zstd in base64; white space and
/// line breaks inside the base64 are allowed, so that a state may be wrapped by hand or by a mail program.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct State(Vec<u8>);

/// Padding by `=` is written and may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is nothing in it.
    #[error("the state is empty; remove the key to get the plugin's default")]
    Empty,
    /// The outer layer is broken.
    #[error(
        "the state is not base64 ({0}); copy it again whole, or remove the key to get the plugin's default"
    )]
    NotBase64(base64::DecodeError),
    /// The inner layer is broken.
    #[error(
        "the state does not decompress as zstd ({0}), so it is damaged or cut off; copy it again whole, or \
         remove the key to get the plugin's default"
    )]
    NotZstd(io::Error),
    /// It unfolds to more than a plugin may have.
    #[error(
        "the state unfolds to more than {} MB, the limit; let the plugin refer to its samples by file instead \
         of saving them in its state",
        .0 / (1024 * 1024)
    )]
    TooLarge(usize),
}

/// How many bytes the states of one preset may still unfold to.
pub(crate) struct Budget {
    each: usize,
    all: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            each: limits::STATE_BYTES,
            all: limits::STATES_BYTES,
        }
    }
}

impl State {
    /// The bytes for the plugin.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes for the plugin.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// Where the text is not base64, does not decompress, or unfolds to more than
    /// [`limits::STATE_BYTES`]; no more than that is ever decompressed.
    pub fn from_text(text: &str) -> Result<Self, StateError> {
        Self::from_text_within(text, &mut Budget::default())
    }

    pub(crate) fn from_text_within(text: &str, budget: &mut Budget) -> Result<Self, StateError> {
        let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if packed.is_empty() {
            return Err(StateError::Empty);
        }
        let packed = BASE64.decode(packed).map_err(StateError::NotBase64)?;
        if packed.is_empty() {
            return Err(StateError::Empty);
        }
        let most = budget.each.min(budget.all);
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to know, however much the rest would unfold to.
        zstd::Decoder::new(packed.as_slice())
            .and_then(|decoder| decoder.take(most as u64 + 1).read_to_end(&mut bytes))
            .map_err(StateError::NotZstd)?;
        if bytes.len() > most {
            return Err(StateError::TooLarge(if budget.all < budget.each {
                limits::STATES_BYTES
            } else {
                budget.each
            }));
        }
        budget.all -= bytes.len();
        Ok(Self(bytes))
    }

    /// Writes the text form on one line. With a checksum, so that a slip of the hand is noticed here and not
    /// by the plugin.
    ///
    /// # Errors
    /// Where zstd runs out of memory.
    pub fn to_text(&self) -> io::Result<String> {
        let mut encoder = zstd::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
        encoder.include_checksum(true)?;
        io::Write::write_all(&mut encoder, &self.0)?;
        Ok(BASE64.encode(encoder.finish()?))
    }
}

impl From<Vec<u8>> for State {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({} bytes)", self.0.len())
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_text().map_err(serde::ser::Error::custom)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_with_line_breaks_and_without_padding() {
        let state = State::from((0..=255).cycle().take(10_001).collect::<Vec<u8>>());
        let text = state.to_text().unwrap();
        let wrapped: String = text
            .as_bytes()
            .chunks(60)
            .map(|line| format!("\t{}\r\n", String::from_utf8_lossy(line)))
            .collect();
        assert_eq!(State::from_text(&wrapped).unwrap(), state);
        assert_eq!(State::from_text(text.trim_end_matches('=')).unwrap(), state);
    }

    #[test]
    fn a_state_of_no_bytes_is_not_an_empty_text() {
        let text = State::default().to_text().unwrap();
        assert_eq!(State::from_text(&text).unwrap(), State::default());
        assert!(matches!(State::from_text(" \n"), Err(StateError::Empty)));
        assert!(matches!(
            State::from_text("===="),
            Err(StateError::NotBase64(_) | StateError::Empty)
        ));
    }

    #[test]
    fn base64_and_zstd_are_told_apart() {
        assert!(matches!(
            State::from_text("not base64!"),
            Err(StateError::NotBase64(_))
        ));
        assert!(matches!(
            State::from_text("aGVsbG8gd29ybGQ="),
            Err(StateError::NotZstd(_))
        ));
        let text = State::from(vec![7; 1000]).to_text().unwrap();
        let packed = BASE64.decode(&text).unwrap();
        for cut in 1..packed.len() {
            let cut = BASE64.encode(&packed[..cut]);
            assert!(
                matches!(State::from_text(&cut), Err(StateError::NotZstd(_))),
                "{cut}"
            );
        }
    }

    #[test]
    fn a_changed_letter_is_noticed() {
        let noise: Vec<u8> = (0..4000_u32)
            .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        let mut packed = BASE64.decode(State::from(noise).to_text().unwrap()).unwrap();
        let middle = packed.len() / 2;
        packed[middle] ^= 1;
        assert!(matches!(
            State::from_text(&BASE64.encode(packed)),
            Err(StateError::NotZstd(_))
        ));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let text = State::from(vec![0; 5001]).to_text().unwrap();
        let mut budget = Budget {
            each: 5000,
            all: 8000,
        };
        assert!(matches!(
            State::from_text_within(&text, &mut budget),
            Err(StateError::TooLarge(5000))
        ));
        let text = State::from(vec![0; 5000]).to_text().unwrap();
        assert!(State::from_text_within(&text, &mut budget).is_ok());
        assert!(
            State::from_text_within(&text, &mut budget).is_err(),
            "the states together are bounded too"
        );
    }
}
