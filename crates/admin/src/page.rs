//! The page, without anything from elsewhere: style, script and picture are in it, and a browser loads nothing else for it.
//!
//! What a peer chose reaches it only as JSON by way of `/events`, and its script writes that as text, never as markup.
use uuid::Uuid;

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// What stands in the page where the nonce goes.
const NONCE: &str = "@nonce@";

/// The page of a listener.
#[derive(Clone, Debug)]
pub struct Page {
    html: String,
}

impl Page {
    /// With `diagram`, an SVG element that is ours: it is taken as it is. Its text elements with ids `live-<label>` show how
    /// many connections are on that route.
    pub fn new(diagram: &str) -> Self {
        // What comes before `<svg` is of a file of its own.
        let diagram = diagram.find("<svg").map_or("", |start| &diagram[start..]);
        let diagram = diagram.replace("<style>", &format!("<style nonce=\"{NONCE}\">"));
        let html = HTML.replace("@style@", STYLE).replace("@script@", SCRIPT).replace("@diagram@", &diagram);
        Self { html }
    }

    /// The page, and the policy that goes with this copy of it.
    pub(crate) fn render(&self) -> (String, String) {
        let nonce = Uuid::new_v4().simple().to_string();
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        (self.html.replace(NONCE, &nonce), policy)
    }
}
