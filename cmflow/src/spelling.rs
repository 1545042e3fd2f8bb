//! The nearest right spelling of something that a user wrote.

/// `; did you mean "x"?` for the nearest of `known`, or nothing where none is near.
#[must_use]
pub fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let score = |candidate: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &candidate.to_lowercase());
    let nearest = known.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    match nearest {
        // Below this, jaro-winkler pairs words that share a few letters by chance.
        Some(nearest) if score(nearest) > 0.75 => format!("; did you mean \"{nearest}\"?"),
        _ => String::new(),
    }
}
