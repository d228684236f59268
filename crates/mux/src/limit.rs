//! How many connections one client may have.
use std::{collections::HashMap, net::IpAddr};

/// Default of `limits.rpc_max_conns_per_client`.
pub const CONNECTIONS_PER_CLIENT_MAX: usize = 100;

/// Counts connections by client address. It holds an entry for each address that has a connection, and no others.
#[derive(Debug, Default)]
pub struct ClientCounts {
    counts: HashMap<IpAddr, usize>,
}

impl ClientCounts {
    /// Counts one more connection of `client`, unless it has `max` already. 0 is no limit.
    pub fn admit(&mut self, client: IpAddr, max: usize) -> bool {
        let count = self.counts.entry(client.to_canonical()).or_default();
        if max > 0 && *count >= max {
            return false;
        }
        *count += 1;
        true
    }

    /// A connection of `client` has ended.
    pub fn release(&mut self, client: IpAddr) {
        let client = client.to_canonical();
        if let Some(count) = self.counts.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&client);
            }
        }
    }

    /// How many clients have a connection.
    pub fn clients(&self) -> usize {
        self.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_as_many_as_it_may_and_one_more_for_each_that_ends() {
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let mut counts = ClientCounts::default();
        for _ in 0..3 {
            assert!(counts.admit(one, 3));
        }
        assert!(!counts.admit(one, 3));
        assert!(counts.admit(two, 3), "another client has its own count");
        counts.release(one);
        assert!(counts.admit(one, 3));
        assert!(!counts.admit(one, 3));
    }

    #[test]
    fn zero_is_no_limit() {
        let mut counts = ClientCounts::default();
        assert!((0..1000).all(|_| counts.admit(IpAddr::from([127, 0, 0, 1]), 0)));
    }

    #[test]
    fn an_address_is_the_same_in_both_families() {
        let mut counts = ClientCounts::default();
        assert!(counts.admit("127.0.0.1".parse().expect("an address"), 1));
        assert!(!counts.admit("::ffff:127.0.0.1".parse().expect("an address"), 1));
    }

    #[test]
    fn who_has_no_connection_is_not_remembered() {
        let mut counts = ClientCounts::default();
        for last in 0..=255 {
            let client = IpAddr::from([127, 0, 0, last]);
            assert!(counts.admit(client, 1));
            counts.release(client);
        }
        counts.release(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(counts.clients(), 0);
    }
}
