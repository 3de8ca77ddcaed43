//! What the compiler has to promise.

use crate::claim::Board;
use crate::clap::{ClapEvent, ClapProcessor, ClapScratch};
use crate::engine::{Engine, EngineParts};
use crate::events::{Body, Event, EventList};
use crate::lane::{Lane, LaneSender, Owed};
use crate::lend::{Lent, Shared};
use crate::processor::Processor;
use crate::rack::{Layer, Rack, Unit};
use crate::sequence::Sequence;
use crate::slot::Slot;
use crate::vst3::{Controls, Vst3Processor, Vst3Scratch};
use crate::wire::{FromEngine, Handover, Meters, Retired, ToEngine};

const fn crosses<T: Send>() {}
const fn is_shared<T: Send + Sync>() {}
/// For what lies on a ring: dropping it on the audio thread frees nothing.
const fn is_plain<T: Copy + Send + 'static>() {
    assert!(!core::mem::needs_drop::<T>());
}

/// Has two answers to `is_sync` for a type that is `Sync`, so that asking does not compile.
trait NotSync<A> {
    fn is_not_sync() {}
}
impl<T: ?Sized> NotSync<()> for T {}
struct Ambiguous;
impl<T: ?Sized + Sync> NotSync<Ambiguous> for T {}

const _: () = {
    is_plain::<ToEngine>();
    is_plain::<FromEngine>();
    is_plain::<Meters>();
    is_plain::<Event>();
    is_plain::<Body>();
    is_plain::<u8>();

    crosses::<Engine>();
    crosses::<EngineParts>();
    crosses::<Slot>();
    crosses::<Lent<Engine>>();
    crosses::<Rack>();
    crosses::<Layer>();
    crosses::<Unit>();
    crosses::<Lane>();
    crosses::<LaneSender>();
    crosses::<Sequence>();
    crosses::<Handover>();
    crosses::<Retired>();
    crosses::<EventList>();
    crosses::<ClapEvent>();
    crosses::<ClapScratch>();
    crosses::<ClapProcessor<()>>();
    crosses::<Vst3Scratch>();
    crosses::<Vst3Processor>();
    crosses::<Lent<dyn Processor>>();

    is_shared::<Board>();
    is_shared::<Owed>();
    is_shared::<Shared<Owed>>();
    is_shared::<Shared<Controls>>();
};

#[test]
fn the_audio_half_is_for_one_thread_at_a_time() {
    <Engine as NotSync<_>>::is_not_sync();
    <Slot as NotSync<_>>::is_not_sync();
    <Rack as NotSync<_>>::is_not_sync();
    <Unit as NotSync<_>>::is_not_sync();
    <Lane as NotSync<_>>::is_not_sync();
    <LaneSender as NotSync<_>>::is_not_sync();
    <ClapProcessor<()> as NotSync<_>>::is_not_sync();
    <Vst3Processor as NotSync<_>>::is_not_sync();
    <Lent<dyn Processor> as NotSync<_>>::is_not_sync();
}
