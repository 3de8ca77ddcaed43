//! What a plugin is, for people.

use super::buses::{self, INPUT, OUTPUT};
use super::com::MainPtr;
use super::instance::Instance;
use super::objects::Objects;
use super::text;
use super::units::ROOT;
use crate::plugin::{Facts, Keyswitch};
use vst3::ComPtr;
use vst3::Steinberg::Vst::{
    ChannelContext::IInfoListener, FunctionNameType, IAudioPresentationLatency, IAutomationState,
    IConnectionPoint, IDataExchangeReceiver, IEditController, IEditController2, IEditControllerHostEditing,
    IEditControllerTrait, IKeyswitchController, IKeyswitchControllerTrait, IMidiLearn, IMidiLearn2,
    IMidiMapping, IMidiMapping2, INoteExpressionController, INoteExpressionControllerTrait,
    INoteExpressionPhysicalUIMapping, IParameterFunctionName, IParameterFunctionNameTrait,
    IPrefetchableSupport, IPrefetchableSupportTrait, IProcessContextRequirements, IProgramListData,
    IRemapParamID, IUnitData, IUnitInfo, IXmlRepresentationController, KeyswitchInfo, NoteExpressionTypeInfo,
    PrefetchableSupport, ViewType, ePrefetchableSupport_,
};
use vst3::Steinberg::{IPlugViewTrait, kResultOk, kResultTrue};

/// The event bus and channel that are asked about: the first of each.
const FIRST: (i32, i16) = (0, 0);
/// Key switches and expressions that a plugin may have.
const MOST: i32 = 1024;

pub(super) fn facts(instance: &Instance) -> Facts {
    let Some(objects) = &instance.objects else {
        return Facts::default();
    };
    let controller = objects.controller.as_ref();
    Facts {
        audio_inputs: buses::audio_ports(objects, INPUT),
        audio_outputs: buses::audio_ports(objects, OUTPUT),
        note_inputs: buses::note_ports(objects, INPUT),
        note_outputs: buses::note_ports(objects, OUTPUT),
        extensions: interfaces(objects),
        editor: controller.is_some_and(has_editor),
        voices: None,
        note_names: Vec::new(),
        units: instance.units.units.clone(),
        program_lists: instance.units.lists.clone(),
        keyswitches: controller.map(keyswitches).unwrap_or_default(),
        note_expressions: controller
            .map(note_expressions)
            .map_or_else(Vec::new, |all| all.into_iter().map(|(_, name)| name).collect()),
        functions: controller.map(functions).unwrap_or_default(),
        prefetchable: prefetchable(objects),
    }
}

/// The optional interfaces that the plugin has, of those that Backline knows.
fn interfaces(objects: &Objects) -> Vec<&'static str> {
    let mut found = Vec::new();
    macro_rules! look {
        ($half:expr, $($name:ident),+ $(,)?) => {
            if let Some(half) = $half {
                $(if half.cast::<$name>().is_some() {
                    found.push(stringify!($name));
                })+
            }
        };
    }
    look!(
        Some(&objects.component),
        IAudioPresentationLatency,
        IConnectionPoint,
        IPrefetchableSupport,
        IProcessContextRequirements,
        IProgramListData,
        IUnitData,
    );
    look!(
        objects.controller.as_ref(),
        IAutomationState,
        IDataExchangeReceiver,
        IEditController,
        IEditController2,
        IEditControllerHostEditing,
        IInfoListener,
        IKeyswitchController,
        IMidiLearn,
        IMidiLearn2,
        IMidiMapping,
        IMidiMapping2,
        INoteExpressionController,
        INoteExpressionPhysicalUIMapping,
        IParameterFunctionName,
        IRemapParamID,
        IUnitInfo,
        IXmlRepresentationController,
    );
    found.sort_unstable();
    found
}

/// Whether the controller makes a view for this system. It is asked for one, which is let go again without having been
/// attached.
fn has_editor(controller: &MainPtr<IEditController>) -> bool {
    // SAFETY: the name is a string that ends with a zero byte; what comes back, if anything, is ours to release.
    let view = unsafe { ComPtr::from_raw(controller.createView(ViewType::kEditor)) };
    let platform = if cfg!(windows) {
        vst3::Steinberg::kPlatformTypeHWND
    } else if cfg!(target_os = "macos") {
        vst3::Steinberg::kPlatformTypeNSView
    } else {
        vst3::Steinberg::kPlatformTypeX11EmbedWindowID
    };
    // SAFETY: main thread; the name is a string that ends with a zero byte.
    view.is_some_and(|view| unsafe { view.isPlatformTypeSupported(platform) } == kResultTrue)
}

fn keyswitches(controller: &MainPtr<IEditController>) -> Vec<Keyswitch> {
    let Some(switches) = controller.cast::<IKeyswitchController>() else {
        return Vec::new();
    };
    let (bus, channel) = FIRST;
    // SAFETY: main thread, initialised.
    let count = unsafe { switches.getKeyswitchCount(bus, channel) };
    let all = (0..count.clamp(0, MOST)).filter_map(|index| {
        // SAFETY: the structure holds numbers and text only, for which zeros are good values.
        let mut info: KeyswitchInfo = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a structure of ours; main thread, initialised.
        let result = unsafe { switches.getKeyswitchInfo(bus, channel, index, &raw mut info) };
        (result == kResultOk).then(|| Keyswitch {
            name: text::from_wide(&info.title),
            keys: (info.keyswitchMin, info.keyswitchMax),
        })
    });
    all.collect()
}

/// The note expressions of the first channel: type and name.
pub(super) fn note_expressions(controller: &MainPtr<IEditController>) -> Vec<(u32, String)> {
    let Some(expressions) = controller.cast::<INoteExpressionController>() else {
        return Vec::new();
    };
    let (bus, channel) = FIRST;
    // SAFETY: main thread, initialised.
    let count = unsafe { expressions.getNoteExpressionCount(bus, channel) };
    let all = (0..count.clamp(0, MOST)).filter_map(|index| {
        // SAFETY: the structure holds numbers and text only, for which zeros are good values.
        let mut info: NoteExpressionTypeInfo = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a structure of ours; main thread, initialised.
        let result = unsafe { expressions.getNoteExpressionInfo(bus, channel, index, &raw mut info) };
        (result == kResultOk).then(|| (info.typeId, text::from_wide(&info.title)))
    });
    all.collect()
}

/// The parameters that the plugin names by their purpose.
fn functions(controller: &MainPtr<IEditController>) -> Vec<(&'static str, u32)> {
    let Some(named) = controller.cast::<IParameterFunctionName>() else {
        return Vec::new();
    };
    let known = [
        ("gain reduction", FunctionNameType::kCompGainReduction),
        ("gain reduction maximum", FunctionNameType::kCompGainReductionMax),
        (
            "gain reduction peak hold",
            FunctionNameType::kCompGainReductionPeakHold,
        ),
        (
            "gain reduction reset",
            FunctionNameType::kCompResetGainReductionMax,
        ),
        ("low latency mode", FunctionNameType::kLowLatencyMode),
        ("dry/wet mix", FunctionNameType::kDryWetMix),
        ("randomize", FunctionNameType::kRandomize),
        ("pan centre x", FunctionNameType::kPanPosCenterX),
        ("pan centre y", FunctionNameType::kPanPosCenterY),
        ("pan centre z", FunctionNameType::kPanPosCenterZ),
    ];
    let found = known.into_iter().filter_map(|(name, function)| {
        let mut id = u32::MAX;
        // SAFETY: the name is a string that ends with a zero byte, the pointer to a number of ours; main thread.
        let result = unsafe { named.getParameterIDFromFunctionName(ROOT, function, &raw mut id) };
        (result == kResultTrue && id != u32::MAX).then_some((name, id))
    });
    found.collect()
}

/// Whether the plugin may be processed ahead of time, in the specification's words.
fn prefetchable(objects: &Objects) -> Option<&'static str> {
    let support = objects.component.cast::<IPrefetchableSupport>()?;
    let mut answer: PrefetchableSupport = 0;
    // SAFETY: the pointer is to a number of ours; main thread, initialised.
    let result = unsafe { support.getPrefetchableSupport(&raw mut answer) };
    let words = [
        (ePrefetchableSupport_::kIsNeverPrefetchable, "never"),
        (ePrefetchableSupport_::kIsYetPrefetchable, "yet"),
        (ePrefetchableSupport_::kIsNotYetPrefetchable, "not-yet"),
    ];
    let (_, word) = words
        .into_iter()
        .find(|(value, _)| super::com::number(*value).cast_unsigned() == answer)?;
    (result == kResultOk).then_some(word)
}
