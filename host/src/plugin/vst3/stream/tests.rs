use super::super::com::references;
use super::*;
use proptest::prelude::*;
use vst3::Steinberg::Vst::IAttributeListTrait;
use vst3::{ComPtr, ComRef};

fn set() -> int32 {
    number(IStreamSeekMode_::kIBSeekSet)
}

fn cur() -> int32 {
    number(IStreamSeekMode_::kIBSeekCur)
}

fn end() -> int32 {
    number(IStreamSeekMode_::kIBSeekEnd)
}

fn open(stream: &ComWrapper<Stream>) -> ComPtr<IBStream> {
    stream.to_com_ptr().unwrap()
}

/// Reads up to `count` bytes; the count must be told rightly.
fn read(stream: &ComPtr<IBStream>, count: usize) -> Vec<u8> {
    let mut buffer = vec![0xAA; count + 1];
    let mut got = -1;
    // SAFETY: the buffer has `count` bytes and one more as a guard.
    let result = unsafe {
        stream.read(
            buffer.as_mut_ptr().cast(),
            i32::try_from(count).unwrap(),
            &raw mut got,
        )
    };
    assert_eq!(result, kResultOk);
    let got = usize::try_from(got).unwrap();
    assert!(
        buffer[got..].iter().all(|&byte| byte == 0xAA),
        "wrote more than it told"
    );
    buffer.truncate(got);
    buffer
}

fn write(stream: &ComPtr<IBStream>, bytes: &[u8]) {
    let mut put = -1;
    let mut copy = bytes.to_vec();
    // SAFETY: the buffer has as many bytes as are told.
    let result = unsafe {
        stream.write(
            copy.as_mut_ptr().cast(),
            i32::try_from(bytes.len()).unwrap(),
            &raw mut put,
        )
    };
    assert_eq!((result, usize::try_from(put).unwrap()), (kResultOk, bytes.len()));
}

fn seek(stream: &ComPtr<IBStream>, pos: i64, mode: i32) -> Option<i64> {
    let (mut at, mut told) = (-1, -2);
    // SAFETY: places of this function.
    unsafe {
        let result = stream.seek(pos, mode, &raw mut at);
        assert_eq!(stream.tell(&raw mut told), kResultOk);
        assert_eq!(at, told);
        (result == kResultOk).then_some(at)
    }
}

#[test]
fn reads_of_odd_lengths_end_where_the_bytes_do() {
    let bytes: Vec<u8> = (0..=250).collect();
    let stream = open(&Stream::reader(bytes.clone()));
    let mut all = Vec::new();
    for length in [1, 7, 0, 64, 3, 129, 5, 100, 100, 1].into_iter().cycle().take(20) {
        all.extend(read(&stream, length));
    }
    assert_eq!(all, bytes);
    assert!(read(&stream, 9).is_empty());
    assert_eq!(references(&stream), 1);
}

#[test]
fn seeks_go_where_a_files_would() {
    let stream = open(&Stream::reader((0..10).collect()));
    assert_eq!(seek(&stream, 4, set()), Some(4));
    assert_eq!(read(&stream, 2), [4, 5]);
    assert_eq!(seek(&stream, -3, cur()), Some(3));
    assert_eq!(seek(&stream, -1, end()), Some(9));
    assert_eq!(read(&stream, 8), [9]);
    assert_eq!(seek(&stream, 5, end()), Some(15));
    assert!(read(&stream, 8).is_empty());
    assert_eq!(seek(&stream, -14, cur()), Some(1));
    for (pos, mode) in [
        (-1, set()),
        (-2, cur()),
        (-11, end()),
        (0, 3),
        (0, -1),
        (i64::MAX, cur()),
    ] {
        assert_eq!(seek(&stream, pos, mode), None, "{pos} by mode {mode}");
    }
    assert_eq!(read(&stream, 2), [1, 2], "a refused seek moves nothing");
    assert_eq!(seek(&stream, i64::MAX, set()), Some(i64::MAX));
    assert!(read(&stream, 2).is_empty());
}

#[test]
fn writes_grow_it_and_fill_gaps_with_zeros() {
    let object = Stream::writer();
    let stream = open(&object);
    write(&stream, b"hello");
    assert_eq!(seek(&stream, 2, end()), Some(7));
    write(&stream, b"");
    assert_eq!(object.bytes(), b"hello", "an empty write grows nothing");
    write(&stream, b"x");
    assert_eq!(seek(&stream, 1, set()), Some(1));
    write(&stream, b"a");
    assert_eq!(read(&stream, 99), b"llo\0\0x");
    assert_eq!(object.bytes(), b"hallo\0\0x");
}

#[test]
fn the_size_is_told_and_set() {
    let object = Stream::writer();
    let stream = open(&object);
    write(&stream, b"abcdef");
    let sizeable = stream.cast::<ISizeableStream>().unwrap();
    let mut size = -1;
    // SAFETY: null, or a place of this test.
    unsafe {
        assert_eq!(sizeable.getStreamSize(&raw mut size), kResultOk);
        assert_eq!(size, 6);
        assert_eq!(sizeable.setStreamSize(3), kResultOk);
        assert!(read(&stream, 5).is_empty());
        assert_eq!(sizeable.setStreamSize(5), kResultOk);
        assert_eq!(sizeable.setStreamSize(-1), kInvalidArgument);
        assert_eq!(sizeable.setStreamSize(i64::MAX), kOutOfMemory);
        assert_eq!(sizeable.getStreamSize(std::ptr::null_mut()), kInvalidArgument);
    }
    assert_eq!(object.bytes(), b"abc\0\0");
    drop(object);
    assert_eq!(references(&stream), 2);
}

#[test]
fn bad_arguments_are_refused() {
    let object = Stream::writer();
    let stream = open(&object);
    let null = std::ptr::null_mut();
    let mut byte = 7_u8;
    let mut count = -1;
    // SAFETY: null, or places of this test.
    unsafe {
        assert_eq!(
            stream.write((&raw mut byte).cast(), 1, std::ptr::null_mut()),
            kResultOk
        );
        assert_eq!(stream.seek(0, set(), std::ptr::null_mut()), kResultOk);
        assert_eq!(
            stream.read((&raw mut byte).cast(), 1, std::ptr::null_mut()),
            kResultOk
        );
        assert_eq!(stream.tell(std::ptr::null_mut()), kInvalidArgument);
        assert_eq!(
            stream.read((&raw mut byte).cast(), -1, &raw mut count),
            kInvalidArgument
        );
        assert_eq!(count, 0);
        assert_eq!(
            stream.write((&raw mut byte).cast(), i32::MIN, &raw mut count),
            kInvalidArgument
        );
        assert_eq!(stream.read(null, 1, &raw mut count), kInvalidArgument);
        assert_eq!(stream.write(null, 1, &raw mut count), kInvalidArgument);
        assert_eq!(stream.read(null, 0, &raw mut count), kResultOk);
        // Beyond what memory holds.
        assert_eq!(stream.seek(i64::MAX, set(), std::ptr::null_mut()), kResultOk);
        assert_eq!(
            stream.write((&raw mut byte).cast(), 1, &raw mut count),
            kOutOfMemory
        );
    }
    assert_eq!((object.bytes(), count), (vec![7], 0));
}

#[test]
fn a_reader_refuses_writes() {
    let object = Stream::reader(vec![1, 2]);
    let stream = open(&object);
    let mut byte = 7_u8;
    let mut count = -1;
    // SAFETY: places of this test.
    unsafe {
        assert_eq!(
            stream.write((&raw mut byte).cast(), 1, &raw mut count),
            kNotImplemented
        );
        assert_eq!(
            stream.cast::<ISizeableStream>().unwrap().setStreamSize(0),
            kNotImplemented
        );
    }
    assert_eq!((object.bytes(), count), (vec![1, 2], 0));
}

#[test]
fn attributes_tell_what_it_is_for() {
    let object = Stream::reader(Vec::new());
    let stream = open(&object).cast::<IStreamAttributes>().unwrap();
    let text = |name: &CStr| {
        let mut units = [0_u16; 64];
        // SAFETY: the list is lent while the stream lives, and the buffer's size is told.
        let result = unsafe {
            let list: ComRef<'_, IAttributeList> = ComRef::from_raw(stream.getAttributes()).unwrap();
            list.getString(name.as_ptr(), units.as_mut_ptr(), 128)
        };
        (result == kResultOk).then(|| text::from_wide(&units))
    };
    let mut name = [0; 128];
    assert_eq!(text(c"StateType").as_deref(), Some("Project"));
    // SAFETY: null, or an array of this test.
    unsafe {
        assert_eq!(stream.getFileName(&raw mut name), kResultFalse);
        assert_eq!(stream.getFileName(std::ptr::null_mut()), kInvalidArgument);
    }

    let file = Path::new("presets").join("Grand é.vstpreset");
    object.describe(StateKind::Preset, Some(&file));
    assert_eq!(text(c"StateType"), None);
    assert_eq!(text(c"FilePathString").as_deref(), file.to_str());
    // SAFETY: an array of this test.
    unsafe { assert_eq!(stream.getFileName(&raw mut name), kResultOk) };
    assert_eq!(text::from_wide(&name), "Grand é.vstpreset");

    object.describe(StateKind::Project, None);
    assert_eq!(text(c"StateType").as_deref(), Some("Project"));
    assert_eq!(text(c"FilePathString"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 128 }))]

    #[test]
    fn it_is_a_file(steps in prop::collection::vec((0_u8..3, 0_i64..40, prop::collection::vec(any::<u8>(), 0..20)), 0..40)) {
        use std::io::{Cursor, Read, Seek, SeekFrom, Write};
        let object = Stream::writer();
        let stream = open(&object);
        let mut file = Cursor::new(Vec::new());
        for (verb, number, bytes) in steps {
            match verb {
                0 => {
                    write(&stream, &bytes);
                    if !bytes.is_empty() {
                        file.write_all(&bytes).unwrap();
                    }
                }
                1 => {
                    let mut expected = vec![0; bytes.len()];
                    let count = file.read(&mut expected).unwrap();
                    expected.truncate(count);
                    prop_assert_eq!(read(&stream, bytes.len()), expected);
                }
                _ => {
                    let (pos, mode, to) = match number % 3 {
                        0 => (number, set(), SeekFrom::Start(number.unsigned_abs())),
                        1 => (number - 20, cur(), SeekFrom::Current(number - 20)),
                        _ => (number - 20, end(), SeekFrom::End(number - 20)),
                    };
                    prop_assert_eq!(seek(&stream, pos, mode), file.seek(to).ok().map(u64::cast_signed));
                }
            }
        }
        prop_assert_eq!(object.bytes(), file.into_inner());
    }
}
