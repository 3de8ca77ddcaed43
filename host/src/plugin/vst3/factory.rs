//! What a module makes plugins with.

use super::class_id::ClassId;
use super::compatibility::{self, Replaced};
use super::text::{from_narrow, from_wide};
use std::ffi::c_char;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr;
use vst3::Steinberg::{
    FUnknown, IPluginCompatibility, IPluginFactory, IPluginFactory2, IPluginFactory2Trait, IPluginFactory3,
    IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo,
    kNoInterface, kResultOk, tresult,
};
use vst3::{ComPtr, Interface};

/// Most classes listed; an announced number is not trusted further than a module could reasonably mean it.
const MOST_CLASSES: i32 = 4096;

/// The category of the classes that play: the component's half of a plugin.
pub(in crate::plugin) const AUDIO: &str = "Audio Module Class";
/// The category of the class that tells which older plugins the module replaces.
const COMPATIBILITY: &str = "Plugin Compatibility Class";

/// What a module says of one of its classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plugin) struct Class {
    pub(in crate::plugin) id: ClassId,
    /// What kind of class it is: [`AUDIO`], `Component Controller Class` and others.
    pub(in crate::plugin) category: String,
    pub(in crate::plugin) name: String,
    /// Its own, or that of the module.
    pub(in crate::plugin) vendor: String,
    pub(in crate::plugin) version: String,
    /// The version of the interfaces that it was built with, such as `VST 3.7.8`.
    pub(in crate::plugin) sdk_version: String,
    /// `Instrument`, `Fx`, `Synth` and the like.
    pub(in crate::plugin) sub_categories: Vec<String>,
    /// `ComponentFlags`: bit 0 says that the controller may run in another process than the component.
    pub(in crate::plugin) flags: u32,
}

/// A module's factory. Main thread only.
pub(in crate::plugin) struct Factory {
    base: ComPtr<IPluginFactory>,
    second: Option<ComPtr<IPluginFactory2>>,
    third: Option<ComPtr<IPluginFactory3>>,
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory")
            .field("second", &self.second.is_some())
            .field("third", &self.third.is_some())
            .finish_non_exhaustive()
    }
}

impl Factory {
    pub(super) fn new(base: ComPtr<IPluginFactory>) -> Self {
        Self {
            second: base.cast(),
            third: base.cast(),
            base,
        }
    }

    /// Tells the module who its host is, if it wants to know. The module may keep the pointer without a reference of
    /// its own, so `context` has to outlive it.
    pub(in crate::plugin) fn set_host_context(&self, context: &ComPtr<FUnknown>) {
        if let Some(factory) = &self.third {
            // SAFETY: both are living objects, by their types. What the factory answers changes nothing for us.
            unsafe { factory.setHostContext(context.as_ptr()) };
        }
    }

    /// Every class that the module describes and that has an id, each id once.
    pub(in crate::plugin) fn classes(&self) -> Vec<Class> {
        // SAFETY: the factory is a living object, by its type.
        let count = unsafe { self.base.countClasses() }.clamp(0, MOST_CLASSES);
        let vendor = self.vendor();
        let mut classes: Vec<Class> = Vec::new();
        for mut class in (0..count).filter_map(|index| self.class(index)) {
            if class.vendor.is_empty() {
                class.vendor.clone_from(&vendor);
            }
            if !class.id.is_zero() && !classes.iter().any(|known| known.id == class.id) {
                classes.push(class);
            }
        }
        classes
    }

    /// Which classes the module says to use in place of older ones, if it has a class for that.
    pub(in crate::plugin) fn replaced(&self, classes: &[Class]) -> Vec<Replaced> {
        classes
            .iter()
            .find(|class| class.category == COMPATIBILITY)
            .and_then(|class| self.create::<IPluginCompatibility>(&class.id).ok())
            .and_then(|object| compatibility::ask(&object))
            .unwrap_or_default()
    }

    /// Makes an object of a class.
    ///
    /// # Errors
    ///
    /// The factory's own result; `kNoInterface` if it claims success and gives nothing, or something else than `I`.
    pub(in crate::plugin) fn create<I: Interface>(&self, class: &ClassId) -> Result<ComPtr<I>, tresult> {
        let mut object = ptr::null_mut();
        // SAFETY: both ids are 16 bytes that live through the call, and `object` is writable. A success hands over one
        // reference to an object, whatever its interface, and every interface begins with that of `FUnknown`.
        let object = unsafe {
            let class = ptr::from_ref(class.as_tuid()).cast::<c_char>();
            let interface = I::IID.as_ptr().cast::<c_char>();
            let result = self.base.createInstance(class, interface, &raw mut object);
            if result != kResultOk {
                return Err(result);
            }
            ComPtr::from_raw(object.cast::<FUnknown>())
        };
        // Asked for once more, because there are factories that take no look at the interface they are to give.
        object.and_then(|object| object.cast::<I>()).ok_or(kNoInterface)
    }

    fn vendor(&self) -> String {
        // SAFETY: the structure is made of numbers, for which zeros are valid, and is writable for the whole call.
        let (result, info) = unsafe {
            let mut info = MaybeUninit::<PFactoryInfo>::zeroed();
            let result = self.base.getFactoryInfo(info.as_mut_ptr());
            (result, info.assume_init())
        };
        if result == kResultOk {
            from_narrow(&info.vendor)
        } else {
            String::new()
        }
    }

    /// The class at an index, from the newest interface that describes it.
    fn class(&self, index: i32) -> Option<Class> {
        self.class_unicode(index)
            .or_else(|| self.class_2(index))
            .or_else(|| self.class_1(index))
    }

    fn class_unicode(&self, index: i32) -> Option<Class> {
        let factory = self.third.as_ref()?;
        // SAFETY: the structure is made of numbers, for which zeros are valid, and is writable for the whole call.
        let (result, info) = unsafe {
            let mut info = MaybeUninit::<PClassInfoW>::zeroed();
            let result = factory.getClassInfoUnicode(index, info.as_mut_ptr());
            (result, info.assume_init())
        };
        (result == kResultOk).then(|| Class {
            id: ClassId::from_tuid(&info.cid),
            category: from_narrow(&info.category),
            name: from_wide(&info.name),
            vendor: from_wide(&info.vendor),
            version: from_wide(&info.version),
            sdk_version: from_wide(&info.sdkVersion),
            sub_categories: sub_categories(&from_narrow(&info.subCategories)),
            flags: info.classFlags,
        })
    }

    fn class_2(&self, index: i32) -> Option<Class> {
        let factory = self.second.as_ref()?;
        // SAFETY: the structure is made of numbers, for which zeros are valid, and is writable for the whole call.
        let (result, info) = unsafe {
            let mut info = MaybeUninit::<PClassInfo2>::zeroed();
            let result = factory.getClassInfo2(index, info.as_mut_ptr());
            (result, info.assume_init())
        };
        (result == kResultOk).then(|| Class {
            id: ClassId::from_tuid(&info.cid),
            category: from_narrow(&info.category),
            name: from_narrow(&info.name),
            vendor: from_narrow(&info.vendor),
            version: from_narrow(&info.version),
            sdk_version: from_narrow(&info.sdkVersion),
            sub_categories: sub_categories(&from_narrow(&info.subCategories)),
            flags: info.classFlags,
        })
    }

    fn class_1(&self, index: i32) -> Option<Class> {
        // SAFETY: the structure is made of numbers, for which zeros are valid, and is writable for the whole call.
        let (result, info) = unsafe {
            let mut info = MaybeUninit::<PClassInfo>::zeroed();
            let result = self.base.getClassInfo(index, info.as_mut_ptr());
            (result, info.assume_init())
        };
        (result == kResultOk).then(|| Class {
            id: ClassId::from_tuid(&info.cid),
            category: from_narrow(&info.category),
            name: from_narrow(&info.name),
            vendor: String::new(),
            version: String::new(),
            sdk_version: String::new(),
            sub_categories: Vec::new(),
            flags: 0,
        })
    }
}

/// The parts of `Instrument|Synth`.
pub(super) fn sub_categories(text: &str) -> Vec<String> {
    text.split('|')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
