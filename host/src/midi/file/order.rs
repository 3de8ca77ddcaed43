//! One list out of many tracks.

use super::{Event, Message};
use crate::midi::held::Held;

/// What an event does to a key, by the number of channel and key.
enum Key {
    On(usize),
    Off(usize),
}

fn key(event: &Event) -> Option<Key> {
    let Message::Short([status, key, velocity]) = event.message else {
        return None;
    };
    let number = usize::from(status & 0x0f) << 7 | usize::from(key & 0x7f);
    match status & 0xf0 {
        0x90 if velocity > 0 => Some(Key::On(number)),
        0x80 | 0x90 => Some(Key::Off(number)),
        _ => None,
    }
}

/// Puts the events of tracks that sound together in order of time, and lets go at `end` of what is still held.
///
/// Events of one tick keep the order they come in, except for one: the note-off of a note that sounds from before moves
/// in front of the next note-on of its key. So a repeated note starts anew, and a note without length still ends.
pub(super) fn arrange(mut events: Vec<Event>, end: u64) -> Vec<Event> {
    events.sort_by_key(|event| event.tick);
    let mut keys = Keys {
        sounding: vec![0; 1 << 11],
        first_on: vec![usize::MAX; 1 << 11],
        fresh: vec![0; 1 << 11],
        started: Vec::new(),
    };
    let mut start = 0;
    while let Some(tick) = events.get(start).map(|event| event.tick) {
        let len = events[start..].partition_point(|event| event.tick == tick);
        keys.meet(start, &mut events[start..start + len]);
        start += len;
    }
    let mut held = Held::default();
    for event in &events {
        if let Message::Short(data) = event.message {
            held.see(&data);
        }
    }
    held.release_keys(|message| {
        if let &[status, first, second] = message {
            events.push(Event {
                tick: end,
                message: Message::Short([status, first, second]),
            });
        }
    });
    events
}

struct Keys {
    /// Notes that sound from earlier ticks.
    sounding: Vec<u32>,
    /// Number of the last first note-on of a tick.
    first_on: Vec<usize>,
    /// Notes begun at this tick and not ended at it.
    fresh: Vec<u32>,
    /// Keys of notes begun at this tick.
    started: Vec<usize>,
}

impl Keys {
    /// Orders the events of one tick, the first of which has the number `start` in the list.
    fn meet(&mut self, start: usize, events: &mut [Event]) {
        let mut moved: Vec<(usize, usize)> = Vec::new();
        self.started.clear();
        for (number, event) in (start..).zip(events.iter()) {
            match key(event) {
                Some(Key::On(key)) => {
                    if !(start..number).contains(&self.first_on[key]) {
                        self.first_on[key] = number;
                    }
                    self.fresh[key] += 1;
                    self.started.push(key);
                }
                Some(Key::Off(key)) if self.sounding[key] > 0 => {
                    self.sounding[key] -= 1;
                    if (start..number).contains(&self.first_on[key]) {
                        moved.push((number, self.first_on[key]));
                    }
                }
                Some(Key::Off(key)) => self.fresh[key] = self.fresh[key].saturating_sub(1),
                None => {}
            }
        }
        for &key in &self.started {
            self.sounding[key] += core::mem::take(&mut self.fresh[key]);
        }
        if moved.is_empty() {
            return;
        }
        let mut moved = moved.into_iter().peekable();
        let mut placed: Vec<((usize, bool), Event)> = (start..)
            .zip(events.iter())
            .map(
                |(number, event)| match moved.next_if(|&(from, _)| from == number) {
                    Some((_, to)) => ((to, false), *event),
                    None => ((number, true), *event),
                },
            )
            .collect();
        placed.sort_by_key(|&(place, _)| place);
        for (slot, (_, event)) in events.iter_mut().zip(placed) {
            *slot = event;
        }
    }
}
