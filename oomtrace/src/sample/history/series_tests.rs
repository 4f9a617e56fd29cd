use proptest::prelude::*;

use super::*;
use crate::sample::history::pool::BLOCK;
use crate::sample::history::words::{OfCgroup, OfProcess};

const ROOMY: usize = 4096 * BLOCK;

fn point(time: u32, size: u32) -> [u32; 8] {
    [time, size, size, 0, 0, 0, 0, 0]
}

fn fill(pool: &mut Pool, points: &[(u32, u32)], fair: u16) -> Series<OfProcess> {
    let mut series = Series::default();
    for (time, size) in points {
        series.push(pool, &point(*time, *size), fair);
    }
    series
}

fn all(series: &Series<OfProcess>, pool: &Pool) -> Vec<(u32, u32, u32, u32)> {
    series.points(pool).map(|p| (p.words[TIME], p.words[LOW], OfProcess::size(p.words), p.step_ms)).collect()
}

#[test]
fn what_does_not_change_takes_two_points() {
    let mut pool = Pool::new(ROOMY);
    let mut points: Vec<(u32, u32)> = (1..100_000).map(|at| (at * 1000, 7)).collect();
    points.push((100_000_000, 8));
    let series = fill(&mut pool, &points, u16::MAX);
    let times: Vec<_> = all(&series, &pool).iter().map(|p| (p.0, p.2)).collect();
    assert_eq!(times, [(1000, 7), (99_999_000, 7), (100_000_000, 8)]);
}

#[test]
fn an_hour_of_change_at_ever_coarser_steps() {
    let mut pool = Pool::new(ROOMY);
    let points: Vec<(u32, u32)> = (1..=7200).map(|second| (second * 1000, second)).collect();
    let series = fill(&mut pool, &points, u16::MAX);
    let kept = all(&series, &pool);
    let last = kept.last().unwrap();
    assert_eq!((last.0, last.2), (7_200_000, 7200));
    assert!(7_200_000 - kept[0].0 > 65 * 60_000, "reaches back to {kept:?}");
    assert!(kept.len() <= 4 * 63);
    for (step, most) in [(1, 63), (1000, 63), (10_000, 63), (60_000, 63)] {
        let number = kept.iter().filter(|p| p.3 == step).count();
        assert!((most - 7..=most).contains(&number), "{number} points of {step} ms");
    }
    // A steady growth: the lowest of a coarse point is that of its begin, the highest that of its end.
    let coarse: Vec<_> = kept.iter().filter(|p| p.3 == 60_000).collect();
    assert!(coarse[1..coarse.len() - 1].iter().all(|p| p.2 - p.1 == 59), "{coarse:?}");
}

#[test]
fn floor_and_ceiling_of_a_sawtooth_stay() {
    let mut pool = Pool::new(ROOMY);
    let points: Vec<(u32, u32)> = (1..7200_u32).map(|s| (s * 1000, 1000 + s % 10 * 100)).collect();
    let series = fill(&mut pool, &points, u16::MAX);
    let coarse: Vec<_> = all(&series, &pool).into_iter().filter(|p| p.3 == 60_000).collect();
    assert!(coarse[1..coarse.len() - 1].iter().all(|p| (p.1, p.2) == (1000, 1900)), "{coarse:?}");
}

#[test]
fn without_room_the_past_gets_shorter_and_nothing_else() {
    let mut pool = Pool::new(1);
    let taken: Vec<u32> = std::iter::from_fn(|| pool.take()).collect();
    let mut series = Series::<OfProcess>::default();
    series.push(&mut pool, &point(1, 1), 9);
    assert!(series.is_empty() && series.last(&pool).is_none());
    pool.give(taken[0]);
    for time in 1..5000 {
        series.push(&mut pool, &point(time, time), 9);
        assert_eq!(series.last(&pool).unwrap()[TIME], time);
    }
    series.clear(&mut pool);
    assert_eq!(pool.left(), 1);
}

#[test]
fn a_smaller_share_is_given_back_bit_by_bit() {
    let mut pool = Pool::new(ROOMY);
    let points: Vec<(u32, u32)> = (1..10_000).map(|at| (at * 100, at)).collect();
    let mut series = fill(&mut pool, &points, u16::MAX);
    let before = pool.cap() - pool.left();
    for at in 10_000..10_100 {
        series.push(&mut pool, &point(at * 100, at), 1);
    }
    assert!(before > 20 && pool.cap() - pool.left() < before / 2, "{before} to {}", pool.cap() - pool.left());
}

#[test]
fn times_wrap_and_never_run_backwards() {
    let mut pool = Pool::new(ROOMY);
    let series = fill(&mut pool, &[(u32::MAX - 5, 1), (u32::MAX, 2), (10, 3), (10, 4), (9, 5)], 9);
    let sizes: Vec<u32> = all(&series, &pool).iter().map(|p| p.2).collect();
    assert_eq!(sizes, [1, 2, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever comes: in order, bounded, and no extreme of what is kept is lost or made up.
    #[test]
    fn ordered_bounded_and_true(
        steps in prop::collection::vec((1_u32..3000, 0_u32..50, prop::bool::weighted(0.3)), 1..3000),
        fair in 1_u16..12,
    ) {
        let mut pool = Pool::new(ROOMY);
        let mut series = Series::<OfProcess>::default();
        let (mut time, mut last, mut given) = (0, 0, Vec::new());
        for (step, size, repeat) in steps {
            time += step;
            last = if repeat { last } else { size };
            given.push((time, last));
            series.push(&mut pool, &point(time, last), fair);
        }
        let kept = all(&series, &pool);
        prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
        prop_assert_eq!(kept.last().map(|p| (p.0, p.2)), given.last().copied());
        let blocks = pool.cap() - pool.left();
        prop_assert!(blocks <= 4 * usize::from(fair.min(9)), "{} blocks", blocks);
        for (at, low, high, step) in &kept {
            // A point is one that was given.
            prop_assert!(given.contains(&(*at, *high)));
            let bucket = at / step;
            let of_bucket = given.iter().filter(|(t, _)| t / step == bucket);
            prop_assert!(of_bucket.clone().any(|(_, size)| size == low));
            prop_assert!(of_bucket.clone().all(|(_, size)| size >= low || size <= high));
        }
        // Highest and lowest of the time that is covered.
        if let Some(first) = kept.iter().find(|p| p.3 < 60_000) {
            let covered: Vec<u32> = given.iter().filter(|(t, _)| *t >= first.0).map(|(_, s)| *s).collect();
            let of_kept = kept.iter().filter(|p| p.0 >= first.0);
            prop_assert_eq!(covered.iter().max(), of_kept.clone().map(|p| &p.2).max());
        }
        series.clear(&mut pool);
        prop_assert_eq!(pool.left(), pool.cap());
    }
}

#[test]
fn cgroups_have_their_own_shape() {
    let mut pool = Pool::new(ROOMY);
    let mut series = Series::<OfCgroup>::default();
    for at in 1..2000_u32 {
        let mut words = [at * 100; OfCgroup::WIDTH];
        words[1..3].copy_from_slice(&[at, at]);
        series.push(&mut pool, &words, u16::MAX);
    }
    let fine = series.points(&pool).filter(|p| p.step_ms == 1).count();
    assert!((97..=100).contains(&fine), "{fine}");
    assert_eq!(pool.cap() - pool.left(), 25 + 15 + 4);
}
