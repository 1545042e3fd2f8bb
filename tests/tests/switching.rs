//! A thousand generations of tables while packets are judged: each by one generation whole, and each counted once.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cmflow::kernel::{Constants, Hook, KernelError, Maps};
use cmflow_common::address::Address;
use cmflow_common::gateway::{Endpoint, PortClass, port_index};
use cmflow_common::memory::MemoryTables;
use cmflow_common::outcome::Outcome;
use cmflow_common::packet::protocol;
use cmflow_common::verdict::{Judgement, VerdictId};
use cmflow_tests::frames::eth;
use cmflow_tests::kernel_rig::KernelRig;
use cmflow_tests::slice_rig::SliceRig;

const FIRST: u16 = 8;
const SECOND: u16 = 9;
const VERDICTS: usize = 10;

/// Tables that explain the flow by that verdict, and have none of their classes in common with the other ones.
fn tables(verdict: u16) -> MemoryTables {
    let address = |text: &str| -> Address { text.parse::<IpAddr>().expect("an address").into() };
    let mut tables = MemoryTables::default();
    let (client, server, port) = (verdict * 10, verdict * 10 + 1, verdict * 10 + 2);
    let client_end = Endpoint::new(client, Endpoint::KNOWN);
    tables
        .prefixes
        .insert((address("10.10.0.0"), 96 + 16), client_end);
    tables
        .hosts
        .insert(address("10.20.0.11"), Endpoint::new(server, Endpoint::KNOWN));
    tables.ports[port_index(protocol::TCP, 443)] = PortClass(port);
    let verdict = VerdictId(verdict);
    let judgement = Judgement::new(verdict, verdict);
    tables.judgements.insert((client, server, port), judgement);
    tables
}

fn frame(client: u16, port: u16) -> Vec<u8> {
    let from = format!("10.10.{}.{}", client >> 8, client & 0xff);
    eth().ipv4(&from, "10.20.0.11").tcp(port, 443).syn().build()
}

/// Packets by verdict, of tables in memory.
fn judged(tables: &MemoryTables) -> Vec<u16> {
    let slice = SliceRig::new(tables, &Constants::default(), 4);
    slice.run(&frame(5, 50_000));
    let flows = slice.slots();
    let claim = |slot: &cmflow_common::flow::Slot| cmflow_common::flow::Claim::from_word(slot.claim);
    flows.iter().map(|slot| claim(slot).verdict.0).collect()
}

#[test]
fn any_mixture_would_give_a_third_verdict() {
    let (first, second) = (tables(FIRST), tables(SECOND));
    let pick = |bit: bool| if bit { &second } else { &first };
    for mixture in 0..16_u8 {
        let of = |part: u8| pick(mixture >> part & 1 != 0);
        let mixed = MemoryTables {
            hosts: of(0).hosts.clone(),
            prefixes: of(1).prefixes.clone(),
            ports: of(2).ports.clone(),
            judgements: of(3).judgements.clone(),
        };
        let expected = match mixture {
            0 => FIRST,
            15 => SECOND,
            _ => VerdictId::UNDOCUMENTED.0,
        };
        assert_eq!(judged(&mixed), [expected], "{mixture:04b}");
    }
}

/// Both sides of the law, both halves together.
fn law(maps: &Maps) -> Result<[u64; 3], KernelError> {
    let mut sides = [0; 3];
    for half in 0..2 {
        let counters = maps.counters(half, 1, VERDICTS)?;
        sides[0] += counters.outcomes[0][Outcome::Flow as usize].packets;
        sides[1] += counters.verdicts.iter().map(|count| count.packets).sum::<u64>();
        sides[2] += counters.without_entry.packets;
    }
    maps.each_slot(|_, slot| sides[2] += slot.packets.iter().flatten().sum::<u64>());
    Ok(sides)
}

#[test]
fn a_thousand_reloads_under_traffic_mix_nothing_and_lose_nothing() -> Result<(), KernelError> {
    const RELOADS: u64 = 1000;
    let (first, second) = (tables(FIRST), tables(SECOND));
    let Some(mut kernel) = KernelRig::new(&first, 16) else {
        return Ok(());
    };
    let generation = kernel.maps.generation();
    let programs: Vec<_> = (0..2)
        .map(|_| kernel.program(Hook::Native, &Constants::default()))
        .collect();
    let done = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| -> Result<Vec<u64>, KernelError> {
        let traffic = programs.into_iter().zip(0_u16..).map(|(mut program, number)| {
            let done = &done;
            scope.spawn(move || {
                let mut ran = 0_u64;
                while !done.load(Ordering::Relaxed) {
                    // One that was known before and is judged anew, and one that is new.
                    program.run(&frame(number, 50_000));
                    let new = (ran >> 1) as u16;
                    program.run(&frame(256 + number, new));
                    ran += 2;
                    // Another test's turn on a machine with two processors.
                    if ran.is_multiple_of(4096) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                ran
            })
        });
        let traffic: Vec<_> = traffic.collect();
        let switched = (0..RELOADS).try_for_each(|round| {
            let next = if round % 2 == 0 { &second } else { &first };
            kernel.maps.load_tables(next).map(drop)
        });
        done.store(true, Ordering::Relaxed);
        let ran = traffic
            .into_iter()
            .map(|one| one.join().expect("it does not panic"));
        let ran = ran.collect();
        switched.map(|()| ran)
    })?;
    let ran: u64 = ran.iter().sum();
    assert_eq!(kernel.maps.generation(), generation + RELOADS);
    assert_eq!(law(&kernel.maps)?, [ran; 3], "each packet once on both sides");
    let mut verdicts = vec![0; VERDICTS];
    for half in 0..2 {
        let counters = kernel.maps.counters(half, 1, VERDICTS)?;
        for (sum, count) in verdicts.iter_mut().zip(&counters.verdicts) {
            *sum += count.packets;
        }
    }
    let (ours, others): (Vec<_>, Vec<_>) = (0_u16..)
        .zip(&verdicts)
        .partition(|(number, _)| [FIRST, SECOND].contains(number));
    assert!(
        ours.iter().all(|(_, packets)| **packets > RELOADS),
        "{verdicts:?}"
    );
    assert!(
        others.iter().all(|(_, packets)| **packets == 0),
        "a mixture judged: {verdicts:?}"
    );
    Ok(())
}
