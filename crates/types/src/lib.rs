//! Ids, the vocabulary of a call, and the error texts that Consul peers match on.
