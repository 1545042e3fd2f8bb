//! How addresses, times, days and counts are written into columns, and read out of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};

use crate::history::{Activity, Days};

/// An address or prefix: 4 or 16 bytes, then the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Net(pub(super) IpNet);

impl ToSql for Net {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let mut bytes = match self.0.addr() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.push(self.0.prefix_len());
        Ok(ToSqlOutput::Owned(Value::Blob(bytes)))
    }
}

impl FromSql for Net {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let (length, address) = value.as_blob()?.split_last().ok_or(FromSqlError::InvalidType)?;
        let address = if let Ok(octets) = <[u8; 4]>::try_from(address) {
            IpAddr::V4(Ipv4Addr::from(octets))
        } else if let Ok(octets) = <[u8; 16]>::try_from(address) {
            IpAddr::V6(Ipv6Addr::from(octets))
        } else {
            return Err(FromSqlError::InvalidType);
        };
        let net = IpNet::new(address, *length);
        net.map(Self)
            .map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// A time: microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(pub(super) Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = Timestamp::from_microsecond(value.as_i64()?);
        at.map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// Days, without the zeros at the end: most conversations have few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DaySet(pub(super) Days);

impl DaySet {
    pub(super) fn to_blob(self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let bytes = self.0.to_bytes();
        let end = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        bytes[..end].to_vec()
    }
}

impl ToSql for DaySet {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Blob(self.to_blob())))
    }
}

impl FromSql for DaySet {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let blob = value.as_blob()?;
        let mut bytes = [0; Days::BYTES];
        let place = bytes.get_mut(..blob.len()).ok_or(FromSqlError::InvalidType)?;
        place.copy_from_slice(blob);
        Days::from_bytes(&bytes)
            .map(Self)
            .ok_or(FromSqlError::InvalidType)
    }
}

/// A count. No counter of packets reaches 63 bits.
pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that was written by [`whole`].
pub(super) fn count_at(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// The columns of an activity, in the order of [`activity_at`].
pub(super) const ACTIVITY: &str = "packets, bytes, flows, answered, proving, refused, one_sided";

/// The values of [`ACTIVITY`].
pub(super) fn activity(of: &Activity) -> [i64; 7] {
    [
        whole(of.packets),
        whole(of.bytes),
        whole(of.flows),
        whole(of.answered),
        whole(of.proving),
        whole(of.refused),
        whole(of.one_sided),
    ]
}

/// An activity whose columns begin there.
pub(super) fn activity_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Activity> {
    Ok(Activity {
        packets: count_at(row, first)?,
        bytes: count_at(row, first + 1)?,
        flows: count_at(row, first + 2)?,
        answered: count_at(row, first + 3)?,
        proving: count_at(row, first + 4)?,
        refused: count_at(row, first + 5)?,
        one_sided: count_at(row, first + 6)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            address in prop::array::uniform16(any::<u8>()),
            four: bool,
            length in 0..=32_u8,
            days in prop::collection::vec(19_000..21_000_i32, 0..5),
            at in 0..4_000_000_000_000_000_i64,
        ) {
            let address = if four {
                IpAddr::V4(Ipv4Addr::new(address[0], address[1], address[2], address[3]))
            } else {
                IpAddr::V6(Ipv6Addr::from(address))
            };
            let net = IpNet::new(address, length).expect("a length that either family has").trunc();
            let mut set = Days::default();
            days.iter().for_each(|day| set.add(*day));
            let at = Timestamp::from_microsecond(at).expect("a time");
            let connection = Connection::open_in_memory().expect("memory");
            let read = connection
                .query_row("SELECT ?1, ?2, ?3", (Net(net), DaySet(set), At(at)), |row| {
                    Ok((row.get::<_, Net>(0)?, row.get::<_, DaySet>(1)?, row.get::<_, At>(2)?))
                })
                .expect("what was written");
            prop_assert_eq!(read.0.0, net);
            prop_assert_eq!(read.1.0.iter().collect::<Vec<_>>(), set.iter().collect::<Vec<_>>());
            prop_assert_eq!(read.2.0, at);
        }
    }
}
