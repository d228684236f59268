//! Derive of proconsul-msgpack: fields written sorted by key, read by key or by position.
//!
//! The attributes are described at [`macro@Wire`]; the code made here uses `proconsul_msgpack::__private`.

mod attr; // what is said about a field
mod expand; // the code
mod shape; // the code that says what the type looks like

use proc_macro::TokenStream;

/// Implements `serde::Serialize` and `serde::Deserialize` for a structure as Consul's codec does, and `Shaped`.
///
/// A structure with named fields is written as a map sorted by the keys' bytes and read from a map by key, from a list by
/// position, or from nil; missing fields keep what `Default` gives, unknown ones are skipped, of a key that comes twice
/// the last wins. The structure must implement `Default`. A structure of one unnamed field is written as that field; one
/// without fields as the empty map.
///
/// A field's key is its name in PascalCase (`node_name` is `NodeName`). In `#[wire(...)]`:
///
/// | | |
/// |---|---|
/// | `"ServiceID"` | the key, where it is not the name's PascalCase |
/// | `embed` | the field's own fields stand in its place; its type derives `Wire` too |
/// | `omit_empty` | left out when equal to its type's default |
/// | `nil_when_empty` | written as nil when `is_empty()` |
/// | `skip` | not on the wire |
/// | `rest` | a `Rest` that keeps the fields this structure does not know, and writes them back; not in embedded structures |
/// | `with = "path"` | written and read by `path::serialize` and `path::deserialize`; `path::shape` says what it looks like |
///
/// `Vec<u8>`, `bytes::Bytes`, `&[u8]`, `Cow<[u8]>` and options of them are byte strings. `&str`, `&[u8]` and `Cow` borrow.
/// A lifetime parameter is taken to be that of the bytes read from.
#[proc_macro_derive(Wire, attributes(wire))]
pub fn wire(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::wire(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
