//! Go's `time.Time` in its binary form, and RFC 3339 for people.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// From the first instant of year 1, where Go counts from, to the unix epoch.
const YEAR_1_TO_UNIX_SECS: i64 = 62_135_596_800;
/// What Go writes as the offset of UTC itself, as opposed to a zone that happens to be at zero.
const UTC_MINUTES: i16 = -1;
/// Go keeps the nanosecond in 30 bits.
const NANOS_MASK: u32 = (1 << 30) - 1;
const NANOS_MAX: u32 = 999_999_999;
const DAY_SECS: i64 = 86_400;

/// A point in time with the offset it was written in.
///
/// Two times are equal if instant *and* offset are: compare [`Time::unix`] for the instant alone. Wire form: a raw of 15
/// bytes, version 1, seconds since year 1 (i64), nanoseconds (i32), offset in minutes (i16, -1 is UTC); if the offset has
/// seconds, 16 bytes, version 2, and the seconds last. Source: Go `time.Time.MarshalBinary`; `wire/README.md`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    unix_secs: i64,
    nanos: u32,
    offset: Offset,
}

/// The zone a time was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offset {
    /// UTC by name.
    Utc,
    /// Seconds east of UTC, zero included.
    East(i32),
}

/// Why bytes or text are not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// No bytes.
    #[error("no bytes")]
    NoData,
    /// The first byte is neither 1 nor 2.
    #[error("unknown version")]
    Version,
    /// Too few or too many bytes for the version.
    #[error("wrong number of bytes")]
    Length,
    /// Not RFC 3339.
    #[error("not an RFC 3339 time")]
    Text,
}

impl Time {
    /// Go's zero time: the first instant of year 1, UTC.
    pub const ZERO: Self = Self { unix_secs: -YEAR_1_TO_UNIX_SECS, nanos: 0, offset: Offset::Utc };

    /// The instant `secs` and `nanos` after the unix epoch, in UTC. Nanoseconds beyond a second count on.
    pub const fn from_unix(secs: i64, nanos: u32) -> Self {
        let carry = (nanos / (NANOS_MAX + 1)) as i64;
        Self { unix_secs: secs.saturating_add(carry), nanos: nanos % (NANOS_MAX + 1), offset: Offset::Utc }
    }

    /// The same instant in another zone.
    #[must_use]
    pub const fn with_offset(self, offset: Offset) -> Self {
        Self { offset, ..self }
    }

    /// Seconds and nanoseconds since the unix epoch; the nanoseconds count forward also before it.
    pub const fn unix(&self) -> (i64, u32) {
        (self.unix_secs, self.nanos)
    }

    /// The zone it was written in.
    pub const fn offset(&self) -> Offset {
        self.offset
    }

    /// Whether it is the zero instant, in any zone: Go's `IsZero`.
    pub const fn is_zero(&self) -> bool {
        self.unix_secs == -YEAR_1_TO_UNIX_SECS && self.nanos == 0
    }

    /// Reads Go's binary form.
    ///
    /// # Errors
    /// [`TimeError`] in the order Go checks.
    pub fn from_binary(bytes: &[u8]) -> Result<Self, TimeError> {
        let (&version, rest) = bytes.split_first().ok_or(TimeError::NoData)?;
        let extra = match version {
            1 => 0,
            2 => 1,
            _ => return Err(TimeError::Version),
        };
        let (secs, rest) = rest.split_first_chunk().ok_or(TimeError::Length)?;
        let (nanos, rest) = rest.split_first_chunk().ok_or(TimeError::Length)?;
        let (minutes, rest) = rest.split_first_chunk().ok_or(TimeError::Length)?;
        if rest.len() != extra {
            return Err(TimeError::Length);
        }
        let minutes = i16::from_be_bytes(*minutes);
        let seconds = rest.first().map_or(0, |&byte| i32::from(byte as i8));
        let offset = match i32::from(minutes) * 60 + seconds {
            -60 => Offset::Utc,
            east => Offset::East(east),
        };
        Ok(Self {
            unix_secs: i64::from_be_bytes(*secs).wrapping_sub(YEAR_1_TO_UNIX_SECS),
            nanos: (u32::from_be_bytes(*nanos) & NANOS_MASK).min(NANOS_MAX),
            offset,
        })
    }

    /// Go's binary form and its length, 15 or 16. An offset that Go could not write (a minute west, or weeks) becomes UTC.
    pub fn to_binary(&self) -> ([u8; 16], usize) {
        let (minutes, seconds) = match self.offset {
            Offset::Utc => (UTC_MINUTES, 0),
            Offset::East(east) => match i16::try_from(east / 60) {
                Ok(UTC_MINUTES) | Err(_) => (UTC_MINUTES, 0),
                Ok(minutes) => (minutes, (east % 60) as i8),
            },
        };
        let mut out = [0; 16];
        out[0] = if seconds == 0 { 1 } else { 2 };
        out[1..9].copy_from_slice(&self.unix_secs.wrapping_add(YEAR_1_TO_UNIX_SECS).to_be_bytes());
        out[9..13].copy_from_slice(&self.nanos.to_be_bytes());
        out[13..15].copy_from_slice(&minutes.to_be_bytes());
        out[15] = seconds as u8;
        (out, if seconds == 0 { 15 } else { 16 })
    }
}

impl Default for Time {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<SystemTime> for Time {
    fn from(at: SystemTime) -> Self {
        match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::from_unix(after.as_secs() as i64, after.subsec_nanos()),
            Err(before) => {
                let before: Duration = before.duration();
                let secs = -(before.as_secs() as i64);
                match before.subsec_nanos() {
                    0 => Self::from_unix(secs, 0),
                    nanos => Self::from_unix(secs - 1, NANOS_MAX + 1 - nanos),
                }
            }
        }
    }
}

/// Days since the unix epoch to year, month and day (proleptic Gregorian), by eras of 400 years that begin in March.
fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u32, day as u32)
}

/// Year, month and day to days since the unix epoch.
fn days(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// RFC 3339 as Go prints it: as many decimals as needed, `Z` for an offset of zero, offsets in whole minutes.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let east = match self.offset {
            Offset::Utc => 0,
            Offset::East(east) => east,
        };
        let local = self.unix_secs.saturating_add(east.into());
        let (year, month, day) = civil(local.div_euclid(DAY_SECS));
        let second = local.rem_euclid(DAY_SECS);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanos > 0 {
            let decimals = format!("{:09}", self.nanos);
            write!(f, ".{}", decimals.trim_end_matches('0'))?;
        }
        if east == 0 {
            return f.write_str("Z");
        }
        let minutes = east.unsigned_abs() / 60;
        write!(f, "{}{:02}:{:02}", if east < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse(text.as_bytes()).ok_or(TimeError::Text)
    }
}

fn parse(text: &[u8]) -> Option<Time> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let separators = [date[4], date[7], date[10], date[13], date[16]];
    if separators != *b"--T::" {
        return None;
    }
    let year = i64::from(number(&date[..4])?);
    let (month, day) = (number(&date[5..7])?, number(&date[8..10])?);
    let (hour, minute, second) = (number(&date[11..13])?, number(&date[14..16])?, number(&date[17..])?);
    let day_exists = (1..=12).contains(&month) && day >= 1 && civil(days(year, month, day)) == (year, month, day);
    if !day_exists || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = decimals(rest)?;
    let offset = zone_offset(zone)?;
    let east = if let Offset::East(east) = offset { i64::from(east) } else { 0 };
    let of_day = i64::from(hour * 3600 + minute * 60 + second);
    Some(Time { unix_secs: days(year, month, day) * DAY_SECS + of_day - east, nanos, offset })
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |sum, digit| Some(sum * 10 + char::from(*digit).to_digit(10)?))
}

/// Nanoseconds after a point, and what follows. Digits beyond the ninth are dropped, as Go does.
fn decimals(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(len);
    let kept = &digits[..len.min(9)];
    let nanos = number(kept)? * 10u32.pow(9 - kept.len() as u32);
    (len > 0).then_some((nanos, rest))
}

fn zone_offset(text: &[u8]) -> Option<Offset> {
    match *text {
        [b'Z'] => Some(Offset::Utc),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            let secs = (hours * 3600 + minutes * 60) as i32; // at most 99 hours
            (hours <= 24 && minutes <= 59).then_some(Offset::East(if sign == b'-' { -secs } else { secs }))
        }
        _ => None,
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        let (bytes, len) = self.to_binary();
        serializer.serialize_bytes(&bytes[..len])
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(TimeVisitor)
        } else {
            deserializer.deserialize_newtype_struct(crate::de::RAW_VALUE, TimeVisitor)
        }
    }
}

struct TimeVisitor;

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Time, E> {
        Time::from_binary(bytes).map_err(|e| E::custom(crate::DecodeError::Time(e).wire_text()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_none<E: de::Error>(self) -> Result<Time, E> {
        Ok(Time::ZERO)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Time, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

#[cfg(test)]
mod tests;
