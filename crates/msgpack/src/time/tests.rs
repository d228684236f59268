use super::*;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn binary_forms_and_their_text() {
    for (hex, text) in [
        ("01000000000000000000000000ffff", "0001-01-01T00:00:00Z"),
        ("010000000edd73c2702f072f40ffff", "2024-03-01T12:34:56.789Z"),
        ("010000000edd73c2702f072f40fe20", "2024-03-01T04:34:56.789-08:00"),
        ("010000000edd73c270000000000000", "2024-03-01T12:34:56Z"),
        ("010000000edd73c270000000010152", "2024-03-01T18:12:56.000000001+05:38"),
    ] {
        let bytes = unhex(hex);
        let time = Time::from_binary(&bytes).unwrap();
        assert_eq!(time.to_string(), text);
        let (back, len) = time.to_binary();
        assert_eq!(&back[..len], bytes, "{text}");
        assert_eq!(text.parse::<Time>().unwrap().unix(), time.unix(), "{text}");
    }
}

#[test]
fn an_offset_with_seconds_takes_a_byte_more() {
    for east in [1, 59, 61, -1, -61 - 60, 27_030, -27_030] {
        let time = Time::from_unix(0, 0).with_offset(Offset::East(east));
        let (bytes, len) = time.to_binary();
        assert_eq!((bytes[0], len), (2, 16));
        assert_eq!(Time::from_binary(&bytes), Ok(time), "{east}");
    }
}

#[test]
fn what_go_cannot_write_is_written_as_utc() {
    for east in [-60, -90, i32::MAX, i32::MIN] {
        let (bytes, len) = Time::from_unix(0, 0).with_offset(Offset::East(east)).to_binary();
        assert_eq!((len, &bytes[13..15]), (15, &[0xff, 0xff][..]), "{east}");
    }
}

#[test]
fn bytes_that_are_no_time() {
    assert_eq!(Time::from_binary(&[]), Err(TimeError::NoData));
    assert_eq!(Time::from_binary(&[0]), Err(TimeError::Version));
    assert_eq!(Time::from_binary(&[3; 15]), Err(TimeError::Version));
    for len in (1..20).filter(|len| *len != 15) {
        assert_eq!(Time::from_binary(&vec![1; len]), Err(TimeError::Length), "{len}");
    }
    for len in (1..20).filter(|len| *len != 16) {
        assert_eq!(Time::from_binary(&vec![2; len]), Err(TimeError::Length), "{len}");
    }
}

#[test]
fn text_that_is_no_time() {
    for text in [
        "",
        "2024",
        "2024-03-01",
        "2024-03-01 12:34:56Z",
        "2024-03-01T12:34:56",
        "2024-13-01T12:34:56Z",
        "2024-00-01T12:34:56Z",
        "2023-02-29T12:34:56Z",
        "2024-04-31T12:34:56Z",
        "2024-03-00T12:34:56Z",
        "2024-03-01T24:00:00Z",
        "2024-03-01T12:60:00Z",
        "2024-03-01T12:34:60Z",
        "2024-03-01T12:34:56.Z",
        "2024-03-01T12:34:56z",
        "2024-03-01T12:34:56+0800",
        "2024-03-01T12:34:56+08:60",
        "2024-03-01T12:34:56+25:00",
        "2024-03-01T12:34:56Zx",
        "+024-03-01T12:34:56Z",
    ] {
        assert_eq!(text.parse::<Time>(), Err(TimeError::Text), "{text}");
    }
}

#[test]
fn days_that_are_easily_miscounted() {
    for (text, secs) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1),
        ("2000-02-29T00:00:00Z", 951_782_400),
        ("1900-03-01T00:00:00Z", -2_203_891_200),
        ("2024-12-31T23:59:59Z", 1_735_689_599),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("2024-02-29T00:30:00+01:00", 1_709_163_000),
    ] {
        let time: Time = text.parse().unwrap();
        assert_eq!(time.unix(), (secs, 0), "{text}");
        assert_eq!(time.to_string(), text);
    }
}

#[test]
fn decimals_beyond_nanoseconds_are_dropped() {
    let time: Time = "1970-01-01T00:00:00.1234567899Z".parse().unwrap();
    assert_eq!(time.unix(), (0, 123_456_789));
}

#[test]
fn system_times_on_both_sides_of_the_epoch() {
    let after = SystemTime::UNIX_EPOCH + Duration::new(5, 7);
    let before = SystemTime::UNIX_EPOCH - Duration::new(5, 7);
    assert_eq!(Time::from(after).unix(), (5, 7));
    assert_eq!(Time::from(before).unix(), (-6, 999_999_993));
}

#[test]
fn zero_is_zero_in_every_zone() {
    assert!(Time::ZERO.is_zero() && Time::default().is_zero());
    assert!(Time::ZERO.with_offset(Offset::East(3600)).is_zero());
    assert!(!Time::from_unix(0, 0).is_zero());
}
