//! Every threshold of the diagnosis, with its reason. docs/diagnosis.md has the same list for readers of reports.
//!
//! They were tuned on generated kills alone and are not to be fitted to the programs that the accuracy is measured on.

/// The marginal window begins when the scope was last below this part of its limit. What was in use before then would have
/// fitted; who added the last quarter is who ran into the limit. 0.75 and 0.9 gave the same culprits in trials, the whole
/// history blamed big processes that had merely started in it, and 0.5 did so in part.
pub(super) const MARGINAL_LEVEL: f64 = 0.75;

/// A scope that never was below [`MARGINAL_LEVEL`] has its window begin when it had made this part of the way from its
/// lowest level to its last: enough to leave the ripple of a steady state out.
pub(super) const MARGINAL_RISE: f64 = 0.25;

/// The second window, ms: what people look at on a dashboard.
pub(super) const LAST_MINUTE_MS: i64 = 60_000;

/// Less growth of a scope than this part of its limit is no growth to attribute: it is within what per-CPU batches of the
/// counters (64 pages a CPU) and ordinary ripple bring about.
pub(super) const NO_GROWTH: f64 = 0.02;

/// One that made at least this part of the growth is the culprit: more than all others together.
pub(super) const CULPRIT_SHARE: f64 = 0.5;

/// A member that made this part of its family's growth stands for itself; below it the family is named.
pub(super) const MEMBER_OF_FAMILY: f64 = 0.6;

/// Ups and downs that were there before the window are left out where at least this part of the processes' growth is on new
/// ground: below it the ups and downs are all there is to blame.
pub(super) const NEW_GROUND: f64 = 0.1;

/// A process that began when another of its family ended, give or take this time, ms, came in its place: an exit may be seen
/// one pass late.
pub(super) const EXIT_SEEN_MS: i64 = 250;

/// A cgroup is passed over for one below it that made this part of its growth: it is nearer to the cause.
pub(super) const CHILD_OF_CGROUP: f64 = 0.8;

/// The verdict is `neighbour` when the victim made less than this part of the growth, and another at least
/// [`CULPRIT_SHARE`]. At a fifth and more the victim took part.
pub(super) const VICTIM_SHARE: f64 = 0.2;

/// Kernel memory, shmem or page cache are what grew when they made this part of it.
pub(super) const KIND_SHARE: f64 = 0.5;

/// Above this part of the growth what no process accounts for is told as a reason, and the confidence is at most medium.
pub(super) const UNATTRIBUTED_TOLD: f64 = 0.3;

/// A swarm has at least this many young processes of one family: fewer are a pool.
pub(super) const SWARM_MEMBERS: usize = 8;

/// A swarm made at least this part of the growth, its share of the kernel's memory included.
pub(super) const SWARM_SHARE: f64 = 0.6;

/// No member of a swarm has more than this part of what all of them hold: else it is about that one.
pub(super) const SWARM_LARGEST: f64 = 0.25;

/// What the kernel keeps for a process beside its own memory at most, bytes: stacks, page tables, descriptors. Generated
/// swarms had 80 to 100 KiB a process; more threads and larger address spaces need more. It is only used to count kernel memory
/// in for a swarm.
pub(super) const KERNEL_PER_PROCESS: i64 = 512 << 10;

/// What the kernel's cheap counters of a process may not have counted yet at most, bytes: batches of 64 pages. It is only used to
/// count anonymous memory of the scope in for a swarm, whose members are as small as that.
pub(super) const UNCOUNTED_PER_PROCESS: i64 = 256 << 10;

/// A burst is at least this part of the culprit's growth …
pub(super) const BURST_SHARE: f64 = 0.5;

/// … within this part of the time that it was followed. A steady growth makes a tenth of it in a tenth of the time.
pub(super) const BURST_TIME: f64 = 0.1;

/// A burst that led to the kill ended within this part of the time before it: what is taken at once at the start and then
/// kept is a working set.
pub(super) const BURST_END: f64 = 0.2;

/// Growth whose half came within this time is a burst however short the life was, ms. No observer sees a course in it:
/// it is two samples.
pub(super) const AT_ONCE_MS: i64 = 250;

/// Growth that is over within this time, ms, came at once, however even it was: a leak is something that goes on. The leaks
/// that are generated go on for 1.5 s and more; the begin that is found for them came up to 0.7 s late, and never within 1.3 s.
pub(super) const SOON_OVER_MS: i64 = 1_200;

/// The same for the whole life of who grew, ms: a birth is known exactly. Of 60 generated leaks none was younger than 1.9 s.
pub(super) const JUST_BORN_MS: i64 = 1_500;

/// Growth that in its later half is slower than this part of its earlier half slows down: a working set that fills up, not
/// a leak. Of the generated
/// kills those that grew steadily had 0.71 and more (one 0.44), those that saturated at 1.04 to 1.2 times the limit at most 0.40.
pub(super) const SLOWING: f64 = 0.55;

/// A change of direction counts from this part of the range of a series: smaller ones are ripple.
pub(super) const ZIGZAG: f64 = 0.1;

/// A series whose falls add up to this part of its rises goes up and down: its floor is looked at, not its peaks.
pub(super) const SAWTOOTH_FALLS: f64 = 0.3;

/// Falls needed before a floor can be told.
pub(super) const SAWTOOTH_TROUGHS: usize = 3;

/// A floor that rose by less than this part of the highest value did not rise.
pub(super) const FLOOR_RISES: f64 = 0.15;

/// What is known of the shape from fewer samples of the growth is of low confidence: a straight line and a bend have two
/// halves of three points each.
pub(super) const FEW_SAMPLES: usize = 6;

/// With this many samples the shape is certain enough for high confidence; in trials that left samples out the classes began
/// to go wrong below it.
pub(super) const ENOUGH_SAMPLES: usize = 15;

/// A leak and a limit that is too low can't be told apart by a growth shorter than this, ms: most programs take this long to
/// warm up.
pub(super) const SHORT_LIFE_MS: i64 = 30_000;

/// An earlier life came close to the limit when its peak was this part of it.
pub(super) const LIFE_NEAR_LIMIT: f64 = 0.8;

/// Earlier lives needed much less when the highest of their peaks was below this part of the present one.
pub(super) const LIFE_MUCH_LESS: f64 = 0.6;

/// A scope above this part of its limit is at it: what slows down there may be slowed by reclaim.
pub(super) const AT_LIMIT: f64 = 0.97;

/// Where at least this part of a growth was made before the scope came to its limit, and evenly, that part alone tells its
/// course: what slowed it down after that was reclaim.
pub(super) const BEFORE_LIMIT: f64 = 0.75;

/// Growth is even when its later half has at least this part of the rate of its earlier one.
pub(super) const EVEN: f64 = 0.85;

/// A limit was lowered onto what was in use when usage had been above it by this factor before the kill.
pub(super) const ABOVE_LIMIT: f64 = 1.02;

/// Several share the growth when this many made at least half of it together and none of them did alone.
pub(super) const SHARED_BY: usize = 3;

/// The machine was not full when this part of it was available at the kill: then it was about a node, a zone or an
/// allocation in one piece.
pub(super) const STILL_AVAILABLE: f64 = 0.1;

/// Page cache could not be given back when this part of it was dirty, on its way to disk or locked.
pub(super) const CACHE_STUCK: f64 = 0.5;

/// Without history: one that holds this part of the scope's memory at the kill has taken it, whenever that was.
pub(super) const HOLDS: f64 = 0.8;

/// Without history: one process, or all of one name, that holds this part is named as the holder of most, without a verdict.
pub(super) const HOLDS_MOST: f64 = 0.5;

/// Points that a slope is worked out over; more are thinned out. 120 points are 7,140 pairs.
pub(super) const SLOPE_POINTS: usize = 120;

/// The scope's denser samples give onset, rate and shape where the culprit made this part of the scope's growth, so that the
/// scope's course without the others is its own …
pub(super) const SPARSE_SHARE: f64 = 0.8;

/// … and where the steps in which they show the growth are shorter than this part of those of its own samples.
pub(super) const SPARSER: f64 = 0.7;

/// Page cache of more than this part of the limit makes the scope's course without it coarse: usage is of now, the statistics
/// that tell the cache may be 2 s old.
pub(super) const CACHE_MATTERS: f64 = 0.05;

/// Others that are listed.
pub(super) const OTHERS: usize = 5;

/// Others below this part of the growth are not worth a line.
pub(super) const OTHER_SHARE: f64 = 0.03;

/// The kernel's cheap counters are worth a reason when they were off by this part of the victim's memory.
pub(super) const COUNTERS_OFF: f64 = 0.05;

/// A candidate that was not sampled but held this part of the scope at the kill would have been, had it been there at the
/// last pass: it is younger than that.
pub(super) const UNSEEN_IS_YOUNG: f64 = 0.1;

/// A course has at least this many points, birth and kill included: with fewer it is a line, whatever the memory did between
/// them.
pub(super) const COURSE_POINTS: usize = 4;

/// A leak that has grown for less than this, ms, is of low confidence whatever was before: of the leaks that were called one
/// with more after a shorter growth none was one.
pub(super) const LEAK_SHOWS_MS: i64 = 10_000;

/// Growth since its start that is shorter than this, ms, may be finite work (a data set that is loaded, a file that is
/// compressed): no level before it shows what is usual, so a leak is of medium confidence at most.
pub(super) const FINITE_WORK_MS: i64 = 300_000;

/// Another that grew by at least this part of what the culprit did is as much to blame.
pub(super) const AS_MUCH: f64 = 0.8;

/// A rate that differs from growth by time by more than this factor describes a part of the time only.
pub(super) const RATE_OFF: f64 = 1.3;

/// Fewer new threads of a process are none that matter.
pub(super) const MANY_THREADS: u32 = 64;

/// A thread's stack in the kernel, bytes (x86_64 and aarch64).
pub(super) const KERNEL_STACK: i64 = 16 << 10;

/// What the kernel keeps for a thread at most, bytes: stack, task, page tables and mappings of its own stack.
pub(super) const KERNEL_PER_THREAD: i64 = 40 << 10;

/// A rate that differs from growth by time by less than this part of it is the same.
pub(super) const SAME_RATE: f64 = 0.01;

/// A growth that has made this part of it is over, if it then stands still.
pub(super) const GROWN: f64 = 0.95;

/// Others that held at least this part of the limit at the kill are worth a reason.
pub(super) const OTHERS_HOLD: f64 = 0.3;

/// So many kills of one workload in a row are a loop: of short runs more than chance.
pub(super) const LOOP_KILLS: u32 = 3;

/// The longest pause in a loop between a kill and the next start, ms: Kubernetes waits up to 5 min.
pub(super) const LOOP_GAP_MS: i64 = 330_000;

/// Two entries of earlier runs are one process when it started at the same time, give or take this, ms, …
pub(super) const SAME_START_MS: u64 = 20;

/// … and ended so close together, ms: an exit may be seen twice.
pub(super) const SAME_END_MS: u64 = 5_000;
