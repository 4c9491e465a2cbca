/// The key that Dovecot checks bearer tokens with (HS256), as it wants it on disk: base64.
pub(crate) const KEY: &str = "cG9zdHNlYWwtbGl2ZS1vYXV0aDItaHMyNTYtc2VjcmV0LTAxMjM0NTY3ODk=";

const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
const ISSUER_AND_ALICE: &str = "eyJpc3MiOiJodHRwczovL3Bvc3RzZWFsLnRlc3QiLCJzdWIiOiJhbGljZSIsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS50ZXN0IiwiZXhwIjo";

/// OAuth 2 bearer tokens for alice (RFC 7519), which every [`Site`](crate::Site) checks.
#[derive(Debug)]
pub struct Tokens;

impl Tokens {
    /// A token that is good until 2099.
    #[must_use]
    pub fn valid() -> String {
        token("0MDcwOTA4ODAwfQ", "qlbtviYMPk3gAxlC5jDC7OqaOKiuE8EGWPiC6oerb7Y")
    }

    /// A token whose time ended in 2020; otherwise right.
    #[must_use]
    pub fn expired() -> String {
        token("xNTc3ODM2ODAwfQ", "pz10uKh-nVOUtMH525iWbvJvTp2fDUwjsUiGfKno_Q8")
    }
}

fn token(expiry: &str, signature: &str) -> String {
    format!("{HEADER}.{ISSUER_AND_ALICE}{expiry}.{signature}")
}
