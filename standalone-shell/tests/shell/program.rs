//! Runs the program in a home of its own.

use serde_json::Value;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest that any command of these tests may take.
const LIMIT: Duration = Duration::from_secs(90);

/// Both plugin formats, for tests whose rows they are.
pub const FORMATS: [&str; 2] = ["clap", "vst3"];
/// The class ids of the demo plugins as VST3 plugins: "BacklineDemoSyn1" and "BacklineDemoGai1", which such an id spells.
pub const SYNTH_CLASS: &str = "4261636B6C696E6544656D6F53796E31";
pub const GAIN_CLASS: &str = "4261636B6C696E6544656D6F47616931";

/// A folder to work in, which is also the program's home. No plugin of the machine is seen from here.
pub struct Home {
    folder: TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A path below the folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of a test file");
        fs::write(&path, content).expect("a test file");
        path
    }

    /// Puts a plugin into the folder under a name.
    pub fn plugin(&self, library: &Path, name: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of a plugin");
        fs::copy(library, &path).expect("a copy of a plugin");
        path
    }

    /// The demo plugins as CLAP, where presets look for them.
    pub fn with_demos(self) -> Self {
        self.with_demos_as("clap")
    }

    /// The demo plugins in a format, where presets look for them. Each is one library that speaks both; as a VST3 plugin
    /// it is a bare file.
    pub fn with_demos_as(self, format: &str) -> Self {
        for name in ["demo-synth", "demo-gain"] {
            self.plugin(&library(name), &demo(format, name));
        }
        self
    }

    /// The demo plugins in both formats.
    pub fn with_both() -> Self {
        Self::new().with_demos().with_demos_as("vst3")
    }

    /// The fixture plugins' file.
    pub fn fixture(&self) -> PathBuf {
        self.plugin(&library("clap-fixture"), "fixture.clap")
    }

    /// The program, to be run in the folder.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backline"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
            .env("HOME", self.folder.path())
            .env("JACK_NO_START_SERVER", "1");
        for variable in ["CLAP_PATH", "VST3_PATH", "XDG_CACHE_HOME", "BACKLINE_LOG"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words), self.folder.path())
    }

    /// Names of the files in the folder that are no plugins, presets or folders.
    pub fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder").flatten();
        let names = entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name());
        let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// Where a demo plugin lies in its home.
pub fn demo(format: &str, name: &str) -> String {
    format!(".{format}/{name}.{format}")
}

/// The library that cargo built for a plugin's package: beside this test, because the package is among the dependencies.
pub fn library(package: &str) -> PathBuf {
    let file = format!(
        "{}{}{}",
        env::consts::DLL_PREFIX,
        package.replace('-', "_"),
        env::consts::DLL_SUFFIX
    );
    let library = env::current_exe()
        .expect("the test's own path")
        .with_file_name(file);
    assert!(
        library.is_file(),
        "{} was not built; run the test through cargo",
        library.display()
    );
    library
}

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

/// Runs a command to its end; what it prints goes to files, so that nothing waits for a reader.
pub fn ran(mut command: Command, folder: &Path) -> Ran {
    let (out, err) = (
        tempfile::NamedTempFile::new_in(folder),
        tempfile::NamedTempFile::new_in(folder),
    );
    let (out, err) = (out.expect("a file"), err.expect("a file"));
    let to = |file: &Path| File::create(file).expect("a file for output");
    command.stdout(to(out.path())).stderr(to(err.path()));
    let mut child = command.spawn().expect("the program starts");
    let status = wait(&mut child).unwrap_or_else(|| panic!("{command:?} did not end"));
    let read = |file: &Path| String::from_utf8_lossy(&fs::read(file).expect("what was printed")).into_owned();
    Ran {
        status,
        out: read(out.path()),
        err: read(err.path()),
    }
}

/// Waits for a child's end, and kills it if there is none.
pub fn wait(child: &mut Child) -> Option<ExitStatus> {
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().expect("the state of a child") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("an end of the child");
    child.wait().expect("the end of the child");
    None
}

impl Ran {
    /// The program did what it should.
    pub fn succeeds(&self) -> &Self {
        assert_eq!(self.status.code(), Some(0), "{self:?}");
        self.is_civil()
    }

    /// The program failed with one sentence, which holds these words.
    pub fn fails_with(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        let sentences: Vec<&str> = self
            .err
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        let [sentence] = sentences[..] else {
            panic!("not one sentence: {self:?}");
        };
        for word in words {
            assert!(sentence.contains(word), "no \"{word}\" in: {sentence}");
        }
        assert_eq!(self.out, "", "{self:?}");
        self.is_civil()
    }

    /// Nobody is shown the inside of the program.
    fn is_civil(&self) -> &Self {
        for word in ["panicked", "backtrace", "RUST_BACKTRACE", "fault of its own"] {
            assert!(!self.err.contains(word), "{self:?}");
        }
        self
    }

    /// The JSON lines printed.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines().map(serde_json::from_str);
        lines
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON line of an event.
    pub fn event(&self, event: &str) -> Value {
        let found = self.lines().into_iter().find(|line| line["event"] == event);
        found.unwrap_or_else(|| panic!("no {event}: {self:?}"))
    }
}

/// Highest absolute sample of a WAV file of 16 bits, and its frames.
pub fn peak(wav: &Path) -> (f64, usize) {
    let bytes = fs::read(wav).expect("a WAV file");
    let data = bytes
        .windows(4)
        .position(|word| word == b"data")
        .expect("samples")
        + 8;
    let samples = bytes[data..]
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let highest = samples.map(|sample| f64::from(sample).abs()).fold(0.0, f64::max);
    (highest / 32_768.0, (bytes.len() - data) / 4)
}

/// A WAV file of 16 bits with two channels of one value.
pub fn wav(rate: u32, frames: u32, value: i16) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + frames * 4).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1, 0, 2, 0]);
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 4).to_le_bytes());
    bytes.extend([4, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend((frames * 4).to_le_bytes());
    bytes.extend((0..frames * 2).flat_map(|_| value.to_le_bytes()));
    bytes
}

/// A MIDI file that holds one key for half a second.
pub fn one_note(key: u8) -> Vec<u8> {
    let mut track = vec![0, 0x90, key, 100, 0x83, 0x60, 0x80, key, 0];
    track.extend([0, 0xff, 0x2f, 0]);
    midi_file(&track)
}

/// A MIDI file of messages, each so many ticks (fewer than 128, of 480 in half a second) after the one before.
pub fn midi(messages: &[(u8, [u8; 3])]) -> Vec<u8> {
    let mut track = Vec::new();
    for &(delta, message) in messages {
        track.push(delta);
        // Program changes and channel pressure have one data byte.
        let length = if (0xc0..0xe0).contains(&message[0]) { 2 } else { 3 };
        track.extend(&message[..length]);
    }
    track.extend([0, 0xff, 0x2f, 0]);
    midi_file(&track)
}

fn midi_file(track: &[u8]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk".to_vec();
    bytes.extend(u32::try_from(track.len()).expect("a short track").to_be_bytes());
    bytes.extend(track);
    bytes
}
