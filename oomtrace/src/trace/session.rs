//! Everything that is set up before the first kill can be seen.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use anyhow::{Context, Result, bail};
use aya::Ebpf;
use oomtrace_common::{ABSENT, Layout};

use super::{kernel_log::KernelLog, settings::Settings, symbols::Symbols};
use crate::{
    kernel::{
        Btf, Roots, capability, counters::VmstatOomKill, gfp::GfpNames, host, layout,
        text_symbols::TextSymbols,
    },
    model::Host,
    probe::{self, Fact, LoadOptions, Outcome},
};

/// The attached probes and what is known of the kernel.
pub struct Session {
    /// Where /proc and /sys are.
    pub roots: Roots,
    /// Programs and maps; `None` when no hook can be had and the kernel's log is the only witness.
    pub ebpf: Option<Ebpf>,
    /// What became of each rung.
    pub outcomes: Vec<Outcome>,
    /// The machine.
    pub host: Host,
    /// Field layout that was handed to the programs.
    pub layout: Layout,
    /// The kernel's functions, once they are read.
    pub symbols: Arc<OnceLock<TextSymbols>>,
    /// Names of gfp flags.
    pub gfp: GfpNames,
    /// vmstat's counter, opened before the first kill.
    pub vmstat: Option<VmstatOomKill>,
    /// Its value before the probes were attached.
    pub vmstat_at_start: Option<u64>,
    /// What a reader should know from the start.
    pub notes: Vec<String>,
    /// What samples of memory are read from, until the sampler takes it; `None` when they are not wanted.
    pub samples: Option<Box<dyn crate::sample::Source>>,
    /// The allocation hook, if it was asked for and the kernel takes it.
    pub alloc_hook: Option<crate::sample::AllocHook>,
}

impl Session {
    /// Resolves the layout, loads and attaches.
    ///
    /// # Errors
    /// When there is no way to learn of a kill; names what is missing.
    pub fn open(settings: &Settings) -> Result<Self> {
        let roots = Roots::default();
        let mut notes = Vec::new();
        // What takes longest goes beside all else.
        let symbols = Symbols::start(&roots);
        let btf = types(settings, &roots, &mut notes)?;
        let mut layout = layout::detect_types(btf.as_ref(), &roots);
        layout.debug = u32::from(settings.debug);
        let gfp = GfpNames::detect(&roots, btf.as_ref());
        let own = settings.btf.is_none() && layout.task_tgid != ABSENT;
        let own = btf.as_ref().filter(|_| own).and_then(probe::Types::of);
        // Before the next that is large.
        drop(btf);
        layout::place_cpus(&mut layout, &roots, symbols.per_cpu_offset(&roots));
        let mut vmstat = VmstatOomKill::open(&roots);
        let vmstat_at_start = vmstat.as_mut().and_then(VmstatOomKill::read);
        let (mut ebpf, outcomes) = attach(settings, &roots, layout, own.as_ref(), &mut notes)?;
        // Before memory is locked.
        drop(own);
        let alloc_hook = super::history::alloc_hook(settings, ebpf.as_mut(), &layout, &mut notes);
        let samples = super::history::open(settings, ebpf.as_mut(), &layout, &roots);
        for outcome in crate::survive::settle(&roots) {
            notes.extend(outcome.note());
        }
        let host = host::host(&roots);
        Ok(Self {
            roots,
            ebpf,
            outcomes,
            host,
            layout,
            symbols: symbols.table,
            gfp,
            vmstat,
            vmstat_at_start,
            notes,
            samples,
            alloc_hook,
        })
    }

    /// Labels of the attached probes.
    #[must_use]
    pub fn probes(&self) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for outcome in self.outcomes.iter().filter(|o| o.attached()) {
            let label = outcome.rung.label();
            // Two programs may be on one tracepoint.
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    /// Labels by number in records.
    #[must_use]
    pub fn probe_labels(&self) -> BTreeMap<u32, String> {
        let sending = self.outcomes.iter().filter(|o| o.rung.probe != 0);
        sending.map(|o| (o.rung.probe, o.rung.label())).collect()
    }

    /// True when a rung of this ladder is attached.
    #[must_use]
    pub fn knows(&self, fact: Fact) -> bool {
        self.outcomes.iter().any(|o| o.fact == fact && o.attached())
    }
}

/// The kernel's types: of the file that was asked for, else of the running kernel, else none.
fn types(settings: &Settings, roots: &Roots, notes: &mut Vec<String>) -> Result<Option<Btf>> {
    if let Some(path) = &settings.btf {
        return Btf::open(path).with_context(|| format!("--btf {path:?}")).map(Some);
    }
    match Btf::open(&roots.vmlinux_btf()) {
        Ok(btf) => Ok(Some(btf)),
        Err(error) => {
            notes.push(format!(
                "the kernel's types are not known ({error:#}): reports are short; give a BTF file with --btf, or use a \
                 kernel with CONFIG_DEBUG_INFO_BTF"
            ));
            Ok(None)
        }
    }
}

/// Loads the object and climbs the ladders. Without any hook the kernel's log remains, if it can be read.
fn attach(
    settings: &Settings,
    roots: &Roots,
    layout: Layout,
    own: Option<&probe::Types>,
    notes: &mut Vec<String>,
) -> Result<(Option<Ebpf>, Vec<Outcome>)> {
    if settings.without_probe.iter().any(|w| w == "all") {
        return Ok((None, Vec::new()));
    }
    if let Some(lacking) = capability::lacking(&capability::needs(roots)) {
        // Where the kernel's log can be read it is the witness, and says less.
        if KernelLog::open().is_err() {
            bail!("{lacking}");
        }
        notes.push(lacking);
        return Ok((None, Vec::new()));
    }
    let options = LoadOptions { ring_size: settings.ring_size, layout, sigkill: settings.sigkill };
    let mut loaded = match probe::load(&options) {
        Ok(loaded) => loaded,
        Err(error) => {
            notes.push(format!("{error:#}"));
            return Ok((None, Vec::new()));
        }
    };
    let mut outcomes = probe::attach_all(&mut loaded.ebpf, &layout, own, &settings.without_probe);
    if settings.history {
        let without = &settings.without_probe;
        outcomes.extend(probe::attach_sampling(&mut loaded.ebpf, &layout, own, without));
    }
    notes.extend(probe::shortfalls(&outcomes));
    let witness = |fact| outcomes.iter().any(|o: &Outcome| o.fact == fact && o.attached());
    let useful = witness(Fact::Decision) || witness(Fact::Victim);
    Ok((useful.then_some(loaded.ebpf), outcomes))
}
