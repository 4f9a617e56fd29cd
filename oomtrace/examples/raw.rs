use oomtrace::{collect::Ring, kernel::*, probe};
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    env_logger::init();
    let roots = roots::Roots::default();
    let t = std::time::Instant::now();
    let btf = btf::Btf::open(&roots.vmlinux_btf())?;
    let layout = layout::resolve(&btf, &roots);
    eprintln!("layout {:?}", t.elapsed());
    eprintln!("{layout:?}");
    let mut loaded = probe::load(&probe::LoadOptions { ring_size: 1 << 20, layout })?;
    eprintln!("load {:?}", t.elapsed());
    let b = aya::Btf::from_sys_fs().ok();
    let out = probe::attach_all(&mut loaded.ebpf, &layout, b.as_ref(), &[]);
    eprintln!("attach {:?}", t.elapsed());
    for o in &out { eprintln!("{} {:?}", o.rung.label(), o.state); }
    let mut ring = Ring::take(&mut loaded.ebpf)?;
    loop { ring.drain(|r| println!("{r:?}")).await?; }
}
