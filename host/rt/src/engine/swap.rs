//! Takes what main hands over, and sends home what has left.

use super::Engine;
use super::drain::push_targeted;
use crate::block::{Stereo, peak_of_finite};
use crate::events::{Body, Event, EventList};
use crate::lend::Lent;
use crate::rack::{Glide, Gone, Pass, Playing, Rack, Targeted, Watch, add_ramped};
use crate::wire::{Fault, FromEngine, Handover, PluginAddress, RackId, Retired};

/// A rack below this peak (-90 dBFS) counts as silent.
const SILENT: f32 = 3.162_277_7e-5;
/// Seconds of silence after which a leaving rack goes home.
const SILENT_FOR: f64 = 2.0;
/// The same while a note or pedal is held, which may let something sound again.
const SILENT_HELD: f64 = 10.0;
/// Seconds that a leaving rack may sound on after its last note was let go.
const TAIL: f64 = 30.0;
/// Seconds in which a rack fades whose time is up.
const FADE: f64 = 0.1;
/// Releases for single plugins of a leaving rack in one pass.
const RELEASES: usize = 32;

/// A rack whose place another has taken.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) rack: Lent<Rack>,
    /// Seconds without a note held, and of silence.
    unheld: f64,
    silent: f64,
    gain: f32,
    fading: bool,
    /// Gain of what the device records.
    feed: Glide,
    /// Number of the swap that made it leave.
    order: u64,
    releases: [Targeted; RELEASES],
    release_count: usize,
}

impl Leaving {
    fn new(rack: Lent<Rack>, mut feed: Glide, order: u64) -> Self {
        feed.aim(0.0);
        let nothing = Targeted {
            plugin: PluginAddress { layer: 0, place: 0 },
            event: Event {
                time: 0,
                body: Body::GestureEnd { id: 0 },
            },
        };
        Self {
            rack,
            unheld: 0.0,
            silent: 0.0,
            gain: 1.0,
            fading: false,
            feed,
            order,
            releases: [nothing; RELEASES],
            release_count: 0,
        }
    }

    /// Fades the rack from now on.
    pub(super) const fn hurry(&mut self) {
        self.fading = true;
    }

    fn is_gone(&self) -> bool {
        let silence = if self.rack.holds() {
            SILENT_HELD
        } else {
            SILENT_FOR
        };
        self.silent >= silence || self.gain <= 0.0
    }

    /// Takes a release for one of the rack's plugins.
    pub(super) fn release(&mut self, release: Targeted) {
        if !push_targeted(
            &mut self.releases,
            &mut self.release_count,
            release.plugin,
            release.event.time,
            &release.event.body,
        ) && let Some(layer) = self.rack.layer_mut(release.plugin.layer)
        {
            // More than there is room for: then the whole layer lets go.
            layer.panic();
        }
    }

    #[inline(never)]
    pub(super) fn process(
        &mut self,
        incoming: &EventList,
        pass: &mut Pass<'_>,
        aside: &mut Stereo,
        out: [&mut [f32]; 2],
        rate: f64,
    ) {
        let frames = pass.frames;
        #[expect(clippy::cast_precision_loss, reason = "a block is a few thousand frames")]
        let seconds = frames as f64 / rate;
        let from = self.gain;
        if self.fading {
            #[expect(clippy::cast_possible_truncation, reason = "a gain")]
            let step = (seconds / FADE) as f32;
            self.gain = (self.gain - step).max(0.0);
        }
        // It hears of parameters no more, and of the device until that has been faded.
        let mut own = Pass {
            frames,
            steady: pass.steady,
            system: pass.system,
            transport: pass.transport,
            input: pass.input.filter(|_| self.feed.rest().is_none()),
            feed: &self.feed,
            watch: Watch::No,
            scratch: &mut *pass.scratch,
            targeted: &self.releases[..self.release_count],
            midi_out: &mut *pass.midi_out,
            offset: pass.offset,
            home: &mut *pass.home,
        };
        self.rack
            .process(incoming, Playing::Leaving, &mut own, aside.frames(frames));
        let mut peak: f32 = 0.0;
        for (out, mix) in out.into_iter().zip(aside.frames(frames)) {
            peak = peak.max(peak_of_finite(mix));
            add_ramped(out, mix, from, self.gain);
        }
        self.feed.advance(frames);
        self.release_count = 0;
        self.silent = if peak < SILENT { self.silent + seconds } else { 0.0 };
        self.unheld = if self.rack.holds() {
            0.0
        } else {
            self.unheld + seconds
        };
        self.fading |= self.unheld >= TAIL;
    }
}

impl Engine {
    /// Takes what waits, as long as there is room for what has to go, and one rack at most.
    #[inline]
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
                Handover::Rack(rack) => {
                    self.take_rack(rack);
                    return;
                }
                Handover::Unit { rack, plugin, unit } => self.put_in(rack, plugin, unit),
                Handover::Lane(lane) => match self.lanes.iter().position(Option::is_none) {
                    Some(place) => {
                        self.lanes[place] = Some(lane);
                        self.lanes_used = self.lanes_used.max(place + 1);
                    }
                    None => self.retire(Retired::Lane(lane)),
                },
                Handover::Sequence(sequence) => {
                    self.hush = true;
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
            .min_by_key(|leaving| leaving.order);
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
        self.swaps += 1;
        // What the device records fades over from one rack to the next; the first rack has it from its first frame.
        let before = if self.current.is_some() { 0.0 } else { 1.0 };
        let feed = core::mem::replace(&mut self.feed, Glide::new(before));
        self.feed.aim(1.0);
        self.chase = true;
        if let Some(old) = self.current.replace(rack)
            && let Some(place) = self.leaving.iter_mut().find(|place| place.is_none())
        {
            *place = Some(Leaving::new(old, feed, self.swaps));
            self.anything_leaves = true;
        }
    }

    fn put_in(&mut self, rack: RackId, plugin: PluginAddress, mut unit: Lent<crate::rack::Unit>) {
        let fault = FromEngine::Fault {
            rack,
            plugin,
            fault: Fault::Start,
        };
        let empty = |rack: &mut Rack| rack.place_mut(plugin).is_some_and(|place| place.is_none());
        if self.rack_mut(rack).is_some_and(empty) {
            if unit.start() {
                if let Some(layer) = self.rack_mut(rack).and_then(|rack| rack.layer_mut(plugin.layer)) {
                    layer.put_in(plugin.place, unit);
                }
                return;
            }
            self.home.send(fault);
        }
        self.retire(Retired::Unit { rack, plugin, unit });
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
    #[inline]
    pub(super) fn let_go(&mut self) {
        if self.anything_leaves {
            self.let_racks_go();
        }
        for index in 0..self.lanes_used {
            let finished = self.lanes[index].as_ref().is_some_and(|lane| lane.is_finished());
            if finished
                && !self.retired.is_full()
                && let Some(lane) = self.lanes[index].take()
            {
                self.retire(Retired::Lane(lane));
            }
        }
        while self.lanes_used > 0 && self.lanes[self.lanes_used - 1].is_none() {
            self.lanes_used -= 1;
        }
        if self.taking_out {
            self.let_units_go();
        }
    }

    fn let_racks_go(&mut self) {
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
        self.anything_leaves = self.leaving.iter().any(Option::is_some);
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
                                crate::lend::abandon(retired);
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
            crate::lend::abandon(retired);
        }
    }

    /// The racks that play or leave.
    pub(super) fn racks(&mut self) -> impl Iterator<Item = &mut Lent<Rack>> {
        let leaving = self.leaving.iter_mut().flatten().map(|leaving| &mut leaving.rack);
        self.current.iter_mut().chain(leaving)
    }

    /// A rack that plays or leaves.
    pub(super) fn rack_mut(&mut self, id: RackId) -> Option<&mut Rack> {
        self.racks().find(|rack| rack.id == id).map(|rack| &mut **rack)
    }
}
