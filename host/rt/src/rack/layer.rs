//! One layer: which notes it plays, its chain, its place in the mix.

use super::mix::add_ramped;
use super::notes::{Held, Playing};
use super::unit::{Stage, is_music};
use super::{Feed, Home, Map, Pass, Scratch, Targeted, Unit};
use crate::events::{Body, Event, EventList, Expression, NoteAddress};
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

impl LayerSettings {
    /// The gains of both sides.
    fn gains(&self) -> [f32; 2] {
        let gain = if self.mute { 0.0 } else { self.gain };
        [gain * (1.0 - self.pan).min(1.0), gain * (1.0 + self.pan).min(1.0)]
    }
}

/// One layer of a rack, or its master chain.
#[derive(Debug)]
pub struct Layer {
    settings: LayerSettings,
    gains: [f32; 2],
    pub(super) held: Held,
    /// The plugins in order; a place is empty while its plugin is being re-activated.
    pub chain: Lent<[Option<Lent<Unit>>]>,
    panic: bool,
}

impl Layer {
    /// A layer around a chain.
    #[must_use]
    pub fn new(settings: LayerSettings, chain: Lent<[Option<Lent<Unit>>]>) -> Self {
        Self {
            settings,
            gains: settings.gains(),
            held: Held::default(),
            chain,
            panic: false,
        }
    }

    /// What it listens to and how loud it is.
    #[must_use]
    pub const fn settings(&self) -> &LayerSettings {
        &self.settings
    }

    /// Takes new settings; the next block ramps to its gains. Notes held go on and end as they began.
    pub const fn set(&mut self, settings: LayerSettings) {
        self.settings = settings;
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

    /// Processes one block. With [`Feed::Device`] the result is added to `scratch.mix`, with [`Feed::Mix`] it
    /// takes the mix's place.
    pub(super) fn process(
        &mut self,
        rack: RackId,
        number: u8,
        heard: (&EventList, &[Map], Playing),
        pass: &mut Pass<'_>,
        feed: Feed,
    ) {
        let panicking = self.panic;
        let (incoming, maps, playing) = heard;
        self.listen(incoming, maps, playing, &mut pass.scratch.layer);
        let frames = pass.frames;
        let Scratch {
            layer,
            unit: own,
            out,
            carry,
            clap,
            chain,
            mix,
        } = &mut *pass.scratch;
        let mut live = feed == Feed::Mix;
        if live {
            for (chain, mix) in chain.frames(frames).into_iter().zip(mix.frames(frames)) {
                chain.copy_from_slice(mix);
            }
        }
        let mut carried = false;
        for (place, unit) in (0..).zip(self.chain.iter_mut()) {
            let Some(unit) = unit.as_deref_mut() else { continue };
            let at = PluginAddress { layer: number, place };
            // A panic reaches every plugin, not only the first of a chain.
            let heard = if carried && !panicking { &*carry } else { &*layer };
            let events = collect(heard, unit.listens(), own, pass.targeted, at);
            let mut stage = Stage {
                rack,
                at,
                frames,
                steady: pass.steady,
                transport: &pass.transport,
                input: pass.input.filter(|_| feed == Feed::Device),
                chain,
                out,
                clap,
                home: pass.home,
            };
            unit.process(events, &mut live, &mut stage);
            report(rack, at, out, pass.offset, pass.midi_out, pass.home);
            if unit.speaks() {
                carried = true;
                carry.clear();
                for event in out.as_slice().iter().filter(|event| is_music(&event.body)) {
                    carry.push_from(out, event);
                }
            }
        }

        let from = self.gains;
        self.gains = self.settings.gains();
        let gains = from.into_iter().zip(self.gains);
        for ((mix, chain), (from, to)) in mix
            .frames(frames)
            .into_iter()
            .zip(chain.frames(frames))
            .zip(gains)
        {
            if feed == Feed::Mix {
                mix.fill(0.0);
            }
            if live {
                add_ramped(mix, chain, from, to);
            }
        }
    }

    /// Picks out of `incoming` what this layer plays, as its plugins shall hear it.
    fn listen(&mut self, incoming: &EventList, maps: &[Map], playing: Playing, out: &mut EventList) {
        out.clear();
        if self.panic {
            self.panic = false;
            let channel = self.settings.channel;
            self.held
                .panic(0, |c| channel.is_none_or(|channel| channel == c), out);
        }
        for event in incoming.as_slice() {
            match event.body {
                Body::Midi { data, port } => {
                    if let Some(body) = self.hear(data, port, maps, playing) {
                        out.push(Event {
                            time: event.time,
                            body,
                        });
                    }
                }
                _ if playing == Playing::Live => drop(out.push_from(incoming, event)),
                _ => {}
            }
        }
    }

    #[inline]
    fn hear(&mut self, data: [u8; 3], port: u16, maps: &[Map], playing: Playing) -> Option<Body> {
        let [status, first, second] = data;
        let channel = status & 0x0f;
        let live = playing == Playing::Live;
        let message = status & 0xf0;
        if message == 0x80 || message == 0x90 && second == 0 {
            let sent = self.held.release(channel, first)?;
            // Note-on with velocity 0 is a note-off without a release velocity, which is 64 by the standard.
            let velocity = if message == 0x80 {
                f64::from(second) / 127.0
            } else {
                64.0 / 127.0
            };
            return Some(Body::NoteOff {
                note: NoteAddress::new(channel, sent),
                velocity,
            });
        }
        if message == 0xf0 || self.settings.channel.is_some_and(|only| only != channel) {
            return None;
        }
        match message {
            0x90 if live => {
                let LayerSettings {
                    keys,
                    velocities,
                    transpose,
                    ..
                } = self.settings;
                let sent = u8::try_from(i16::from(first) + i16::from(transpose)).ok()?;
                let played = (keys.0..=keys.1).contains(&first)
                    && (velocities.0..=velocities.1).contains(&second)
                    && sent < 128;
                played.then(|| {
                    self.held.hold(channel, first, sent);
                    Body::NoteOn {
                        note: NoteAddress::new(channel, sent),
                        velocity: f64::from(second) / 127.0,
                    }
                })
            }
            0xa0 if live => {
                let sent = self.held.sounds_as(channel, first)?;
                Some(Body::Expression {
                    note: NoteAddress::new(channel, sent),
                    kind: Expression::Pressure,
                    value: f64::from(second) / 127.0,
                })
            }
            0xb0 => {
                let released = self.held.follow(channel, first, second)
                    | (matches!(first, 120 | 123..=127) && self.held.forget(channel));
                // A mapped controller belongs to its parameter; the plugins do not see it besides.
                let mapped = maps.iter().any(|map| map.matches(data));
                ((live || released) && !mapped).then_some(Body::Midi { port, data })
            }
            0xc0..0xf0 if live => Some(Body::Midi { port, data }),
            _ => None,
        }
    }
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
    if listens && !targeted.iter().any(|targeted| alone(&targeted)) {
        return heard;
    }
    own.clear();
    if listens {
        for event in heard.as_slice() {
            own.push_from(heard, event);
        }
    }
    for targeted in targeted.iter().filter(alone) {
        own.push(targeted.event);
    }
    own
}

/// Sends home what a plugin says of its parameters, and its music to the MIDI outputs.
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
