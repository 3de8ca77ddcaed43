//! A disk that fills up while rendering.

use host::render::{Bits, Job, RenderError, Tail, WavError, render};
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, fs};
use tests::{layer, rack};

/// Names the folder for the child that renders.
const FOLDER: &str = "BACKLINE_TEST_FULL_DISK";
/// Bytes that the child may write to one file.
const ROOM: u64 = 200_000;

/// The child's part: renders more than there is room for.
fn render_into(folder: &str) {
    let job = Job {
        rack: rack(vec![layer(vec![])]),
        midi: None,
        input: None,
        output: format!("{folder}/out.wav").into(),
        rate: None,
        block: 64,
        tail: Tail::Seconds(2.0),
        bits: Bits::Float32,
    };
    let error = render(&job, |_| ControlFlow::Continue(())).unwrap_err();
    assert!(
        matches!(error, RenderError::Wav(WavError::Write { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("Nothing was left behind"), "{error}");
}

/// The test runs itself again with a limit on the size of files, which fails a write as a full disk does.
#[test]
fn a_full_disk_leaves_no_partial_file_and_keeps_the_old_one() {
    if let Ok(folder) = env::var(FOLDER) {
        return render_into(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    for old in [None, Some("what was there")] {
        let output = folder.path().join("out.wav");
        if let Some(old) = old {
            fs::write(&output, old).unwrap();
        }
        let mut child = Command::new(env::current_exe().unwrap());
        child.args([
            "--exact",
            "full_disk::a_full_disk_leaves_no_partial_file_and_keeps_the_old_one",
            "--nocapture",
        ]);
        child.env(FOLDER, folder.path());
        let limit = || {
            let limit = libc::rlimit {
                rlim_cur: ROOM,
                rlim_max: ROOM,
            };
            // SAFETY: both calls are allowed between fork and exec, and the structure outlives the call.
            let failed = unsafe {
                // Without this the signal would end the child; ignored, the write gives an error.
                libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit)
            };
            if failed == 0 {
                Ok(())
            } else {
                Err(std::io::Error::last_os_error())
            }
        };
        // SAFETY: the closure allocates nothing and calls only what is safe between fork and exec.
        unsafe { child.pre_exec(limit) };
        let told = child.output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        assert!(
            String::from_utf8_lossy(&told.stdout).contains("1 passed"),
            "the child ran the test"
        );
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(left, old.map(|_| output.clone()).into_iter().collect::<Vec<_>>());
        if let Some(old) = old {
            assert_eq!(fs::read_to_string(output).unwrap(), old);
        }
    }
}
