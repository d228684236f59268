//! Types to try the service with: artists, their albums, and who sells them.
use proconsul_proto::pbdemo::{v1, v2};
use proconsul_proto_public::pbresource::Resource;

use super::unpack::unpack;
use crate::details::pack;

pub(super) const EXECUTIVE_V1: &str = "hashicorp.consul.internal.demo.v1.Executive";
pub(super) const RECORD_LABEL_V1: &str = "hashicorp.consul.internal.demo.v1.RecordLabel";
pub(super) const ARTIST_V1: &str = "hashicorp.consul.internal.demo.v1.Artist";
pub(super) const ALBUM_V1: &str = "hashicorp.consul.internal.demo.v1.Album";
pub(super) const CONCEPT_V1: &str = "hashicorp.consul.internal.demo.v1.Concept";
pub(super) const ARTIST_V2: &str = "hashicorp.consul.internal.demo.v2.Artist";
pub(super) const ALBUM_V2: &str = "hashicorp.consul.internal.demo.v2.Album";
pub(super) const FESTIVAL_V2: &str = "hashicorp.consul.internal.demo.v2.Festival";

const NAME_REQUIRED: &str = "artist.name required";

pub(super) fn validate_artist_v1(resource: &Resource) -> Result<(), String> {
    let artist: v1::Artist = unpack(resource.data.as_ref(), ARTIST_V1)?;
    if artist.name.is_empty() { Err(NAME_REQUIRED.to_owned()) } else { Ok(()) }
}

pub(super) fn validate_artist_v2(resource: &Resource) -> Result<(), String> {
    let artist: v2::Artist = unpack(resource.data.as_ref(), ARTIST_V2)?;
    if artist.name.is_empty() { Err(NAME_REQUIRED.to_owned()) } else { Ok(()) }
}

/// Whoever plays nothing in particular plays disco.
pub(super) fn mutate_artist_v2(resource: &mut Resource) -> Result<(), String> {
    let mut artist: v2::Artist = unpack(resource.data.as_ref(), ARTIST_V2)?;
    if artist.genre == i32::from(v2::Genre::Unspecified) {
        artist.genre = v2::Genre::Disco.into();
        resource.data = Some(pack(&artist, ARTIST_V2));
    }
    Ok(())
}
