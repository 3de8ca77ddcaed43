//! What the fixture plugins of `clap-fixture` and `vst3-fixture` saw of their host.

use host::plugin::Format;
use libloading::{Library, Symbol};
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The fixture's globals are one for the whole process, so tests that look at them take turns.
static TURN: Mutex<()> = Mutex::new(());

/// The control functions of `clap-fixture` or `vst3-fixture`, in the same process as the host that plays it.
///
/// While it lives no other test of this process has one.
pub struct Fixture {
    format: Format,
    library: Library,
    /// Instances, and controllers that are objects of their own, in the order in which the trace first named them: their
    /// numbers count the whole process.
    seen: RefCell<[Vec<String>; 2]>,
    _turn: Rc<MutexGuard<'static, ()>>,
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixture").finish_non_exhaustive()
    }
}

type Take = unsafe extern "C" fn(*mut u8, usize) -> usize;

impl Fixture {
    /// Opens the control functions of `clap-fixture` and forgets what was seen before.
    ///
    /// # Panics
    ///
    /// If the library does not load.
    #[must_use]
    pub fn open() -> Self {
        Self::open_as(Format::Clap)
    }

    /// Opens the control functions of a format's fixture and forgets what was seen before.
    ///
    /// # Panics
    ///
    /// If the library does not load.
    #[must_use]
    pub fn open_as(format: Format) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self::within(format, Rc::new(turn))
    }

    fn within(format: Format, turn: Rc<MutexGuard<'static, ()>>) -> Self {
        let path = super::fixture(&format!("{}-fixture", format.key()));
        let fixture = Self {
            format,
            library: load(&path),
            seen: RefCell::default(),
            _turn: turn,
        };
        // SAFETY: the fixture exports this function with this signature.
        unsafe { fixture.symbol::<unsafe extern "C" fn()>("backline_fixture_reset")() };
        fixture
    }

    /// Opens the control functions of both formats' fixtures.
    ///
    /// # Panics
    ///
    /// If a library does not load.
    #[must_use]
    pub fn open_both() -> [Self; 2] {
        let turn = Rc::new(TURN.lock().unwrap_or_else(PoisonError::into_inner));
        super::FORMATS.map(|format| Self::within(format, Rc::clone(&turn)))
    }

    fn symbol<T>(&self, name: &str) -> Symbol<'_, T> {
        // SAFETY: the callers name functions that the fixture exports, with the types that its documentation gives.
        unsafe { self.library.get(name.as_bytes()) }.expect("a function of the fixture")
    }

    fn take(&self, name: &str) -> Vec<String> {
        let take = self.symbol::<Take>(name);
        let mut lines = Vec::new();
        loop {
            let mut buffer = vec![0_u8; 1 << 16];
            // SAFETY: the function writes at most as many bytes as it is told to a buffer of that size.
            let length = unsafe { take(buffer.as_mut_ptr(), buffer.len()) };
            if length == 0 {
                return lines;
            }
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            lines.extend(text.lines().map(str::to_owned));
        }
    }

    /// Takes the rules that the host has broken.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.take("backline_fixture_take_violations")
    }

    /// Takes the life-cycle calls in their order. Instances are numbered from 1 as they were met since this was opened, and
    /// so are separate controllers, as `watch.controller/1`.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.take("backline_fixture_take_trace")
            .iter()
            .map(|line| self.renumber(line))
            .collect()
    }

    /// Takes those life-cycle calls that both formats have, which must come in the same order: nothing of controllers,
    /// connections and `terminate`.
    #[must_use]
    pub fn lives(&self) -> Vec<String> {
        let mut trace = self.trace();
        trace.retain(|line| {
            let (subject, call) = line.split_once(' ').unwrap_or_default();
            !subject.contains('/')
                && subject != "factory"
                && !["connect", "disconnect", "terminate"].contains(&call)
        });
        trace
    }

    /// Takes those life-cycle calls of one instance, as `watch#1`, that both formats have, without its name.
    #[must_use]
    pub fn life_of(&self, instance: &str) -> Vec<String> {
        let lives = self.lives();
        lives
            .iter()
            .filter_map(|line| line.strip_prefix(instance)?.strip_prefix(' '))
            .map(str::to_owned)
            .collect()
    }

    fn renumber(&self, line: &str) -> String {
        let Some((object, call)) = line.split_once(' ') else {
            return line.to_owned();
        };
        let mut seen = self.seen.borrow_mut();
        for (sign, seen) in ['#', '/'].into_iter().zip(seen.iter_mut()) {
            if let Some((plugin, _)) = object.split_once(sign) {
                let known = seen.iter().position(|known| known == object);
                let index = known.unwrap_or_else(|| {
                    seen.push(object.to_owned());
                    seen.len() - 1
                });
                return format!("{plugin}{sign}{} {call}", index + 1);
            }
        }
        line.to_owned()
    }

    /// A counter, as `process.calls`.
    ///
    /// # Panics
    ///
    /// If there is none of that name.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        let name_c = CString::new(name).expect("a name without a zero byte");
        let counter = self.symbol::<unsafe extern "C" fn(*const c_char) -> u64>("backline_fixture_counter");
        // SAFETY: the name is a string that ends with a zero byte and lives through the call.
        let value = unsafe { counter(name_c.as_ptr()) };
        assert_ne!(value, u64::MAX, "the fixture has no counter {name}");
        value
    }

    /// Fails the test if anything of the fixture is still alive, or if the host has broken a rule.
    ///
    /// # Panics
    ///
    /// If so.
    pub fn assert_gone(&self) {
        for level in [
            "instances.alive",
            "instances.active",
            "instances.processing",
            "entry.alive",
        ] {
            assert_eq!(self.counter(level), 0, "{level}");
        }
        let references = [
            "controllers.alive",
            "objects.alive",
            "factories.alive",
            "views.alive",
            "host.references",
            "connections",
            "exchange.queues",
        ];
        for level in references.into_iter().filter(|_| self.format == Format::Vst3) {
            assert_eq!(self.counter(level), 0, "{level}");
        }
        assert_eq!(host::lend::leaked(), 0, "values dropped on the audio thread");
        self.assert_clean();
    }

    /// Fails the test if the host has broken a rule.
    ///
    /// # Panics
    ///
    /// If it has.
    pub fn assert_clean(&self) {
        let violations = self.violations();
        assert!(
            violations.is_empty(),
            "the host broke rules:\n{}",
            violations.join("\n")
        );
    }
}

fn load(path: &Path) -> Library {
    // SAFETY: loading runs the initialisers of our own fixture, which has none.
    unsafe { Library::new(path) }.expect("the fixture loads")
}
