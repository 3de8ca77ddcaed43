//! What a plugin may know of the place that it stands in: the layer's name, and how long its sound is under way.

use super::attributes::AttributeList;
use super::buses::{self, INPUT, OUTPUT};
use super::com::lend;
use super::instance::Instance;
use std::ffi::CStr;
use vst3::Steinberg::Vst::ChannelContext::{
    ChannelPluginLocation_, IInfoListener, IInfoListenerTrait, kChannelIndexKey, kChannelIndexNamespaceKey,
    kChannelIndexNamespaceLengthKey, kChannelIndexNamespaceOrderKey, kChannelNameKey, kChannelNameLengthKey,
    kChannelPluginLocationKey, kChannelUIDKey, kChannelUIDLengthKey,
};
use vst3::Steinberg::Vst::{
    CString, IAttributeList, IAttributeListTrait, IAudioPresentationLatency, IAudioPresentationLatencyTrait,
};

impl Instance {
    /// Tells the controller which layer it stands in, `number` counted from 0.
    pub(in crate::plugin) fn set_channel(&mut self, name: &str, number: u32) {
        self.channel = Some((name.to_owned(), number));
        self.tell_channel();
    }

    /// Tells the controller its layer once more: one that was made anew does not know it.
    pub(super) fn tell_channel(&self) {
        let Some((name, number)) = &self.channel else {
            return;
        };
        let listener = self
            .controller()
            .and_then(|controller| controller.cast::<IInfoListener>());
        let Some(listener) = listener else { return };
        let list = AttributeList::new(&self.record.objects);
        let int = |key: CString, value: i64| {
            // SAFETY: the bindings' keys are strings that end with a zero byte, and live as long as the program.
            unsafe { list.setInt(key, value) };
        };
        let words = |key: CString, length: CString, text: &str| {
            // SAFETY: as above.
            list.set_text(unsafe { CStr::from_ptr(key) }, text);
            int(length, i64::try_from(text.encode_utf16().count()).unwrap_or(0));
        };
        // Channels and their kinds are counted from 1.
        let place = i64::from(*number) + 1;
        words(
            kChannelUIDKey,
            kChannelUIDLengthKey,
            &format!("backline.layer.{place}"),
        );
        words(kChannelNameKey, kChannelNameLengthKey, name);
        int(kChannelIndexKey, place);
        words(
            kChannelIndexNamespaceKey,
            kChannelIndexNamespaceLengthKey,
            "Layers",
        );
        int(kChannelIndexNamespaceOrderKey, 1);
        // A layer's gain comes behind its chain.
        int(
            kChannelPluginLocationKey,
            i64::from(ChannelPluginLocation_::kPreVolumeFader),
        );
        // SAFETY: the list is an object of ours that lives through the call; main thread, initialised.
        unsafe { listener.setChannelContextInfos(lend::<IAttributeList, _>(&list)) };
    }

    /// Tells the component, which is active, how many frames its input has been under way and its output will be.
    pub(in crate::plugin) fn set_presentation_latency(&mut self, input: u32, output: u32) {
        let Some(objects) = self.objects.as_ref().filter(|_| self.is_active()) else {
            return;
        };
        let Some(latency) = objects.component.cast::<IAudioPresentationLatency>() else {
            return;
        };
        for (direction, frames) in [(INPUT, input), (OUTPUT, output)] {
            for bus in 0..buses::count(objects, buses::AUDIO, direction) {
                // SAFETY: main thread, active.
                unsafe { latency.setAudioPresentationLatencySamples(direction, bus, frames) };
            }
        }
    }
}
