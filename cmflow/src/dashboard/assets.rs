//! What pages need beside themselves: one stylesheet, one module, one icon, all in the binary.

use sha2::{Digest as _, Sha256};

/// A file that is served as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its path.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// Every one.
pub const ASSETS: [Asset; 3] = [
    Asset {
        path: "/assets/style.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("assets/style.css"),
    },
    Asset {
        path: "/assets/live.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("assets/live.js"),
    },
    Asset {
        path: "/assets/icon.svg",
        content_type: "image/svg+xml",
        text: include_str!("assets/icon.svg"),
    },
];

impl Asset {
    /// What tells one version of it from another, quoted as the header wants it.
    #[must_use]
    pub fn etag(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hex}\"")
    }
}

/// The asset at a path.
#[must_use]
pub fn at(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_small_and_name_nobody_else() {
        let script = at("/assets/live.js").expect("the module");
        assert!(script.text.len() < 12 * 1024, "{} bytes", script.text.len());
        for asset in ASSETS {
            let named = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !named.contains("http:") && !named.contains("https:") && !named.contains("@import"),
                "{}",
                asset.path
            );
            assert_eq!(asset.etag().len(), 26);
        }
        assert_eq!(at("/assets/../style.css"), None);
    }
}
