//! Parsing a borrowed ID allocates nothing, whether it is accepted or refused.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    hint::black_box,
};

use conv_model::ConversationIdRef;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn parsing_allocates_nothing() {
    let texts = [
        "C2Calice",
        "GROUP@TGS#_123@TOPIC#_news",
        "@TIM#SYSTEM",
        "",
        "c2c_x",
        "C2Cé",
        "x",
    ];
    let parsing = allocations(|| {
        for text in texts {
            black_box(ConversationIdRef::parse(black_box(text)).is_ok());
        }
    });
    assert_eq!(parsing, 0);
    assert_eq!(
        allocations(|| drop(black_box(Box::new(1)))),
        1,
        "the counter counts"
    );
}
