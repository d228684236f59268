//! How TLS is spoken in the mesh.

use crate::text_set::text_set;

text_set! {
    /// A version of TLS.
    pub enum TlsVersion {
        /// Not said: what the level above says, else the proxy's own default.
        Unspecified = "",
        /// The proxy's own default, whatever the level above says.
        Auto = "TLS_AUTO",
        /// 1.0.
        Tls1_0 = "TLSv1_0",
        /// 1.1.
        Tls1_1 = "TLSv1_1",
        /// 1.2.
        Tls1_2 = "TLSv1_2",
        /// 1.3.
        Tls1_3 = "TLSv1_3",
        /// None of them; never valid in an entry.
        Invalid = "TLS_INVALID",
    }
}
