#![allow(missing_docs, clippy::unwrap_used)]
use cmflow::kernel::*;
use cmflow_common::memory::MemoryTables;
fn v4(s: [u8; 4], d: [u8; 4], sp: u16, dp: u16, proto: u8) -> Vec<u8> {
    let mut p = vec![0u8; 12];
    p.extend([8, 0]);
    let o = 14;
    p.resize(o + 46, 0);
    p[o] = 0x45;
    p[o + 3] = 46;
    p[o + 9] = proto;
    p[o + 12..o + 16].copy_from_slice(&s);
    p[o + 16..o + 20].copy_from_slice(&d);
    let t = o + 20;
    p[t..t + 2].copy_from_slice(&sp.to_be_bytes());
    p[t + 2..t + 4].copy_from_slice(&dp.to_be_bytes());
    if proto == 6 {
        p[t + 12] = 0x50;
        p[t + 13] = 0x10;
    }
    p
}
fn main() {
    let pins = Pins::of("probe");
    pins.remove().unwrap();
    let mut maps = Maps::create(&pins, 18, 12345).unwrap();
    println!("maps");
    maps.load_tables(&MemoryTables::default()).unwrap();
    println!("tables {}", maps.generation());
    let mut noop = Program::load_noop(&maps).unwrap();
    let t = std::time::Instant::now();
    let p = Program::load(&maps, Hook::Native, &Constants::default());
    let mut p = match p {
        Ok(p) => p,
        Err(e) => {
            println!("{e}");
            pins.remove().unwrap();
            std::process::exit(1)
        }
    };
    println!("loaded in {:?}", t.elapsed());
    match Program::load(&maps, Hook::Tcx, &Constants::default()) {
        Ok(_) => println!("tcx ok"),
        Err(e) => println!(
            "tcx {}",
            &e.to_string()[e.to_string().len().saturating_sub(1500)..]
        ),
    }
    let f = v4([10, 10, 3, 5], [10, 20, 0, 11], 50000, 443, 6);
    for _ in 0..3 {
        let m = |p: &mut Program| {
            (0..40)
                .map(|_| p.test_run(&f, 100_000).unwrap().duration)
                .min()
                .unwrap()
        };
        println!("noop {:?} known {:?}", m(&mut noop), m(&mut p));
    }
    println!("{:?}", maps.clock());
    let half = maps.turn_epoch([0; 4]).unwrap();
    let c = maps.counters(half, 1, 8).unwrap();
    println!("{c:?}");
    maps.each_slot(|i, s| println!("{i} {s:?}"));
    pins.remove().unwrap();
}
