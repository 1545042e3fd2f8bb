//! What can be read of counters that this version cannot go on with.

use aya::maps::{Map, MapData, PerCpuArray};

use super::layout::open_map;
use super::{KernelError, Pins};

/// Counters of packets and bytes, by name of their map.
const COUNTERS: [&str; 3] = ["OUTCOMES", "VERDICTS", "WITHOUT_ENTRY"];

/// Index, packets, bytes.
pub type Rows = Vec<[u64; 3]>;

/// Counters that are not zero, by map: index, packets, bytes. Which index stands for what is another version's
/// business; maps whose values are no pairs of numbers are left out.
///
/// # Errors
/// Where a map is there and cannot be read.
pub fn salvage(pins: &Pins) -> Result<Vec<(&'static str, Rows)>, KernelError> {
    let mut saved = Vec::new();
    for name in COUNTERS {
        let Ok(Some(data)) = open_map(pins, name) else {
            continue;
        };
        let Ok(Ok(map)) = Map::from_map_data(data).map(PerCpuArray::<MapData, [u64; 2]>::try_from) else {
            continue;
        };
        let mut rows = Vec::new();
        for index in 0..map.len() {
            let values = map
                .get(&index, 0)
                .map_err(|error| KernelError::refused("a counter", &error))?;
            let sum = |place: usize| values.iter().map(|value| value[place]).sum::<u64>();
            let row = [u64::from(index), sum(0), sum(1)];
            if row[1] > 0 {
                rows.push(row);
            }
        }
        saved.push((name, rows));
    }
    Ok(saved)
}
