//! One layer: which notes it plays, its chain, its place in the mix.

use super::mix::{Glide, add, set};
use super::notes::{Held, Playing};
use super::unit::{Stage, is_music, is_transport};
use super::{Feed, Home, MAX_CHAIN, Map, Pass, Scratch, Targeted, Unit};
use crate::events::{Body, Event, EventList, Expression, NoteAddress, is_release};
use crate::lend::Lent;
use crate::wire::{FromEngine, PluginAddress, RackId};

/// What a layer listens to and how loud it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSettings {
    /// Lowest and highest key it plays, 0..=127.
    pub keys: (u8, u8),
    /// Lowest and highest velocity it plays, 1..=127.
    pub velocities: (u8, u8),
    /// The MIDI channel it listens to, 0..=15, or all.
    pub channel: Option<u8>,
    /// Semitones added to every note; a note moved beyond 0..=127 is not played.
    pub transpose: i8,
    /// Linear gain.
    pub gain: f32,
    /// -1 left to 1 right: the other side is turned down.
    pub pan: f32,
    /// Whether it is silenced.
    pub mute: bool,
}

impl Default for LayerSettings {
    fn default() -> Self {
        Self {
            keys: (0, 127),
            velocities: (1, 127),
            channel: None,
            transpose: 0,
            gain: 1.0,
            pan: 0.0,
            mute: false,
        }
    }
}

/// Greatest gain of a layer: with it the sum of all layers at their loudest is still a finite number.
const MOST_GAIN: f32 = 1e6;

impl LayerSettings {
    /// The gains of both sides. A gain that is no number is 0, a pan beyond its range is at its end.
    fn gains(&self) -> [f32; 2] {
        let gain = if self.mute || !self.gain.is_finite() {
            0.0
        } else {
            self.gain.clamp(-MOST_GAIN, MOST_GAIN)
        };
        let pan = if self.pan.is_nan() {
            0.0
        } else {
            self.pan.clamp(-1.0, 1.0)
        };
        [gain * (1.0 - pan).min(1.0), gain * (1.0 + pan).min(1.0)]
    }
}

impl LayerSettings {
    /// The key that a note sounds as; none if the layer does not play it.
    fn sounds_as(&self, key: u8, velocity: u8) -> Option<u8> {
        let played = (self.keys.0..=self.keys.1).contains(&key)
            && (self.velocities.0..=self.velocities.1).contains(&velocity);
        let sent = u8::try_from(i16::from(key) + i16::from(self.transpose)).ok()?;
        (played && sent < 128).then_some(sent)
    }
}

/// One layer of a rack, or its master chain.
#[derive(Debug)]
pub struct Layer {
    settings: LayerSettings,
    gains: [Glide; 2],
    /// Whether both gains rest at 1.
    unity: bool,
    pub(super) held: Held,
    /// The plugins in order; a place is empty while its plugin is being re-activated.
    pub chain: Lent<[Option<Lent<Unit>>]>,
    panic: bool,
    /// The first place that makes audio: the device's input feeds the chain up to it.
    fed: u8,
}

impl Layer {
    /// A layer around a chain.
    ///
    /// # Panics
    ///
    /// If the chain is longer than [`MAX_CHAIN`].
    #[must_use]
    pub fn new(settings: LayerSettings, chain: Lent<[Option<Lent<Unit>>]>) -> Self {
        assert!(
            chain.len() <= MAX_CHAIN,
            "a chain of more than {MAX_CHAIN} plugins"
        );
        let mut layer = Self {
            settings,
            gains: settings.gains().map(Glide::new),
            unity: false,
            held: Held::default(),
            chain,
            panic: false,
            fed: u8::MAX,
        };
        layer.unity = is_unity(&layer.gains);
        let fed = layer.units().find(|(_, unit)| unit.gives_audio());
        layer.fed = fed.map_or(u8::MAX, |(place, _)| place);
        layer
    }

    /// Puts a started plugin into an empty place.
    pub(crate) fn put_in(&mut self, place: u8, mut unit: Lent<Unit>) {
        // What is held now has been told to the plugins behind this one; they would not hear the end of it.
        self.panic |= unit.speaks();
        if unit.gives_audio() {
            self.fed = self.fed.min(place);
        }
        unit.enter();
        if let Some(slot) = self.chain.get_mut(usize::from(place)) {
            *slot = Some(unit);
        }
    }

    /// What it listens to and how loud it is.
    #[must_use]
    pub const fn settings(&self) -> &LayerSettings {
        &self.settings
    }

    /// Takes new settings; the coming blocks ramp to their gains. Notes held go on and end as they began.
    pub fn set(&mut self, settings: LayerSettings) {
        self.settings = settings;
        for (glide, gain) in self.gains.iter_mut().zip(settings.gains()) {
            glide.aim(gain);
        }
        self.unity = is_unity(&self.gains);
    }

    /// Lets go of everything in the next block.
    pub(crate) const fn panic(&mut self) {
        self.panic = true;
    }

    pub(super) fn start(&mut self) -> Result<(), u8> {
        for (place, unit) in (0..).zip(self.chain.iter_mut()) {
            if unit.as_deref_mut().is_some_and(|unit| !unit.start()) {
                return Err(place);
            }
        }
        Ok(())
    }

    pub(super) fn stop(&mut self) {
        self.units().for_each(|(_, unit)| unit.stop());
    }

    /// The plugins that are there, with their places.
    pub(crate) fn units(&mut self) -> impl Iterator<Item = (u8, &mut Unit)> {
        (0..)
            .zip(self.chain.iter_mut())
            .filter_map(|(place, unit)| Some((place, unit.as_deref_mut()?)))
    }

    /// Whether it would leave what it gets as it is.
    pub(super) fn is_bare(&self) -> bool {
        self.chain.is_empty() && self.unity
    }

    /// Processes one block. With [`Feed::Device`] the result is added to `mix`, with [`Feed::Mix`] it takes the
    /// mix's place. `mixed` tells whether there is anything in the mix yet.
    #[inline(always)]
    pub(super) fn process(
        &mut self,
        rack: RackId,
        number: u8,
        heard: (&EventList, &[Map], Playing),
        pass: &mut Pass<'_>,
        (feed, mixed): (Feed, &mut bool),
        mix: [&mut [f32]; 2],
    ) {
        let panicking = self.panic;
        let (incoming, maps, playing) = heard;
        pass.scratch.layer.clear();
        if panicking || !incoming.is_empty() {
            self.listen(incoming, maps, playing, &mut pass.scratch.layer);
        }
        let frames = pass.frames;
        let Scratch {
            layer,
            unit: own,
            out,
            carry,
            clap,
            vst3,
            chain,
        } = &mut *pass.scratch;
        // A chain that is all there is, at a gain of 1, is played where the mix belongs and never copied.
        let direct = self.unity && (feed == Feed::Mix || !*mixed);
        let (mut chain, mut mix) = if direct {
            (mix, None)
        } else {
            (chain.frames(frames), Some(mix))
        };
        let mut live = feed == Feed::Mix;
        if let (true, Some(mix)) = (live, &mut mix) {
            for (chain, mix) in chain.iter_mut().zip(mix) {
                chain.copy_from_slice(mix);
            }
        }
        let mut stage = Stage {
            rack,
            at: PluginAddress {
                layer: number,
                place: 0,
            },
            frames,
            steady: pass.steady,
            system: pass.system,
            transport: pass.transport,
            input: None,
            feed: pass.feed,
            watch: pass.watch,
            chain,
            out,
            clap,
            vst3,
            home: pass.home,
        };
        let mut carried = false;
        let mut place: u8 = 0;
        for slot in self.chain.iter_mut() {
            stage.at.place = place;
            place = place.wrapping_add(1);
            let Some(unit) = slot.as_deref_mut() else { continue };
            // A panic reaches every plugin, not only the first of a chain.
            let heard = if carried && !panicking { &*carry } else { &*layer };
            let events = collect(heard, unit.listens(), own, pass.targeted, stage.at);
            stage.input = if feed == Feed::Device && stage.at.place <= self.fed {
                pass.input
            } else {
                None
            };
            unit.process(events, &mut live, &mut stage);
            if !stage.out.is_empty() {
                report(rack, stage.at, stage.out, pass.offset, pass.midi_out, stage.home);
            }
            if unit.speaks() {
                carried = true;
                carry.clear();
                for event in stage.out.as_slice().iter().filter(|event| is_music(&event.body)) {
                    carry.push_from(stage.out, event);
                }
                for event in layer.as_slice().iter().filter(|event| is_transport(&event.body)) {
                    carry.push_from(layer, event);
                }
            }
        }
        let chain = stage.chain;
        match mix {
            None => *mixed |= live,
            Some(mix) => self.mix(mix, chain, (feed, live), mixed),
        }
    }

    /// Puts what the chain holds into the mix.
    #[inline(never)]
    fn mix(
        &mut self,
        mix: [&mut [f32]; 2],
        chain: [&mut [f32]; 2],
        (feed, live): (Feed, bool),
        mixed: &mut bool,
    ) {
        let heard = live && self.gains.iter().any(|gain| gain.rest() != Some(0.0));
        for ((mix, chain), gain) in mix.into_iter().zip(chain).zip(&mut self.gains) {
            if *mixed && feed == Feed::Device {
                if heard {
                    add(mix, chain, gain);
                }
            } else if heard || feed == Feed::Mix {
                set(mix, chain, gain);
            }
            gain.advance(mix.len());
        }
        *mixed |= heard;
        self.unity = is_unity(&self.gains);
    }

    /// Picks out of `incoming` what this layer plays, as its plugins shall hear it.
    #[inline(never)]
    fn listen(&mut self, incoming: &EventList, maps: &[Map], playing: Playing, out: &mut EventList) {
        // What begins together with a panic is not heard.
        let live = playing == Playing::Live && !self.panic;
        if self.panic {
            self.panic = false;
            let channel = self.settings.channel;
            self.held
                .panic(0, |c| channel.is_none_or(|channel| channel == c), out);
        }
        for event in incoming.as_slice() {
            match event.body {
                // By far the most frequent.
                Body::Midi {
                    data: data @ [0x80..0xa0, ..],
                    ..
                } => self.hear_note(event.time, data, live, out),
                Body::Midi { data, port } => self.hear(event.time, data, port, (maps, live), out),
                Body::Transport(_) => drop(out.push_from(incoming, event)),
                _ if live => drop(out.push_from(incoming, event)),
                _ => {}
            }
        }
    }

    /// Hears a MIDI note-on or note-off.
    #[inline(always)]
    fn hear_note(&mut self, time: u32, [status, key, velocity]: [u8; 3], live: bool, out: &mut EventList) {
        // Data bytes have seven bits; a sender that breaks the rule shall not move a note out of its range.
        let (channel, key, velocity) = (status & 0x0f, key & 0x7f, velocity & 0x7f);
        let is_on = status & 0x10 != 0;
        if is_on && velocity > 0 {
            if !live || !self.listens(channel) {
                return;
            }
            let Some(sent) = self.settings.sounds_as(key, velocity) else {
                return;
            };
            if let Some(before) = self.held.hold(channel, key, sent) {
                push_note_off(time, channel, before, 64, out);
            }
            let body = Body::NoteOn {
                note: NoteAddress::new(channel, sent),
                velocity: f64::from(velocity) / 127.0,
            };
            out.push(Event { time, body });
        } else if let Some(sent) = self.held.release(channel, key) {
            // Releases go by what is held, not by the channel that the layer listens to now. Note-on with velocity 0 is a
            // note-off without a release velocity, which is 64 by the standard.
            push_note_off(time, channel, sent, if is_on { 64 } else { velocity }, out);
        }
    }

    /// Whether it plays what begins on a channel.
    #[inline]
    fn listens(&self, channel: u8) -> bool {
        self.settings.channel.is_none_or(|only| only == channel)
    }

    /// Hears a MIDI message that is no note-on or note-off.
    #[inline(never)]
    fn hear(
        &mut self,
        time: u32,
        data: [u8; 3],
        port: u16,
        (maps, live): (&[Map], bool),
        out: &mut EventList,
    ) {
        // As in `hear_note`.
        let [status, first, second] = [data[0], data[1] & 0x7f, data[2] & 0x7f];
        let data = [status, first, second];
        let channel = status & 0x0f;
        let listening = self.listens(channel);
        match status & 0xf0 {
            0xa0 if live && listening => {
                let Some(sent) = self.held.sounds_as(channel, first) else {
                    return;
                };
                let body = Body::Expression {
                    note: NoteAddress::new(channel, sent),
                    kind: Expression::Pressure,
                    value: f64::from(second) / 127.0,
                };
                out.push(Event { time, body });
            }
            0xb0 => {
                if !listening && !is_release(data) {
                    return;
                }
                let mut released = self.held.follow(channel, first, second);
                if matches!(first, 120 | 123..=127) {
                    // Not every plugin takes these messages; every one takes a note-off.
                    self.held.release_all(channel, |sent| {
                        released = true;
                        push_note_off(time, channel, sent, 64, out);
                    });
                }
                // A mapped controller belongs to its parameter; the plugins do not see it besides.
                let mapped = maps.iter().any(|map| map.matches(data));
                if (live && listening || released) && !mapped {
                    let body = Body::Midi { port, data };
                    out.push(Event { time, body });
                }
            }
            0xc0..0xf0 if live && listening => {
                let body = Body::Midi { port, data };
                out.push(Event { time, body });
            }
            _ => {}
        }
    }
}

/// Lets go of a note, with a velocity of MIDI's 0..=127.
#[inline]
fn push_note_off(time: u32, channel: u8, sent: u8, velocity: u8, out: &mut EventList) {
    let body = Body::NoteOff {
        note: NoteAddress::new(channel, sent),
        velocity: f64::from(velocity) / 127.0,
    };
    out.push(Event { time, body });
}

fn is_unity(gains: &[Glide; 2]) -> bool {
    gains.iter().all(|gain| gain.rest() == Some(1.0))
}

/// What a plugin gets: what it hears, and what is for it alone. `own` is memory for a list of its own.
fn collect<'a>(
    heard: &'a EventList,
    listens: bool,
    own: &'a mut EventList,
    targeted: &[Targeted],
    at: PluginAddress,
) -> &'a EventList {
    let alone = |targeted: &&Targeted| targeted.plugin == at;
    if listens && (targeted.is_empty() || !targeted.iter().any(|targeted| alone(&targeted))) {
        return heard;
    }
    own.clear();
    for event in heard.as_slice() {
        // Every plugin is told of the transport.
        if listens || is_transport(&event.body) {
            own.push_from(heard, event);
        }
    }
    for targeted in targeted.iter().filter(alone) {
        own.push(targeted.event);
    }
    own
}

/// Sends home what a plugin says of its parameters, and its music to the MIDI outputs.
#[inline(never)]
fn report(
    rack: RackId,
    plugin: PluginAddress,
    out: &EventList,
    offset: u32,
    midi_out: &mut EventList,
    home: &mut Home,
) {
    for event in out.as_slice() {
        match event.body {
            body @ (Body::Param { .. } | Body::GestureBegin { .. } | Body::GestureEnd { .. }) => {
                home.send(FromEngine::Plugin { rack, plugin, body });
            }
            body if is_music(&body) => {
                midi_out.push_from(
                    out,
                    &Event {
                        time: event.time + offset,
                        body,
                    },
                );
            }
            _ => {}
        }
    }
}
