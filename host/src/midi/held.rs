//! What a port holds down, so that it can be let go when the port is gone.

/// Pedals that hold notes: sustain, sostenuto, soft and hold 2.
const PEDALS: [u8; 4] = [64, 66, 67, 69];

/// Keys, pedals, bends and pressures that are not at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// A bit a key; a word a channel.
    keys: [u128; 16],
    /// A bit a channel; a word a pedal.
    pedals: [u16; 4],
    /// Channels whose pitch is bent.
    bends: u16,
    /// Channels under pressure.
    pressures: u16,
}

impl Held {
    /// Takes note of a message.
    pub(crate) fn see(&mut self, message: &[u8]) {
        let Some(&status) = message.first() else { return };
        let channel = usize::from(status & 0x0f);
        let bit = 1_u16 << channel;
        match *message {
            [0x90..=0x9f, key @ 0..=127, velocity] if velocity > 0 => self.keys[channel] |= 1 << key,
            [0x80..=0x9f, key @ 0..=127, _] => self.keys[channel] &= !(1 << key),
            [0xb0..=0xbf, 120 | 123..=127, _] => self.keys[channel] = 0,
            [0xb0..=0xbf, 121, _] => {
                for pedal in &mut self.pedals {
                    *pedal &= !bit;
                }
                self.bends &= !bit;
                self.pressures &= !bit;
            }
            [0xb0..=0xbf, controller, value] => {
                if let Some(pedal) = PEDALS.iter().position(|&pedal| pedal == controller) {
                    set(&mut self.pedals[pedal], bit, value >= 64);
                }
            }
            [0xd0..=0xdf, pressure] => set(&mut self.pressures, bit, pressure > 0),
            [0xe0..=0xef, fine, coarse] => set(&mut self.bends, bit, (fine, coarse) != (0, 64)),
            [0xff] => *self = Self::default(),
            _ => {}
        }
    }

    /// Hands the messages that release every key and pedal to `each`, and forgets them.
    pub(crate) fn release_keys(&mut self, mut each: impl FnMut(&[u8])) {
        for (channel, keys) in (0_u8..).zip(&mut self.keys) {
            let mut bits = core::mem::take(keys);
            for key in 0..128_u8 {
                if bits == 0 {
                    break;
                }
                if bits & 1 == 1 {
                    each(&[0x80 | channel, key, 64]);
                }
                bits >>= 1;
            }
        }
        for (pedal, set) in PEDALS.into_iter().zip(&mut self.pedals) {
            for channel in channels(core::mem::take(set)) {
                each(&[0xb0 | channel, pedal, 0]);
            }
        }
    }

    /// Hands the messages that bring everything to rest to `each`, and forgets it.
    pub(crate) fn release_all(&mut self, mut each: impl FnMut(&[u8])) {
        self.release_keys(&mut each);
        for channel in channels(core::mem::take(&mut self.pressures)) {
            each(&[0xd0 | channel, 0]);
        }
        for channel in channels(core::mem::take(&mut self.bends)) {
            each(&[0xe0 | channel, 0, 64]);
        }
    }
}

const fn set(word: &mut u16, bit: u16, on: bool) {
    if on {
        *word |= bit;
    } else {
        *word &= !bit;
    }
}

fn channels(set: u16) -> impl Iterator<Item = u8> {
    (0..16_u8).filter(move |&channel| set >> channel & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(messages: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut held = Held::default();
        for message in messages {
            held.see(message);
        }
        let mut out = Vec::new();
        held.release_all(|message| out.push(message.to_vec()));
        assert_eq!(held, Held::default());
        out
    }

    #[test]
    fn everything_held_is_released() {
        let expected: [&[u8]; 6] = [
            &[0x80, 60, 64],
            &[0x8f, 0, 64],
            &[0x8f, 127, 64],
            &[0xb2, 64, 0],
            &[0xd4, 0],
            &[0xe3, 0, 64],
        ];
        let played: [&[u8]; 6] = [
            &[0x9f, 127, 1],
            &[0x9f, 0, 1],
            &[0x90, 60, 100],
            &[0xb2, 64, 127],
            &[0xe3, 5, 64],
            &[0xd4, 80],
        ];
        assert_eq!(released(&played), expected);
    }

    #[test]
    fn what_was_released_is_not_released_again() {
        assert!(released(&[&[0x90, 60, 100], &[0x90, 60, 0], &[0xb0, 64, 127], &[0xb0, 64, 0]]).is_empty());
        assert!(released(&[&[0x95, 60, 100], &[0xb5, 123, 0], &[0xe5, 0, 0], &[0xb5, 121, 0]]).is_empty());
        assert!(released(&[&[0x91, 60, 100], &[0xd1, 3], &[0xff]]).is_empty());
        assert!(released(&[&[0x90], &[], &[0x90, 200, 100], &[0xf0, 0x7e, 0xf7]]).is_empty());
    }
}
