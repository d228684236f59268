//! One page in a browser.
use serde_json::{Value, json};

use crate::browser::Browser;

/// A page. What goes wrong in it is kept until somebody asks.
pub(crate) struct Page<'a> {
    browser: &'a mut Browser,
    session: String,
}

impl<'a> Page<'a> {
    pub(crate) fn new(browser: &'a mut Browser, session: String) -> Self {
        let mut page = Self { browser, session };
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page
    }

    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }

    /// Runs `script` in whatever is opened next, before anything of that.
    pub(crate) fn before_all(&mut self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": script}));
    }

    /// Opens an address.
    pub(crate) fn open(&mut self, address: &str) {
        let opened = self.call("Page.navigate", json!({"url": address}));
        assert!(opened["errorText"].is_null(), "{address}: {opened}");
    }

    /// As on a screen of this width.
    pub(crate) fn resize(&mut self, width: u32) {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", screen);
    }

    /// For a reader who likes it so: `light` or `dark`.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// What an expression comes to.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true, and gives what it comes to then.
    pub(crate) fn until(&mut self, expression: &str) -> Value {
        let waiting = format!(
            "new Promise((done) => {{
                const start = Date.now();
                const look = () => {{
                    let found = null;
                    try {{ found = ({expression}); }} catch (error) {{ /* not yet */ }}
                    if (found || Date.now() - start > 20000) done(found || null); else setTimeout(look, 20);
                }};
                look();
            }})"
        );
        let found = self.eval(&waiting);
        assert!(!found.is_null(), "never: {expression}\nthe page says: {}", self.eval("document.body.innerText"));
        found
    }

    /// What went wrong since this was asked last: exceptions, what the page's policy kept out, what could not be loaded.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        let session = self.session.clone();
        let is_bad = |event: &Value| {
            event["sessionId"] == session.as_str()
                && match event["method"].as_str() {
                    Some("Runtime.exceptionThrown") => true,
                    Some("Log.entryAdded") => event["params"]["entry"]["level"] == "error",
                    _ => false,
                }
        };
        self.browser.events(is_bad).iter().map(|event| event["params"].to_string()).collect()
    }

    /// Every address that was asked for since this was asked last.
    pub(crate) fn requests(&mut self) -> Vec<String> {
        let is_request = |event: &Value| event["method"] == "Network.requestWillBeSent";
        let address = |event: &Value| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned();
        self.browser.events(is_request).iter().map(address).collect()
    }
}
