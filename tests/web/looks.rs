//! What a page owes its readers: it fits, it can be read, and everything has a name.
use serde_json::json;

use crate::{browser::Browser, server::Server};

/// Elements whose text has too little contrast to what is behind it (below 4.5 to 1, as WCAG AA wants).
const UNREADABLE: &str = "(() => {
    const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
    const light = (colour) => {
        const [r, g, b] = colour.slice(0, 3).map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (node) => {
        for (; node; node = node.parentElement) {
            const colour = parse(getComputedStyle(node).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const bad = [];
    for (const node of document.querySelectorAll('body *')) {
        const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
        if (!own || !node.offsetParent) continue;
        const [one, other] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        if (ratio < 4.5) bad.push(node.tagName + '#' + node.id + '.' + node.className + ' ' + ratio.toFixed(2));
    }
    return bad;
})()";

/// Elements that stick out of the page sideways, but for what scrolls by itself.
const STICKS_OUT: &str = "(() => {
    const width = document.documentElement.clientWidth;
    const out = [...document.querySelectorAll('body *')].filter((node) =>
        !node.closest('.scroll > *') && node.getBoundingClientRect().right > width + 1);
    return document.documentElement.scrollWidth > width ? out.map((node) => node.tagName + '#' + node.id).concat('page') : [];
})()";

#[test]
fn the_page_fits_and_can_be_read_at_every_width_light_and_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let mut page = browser.page();
    page.open(&server.page);
    page.until("document.getElementById('link-text').innerText === 'live'");
    page.until("document.querySelector('#routes tbody tr')");
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        for width in [320, 400, 900, 1600] {
            page.resize(width);
            assert_eq!(page.eval(STICKS_OUT), json!([]), "{scheme} {width}");
            assert_eq!(page.eval(UNREADABLE), json!([]), "{scheme} {width}");
        }
    }
    assert_ne!(page.eval("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)", "dark is dark");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    let Some(mut browser) = Browser::start() else { return };
    let server = Server::start();
    let _peer = std::net::TcpStream::connect(&server.rpc).expect("it listens");
    let mut page = browser.page();
    page.open(&server.page);
    page.until("document.querySelector('#conns button')");
    for dialog in [false, true] {
        if dialog {
            page.eval("document.querySelector('#conns button').click()");
        }
        let tree = page.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().expect("nodes");
        let used = ["button", "textbox", "link", "region", "dialog"];
        let mut seen = 0;
        for node in nodes.iter().filter(|node| node["ignored"] == false) {
            let role = node["role"]["value"].as_str().unwrap_or_default();
            if used.contains(&role) {
                seen += 1;
                assert!(node["name"]["value"].as_str().is_some_and(|name| !name.trim().is_empty()), "{node}");
            }
        }
        assert!(seen > 2, "{seen} things");
    }
    assert_eq!(page.eval("document.activeElement.id"), "token", "the field is where one types");
    assert_eq!(page.eval("document.documentElement.lang"), "en");
}
