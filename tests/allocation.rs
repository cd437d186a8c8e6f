//! After the first picture, and after the first text of a length, a pass on the CPU allocates nothing but its features. In a
//! file of its own, because it counts what the whole program allocates.

mod fixtures;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use fixtures::*;
use headstart::backbone::{Backbone, Rows};

struct Counting;

thread_local! {
    /// Allocations of this thread, and their bytes.
    static COUNT: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: usize) {
    // While a thread ends there is none to count in.
    let _ = COUNT.try_with(|c| c.set((c.get().0 + 1, c.get().1 + bytes)));
}

// Safety: all is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates, and how many bytes.
fn allocated(work: impl FnOnce() -> Rows) -> (usize, usize) {
    let before = COUNT.get();
    let rows = work();
    let after = COUNT.get();
    drop(rows);
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn the_second_picture_allocates_its_features_and_nothing_else() {
    let backbone: Backbone = backbone("efficientnet-lite0").0;
    let pictures = synthetic_pictures();
    let (first, second) = pictures.split_at(pictures.len() / 2);
    let pass = |picture| allocated(|| backbone.forward_pixels(picture, 1, &mut |_, _| {}).unwrap());
    assert!(pass(first).0 > 1, "the counter counts");
    assert_eq!(pass(second), (1, 1280 * 4));
    assert_eq!(pass(first), (1, 1280 * 4));
}

#[test]
fn the_second_text_of_a_length_allocates_its_embedding_and_nothing_else() {
    let backbone: Backbone = backbone("all-minilm-l6-v2").0;
    let text = |seed: u32, length: u32| [(0..length).map(|i| (i * 7919 + seed) % 30522).collect::<Vec<u32>>()];
    let pass = |text: &[Vec<u32>]| allocated(|| backbone.forward_ids(text, &mut |_, _| {}).unwrap());
    let (first, second, shorter) = (text(1, 40), text(2, 40), text(3, 7));
    assert!(pass(&first).0 > 1, "the counter counts");
    assert_eq!(pass(&second), (1, 384 * 4));
    // Shorter ones find room enough.
    assert_eq!(pass(&shorter), (1, 384 * 4));
}
