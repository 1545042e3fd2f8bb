//! Compiled tables into the idle slots of the maps, and the switch to them.

use aya::maps::lpm_trie::Key;
use aya::maps::{ArrayOfMaps, HashMap, InnerMap, LpmTrie, MapData, MapError};
use cmflow_common::gateway::PORT_TABLE;
use cmflow_common::memory::MemoryTables;

use super::maps::PortMap;
use super::{KernelError, Maps};

/// LPM tries are allocated by entry (kernel/bpf/lpm_trie.c asks for it).
const BPF_F_NO_PREALLOC: u32 = 1;

type Hosts = HashMap<MapData, [u64; 2], u32>;
type Prefixes = LpmTrie<MapData, [u8; 16], u32>;
type Judgements = HashMap<MapData, [u16; 4], [u16; 4]>;

/// Tables in the kernel that nothing looks at yet.
pub struct FilledTables {
    hosts: Hosts,
    prefixes: Prefixes,
    ports: PortMap,
    judgements: Judgements,
}

impl FilledTables {
    /// Makes the maps and fills them.
    ///
    /// # Errors
    /// Where the kernel has no memory for them.
    pub fn fill(tables: &MemoryTables) -> Result<Self, KernelError> {
        let refused = |error: MapError| KernelError::refused("the tables", &error);
        let entries = |count: usize| u32::try_from(count.max(1)).unwrap_or(u32::MAX);
        let mut hosts = Hosts::create(entries(tables.hosts.len()), 0).map_err(refused)?;
        for (address, endpoint) in &tables.hosts {
            hosts.insert(address.words(), endpoint.0, 0).map_err(refused)?;
        }
        let mut prefixes =
            Prefixes::create(entries(tables.prefixes.len()), BPF_F_NO_PREALLOC).map_err(refused)?;
        for ((address, length), endpoint) in tables.prefixes.iter() {
            let key = Key::new(u32::from(*length), address.bytes());
            prefixes.insert(&key, endpoint.0, 0).map_err(refused)?;
        }
        let mut ports = PortMap::create(1, 0).map_err(refused)?;
        let mut classes = Box::new([0_u16; PORT_TABLE]);
        for (class, compiled) in classes.iter_mut().zip(&tables.ports) {
            *class = compiled.0;
        }
        ports.set(0, *classes, 0).map_err(refused)?;
        let mut judgements = Judgements::create(entries(tables.judgements.len()), 0).map_err(refused)?;
        for ((initiator, responder, port), judgement) in &tables.judgements {
            let value = [
                judgement.seen.0,
                judgement.inferred.0,
                judgement.expected.0,
                judgement.zero,
            ];
            judgements
                .insert([*initiator, *responder, *port, 0], value, 0)
                .map_err(refused)?;
        }
        Ok(Self {
            hosts,
            prefixes,
            ports,
            judgements,
        })
    }
}

impl Maps {
    /// Writes tables into the slots that are not in use and switches to them by one store. No packet meets
    /// half of them. Returns the new generation.
    ///
    /// # Errors
    /// Where the kernel has no memory for them; the tables in use stay in use.
    pub fn load_tables(&mut self, tables: &MemoryTables) -> Result<u64, KernelError> {
        self.switch_to(&FilledTables::fill(tables)?)
    }

    /// The same with tables that were filled before.
    ///
    /// # Errors
    /// As [`Maps::load_tables`].
    pub fn switch_to(&mut self, tables: &FilledTables) -> Result<u64, KernelError> {
        let generation = self.generation() + 1;
        let slot = (generation & 1) as u32;
        self.put("HOSTS", slot, &tables.hosts)?;
        self.put("PREFIXES", slot, &tables.prefixes)?;
        self.put("PORTS", slot, &tables.ports)?;
        self.put("JUDGEMENTS", slot, &tables.judgements)?;
        self.switch_generation(generation)?;
        Ok(generation)
    }

    /// Puts a filled table into a slot of the outer map of that name.
    fn put<V: InnerMap>(&mut self, name: &str, slot: u32, table: &V) -> Result<(), KernelError> {
        let refused = |error: MapError| KernelError::refused(name, &error);
        let Some(outer) = self.object.map_mut(name) else {
            return Err(KernelError::Refused {
                what: name.to_owned(),
                why: "the object has no such map".to_owned(),
            });
        };
        let mut outer = ArrayOfMaps::<_, V>::try_from(outer).map_err(refused)?;
        outer.set(slot, table, 0).map_err(refused)
    }
}
