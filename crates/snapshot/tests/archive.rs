//! Files of Consul are read, ours are like them, and what is damaged is told.

use std::{convert::Infallible, io};

use proconsul_snapshot::{ArchiveError, Damage, Meta, read_archive, write_archive};
use proptest::prelude::*;

const RICH: &[u8] = include_bytes!("../../../tests/golden/snapshots/rich.snap");

fn read(file: &[u8]) -> Result<(Meta, Vec<u8>), ArchiveError<Infallible>> {
    let mut state = Vec::new();
    let meta = read_archive(file, |piece| {
        state.extend_from_slice(piece);
        Ok(())
    })?;
    Ok((meta, state))
}

fn written(state: &[u8]) -> Vec<u8> {
    let meta = Meta { id: "2-7-1".into(), index: 7, term: 2, size: state.len() as i64, ..Meta::default() };
    write_archive(Vec::new(), &meta, 1_795_363_072, |to| to.write_all(state)).expect("a vector takes all")
}

fn damage(file: &[u8]) -> Damage {
    match read(file) {
        Err(ArchiveError::Damaged(damage)) => damage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_of_consul_is_read() {
    let (meta, state) = read(RICH).expect("it is whole");
    assert_eq!((meta.version, meta.index, meta.term, meta.configuration_index), (1, 103, 2, 1));
    assert_eq!(meta.id, "2-103-1795363072553");
    assert_eq!(meta.peers, b"\x91\xaf127.0.0.1:24300");
    let servers = meta.configuration.servers.expect("it names them");
    assert_eq!(servers[0].address, "127.0.0.1:24300");
    assert_eq!(state.len(), 35378);
}

#[test]
fn metadata_is_written_as_consul_writes_it() {
    let meta = read(RICH).expect("it is whole").0;
    let json = serde_json_of(&meta);
    let theirs = r#"{"Version":1,"ID":"2-103-1795363072553","Index":103,"Term":2,"Peers":"ka8xMjcuMC4wLjE6MjQzMDA=","Configuration":{"Servers":[{"Suffrage":0,"ID":"6aad1546-2cee-9500-2419-11939e4250ad","Address":"127.0.0.1:24300"}]},"ConfigurationIndex":1,"Size":35378}"#;
    assert_eq!(json, theirs);
}

fn serde_json_of(meta: &Meta) -> String {
    serde_json::to_string(meta).expect("it is plain")
}

#[test]
fn what_is_no_file_is_told_in_consuls_words() {
    let told = |file: &[u8]| damage(file).to_string();
    assert_eq!(told(b""), "failed to decompress snapshot: EOF");
    assert_eq!(told(&[0xde, 0xad, 0xbe, 0xef]), "failed to decompress snapshot: unexpected EOF");
    assert_eq!(told(b"not compressed at all"), "failed to decompress snapshot: gzip: invalid header");
}

#[test]
fn a_file_that_is_cut_is_told() {
    let file = written(&[7; 3000]);
    for end in 10..file.len() {
        assert!(read(&file[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_state_of_another_size_is_not_written() {
    let meta = Meta { size: 3, ..Meta::default() };
    let failed = write_archive(io::sink(), &meta, 0, |to| to.write_all(b"four"));
    assert!(failed.is_err());
}

#[test]
fn whoever_takes_the_state_may_say_no() {
    let refused = read_archive(RICH, |_| Err("no"));
    assert!(matches!(refused, Err(ArchiveError::State("no"))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_is_read_as_it_was_written(state in prop::collection::vec(any::<u8>(), 0..5000)) {
        let (meta, read) = read(&written(&state)).expect("it is whole");
        prop_assert_eq!(meta.index, 7);
        prop_assert_eq!(read, state);
    }

    #[test]
    fn a_bit_that_flips_is_found_or_says_nothing(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let whole = written(b"some state, not much");
        let mut file = whole.clone();
        file[at.index(whole.len())] ^= 1 << bit;
        // A few bits say nothing of what is compressed: the time, the system, what fills the last byte.
        if let Ok(read) = read(&file) {
            prop_assert_eq!(Ok(read), self::read(&whole).map_err(|_| ()));
        }
    }
}
