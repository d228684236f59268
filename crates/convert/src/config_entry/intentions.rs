//! `service-intentions`.

use proconsul_proto::pbconfigentry;
use proconsul_structs::{
    config_entry::ServiceIntentions,
    intention::{
        IntentionAction, IntentionHttpHeaderPermission, IntentionHttpPermission, IntentionJwtClaimVerification,
        IntentionJwtProvider, IntentionJwtRequirement, IntentionPermission, IntentionSourceType, SourceIntention,
    },
};

use crate::define::{mirror, numbers};

// A source that decides by permissions has no action, and the message no number for that: there, as in Consul, it denies.
numbers! {
    IntentionAction { Deny = Deny also ByPermissions, Allow = Allow }
    IntentionSourceType { Consul = Consul also Unset }
}

mirror!(ServiceIntentions => pbconfigentry::ServiceIntentions {
    sources, jwt, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(SourceIntention => pbconfigentry::SourceIntention {
    name, action, permissions, precedence, legacy_id, description, legacy_meta, legacy_create_time, legacy_update_time, peer,
    sameness_group,
} renamed { source_type => r#type } filled { enterprise_meta: Some(Default::default()) });

mirror!(IntentionPermission => pbconfigentry::IntentionPermission { action, http, jwt });

mirror!(IntentionHttpPermission => pbconfigentry::IntentionHttpPermission {
    path_exact, path_prefix, path_regex, header, methods,
});

mirror!(IntentionHttpHeaderPermission => pbconfigentry::IntentionHttpHeaderPermission {
    name, present, exact, prefix, suffix, contains, regex, invert, ignore_case,
});

mirror!(IntentionJwtRequirement => pbconfigentry::IntentionJwtRequirement { providers });

mirror!(IntentionJwtProvider => pbconfigentry::IntentionJwtProvider { name, verify_claims });

mirror!(IntentionJwtClaimVerification => pbconfigentry::IntentionJwtClaimVerification { path, value });
