use std::collections::HashSet;

use super::*;
use crate::{ROUTES, Then, table};

#[test]
fn the_picture_has_every_row_and_a_place_for_its_count() {
    let picture = svg();
    for row in table() {
        for id in [row_id(row.label), live_id(row.label)] {
            assert_eq!(picture.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
        assert!(picture.contains(&format!(">{}</text>", row.leads_to)), "{}", row.label);
        assert!(row.alpn.is_empty() || picture.contains(&format!(">{}</text>", row.alpn)), "{}", row.label);
        assert!(row.byte.is_empty() || picture.contains(&format!(">{}</text>", row.byte)), "{}", row.label);
    }
}

#[test]
fn the_picture_is_well_formed_and_no_id_is_there_twice() {
    let picture = svg();
    for tag in ["svg", "g", "text", "title", "style", "defs", "marker"] {
        let opened = picture.matches(&format!("<{tag}>")).count() + picture.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, picture.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    let ids: Vec<&str> =
        picture.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[test]
fn the_text_reaches_every_row_by_its_byte_in_clear_and_in_tls_and_by_its_name() {
    let text = mermaid();
    for row in ROUTES {
        assert!(text.contains(&format!("  route_{}[", row.label)), "{}", row.label);
        if let (Some(byte), Then::Serve(_) | Then::Retired) = (row.byte, row.then) {
            let byte = if byte < 10 { byte.to_string() } else { char::from(byte).to_string() };
            for gate in ["plain", "tls"] {
                let edge = text.lines().any(|line| {
                    line.starts_with(&format!("  {gate} -- \"{byte}"))
                        && line.ends_with(&format!("> route_{}", row.label))
                });
                assert!(edge, "{gate} {}", row.label);
            }
        }
        if let Some(name) = row.alpn {
            assert!(text.contains(&format!("  native -- \"{name}")), "{}", row.label);
        }
    }
}
