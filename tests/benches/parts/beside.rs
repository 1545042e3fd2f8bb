//! Other tools over the same frame.
use anyhow::Result;
use super::asked::Asked;
use super::figure::Figure;
pub fn measure(_asked: &Asked) -> Result<Vec<Figure>> { Ok(vec![]) }
