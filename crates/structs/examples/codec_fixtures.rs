//! Writes the replies of the bench `codec` into a folder, for the Go bench to read, and prints how many allocations it takes to
//! write and to read each: `service-nodes/decode 1234`.
//!
//! ```text
//! cargo run --release -p proconsul-structs --example codec_fixtures -- FOLDER
//! ```

#[path = "../benches/codec/replies.rs"]
mod replies;

use std::{alloc::System, error::Error, fs, path::Path};

use bytes::Bytes;
use proconsul_msgpack::{encode_into, from_bytes, to_vec};
use serde::{Serialize, de::DeserializeOwned};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: codec_fixtures FOLDER")?;
    let folder = Path::new(&folder);
    one(folder, "service-nodes", &replies::service_nodes())?;
    one(folder, "keys", &replies::keys())
}

fn one<T: Serialize + DeserializeOwned + PartialEq>(
    folder: &Path,
    name: &str,
    reply: &T,
) -> Result<(), Box<dyn Error>> {
    let bytes = Bytes::from(to_vec(reply)?);
    fs::write(folder.join(format!("{name}.msgpack")), &bytes)?;

    let mut out = Vec::with_capacity(bytes.len());
    let region = Region::new(COUNTED);
    encode_into(&mut out, reply)?;
    println!("{name}/encode {}", count(&region));

    let region = Region::new(COUNTED);
    let read = from_bytes::<T>(&bytes)?;
    println!("{name}/decode {}", count(&region));
    if read != *reply {
        return Err(format!("{name} is not what it was after it was written and read").into());
    }
    Ok(())
}

/// Allocations in the region. One that grew in place counts too, as Go's does.
fn count(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.allocations + change.reallocations
}
