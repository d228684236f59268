//! Who is on the server port, over HTTP on a listener of its own.
