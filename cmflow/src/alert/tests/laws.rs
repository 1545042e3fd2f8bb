//! Whatever comes, and whenever the daemon ends.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A group, by its number.
    Hear(u16),
    /// So many seconds pass.
    Pass(u32),
    /// The daemon ends and begins anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u16..200).prop_map(Step::Hear),
        3 => (1_u32..90).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #[test]
    fn never_more_than_the_rate_every_group_and_the_held_back_add_up(
        steps in prop::collection::vec(step(), 1..400),
        most in 1_u32..6,
    ) {
        let options = Options { learn_h: 0, most_a_minute: most, ..Options::default() };
        let mut desk = Desk::new(Memory::new(noon()));
        let mut now = noon();
        let mut letters = Vec::new();
        let mut heard_of = BTreeMap::new();
        // In the end time passes until all is said.
        for step in steps.into_iter().chain([Step::Pass(60); 210]) {
            match step {
                Step::Hear(number) => {
                    desk.hear(heard(number, now), now, &options);
                    heard_of.insert(group(number), 0);
                }
                Step::Pass(seconds) => now += SignedDuration::from_secs(seconds.into()),
                Step::Restart => desk = Desk::new(desk.memory()),
            }
            letters.extend(desk.due(now, &options));
        }
        for (index, letter) in letters.iter().enumerate() {
            let minute = letters[index..].iter().take_while(|later| later.at < letter.at + SignedDuration::from_mins(1));
            prop_assert!(minute.count() <= most as usize);
            prop_assert_eq!(letter.number, index as u64 + 1);
        }
        for told in letters.iter().filter(|letter| letter.kind == Kind::Alert).flat_map(|letter| &letter.groups) {
            *heard_of.get_mut(&told.group).expect("it was heard of") += 1;
        }
        // Less than a day passes: once, not again.
        prop_assert!(heard_of.values().all(|told| *told == 1), "{:?}", heard_of);
        let held_back: u64 = letters.iter().map(|letter| letter.held_back).sum();
        prop_assert_eq!(held_back, desk.held_back());
        prop_assert_eq!(letters.last().map_or(0, |letter| letter.waiting), 0);
    }
}
