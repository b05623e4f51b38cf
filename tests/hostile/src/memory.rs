//! What a thread allocates.
#![expect(unsafe_code, reason = "an allocator is unsafe by its trait; this one passes everything on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts for each thread: a test's runner allocates beside the test.
///
/// ```
/// use rvoip_hostile::memory::{Counting, allocations, held};
///
/// #[global_allocator]
/// static ALLOCATOR: Counting = Counting;
///
/// let (before, empty) = (allocations(), held());
/// let block = vec![0_u8; 1_000];
/// assert_eq!((allocations() - before, held() - empty), (1, 1_000));
/// drop(block);
/// assert_eq!(held(), empty);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
}

/// How often this thread has asked for memory.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// The bytes that this thread has asked for and not given back. Less than nothing where it gave back another's.
pub fn held() -> isize {
    HELD.get()
}

fn took(size: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    HELD.set(HELD.get() + size.cast_signed());
}

fn gave(size: usize) {
    HELD.set(HELD.get() - size.cast_signed());
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        gave(layout.size());
        took(size);
        // SAFETY: the caller upholds the contract of `realloc`.
        unsafe { System.realloc(block, layout, size) }
    }
}
