//! The maps, by name. Sizes that depend on options are set at load; `cmflow/src/kernel/layout.rs` has the
//! same names.

use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::btf_maps::{Array, ArrayOfMaps, HashMap, LpmTrie, PerCpuArray, RingBuf};
use aya_ebpf::macros::btf_map;
use cmflow_common::control::{Clock, Control};
use cmflow_common::expectation::{EVENTS, Expectation, PLACES};
use cmflow_common::flow::Slot;
use cmflow_common::gateway::{
    Count, JudgementKey, MAX_INTERFACES, MAX_VERDICTS, OUTCOMES as OUTCOME_ROW, PortTable,
};
use cmflow_common::news::{News, NewsKind};
use cmflow_common::room::Budgets;
use cmflow_common::verdict::Judgement;

const SHARED: usize = BPF_F_MMAPABLE as usize;

/// The control word.
#[btf_map]
pub static CONTROL: Array<Control, 1, SHARED> = Array::new();

/// Where `cmflow_clock` writes the clocks.
#[btf_map]
pub static CLOCK: Array<Clock, 1, SHARED> = Array::new();

/// The flow table.
#[btf_map]
pub static FLOWS: Array<Slot, 1, SHARED> = Array::new();

/// What the rooms of the flow table have spent, and may.
#[btf_map]
pub static ROOMS: Array<Budgets, 1, SHARED> = Array::new();

/// Frames by interface, half and outcome.
#[btf_map]
pub static OUTCOMES: PerCpuArray<Count, { MAX_INTERFACES * 2 * OUTCOME_ROW }> = PerCpuArray::new();

/// Packets by half and verdict.
#[btf_map]
pub static VERDICTS: PerCpuArray<Count, { 2 * MAX_VERDICTS }> = PerCpuArray::new();

/// Packets without an entry in the flow table, by half.
#[btf_map]
pub static WITHOUT_ENTRY: PerCpuArray<Count, 2> = PerCpuArray::new();

/// News that the ring had no room for, by kind.
#[btf_map]
pub static LOST_NEWS: PerCpuArray<u64, { NewsKind::ALL.len() }> = PerCpuArray::new();

/// What packets announce of packets to come.
#[btf_map]
pub static EXPECTATIONS: Array<Expectation, PLACES, SHARED> = Array::new();

/// What became of expectations, by kind and event.
#[btf_map]
pub static EXPECTED: PerCpuArray<u64, EVENTS> = PerCpuArray::new();

/// First packets of what nothing explains.
#[btf_map]
pub static NEWS: RingBuf<News, { 1 << 18 }> = RingBuf::new();

/// Single addresses -> endpoint.
pub type Hosts = HashMap<[u64; 2], u32, 1>;
/// Prefixes -> endpoint.
pub type Prefixes = LpmTrie<[u8; 16], u32, 1>;
/// Port classes.
pub type Ports = Array<PortTable, 1>;
/// Judgements.
pub type Judgements = HashMap<JudgementKey, Judgement, 1>;

/// Tables of both slots; the lowest bit of the generation picks one.
#[btf_map]
pub static HOSTS: ArrayOfMaps<Hosts, 2> = ArrayOfMaps::new();
/// As above.
#[btf_map]
pub static PREFIXES: ArrayOfMaps<Prefixes, 2> = ArrayOfMaps::new();
/// As above.
#[btf_map]
pub static PORTS: ArrayOfMaps<Ports, 2> = ArrayOfMaps::new();
/// As above.
#[btf_map]
pub static JUDGEMENTS: ArrayOfMaps<Judgements, 2> = ArrayOfMaps::new();
