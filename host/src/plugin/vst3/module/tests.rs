//! Over real modules: the demo plugins, built on the first use.

use super::*;
use crate::plugin::vst3::class_id::ClassId;
use crate::plugin::vst3::factory::AUDIO;
use crate::plugin::{Descriptor, vst3};
use ::vst3::Steinberg::Vst::{IComponent, IEditController, IHostApplication};
use std::cell::Cell;
use std::process::Command;
use tempfile::TempDir;

const SYNTH: &str = "4261636B6C696E6544656D6F53796E31";

/// The folder that libraries are built into: this program lies in its `deps`.
fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    let deps = program.parent().expect("a folder");
    deps.parent().expect("a folder").to_owned()
}

/// A package's library, copied to `name` in a folder of its own, so that no other test has the same module.
fn copied(package: &str, name: &str) -> (TempDir, PathBuf) {
    let built = built();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "-p", package, "--target-dir"]);
    cargo.arg(built.parent().expect("the target folder"));
    if built.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().expect("cargo runs").success());
    let library = format!(
        "{}{}{}",
        std::env::consts::DLL_PREFIX,
        package.replace('-', "_"),
        std::env::consts::DLL_SUFFIX
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().expect("a parent")).expect("made");
    fs::copy(built.join(library), &file).expect("copied");
    (folder, file)
}

fn open(file: &Path) -> Result<Rc<Module>, LoadError> {
    Module::open(&Bundle::resolve(file)?)
}

#[test]
fn a_bare_file_is_described_by_its_factory() {
    let (_folder, file) = copied("demo-synth", "synth.vst3");
    let described = vst3::describe(&file).expect("a plugin");
    let [
        Descriptor {
            format,
            id,
            name,
            vendor,
            features,
            file: named,
            ..
        },
    ] = described.as_slice()
    else {
        panic!("one plugin: {described:?}");
    };
    assert_eq!((format.as_str(), id.as_str()), ("vst3", SYNTH));
    assert!(!name.is_empty() && !vendor.is_empty(), "{described:?}");
    assert_eq!(*features, ["Instrument", "Synth"]);
    assert_eq!(*named, file);
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_broken_moduleinfo_leaves_the_word_to_the_library_and_a_sound_one_takes_it() {
    let (folder, inner) = copied("demo-synth", "synth.vst3/Contents/x86_64-linux/synth.so");
    let root = folder.path().join("synth.vst3");
    let info = root.join("Contents/Resources/moduleinfo.json");
    fs::create_dir(info.parent().expect("a parent")).expect("made");
    for text in ["{ Classes: [", "{}"] {
        fs::write(&info, text).expect("written");
        for file in [&root, &inner] {
            let described = vst3::describe(file).expect("a plugin");
            assert_eq!(described.len(), 1);
            assert_eq!(described[0].id, SYNTH);
            assert_eq!(described[0].file, root);
        }
    }
    fs::write(
        &info,
        format!("{{ Classes: [ {{ CID: '{SYNTH}', Category: '{AUDIO}', Name: 'As written' }} ] }}"),
    )
    .expect("written");
    assert_eq!(vst3::describe(&root).expect("a plugin")[0].name, "As written");
}

#[test]
fn one_plugin_is_opened_by_id_by_name_or_as_the_only_one() {
    let (_folder, file) = copied("demo-synth", "synth.vst3");
    let name = vst3::describe(&file).expect("a plugin").remove(0).name;
    for which in [None, Some(SYNTH), Some(&SYNTH.to_lowercase()), Some(&name)] {
        let (module, class, descriptor) = vst3::library::open(&file, which).expect("a plugin");
        assert_eq!(class.id.to_string(), SYNTH);
        assert_eq!((descriptor.id, descriptor.name), (SYNTH.to_owned(), name.clone()));
        assert!(module.factory().create::<IComponent>(&class.id).is_ok());
    }
    let sentence = vst3::library::open(&file, Some("Piano"))
        .expect_err("another")
        .to_string();
    assert!(sentence.contains("holds no plugin \"Piano\""), "{sentence}");
}

#[test]
fn a_module_is_shared_while_it_is_in_use_and_can_be_opened_again() {
    let (folder, file) = copied("demo-gain", "gain.vst3");
    let link = folder.path().join("link.vst3");
    std::os::unix::fs::symlink(&file, &link).expect("linked");
    let first = open(&file).expect("a module");
    let second = open(&link).expect("the same");
    assert!(Rc::ptr_eq(&first, &second));
    drop(first);
    assert_eq!(second.factory().classes()[0].category, AUDIO);
    let gone = Rc::downgrade(&second);
    drop(second);
    assert!(gone.upgrade().is_none());
    let again = open(&file).expect("a module");
    assert_eq!(again.factory().classes().len(), 1);
}

#[test]
fn the_factory_makes_what_is_asked_for_and_nothing_else() {
    let (_folder, file) = copied("demo-synth", "synth.vst3");
    let module = open(&file).expect("a module");
    let synth = ClassId::parse(SYNTH).expect("an id");
    let component = module.factory().create::<IComponent>(&synth).expect("made");
    assert!(component.cast::<IEditController>().is_some());
    drop(component);
    // An interface that no plugin has.
    let refused = module.factory().create::<IHostApplication>(&synth);
    assert!(refused.is_err());
    let nobody = ClassId::parse(&"1".repeat(32)).expect("an id");
    assert!(module.factory().create::<IComponent>(&nobody).is_err());
}

#[test]
fn one_plugin_at_a_time_serves_what_the_module_asks() {
    let (_folder, file) = copied("demo-gain", "gain.vst3");
    let module = open(&file).expect("a module");
    assert!(module.record_for(7).is_some());
    assert!(module.record_for(8).is_none());
    module.leave(8);
    assert!(module.record_for(8).is_none());
    module.leave(7);
    assert!(module.record_for(8).is_some());
    assert!(module.record_for(7).is_none());
}

#[test]
fn a_module_that_did_not_start_is_not_ended() {
    thread_local! {
        static ENDED: Cell<u32> = const { Cell::new(0) };
    }
    unsafe extern "system" fn exit() -> u8 {
        ENDED.set(ENDED.get() + 1);
        1
    }
    let after = |succeeded| Started::after(succeeded, Some(exit), system::Library::this());
    assert!(after(false).is_none());
    assert_eq!(ENDED.get(), 0);
    let started = after(true).expect("started");
    assert_eq!(ENDED.get(), 0);
    drop(started);
    assert_eq!(ENDED.get(), 1);
}

#[test]
fn each_library_that_is_no_module_gets_its_own_sentence() {
    let (folder, file) = copied("clap-no-factory", "clap.vst3");
    let sentence = open(&file).expect_err("no module").to_string();
    assert!(
        sentence.contains("it is a library without `GetPluginFactory`"),
        "{sentence}"
    );
    let text = folder.path().join("text.vst3");
    fs::write(&text, "hello").expect("written");
    let sentence = open(&text).expect_err("no module").to_string();
    assert!(sentence.contains("it is not a program library"), "{sentence}");
    let sentence = open(&folder.path().join("absent.vst3"))
        .expect_err("absent")
        .to_string();
    assert!(sentence.contains("cannot be read"), "{sentence}");
}
