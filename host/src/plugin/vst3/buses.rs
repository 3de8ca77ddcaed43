//! Buses: what a plugin has, which arrangement it agrees to, which of them are in use.
//!
//! A chain is stereo, so the main buses are asked to be; every other bus is left as the plugin arranges it. An instrument's
//! further outputs are folded into the chain as far as the plugin has them active by default, and a side chain gets
//! silence. A plugin that does not agree says what it does instead, and gets that: `setBusArrangements` is a question.

use super::com::number;
use super::objects::Objects;
use super::text;
use crate::plugin::{AudioPort, NotePort};
use vst3::Steinberg::Vst::{
    BusDirection, BusInfo, BusInfo_::BusFlags_, BusTypes_, IAudioProcessorTrait, IComponentTrait, MediaType,
    SpeakerArr, SpeakerArrangement,
};
use vst3::Steinberg::{kNotImplemented, kResultOk};

/// Buses that a plugin may have in one direction: more than any known.
const MOST_BUSES: i32 = 256;

// The specification's enumerations are signed on one system and unsigned on the other; these are what calls carry.
/// Audio buses (`kAudio`).
pub(super) const AUDIO: MediaType = 0;
/// Event buses (`kEvent`).
pub(super) const EVENT: MediaType = 1;
/// What goes in (`kInput`).
pub(super) const INPUT: BusDirection = 0;
/// What comes out (`kOutput`).
pub(super) const OUTPUT: BusDirection = 1;

/// One bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bus {
    name: String,
    pub(super) main: bool,
    /// Whether it is in use: main buses are, others if the plugin wants them to be.
    active: bool,
    pub(super) channels: u32,
    /// Whether it carries control voltage, which must never reach a speaker.
    control: bool,
    /// Its speakers, a bit each; none for event buses.
    arrangement: Option<SpeakerArrangement>,
}

/// Number of buses of one kind and direction.
pub(super) fn count(objects: &Objects, media: MediaType, direction: BusDirection) -> i32 {
    // SAFETY: main thread, initialised.
    unsafe { objects.component.getBusCount(media, direction) }.clamp(0, MOST_BUSES)
}

/// Every bus of one kind and direction, as the plugin describes it now.
fn list(objects: &Objects, media: MediaType, direction: BusDirection) -> Vec<Bus> {
    (0..count(objects, media, direction))
        .map(|index| read(objects, media, direction, index))
        .collect()
}

fn read(objects: &Objects, media: MediaType, direction: BusDirection, index: i32) -> Bus {
    // SAFETY: the structure holds numbers and text only, for which zeros are good values.
    let mut info: BusInfo = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a structure of ours; main thread, initialised.
    let result = unsafe {
        objects
            .component
            .getBusInfo(media, direction, index, &raw mut info)
    };
    if result != kResultOk {
        // A bus that the plugin counts and does not describe still has its place in the process call.
        info.channelCount = 0;
    }
    let mut arrangement: SpeakerArrangement = 0;
    // SAFETY: as above.
    let arranged = media == AUDIO
        && unsafe {
            objects
                .processor
                .getBusArrangement(direction, index, &raw mut arrangement)
        } == kResultOk;
    let described = u32::try_from(info.channelCount).unwrap_or(0);
    let arranged = arranged && (arrangement != SpeakerArr::kEmpty || described == 0);
    let flag = |flag| info.flags & number(flag).cast_unsigned() != 0;
    let main = result == kResultOk && info.busType == number(BusTypes_::kMain);
    let control = flag(BusFlags_::kIsControlVoltage);
    Bus {
        name: text::from_wide(&info.name),
        main,
        active: !control && (main || flag(BusFlags_::kDefaultActive)),
        control,
        // Buffers have to match the arrangement; the description is for those that do not tell it.
        channels: if arranged {
            arrangement.count_ones()
        } else {
            described
        },
        arrangement: arranged.then_some(arrangement),
    }
}

impl Bus {
    /// Whether what comes out of it is for ears.
    pub(super) const fn is_heard(&self) -> bool {
        self.active && !self.control
    }
}

/// The place of the bus that a chain goes through.
pub(super) fn main_of(buses: &[Bus]) -> Option<usize> {
    buses
        .iter()
        .position(|bus| bus.main && bus.channels > 0 && !bus.control)
}

/// The audio buses of both directions.
#[derive(Debug, Default)]
pub(super) struct Audio {
    pub(super) inputs: Vec<Bus>,
    pub(super) outputs: Vec<Bus>,
}

impl Audio {
    fn read(objects: &Objects) -> Self {
        Self {
            inputs: list(objects, AUDIO, INPUT),
            outputs: list(objects, AUDIO, OUTPUT),
        }
    }

    /// Whether the plugin has as many buses and channels as when these were read.
    pub(super) fn is_still(&self, objects: &Objects) -> bool {
        let shape = |buses: &[Bus]| buses.iter().map(|bus| bus.channels).collect::<Vec<_>>();
        let now = Self::read(objects);
        shape(&self.inputs) == shape(&now.inputs) && shape(&self.outputs) == shape(&now.outputs)
    }
}

/// Buses that the plugin asked to have switched on or off since it was loaded.
#[derive(Debug, Default)]
pub(super) struct Wanted(Vec<(BusDirection, i32, bool)>);

impl Wanted {
    /// Notes a wish for an audio bus; one before it for the same bus is forgotten.
    pub(super) fn note(&mut self, direction: BusDirection, index: i32, active: bool) {
        self.0.retain(|&(known, at, _)| (known, at) != (direction, index));
        self.0.push((direction, index, active));
    }

    /// Switches the buses that are meant.
    pub(super) fn apply(&self, audio: &mut Audio) {
        for &(direction, index, active) in &self.0 {
            let buses = if direction == INPUT {
                &mut audio.inputs
            } else {
                &mut audio.outputs
            };
            if let Some(bus) = usize::try_from(index).ok().and_then(|index| buses.get_mut(index)) {
                bus.active = active;
            }
        }
    }
}

/// Agrees on arrangements. Gives the buses as they are now, and a sentence if the plugin kept its own.
///
/// The plugin must not be active.
pub(super) fn negotiate(objects: &Objects) -> (Audio, Option<String>) {
    let before = Audio::read(objects);
    let mut inputs = wished(&before.inputs);
    let mut outputs = wished(&before.outputs);
    if inputs.is_empty() && outputs.is_empty() {
        return (before, None);
    }
    let length = |buses: &[SpeakerArrangement]| i32::try_from(buses.len()).unwrap_or(MOST_BUSES);
    let (ins, outs) = (length(&inputs), length(&outputs));
    // There are plugins that look at the first of either side without asking how many there are.
    inputs.push(SpeakerArr::kEmpty);
    outputs.push(SpeakerArr::kEmpty);
    // SAFETY: both arrays are ours, live through the call, and are longer than is said; main thread, not active.
    let result = unsafe {
        objects
            .processor
            .setBusArrangements(inputs.as_mut_ptr(), ins, outputs.as_mut_ptr(), outs)
    };
    // A plugin may move buses both when it agrees and when it does not, so they are read again in any case.
    let now = Audio::read(objects);
    let kept = result != kResultOk
        && result != kNotImplemented
        && !(is_stereo(&now.inputs) && is_stereo(&now.outputs));
    let sentence = kept.then(|| {
        format!(
            "It keeps its own channels where a chain is stereo: {} in, {} out.",
            words(&now.inputs),
            words(&now.outputs)
        )
    });
    (now, sentence)
}

/// Stereo for the main bus, and every other one as it is.
fn wished(buses: &[Bus]) -> Vec<SpeakerArrangement> {
    let main = main_of(buses);
    buses
        .iter()
        .enumerate()
        .map(|(index, bus)| match bus.arrangement {
            _ if Some(index) == main => SpeakerArr::kStereo,
            Some(arrangement) => arrangement,
            None if bus.channels == 1 => SpeakerArr::kMono,
            // As many speakers as it has channels, from the left one on.
            None => (1 << bus.channels.min(63)) - 1,
        })
        .collect()
}

/// Whether the main bus, if there is one, is stereo.
fn is_stereo(buses: &[Bus]) -> bool {
    main_of(buses).is_none_or(|main| buses[main].channels == 2)
}

fn words(buses: &[Bus]) -> String {
    main_of(buses).map_or_else(|| "none".to_owned(), |main| layout(&buses[main]))
}

/// An arrangement in words.
fn layout(bus: &Bus) -> String {
    let named = bus.arrangement.and_then(|arrangement| match arrangement {
        SpeakerArr::kMono => Some("mono"),
        SpeakerArr::kStereo => Some("stereo"),
        SpeakerArr::k30Cine => Some("3.0"),
        SpeakerArr::k40Music => Some("quadro"),
        SpeakerArr::k50 => Some("5.0"),
        SpeakerArr::k51 => Some("5.1"),
        SpeakerArr::k70Music => Some("7.0"),
        SpeakerArr::k71Music => Some("7.1"),
        _ => None,
    });
    match (named, bus.channels) {
        (Some(name), _) => name.to_owned(),
        (None, 1) => "1 channel".to_owned(),
        (None, channels) => format!("{channels} channels"),
    }
}

/// Switches every bus on or off. The plugin must not be active.
pub(super) fn activate(objects: &Objects, audio: &Audio) {
    let switch = |media, direction, buses: &[Bus]| {
        for (index, bus) in (0..).zip(buses) {
            // SAFETY: main thread, initialised, not active; the index is one of the plugin's own. What it answers changes
            // nothing: its buffers are there in any case.
            unsafe {
                objects
                    .component
                    .activateBus(media, direction, index, u8::from(bus.active));
            }
        }
    };
    switch(AUDIO, INPUT, &audio.inputs);
    switch(AUDIO, OUTPUT, &audio.outputs);
    for direction in [INPUT, OUTPUT] {
        switch(EVENT, direction, &events(objects, direction));
    }
}

/// The event buses of one direction. The first is always used: notes come in there.
fn events(objects: &Objects, direction: BusDirection) -> Vec<Bus> {
    let mut buses = list(objects, EVENT, direction);
    if let Some(first) = buses.first_mut() {
        first.active = true;
    }
    buses
}

/// The audio buses of one direction, for people.
pub(super) fn audio_ports(objects: &Objects, direction: BusDirection) -> Vec<AudioPort> {
    list(objects, AUDIO, direction)
        .into_iter()
        .map(|bus| AudioPort {
            layout: Some(layout(&bus)),
            name: bus.name,
            channels: bus.channels,
            main: bus.main,
            active: bus.active,
        })
        .collect()
}

/// The event buses of one direction, for people.
pub(super) fn note_ports(objects: &Objects, direction: BusDirection) -> Vec<NotePort> {
    events(objects, direction)
        .into_iter()
        .map(|bus| NotePort {
            name: bus.name,
            dialects: vec!["vst3"],
            preferred: Some("vst3"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus(main: bool, channels: u32, arrangement: Option<SpeakerArrangement>) -> Bus {
        Bus {
            name: String::new(),
            main,
            active: main,
            control: false,
            channels,
            arrangement,
        }
    }

    #[test]
    fn the_numbers_are_the_specifications() {
        use vst3::Steinberg::Vst::{BusDirections_, MediaTypes_};
        assert_eq!(
            [AUDIO, EVENT],
            [MediaTypes_::kAudio, MediaTypes_::kEvent].map(number)
        );
        assert_eq!(
            [INPUT, OUTPUT],
            [BusDirections_::kInput, BusDirections_::kOutput].map(number)
        );
    }

    #[test]
    fn only_the_main_bus_is_asked_to_change() {
        let buses = [
            bus(true, 1, Some(SpeakerArr::kMono)),
            bus(false, 1, Some(SpeakerArr::kMono)),
            bus(true, 6, Some(SpeakerArr::k51)),
            bus(false, 2, None),
        ];
        assert_eq!(
            wished(&buses),
            [
                SpeakerArr::kStereo,
                SpeakerArr::kMono,
                SpeakerArr::k51,
                SpeakerArr::kStereo
            ]
        );
        // A main bus without channels stays so.
        assert_eq!(
            wished(&[bus(true, 0, Some(SpeakerArr::kEmpty))]),
            [SpeakerArr::kEmpty]
        );
    }

    #[test]
    fn control_voltage_and_empty_buses_are_no_main_bus() {
        let mut buses = [bus(true, 0, None), bus(true, 1, None), bus(true, 2, None)];
        buses[1].control = true;
        assert_eq!(main_of(&buses), Some(2));
        assert!(!buses[1].is_heard() && buses[2].is_heard());
        assert_eq!(main_of(&buses[..2]), None);
    }

    #[test]
    fn layouts_have_the_names_that_people_use() {
        for (arrangement, name) in [
            (SpeakerArr::kMono, "mono"),
            (SpeakerArr::kStereo, "stereo"),
            (SpeakerArr::k51, "5.1"),
            (SpeakerArr::k71Music, "7.1"),
        ] {
            assert_eq!(
                layout(&bus(true, arrangement.count_ones(), Some(arrangement))),
                name
            );
        }
        assert_eq!(layout(&bus(true, 3, None)), "3 channels");
    }

    #[test]
    fn the_last_wish_for_a_bus_counts() {
        let mut wanted = Wanted::default();
        wanted.note(OUTPUT, 1, true);
        wanted.note(INPUT, 7, true);
        wanted.note(OUTPUT, 1, false);
        wanted.note(OUTPUT, 0, true);
        let mut audio = Audio {
            inputs: vec![bus(true, 2, None)],
            outputs: vec![bus(false, 2, None), bus(true, 2, None)],
        };
        wanted.apply(&mut audio);
        let active: Vec<_> = audio.outputs.iter().map(|bus| bus.active).collect();
        assert_eq!(active, [true, false]);
    }
}
