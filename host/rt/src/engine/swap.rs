//! Takes what main hands over, and sends home what has left.

use super::{Engine, MAX_LANES};
use crate::events::{Body, Event, EventList};
use crate::lend::Lent;
use crate::rack::{Gone, Pass, Playing, Rack};
use crate::wire::{Fault, FromEngine, Handover, PluginAddress, RackId, Retired};

/// A rack below this peak (-90 dBFS) counts as silent.
const SILENT: f32 = 3.162_277_7e-5;
/// Seconds of silence after which a leaving rack goes home.
const SILENT_FOR: f64 = 0.5;
/// Seconds that a leaving rack may sound on after its last note was let go.
const TAIL: f64 = 30.0;
/// Seconds in which a rack fades whose time is up.
const FADE: f64 = 0.1;

/// A rack whose place another has taken.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) rack: Lent<Rack>,
    /// Seconds without a note held, and of silence.
    unheld: f64,
    silent: f64,
    gain: f32,
    fading: bool,
}

impl Leaving {
    const fn new(rack: Lent<Rack>) -> Self {
        Self {
            rack,
            unheld: 0.0,
            silent: 0.0,
            gain: 1.0,
            fading: false,
        }
    }

    /// Fades the rack from now on.
    pub(super) const fn hurry(&mut self) {
        self.fading = true;
    }

    fn is_gone(&self) -> bool {
        self.silent >= SILENT_FOR || self.gain <= 0.0
    }

    pub(super) fn process(
        &mut self,
        incoming: &EventList,
        pass: &mut Pass<'_>,
        out: [&mut [f32]; 2],
        rate: f64,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "a block is a few thousand frames")]
        let seconds = pass.frames as f64 / rate;
        let from = self.gain;
        if self.fading {
            #[expect(clippy::cast_possible_truncation, reason = "a gain")]
            let step = (seconds / FADE) as f32;
            self.gain = (self.gain - step).max(0.0);
        }
        let peak = self
            .rack
            .process(incoming, Playing::Leaving, pass, out, (from, self.gain));
        if self.rack.holds() {
            self.unheld = 0.0;
            self.silent = 0.0;
            return;
        }
        self.unheld += seconds;
        self.silent = if peak < SILENT { self.silent + seconds } else { 0.0 };
        self.fading |= self.unheld >= TAIL;
    }
}

impl Engine {
    /// Takes all that waits, as long as there is room for what has to go.
    pub(super) fn take_over(&mut self) {
        // Everything taken may send one thing home at once; without room for that it waits.
        while !self.next.is_empty() && !self.retired.is_full() {
            let rack_waits = matches!(self.next.peek(), Ok(Handover::Rack(_)));
            if rack_waits && self.current.is_some() && self.leaving.iter().all(Option::is_some) {
                // No place to leave to: the one that has been leaving longest hurries, the new rack waits.
                self.hurry_oldest();
                return;
            }
            let Ok(handed) = self.next.pop() else { return };
            match handed {
                Handover::Rack(rack) => self.take_rack(rack),
                Handover::Unit { rack, plugin, unit } => self.put_in(rack, plugin, unit),
                Handover::Lane(lane) => match self.lanes.iter_mut().find(|place| place.is_none()) {
                    Some(place) => *place = Some(lane),
                    None => self.retire(Retired::Lane(lane)),
                },
                Handover::Sequence(sequence) => {
                    if let Some(old) = self.sequence.replace(sequence) {
                        self.retire(Retired::Sequence(old));
                    }
                }
            }
        }
    }

    fn hurry_oldest(&mut self) {
        let oldest = self
            .leaving
            .iter_mut()
            .flatten()
            .min_by_key(|leaving| leaving.rack.id);
        if let Some(oldest) = oldest {
            oldest.hurry();
        }
    }

    fn take_rack(&mut self, mut rack: Lent<Rack>) {
        if let Err(plugin) = rack.start() {
            self.retire(Retired::Refused(rack, plugin));
            return;
        }
        self.home.send(FromEngine::Taken(rack.id));
        if let Some(old) = self.current.replace(rack)
            && let Some(place) = self.leaving.iter_mut().find(|place| place.is_none())
        {
            *place = Some(Leaving::new(old));
        }
        let device_midi = &mut self.device_midi;
        self.controllers.each(|data| {
            device_midi.push_first(Event {
                time: 0,
                body: Body::Midi { port: 0, data },
            });
        });
    }

    fn put_in(&mut self, rack: RackId, plugin: PluginAddress, mut unit: Lent<crate::rack::Unit>) {
        let place = self
            .rack_mut(rack)
            .and_then(|rack| rack.place_mut(plugin))
            .filter(|place| place.is_none());
        match place {
            Some(place) if unit.start() => {
                unit.enter();
                *place = Some(unit);
            }
            Some(_) => {
                self.home.send(FromEngine::Fault {
                    rack,
                    plugin,
                    fault: Fault::Start,
                });
                self.retire(Retired::Unit { rack, plugin, unit });
            }
            None => self.retire(Retired::Unit { rack, plugin, unit }),
        }
    }

    /// Begins to take a plugin out.
    pub(super) fn take_out(&mut self, rack: RackId, plugin: PluginAddress) {
        let Some(rack) = self.rack_mut(rack) else { return };
        if let Some(unit) = rack.unit_mut(plugin) {
            unit.take_leave();
            let speaks = unit.speaks();
            // Nobody would end the notes that it has started in the plugins behind it.
            if speaks && let Some(layer) = rack.layer_mut(plugin.layer) {
                layer.panic();
            }
            self.taking_out = true;
        }
    }

    /// Sends home what has left.
    pub(super) fn let_go(&mut self) {
        for index in 0..self.leaving.len() {
            let gone = self.leaving[index].as_ref().is_some_and(Leaving::is_gone);
            if gone
                && !self.retired.is_full()
                && let Some(mut leaving) = self.leaving[index].take()
            {
                leaving.rack.stop();
                self.retire(Retired::Rack(leaving.rack));
            }
        }
        for index in 0..MAX_LANES {
            let finished = self.lanes[index].as_ref().is_some_and(|lane| lane.is_finished());
            if finished
                && !self.retired.is_full()
                && let Some(lane) = self.lanes[index].take()
            {
                self.retire(Retired::Lane(lane));
            }
        }
        if self.taking_out {
            self.let_units_go();
        }
    }

    fn let_units_go(&mut self) {
        let mut staying = false;
        let racks = self
            .current
            .iter_mut()
            .chain(self.leaving.iter_mut().flatten().map(|leaving| &mut leaving.rack));
        for rack in racks {
            let id = rack.id;
            for (number, layer) in rack.all_layers() {
                for (place, slot) in (0..).zip(layer.chain.iter_mut()) {
                    match slot.as_deref().map_or(Gone::Staying, crate::rack::Unit::gone) {
                        Gone::Staying => {}
                        Gone::Silent if !self.retired.is_full() => {
                            let Some(mut unit) = slot.take() else { continue };
                            unit.stop();
                            let plugin = PluginAddress { layer: number, place };
                            let retired = Retired::Unit {
                                rack: id,
                                plugin,
                                unit,
                            };
                            // There is room: it was just checked, and this is the only producer.
                            if let Err(rtrb::PushError::Full(retired)) = self.retired.push(retired) {
                                core::mem::forget(retired);
                            }
                        }
                        Gone::Silent | Gone::Fading => staying = true,
                    }
                }
            }
        }
        self.taking_out = staying;
    }

    fn retire(&mut self, retired: Retired) {
        if let Err(rtrb::PushError::Full(retired)) = self.retired.push(retired) {
            // Callers have checked for room. Should one not have: leaking is better than freeing here.
            core::mem::forget(retired);
        }
    }

    /// A rack that plays or leaves.
    pub(super) fn rack_mut(&mut self, id: RackId) -> Option<&mut Rack> {
        let leaving = self.leaving.iter_mut().flatten().map(|leaving| &mut leaving.rack);
        self.current
            .iter_mut()
            .chain(leaving)
            .find(|rack| rack.id == id)
            .map(|rack| &mut **rack)
    }
}
