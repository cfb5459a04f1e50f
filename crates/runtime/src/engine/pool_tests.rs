//! What the pool promises, seen from its pages.

use wasmtime::{StackCreator, StackMemory};

use super::*;

const SIZE: usize = 64 << 10;

fn fill(stack: &dyn StackMemory, byte: u8) {
    let range = stack.range();
    // SAFETY: the stack is ours alone, and mapped.
    unsafe { std::ptr::write_bytes(range.start as *mut u8, byte, range.len()) };
}

fn bytes(stack: &dyn StackMemory) -> &[u8] {
    let range = stack.range();
    // SAFETY: as above; nobody writes while the slice is looked at.
    unsafe { std::slice::from_raw_parts(range.start as *const u8, range.len()) }
}

/// Whether the kernel can read the byte at `address`: it answers without a fault where we could not.
fn readable(address: usize) -> bool {
    let mut pipe = [0; 2];
    // SAFETY: an array of two for two file descriptors.
    assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
    // SAFETY: the kernel checks the address itself.
    let written = unsafe { libc::write(pipe[1], address as *const libc::c_void, 1) };
    for end in pipe {
        // SAFETY: opened above, closed once.
        unsafe { libc::close(end) };
    }
    written == 1
}

#[test]
fn stacks_are_aligned_apart_and_guarded() {
    let pool = StackPool::new(SIZE - 1);
    let stacks: Vec<_> = (0..2 * STACKS_PER_CHUNK + 1).map(|_| pool.new_stack(SIZE, false).unwrap()).collect();
    let page = pool.shared.page;
    let mut ranges: Vec<_> = stacks.iter().map(|stack| stack.range()).collect();
    for (stack, range) in stacks.iter().zip(&ranges) {
        assert_eq!((range.start % page, range.end % page, range.len()), (0, 0, SIZE));
        assert_eq!(stack.top() as usize, range.end);
        assert_eq!(stack.guard_range().end as usize, range.start);
        assert!(!readable(range.start - 1) && !readable(range.start - GUARD_PAGES * page));
        assert!(readable(range.start) && readable(range.end - 1));
    }
    ranges.sort_by_key(|range| range.start);
    assert!(ranges.windows(2).all(|pair| pair[0].end + GUARD_PAGES * page <= pair[1].start));
    assert_eq!(pool.shared.lock().chunks.len(), 3);
}

#[test]
fn guards_hold_where_the_kernel_takes_no_advice() {
    let pool = StackPool::new(SIZE);
    pool.shared.lock().guards_by_protection = true;
    let stack = pool.new_stack(SIZE, false).unwrap();
    assert!(!readable(stack.range().start - 1) && readable(stack.range().start));
}

#[test]
fn the_last_freed_stack_is_used_first() {
    let pool = StackPool::new(SIZE);
    let [a, b] = [(); 2].map(|()| pool.new_stack(SIZE, false).unwrap());
    let (at_a, at_b) = (a.range(), b.range());
    drop(a);
    drop(b);
    let next = pool.new_stack(SIZE, false).unwrap();
    assert_eq!(next.range(), at_b);
    assert_eq!(pool.new_stack(SIZE, false).unwrap().range(), at_a);
}

#[test]
fn a_stack_asked_for_zeroed_is_zero_and_its_guard_stays() {
    let pool = StackPool::new(SIZE);
    let used = pool.new_stack(SIZE, true).unwrap();
    assert!(bytes(&*used).iter().all(|&byte| byte == 0));
    fill(&*used, 7);
    let range = used.range();
    drop(used);
    let kept = pool.new_stack(SIZE, false).unwrap();
    assert_eq!((kept.range(), bytes(&*kept)[SIZE - 1]), (range.clone(), 7));
    drop(kept);
    let zeroed = pool.new_stack(SIZE, true).unwrap();
    assert_eq!(zeroed.range(), range);
    assert!(bytes(&*zeroed).iter().all(|&byte| byte == 0));
    assert!(!readable(range.start - 1));
}

/// Frees so many stacks of twice as many, that neighbours are free or none is, and looks at all that are idle then.
fn free_beyond_the_named_number(neighbours: bool, by_protection: bool) {
    let pool = StackPool::new(SIZE);
    pool.shared.lock().guards_by_protection = by_protection;
    let count = MAX_IDLE_RESIDENT + EMPTIED_AT_ONCE + 10;
    let all: Vec<_> = (0..2 * count).map(|_| pool.new_stack(SIZE, false).unwrap()).collect();
    all.iter().for_each(|stack| fill(&**stack, 1));
    let freed = |n: usize| if neighbours { n < count } else { n.is_multiple_of(2) };
    let (freed, kept): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(n, _)| freed(*n));
    drop(freed);
    assert!(kept.iter().all(|(_, stack)| bytes(&**stack).iter().all(|&byte| byte == 1)));
    let (resident, empty) = {
        let mut places = pool.shared.lock();
        (std::mem::take(&mut places.resident), std::mem::take(&mut places.empty))
    };
    assert_eq!((resident.len(), empty.len()), (MAX_IDLE_RESIDENT - EMPTIED_AT_ONCE + 10, 2 * EMPTIED_AT_ONCE));
    // Taken off by hand, so that giving them back does not make them two.
    for (place, byte) in resident.iter().map(|place| (place, 1)).chain(empty.iter().map(|place| (place, 0))) {
        let stack = Stack { shared: pool.shared.clone(), place: *place };
        assert!(bytes(&stack).iter().all(|&found| found == byte));
        assert!(!readable(stack.range().start - 1) && !readable(stack.guard_range().start as usize));
    }
}

#[test]
fn beyond_the_named_number_idle_stacks_lose_their_memory_and_nobody_else() {
    for neighbours in [true, false] {
        for by_protection in [true, false] {
            free_beyond_the_named_number(neighbours, by_protection);
        }
    }
}

#[test]
fn a_stack_outlives_its_pool() {
    let pool = StackPool::new(SIZE);
    let stack = pool.new_stack(SIZE, false).unwrap();
    drop(pool);
    fill(&*stack, 3);
    assert_eq!(bytes(&*stack)[0], 3);
}

#[test]
fn a_larger_stack_than_the_pool_has_is_refused() {
    assert!(StackPool::new(SIZE).new_stack(SIZE + 1, false).is_err());
}
