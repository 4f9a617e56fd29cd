//! Maps. Sizes that depend on the machine or on options are set by the user side before loading.

use aya_ebpf::{
    bindings::BPF_F_MMAPABLE,
    macros::map,
    maps::{Array, LruHashMap, PerCpuArray, RingBuf},
};
use oomtrace_common::{ALLOC_SLOTS, CGROUPS_AT_ONCE, Identity, MemcgSample, Walk, counter, kind};

use crate::{
    candidates::Table,
    hooks::{rss_stat::Told, signal_deliver::Room},
    state::{Marked, State},
};

/// All records, in the order in which the hooks ran.
#[map]
pub(crate) static EVENTS: RingBuf = RingBuf::with_byte_size(512 * 1024, 0);

/// Records that did not fit into [`EVENTS`], by kind.
#[map]
pub(crate) static LOST: PerCpuArray<u64> = PerCpuArray::with_max_entries(kind::COUNT, 0);

/// Counters, see [`counter`].
#[map]
pub(crate) static COUNTERS: Array<u64> = Array::with_max_entries(counter::COUNT, 0);

/// The kill in progress. One entry is enough: `oom_lock` serialises OOM kills system-wide.
#[map]
pub(crate) static STATE: Array<State> = Array::with_max_entries(1, 0);

/// The best candidates of the scan in progress; under `oom_lock` as well.
#[map]
pub(crate) static CANDIDATES: Array<Table> = Array::with_max_entries(1, 0);

/// The task that each thread last saw the kernel send SIGKILL to, by the sending thread's id.
#[map]
pub(crate) static SIGNALLED: LruHashMap<u32, u64> = LruHashMap::with_max_entries(256, 0);

/// Processes that were killed and have not exited, by tgid.
#[map]
pub(crate) static MARKED: LruHashMap<u32, Marked> = LruHashMap::with_max_entries(4096, 0);

/// Who each process is, from its last exec, by tgid.
#[map]
pub(crate) static IDENTITY: LruHashMap<u32, Identity> = LruHashMap::with_max_entries(4096, 0);

/// For a process that was forked without an exec: the tgid whose identity it inherited.
#[map]
pub(crate) static FORKED: LruHashMap<u32, u32> = LruHashMap::with_max_entries(16384, 0);

/// Room to build an [`Identity`] in; it is larger than the 512-byte stack.
#[map]
pub(crate) static SCRATCH: PerCpuArray<Identity> = PerCpuArray::with_max_entries(1, 0);

/// Room to build a [`Startup`](oomtrace_common::Startup) and its environment in.
#[map]
pub(crate) static STARTUP: PerCpuArray<Room> = PerCpuArray::with_max_entries(1, 0);

/// The cgroup iterator's records; user space reads them in place.
#[map]
pub(crate) static MEMCGS: Array<MemcgSample> = Array::with_max_entries(CGROUPS_AT_ONCE, BPF_F_MMAPABLE);

/// Where the cgroup iterator is.
#[map]
pub(crate) static WALK: Array<Walk> = Array::with_max_entries(1, 0);

/// Processes that have exited, for the memory history.
#[map]
pub(crate) static EXITS: RingBuf = RingBuf::with_byte_size(256 * 1024, 0);

/// Steps of allocation.
#[map]
pub(crate) static ALLOCS: RingBuf = RingBuf::with_byte_size(64 * 1024, 0);

/// What was told last of each mm, by a hash of its address.
#[map]
pub(crate) static ALLOC_TABLE: Array<Told> = Array::with_max_entries(ALLOC_SLOTS, 0);

/// Exits that did not fit into [`EXITS`].
#[map]
pub(crate) static EXITS_LOST: PerCpuArray<u64> = PerCpuArray::with_max_entries(1, 0);

/// Steps that did not fit into [`ALLOCS`].
#[map]
pub(crate) static ALLOCS_LOST: PerCpuArray<u64> = PerCpuArray::with_max_entries(1, 0);
