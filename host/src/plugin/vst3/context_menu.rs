//! Context menus: the plugin fills one and asks for it to be shown; the host calls back what the user picked.
//!
//! `popup` returns before anything is shown, so nothing is called back inside it: main shows the menu once the call is
//! over. Where main has no window to show it in, it drops the menu, and nobody picks anything, which to the plugin is a
//! user who clicked elsewhere. Its result says that the menu was taken, not that anybody picked: hosts whose menus are
//! not modal can say no more either.

use super::com::{Counted, MainCell, MainPtr, give, number};
use super::host::{Call, HostObject, Record};
use super::text;
use std::sync::{Arc, Weak};
use vst3::Steinberg::Vst::IContextMenu_::Item;
use vst3::Steinberg::Vst::IContextMenuItem_::Flags_;
use vst3::Steinberg::Vst::{
    IComponentHandler3Trait, IContextMenu, IContextMenuTarget, IContextMenuTargetTrait, IContextMenuTrait,
    ParamID,
};
use vst3::Steinberg::{
    IPlugView, UCoord, int32, kInvalidArgument, kOutOfMemory, kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper};

/// Items that a menu may have.
const ITEMS: usize = 1024;
/// Menus that wait to be shown; more are refused, as nobody opens two menus at a time.
const WAITING: usize = 4;

/// A menu as the plugin fills it. What it holds belongs to main; from elsewhere its calls are refused.
pub(super) struct ContextMenu {
    entries: MainCell<Vec<Entry>>,
    param: Option<u32>,
    /// Weak, because a plugin may keep the menu longer than the host keeps the plugin's record.
    record: Weak<Record>,
    _counted: Counted,
}

static_assertions::assert_impl_all!(ContextMenu: Send, Sync);

impl Class for ContextMenu {
    type Interfaces = (IContextMenu,);
}

#[derive(Clone)]
struct Entry {
    item: Item,
    target: Option<MainPtr<IContextMenuTarget>>,
}

impl Entry {
    fn is(&self, flag: i32) -> bool {
        self.item.flags & flag == flag
    }

    fn target(&self) -> *mut IContextMenuTarget {
        self.target
            .as_ref()
            .map_or(std::ptr::null_mut(), |target| target.as_ptr())
    }
}

impl ContextMenu {
    /// The record, if the call comes from main and main still keeps it.
    fn on_main(&self, call: Call) -> Option<Arc<Record>> {
        self.record.upgrade().filter(|record| record.main_only(call))
    }
}

impl IContextMenuTrait for ContextMenu {
    unsafe fn getItemCount(&self) -> int32 {
        let count = self.entries.with(|entries| entries.len()).unwrap_or(0);
        int32::try_from(count).unwrap_or(int32::MAX)
    }

    /// The target is lent: other hosts add no reference, and plugins release none.
    unsafe fn getItem(&self, index: int32, item: *mut Item, target: *mut *mut IContextMenuTarget) -> tresult {
        if item.is_null() {
            return kInvalidArgument;
        }
        if self.on_main(Call::MenuItems).is_none() {
            return kResultFalse;
        }
        let entry = self.entries.with(|entries| {
            let entry = entries.get(usize::try_from(index).ok()?)?;
            Some((entry.item, entry.target()))
        });
        let Some((found, its)) = entry.flatten() else {
            return kInvalidArgument;
        };
        // SAFETY: null, or the plugin's places for an item and a target.
        unsafe {
            give(item, found);
            give(target, its);
        }
        kResultOk
    }

    unsafe fn addItem(&self, item: *const Item, target: *mut IContextMenuTarget) -> tresult {
        if item.is_null() {
            return kInvalidArgument;
        }
        if self.on_main(Call::MenuItems).is_none() {
            return kResultFalse;
        }
        let entry = Entry {
            // SAFETY: not null; the plugin's item.
            item: unsafe { item.read_unaligned() },
            // SAFETY: null, or an object of the plugin's that lives through this call; the menu takes a reference.
            target: unsafe { ComRef::from_raw(target) }.map(|target| MainPtr::new(target.to_com_ptr())),
        };
        let added = self.entries.with(|entries| {
            let room = entries.len() < ITEMS;
            if room {
                entries.push(entry.clone());
            }
            room
        });
        match added {
            Some(true) => kResultOk,
            _ => kOutOfMemory,
        }
    }

    unsafe fn removeItem(&self, item: *const Item, target: *mut IContextMenuTarget) -> tresult {
        if item.is_null() {
            return kInvalidArgument;
        }
        if self.on_main(Call::MenuItems).is_none() {
            return kResultFalse;
        }
        // SAFETY: not null; the plugin's item.
        let tag = unsafe { item.read_unaligned() }.tag;
        // Released after the cell is shut, because a target may call back as it goes.
        let removed: Option<Vec<Entry>> = self.entries.with(|entries| {
            let same = |entry: &mut Entry| entry.item.tag == tag && entry.target() == target;
            entries.extract_if(.., same).collect()
        });
        match removed.is_some_and(|removed| !removed.is_empty()) {
            true => kResultOk,
            false => kResultFalse,
        }
    }

    unsafe fn popup(&self, x: UCoord, y: UCoord) -> tresult {
        let Some(record) = self.on_main(Call::Popup) else {
            return kResultFalse;
        };
        let Some(entries) = self.entries.with(|entries| entries.clone()) else {
            return kResultFalse;
        };
        let menu = Menu {
            entries,
            at: (x, y),
            param: self.param,
        };
        // One more than fits comes back and is released after the cell is shut.
        let refused = record.menus.with(|menus| match menus {
            Some(menus) if menus.len() < WAITING => {
                menus.push(menu);
                None
            }
            _ => Some(menu),
        });
        match refused {
            Some(None) => kResultOk,
            _ => kResultFalse,
        }
    }
}

impl IComponentHandler3Trait for HostObject {
    /// Any view will do, and none: it only says where the menu's coordinates count from. Backline adds no items of its
    /// own.
    unsafe fn createContextMenu(
        &self,
        _plug_view: *mut IPlugView,
        param_id: *const ParamID,
    ) -> *mut IContextMenu {
        let record = self.record();
        if !record.main_only(Call::CreateContextMenu) {
            return std::ptr::null_mut();
        }
        let menu = ComWrapper::new(ContextMenu {
            entries: MainCell::new(Vec::new()),
            // SAFETY: null, or the plugin's parameter id.
            param: (!param_id.is_null()).then(|| unsafe { param_id.read_unaligned() }),
            record: Arc::downgrade(record),
            _counted: record.objects.one(),
        });
        // The plugin gets the only reference.
        menu.to_com_ptr().map_or(std::ptr::null_mut(), ComPtr::into_raw)
    }
}

/// A menu that the plugin wants shown, as it was when it asked. Stays on main; dropping it without a choice is a user
/// who picked nothing.
pub struct Menu {
    entries: Vec<Entry>,
    /// Where, in pixels from the top left of the plugin's view.
    pub at: (i32, i32),
    /// The parameter that it is for, if it is for one.
    pub param: Option<u32>,
}

static_assertions::assert_not_impl_any!(Menu: Send, Sync);

/// One line of a menu, for showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuEntry {
    /// The plugin's number of it; not always the only one of that number.
    pub tag: i32,
    /// What it says.
    pub name: String,
    /// What it is.
    pub kind: MenuEntryKind,
    /// Whether it cannot be picked.
    pub disabled: bool,
    /// Whether it has a check mark.
    pub checked: bool,
}

/// What a line of a menu is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MenuEntryKind {
    /// A line to pick.
    Item,
    /// A rule between lines.
    Separator,
    /// The title of a submenu, which the next lines are in.
    GroupStart,
    /// The end of a submenu.
    GroupEnd,
}

impl Menu {
    /// Its lines, in order.
    pub fn entries(&self) -> Vec<MenuEntry> {
        // The flag of a group's start holds that of a disabled item, and that of its end a separator's.
        let kind = |entry: &Entry| match entry {
            entry if entry.is(number(Flags_::kIsGroupStart)) => MenuEntryKind::GroupStart,
            entry if entry.is(number(Flags_::kIsGroupEnd)) => MenuEntryKind::GroupEnd,
            entry if entry.is(number(Flags_::kIsSeparator)) => MenuEntryKind::Separator,
            _ => MenuEntryKind::Item,
        };
        let line = |entry: &Entry| MenuEntry {
            tag: entry.item.tag,
            name: text::from_wide(&entry.item.name),
            kind: kind(entry),
            disabled: kind(entry) == MenuEntryKind::Item && entry.is(number(Flags_::kIsDisabled)),
            checked: entry.is(number(Flags_::kIsChecked)),
        };
        self.entries.iter().map(line).collect()
    }

    /// Tells the plugin that the user picked the line of that place in [`entries`](Self::entries): by place, because
    /// two targets may use one tag. To be called outside of any call of the plugin's. Returns whether the line can be
    /// picked and the plugin took it.
    pub fn choose(&self, place: usize) -> bool {
        let Some(line) = self.entries().into_iter().nth(place) else {
            return false;
        };
        let target = self.entries.get(place).and_then(|entry| entry.target.clone());
        let Some(target) = target.filter(|_| line.kind == MenuEntryKind::Item && !line.disabled) else {
            return false;
        };
        // SAFETY: the target is held by a reference, and this is main, which alone has a `Menu`.
        unsafe { target.executeMenuItem(line.tag) == kResultOk }
    }
}

#[cfg(test)]
mod tests {
    use super::super::com::references;
    use super::super::host::WRONG_THREAD;
    use super::super::host::tests::{host, notices};
    use super::*;
    use std::sync::atomic::{AtomicI32, Ordering};
    use vst3::Steinberg::Vst::{IComponentHandler3, IContextMenuTarget};

    #[derive(Default)]
    struct Target(AtomicI32);

    impl Class for Target {
        type Interfaces = (IContextMenuTarget,);
    }

    impl IContextMenuTargetTrait for Target {
        unsafe fn executeMenuItem(&self, tag: int32) -> tresult {
            self.0.store(tag, Ordering::Relaxed);
            kResultOk
        }
    }

    fn item(tag: i32, name: &str, flags: i32) -> Item {
        Item {
            name: text::wide(name),
            tag,
            flags,
        }
    }

    fn menu(host: &ComPtr<IComponentHandler3>, param: Option<u32>) -> ComPtr<IContextMenu> {
        let param = param.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: null, or a place of this function; the reference returned is taken over.
        unsafe { ComPtr::from_raw(host.createContextMenu(std::ptr::null_mut(), param)).unwrap() }
    }

    #[test]
    fn items_hold_their_targets_and_give_them_back() {
        let (record, host) = host::<IComponentHandler3>();
        let target: ComPtr<IContextMenuTarget> = ComWrapper::new(Target::default()).to_com_ptr().unwrap();
        let menu = menu(&host, None);
        let (one, two) = (item(1, "One", 0), item(2, "Two", 0));
        let null = std::ptr::null_mut();
        // SAFETY: live objects, null, and places of this test.
        unsafe {
            assert_eq!(menu.addItem(&raw const one, target.as_ptr()), kResultOk);
            assert_eq!(menu.addItem(&raw const two, target.as_ptr()), kResultOk);
            assert_eq!(menu.addItem(&raw const two, null), kResultOk);
            assert_eq!((menu.getItemCount(), references(&target)), (3, 3));

            let mut got = item(0, "", 0);
            let mut its = null;
            assert_eq!(menu.getItem(1, &raw mut got, &raw mut its), kResultOk);
            assert_eq!(
                (got.tag, text::from_wide(&got.name).as_str(), its),
                (2, "Two", target.as_ptr())
            );
            assert_eq!(menu.getItem(2, &raw mut got, &raw mut its), kResultOk);
            assert!(its.is_null());
            assert_eq!(menu.getItem(0, &raw mut got, std::ptr::null_mut()), kResultOk);
            assert_eq!(references(&target), 3, "a target is lent");
            for index in [3, -1, i32::MIN] {
                assert_eq!(menu.getItem(index, &raw mut got, &raw mut its), kInvalidArgument);
            }

            assert_eq!(menu.removeItem(&raw const two, target.as_ptr()), kResultOk);
            assert_eq!(menu.removeItem(&raw const two, target.as_ptr()), kResultFalse);
            assert_eq!((menu.getItemCount(), references(&target)), (2, 2));
            assert_eq!(menu.addItem(std::ptr::null(), null), kInvalidArgument);
            assert_eq!(menu.removeItem(std::ptr::null(), null), kInvalidArgument);
            assert_eq!(
                menu.getItem(0, std::ptr::null_mut(), &raw mut its),
                kInvalidArgument
            );
        }
        assert_eq!((references(&menu), record.objects.count()), (1, 2));
        drop(menu);
        assert_eq!((references(&target), record.objects.count()), (1, 1));
    }

    #[test]
    fn a_menu_is_shown_later_and_the_choice_called_back() {
        let (record, host) = host::<IComponentHandler3>();
        let object = ComWrapper::new(Target::default());
        let target: ComPtr<IContextMenuTarget> = object.to_com_ptr().unwrap();
        let menu = menu(&host, Some(77));
        let lines = [
            item(1, "More", number(Flags_::kIsGroupStart)),
            item(2, "Learn", number(Flags_::kIsChecked)),
            item(3, "Forget", number(Flags_::kIsDisabled)),
            item(4, "", number(Flags_::kIsGroupEnd)),
            item(5, "", number(Flags_::kIsSeparator)),
            item(6, "Reset", 0),
        ];
        // SAFETY: live objects and places of this test.
        unsafe {
            for line in &lines {
                assert_eq!(menu.addItem(line, target.as_ptr()), kResultOk);
            }
            assert_eq!(menu.popup(10, -20), kResultOk);
        }
        drop(menu);
        assert_eq!(
            object.0.load(Ordering::Relaxed),
            0,
            "nothing is called inside popup"
        );

        let menus = record.take_menus();
        assert!(record.take_menus().is_empty());
        let menu = &menus[0];
        assert_eq!((menus.len(), menu.at, menu.param), (1, (10, -20), Some(77)));
        let entries = menu.entries();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| {
                (
                    entry.tag,
                    entry.name.as_str(),
                    entry.kind,
                    entry.disabled,
                    entry.checked,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "More", MenuEntryKind::GroupStart, false, false),
                (2, "Learn", MenuEntryKind::Item, false, true),
                (3, "Forget", MenuEntryKind::Item, true, false),
                (4, "", MenuEntryKind::GroupEnd, false, false),
                (5, "", MenuEntryKind::Separator, false, false),
                (6, "Reset", MenuEntryKind::Item, false, false),
            ]
        );
        for place in [0, 2, 3, 4, 6] {
            assert!(!menu.choose(place), "line {place} cannot be picked");
        }
        assert_eq!(object.0.load(Ordering::Relaxed), 0);
        assert!(menu.choose(5));
        assert_eq!(object.0.load(Ordering::Relaxed), 6);
        assert!(menu.choose(1));
        assert_eq!(object.0.load(Ordering::Relaxed), 2);
        drop(menus);
        drop(target);
        assert_eq!(references(&object.to_com_ptr::<IContextMenuTarget>().unwrap()), 2);
    }

    #[test]
    fn a_menu_that_nobody_shows_is_let_go() {
        let (record, host) = host::<IComponentHandler3>();
        let target: ComPtr<IContextMenuTarget> = ComWrapper::new(Target::default()).to_com_ptr().unwrap();
        let menu = menu(&host, None);
        let line = item(1, "One", 0);
        // SAFETY: live objects and places of this test.
        unsafe {
            assert_eq!(menu.addItem(&raw const line, target.as_ptr()), kResultOk);
            for _ in 0..WAITING {
                assert_eq!(menu.popup(0, 0), kResultOk);
            }
            assert_eq!(menu.popup(0, 0), kResultFalse);
        }
        assert_eq!(references(&target), 2 + WAITING);
        record.close_queues();
        record.let_go();
        assert_eq!(references(&target), 2);
        drop((host, record));
        // SAFETY: a live object of this test; its host is gone.
        unsafe { assert_eq!(menu.popup(0, 0), kResultFalse) };
        drop(menu);
        assert_eq!(references(&target), 1);
    }

    #[test]
    fn other_threads_are_refused_and_told_of() {
        let (record, host) = host::<IComponentHandler3>();
        let menu = menu(&host, None);
        let target: ComPtr<IContextMenuTarget> = ComWrapper::new(Target::default()).to_com_ptr().unwrap();
        let line = item(1, "One", 0);
        std::thread::scope(|scope| {
            // SAFETY: live objects and places of this test.
            scope.spawn(|| unsafe {
                assert!(
                    host.createContextMenu(std::ptr::null_mut(), std::ptr::null())
                        .is_null()
                );
                assert_eq!(menu.addItem(&raw const line, target.as_ptr()), kResultFalse);
                assert_eq!(menu.removeItem(&raw const line, target.as_ptr()), kResultFalse);
                assert_eq!(menu.getItemCount(), 0);
                assert_eq!(menu.popup(0, 0), kResultFalse);
                assert!(record.take_menus().is_empty());
            });
        });
        assert_eq!(references(&target), 1);
        let told: Vec<_> = notices(&record);
        assert!(told.iter().all(|(tag, _)| *tag == WRONG_THREAD));
        let calls: Vec<_> = told.iter().map(|(_, call)| call.as_str()).collect();
        assert_eq!(
            calls,
            [
                "IComponentHandler3::createContextMenu",
                "IContextMenu::addItem, removeItem or getItem",
                "IContextMenu::popup",
            ]
        );
    }
}
