use super::*;
use std::ffi::c_void;
use vst3::ComWrapper;
use vst3::Steinberg::Vst::{IComponent, IHostApplication};
use vst3::Steinberg::{FIDString, TUID, kInvalidArgument, kNotImplemented, kResultFalse};

fn field<const SIZE: usize>(text: &[u8]) -> [c_char; SIZE] {
    let mut field = [0; SIZE];
    for (place, byte) in field.iter_mut().zip(text) {
        *place = c_char::from_ne_bytes([*byte]);
    }
    field
}

#[test]
fn a_field_may_lack_its_zero() {
    assert_eq!(from_narrow(&field::<8>(b"Gain")), "Gain");
    assert_eq!(from_narrow(&field::<4>(b"Gain")), "Gain");
    assert_eq!(from_narrow(&field::<4>(b"")), "");
    assert_eq!(from_narrow(&field::<5>(b"Pi\xffno")), "Pi\u{fffd}no");
    let wide: Vec<u16> = "Klavier ö".encode_utf16().collect();
    assert_eq!(from_wide(&wide), "Klavier ö");
    assert_eq!(from_wide(&[0x50, 0, 0x51]), "P");
    assert_eq!(from_wide(&[0xd800]), "\u{fffd}");
}

#[test]
fn sub_categories_are_parted_and_empty_ones_left_out() {
    assert_eq!(sub_categories("Instrument|Synth"), ["Instrument", "Synth"]);
    assert_eq!(sub_categories("Fx"), ["Fx"]);
    assert_eq!(sub_categories("|Fx| |"), ["Fx"]);
    assert_eq!(sub_categories(""), Vec::<String>::new());
}

/// A factory that announces `count` classes, knows those at even indices, and describes them through the first
/// `interfaces` of the three interfaces only.
struct Odd {
    count: i32,
    interfaces: u32,
    makes: Makes,
}

/// What a factory makes of any class, whatever interface is asked for.
#[derive(Clone, Copy)]
enum Makes {
    Nothing,
    NothingWithSuccess,
    Itself,
}

impl Odd {
    fn id(index: i32) -> TUID {
        vst3::uid(1, 2, 3, u32::try_from(index / 4).expect("not negative"))
    }

    fn told<T>(&self, interface: u32, index: i32, info: *mut T, tell: impl FnOnce(&mut T)) -> tresult {
        if interface > self.interfaces || index % 2 != 0 {
            return kNotImplemented;
        }
        // SAFETY: the host gives a whole structure of numbers to write to.
        match unsafe { info.as_mut() } {
            Some(info) => {
                tell(info);
                kResultOk
            }
            None => kInvalidArgument,
        }
    }
}

impl vst3::Class for Odd {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

impl IPluginFactoryTrait for Odd {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        self.told(1, 0, info, |info| info.vendor = field(b"Maker"))
    }

    unsafe fn countClasses(&self) -> i32 {
        self.count
    }

    unsafe fn getClassInfo(&self, index: i32, info: *mut PClassInfo) -> tresult {
        self.told(1, index, info, |info| {
            info.cid = Self::id(index);
            info.category = field(AUDIO.as_bytes());
            info.name = field(b"One");
        })
    }

    unsafe fn createInstance(
        &self,
        _class: FIDString,
        _interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        match self.makes {
            Makes::Nothing => kResultFalse,
            Makes::NothingWithSuccess => kResultOk,
            Makes::Itself => {
                let made = ComWrapper::new(Self { ..*self });
                let made = made.to_com_ptr::<IPluginFactory>().expect("its interface");
                // SAFETY: the host gives a place for one pointer, and the reference goes with it.
                unsafe { *object = made.into_raw().cast() };
                kResultOk
            }
        }
    }
}

impl IPluginFactory2Trait for Odd {
    unsafe fn getClassInfo2(&self, index: i32, info: *mut PClassInfo2) -> tresult {
        self.told(2, index, info, |info| {
            info.cid = Self::id(index);
            info.name = field(b"Two");
            info.vendor = field(b"Another");
            info.version = field(b"2.0");
            info.subCategories = field(b"Fx|EQ");
            info.classFlags = 1;
        })
    }
}

impl IPluginFactory3Trait for Odd {
    unsafe fn getClassInfoUnicode(&self, index: i32, info: *mut PClassInfoW) -> tresult {
        self.told(3, index, info, |info| {
            info.cid = Self::id(index);
            // All of it, with no zero behind.
            info.name = ['ö' as u16; 64];
            info.sdkVersion[..3].copy_from_slice(&['V', 'S', 'T'].map(|char| char as u16));
        })
    }

    unsafe fn setHostContext(&self, _context: *mut FUnknown) -> tresult {
        kNotImplemented
    }
}

fn factory(count: i32, interfaces: u32, makes: Makes) -> Factory {
    let odd = Odd {
        count,
        interfaces,
        makes,
    };
    Factory::new(ComWrapper::new(odd).to_com_ptr().expect("its interface"))
}

#[test]
fn a_class_is_described_by_the_newest_interface_that_does_so() {
    let describe = |interfaces| factory(1, interfaces, Makes::Nothing).classes().remove(0);
    let one = describe(1);
    assert_eq!((one.name.as_str(), one.vendor.as_str()), ("One", "Maker"));
    assert_eq!((one.category.as_str(), one.version.as_str()), (AUDIO, ""));
    let two = describe(2);
    assert_eq!((two.name.as_str(), two.vendor.as_str()), ("Two", "Another"));
    assert_eq!((two.version.as_str(), two.flags), ("2.0", 1));
    assert_eq!(two.sub_categories, ["Fx", "EQ"]);
    let three = describe(3);
    assert_eq!((three.name, three.vendor.as_str()), ("ö".repeat(64), "Maker"));
    assert_eq!(three.sdk_version, "VST");
    assert_eq!([one.id, two.id, three.id], [ClassId::from_tuid(&Odd::id(0)); 3]);
}

#[test]
fn a_count_is_not_trusted_and_what_is_not_described_or_comes_twice_is_left_out() {
    let count = |count| factory(count, 3, Makes::Nothing).classes().len();
    assert_eq!(
        [count(-1), count(0), count(1), count(4), count(8)],
        [0, 0, 1, 1, 2]
    );
    assert_eq!(count(i32::MAX), 1024);
    assert!(factory(9, 0, Makes::Nothing).classes().is_empty());
}

#[test]
fn success_without_an_object_or_with_one_of_another_kind_is_a_failure() {
    let id = ClassId::from_tuid(&Odd::id(0));
    let component = |makes| factory(1, 3, makes).create::<IComponent>(&id).err();
    assert_eq!(component(Makes::Nothing), Some(kResultFalse));
    assert_eq!(component(Makes::NothingWithSuccess), Some(kNoInterface));
    assert_eq!(component(Makes::Itself), Some(kNoInterface));
    assert!(
        factory(1, 3, Makes::Itself)
            .create::<IPluginFactory3>(&id)
            .is_ok()
    );
    assert!(
        factory(1, 3, Makes::Itself)
            .create::<IHostApplication>(&id)
            .is_err()
    );
}
