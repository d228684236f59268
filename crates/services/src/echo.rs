//! Errors that repeat what the caller sent.
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_types::WireText;

/// The fault of a text that repeats `said`. The table's texts are UTF-8, with replacements where what they repeat is not; the
/// caller gets its own bytes back, as Go would repeat them.
pub(crate) fn repeating(text: &WireText, said: &GoStr) -> Fault {
    let (text, shown) = (text.to_string(), said.to_str_lossy());
    match text.split_once(&*shown) {
        Some((before, after)) if said.to_str().is_none() => {
            Fault::answer(GoStr::from([before.as_bytes(), said, after.as_bytes()].concat()))
        }
        _ => Fault::answer(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_is_repeated_byte_for_byte() {
        let said = GoStr::from(b"s\xff".as_slice());
        let fault = repeating(&WireText::unknown_kv_operation(&said.to_str_lossy()), &said);
        assert_eq!(fault, Fault::answer(GoStr::from(b"unknown KV operation: s\xff".as_slice())));
        let fault = repeating(&WireText::unknown_kv_operation("set!"), &GoStr::from("set!"));
        assert_eq!(fault, Fault::answer("unknown KV operation: set!"));
    }
}
