//! The core seen from outside: no socket, no task, a clock that the tests move.

mod common; // frames and events in a form that tests can write down
mod frames; // what each frame does, mostly as recorded from Consul
mod hostile; // whatever bytes: no panic, bounded memory
mod pair; // two sessions over a virtual wire with arbitrary cuts
mod streams; // opening, writing, windows, closing
mod timers; // what time does
