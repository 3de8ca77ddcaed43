//! What happens to the synthesizer, apart from its patch being turned.

/// A sounding note, as its host knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Note {
    /// The host's number for it. MIDI notes have none.
    pub id: Option<i32>,
    /// The MIDI channel, 0 to 15.
    pub channel: u8,
    /// The MIDI key, 0 to 127; 60 is middle C.
    pub key: u8,
}

/// Which notes an event means. What is `None` is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Which {
    /// The host's number. A note without one is told by channel and key alone.
    pub id: Option<i32>,
    /// The MIDI channel.
    pub channel: Option<u8>,
    /// The MIDI key.
    pub key: Option<u8>,
}

impl Which {
    /// Whether `note` is one of those meant.
    pub fn means(&self, note: &Note) -> bool {
        let differ =
            |asked: Option<i32>, is: Option<i32>| matches!((asked, is), (Some(a), Some(b)) if a != b);
        !differ(self.id, note.id)
            && self.channel.is_none_or(|channel| channel == note.channel)
            && self.key.is_none_or(|key| key == note.key)
    }
}

/// One event. It takes effect with the next sample that is rendered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A key is struck, at a velocity of 0 to 1.
    NoteOn(Note, f32),
    /// Keys go up.
    NoteOff(Which),
    /// Notes are cut off, whatever holds them.
    Choke(Which),
    /// Notes are tuned, by semitones from their keys.
    Tuning(Which, f32),
    /// The pitch wheel, -1 to 1.
    Bend(f32),
    /// A control change: its number and its value from 0 to 1.
    ///
    /// Understood are 1 (modulation: vibrato), 64 (sustain pedal), 120 (all sound off), 121 (reset all controllers),
    /// 123 to 127 (all notes off, and the mode changes, which imply it).
    Controller(u8, f32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_mean_every_note() {
        let note = Note {
            id: Some(7),
            channel: 2,
            key: 60,
        };
        assert!(Which::default().means(&note));
        assert!(
            Which {
                id: Some(7),
                channel: Some(2),
                key: Some(60)
            }
            .means(&note)
        );
        assert!(
            !Which {
                id: Some(8),
                ..Which::default()
            }
            .means(&note)
        );
        assert!(
            !Which {
                channel: Some(3),
                ..Which::default()
            }
            .means(&note)
        );
        assert!(
            !Which {
                key: Some(61),
                ..Which::default()
            }
            .means(&note)
        );
        // A note from MIDI has no number; an event with one may still mean it.
        let midi = Note { id: None, ..note };
        assert!(
            Which {
                id: Some(8),
                channel: Some(2),
                key: Some(60)
            }
            .means(&midi)
        );
    }
}
