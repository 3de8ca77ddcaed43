//! The calls of a plugin's controller, each of which only records.

use super::record::{BusWish, Call, EditStep, ProgramChange, ask};
use super::{HostObject, Record};
use crate::clock::monotonic_nanos;
use crate::plugin::vst3::com::{give, number};
use crate::plugin::vst3::text;
use vst3::Steinberg::Vst::{
    BusDirection, BusDirections_, IComponentHandler2Trait, IComponentHandlerBusActivationTrait,
    IComponentHandlerSystemTimeTrait, IComponentHandlerTrait, IUnitHandler2Trait, IUnitHandlerTrait,
    MediaType, MediaTypes_, ParamID, ParamValue, ProgramListID, UnitID, ViewType,
};
use vst3::Steinberg::{
    FIDString, TBool, int32, int64, kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult,
};

impl HostObject {
    /// The record, after a notice if the call comes from another thread than main.
    fn noted(&self, call: Call) -> &Record {
        self.record.main_only(call);
        &self.record
    }
}

impl IComponentHandlerTrait for HostObject {
    unsafe fn beginEdit(&self, id: ParamID) -> tresult {
        self.noted(Call::BeginEdit).edit(id, EditStep::Begin);
        kResultOk
    }

    unsafe fn performEdit(&self, id: ParamID, value_normalized: ParamValue) -> tresult {
        let record = self.noted(Call::PerformEdit);
        if value_normalized.is_nan() {
            return kInvalidArgument;
        }
        record.edit(id, EditStep::Value(value_normalized.clamp(0.0, 1.0)));
        kResultOk
    }

    unsafe fn endEdit(&self, id: ParamID) -> tresult {
        self.noted(Call::EndEdit).edit(id, EditStep::End);
        kResultOk
    }

    /// Whatever it asks for happens later: a plugin may call this inside `initialize` and inside `process`.
    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        self.noted(Call::RestartComponent).restart(flags);
        kResultOk
    }
}

impl IComponentHandler2Trait for HostObject {
    unsafe fn setDirty(&self, state: TBool) -> tresult {
        let record = self.noted(Call::SetDirty);
        match state {
            0 => record.unask(ask::DIRTY),
            _ => record.ask(ask::DIRTY),
        }
        kResultOk
    }

    unsafe fn requestOpenEditor(&self, name: FIDString) -> tresult {
        let record = self.noted(Call::RequestOpenEditor);
        // SAFETY: null, which is for the default, or the plugin's C string; the other is a constant of the bindings.
        let (name, editor) = unsafe { (text::c_str(name), text::c_str(ViewType::kEditor)) };
        if name.is_some() && name != editor {
            return kResultFalse;
        }
        record.ask(ask::OPEN_EDITOR);
        kResultOk
    }

    unsafe fn startGroupEdit(&self) -> tresult {
        match self.noted(Call::StartGroupEdit).group(true) {
            true => kResultOk,
            false => kResultFalse,
        }
    }

    unsafe fn finishGroupEdit(&self) -> tresult {
        match self.noted(Call::FinishGroupEdit).group(false) {
            true => kResultOk,
            false => kResultFalse,
        }
    }
}

impl IComponentHandlerBusActivationTrait for HostObject {
    unsafe fn requestBusActivation(
        &self,
        media: MediaType,
        direction: BusDirection,
        index: int32,
        state: TBool,
    ) -> tresult {
        let record = self.noted(Call::RequestBusActivation);
        let known = [number(MediaTypes_::kAudio), number(MediaTypes_::kEvent)].contains(&media)
            && [number(BusDirections_::kInput), number(BusDirections_::kOutput)].contains(&direction);
        if !known || index < 0 {
            return kInvalidArgument;
        }
        let active = state != 0;
        match record.wish_bus(BusWish {
            media,
            direction,
            index,
            active,
        }) {
            true => kResultOk,
            false => kOutOfMemory,
        }
    }
}

impl IComponentHandlerSystemTimeTrait for HostObject {
    /// The clock of `ProcessContext::systemTime`, in nanoseconds. Any thread: it only reads a clock.
    unsafe fn getSystemTime(&self, system_time: *mut int64) -> tresult {
        // SAFETY: null, or the plugin's place for a time.
        match unsafe { give(system_time, monotonic_nanos()) } {
            true => kResultOk,
            false => kInvalidArgument,
        }
    }
}

impl IUnitHandlerTrait for HostObject {
    unsafe fn notifyUnitSelection(&self, unit_id: UnitID) -> tresult {
        self.noted(Call::NotifyUnitSelection).select_unit(unit_id);
        kResultOk
    }

    unsafe fn notifyProgramListChange(&self, list_id: ProgramListID, program_index: int32) -> tresult {
        self.noted(Call::NotifyProgramListChange)
            .change_programs(ProgramChange {
                list: list_id,
                // `kAllProgramInvalid` is -1.
                program: (program_index >= 0).then_some(program_index),
            });
        kResultOk
    }
}

impl IUnitHandler2Trait for HostObject {
    unsafe fn notifyUnitByBusChange(&self) -> tresult {
        self.noted(Call::NotifyUnitByBusChange).ask(ask::UNIT_BY_BUS);
        kResultOk
    }
}
