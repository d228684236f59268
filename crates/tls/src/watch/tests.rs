//! What the watch tells operators.
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};

use super::*;
use crate::{Automatic, Settings};

/// Notes each figure as `name{label} figure`.
#[derive(Default)]
struct Notes(Arc<Mutex<Vec<(String, f64)>>>);

struct Note(String, Arc<Mutex<Vec<(String, f64)>>>);

impl Note {
    fn put(&self, figure: f64) {
        self.1.lock().expect("no panic").push((self.0.clone(), figure));
    }
}

impl CounterFn for Note {
    fn increment(&self, by: u64) {
        self.put(by as f64);
    }
    fn absolute(&self, to: u64) {
        self.put(to as f64);
    }
}

impl GaugeFn for Note {
    fn increment(&self, by: f64) {
        self.put(by);
    }
    fn decrement(&self, by: f64) {
        self.put(-by);
    }
    fn set(&self, to: f64) {
        self.put(to);
    }
}

impl Notes {
    fn note(&self, key: &Key) -> Arc<Note> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Note(format!("{}{{{}}}", key.name(), labels.join(",")), self.0.clone()))
    }
}

impl Recorder for Notes {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.note(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.note(key))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn expiry_is_told_in_seconds_and_reloads_are_counted() {
    let notes = Notes::default();
    let taken = || std::mem::take(&mut *notes.0.lock().expect("no panic"));
    with_local_recorder(&notes, || {
        let tls = Tls::load(Settings::default()).expect("nothing set");
        assert!(!report(&tls, SystemTime::now(), true), "there is no certificate");
        tls.reload().expect("unchanged");
        assert_eq!(taken(), [], "nothing came of it");

        tls.set_automatic(Automatic::generate("dc1", "", "n").expect("made")).expect("taken");
        assert_eq!(taken(), [("tls.reload{outcome=swapped}".into(), 1.0)]);
        tls.set_automatic(Automatic { cas: vec![String::new()], ..Automatic::default() }).expect_err("no PEM");
        assert_eq!(taken(), [("tls.reload{outcome=failed}".into(), 1.0)]);

        let day = Duration::from_secs(24 * 60 * 60);
        let ends = tls.expires()[0].not_after;
        assert!(!report(&tls, ends - 40 * day, true) && report(&tls, ends - 20 * day, true), "28 days before");
        assert!(!report(&tls, ends + 2 * day, false), "not to be said");
        let figures: Vec<_> = taken().into_iter().map(|(name, figure)| (name, figure / day.as_secs_f64())).collect();
        let row = || "agent.tls.cert.expiry{listener=internal_rpc}".to_owned();
        assert_eq!(figures, [(row(), 40.0), (row(), 20.0), (row(), -2.0)]);
    });
}
