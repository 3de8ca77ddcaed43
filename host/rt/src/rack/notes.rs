//! Which notes and pedals a layer holds.

use crate::events::{Body, Event, EventList, NoteAddress};

/// How a rack listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playing {
    /// To everything.
    Live,
    /// Only to releases of what it holds: the next rack has taken over.
    Leaving,
}

/// No key: the place in the table of a note that is not held.
const NONE: u8 = u8::MAX;
/// The pedals that hold notes: sustain, sostenuto, soft and hold.
const PEDALS: [u8; 4] = [64, 66, 67, 69];

/// The notes that a layer has started and not released, by the channel and key that they came in with.
///
/// A note-off goes to the key that the note-on went out with, whatever the transposition has become since.
pub struct Held {
    sent: [[u8; 128]; 16],
    count: u16,
    pedals: [u8; 16],
}

impl core::fmt::Debug for Held {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Held")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl Default for Held {
    fn default() -> Self {
        Self {
            sent: [[NONE; 128]; 16],
            count: 0,
            pedals: [0; 16],
        }
    }
}

impl Held {
    /// Whether any note or pedal is held.
    #[must_use]
    pub fn any(&self) -> bool {
        self.count > 0 || self.pedals.iter().any(|&pedals| pedals != 0)
    }

    /// Notes that `key` on `channel` sounds as `sent`. Both 0..=127, `channel` 0..=15. Returns what the key sounded as
    /// before, if that was another note: no note-off would ever come for it.
    pub(super) fn hold(&mut self, channel: u8, key: u8, sent: u8) -> Option<u8> {
        let place = &mut self.sent[usize::from(channel & 15)][usize::from(key & 127)];
        let before = core::mem::replace(place, sent);
        self.count += u16::from(before == NONE);
        (before != NONE && before != sent).then_some(before)
    }

    /// Forgets a note and returns the key that it sounded as.
    pub(super) fn release(&mut self, channel: u8, key: u8) -> Option<u8> {
        let place = &mut self.sent[usize::from(channel & 15)][usize::from(key & 127)];
        let sent = core::mem::replace(place, NONE);
        (sent != NONE).then(|| {
            self.count -= 1;
            sent
        })
    }

    /// The key that a held note sounds as.
    pub(super) fn sounds_as(&self, channel: u8, key: u8) -> Option<u8> {
        let sent = self.sent[usize::from(channel & 15)][usize::from(key & 127)];
        (sent != NONE).then_some(sent)
    }

    /// Follows a controller. Returns whether it lets go of a pedal that was down.
    pub(super) fn follow(&mut self, channel: u8, controller: u8, value: u8) -> bool {
        let pedals = &mut self.pedals[usize::from(channel & 15)];
        match (controller, PEDALS.iter().position(|&pedal| pedal == controller)) {
            (_, Some(pedal)) => {
                let was_down = *pedals & 1 << pedal != 0;
                if value >= 64 {
                    *pedals |= 1 << pedal;
                } else {
                    *pedals &= !(1 << pedal);
                }
                was_down && value < 64
            }
            // Reset all controllers lets the pedals go (MIDI recommended practice 015).
            (121, None) => core::mem::take(pedals) != 0,
            _ => false,
        }
    }

    /// Forgets every note of a channel and hands what it sounded as to `each`: all notes off, all sound off.
    pub(super) fn release_all(&mut self, channel: u8, mut each: impl FnMut(u8)) {
        if self.count > 0 {
            (0..128).for_each(|key| self.release(channel, key).into_iter().for_each(&mut each));
        }
    }

    /// Whether a pedal is down on a channel.
    pub(super) const fn pedal(&self, channel: u8) -> bool {
        self.pedals[(channel & 15) as usize] != 0
    }

    /// Releases everything at `time`: note-offs for what is held, the pedals, then everything on channels that
    /// the layer listens to, and last a choke of every voice.
    pub(super) fn panic(&mut self, time: u32, channels: impl Fn(u8) -> bool, out: &mut EventList) {
        let mut push = |body| out.push(Event { time, body });
        for channel in 0..16 {
            self.release_all(channel, |sent| {
                push(Body::NoteOff {
                    note: NoteAddress::new(channel, sent),
                    velocity: 0.0,
                });
            });
        }
        for channel in (0..16).filter(|&channel| channels(channel) || self.pedal(channel)) {
            for controller in [64, 66, 67, 69, 123, 120] {
                push(Body::Midi {
                    port: 0,
                    data: [0xb0 | channel, controller, 0],
                });
            }
        }
        self.pedals = [0; 16];
        push(Body::NoteChoke {
            note: NoteAddress::ALL,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_goes_off_with_the_key_it_went_on_with() {
        let mut held = Held::default();
        assert_eq!(held.hold(3, 60, 72), None);
        assert_eq!(held.hold(3, 60, 72), None);
        assert_eq!(held.hold(3, 60, 48), Some(72));
        assert!(held.any());
        assert_eq!(held.release(3, 60), Some(48));
        assert_eq!(held.release(3, 60), None);
        assert!(!held.any());
    }

    #[test]
    fn only_a_pedal_that_is_down_goes_up() {
        let mut held = Held::default();
        assert!(!held.follow(0, 64, 0));
        assert!(!held.follow(0, 64, 127));
        assert!(held.any());
        assert!(held.follow(0, 64, 63));
        assert!(!held.any());
        held.follow(5, 66, 127);
        assert!(held.follow(5, 121, 0));
        assert!(!held.any());
    }
}
